"""Checks of lesson 02: bytes in parts, and one block of Tanaka's scheme, there and back."""

import numpy as np

from lib.table import join, split
from lib.workbook.checks import array, called, exercise


@exercise
def parts(answer):
    """`answer(value, bits)`: the list of a byte's 8 / bits parts, the highest bits first; bits 8, 4, 2, 1."""
    for bits in (4, 2, 1, 8):
        seen = set()
        for value in range(256):
            got = answer(value, bits)
            assert isinstance(got, list | tuple), f"expected a list, got {type(got).__name__}"
            count = f"a byte has {8 // bits} parts of {bits} bits"
            assert len(got) == 8 // bits, f"{count}, got {len(got)} for {value}"
            below = all(0 <= part < 2**bits for part in got)
            assert below, f"a part of {bits} bits is below {2**bits}, got {list(got)} for {value}"
            seen.add(tuple(int(part) for part in got))
        unlike = len(seen) == 256
        assert unlike, f"bits={bits}: some two bytes have the same parts, so nothing could join them again"
        for value in (180, 19, 1):
            joined = 0
            for part in answer(value, bits):
                joined = joined * 2**bits + int(part)
            again = f"put together again, your parts of {value} make {joined}"
            assert joined == value, f"{again}; does the highest come first?"


@exercise
def encrypt_block(answer):
    """`answer(block, reverse, order)`: the cipher of a `(b, b, 3)` uint8 block.

    reverse  (6 b b,) bool: the nibbles v, counted before the shuffle, that become 15 - v
    order    (6 b b,) integers: nibble i of the cipher is nibble order[i] of the reversed block
    """
    for side, seed in ((4, 1), (2, 2)):
        block, reverse, order = _case(side, seed)
        none, still = np.zeros_like(reverse), np.arange(reverse.size)
        for told, *key in (
            ("nothing is to be reversed or moved, and the block does not come back unchanged", none, still),
            ("with nothing to move, the reversed nibbles are not right", reverse, still),
            ("with nothing to reverse, the nibbles do not end in the right places", none, order),
            ("each step is right alone, and the two together are not", reverse, order),
        ):
            assert (array(called(answer, block, *key), block.shape) == _encrypt(block, *key)).all(), told


@exercise
def decrypt_block(answer):
    """`answer(cipher, reverse, order)`: the plain block, where `cipher` was made as in `encrypt_block`."""
    for side, seed in ((4, 3), (2, 4)):
        block, reverse, order = _case(side, seed)
        none, still = np.zeros_like(reverse), np.arange(reverse.size)
        for told, *key in (
            ("where nothing was moved, the reversal is not undone", reverse, still),
            ("where nothing was reversed, the shuffle is not undone", none, order),
            ("each step alone is undone, and the two together are not", reverse, order),
        ):
            cipher = _encrypt(block, *key)
            assert (array(called(answer, cipher, *key), block.shape) == block).all(), told


def _case(side, seed):
    rng = np.random.default_rng(seed)
    block = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    return block, rng.random(6 * side**2) < 0.4, rng.permutation(6 * side**2)


def _encrypt(block, reverse, order):
    nibbles = split(block.ravel(), 4)
    return join(np.where(reverse, 15 - nibbles, nibbles)[order], 4).reshape(block.shape)
