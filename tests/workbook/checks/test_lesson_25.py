"""The exercises of lesson 25: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations, product

import numpy as np

from lib.workbook.checks import lesson_25 as check

ORDERS, SIGNS = tuple(permutations(range(3))), tuple(product((0, 255), repeat=3))


def upper(correlation, size=np.abs, top=20, best=True):
    strength = np.sort(size(correlation))[:, -1 - top : -1].sum(axis=1)
    order = np.argsort(-strength)
    return order[:48] if best else order[48:]


def relative(p, q, orders=ORDERS, signs=SIGNS, inverse=False, worst=False):
    errors = {}
    for order, flips in product(orders, signs):
        undone = q[:, list(order)] ^ np.array(flips, np.uint8)
        errors[order, flips] = (np.subtract(p, undone, dtype=np.int64) ** 2).sum()
    order, flips = (max if worst else min)(errors, key=errors.get)
    return (tuple(np.argsort(order)) if inverse else order), flips


SOLUTIONS = [
    (check.upper, upper),
    (check.upper, lambda correlation: upper(correlation, top=47)),
    (check.relative, relative),
    (check.relative, lambda p, q: tuple(map(np.array, relative(p, q)))),
]

WRONG = {
    "signed": (check.upper, lambda correlation: upper(correlation, size=lambda x: x, top=95)),
    "the weakest": (check.upper, lambda correlation: upper(correlation, best=False)),
    "the first half": (check.upper, lambda correlation: np.arange(48)),
    "plain places": (check.upper, lambda correlation: np.arange(0, 96, 2)),
    "a mask": (check.upper, lambda correlation: np.isin(np.arange(96), upper(correlation))),
    "one of them often": (check.upper, lambda correlation: np.zeros(48, int)),
    "orders alone": (check.relative, lambda p, q: relative(p, q, signs=[(0, 0, 0)])),
    "flips alone": (check.relative, lambda p, q: relative(p, q, orders=[(0, 1, 2)])),
    "one flip for all": (check.relative, lambda p, q: relative(p, q, signs=[(0, 0, 0), (255, 255, 255)])),
    "the way back": (check.relative, lambda p, q: relative(p, q, inverse=True)),
    "the worst": (check.relative, lambda p, q: relative(p, q, worst=True)),
    "no flips": (check.relative, lambda p, q: np.array(relative(p, q)[0])),
    "ones": (
        check.relative,
        lambda p, q: (relative(p, q)[0], tuple(flip // 255 for flip in relative(p, q)[1])),
    ),
}
