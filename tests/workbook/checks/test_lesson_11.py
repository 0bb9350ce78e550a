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


def signed_matrix(index, mask, signs=True, by_plain=False, turned=False):
    matrix = np.zeros((48, 48))
    for i, j in enumerate(index):
        complemented = mask[j] if by_plain else mask[i]
        matrix[i, j] = -1 if signs and bool(complemented) != turned else 1
    return matrix


RIGHT = {
    1: "as published",
    2: "by statistics",
    3: "attack first",
    4: "as published",
    5: "with the key",
    6: "by statistics",
}


def sorted_parts(ciphertexts, side=8, bits=4, size=abs):
    """The parts of each block, without their order and signs."""
    across = 32 // side
    cells = ciphertexts.reshape(-1, across, side, across, side, 3).swapaxes(2, 3)
    parts = split(cells.reshape(-1, 3 * side * side), bits) * 2.0 - (2**bits - 1)
    return np.sort(size(parts), axis=1).reshape(len(ciphertexts), across**2, -1)


def flat(ciphertexts):
    return sorted_parts(ciphertexts) * 0 + np.arange(384)


SOLUTIONS = [
    (check.signed_matrix, signed_matrix),
    (check.kinds, RIGHT),
    (check.front, sorted_parts),
    (check.nibble_layer, nibble_layer),
    (check.fingerprint, fingerprint),
    (
        check.fingerprint,
        lambda images: fingerprint(images, lambda v: (v - v.mean(0)).T @ (v - v.mean(0)) / len(v)),
    ),
]

WRONG = {
    "cipher to plain": (check.signed_matrix, lambda *given: signed_matrix(*given).T),
    "order alone": (check.signed_matrix, lambda *given: signed_matrix(*given, signs=False)),
    "mask of the plain place": (check.signed_matrix, lambda *given: signed_matrix(*given, by_plain=True)),
    "signs turned round": (check.signed_matrix, lambda *given: signed_matrix(*given, turned=True)),
    "the mask itself": (check.signed_matrix, lambda index, mask: np.eye(48)[index] * mask[:, None]),
    "whitening is published": (check.kinds, RIGHT | {2: "as published"}),
    "aligning is an attack": (check.kinds, RIGHT | {6: "attack first"}),
    "no layer, no kind": (check.kinds, RIGHT | {4: "attack first"}),
    "the key is statistics": (check.kinds, RIGHT | {5: "by statistics"}),
    "another word": (check.kinds, RIGHT | {3: "broken"}),
    "a list": (check.kinds, list(RIGHT.values())),
    "one is missing": (check.kinds, {1: "as published"}),
    "as it is": (check.front, lambda c: c.reshape(len(c), 64, -1)),
    "blocks of 4": (check.front, lambda c: sorted_parts(c, side=4)),
    "whole bytes": (check.front, lambda c: sorted_parts(c, bits=8)),
    "signs kept": (check.front, lambda c: sorted_parts(c, size=np.asarray)),
    "one place": (check.front, lambda c: sorted_parts(c, side=32)),
    "a constant": (check.front, flat),
    "two axes": (check.front, lambda c: sorted_parts(c).reshape(len(c), -1)),
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
