"""The exercises of lesson 24: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations, product

import numpy as np

from lib import metrics
from lib.attacks.one_ciphertext.minimum_difference import leading_bit, minimum_difference
from lib.workbook.checks import lesson_24 as check


def states(pixel):
    return [
        [tuple(v ^ f for v, f in zip(order, flips)) for flips in product((0, 255), repeat=3)]
        for order in permutations(pixel)
    ]


def distance(a, b):
    return sum(abs(x - y) for x, y in zip(a, b))


def nearest(before, pixel):
    best = None
    for row in states(pixel):
        candidate = min(row, key=lambda state: distance(before, state))
        if best is None or distance(before, candidate) <= distance(before, best):
            best = candidate
    return best


def nearest_by_folds(before, pixel):
    """With the sides of `before`, and no signs to try."""
    folds = [min(v, 255 - v) for v in pixel]
    near = [min(v, 255 - v) for v in before]
    order = min(list(permutations(folds))[::-1], key=lambda order: distance(near, order))
    return tuple(f if b < 128 else 255 - f for f, b in zip(order, before))


def by_key(before, pixel, key):
    return min((state for row in states(pixel) for state in row), key=lambda state: key(before, state))


def bytes_that_wrap(before, pixel):
    return by_key(before, pixel, lambda a, b: sum((x - y) % 256 for x, y in zip(a, b)))


def other_start(result, first):
    return result ^ np.where(first > 127, 255, 0).astype(np.uint8)


def mean_colour(probabilities, values):
    return probabilities @ values


def learned(photos, cipher, of=metrics.invariant):
    inputs = [np.column_stack([of(x).reshape(-1, 3), np.ones(x.size // 3)]) for x in (photos, cipher)]
    weights = np.linalg.lstsq(inputs[0], photos.reshape(-1, 3).astype(float), rcond=None)[0]
    return (inputs[1] @ weights).reshape(cipher.shape).clip(0, 255).round().astype(np.uint8)


def mean_of(photos, cipher):
    return np.broadcast_to(photos.mean((0, 1, 2)).astype(np.uint8), cipher.shape).copy()


def nearest_pixel(photos, cipher):
    """The colour of one public pixel with these folds or nearly."""
    folds = metrics.invariant(photos).reshape(-1, 3)[::16].astype(int)
    of = metrics.invariant(cipher).reshape(-1, 1, 3)
    found = np.concatenate([abs(each - folds).sum(-1).argmin(-1) for each in of.reshape(8, -1, 1, 3)])
    return photos.reshape(-1, 3)[::16][found].reshape(cipher.shape)


def calibration(chances, right, groups):
    parts = np.array_split(np.argsort(chances), groups)
    return np.array([[chances[part].mean(), right[part].mean()] for part in parts])


def even_widths(chances, right, groups):
    which = (chances * groups).astype(int)
    return np.array([[x[which == k].mean() if (which == k).any() else 0 for x in (chances, right)]
                     for k in range(groups)])  # fmt: skip


def apart(chances, right, groups):
    """Each sorted by itself."""
    return np.stack([np.sort(x).reshape(groups, -1).mean(1) for x in (chances, right)], -1)


SOLUTIONS = [
    (check.nearest, nearest),
    (check.nearest, nearest_by_folds),
    (check.other_start, other_start),
    (check.mean_colour, mean_colour),
    (check.learned, learned),
    (check.learned, check.by_counting),
    (check.calibration, calibration),
]

WRONG = {
    "the first that is nearest": (check.nearest, lambda b, p: by_key(b, p, distance)),
    "squares": (
        check.nearest,
        lambda b, p: by_key(b, p, lambda x, y: sum((i - j) ** 2 for i, j in zip(x, y))),
    ),
    "bytes that wrap": (check.nearest, bytes_that_wrap),
    "orders only": (
        check.nearest,
        lambda b, p: min(list(permutations(p))[::-1], key=lambda s: distance(b, s)),
    ),
    "signs only": (check.nearest, lambda b, p: min(states(p)[0], key=lambda s: distance(b, s))),
    "what came before": (check.nearest, lambda b, p: b),
    "the negative": (check.other_start, lambda result, first: 255 - result),
    "no signs": (check.other_start, lambda result, first: result),
    "128 left out": (check.other_start, lambda r, first: r ^ np.where(first > 128, 255, 0).astype(np.uint8)),
    "127 taken in": (check.other_start, lambda r, first: r ^ np.where(first >= 127, 255, 0).astype(np.uint8)),
    "the first pixel only": (
        check.other_start,
        lambda r, first: np.concatenate([first, r.ravel()[3:]]).reshape(r.shape),
    ),
    "likeliest": (check.mean_colour, lambda p, v: v[p.argmax()]),
    "all alike": (check.mean_colour, lambda p, v: v.mean(0)),
    "median": (check.mean_colour, lambda p, v: np.median(v, axis=0)),
    "squared chances": (check.mean_colour, lambda p, v: p**2 @ v / (p**2).sum()),
    "mean colour": (check.learned, mean_of),
    "grey": (check.learned, lambda photos, cipher: np.full_like(cipher, 128)),
    "the leading bit": (check.learned, lambda photos, cipher: leading_bit(cipher[None]).estimate[0]),
    "the walk": (check.learned, lambda photos, cipher: minimum_difference(cipher[None]).estimate[0]),
    "values of the ciphertext": (check.learned, lambda photos, cipher: learned(photos, cipher, np.asarray)),
    "the nearest pixel": (check.learned, nearest_pixel),
    "fractions": (check.learned, lambda photos, cipher: learned(photos, cipher) / 255),
    "even widths": (check.calibration, even_widths),
    "each sorted by itself": (check.calibration, apart),
    "unsorted": (
        check.calibration,
        lambda c, r, groups: np.stack([c.reshape(groups, -1).mean(1), r.reshape(groups, -1).mean(1)], -1),
    ),
    "the surest first": (check.calibration, lambda *given: calibration(*given)[::-1]),
    "right in front": (check.calibration, lambda *given: calibration(*given)[:, ::-1]),
    "two rows": (check.calibration, lambda *given: calibration(*given).T),
}
