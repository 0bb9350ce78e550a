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


def ends_of_rows_too(layout):
    across, down = layout[:, 1:] == layout[:, :-1] + 1, layout[1:] == layout[:-1] + layout.shape[1]
    return (across.sum() + down.sum()) / (across.size + down.size)


SOLUTIONS = [(check.mismatch, mismatch), (check.right_pairs, right_pairs)]
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
    "pairs, the end of a row with the next": (check.right_pairs, ends_of_rows_too),
    "pairs, places": (
        check.right_pairs,
        lambda layout: (layout == np.arange(layout.size).reshape(layout.shape)).mean(),
    ),
    "pairs, across alone": (check.right_pairs, lambda layout: (layout[:, 1:] == layout[:, :-1] + 1).mean()),
    "pairs, twice": (check.right_pairs, lambda layout: right_pairs(layout) * 2),
}
