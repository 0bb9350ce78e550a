"""The exercises of lesson 13: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.workbook.checks import lesson_13 as check


def pairs(order, rows, columns):
    """Where the two blocks of each pair of neighbouring places belong: (pairs, 2), twice."""
    where = np.stack(np.divmod(order, columns), axis=1).reshape(rows, columns, 2)
    first = np.concatenate([where[:, :-1].reshape(-1, 2), where[:-1].reshape(-1, 2)])
    second = np.concatenate([where[:, 1:].reshape(-1, 2), where[1:].reshape(-1, 2)])
    return first, second


def right_neighbours(order, rows, columns):
    a, b = pairs(order, rows, columns)
    return int((abs(a - b).sum(1) == 1).sum())


def same_way_round(order, rows, columns):
    grid = order.reshape(rows, columns)
    return int((np.diff(grid, axis=1) == 1).sum() + (np.diff(grid, axis=0) == columns).sum())


def across_the_edge(order, rows, columns):
    grid = order.reshape(rows, columns)
    steps = np.concatenate([abs(np.diff(grid, axis=1)).ravel(), abs(np.diff(grid, axis=0)).ravel()])
    return int(np.isin(steps, (1, columns)).sum())


def diagonals_too(order, rows, columns):
    a, b = pairs(order, rows, columns)
    return int((abs(a - b).max(1) == 1).sum())


def in_place(code, source):
    code[:] = code[source]
    return code


SOLUTIONS = [
    (check.moved_code, lambda code, source: code[source]),
    (check.right_neighbours, right_neighbours),
]

WRONG = {
    "not moved": (check.moved_code, lambda code, source: code.copy()),
    "moved back": (check.moved_code, lambda code, source: code[np.argsort(source)]),
    "columns": (check.moved_code, lambda code, source: code[:, source]),
    "turned": (check.moved_code, lambda code, source: code[source].T),
    "sorted": (check.moved_code, lambda code, source: np.sort(code, axis=0)),
    "in place": (check.moved_code, in_place),
    "first half": (check.moved_code, lambda code, source: code[source][:4]),
    "same way round": (check.right_neighbours, same_way_round),
    "across the edge": (check.right_neighbours, across_the_edge),
    "diagonals too": (check.right_neighbours, diagonals_too),
    "right places": (
        check.right_neighbours,
        lambda order, rows, columns: int((order == np.arange(len(order))).sum()),
    ),
    "share": (check.right_neighbours, lambda *a: right_neighbours(*a) / len(a[0])),
    "rows and columns exchanged": (
        check.right_neighbours,
        lambda order, rows, columns: right_neighbours(order, columns, rows),
    ),
    "counted twice": (check.right_neighbours, lambda *a: 2 * right_neighbours(*a)),
    "side by side only": (
        check.right_neighbours,
        lambda order, rows, columns: int((abs(np.diff(order.reshape(rows, columns), axis=1)) == 1).sum()),
    ),
}
