"""Checks of lesson 21: a pixel that mends an attack and its reading, words without complements, the fewest
pictures, a table read in four."""

import math
from functools import partial

import numpy as np

from lib import Key
from lib.attacks import Oracle
from lib.attacks.chosen_plaintext.table_reader import read_table
from lib.schemes import SKK, EtC, ExtendedTanaka, Tanaka
from lib.table import split
from lib.workbook.checks import array, called, exercise, pair, whole

SHAPE = (32, 32, 3)


@exercise
def pixel(answer):
    """`answer`: three bytes; their six nibbles differ from each other, from 0, and from all complements."""
    assert np.shape(answer) == (3,), f"expected three bytes, got {answer!r}"
    values = [whole(value, "a byte, a whole number from 0 to 255", 0, 255) for value in answer]
    nibbles = [nibble for value in values for nibble in divmod(value, 16)]
    told = f"nibbles {nibbles}"
    assert not {0, 15} & set(nibbles), f"{told}: 0 is what all black pixels have, and 15 its complement"
    assert len(set(nibbles)) == 6, f"{told}: two of them are equal, so their places cannot be told apart"
    pairs = [f"{a} and {b}" for a in nibbles for b in nibbles if a < b and a + b == 15]
    assert not pairs, f"{told}: {pairs[0]} are complements, so each may be the other"


@exercise
def mended(answer):
    """`answer(answers, pixel)`: (index, flipped) of a block's nibbles, of the answers to 16 helpers."""
    for seed, values in enumerate(((0x12, 0x34, 0x56), (0xE2, 0xC4, 0x6A), (0x98, 0xBA, 0xDC))):
        scheme = Tanaka(Key.from_seed(seed))
        helpers = np.zeros((16, 4, 4, 3), np.uint8)
        helpers.reshape(16, 16, 3)[np.arange(16), np.arange(16)] = values
        index, mask = read_table(Oracle(scheme.encrypt), (4, 4, 3))
        got = pair(called(answer, scheme.encrypt(helpers), values), "index and flipped")
        found, flipped = (array(part, (96,), None) for part in got)
        told = f"helpers of {tuple(map(hex, values))}"
        right = (flipped.astype(bool) == (split(mask, 4) > 7)).sum()
        black = "; a black nibble comes back as 15 where its place is complemented"
        assert right == 96, f"{told}: of {right} nibbles in 96 you say rightly whether complemented{black}"
        assert not np.array_equal(np.argsort(index), found), "that is where each plain nibble goes to"
        assert not np.array_equal(index // 2, found), "those are bytes; there are two nibbles in each"
        right = (found == index).sum()
        assert right == 96, f"{told}: {right} of 96 numbers of the index are right; a pixel has six nibbles"


def read_helpers(answers: np.ndarray, pixel: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A right answer to `mended`: (96,) int64 and bool, of (16, 4, 4, 3) uint8 and the helpers' pixel."""
    place = {}  # of a plain nibble by what it is in sixteen pictures, or the complement of that
    for number, (k, digit) in enumerate((k, d) for k in range(16) for v in pixel for d in divmod(v, 16)):
        history = np.eye(16, dtype=int)[k] * digit
        place[tuple(history)], place[tuple(15 - history)] = (number, False), (number, True)
    found = [place[tuple(seen)] for seen in split(answers.reshape(16, 48), 4).T.tolist()]
    return np.array([number for number, _ in found]), np.array([sign for _, sign in found])


@exercise
def words(answer):
    """`answer(count)`: `count` pairs of digits 0 to 15, no two alike, none another's complement."""
    for count in (12, 96, 128):
        got = [tuple(word) if np.ndim(word) == 1 else word for word in answer(count)]
        assert len(got) == count, f"expected {count} words, got {len(got)}"
        for word in got:
            assert np.shape(word) == (2,), f"a word is a pair of digits, got {word!r}"
            for digit in word:
                whole(digit, f"words of digits from 0 to 15, and not {word}", 0, 15)
        assert len(set(got)) == count, f"of {count} words, only {len(set(got))} are different"
        for a, b in got:
            told = f"of {count} words, {(a, b)} is the complement of another"
            assert (15 - a, 15 - b) not in got, f"{told}, so one can be taken for the other"


@exercise
def least(answer):
    """`answer(h, w, bits)`: the least number of pictures that tell any table of atoms of so many bits."""
    for h, w, bits in ((32, 32, 4), (4, 4, 4), (10, 10, 8), (256, 256, 4), (64, 64, 1), (8, 8, 2)):
        told = f"{h}x{w}, atoms of {bits} bits"
        got = whole(answer(h, w, bits), f"{told}: a whole number of pictures")
        right = fewest_of_any(h, w, bits)
        assert got <= right, (
            f"{told}: the count does not ask for {got}; how many tables are there, and bits of an answer?"
        )
        told = f"{told}: {got} cannot tell all tables apart"
        assert got == right, f"{told}; are complements counted, and are parts of a picture rounded up?"


def fewest_of_any(h: int, w: int, bits: int) -> int:
    """The least whole number of answers, 24 h w bits each, that tell all orders and complements of atoms."""
    atoms = 24 * h * w // bits
    return math.ceil((math.lgamma(atoms + 1) / math.log(2) + atoms) / (24 * h * w))


@exercise
def read_in_four(answer):
    """`answer(ask)`: (index, flipped) of a 32x32 image's nibbles; `ask` takes 4 (n, 32, 32, 3) in all."""
    for kind in (Tanaka, SKK, EtC, ExtendedTanaka):
        scheme = kind(Key.from_seed(5))
        index, mask = read_table(Oracle(scheme.encrypt), SHAPE)
        got = pair(answer(partial(_ask, oracle=Oracle(scheme.encrypt))), "index and flipped")
        found, flipped = (array(part, index.shape, None) for part in got)
        wrong = (flipped.astype(bool) != (split(mask, 4) > 7)).mean()
        told = f"{scheme.name}: {wrong:.0%} of the nibbles"
        assert wrong == 0, f"{told} are taken for complements and are none, or not seen"
        wrong = (found != index).mean()
        told = f"{scheme.name}: {wrong:.0%} of the index is wrong"
        assert wrong == 0, f"{told}: cipher nibble i is plain nibble index[i]"


def _ask(images, oracle):
    assert isinstance(images, np.ndarray) and images.dtype == np.uint8, "ask takes a uint8 array"
    assert images.shape[1:] == SHAPE, f"ask takes images (n, 32, 32, 3), got {images.shape}"
    asked = oracle.queries + len(images)
    assert asked <= 4, f"you asked for {asked} images, 4 are allowed"
    return oracle(images)
