"""Checks of lesson 26: what two facing borders differ by, and which pairs of a layout are right."""

import numpy as np

from lib.workbook.checks import exercise


@exercise
def mismatch(answer):
    """`answer(left, right)`: the mean absolute difference of two blocks (b, b, 3) uint8 where the one ends
    and the other begins."""
    rng = np.random.default_rng(26)
    for size in (2, 4, 7):
        for _ in range(5):
            left, right = rng.integers(0, 256, (2, size, size, 3), np.uint8)
            before = left.copy(), right.copy()
            got = answer(left, right)
            assert np.ndim(got) == 0, f"expected one number, got shape {np.shape(got)}"
            expected = np.abs(before[0][:, -1].astype(int) - before[1][:, 0]).mean()
            wrapped = (before[0][:, -1] - before[1][:, 0]).mean()
            if np.isclose(float(got), wrapped) and not np.isclose(wrapped, expected):
                raise AssertionError("uint8 wraps around: 3 - 5 is 254; widen the type before you subtract")
            assert np.isclose(float(got), expected), (
                f"blocks of {size}x{size}: you say {float(got):.2f}, not {expected:.2f}"
            )
            assert (left == before[0]).all() and (right == before[1]).all(), (
                "the blocks you were given have changed"
            )


@exercise
def right_pairs(answer):
    """`answer(layout)`: the share of pairs that are neighbours in the picture too; (rows, columns) ints, a
    block's number by rows."""
    rng = np.random.default_rng(27)
    for rows, columns in ((2, 2), (3, 5), (4, 3)):
        whole = np.arange(rows * columns).reshape(rows, columns)
        some = whole.copy()
        some[0] = np.roll(some[0], 1)
        for told, layout in (
            ("the picture itself", whole),
            ("one row moved by a block", some),
            ("all rows moved by one, the last on top", np.roll(whole, 1, axis=0)),
            ("at random", rng.permutation(whole.ravel()).reshape(rows, columns)),
        ):
            got, expected = answer(layout.copy()), _right_pairs(layout)
            assert np.ndim(got) == 0, f"expected one number, got shape {np.shape(got)}"
            assert np.isclose(float(got), expected), (
                f"{rows}x{columns}, {told}: you say {float(got):.3f}, not {expected:.3f}"
            )


def _right_pairs(layout):
    rows, columns = layout.shape
    right = 0
    for y in range(rows):
        for x in range(columns):
            number = layout[y, x]
            right += x + 1 < columns and (number + 1) % columns != 0 and layout[y, x + 1] == number + 1
            right += y + 1 < rows and layout[y + 1, x] == number + columns
    return right / (rows * (columns - 1) + (rows - 1) * columns)
