"""Checks of lesson 02: bytes in parts, and one block of Tanaka's scheme, there and back."""

import numpy as np

from lib.workbook.checks import exercise


@exercise
def parts(answer):
    """`answer(value, bits)`: a byte as the list of its 8 / bits parts, the highest bits first; bits is 8, 4,
    2 or 1."""
    for bits in (4, 2, 1, 8):
        seen = set()
        for value in range(256):
            got = answer(value, bits)
            assert isinstance(got, list | tuple), f"expected a list, got {type(got).__name__}"
            assert len(got) == 8 // bits, (
                f"a byte has {8 // bits} parts of {bits} bits, got {len(got)} for {value}"
            )
            assert all(0 <= part < 2**bits for part in got), (
                f"a part of {bits} bits is below {2**bits}, got {list(got)} for {value}"
            )
            seen.add(tuple(int(part) for part in got))
        assert len(seen) == 256, (
            f"with bits={bits}, some two bytes have the same parts, so nothing could join them again"
        )
        for value in (180, 19, 1):
            joined = 0
            for part in answer(value, bits):
                joined = joined * 2**bits + int(part)
            assert joined == value, (
                f"put together again, your parts of {value} make {joined}; does the highest come first?"
            )


@exercise
def encrypt_block(answer):
    """`answer(block, reverse, order)`: the cipher of a `(b, b, 3)` uint8 block.

    reverse  (6 b b,) bool: the nibbles v, counted before the shuffle, that become 15 - v
    order    (6 b b,) integers: nibble i of the cipher is nibble order[i] of the reversed block
    """
    for side, seed in ((4, 1), (2, 2)):
        block, reverse, order = _case(side, seed)
        kept = block.copy()
        none, still = np.zeros_like(reverse), np.arange(reverse.size)
        got = _block(answer(block, none, still), block)
        assert (got == block).all(), (
            "with nothing to reverse and nothing to move, the block should come back unchanged"
        )
        got = _block(answer(block, reverse, still), block)
        assert (got == _encrypt(block, reverse, still)).all(), (
            "with nothing to move, the reversed nibbles are not right"
        )
        got = _block(answer(block, none, order), block)
        assert (got == _encrypt(block, none, order)).all(), (
            "with nothing to reverse, the nibbles do not end in the right places"
        )
        got = _block(answer(block, reverse, order), block)
        assert (got == _encrypt(block, reverse, order)).all(), (
            "each step is right alone, and the two together are not"
        )
        assert (block == kept).all(), "your function changed the block it was given"


@exercise
def decrypt_block(answer):
    """`answer(cipher, reverse, order)`: the plain block, where `cipher` was made as in `encrypt_block`."""
    for side, seed in ((4, 3), (2, 4)):
        block, reverse, order = _case(side, seed)
        none, still = np.zeros_like(reverse), np.arange(reverse.size)
        cipher = _encrypt(block, reverse, still)
        assert (_block(answer(cipher, reverse, still), block) == block).all(), (
            "where nothing was moved, the reversal is not undone"
        )
        cipher = _encrypt(block, none, order)
        assert (_block(answer(cipher, none, order), block) == block).all(), (
            "where nothing was reversed, the shuffle is not undone"
        )
        cipher = _encrypt(block, reverse, order)
        kept = cipher.copy()
        assert (_block(answer(cipher, reverse, order), block) == block).all(), (
            "each step alone is undone, and the two together are not"
        )
        assert (cipher == kept).all(), "your function changed the block it was given"


def _block(got, like):
    assert isinstance(got, np.ndarray), f"expected a NumPy array, got {type(got).__name__}"
    assert got.shape == like.shape, f"expected shape {like.shape}, got {got.shape}"
    assert got.dtype == np.uint8, f"expected uint8, got {got.dtype}"
    return got


def _case(side, seed):
    rng = np.random.default_rng(seed)
    block = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    return block, rng.random(6 * side**2) < 0.4, rng.permutation(6 * side**2)


def _encrypt(block, reverse, order):
    nibbles = [nibble for byte in block.ravel().tolist() for nibble in divmod(byte, 16)]
    nibbles = [15 - nibble if flag else nibble for nibble, flag in zip(nibbles, reverse)]
    shuffled = [nibbles[place] for place in order]
    joined = [16 * high + low for high, low in zip(shuffled[::2], shuffled[1::2])]
    return np.array(joined, np.uint8).reshape(block.shape)
