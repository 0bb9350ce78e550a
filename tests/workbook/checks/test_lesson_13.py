"""The exercises of lesson 13: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib import Key
from lib.models.fronts.grid_embedding import place
from lib.schemes import EtC
from lib.tiling import assembled, cut
from lib.workbook import quick_experiments
from lib.workbook.checks import lesson_13 as check


def read_given(ciphers: np.ndarray) -> np.ndarray:
    """A solution of the last exercise."""
    blocks = cut(ciphers, 8).astype(float)
    order = place(blocks.mean((2, 3, 4)), 4, 4).reshape(4, 4)
    ways = [np.rot90(way, turns) for way in (order, order.T) for turns in range(4)]
    best = max(ways, key=lambda way: sum(abs(check.joined(blocks, *pair)) for pair in check.pairs(way)))
    for a, b, beside in check.pairs(best):  # signs from the left; first column: from above
        if (beside or b in best[:, 0]) and check.joined(blocks, a, b, beside) < 0:
            blocks[:, b] = 255 - blocks[:, b]
    return assembled(blocks[:, best.ravel()].reshape(-1, 4, 4, 192), 8).astype(np.uint8)


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


def mixing(source):
    out = np.zeros((len(source), len(source)))
    out[source, np.arange(len(source))] = 1
    return out


def along(axis=-1, centre=True):
    def leading(values):
        values = values - centre * values.mean(0)
        return values @ np.linalg.eigh(values.T @ values)[1][:, axis]

    return leading


def read(ciphers, turn=lambda order: order, signs=True, place_them=True):
    """What `read_given` gives, with a mistake."""
    blocks = cut(read_given(ciphers), 8)
    if not signs:
        rng = np.random.default_rng(0)
        blocks = np.where(rng.random(16)[:, None, None, None] < 0.4, 255 - blocks, blocks)
    order = turn(np.arange(16).reshape(4, 4)) if place_them else np.random.default_rng(0).permutation(16)
    return assembled(blocks[:, order.ravel()].reshape(-1, 4, 4, 192), 8)


SOLUTIONS = [
    (check.mixing, mixing),
    (check.mixing, lambda source: np.eye(len(source))[np.argsort(source)]),
    (check.leading, along()),
    (check.leading, lambda values: np.linalg.svd(values - values.mean(0), full_matrices=False)[0][:, 0]),
    (check.read, read_given),
    (check.read, lambda ciphers: 255 - read_given(ciphers)),
    (check.moved_code, lambda code, source: code[source]),
    (check.right_neighbours, right_neighbours),
]

WRONG = {
    "blocks left where they are": (check.mixing, lambda source: np.eye(len(source))),
    "the way of the cipher": (check.mixing, lambda source: np.eye(len(source))[source]),
    "numbers of blocks": (check.mixing, lambda source: np.diag(source)),
    "a mean of all": (check.mixing, lambda source: np.full((len(source), len(source)), 1 / len(source))),
    "an order": (check.mixing, np.argsort),
    "mean of the block": (check.leading, lambda values: values.mean(1)),
    "axis of least variance": (check.leading, along(axis=0)),
    "not centred": (check.leading, along(centre=False)),
    "a row of vectors": (check.leading, lambda v: v @ np.linalg.eigh(np.cov(v.T))[1][-1]),
    "the axis": (check.leading, lambda values: np.linalg.eigh(np.cov(values.T))[1][:, -1]),
    "first value": (check.leading, lambda values: values[:, 0]),
    "turned by a quarter": (check.read, lambda ciphers: read(ciphers, turn=np.rot90)),
    "seen in a mirror": (check.read, lambda ciphers: read(ciphers, turn=np.fliplr)),
    "signs left": (check.read, lambda ciphers: read(ciphers, signs=False)),
    "any order": (check.read, lambda ciphers: read(ciphers, place_them=False)),
    "nothing done": (check.read, lambda ciphers: ciphers.copy()),
    "one picture": (check.read, lambda ciphers: read_given(ciphers)[0]),
    "values sorted": (check.read, lambda ciphers: np.sort(ciphers, axis=1)),
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


def test_measured_values_are_told_apart_by_what_was_measured():
    photos, placed = check.measured("photos"), check.measured("placed", "right pairs")
    assert len(photos[("ViT", "EtC", 8)]) == len(placed[("ELE", 260)]) == 5
    assert quick_experiments.told([1, 2, 6]) == "3 (1 to 6)"
    assert check.as_measured(60, [55, 57]) and not check.as_measured(70, [55, 57])


def test_the_given_cipher_moves_and_complements_blocks_and_nothing_else():
    images = np.random.default_rng(3).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    plain, cipher = cut(images, 8), cut(check.Given(Key.from_seed(4)).encrypt(images), 8)
    found = [[(a == b).all() or (a == 255 - b).all() for b in plain[0]] for a in cipher[0]]
    assert (np.sum(found, axis=0) == 1).all() and not np.array_equal(found, np.eye(16, dtype=bool))
    assert 0 < sum((a == b).all() for a in cipher[0] for b in plain[0]) < 16


def test_the_first_steps_of_etc_leave_out_the_others():
    images = np.random.default_rng(3).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    key = Key.from_seed(4)
    moved = check.FirstSteps(key, 1).encrypt(images)
    assert np.array_equal(np.sort(moved, axis=None), np.sort(images, axis=None)) and (moved != images).any()
    assert (check.FirstSteps(key, 4).encrypt(images) == EtC(key, 4).encrypt(images)).all()
