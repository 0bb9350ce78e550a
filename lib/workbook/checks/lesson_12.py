"""Checks of lesson 12: a pixel's states, what may be done to ciphertexts, how two neighbours' keys differ."""

import numpy as np

from lib import Key, datasets
from lib.schemes import SKK
from lib.tiling import grid
from lib.workbook.checks import GIVEN, array, exercise, whole


@exercise
def states(answer):
    """`answer(pixel)`: how many pixels SKK can turn a pixel, three whole numbers from 0 to 255, into."""
    for told, pixel in GIVEN["states"]["cases"]:
        pixel = tuple(pixel)
        got = whole(answer(pixel))
        assert got <= 48, f"{got} states for {pixel}, but there are only 48 keys of a pixel"
        # half of them with two equal distances from the middle
        count = {3: 48, 2: 24, 1: 8}[len({abs(2 * v - 255) for v in pixel})]
        assert got == count, f"{got} states for {pixel}, {told}: {GIVEN['states']['hint']}"


@exercise
def keeps(answer):
    """`answer(move)`: whether `move`, uint8 (n, h, w, 3) to (n, ..., 3), makes ciphertexts of the moved."""
    for name, (move, expected) in MOVES.items():
        got = answer(move)
        assert isinstance(got, bool | np.bool), f"expected True or False, got {got!r}"
        told = "is a ciphertext" if expected else "is no ciphertext"
        assert got == expected, f"{name}: a moved ciphertext {told} of the moved picture"


def _brightest_column_first(x):
    first = x.astype(int).sum((1, 3)).argmax(1)
    return np.stack([np.roll(image, -k, axis=1) for image, k in zip(x, first)])


def _hole(x):
    out = x.copy()
    out[:, 2:7, 3:9] = 0
    return out


# What to do with pictures, and whether it may be done to ciphertexts with a key for each picture.
MOVES = {
    "mirror": (lambda x: x[:, :, ::-1], True),
    "shift by three pixels": (lambda x: np.roll(x, 3, axis=1), True),
    "cut out 10 x 12 pixels": (lambda x: x[:, 4:14, 2:14], True),
    "turn by 90 degrees": (lambda x: np.rot90(x, axes=(1, 2)), True),
    "leave out every second pixel": (lambda x: x[:, ::2, ::2], True),
    "a black hole": (_hole, True),
    "exchange red and blue": (lambda x: x[..., ::-1], True),
    "negative": (lambda x: 255 - x, True),
    "mirror red only": (lambda x: np.concatenate([x[:, :, ::-1, :1], x[..., 1:]], axis=-1), False),
    "brighter by a tenth": (lambda x: np.minimum(x.astype(int) * 11 // 10, 255).astype(np.uint8), False),
    "grey": (lambda x: np.repeat(x.mean(-1, keepdims=True), 3, -1).astype(np.uint8), False),
    "half the size by means": (lambda x: grid(x, 2).mean((3, 4)).astype(np.uint8), False),
    "mix with the next picture": (lambda x: np.uint8((x + np.roll(x, 1, 0).astype(int)) // 2), False),
    "the brightest column first": (_brightest_column_first, False),
}


@exercise
def relative_key(answer):
    """`answer(a, b)`: (3, 3) of 0, 1, -1; (n, 3) uint8 of two neighbouring places under one key."""
    images = datasets.load("photos", "train", limit=60).images
    for seed, (row, column) in ((31, (4, 6)), (32, (17, 20)), (33, (9, 3)), (34, (25, 11))):
        scheme, places = SKK(Key.from_seed(seed)), ((row, column), (row, column + 1))
        cipher = scheme.encrypt(images)
        got = array(answer(*(cipher[:, y, x].copy() for y, x in places)), (3, 3), None)
        assert np.isin(got, (-1, 0, 1)).all(), "each entry is 0, 1 or -1"
        one_each = all((abs(got).sum(axis) == 1).all() for axis in (0, 1))
        assert one_each, "each row and each column has one entry that is not 0"
        first, second = (_as_matrix(scheme, place) for place in places)
        truth = first @ second.T
        paired = (abs(got) == abs(truth)).all()
        assert paired, "a value of the one place goes with a wrong value of the other"
        assert (got == truth).all(), "values are paired rightly, but a sign is wrong"


def _as_matrix(scheme, place):
    """(3, 3): what the scheme does to the values at a place of a 32x32 image, counted from the middle."""
    ramp = np.tile(np.eye(4, 3, -1, np.uint8)[:, None, None], (1, 32, 32, 1))
    cipher = scheme.encrypt(ramp)[(slice(None), *place)].astype(int)
    return (cipher[1:] - cipher[0]).T
