"""The table of cases by what their classes say, and how tests encrypt with any of them."""

import numpy as np

from lib import Key
from lib.colours import through_colour
from lib.schemes import NO_KEY
from tests.specification import CASES, make, picture

KEY = Key.from_seed(2024)
MADE = {case: make(case, NO_KEY) for case in CASES}
EXACT = [case for case, scheme in MADE.items() if scheme.invertible]
LOSSY = [case for case, scheme in MADE.items() if not scheme.invertible and not scheme.inexact]
BYTES = [case for case, scheme in MADE.items() if scheme.dtype is np.uint8]
TABLES = [case for case, scheme in MADE.items() if scheme.has_table]
DESIGN = ("tanaka", "ele", "skk", "etc", "etc-gray", "shf", "np", "ffx")
IDS = [7, 0, 2**63, 1, 2**64 - 1, 300]


def some(cases, *more):
    """One of each kind: for what does not depend on block sides and splits."""
    picked = {}
    for case in cases:
        scheme, given_settings = CASES[case]
        kind = (scheme, *(item for item in given_settings.items() if item[0] not in ("block", "bits")))
        if kind not in picked or (given_settings.get("block") == 2 and given_settings.get("bits", 4) == 4):
            picked[kind] = case
    return [*picked.values(), *more]


def modes(scheme_class):
    """Whether each image has a key of its own."""
    return (True,) if scheme_class.control else (False, True)


def shape_for(case):
    """Two blocks by three, at least as large as 4x6."""
    side = CASES[case][1].get("block", 1)
    many = max(1, -(-4 // side) // 2)
    return 2 * many * side, 3 * many * side, 3


def scaled(case, height, width):
    """Of so many pixels for blocks of 2; as many times larger as the blocks of a case are."""
    times = max(1, CASES[case][1].get("block", 1) // 2)
    return times * height, times * width, 3


def crypt(scheme, images, decrypt=False, ids=IDS):
    """encrypt or decrypt, with as many ids as there are images where each has a key of its own."""
    count = len(images) if hasattr(images, "ndim") and images.ndim == 4 else 1
    if hasattr(images, "ndim") and scheme.channels == 1 and decrypt and isinstance(images, np.ndarray):
        count = len(images) if images.ndim == 3 else 1
    act = scheme.decrypt if decrypt else scheme.encrypt
    return act(images, ids=ids[:count]) if scheme.per_image else act(images)


def expected(scheme, images):
    """The plain images that come back."""
    return through_colour(images) if scheme.inexact else images


def blocks_of(cipher, side):
    """The blocks of an image, as bytes."""
    return [
        cipher[r : r + side, c : c + side].tobytes()
        for r in range(0, cipher.shape[0], side)
        for c in range(0, cipher.shape[1], side)
    ]


def alike(side, rows, columns, seed=19):
    """An image of equal blocks without any symmetry."""
    return np.tile(picture((side, side, 3), seed), (rows, columns, 1))
