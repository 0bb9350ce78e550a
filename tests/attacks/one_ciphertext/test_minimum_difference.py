"""The published attack on one SKK image equals a slow reading of its code."""

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lib import Key, datasets, metrics
from lib.attacks.one_ciphertext.learned_prior import likeliest
from lib.attacks.one_ciphertext.minimum_difference import (
    all_starts,
    leading_bit,
    minimum_difference,
    roughness,
)
from lib.schemes import SKK
from lib.symmetries import COLOURS, SIGNS

NOISE = np.random.default_rng(6).integers(0, 256, (3, 5, 6, 3), np.uint8)
FEW_VALUES = np.random.default_rng(7).choice(np.array([3, 120, 126, 129, 135, 252], np.uint8), (2, 8, 6, 3))


def candidates(pixel):
    """The published table: six rows of orders, eight columns of signs, the sign of the first channel the
    highest bit."""
    rows = []
    for order in permutations(range(3)):
        values, flips = [int(pixel[channel]) for channel in order], product((0, 255), repeat=3)
        rows.append([tuple(value ^ flip for value, flip in zip(values, each)) for each in flips])
    return rows


def as_published(cipher, first, rows=6, of_equal=-1):
    """Chang and Case's program in loops. Its `break` leaves the inner loop only, so the last row that ties is
    kept."""
    out = np.zeros_like(cipher)
    out[0, 0] = first
    for i, j in list(np.ndindex(cipher.shape[:2]))[1:]:
        before = out[i - 1, j].tolist() if i else out[i, j - 1].tolist()
        table = candidates(cipher[i, j])[:rows]
        differences = [[sum(abs(a - b) for a, b in zip(before, state)) for state in row] for row in table]
        least = min(map(min, differences))
        ties = [
            row[difference.index(least)] for row, difference in zip(table, differences) if least in difference
        ]
        out[i, j] = ties[of_equal]
    return out


def encrypt(images, seed=1, **options):
    return SKK(Key.from_seed(seed), per_image=True, **options).encrypt(images, ids=range(len(images)))


@pytest.mark.parametrize("images", [NOISE, FEW_VALUES], ids=["noise", "few values"])
def test_minimum_difference_is_the_published_program_from_every_start(images):
    cipher = encrypt(images)
    pictures = all_starts(cipher)
    for image, each in zip(cipher, pictures):
        assert {tuple(x) for x in each[:, 0, 0].tolist()} == {
            x for row in candidates(image[0, 0]) for x in row
        }
        assert all((picture == as_published(image, picture[0, 0])).all() for picture in each[::5])
    known = minimum_difference(cipher, first=images[:, 0, 0])
    assert all((a == as_published(c, x[0, 0])).all() for a, c, x in zip(known.estimate, cipher, images))
    assert (known.recovered["first"] == images[:, 0, 0]).all()


def test_the_rule_for_ties_is_seen_by_these_data():
    """Else the test above could not tell the last of equal rows from the first."""
    cipher = encrypt(FEW_VALUES)[0]
    first, last = (as_published(cipher, FEW_VALUES[0, 0, 0], of_equal=k) for k in (0, -1))
    assert (first != last).any()


@settings(max_examples=10, deadline=None)
@given(arrays.arrays(np.uint8, (1, 4, 3, 3)), st.integers(0, 9))
def test_without_colour_shuffle_it_is_leading_bit_with_the_signs_of_the_first_pixel(images, seed):
    cipher = encrypt(images, seed, colour_shuffle=False)
    folded = leading_bit(cipher).estimate
    assert (minimum_difference(cipher, folded[:, 0, 0], colour_shuffle=False).estimate == folded).all()
    signs = np.where(images[0, 0, 0] > 127, 255, 0).astype(np.uint8)
    known = minimum_difference(cipher, images[0, 0, 0], colour_shuffle=False).estimate
    assert (known == folded ^ signs).all()
    assert (known[0] == as_published(cipher[0], images[0, 0, 0], rows=1)).all()


def test_no_value_changes_its_side_of_grey():
    known = minimum_difference(encrypt(NOISE), first=NOISE[:, 0, 0]).estimate
    assert ((known > 127) == (NOISE[:, :1, :1] > 127)).all()


def test_leading_bit_is_all_that_signs_leave_and_keeps_the_invariant():
    assert (leading_bit(NOISE).estimate == np.where(NOISE > 127, 255 - NOISE, NOISE)).all()
    assert (leading_bit(encrypt(NOISE, colour_shuffle=False)).estimate == leading_bit(NOISE).estimate).all()
    for attack in (leading_bit, minimum_difference):
        assert (metrics.invariant(attack(encrypt(NOISE)).estimate) == metrics.invariant(NOISE)).all()


def test_without_a_first_pixel_the_smoothest_is_kept():
    cipher = encrypt(np.random.default_rng(8).choice(np.array([3, 120, 126, 135], np.uint8), (4, 20, 20, 3)))
    result, pictures = minimum_difference(cipher), all_starts(cipher)
    rough = np.array([[roughness(picture) for picture in each] for each in pictures])
    assert [roughness(estimate) for estimate in result.estimate] == rough.min(1).tolist()
    assert (rough.min(1) < rough.max(1)).any()
    assert pictures.shape == (4, 48, 20, 20, 3) and len(COLOURS) * len(SIGNS) == 48


def test_signs_cannot_be_told_by_smoothness():
    rough = np.array([roughness(picture) for picture in all_starts(encrypt(NOISE[:1]))[0]]).reshape(6, 8)
    assert (rough == rough[:, :1]).all()


@pytest.mark.parametrize("attack", [leading_bit, minimum_difference, all_starts, likeliest])
def test_input_that_is_no_batch_of_images_is_refused(attack):
    with pytest.raises(ValueError, match=r"one image is x\[None\]"):
        attack(NOISE[0])
    with pytest.raises(TypeError, match="float64"):
        attack(NOISE / 255)


@pytest.mark.parametrize(
    "first, message",
    [
        ([1, 2, 3], "no key turns the first pixel"),
        ([1, 2], "expected the first pixel as"),
        ([0.5, 0.5, 0.5], "expected the first pixel as"),
        ([1, 2, 256], "expected the first pixel as"),
    ],
)
def test_a_first_pixel_that_cannot_be_is_refused(first, message):
    with pytest.raises(ValueError, match=message):
        minimum_difference(encrypt(NOISE), first)


def test_without_shuffle_a_reordered_first_pixel_is_refused():
    cipher = encrypt(NOISE, colour_shuffle=False)
    with pytest.raises(ValueError, match="no key turns"):
        minimum_difference(cipher, NOISE[:, 0, 0, [1, 2, 0]], colour_shuffle=False)


def test_published_walk_is_fast():
    image = datasets.photo("astronaut", 256)
    cipher = encrypt(image[None])
    minimum_difference(cipher, image[0, 0])
    assert min(minimum_difference(cipher, image[0, 0]).seconds for _ in range(5)) < 0.1
