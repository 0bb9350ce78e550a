"""Checks of lesson 11: the layer that undoes LE from its key, and a fingerprint of pictures that no key
changes."""

import numpy as np

from lib import Key, datasets
from lib.schemes import Tanaka
from lib.table import split
from lib.workbook.checks import exercise


@exercise
def nibble_layer(answer):
    """`answer(index, mask)`: (48, 6, 4, 4) float32 weights that give plain blocks from the nibbles of LE
    cipher blocks."""
    plain = np.random.default_rng(11).integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    for seed in (2, 5, 8):
        scheme = Tanaka(Key.from_seed(seed))
        table = scheme.table((4, 4, 3))
        weights = np.asarray(answer(table.index.copy(), table.mask.copy()))
        assert weights.shape == (48, 6, 4, 4), f"expected weights of shape (48, 6, 4, 4), got {weights.shape}"
        assert weights.dtype == np.float32, f"expected float32, got {weights.dtype}"
        used = (weights != 0).sum((1, 2, 3))
        assert (used == 2).all(), (
            f"each output needs two nibbles, its upper and its lower one; yours read {_range(used)}"
        )
        sizes = np.sort(abs(weights[weights != 0]))
        assert np.allclose(sizes, np.repeat([1 / 17, 16 / 17], 48), atol=1e-5), (
            f"half of the weights are 1/17 and half 16/17, signs apart; yours run from {sizes[0]:.4f} to {sizes[-1]:.4f}"
        )
        got = np.tensordot(_parts(scheme.encrypt(plain)), weights, ([1, 2, 3], [1, 2, 3]))
        wanted = (2.0 * plain.reshape(9, 16, 3).swapaxes(1, 2).reshape(9, 48) - 255) / 255
        right = np.isclose(got, wanted, atol=1e-4).all(0)
        assert right.all(), f"{right.sum()} of the 48 bytes of a block come out right"


def _parts(images):
    """(n, 6, 4, 4) floats from -1 to 1: red upper, red lower, green upper, ... as
    `lib.models.inputs.atoms` gives them."""
    parts = split(images.reshape(len(images), -1), 4).reshape(len(images), 4, 4, 6)
    return (2.0 * parts.transpose(0, 3, 1, 2) - 15) / 15


def _range(counts):
    return f"{counts.min()}" if counts.min() == counts.max() else f"{counts.min()} to {counts.max()}"


@exercise
def fingerprint(answer):
    """`answer(ciphertexts)`: (96,) variances of the blocks' nibbles along their principal axes, largest
    first."""
    images = datasets.load("photos", "train", limit=60).images
    found = []
    for some in (images[:40], images[20:]):
        ciphers = [some, *(Tanaka(Key.from_seed(seed)).encrypt(some) for seed in (3, 6))]
        each = [np.asarray(answer(c.copy())) for c in ciphers]
        shape = each[0].shape
        assert shape == (96,), f"expected 96 numbers, got shape {shape}"
        assert all(np.isrealobj(e) and np.isfinite(e.astype(float)).all() for e in each), (
            "expected 96 finite real numbers"
        )
        for e in each[1:]:
            away = abs(e - each[0]).max() / abs(each[0]).max()
            assert away < 1e-6, f"a key changes your numbers, by {away:.0%} of the largest"
        found.append(each[0].astype(float))
        assert (np.diff(found[-1]) <= 1e-6).all(), "they should run from the largest to the smallest"
        total = _nibbles(some).var(0).sum()
        assert np.isclose(found[-1].sum(), total, rtol=1e-6), (
            f"variances along axes add up to those of the 96 nibbles, {total:.2f} here; yours to {found[-1].sum():.2f}"
        )
    assert not np.allclose(*found, rtol=1e-3), "other pictures should have other numbers"
    mixed = _unrelated(images[:40])
    gone = np.allclose(np.asarray(answer(mixed)), found[0], rtol=1e-3)
    assert not gone, (
        "yours do not change when each nibble is taken from another block; see how nibbles vary together"
    )
    assert np.isclose(found[0][0], _largest(images[:40]), rtol=1e-6), (
        "the largest is not the largest there is"
    )


def _nibbles(images):
    blocks = images.reshape(len(images), 8, 4, 8, 4, 3).swapaxes(2, 3).reshape(-1, 48)
    return split(blocks, 4).astype(float)


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
    rng, n = np.random.default_rng(4), len(images)
    blocks = images.reshape(n, 8, 4, 8, 4, 3).swapaxes(2, 3).reshape(-1, 48)
    blocks = np.stack([column[rng.permutation(len(blocks))] for column in blocks.T], axis=1)
    return np.ascontiguousarray(blocks.reshape(n, 8, 8, 4, 4, 3).swapaxes(2, 3).reshape(images.shape))
