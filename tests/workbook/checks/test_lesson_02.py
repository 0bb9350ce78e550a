"""The exercises of lesson 02: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib import Key
from lib.schemes import Tanaka
from lib.table import join, split
from lib.workbook.checks import lesson_02 as check


def parts(value, bits):
    return [value >> shift & 2**bits - 1 for shift in range(8 - bits, -1, -bits)]


def nibbles(block):
    return np.array([half for byte in block.ravel().tolist() for half in (byte // 16, byte % 16)], np.uint8)


def bytes_of(atoms, shape):
    return (atoms[::2] * 16 + atoms[1::2]).astype(np.uint8).reshape(shape)


def encrypt_block(block, reverse, order):
    return bytes_of(np.where(reverse, 15 - nibbles(block), nibbles(block))[order], block.shape)


def decrypt_block(cipher, reverse, order):
    atoms = np.empty(len(order), np.uint8)
    atoms[order] = nibbles(cipher)
    return bytes_of(np.where(reverse, 15 - atoms, atoms), cipher.shape)


def turned(atoms, flags):
    return np.where(flags, 15 - atoms, atoms)


def low_first(block, reverse, order):
    atoms = nibbles(block).reshape(-1, 2)[:, ::-1].ravel()
    atoms = turned(atoms, reverse)[order]
    return bytes_of(atoms.reshape(-1, 2)[:, ::-1].ravel(), block.shape)


def in_place(block, reverse, order):
    block[:] = encrypt_block(block, reverse, order)
    return block.copy()


SOLUTIONS = [(check.parts, parts), (check.encrypt_block, encrypt_block), (check.decrypt_block, decrypt_block)]

WRONG = {
    "lowest first": (check.parts, lambda v, bits: parts(v, bits)[::-1]),
    "always nibbles": (check.parts, lambda v, bits: [v // 16, v % 16]),
    "not shifted down": (
        check.parts,
        lambda v, bits: [v & (2**bits - 1) << s for s in range(8 - bits, -1, -bits)],
    ),
    "upper bits not cut off": (check.parts, lambda v, bits: [v >> s for s in range(8 - bits, -1, -bits)]),
    "one part": (check.parts, lambda v, bits: [v >> 8 - bits]),
    "reversed after the shuffle": (
        check.encrypt_block,
        lambda b, r, o: bytes_of(turned(nibbles(b)[o], r), b.shape),
    ),
    "reversed twice, as published": (
        check.encrypt_block,
        lambda b, r, o: bytes_of(turned(turned(nibbles(b), r)[o], r), b.shape),
    ),
    "shuffled the other way": (
        check.encrypt_block,
        lambda b, r, o: bytes_of(turned(nibbles(b), r)[np.argsort(o)], b.shape),
    ),
    "255 - v of a byte": (check.encrypt_block, lambda b, r, o: 255 - encrypt_block(b, ~r, o[::-1])),
    "lower nibble first": (check.encrypt_block, low_first),
    "halves not interleaved": (
        check.encrypt_block,
        lambda b, r, o: bytes_of(turned(np.r_[b.ravel() >> 4, b.ravel() & 15], r)[o], b.shape),
    ),
    "flat": (check.encrypt_block, lambda b, r, o: encrypt_block(b, r, o).ravel()),
    "wide integers": (check.encrypt_block, lambda b, r, o: encrypt_block(b, r, o).astype(int)),
    "block changed": (check.encrypt_block, in_place),
    "encrypted again": (check.decrypt_block, encrypt_block),
    "reversed first": (
        check.decrypt_block,
        lambda c, r, o: bytes_of(turned(nibbles(c), r)[np.argsort(o)], c.shape),
    ),
    "order used as it is": (check.decrypt_block, lambda c, r, o: bytes_of(turned(nibbles(c)[o], r), c.shape)),
    "not reversed": (check.decrypt_block, lambda c, r, o: decrypt_block(c, np.zeros_like(r), o)),
}


def test_exercise_is_the_scheme_of_lib():
    """What the exercise asks for is what `Tanaka` does with the key parts that its steps show."""
    scheme = Tanaka(Key.from_seed(3))
    block = np.random.default_rng(9).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    steps = scheme.steps(block.shape)
    reverse = split(steps["reverse"].masks.rows[0], 4) == 15
    order = steps["shuffle"].orders.rows[0]
    assert (encrypt_block(block, reverse, order) == scheme.encrypt(block)).all()
    assert (decrypt_block(scheme.encrypt(block), reverse, order) == block).all()
    assert (join(split(block.ravel(), 4), 4) == block.ravel()).all()
