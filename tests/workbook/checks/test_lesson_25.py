"""The exercises of lesson 25: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from lib.attacks.catalogue import Known, by_name
from lib.attacks.solvers.bit_planes import predicted
from lib.workbook.checks import lesson_25 as check


def upper(correlation, size=np.abs, top=20, best=True):
    strength = np.sort(size(correlation))[:, -1 - top : -1].sum(axis=1)
    order = np.argsort(-strength)
    return order[:48] if best else order[48:]


def signs(correlation, size=np.abs):
    tree = minimum_spanning_tree(1.001 - size(correlation))
    found, before = breadth_first_order(tree, 0, directed=False)
    sign = np.ones(len(correlation))
    for node in found[1:]:
        sign[node] = sign[before[node]] * np.sign(correlation[node, before[node]])
    return sign


def change(wanted, found, order, p, q, twice=2, pairs=1, placed=True):
    both = [p, q]

    def part(order):
        columns = order if placed else np.arange(len(order))
        rows = wanted[:, both] * found[:, order[both][:, None], columns]
        return -(twice * rows.sum() - pairs * rows[:, :, both].sum())

    swapped = order.copy()
    swapped[both] = swapped[both[::-1]]
    return part(swapped) - part(order)


def whole_change(wanted, found, order, p, q):
    swapped = order.copy()
    swapped[[p, q]] = swapped[[q, p]]
    before, after = (-(wanted * found[:, each[:, None], each]).sum() for each in (order, swapped))
    return after - before


def exchanged_in_place(wanted, found, order, p, q):
    gain = change(wanted, found, order, p, q)
    order[[p, q]] = order[[q, p]]
    return gain


def same(order, other):
    pixels = order.reshape(-1, 3)
    return any((pixels[:, colours].ravel() == other).all() for colours in permutations(range(3)))


def same_sets(order, other):
    return (np.sort(order.reshape(-1, 3), axis=1) == np.sort(other.reshape(-1, 3), axis=1)).all()


def guess(coarse):
    picture = coarse[None].astype(np.float32)
    return predicted(picture, picture, 1)[0]


def read(cipher):
    return by_name("one-photograph").run(Known(cipher[None]), block=4, bits=4).estimate[0]


SOLUTIONS = [
    (check.upper, upper),
    (check.upper, lambda correlation: upper(correlation, top=47)),
    (check.signs, signs),
    (check.signs, lambda correlation: -signs(correlation).astype(int)),
    (check.change, change),
    (check.same, same),
    (check.guess, guess),
    (check.by_chance, lambda side, block: block / side),
    (check.read, read),
    (check.read, lambda cipher: 255 - read(cipher)[..., [1, 2, 0]]),
]

WRONG = {
    "signed": (check.upper, lambda correlation: upper(correlation, size=lambda x: x, top=95)),
    "the weakest": (check.upper, lambda correlation: upper(correlation, best=False)),
    "the first half": (check.upper, lambda correlation: np.arange(48)),
    "plain places": (check.upper, lambda correlation: np.arange(0, 96, 2)),
    "a mask": (check.upper, lambda correlation: np.isin(np.arange(96), upper(correlation))),
    "one of them often": (check.upper, lambda correlation: np.zeros(48, int)),
    "as the first stream": (check.signs, lambda correlation: np.where(correlation[0] < 0, -1, 1)),
    "of row sums": (check.signs, lambda correlation: np.where(correlation.sum(1) < 0, -1, 1)),
    "the strongest with their sign": (check.signs, lambda correlation: signs(correlation, size=lambda x: x)),
    "as the strongest": (
        check.signs,
        lambda correlation: np.sign(
            correlation[np.arange(len(correlation)), np.argsort(-np.abs(correlation))[:, 1]]
        ),
    ),
    "none": (check.signs, lambda correlation: np.zeros(len(correlation))),
    "both whole energies": (check.change, whole_change),
    "rows alone": (check.change, lambda *given: change(*given, twice=1, pairs=0)),
    "pairs twice": (check.change, lambda *given: change(*given, pairs=0)),
    "old minus new": (check.change, lambda *given: -change(*given)),
    "by place": (check.change, lambda *given: change(*given, placed=False)),
    "exchanged in place": (check.change, exchanged_in_place),
    "equal orders": (check.same, lambda order, other: (order == other).all()),
    "sets of three": (check.same, same_sets),
    "the first pixel": (check.same, lambda order, other: set(order[:3]) == set(other[:3])),
    "a share": (check.same, lambda order, other: float((order == other).mean())),
    "the picture": (check.guess, lambda coarse: coarse),
    "itself among others": (check.guess, lambda coarse: uniform_filter(coarse, (3, 3, 0))),
    "the pixel before": (check.guess, lambda coarse: np.roll(coarse, 1, axis=1)),
    "the mean": (check.guess, lambda coarse: np.full(coarse.shape, coarse.mean())),
    "no edge": (check.guess, lambda coarse: coarse[1:-1, 1:-1]),
    "pixels": (check.by_chance, lambda side, block: 1 / side),
    "a variance": (check.by_chance, lambda side, block: (block / side) ** 2),
    "values of a block": (check.by_chance, lambda side, block: 1 / np.sqrt(3 * block**2)),
    "the ciphertext": (check.read, lambda cipher: cipher),
    "upper nibbles alone": (check.read, lambda cipher: read(cipher) // 16 * 16 + 8),
    "lower nibbles complemented": (check.read, lambda cipher: read(cipher) ^ np.uint8(15)),
    "one colour negative": (check.read, lambda cipher: read(cipher) ^ np.array([0, 255, 0], np.uint8)),
}
