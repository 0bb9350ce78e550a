"""Checks of lesson 22: the key of a pixel from one answer, colours that survive noise, and a question in
disguise."""

from itertools import combinations, product

import numpy as np

from lib import datasets
from lib.symmetries import COLOURS
from lib.workbook.checks import exercise

PIXELS = [(1, 2, 3), (20, 60, 100), (200, 10, 90), (255, 128, 60), (5, 130, 129)]


@exercise
def read_key(answer):
    """`answer(pixel, cipher)`: (signs, order) of the key that makes `cipher` of `pixel`, as in lesson 04."""
    for pixel in PIXELS:
        for signs, order in product(product((0, 1), repeat=3), COLOURS.tolist()):
            negated = [255 - v if sign else v for v, sign in zip(pixel, signs)]
            cipher = tuple(negated[i] for i in order)
            got = answer(pixel, cipher)
            assert isinstance(got, tuple | list) and len(got) == 2, f"expected signs and order, got {got!r}"
            assert [np.shape(part) for part in got] == [(3,), (3,)], (
                f"signs and order are three numbers each, got {got!r}"
            )
            says = f"{pixel} became {cipher}"
            assert tuple(got[1]) == tuple(order), (
                f"{says}: its order is not {tuple(got[1])}; value i of the cipher is value order[i]"
            )
            assert tuple(map(int, got[0])) == signs, (
                f"{says}: the signs of the plain values are not {tuple(map(int, got[0]))}"
            )


@exercise
def colours(answer):
    """`answer`: three values; of v and 255 - v for each, six in all, the two nearest lie as far apart as
    possible."""
    assert np.shape(answer) == (3,), f"expected three values, got {answer!r}"
    whole = all(isinstance(v, int | np.integer) and not isinstance(v, bool) and 0 <= v <= 255 for v in answer)
    assert whole, f"values are whole numbers from 0 to 255, got {answer!r}"
    six = sorted([int(v) for v in answer] + [255 - int(v) for v in answer])
    gap = min(abs(a - b) for a, b in combinations(six, 2))
    assert gap == 51, (
        f"the six values are {six}, and the nearest two differ by {gap}: there is something better"
    )


@exercise
def disguise(answer):
    """`answer(photo)`: the photo, (h, w, 3) uint8, changed by 2 at most, with three unlike min(v, 255 - v) in
    each pixel."""
    noise = np.random.default_rng(3).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    mixed = np.stack([grey[..., 0], 255 - grey[..., 0], np.roll(grey[..., 0], 1)], axis=-1)
    for name, photo in {
        "a photo": datasets.photo("hopper", 32),
        "noise": noise,
        "every grey": grey,
        "negatives": mixed,
    }.items():
        given = photo.copy()
        got = answer(given)
        assert (given == photo).all(), "the photo that came in was changed; return a new one"
        assert isinstance(got, np.ndarray) and got.dtype == np.uint8, (
            f"expected a uint8 array, got {type(got).__name__}"
        )
        assert got.shape == photo.shape, f"expected shape {photo.shape}, got {got.shape}"
        most = abs(got.astype(int) - photo).max()
        assert most <= 2, f"{name}: a value was changed by {most}"
        folded = np.sort(np.minimum(got, 255 - got).astype(int), axis=-1)
        alike = (np.diff(folded) == 0).any(axis=-1)
        y, x = np.argwhere(alike)[0] if alike.any() else (0, 0)
        assert not alike.any(), (
            f"{name}: {alike.mean():.1%} of the pixels have two keys or more, such as {got[y, x].tolist()}"
        )
