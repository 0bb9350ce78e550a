"""Checks of lesson 27: what two facing borders differ by, and which pairs of a layout are right."""

import numpy as np

from lib.workbook.checks import called, exercise, number


@exercise
def mismatch(answer):
    """`answer(left, right)`: mean |difference| of two (b, b, 3) uint8 blocks where one meets the other."""
    rng = np.random.default_rng(26)
    for size in (2, 4, 7):
        for _ in range(5):
            left, right = rng.integers(0, 256, (2, size, size, 3), np.uint8)
            got = number(called(answer, left, right))
            expected = np.abs(left[:, -1].astype(int) - right[:, 0]).mean()
            wrapped = (left[:, -1] - right[:, 0]).mean()
            around = np.isclose(got, wrapped) and not np.isclose(wrapped, expected)
            assert not around, "uint8 wraps around: 3 - 5 is 254; widen the type before you subtract"
            told = f"blocks of {size}x{size}: you say {got:.2f}"
            assert np.isclose(got, expected), f"{told}, not {expected:.2f}"


@exercise
def right_pairs(answer):
    """`answer(layout)`: the share of pairs that are neighbours in the picture too; (rows, columns) ints."""
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
            across = (layout[:, 1:] == layout[:, :-1] + 1) & (layout[:, 1:] % columns > 0)
            below, got = layout[1:] == layout[:-1] + columns, number(answer(layout.copy()))
            expected = np.append(across, below).mean()
            case = f"{rows}x{columns}, {told}"
            assert np.isclose(got, expected), f"{case}: you say {got:.3f}, not {expected:.3f}"
