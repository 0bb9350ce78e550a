"""A key of 32 bits is found by trying; the search knows when the key is not among those tried."""

import numpy as np
import pytest

from lib import Key, datasets
from lib.attacks.guessed_key.weak_keys import WARM_UP, logistic_orders, search, weak_table
from lib.schemes import OneTimePad

PHOTOS = datasets.load("photos", "test", limit=10).images


def scramble_by_hand(image, key):
    """imageshuffle's RandBlock of 4x4 pixels, step by step: parts beside each other in a pixel, reversed,
    moved, reversed again.

    It carries a picture of its places' numbers through `moved[order] = numbers`, and then does the same to
    the values with what came out: where one goes forwards the other goes back.
    """
    x = key / (2**32 - 1) * (1 - 2e-12) + 1e-12
    a = 4 - 1e-12
    for _ in range(WARM_UP):
        x = a * x * (1 - x)
    values = []
    for _ in range(96):
        x = a * x * (1 - x)
        values.append(x)
    order = sorted(range(96), key=values.__getitem__)
    numbers, out = [0] * 96, np.empty_like(image)
    for number, place in enumerate(order):
        numbers[place] = number
    reverse = [place > 48 for place in order]
    for y in range(0, image.shape[0], 4):
        for x in range(0, image.shape[1], 4):
            block = image[y : y + 4, x : x + 4]
            parts = np.concatenate([block >> 4, block & 15], axis=2).ravel()
            parts = [15 - v if r else v for v, r in zip(parts, reverse)]
            moved = [0] * 96
            for part, place in zip(parts, numbers):
                moved[place] = part
            moved = np.array([15 - v if r else v for v, r in zip(moved, reverse)]).reshape(4, 4, 6)
            out[y : y + 4, x : x + 4] = moved[..., :3] * 16 + moved[..., 3:]
    return out


@pytest.mark.parametrize("key", [0, 1, 8888, 1_732_000_000, 2**32 - 1])
def test_the_table_is_the_packages(key):
    image = np.random.default_rng(key % 97).integers(0, 256, (4, 8, 3), np.uint8)
    assert (weak_table(key, image.shape).apply(image) == scramble_by_hand(image, key)).all()


def test_orders_are_permutations_and_differ_between_keys():
    orders = np.array([logistic_orders(key, 96) for key in range(1000, 1050)])
    assert (np.sort(orders, axis=1) == np.arange(96)).all() and len(np.unique(orders, axis=0)) == 50


@pytest.mark.parametrize("number", range(4))
def test_the_key_is_found_from_one_ciphertext(number):
    key, start = 1_732_000_000 + 37 * number, 1_732_000_000 - 900 + 311 * number
    cipher = weak_table(key, (32, 32, 3)).apply(PHOTOS[number : number + 1])
    result = search(cipher, range(start, start + 2000))
    assert result.recovered["key"] == key and (result.estimate == PHOTOS[number]).all()
    assert result.confidence > 0.9 and result.seconds > 0


def test_a_key_that_was_not_tried_is_not_claimed():
    for number in range(4):
        cipher = weak_table(77, (32, 32, 3)).apply(PHOTOS[number : number + 1])
        assert search(cipher, range(1000, 3000)).confidence < 0.3


def test_the_control_resists():
    cipher = OneTimePad(Key.from_seed(1)).encrypt(PHOTOS[:1], ids=[5])
    result = search(cipher, range(2000))
    assert result.confidence < 0.3 and (result.estimate == PHOTOS[:1]).mean() < 0.02


def test_what_cannot_be_searched_is_refused():
    with pytest.raises(ValueError, match="every block holds one value"):
        search(np.zeros((1, 8, 8, 3), np.uint8), range(10))
    with pytest.raises(ValueError, match="keys below"):
        search(PHOTOS, range(2**32 - 5, 2**32 + 5))
    with pytest.raises(ValueError, match="below 2"):
        weak_table(-1, (8, 8, 3))
