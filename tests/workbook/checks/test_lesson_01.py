"""The exercises of lesson 01: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.workbook.checks import lesson_01 as check


def unbiased(values, bound):
    limit = 256 - 256 % bound
    return [value % bound for value in values if value < limit]


def invert(index, mask):
    back, mask_back = np.empty_like(index), np.empty_like(mask)
    for i, place in enumerate(index):
        back[place], mask_back[place] = i, mask[i]
    return back, mask_back


def compose(first, second):
    return first[0][second[0]], first[1][second[0]] ^ second[1]


def overwriting(index, mask):
    result = invert(index, mask)
    index[:] = result[0]
    return result


SOLUTIONS = [(check.unbiased, unbiased), (check.invert, invert), (check.compose, compose)]

WRONG = {
    "modulo": (check.unbiased, lambda v, bound: [x % bound for x in v]),
    "scaled": (check.unbiased, lambda v, bound: [x * bound // 256 for x in v]),
    "one byte too many": (check.unbiased, lambda v, bound: [x % bound for x in v if x <= 256 - 256 % bound]),
    "limit of 255": (check.unbiased, lambda v, bound: [x % bound for x in v if x < 255 - 255 % bound]),
    "wasteful": (check.unbiased, lambda v, bound: [x for x in v if x < bound]),
    "first run dropped": (check.unbiased, lambda v, bound: [x % bound for x in v if x >= 256 % bound]),
    "another order": (check.unbiased, lambda v, bound: sorted(unbiased(v, bound))),
    "a generator": (check.unbiased, lambda v, bound: (x for x in unbiased(v, bound))),
    "same table": (check.invert, lambda index, mask: (index, mask)),
    "mask not moved": (check.invert, lambda index, mask: (np.argsort(index), mask)),
    "mask moved the other way": (check.invert, lambda index, mask: (np.argsort(index), mask[index])),
    "mask turned over": (check.invert, lambda index, mask: (np.argsort(index), 255 - invert(index, mask)[1])),
    "index only": (check.invert, lambda index, mask: np.argsort(index)),
    "reversed index": (check.invert, lambda index, mask: (index[::-1], mask[::-1])),
    "input changed": (check.invert, overwriting),
    "second first": (check.compose, lambda first, second: compose(second, first)),
    "first mask not moved": (
        check.compose,
        lambda first, second: (first[0][second[0]], first[1] ^ second[1]),
    ),
    "first mask lost": (check.compose, lambda first, second: (first[0][second[0]], second[1])),
    "masks added": (
        check.compose,
        lambda first, second: (first[0][second[0]], first[1][second[0]] | second[1]),
    ),
    "indices the other way": (
        check.compose,
        lambda first, second: (second[0][first[0]], compose(first, second)[1]),
    ),
    "floats": (
        check.compose,
        lambda first, second: tuple(part.astype(float) for part in compose(first, second)),
    ),
}
