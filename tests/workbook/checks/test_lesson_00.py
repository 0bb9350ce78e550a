"""Answers to lesson 00's exercises, right and wrong."""

import numpy as np

from lib.workbook.checks import lesson_00 as check

BLACK = np.zeros((4, 4, 3), np.uint8)


def in_place(values, flags):
    for i, flag in enumerate(flags):
        values[i] = 255 - values[i] if flag else values[i]
    return values


SOLUTIONS = [
    (check.complement, lambda values, flags: [255 - v if f else v for v, f in zip(values, flags)]),
    (check.read_mask, lambda oracle: oracle(BLACK)),
]
WRONG = {
    "flags backwards": (
        check.complement,
        lambda values, flags: [v if f else 255 - v for v, f in zip(values, flags)],
    ),
    "256 - v": (check.complement, lambda values, flags: [256 - v if f else v for v, f in zip(values, flags)]),
    "minus v": (check.complement, lambda values, flags: [-v if f else v for v, f in zip(values, flags)]),
    "all of them": (check.complement, lambda values, flags: [255 - v for v in values]),
    "in place": (check.complement, in_place),
    "not returned": (check.complement, lambda values, flags: None),
    "only the flagged": (
        check.complement,
        lambda values, flags: [255 - v for v, f in zip(values, flags) if f],
    ),
    "white": (check.read_mask, lambda oracle: oracle(BLACK + 255)),
    "a ramp": (check.read_mask, lambda oracle: oracle(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))),
    "never asked": (check.read_mask, lambda oracle: BLACK),
    "flat": (check.read_mask, lambda oracle: oracle(BLACK).ravel()),
}
