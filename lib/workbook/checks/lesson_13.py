"""Checks of lesson 13: a position code moved along with its blocks, and neighbours that are right up to turns
and mirrors."""

import numpy as np

from lib.workbook.checks import exercise


@exercise
def moved_code(answer):
    """`answer(code, source)`: (blocks, dim), for images whose block b is block source[b] of the plain
    image."""
    rng = np.random.default_rng(13)
    for blocks in (9, 16):
        # square: a mistaken axis goes unnoticed by NumPy
        code = rng.normal(size=(blocks, blocks)).astype(np.float32)
        source = rng.permutation(blocks)
        kept = code.copy()
        got = np.asarray(answer(code, source.copy()))
        assert (code == kept).all(), "your code changed the code that it was given; return a new array"
        assert got.shape == code.shape, f"expected shape {code.shape}, a row for each block, got {got.shape}"
        assert (got != code).any(), "this is the code for the plain order still"
        assert (np.sort(got, axis=None) == np.sort(code, axis=None)).all(), (
            "some numbers of the code got lost"
        )
        assert all((row == code).all(1).any() for row in got), "a block's code is a row; keep rows whole"
        tokens = rng.normal(size=(blocks, blocks)).astype(np.float32)
        wrong = int((tokens[source] + got != (tokens + code)[source]).any(1).sum())
        assert wrong == 0, f"{wrong} of {blocks} blocks of the shuffled image meet the code of another place"


def moved(code, source):
    """(blocks, dim): the moved code, a row at a time; for the rest of the lesson, whether or not the exercise
    is solved."""
    out = np.empty_like(code)
    for place, block in enumerate(source):
        out[place] = code[block]
    return out


@exercise
def right_neighbours(answer):
    """`answer(order, rows, columns)`: how many pairs of places side by side hold blocks that belong side by
    side."""
    for rows, columns in ((3, 5), (4, 4)):
        plain = np.arange(rows * columns).reshape(rows, columns)
        everything = rows * (columns - 1) + (rows - 1) * columns
        arranged = {
            "the plain order": plain,
            "the plain image mirrored": plain[:, ::-1],
            "the plain image upside down": plain[::-1, ::-1],
            "rows moved by one place, those at the end back to the start": np.roll(plain, 1, axis=1),
        }
        if rows == columns:
            arranged["the plain image turned by a quarter"] = np.rot90(plain)
        rng = np.random.default_rng(rows)
        arranged |= {
            f"a random order, no. {i}": rng.permutation(plain.size).reshape(rows, columns) for i in (1, 2, 3)
        }
        for what, order in arranged.items():
            got = answer(order.ravel().copy(), rows, columns)
            assert isinstance(got, int | np.integer) and not isinstance(got, bool), (
                f"expected a count, got {got!r}"
            )
            wanted = slowly(order)
            assert got == wanted, (
                f"{rows}x{columns}, {what}: {wanted} of {everything} pairs are right, you counted {got}"
            )


def slowly(order):
    """Right pairs of an order, (rows, columns), slow and obvious: look at every place, its right and its
    lower neighbour."""
    rows, columns = order.shape
    count = 0
    for y in range(rows):
        for x in range(columns):
            for there in ((y, x + 1), (y + 1, x)):
                if there[0] < rows and there[1] < columns:
                    (a, b), (c, d) = divmod(int(order[y, x]), columns), divmod(int(order[there]), columns)
                    count += abs(a - c) + abs(b - d) == 1
    return count
