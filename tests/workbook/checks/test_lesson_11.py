"""The exercises of lesson 11: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.table import split
from lib.workbook.checks import lesson_11 as check


def nibble_layer(index, mask, large=16 / 17, small=1 / 17, signs=True, shift=0, planes=False, by_pixel=False):
    weights = np.zeros((48, 6, 4, 4), np.float32)
    for i, j in enumerate(index):
        row, column = divmod(i // 6, 4)
        into = i // 2 % 3 + 3 * (i % 2) if planes else i % 6
        to = j // 2 if by_pixel else 16 * (j // 2 % 3) + j // 6
        sign = -1 if signs and mask[(i + shift) % 96] else 1
        weights[to, into, row, column] = sign * (small if j % 2 else large)
    return weights


def of_other(index, mask, **options):
    """With the inverse table where the table belongs."""
    return nibble_layer(np.argsort(index), mask, **options)


def signs_of_plain(index, mask):
    return nibble_layer(index, mask[index])


def transposed(index, mask):
    return nibble_layer(index, mask).swapaxes(2, 3)


def upper_by_place(index, mask):
    """16 where the cipher's nibble is an upper one, not the plain's."""
    weights = abs(nibble_layer(index, mask)) > 0
    scale = np.where(np.arange(6) % 2 == 0, 16 / 17, 1 / 17)[None, :, None, None]
    return (weights * scale * np.where(nibble_layer(index, mask) < 0, -1, 1)).astype(np.float32)


def blocks(images):
    return images.reshape(len(images), 8, 4, 8, 4, 3).swapaxes(2, 3).reshape(-1, 48)


def fingerprint(images, covariance=lambda v: np.cov(v.T, bias=True)):
    return np.linalg.eigvalsh(covariance(split(blocks(images), 4).astype(float)))[::-1]


def of_pictures(images):
    """Pictures cut into runs of 48 bytes where they lie, which are no blocks."""
    return np.linalg.eigvalsh(np.cov(split(images.reshape(-1, 48), 4).astype(float).T, bias=True))[::-1]


def of_bytes(images):
    return np.repeat(np.linalg.eigvalsh(np.cov(blocks(images).T.astype(float), bias=True))[::-1], 2)


SOLUTIONS = [
    (check.nibble_layer, nibble_layer),
    (check.fingerprint, fingerprint),
    (
        check.fingerprint,
        lambda images: fingerprint(images, lambda v: (v - v.mean(0)).T @ (v - v.mean(0)) / len(v)),
    ),
]

WRONG = {
    "the inverse": (check.nibble_layer, of_other),
    "no signs": (check.nibble_layer, lambda index, mask: nibble_layer(index, mask, signs=False)),
    "signs of plain places": (check.nibble_layer, signs_of_plain),
    "signs of the next": (check.nibble_layer, lambda index, mask: nibble_layer(index, mask, shift=1)),
    "16 and 1": (check.nibble_layer, lambda index, mask: nibble_layer(index, mask, large=16, small=1)),
    "16/15": (check.nibble_layer, lambda index, mask: nibble_layer(index, mask, large=15 / 16, small=1 / 16)),
    "upper and lower exchanged": (
        check.nibble_layer, lambda index, mask: nibble_layer(index, mask, large=1 / 17, small=16 / 17)
    ),
    "upper planes first": (check.nibble_layer, lambda index, mask: nibble_layer(index, mask, planes=True)),
    "outputs by pixel": (check.nibble_layer, lambda index, mask: nibble_layer(index, mask, by_pixel=True)),
    "columns for rows": (check.nibble_layer, transposed),
    "weight by the cipher's part": (check.nibble_layer, upper_by_place),
    "float64": (check.nibble_layer, lambda index, mask: nibble_layer(index, mask).astype(float)),
    "a matrix": (check.nibble_layer, lambda index, mask: nibble_layer(index, mask).reshape(48, 96)),
    "smallest first": (check.fingerprint, lambda images: fingerprint(images)[::-1]),
    "not centred": (check.fingerprint, lambda images: fingerprint(images, lambda v: v.T @ v / len(v))),
    "correlations": (check.fingerprint, lambda images: fingerprint(images, lambda v: np.corrcoef(v.T))),
    "variances of places": (check.fingerprint, lambda images: np.sort(split(blocks(images), 4).var(0))[::-1]),
    "sums": (check.fingerprint, lambda images: fingerprint(images, lambda v: np.cov(v.T, ddof=0) * len(v))),
    "bytes": (check.fingerprint, of_bytes),
    "no blocks": (check.fingerprint, of_pictures),
    "axes too": (check.fingerprint, lambda images: np.linalg.eigh(np.cov(split(blocks(images), 4).T))[1]),
    "always the same": (check.fingerprint, lambda images: np.full(96, 7.0)),
}  # fmt: skip
