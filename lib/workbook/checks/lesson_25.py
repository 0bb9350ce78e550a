"""Checks of lesson 25: upper nibbles told by correlation, the relative key of two neighbouring pixels."""

import numpy as np

from lib import Key, datasets
from lib.schemes import Tanaka
from lib.symmetries import COLOURS
from lib.table import split
from lib.tiling import cut
from lib.workbook.checks import array, exercise, triples

PHOTOS, SIDE, BLOCK = ("coffee", "rocket", "hopper", "china"), 64, 4


@exercise
def upper(answer):
    """`answer(correlation)`: the 48 positions of upper nibbles, of a block's (96, 96) nibble correlations."""
    for seed, name in enumerate(PHOTOS):
        photo, scheme = datasets.photo(name, SIDE), Tanaka(Key.from_seed(seed))
        nibbles = split(cut(scheme.encrypt(photo)[None], BLOCK).reshape(-1, 3 * BLOCK**2), 4)
        correlation = np.corrcoef(nibbles.T.astype(float))
        got = array(answer(correlation), (48,), None)
        different = len(set(got.tolist())) == 48 and got.min() >= 0 and got.max() < 96
        assert different, "expected 48 different whole numbers from 0 to 95"
        right = np.isin(got, np.flatnonzero(scheme.table((BLOCK, BLOCK, 3)).index % 2 == 0)).sum()
        assert right == 48, f"{name}: {right} of the 48 hold an upper nibble; 24 are expected by chance"


@exercise
def relative(answer):
    """`answer(p, q)`: (order, flips) that brings q nearest to p, neighbouring pixels (n, 3) uint8."""
    images, rng = datasets.load("photos", "test", limit=200).images, np.random.default_rng(25)
    for _ in range(6):
        y, x = rng.integers(4, 28, size=2)
        first, second = COLOURS[rng.integers(6, size=2)]
        flips = rng.integers(2, size=(2, 3)).astype(np.uint8) * np.uint8(255)
        p, beside = (images[:, y, x + k][:, first] ^ flips[0] for k in (0, 1))
        q = beside[:, second] ^ flips[1]
        order, signs = triples(answer(p.copy(), q.copy()), "order and flips")
        assert set(signs.tolist()) <= {0, 255}, f"flips are 0 or 255, got {signs.tolist()}"
        undone = q[:, order] ^ signs.astype(np.uint8)
        right = (undone == beside).all(0).sum()
        assert right == 3, f"with your order and flips, {right} of 3 channels of q are under the key of p"
