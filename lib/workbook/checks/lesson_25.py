"""Checks of lesson 25: upper nibbles told from lower ones by correlation, the relative key of two
neighbouring pixels."""

from itertools import permutations

import numpy as np

from lib import Key, datasets
from lib.schemes import Tanaka
from lib.table import split
from lib.tiling import cut
from lib.workbook.checks import exercise

PHOTOS, SIDE, BLOCK = ("coffee", "rocket", "hopper", "china"), 64, 4


def _streams(image):
    """(blocks, 96): the nibbles of each block."""
    return split(cut(image[None], BLOCK).reshape(-1, 3 * BLOCK**2), 4)


@exercise
def upper(answer):
    """`answer(correlation)`: of the (96, 96) correlations of a block's cipher nibbles, the 48 positions of
    upper nibbles."""
    for seed, name in enumerate(PHOTOS):
        photo, scheme = datasets.photo(name, SIDE), Tanaka(Key.from_seed(seed))
        got = np.asarray(answer(np.corrcoef(_streams(scheme.encrypt(photo)).T.astype(float))))
        assert got.shape == (48,), f"expected 48 positions, got shape {got.shape}"
        assert len(set(got.tolist())) == 48 and got.min() >= 0 and got.max() < 96, (
            "expected 48 different whole numbers from 0 to 95"
        )
        right = np.isin(got, _upper_of(scheme)).sum()
        assert right == 48, f"{name}: {right} of the 48 hold an upper nibble; 24 are expected by chance"


def _upper_of(scheme):
    """Where the upper nibbles of a block go, read off a block whose upper nibbles alone differ."""
    low, high = (np.full((BLOCK, BLOCK, 3), value, np.uint8) for value in (0x00, 0x70))
    return np.flatnonzero((_streams(scheme.encrypt(low)) != _streams(scheme.encrypt(high)))[0])


@exercise
def relative(answer):
    """`answer(p, q)`: of two neighbouring pixels (n, 3) in n ciphertexts, (order, flips) that brings q
    nearest to p."""
    images, rng = datasets.load("photos", "test", limit=200).images, np.random.default_rng(25)
    orders = [list(order) for order in permutations(range(3))]
    for _ in range(6):
        y, x = rng.integers(4, 28, size=2)
        (first, second), flips = (
            rng.integers(6, size=2),
            rng.integers(2, size=(2, 3)).astype(np.uint8) * np.uint8(255),
        )
        p, beside = (images[:, y, x + k][:, orders[first]] ^ flips[0] for k in (0, 1))
        q = beside[:, orders[second]] ^ flips[1]
        got = answer(p.copy(), q.copy())
        assert isinstance(got, tuple) and len(got) == 2, f"expected (order, flips), got {type(got).__name__}"
        order, signs = (np.asarray(part) for part in got)
        assert order.shape == signs.shape == (3,), (
            f"expected three numbers each, got {order.shape} and {signs.shape}"
        )
        assert sorted(order.tolist()) == [0, 1, 2], (
            f"an order holds 0, 1 and 2 once each, got {order.tolist()}"
        )
        assert set(signs.tolist()) <= {0, 255}, f"flips are 0 or 255, got {signs.tolist()}"
        undone = q[:, order] ^ signs.astype(np.uint8)
        right = (undone == beside).all(0).sum()
        assert right == 3, f"with your order and flips, {right} of 3 channels of q are under the key of p"
