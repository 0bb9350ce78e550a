"""The exercises of lesson 14: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.table import split
from lib.workbook.checks import lesson_14 as check


def correlations(rows):
    return np.corrcoef(rows.T.astype(float))


def upper_half(scores):
    return scores > np.median(scores)


def upper_nibbles(rows):
    return upper_half(abs(correlations(rows)).sum(1))


def counts(image, fold=True):
    v = split(image.ravel(), 4)
    return np.bincount(np.minimum(v, 15 - v) if fold else v, minlength=16)


def nearest(feature):
    """Find by the feature of a picture that is nearest to the plain picture's."""
    return lambda plain, ciphers: int(np.argmin([abs(feature(plain) - feature(c)).sum() for c in ciphers]))


def folded_bytes(image):
    return np.bincount(np.minimum(image, 255 - image).ravel(), minlength=128)


SOLUTIONS = [(check.upper_nibbles, upper_nibbles), (check.find, nearest(counts))]

WRONG = {
    "variance": (check.upper_nibbles, lambda rows: upper_half(rows.var(0))),
    "small variance": (check.upper_nibbles, lambda rows: ~upper_half(rows.var(0))),
    "signs": (check.upper_nibbles, lambda rows: upper_half(correlations(rows).sum(1))),
    "the other half": (check.upper_nibbles, lambda rows: ~upper_nibbles(rows)),
    "as in plain": (check.upper_nibbles, lambda rows: np.arange(96) % 2 == 0),
    "numbers": (check.upper_nibbles, lambda rows: np.flatnonzero(upper_nibbles(rows))),
    "zeros and ones": (check.upper_nibbles, lambda rows: upper_nibbles(rows).astype(int)),
    "pixels": (check.find, nearest(lambda image: image.astype(int))),
    "bytes": (check.find, nearest(folded_bytes)),
    "not folded": (check.find, nearest(lambda image: counts(image, fold=False))),
    "mean": (check.find, nearest(lambda image: image.mean())),
    "upper nibbles": (
        check.find,
        nearest(lambda image: np.bincount(np.minimum(image >> 4, 15 - (image >> 4)).ravel())),
    ),
    "the first": (check.find, lambda plain, ciphers: 0),
    "counted from one": (check.find, lambda plain, ciphers: nearest(counts)(plain, ciphers) + 1),
}
