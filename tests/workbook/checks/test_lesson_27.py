"""The exercises of lesson 27: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.workbook.checks import lesson_27 as check


def mismatch(left, right):
    return np.abs(left[:, -1].astype(int) - right[:, 0]).mean()


def right_pairs(layout):
    columns = layout.shape[1]
    across = (layout[:, 1:] == layout[:, :-1] + 1) & (layout[:, 1:] % columns > 0)
    down = layout[1:] == layout[:-1] + columns
    return (across.sum() + down.sum()) / (across.size + down.size)


def energies(costs, scale):
    weight = np.exp(-costs / scale)
    with np.errstate(divide="ignore"):
        return -np.log(weight / weight.sum(1, keepdims=True) * weight / weight.sum(0))


def put_together(pieces, rows, columns):
    """The solution of the lesson, slower and shorter: every choice looks at all cells of a large table."""
    x = pieces.astype(float)
    pairs = (x[:, :, -1], x[:, :, 0]), (x[:, -1], x[:, 0])
    costs = [np.abs(a[:, None] - b).mean((2, 3)) + np.diag([np.inf] * len(x)) for a, b in pairs]
    right, below = (energies(cost, cost.min(1).mean() / 2) for cost in costs)
    laid = dict(zip(((0, 0), (0, 1)), np.unravel_index(right.argmin(), right.shape)))
    sides = (right, 0, 1), (right.T, 0, -1), (below, 1, 0), (below.T, -1, 0)
    while len(laid) < len(x):
        free, choices = [block for block in range(len(x)) if block not in laid.values()], []
        for y in range(-rows, rows + 1):
            for z in range(-columns, columns + 1):
                seen = [e[laid[y - dy, z - dz]][free] for e, dy, dz in sides if (y - dy, z - dz) in laid]
                high, wide = (np.ptp(each) for each in zip((y, z), *laid))
                if seen and (y, z) not in laid and high < rows and wide < columns:
                    cost = np.mean(seen, axis=0)
                    choices.append((np.diff(np.sort(cost)[:2]).sum(), y, z, free[cost.argmin()]))
        _, y, z, block = max(choices)
        laid[y, z] = block
    top, left = np.min(list(laid), axis=0)
    layout = np.empty((rows, columns), int)
    for (y, z), block in laid.items():
        layout[y - top, z - left] = block
    return layout


def row_by_row(pieces, rows, columns):
    """The least mismatch to what lies on the left and above, from every first block; the best of all."""
    x = pieces.astype(int)
    right, below = (np.abs(a[:, None] - b).mean((2, 3))
                    for a, b in ((x[:, :, -1], x[:, :, 0]), (x[:, -1], x[:, 0])))  # fmt: skip
    tries = []
    for first in range(len(x)):
        laid, total = [first], 0.0
        while (k := len(laid)) < rows * columns:
            cost = (right[laid[-1]] if k % columns else 0) + (below[laid[k - columns]] if k >= columns else 0)
            cost = np.where(np.isin(np.arange(len(x)), laid), np.inf, cost)
            laid.append(int(cost.argmin()))
            total += cost.min()
        tries.append((total, laid))
    return np.array(min(tries)[1]).reshape(rows, columns)


def ends_of_rows_too(layout):
    across, down = layout[:, 1:] == layout[:, :-1] + 1, layout[1:] == layout[:-1] + layout.shape[1]
    return (across.sum() + down.sum()) / (across.size + down.size)


SOLUTIONS = [
    (check.mismatch, mismatch),
    (check.energies, energies),
    (check.right_pairs, right_pairs),
    (check.put_together, put_together),
]
WRONG = {
    "mismatch, wraps around": (check.mismatch, lambda left, right: np.abs(left[:, -1] - right[:, 0]).mean()),
    "mismatch, below": (check.mismatch, lambda left, right: np.abs(left[-1].astype(int) - right[0]).mean()),
    "mismatch, outer sides": (
        check.mismatch,
        lambda left, right: np.abs(left[:, 0].astype(int) - right[:, -1]).mean(),
    ),
    "mismatch, sum": (
        check.mismatch,
        lambda left, right: np.abs(left[:, -1].astype(int) - right[:, 0]).sum(),
    ),
    "mismatch, by channel": (
        check.mismatch,
        lambda left, right: np.abs(left[:, -1].astype(int) - right[:, 0]).mean(0),
    ),
    "energies, from a alone": (
        check.energies,
        lambda costs, scale: -np.log((w := np.exp(-costs / scale)) / w.sum(1, keepdims=True)),
    ),
    "energies, from b alone": (
        check.energies,
        lambda costs, scale: -np.log((w := np.exp(-costs / scale)) / w.sum(0)),
    ),
    "energies, no logarithm": (check.energies, lambda costs, scale: np.exp(-energies(costs, scale))),
    "energies, no scale": (check.energies, lambda costs, scale: energies(costs, 1.0)),
    "energies, the costs themselves": (check.energies, lambda costs, scale: costs / scale),
    "together, as it came": (
        check.put_together,
        lambda pieces, rows, columns: np.arange(rows * columns).reshape(rows, columns),
    ),
    "together, by brightness": (
        check.put_together,
        lambda pieces, rows, columns: pieces.mean((1, 2, 3)).argsort().reshape(rows, columns),
    ),
    "together, row by row": (check.put_together, row_by_row),
    "together, a block twice": (
        check.put_together,
        lambda pieces, rows, columns: np.arange(rows * columns).reshape(rows, columns) // 2,
    ),
    "pairs, the end of a row with the next": (check.right_pairs, ends_of_rows_too),
    "pairs, places": (
        check.right_pairs,
        lambda layout: (layout == np.arange(layout.size).reshape(layout.shape)).mean(),
    ),
    "pairs, across alone": (check.right_pairs, lambda layout: (layout[:, 1:] == layout[:, :-1] + 1).mean()),
    "pairs, twice": (check.right_pairs, lambda layout: right_pairs(layout) * 2),
}
