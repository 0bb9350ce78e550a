"""Checks of lesson 13: a position code moved along with its blocks, and neighbours that are right."""

import numpy as np

from lib.workbook.checks import array, called, exercise, whole


@exercise
def moved_code(answer):
    """`answer(code, source)`: (blocks, dim), for images whose block b is the plain image's source[b]."""
    rng = np.random.default_rng(13)
    for blocks in (9, 16):
        # square: a mistaken axis goes unnoticed by NumPy
        code = rng.normal(size=(blocks, blocks)).astype(np.float32)
        source = rng.permutation(blocks)
        got = array(called(answer, code, source), code.shape, None)
        assert (got != code).any(), "this is the code for the plain order still"
        kept = (np.sort(got, axis=None) == np.sort(code, axis=None)).all()
        assert kept, "some numbers of the code got lost"
        assert all((row == code).all(1).any() for row in got), "a block's code is a row; keep rows whole"
        tokens = rng.normal(size=(blocks, blocks)).astype(np.float32)
        wrong = int((tokens[source] + got != (tokens + code)[source]).any(1).sum())
        assert wrong == 0, f"{wrong} of {blocks} blocks of the shuffled image meet the code of another place"


def moved(code: np.ndarray, source: np.ndarray) -> np.ndarray:
    """(blocks, dim): the moved code, a row at a time; for the lesson's rest, solved or not."""
    return np.stack([code[block] for block in source])


@exercise
def right_neighbours(answer):
    """`answer(order, rows, columns)`: how many pairs side by side belong side by side."""
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
        for i in (1, 2, 3):
            arranged[f"a random order, no. {i}"] = rng.permutation(plain.size).reshape(rows, columns)
        for what, order in arranged.items():
            got, wanted = whole(answer(order.ravel().copy(), rows, columns), "a count"), slowly(order)
            told = f"{rows}x{columns}, {what}: {wanted} of {everything} pairs are right"
            assert got == wanted, f"{told}, you counted {got}"


def slowly(order: np.ndarray) -> int:
    """Right pairs of an order, (rows, columns): look at every place, its right and its lower neighbour."""
    rows, columns = order.shape
    count = 0
    for y in range(rows):
        for x in range(columns):
            for there in ((y, x + 1), (y + 1, x)):
                if there[0] < rows and there[1] < columns:
                    (a, b), (c, d) = divmod(int(order[y, x]), columns), divmod(int(order[there]), columns)
                    count += abs(a - c) + abs(b - d) == 1
    return count
