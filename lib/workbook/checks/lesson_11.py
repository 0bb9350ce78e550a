"""Checks of lesson 11: what undoes LE from its key, a fingerprint that no key changes, what kind an accuracy
is of, and a front for a cipher that is given as a function only."""

import itertools

import numpy as np
import torch

from lib import Key, datasets
from lib.models import AlignedBlocks
from lib.models.fronts.alignment import block_grid
from lib.schemes import Scheme, Tanaka
from lib.table import split
from lib.tiling import assembled, cut
from lib.training import scaled
from lib.workbook.checks import array, called, exercise

WITH_KEY = "with the key"
KINDS = ("as published", "by statistics", "attack first", WITH_KEY)


def floats(images: np.ndarray) -> torch.Tensor:
    """(n, 3, h, w) floats from -1 to 1, as networks are given (n, h, w, 3) uint8."""
    return scaled(torch.from_numpy(images).permute(0, 3, 1, 2)).contiguous()


def right_places(reader: AlignedBlocks, scheme: Scheme) -> int:
    """How many of 48 upper nibbles a reader puts where they were, up to the order of colours and one
    complement of everything; the scheme has the key and tells the truth."""
    noise = np.random.default_rng(1).integers(0, 256, (50, 32, 32, 3), dtype=np.uint8)
    given = {"ids": range(len(noise))} if scheme.per_image else {}
    plain, cipher = (
        block_grid(floats(images), 4, 4).reshape(-1, 96) for images in (noise, scheme.encrypt(noise, **given))
    )
    together = np.corrcoef(plain.T, cipher.T)[:96, 96:]
    where = abs(together).argmax(1)
    signs = np.sign(together[np.arange(96), where])
    index, sign = reader.index.numpy(), reader.sign.numpy()
    orders = [
        np.concatenate([np.arange(16) + 16 * c for c in each]) for each in itertools.permutations(range(3))
    ]
    return max(
        int(((index == where[o]) & (sign == turned * signs[o])).sum()) for o in orders for turned in (1, -1)
    )


@exercise
def signed_matrix(answer):
    """`answer(index, mask)`: (48, 48), cipher = matrix @ plain for bytes as odd numbers around 0."""
    plain = np.random.default_rng(12).integers(0, 256, (30, 4, 4, 3), dtype=np.uint8)
    for seed in (1, 4):
        scheme = Tanaka(Key.from_seed(seed), bits=8)
        table = scheme.table((4, 4, 3))
        got = array(np.asarray(called(answer, table.index, table.mask)), (48, 48), None).astype(float)
        values, used = set(np.unique(got)), (got != 0).sum(1)
        assert values <= {-1, 0, 1}, (
            f"its numbers are -1, 0 and 1; yours run from {got.min():g} to {got.max():g}"
        )
        assert (used == 1).all(), (
            f"a row has one number other than 0; yours have {used.min()} to {used.max()}"
        )
        before, after = (2.0 * x.reshape(30, 48) - 255 for x in (plain, scheme.encrypt(plain)))
        found = before @ got.T
        right = (found == after).all(0).sum()
        back = (after @ got.T == before).all()
        assert not back, "this matrix takes cipher blocks to plain ones; asked is the other way"
        signs = (abs(found) == abs(after)).all()
        told = "places are right, signs are not" if signs else "some are taken from the wrong place"
        assert right == 48, f"{right} of 48 bytes come out right; {told}"


@exercise
def nibble_layer(answer):
    """`answer(index, mask)`: (48, 6, 4, 4) float32 weights: plain blocks of LE's from cipher nibbles."""
    plain = np.random.default_rng(11).integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    for seed in (2, 5, 8):
        scheme = Tanaka(Key.from_seed(seed))
        table = scheme.table((4, 4, 3))
        weights = array(np.asarray(answer(table.index.copy(), table.mask.copy())), (48, 6, 4, 4), np.float32)
        used, told = (weights != 0).sum((1, 2, 3)), "each output needs an upper and a lower nibble"
        assert (used == 2).all(), f"{told}; yours read {used.min()} to {used.max()}"
        sizes, told = np.sort(abs(weights[weights != 0])), "half of the weights are 1/17 and half 16/17"
        right = np.allclose(sizes, np.repeat([1 / 17, 16 / 17], 48), atol=1e-5)
        assert right, f"{told}, signs apart; yours run from {sizes[0]:.4f} to {sizes[-1]:.4f}"
        got = np.tensordot(_parts(scheme.encrypt(plain)), weights, ([1, 2, 3], [1, 2, 3]))
        wanted = (2.0 * plain.reshape(9, 16, 3).swapaxes(1, 2).reshape(9, 48) - 255) / 255
        right = np.isclose(got, wanted, atol=1e-4).all(0)
        assert right.all(), f"{right.sum()} of the 48 bytes of a block come out right"


def _parts(images):
    """(n, 6, 4, 4) floats from -1 to 1: red upper, red lower, green upper, ..., as networks are given."""
    parts = split(images.reshape(len(images), -1), 4).reshape(len(images), 4, 4, 6)
    return (2.0 * parts.transpose(0, 3, 1, 2) - 15) / 15


@exercise
def fingerprint(answer):
    """`answer(ciphertexts)`: (96,) variances of blocks' nibbles along principal axes, largest first."""
    images = datasets.load("photos", "train", limit=60).images
    found = []
    for some in (images[:40], images[20:]):
        ciphers = [some, *(Tanaka(Key.from_seed(seed)).encrypt(some) for seed in (3, 6))]
        each = [array(answer(cipher.copy()), (96,), None) for cipher in ciphers]
        finite = all(np.isrealobj(e) and np.isfinite(e.astype(float)).all() for e in each)
        assert finite, "expected 96 finite real numbers"
        away = max(abs(e - each[0]).max() for e in each) / abs(each[0]).max()
        assert away < 1e-6, f"a key changes your numbers, by {away:.0%} of the largest"
        found.append(each[0].astype(float))
        assert (np.diff(found[-1]) <= 1e-6).all(), "they should run from the largest to the smallest"
        total, got = _nibbles(some).var(0).sum(), found[-1].sum()
        told = f"variances along axes add up to those of the 96 nibbles, {total:.2f} here"
        assert np.isclose(got, total, rtol=1e-6), f"{told}; yours to {got:.2f}"
    assert not np.allclose(*found, rtol=1e-3), "other pictures should have other numbers"
    unmoved = np.allclose(np.asarray(answer(_unrelated(images[:40]))), found[0], rtol=1e-3)
    told = "yours do not change when each nibble is taken from another block"
    assert not unmoved, f"{told}; see how nibbles vary together"
    largest = np.isclose(found[0][0], _largest(images[:40]), rtol=1e-6)
    assert largest, "the largest is not the largest there is"


def _nibbles(images):
    return split(cut(images, 4).reshape(-1, 48), 4).astype(float)


def _largest(images):
    """The variance along the leading axis, by repeated multiplication."""
    values = _nibbles(images)
    values -= values.mean(0)
    axis = np.ones(96)
    for _ in range(300):
        axis = values.T @ (values @ axis)
        axis /= np.linalg.norm(axis)
    return ((values @ axis) ** 2).mean()


def _unrelated(images):
    """The same bytes at every place of a block, each place's from blocks in an order of its own."""
    rng, blocks = np.random.default_rng(4), cut(images, 4).reshape(-1, 48)
    columns = [column[rng.permutation(len(blocks))] for column in blocks.T]
    return assembled(np.stack(columns, axis=1).reshape(len(images), 8, 8, 48), 4)


@exercise
def kinds(answer):
    """A kind of KINDS for each of the six pipelines of the exercise, {1: kind, ...}."""
    wanted = {1: 0, 2: 1, 3: 2, 4: 0, 5: 3, 6: 1}
    why = {
        1: "it learns from ciphertexts and labels, and from nothing else",
        2: "no label was needed to whiten, but all ciphertexts together were",
        3: "the network never sees a ciphertext",
        4: "no layer in front is what the paper compares with",
        5: "who can build this layer has no need of it",
        6: "what puts the nibbles in order looks at how ciphertexts vary together, and at no label",
    }
    assert isinstance(answer, dict), f"expected a dictionary, {{1: kind, ...}}, got {type(answer).__name__}"
    assert set(answer) == set(wanted), f"expected the keys 1 to 6, got {sorted(answer, key=str)}"
    for number, kind in answer.items():
        assert kind in KINDS, f"pipeline {number}: {kind!r} is none of {', '.join(KINDS)}"
    for number, place in wanted.items():
        assert answer[number] == KINDS[place], f"pipeline {number}: think again; {why[number]}"


def given(images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Ciphertexts of (n, 32, 32, 3) uint8 under the key of this seed, by the cipher of the exercise `front`:
    as a function, its definition is for the one who has solved it."""
    return Tanaka(Key.from_seed(500 + seed), block=8).encrypt(images)


@exercise
def front(answer):
    """`answer(ciphertexts)`: (n, places, features) floats that no key of `given` changes, and that tell
    pictures apart to a linear classifier under another key."""
    train, test = datasets.load("photos", "train", limit=600), datasets.load("photos", "test", limit=300)
    found = [np.asarray(answer(given(train.images[:60], seed))) for seed in range(3)]
    shape = found[0].shape
    told = "expected (n, places, features) floats for n ciphertexts"
    assert len(shape) == 3 and shape[0] == 60, f"{told}, got shape {shape} for 60"
    assert all(np.isrealobj(x) and np.isfinite(x.astype(float)).all() for x in found), (
        "numbers must be finite"
    )
    assert shape[1] >= 16, f"a network wants to know where things are: 16 places or more, got {shape[1]}"
    one, *others = (x.astype(float) for x in found)
    away = max(abs(x - one).max() for x in others) / (abs(one).max() + 1e-12)
    assert away < 1e-3, (
        f"the same pictures under another key: your numbers change by {away:.0%} of the largest"
    )
    ours = np.asarray(answer(given(train.images, 1))).reshape(600, -1)
    theirs = np.asarray(answer(given(test.images, 2))).reshape(300, -1)
    right = (_classified(ours.astype(float), train.labels, theirs.astype(float)) == test.labels).mean()
    told = "no key changes your numbers, but they hardly tell pictures apart: a linear classifier gets"
    assert right >= 0.2, f"{told} less than 20 % where chance is 10 %"


def _classified(ours, labels, theirs):
    """The classes of `theirs` by ridge regression on features of unit variance."""
    mean, scale = ours.mean(0), ours.std(0) + 1e-6
    ours, theirs = (ours - mean) / scale, (theirs - mean) / scale
    inner = ours @ ours.T / ours.shape[1] + np.eye(len(ours))
    return (theirs @ ours.T / ours.shape[1] @ np.linalg.solve(inner, np.eye(10)[labels] - 0.1)).argmax(1)
