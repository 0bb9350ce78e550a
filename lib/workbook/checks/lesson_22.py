"""Checks of lesson 22: a pixel's key from one answer, colours that survive noise, a question in disguise."""

from itertools import combinations, product

import numpy as np

from lib import datasets
from lib.symmetries import COLOURS
from lib.workbook.checks import array, called, exercise, pair, whole

PIXELS = [(1, 2, 3), (20, 60, 100), (200, 10, 90), (255, 128, 60), (5, 130, 129)]


@exercise
def read_key(answer):
    """`answer(pixel, cipher)`: (signs, order) of the key that makes `cipher` of `pixel`, as in lesson 04."""
    for pixel in PIXELS:
        for signs, order in product(product((0, 1), repeat=3), COLOURS.tolist()):
            negated = [255 - v if sign else v for v, sign in zip(pixel, signs)]
            cipher = tuple(negated[i] for i in order)
            got = pair(answer(pixel, cipher), "signs and order")
            theirs, found = (tuple(array(part, (3,), None).tolist()) for part in got)
            says, hint = f"{pixel} became {cipher}", "value i of the cipher is value order[i]"
            assert found == tuple(order), f"{says}: its order is not {found}; {hint}"
            assert theirs == signs, f"{says}: the signs of the plain values are not {theirs}"


@exercise
def colours(answer):
    """`answer`: three values; of v and 255 - v of each, six, the two nearest lie as far apart as can be."""
    assert np.shape(answer) == (3,), f"expected three values, got {answer!r}"
    three = [whole(value, "whole numbers from 0 to 255", 0, 255) for value in answer]
    six = sorted(three + [255 - value for value in three])
    gap = min(abs(a - b) for a, b in combinations(six, 2))
    told = f"the six values are {six}, and the nearest two differ by {gap}"
    assert gap == 51, f"{told}: there is something better"


@exercise
def disguise(answer):
    """`answer(photo)`: a new one, changed by 2 at most, with three unlike min(v, 255 - v) in each pixel."""
    noise = np.random.default_rng(3).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    mixed = np.stack([grey[..., 0], 255 - grey[..., 0], np.roll(grey[..., 0], 1)], axis=-1)
    photos = {"a photo": datasets.photo("hopper", 32), "noise": noise, "every grey": grey, "negatives": mixed}
    for name, photo in photos.items():
        got = array(called(answer, photo.copy()), photo.shape)
        most = abs(got.astype(int) - photo).max()
        assert most <= 2, f"{name}: a value was changed by {most}"
        folded = np.sort(np.minimum(got, 255 - got).astype(int), axis=-1)
        alike = (np.diff(folded) == 0).any(axis=-1)
        told = f"{name}: {alike.mean():.1%} of the pixels have two keys or more"
        assert not alike.any(), f"{told}, such as {got[alike][0].tolist()}"
