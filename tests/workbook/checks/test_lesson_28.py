"""The exercises of lesson 28: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.workbook.checks import lesson_28 as check


def byte_from(high, low):
    return (240 * high + 15 * low) / 255


def byte_from_sixteen(high, low):
    return (16 * high + low) / 17


def read_table(weights):
    index = abs(weights).argmax(0)
    return index, weights[index, np.arange(weights.shape[1])] < 0


def by_rows(weights):
    index = abs(weights).argmax(1)
    return index, weights[np.arange(len(weights)), index] < 0


def upright_only(weights):
    index = weights.argmax(0)
    return index, weights[index, np.arange(weights.shape[1])] < 0


def wrong_sign(weights):
    index, flipped = read_table(weights)
    return index, ~flipped


def nibbles(block):
    return np.stack([block >> 4, block & 15], axis=-1).ravel().astype(int)


def keyless(block):
    return np.sort(np.minimum(nibbles(block), 15 - nibbles(block)))


def counted(block):
    return np.bincount(np.minimum(nibbles(block), 15 - nibbles(block)), minlength=8)


SOLUTIONS = [
    (check.byte_from, byte_from),
    (check.byte_from, byte_from_sixteen),
    (check.read_table, read_table),
    (check.keyless, keyless),
    (check.keyless, counted),
]
WRONG = {
    "byte, sixteen and one": (check.byte_from, lambda high, low: 16 * high + low),
    "byte, mean": (check.byte_from, lambda high, low: (high + low) / 2),
    "byte, upper alone": (check.byte_from, lambda high, low: high),
    "byte, a fifteenth": (check.byte_from, lambda high, low: (15 * high + low) / 16),
    "table, by rows": (check.read_table, by_rows),
    "table, largest weight": (check.read_table, upright_only),
    "table, sign": (check.read_table, wrong_sign),
    "table, no sign": (check.read_table, lambda weights: abs(weights).argmax(0)),
    "keyless, constant": (check.keyless, lambda block: np.zeros(3)),
    "keyless, sorted bytes": (check.keyless, lambda block: np.sort(block, axis=None)),
    "keyless, sorted nibbles": (check.keyless, lambda block: np.sort(nibbles(block))),
    "keyless, in place": (check.keyless, lambda block: np.minimum(nibbles(block), 15 - nibbles(block))),
    "keyless, sum": (check.keyless, lambda block: keyless(block).sum()),
    "keyless, without counts": (check.keyless, lambda block: np.resize(np.unique(keyless(block)), 8)),
    "keyless, bytes folded": (
        check.keyless,
        lambda block: np.sort(np.minimum(block, 255 - block), axis=None),
    ),
}
