"""The letters of flags: told apart, drawn where they are asked, legible wherever an attack leaves them."""

from itertools import combinations

import numpy as np
import pytest

from lib import Key
from lib.workbook.challenges.letters import (
    ALPHABET,
    GLYPHS,
    LENGTH,
    PLATE,
    draw_flag,
    normalised,
    plate,
    write,
)

FLAG = "RAUTENXYLE"


def test_letters_differ_from_each_other_also_mirrored_and_upside_down():
    assert GLYPHS.shape == (16, 7, 5) and len(set(ALPHABET)) == 16
    for a, b in combinations(GLYPHS, 2):
        for other in (b, b[:, ::-1], b[::-1], b[::-1, ::-1]):
            assert (a != other).sum() >= 3
    assert sum((glyph != glyph[:, ::-1]).any() for glyph in GLYPHS) >= 9, "letters that tell a mirror"


def test_flags_are_of_all_letters_alike_and_differ_by_label():
    flags = [draw_flag(Key.from_seed(1), f"{i}") for i in range(400)]
    assert len(set(flags)) == 400 and {len(flag) for flag in flags} == {LENGTH}
    counts = np.array([sum(flag.count(letter) for flag in flags) for letter in ALPHABET])
    assert counts.sum() == 4000 and abs(counts - 250).max() < 75  # five standard deviations


def test_a_plate_has_each_letter_in_its_place():
    drawn = plate(FLAG)
    assert drawn.shape == PLATE == (17, 31)
    for number, letter in enumerate(FLAG):
        y, x = 1 + number // 5 * 8, 1 + number % 5 * 6
        assert (drawn[y : y + 7, x : x + 5] == GLYPHS[ALPHABET.index(letter)]).all()
        drawn[y : y + 7, x : x + 5] = False
    assert not drawn.any()
    assert (plate(FLAG, 3)[1::3, 1::3] == plate(FLAG)).all() and plate(FLAG, 3).shape == (51, 93)


def test_writing_darkens_the_plate_lights_the_letters_and_leaves_the_rest():
    picture = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    kept = picture.copy()
    out = write(picture, FLAG, (5, 7))
    assert (picture == kept).all()
    inside = np.zeros((40, 50), bool)
    inside[5:22, 7:38] = True
    assert (out[~inside] == picture[~inside]).all()
    expected = picture[5:22, 7:38] // 4 + 128 * plate(FLAG)[..., None]
    assert (out[5:22, 7:38] == expected).all()


def test_folded_values_still_show_the_letters():
    picture = np.random.default_rng(1).integers(0, 256, (17, 31, 3), dtype=np.uint8)
    out = write(picture, FLAG, (0, 0))
    assert ((np.minimum(out, 255 - out) >= 64) == plate(FLAG)[..., None]).all()


@pytest.mark.parametrize(("at", "scale"), [((24, 0), 1), ((0, 20), 1), ((0, 0), 2)])
def test_a_plate_that_does_not_fit_is_refused(at, scale):
    with pytest.raises(ValueError, match="does not fit"):
        write(np.zeros((40, 50, 3), np.uint8), FLAG, at, scale)


def test_what_is_typed_is_normalised():
    assert normalised(" rau-ten xyle\n") == FLAG
