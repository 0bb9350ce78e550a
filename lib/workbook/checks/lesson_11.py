"""Checks of lesson 11: the layer that undoes LE from its key, and a fingerprint that no key changes."""

import numpy as np

from lib import Key, datasets
from lib.schemes import Tanaka
from lib.table import split
from lib.tiling import assembled, cut
from lib.workbook.checks import array, exercise


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
        # red upper, red lower, green upper, ...: from -1 to 1, as networks are given
        nibbles = split(scheme.encrypt(plain).reshape(9, -1), 4).reshape(9, 4, 4, 6).transpose(0, 3, 1, 2)
        got = np.tensordot((2.0 * nibbles - 15) / 15, weights, ([1, 2, 3], [1, 2, 3]))
        wanted = (2.0 * plain.reshape(9, 16, 3).swapaxes(1, 2).reshape(9, 48) - 255) / 255
        right = np.isclose(got, wanted, atol=1e-4).all(0)
        assert right.all(), f"{right.sum()} of the 48 bytes of a block come out right"


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
    blocks = np.random.default_rng(4).permuted(cut(images[:40], 4).reshape(-1, 48), axis=0)
    unrelated = assembled(blocks.reshape(40, 8, 8, 48), 4)
    unmoved = np.allclose(np.asarray(answer(unrelated)), found[0], rtol=1e-3)
    told = "yours do not change when each nibble is taken from another block"
    assert not unmoved, f"{told}; see how nibbles vary together"
    largest = np.linalg.eigvalsh(np.cov(_nibbles(images[:40]).T, bias=True))[-1]
    assert np.isclose(found[0][0], largest, rtol=1e-6), "the largest is not the largest there is"


def _nibbles(images):
    return split(cut(images, 4).reshape(-1, 48), 4).astype(float)
