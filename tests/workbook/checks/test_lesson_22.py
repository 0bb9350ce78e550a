"""The exercises of lesson 22: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations, product

import numpy as np

from lib.workbook.checks import lesson_22 as check


def read_key(pixel, cipher):
    folded = [min(v, 255 - v) for v in pixel]
    order = [folded.index(min(v, 255 - v)) for v in cipher]
    signs = [0, 0, 0]
    for value, place in zip(cipher, order):
        signs[place] = int(value != pixel[place])
    return signs, order


def tried(pixel, cipher):
    for signs, order in product(product((0, 1), repeat=3), permutations(range(3))):
        negated = [255 - v if sign else v for v, sign in zip(pixel, signs)]
        if tuple(negated[i] for i in order) == tuple(cipher):
            return np.array(signs), np.array(order)
    raise AssertionError


def as_published(pixel, cipher):
    """Over 127 is a complement, and the value left says which of the three it was."""
    signs, order = [0, 0, 0], [0, 0, 0]
    for i, value in enumerate(cipher):
        left = 255 - value if value > 127 else value
        order[i] = pixel.index(left) if left in pixel else 0
        signs[order[i]] = int(value > 127)
    return signs, order


def signs_in_place(pixel, cipher):
    signs, order = read_key(pixel, cipher)
    return [signs[i] for i in order], order


def the_way_back(pixel, cipher):
    signs, order = read_key(pixel, cipher)
    return signs, np.argsort(order).tolist()


def unlike(image):
    return (np.diff(np.sort(np.minimum(image, 255 - image).astype(int), axis=-1)) > 0).all(axis=-1)


def disguise(photo, most=2, good=unlike):
    out = photo.copy()
    for change in sorted(product(range(-most, most + 1), repeat=3), key=lambda change: sum(map(abs, change))):
        moved = photo.astype(int) + change
        fits = (moved >= 0) & (moved <= 255)
        moved = moved.astype(np.uint8)
        out = np.where((~good(out) & fits.all(axis=-1) & good(moved))[..., None], moved, out)
    return out


def in_place(photo):
    photo[:] = disguise(photo)
    return photo


def three_values(image):
    return (np.diff(np.sort(image.astype(int), axis=-1)) > 0).all(axis=-1)


SOLUTIONS = [
    (check.read_key, read_key),
    (check.read_key, tried),
    (check.colours, (0, 51, 102)),
    (check.colours, np.array([204, 255, 102])),
    (check.disguise, disguise),
]

WRONG = {
    "as published": (check.read_key, as_published),
    "signs in place": (check.read_key, signs_in_place),
    "the way back": (check.read_key, the_way_back),
    "no signs": (check.read_key, lambda pixel, cipher: ([0, 0, 0], read_key(pixel, cipher)[1])),
    "no order": (check.read_key, lambda pixel, cipher: (read_key(pixel, cipher)[0], [0, 1, 2])),
    "one list": (check.read_key, lambda pixel, cipher: read_key(pixel, cipher)[1]),
    "published colours": (check.colours, (1, 2, 3)),
    "far apart": (check.colours, (0, 127, 255)),
    "even, without complements": (check.colours, (0, 43, 85)),
    "thirds": (check.colours, (0, 64, 127)),
    "nearly": (check.colours, (20, 60, 100)),
    "fractions": (check.colours, (0.0, 51.0, 102.0)),
    "unchanged": (check.disguise, lambda photo: photo.copy()),
    "by one": (check.disguise, lambda photo: disguise(photo, most=1)),
    "by three": (check.disguise, lambda photo: disguise(photo // 4 * 4)),
    "three values": (check.disguise, lambda photo: disguise(photo, good=three_values)),
    "over the edge": (
        check.disguise,
        lambda photo: np.where(unlike(photo)[..., None], photo, photo - np.uint8([0, 1, 2])),
    ),
    "in place": (check.disguise, in_place),
    "helper": (
        check.disguise,
        lambda photo: np.broadcast_to(np.array([1, 2, 3], np.uint8), photo.shape).copy(),
    ),
}
