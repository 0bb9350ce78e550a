"""The exercises of lesson 30: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from lib.tiling import assembled, grid
from lib.workbook.checks import lesson_30 as check


def keyed_kernel(kernel, order, sign):
    return kernel[:, order] * sign


def match(served, plain, signed=True):
    products = served.T @ plain
    _, order = linear_sum_assignment(np.abs(products) if signed else products, maximize=True)
    return order, np.where(products[np.arange(len(order)), order] < 0, -1, 1)


def nearest(served, plain):
    """Each by itself: two may take one."""
    products = served.T @ plain
    order = np.abs(products).argmax(1)
    return order, np.sign(products[np.arange(len(order)), order])


def sources(served, plain, centred=True):
    ours, theirs = (each - each.mean(0) * centred for each in (served, plain))
    return linear_sum_assignment(ours @ theirs.T, maximize=True)[1]


def distance(dim, change):
    return np.sqrt(dim / (1 + change**2))


def read(served, checkpoint, cipher, signs=True, forward=False):
    order, sign = match(served, checkpoint)
    blocks = grid(cipher[None], 4)
    rows = blocks.reshape(*blocks.shape[:3], -1)
    rows = np.where(sign < 0, 255 - rows, rows) if signs else rows
    plain = np.empty_like(rows)
    if forward:
        plain = rows[..., order]
    else:
        plain[..., order] = rows
    return assembled(plain, 4)[0].astype(np.uint8)


SOLUTIONS = [
    (check.keyed_kernel, keyed_kernel), (check.match, match), (check.sources, sources),
    (check.distance, distance), (check.read, read),
]  # fmt: skip

WRONG = {
    "the order undone": (check.keyed_kernel, lambda kernel, order, sign: kernel[:, np.argsort(order)] * sign),
    "no signs": (check.keyed_kernel, lambda kernel, order, sign: kernel[:, order]),
    "signs of plain values": (check.keyed_kernel, lambda kernel, order, sign: (kernel * sign)[:, order]),
    "in place": (check.keyed_kernel, lambda kernel, order, sign: kernel.__imul__(sign)[:, order]),
    "each by itself": (check.match, nearest),
    "products with their sign": (check.match, lambda served, plain: match(served, plain, signed=False)),
    "the other way round": (check.match, lambda served, plain: match(plain, served)),
    "all positive": (
        check.match,
        lambda served, plain: (match(served, plain)[0], np.ones(served.shape[1], int)),
    ),
    "the order alone": (check.match, lambda served, plain: match(served, plain)[0]),
    "where they went": (check.sources, lambda served, plain: np.argsort(sources(served, plain))),
    "not centred": (check.sources, lambda served, plain: (served @ plain.T).argmax(1)),
    "as they stand": (check.sources, lambda served, plain: np.arange(len(served))),
    "a variance": (check.distance, lambda dim, change: dim / (1 + change**2)),
    "lengths added": (check.distance, lambda dim, change: np.sqrt(dim) / (1 + change)),
    "no change": (check.distance, lambda dim, change: np.sqrt(dim)),
    "complements stay": (check.read, lambda *given: read(*given, signs=False)),
    "gathered again": (check.read, lambda *given: read(*given, forward=True)),
    "the ciphertext": (check.read, lambda served, checkpoint, cipher: cipher),
}
