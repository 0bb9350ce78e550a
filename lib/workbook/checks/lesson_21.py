"""Checks of lesson 21: a pixel that mends the published attack, words that no complement confuses, a table
read in four."""

import numpy as np

from lib import Key
from lib.attacks import Oracle
from lib.attacks.chosen_plaintext.table_reader import read_table
from lib.schemes import SKK, EtC, ExtendedTanaka, Tanaka
from lib.table import split
from lib.workbook.checks import exercise

SHAPE = (32, 32, 3)


@exercise
def pixel(answer):
    """`answer`: three bytes; their six nibbles differ from each other and from a black pixel's, complemented
    or not."""
    assert np.shape(answer) == (3,), f"expected three bytes, got {answer!r}"
    assert all(_whole(value, 255) for value in answer), (
        f"a byte is a whole number from 0 to 255, got {answer!r}"
    )
    nibbles = [nibble for value in answer for nibble in divmod(int(value), 16)]
    assert not {0, 15} & set(nibbles), (
        f"nibbles {nibbles}: 0 is what all black pixels have, and 15 its complement"
    )
    assert len(set(nibbles)) == 6, (
        f"nibbles {nibbles}: two of them are equal, so their places cannot be told apart"
    )
    pairs = [(a, b) for a in nibbles for b in nibbles if a < b and a + b == 15]
    assert not pairs, (
        f"nibbles {nibbles}: {pairs[0][0]} and {pairs[0][1]} are complements, so each may be the other"
    )


def _whole(value, top):
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and 0 <= value <= top


@exercise
def words(answer):
    """`answer(count)`: `count` pairs of digits 0 to 15, no two alike, and no complement (15 - a, 15 - b)
    among them."""
    for count in (12, 96, 128):
        got = [tuple(word) if np.ndim(word) == 1 else word for word in answer(count)]
        assert len(got) == count, f"expected {count} words, got {len(got)}"
        assert all(np.shape(word) == (2,) for word in got), f"a word is a pair of digits, got {got[0]!r}"
        bad = [word for word in got if not all(_whole(digit, 15) for digit in word)]
        assert not bad, f"of {count} words, {bad[0]} is none: digits are whole numbers from 0 to 15"
        assert len(set(got)) == count, f"of {count} words, only {len(set(got))} are different"
        for a, b in got:
            assert (15 - a, 15 - b) not in got, (
                f"of {count} words, {(a, b)} is the complement of another, so one can be taken for the other"
            )


@exercise
def read_in_four(answer):
    """`answer(ask)`: (index, flipped) of the 6,144 nibbles of a 32x32 image; `ask` takes (n, 32, 32, 3), 4
    images in all."""
    for kind in (Tanaka, SKK, EtC, ExtendedTanaka):
        scheme = kind(Key.from_seed(5))
        index, mask = read_table(Oracle(scheme.encrypt), SHAPE)
        got = answer(_asker(scheme))
        assert isinstance(got, tuple) and len(got) == 2, (
            f"expected index and flipped, got {type(got).__name__}"
        )
        found, flipped = map(np.asarray, got)
        for name, array in (("index", found), ("flipped", flipped)):
            assert array.shape == index.shape, f"{name}: expected shape {index.shape}, got {array.shape}"
        wrong = (flipped.astype(bool) != (split(mask, 4) > 7)).mean()
        assert wrong == 0, (
            f"{scheme.name}: {wrong:.0%} of the nibbles are taken for complements and are none, or not seen"
        )
        wrong = (found != index).mean()
        assert wrong == 0, (
            f"{scheme.name}: {wrong:.0%} of the index is wrong: cipher nibble i is plain nibble index[i]"
        )


def _asker(scheme):
    oracle = Oracle(scheme.encrypt)

    def ask(images):
        assert isinstance(images, np.ndarray) and images.dtype == np.uint8, "ask takes a uint8 array"
        assert images.shape[1:] == SHAPE, f"ask takes images (n, 32, 32, 3), got {images.shape}"
        assert oracle.queries + len(images) <= 4, (
            f"you asked for {oracle.queries + len(images)} images, 4 are allowed"
        )
        return oracle(images)

    return ask
