"""The exercises of lesson 26: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations, product

import numpy as np
from scipy.optimize import linear_sum_assignment

from lib.symmetries import oriented
from lib.workbook.checks import lesson_26 as check

ORDERS, SIGNS = tuple(permutations(range(3))), tuple(product((0, 255), repeat=3))


def relative(p, q, orders=ORDERS, signs=SIGNS, inverse=False, worst=False):
    errors = {}
    for order, flips in product(orders, signs):
        undone = q[:, list(order)] ^ np.array(flips, np.uint8)
        errors[order, flips] = (np.subtract(p, undone, dtype=np.int64) ** 2).sum()
    order, flips = (max if worst else min)(errors, key=errors.get)
    return (tuple(np.argsort(order)) if inverse else order), flips


def certainty(errors, n, channels=3):
    return 1 / np.exp(-channels * n / 2 * np.log(errors / errors.min())).sum()


def naive_certainty(errors, n):
    with np.errstate(all="ignore"):
        weights = errors ** (-1.5 * n)
        return weights.max() / weights.sum()


def facing(left, right, edge=0, flips=(0, 255), ways=range(8), signed=True):
    def error(state):
        way, flip = state
        there = (oriented(right, way) ^ np.uint8(flip))[:, :, edge]
        gap = left[:, :, -1].astype(int) - there if signed else left[:, :, -1] - there
        return (gap.astype(int) ** 2).sum()

    return min(product(ways, flips), key=error)


def undone_way(left, right):
    way, flip = facing(left, right)
    return (-way % 4 if way < 4 else way), 255 - flip


def counted(values, guesses):
    counts = np.zeros((256, 256))
    np.add.at(counts, (values, guesses), 1)
    smooth = np.exp(-np.abs(np.subtract.outer(np.arange(256), np.arange(256))) / 3)
    return counts @ np.log(0.98 * smooth / 6 + 0.02 / 256)


def substitution(values, guesses):
    return linear_sum_assignment(counted(values, guesses), maximize=True)[1]


def samples(scheme, images, side, block):
    blocks = (side // block) ** 2
    return {"tanaka": images * blocks, "ele": images, "per image": blocks}[scheme]


def undone(row, shift, flip):
    return np.roll(row, shift, axis=1) ^ np.uint8(flip)


def rolled_rows(ciphers, grown=True, flips=(0, 255), shifts=range(32)):
    plain = ciphers.copy()
    for y in range(1, ciphers.shape[1]):
        above, row = (plain if grown else ciphers)[:, y - 1].astype(int), ciphers[:, y]
        states = list(product(shifts, flips))
        errors = [((above - undone(row, *state)) ** 2).sum() for state in states]
        plain[:, y] = undone(row, *states[int(np.argmin(errors))])
    return plain


SOLUTIONS = [
    (check.relative, relative),
    (check.relative, lambda p, q: tuple(map(np.array, relative(p, q)))),
    (check.certainty, certainty),
    (check.facing, facing),
    (check.substitution, substitution),
    (check.samples, samples),
    (check.rolled_rows, rolled_rows),
]

WRONG = {
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
    "one image": (check.certainty, lambda errors, n: certainty(errors, 1)),
    "one channel": (check.certainty, lambda errors, n: certainty(errors, n, channels=1)),
    "powers that vanish": (check.certainty, naive_certainty),
    "which state": (check.certainty, lambda errors, n: int(errors.argmin())),
    "a share of errors": (check.certainty, lambda errors, n: 1 - errors.min() / errors.sum()),
    "no negative": (check.facing, lambda left, right: facing(left, right, flips=(0,))),
    "turns alone": (check.facing, lambda left, right: facing(left, right, ways=range(4))),
    "the far edge": (check.facing, lambda left, right: facing(left, right, edge=-1)),
    "always negative": (check.facing, lambda left, right: facing(left, right, flips=(255,))),
    "undone": (check.facing, undone_way),
    "each by itself": (check.substitution, lambda values, guesses: counted(values, guesses).argmax(1)),
    "the way there": (check.substitution, lambda *given: np.argsort(substitution(*given))),
    "nothing replaced": (check.substitution, lambda values, guesses: np.arange(256)),
    "by frequency": (
        check.substitution,
        lambda values, guesses: np.argsort(np.bincount(values, minlength=256), kind="stable"),
    ),
    "blocks for all": (check.samples, lambda scheme, images, side, block: images * (side // block) ** 2),
    "ele as tanaka": (
        check.samples,
        lambda scheme, *given: samples("tanaka" if scheme == "ele" else scheme, *given),
    ),
    "pixels": (
        check.samples,
        lambda scheme, images, side, block: samples(scheme, images, side, block) * block**2,
    ),
    "an image each": (
        check.samples,
        lambda scheme, *given: 1 if scheme == "per image" else samples(scheme, *given),
    ),
    "by the row above as it is": (check.rolled_rows, lambda ciphers: rolled_rows(ciphers, grown=False)),
    "no complement": (check.rolled_rows, lambda ciphers: rolled_rows(ciphers, flips=(0,))),
    "few rolls": (check.rolled_rows, lambda ciphers: rolled_rows(ciphers, shifts=range(8))),
    "the ciphertexts": (check.rolled_rows, lambda ciphers: ciphers),
    "mean of rows": (
        check.rolled_rows,
        lambda ciphers: np.broadcast_to(
            ciphers.mean(1, keepdims=True).astype(np.uint8), ciphers.shape
        ).copy(),
    ),
}
