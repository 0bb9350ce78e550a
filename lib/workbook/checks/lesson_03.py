"""Checks of lesson 03: ELE's keys counted and renamed, and the four ciphers from LE to ELE told apart."""

import math

import numpy as np

from lib.keys import Key
from lib.schemes import ExtendedTanaka, Tanaka
from lib.workbook.checks import GIVEN, array, called, exercise

NAMES = ("LE", "block keys", "block shuffle", "ELE")


@exercise
def ele_key_bits(answer):
    """`answer(height, width, block)`: log2 of ELE's number of keys for an RGB image."""
    for height, width, block in GIVEN["ele_key_bits"]["cases"]:
        got, told = answer(height, width, block), f"{height}x{width}"
        number = isinstance(got, int | float | np.number)
        assert number, f"expected a number of bits, got {type(got).__name__}"
        blocks, atoms = (height // block) * (width // block), 6 * block**2
        of_le = math.log2(math.factorial(atoms)) + atoms
        expected = blocks * of_le + math.log2(math.factorial(blocks))
        assert math.isfinite(got), f"{told}: {got} is no number of bits; add logarithms, do not multiply"
        assert got > of_le, f"{told}: fewer keys than LE has for one block"
        told, hint = f"{told} with blocks of {block}: {got:,.2f} bits", GIVEN["ele_key_bits"]["hint"]
        assert abs(got - expected) < 0.01, f"{told}; {hint}"


@exercise
def rename(answer):
    """`answer(keys, source)`: block keys that make "blocks, then pixels" equal to "pixels, then blocks"."""
    example = answer(np.array([10, 20, 30]), np.array([2, 0, 1]))
    assert len(example) == 3, f"three keys go in and three come out, got {len(example)}"
    assert list(example) == [30, 10, 20], f"the example gives {list(example)}"
    rng = np.random.default_rng(3)
    keys, source, plain = rng.integers(0, 256, (11, 4)), rng.permutation(11), rng.integers(0, 256, (11, 4))
    new = array(called(answer, keys, source), keys.shape, None)
    same = ((plain ^ keys)[source] == plain[source] ^ new).all()
    assert same, "with these keys the two orders give different ciphertexts"


@exercise
def tell(answer):
    """`answer(encrypt)`: which of NAMES encrypts; `encrypt` takes and gives one (32, 32, 3) image."""
    for seed in (1, 2, FIRST_BLOCK_STAYS):
        for name, table in variants(Key.from_seed(seed)).items():
            got = answer(table.apply)
            assert got in NAMES, f"expected one of {', '.join(NAMES)}; got {got!r}"
            same_keys = (got in ("LE", "block shuffle")) == (name in ("LE", "block shuffle"))
            what = "whether blocks move" if same_keys else "whether blocks share a key"
            assert got == name, f"under one of the keys, a cipher was taken for {got!r}: look again {what}"


FIRST_BLOCK_STAYS = 23  # the seed of a key whose block shuffle leaves block 0 at its place


def variants(key: Key, shape: tuple = (32, 32, 3)) -> dict:
    """The four ciphers between LE and ELE, as tables by name."""
    le, steps = Tanaka(key).table(shape), ExtendedTanaka(key).steps(shape)
    own, shuffle = steps["reverse"].then(steps["shuffle"]), steps["block shuffle"]
    return dict(zip(NAMES, (le, own, le.then(shuffle), own.then(shuffle))))
