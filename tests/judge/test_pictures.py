"""The pictures that the judge works with, and a small network that learns from them."""

import numpy as np
import pytest

from lib.judge import pictures
from lib.judge.learnability import learnability
from lib.photos import photo_names

from .helpers import SMALLER, TINY, made


def rows(images):
    return {image.tobytes() for image in images}


def test_pictures_under_attack_and_public_ones_are_of_other_photographs():
    assert set(pictures.ATTACKED).isdisjoint(pictures.PUBLIC)
    assert {*pictures.ATTACKED, *pictures.PUBLIC} == set(photo_names)
    attacked, public = pictures.attacked(TINY, 1200), pictures.public(TINY, 4000)
    assert len(attacked) == 1200 and len(public) == 4000
    assert not rows(attacked) & rows(public) and len(rows(attacked)) == 1200


@pytest.mark.parametrize("shape, count", [(TINY, 1200), ((64, 48, 3), 500)], ids=str)
def test_there_are_enough_and_none_is_flat(shape, count):
    """Of larger pictures the photographs have fewer; 200 are attacked, the others are candidates."""
    found = pictures.attacked(shape, count)
    assert found.shape == (count, *shape) and found.dtype == np.uint8
    assert found.mean(3).std((1, 2)).min() >= pictures.FLAT and not found.flags.writeable


def test_the_same_come_each_time_and_more_begin_alike():
    first = pictures.public(TINY, 50).copy()
    pictures.public.cache_clear()
    np.testing.assert_array_equal(pictures.public(TINY, 50), first)
    np.testing.assert_array_equal(pictures.public(TINY, 90)[:50], first)


def test_what_is_tested_on_was_not_trained_on():
    """Classes are even; at one scale no pixel is shared, so no window comes twice."""
    images, labels, test, answers = pictures.labelled(SMALLER, 300, 200)
    assert images.shape == (300, *SMALLER) and test.shape == (200, *SMALLER)
    assert not rows(images) & rows(test)
    assert set(np.bincount(labels, minlength=10)) == {30} and set(np.bincount(answers, minlength=10)) == {20}


def test_noise_is_even_and_goes_by_its_name():
    found = pictures.noise((40, 40), 3, "a")
    np.testing.assert_array_equal(found, pictures.noise((40, 40), 3, "a"))
    assert (found != pictures.noise((40, 40), 3, "b")).mean() > 0.99
    assert abs(found.mean() - 127.5) < 5 and len(np.unique(found)) > 250


# ---- A network


@pytest.mark.parametrize(
    "encrypt",
    [lambda images: images / 255, lambda images: images[:, :8], lambda images: images.reshape(-1, 768)],
)
def test_networks_read_bytes_of_pictures_only(encrypt):
    with pytest.raises(ValueError, match="networks read uint8 images of 16x16 or more, got"):
        learnability(encrypt, SMALLER, None)


@pytest.mark.long
@pytest.mark.parametrize("name, learns", [("negative_pixels", True), ("wide_block", False)])
def test_a_network_learns_from_what_keeps_neighbours(name, learns):
    found = learnability(made(name).encrypt, SMALLER, lambda count: pictures.noise(SMALLER, count, "pad"))
    assert found.chance == 0.1 and found.plain > 0.35 and found.pad < 0.17
    assert (found.cipher > 0.2) == learns
