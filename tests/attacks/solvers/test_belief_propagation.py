"""Neighbours' evidence: counted as a slow reading says; belief propagation is exact where there is one row or
column."""

from itertools import product

import numpy as np
import pytest

from lib import datasets
from lib.attacks.solvers.belief_propagation import CONTEXTS, counts, marginals, odds, tables
from lib.symmetries import COLOURS

PICTURE = datasets.photo("coffee", 12)


def step(value, ends):
    """The number of the first end that is not below."""
    return next(k for k, end in enumerate(ends) if value <= end)


def slow_context(folds, i, j, down, a, b):
    def fold_near(y, x, value):
        if not (0 <= y < folds.shape[0] and 0 <= x < folds.shape[1]):
            return value
        return min(folds[y, x].tolist(), key=lambda other: abs(other - value))

    across, slopes = 1 - down, (-25, -8, -2, 2, 6, 14, 30, 128)
    first, second = int(folds[i, j, a]), int(folds[i + down, j + across, b])
    before = fold_near(i - down, j - across, first)
    after = fold_near(i + 2 * down, j + 2 * across, second)
    gap = step(255 - first - second, (2, 5, 10, 18, 30, 50, 80, 120, 256))
    apart = step(abs(first - second), (1, 3, 6, 12, 25, 128))
    return ((gap * 6 + apart) * 8 + step(first - before, slopes)) * 8 + step(second - after, slopes)


def neighbours(shape):
    for i, j, down in np.ndindex(*shape[:2], 2):
        if i + down < shape[0] and j + 1 - down < shape[1]:
            yield i, j, down


def test_counts_are_those_of_a_loop_over_pairs():
    expected = np.zeros((CONTEXTS, 3))
    low = np.minimum(PICTURE, 255 - PICTURE).astype(int)
    folds = np.sort(low, -1)
    for i, j, down in neighbours(PICTURE.shape):
        here, there = (i, j), (i + down, j + 1 - down)
        place = [np.argsort(np.argsort(low[at], kind="stable")) for at in (here, there)]
        for c, d in product(range(3), repeat=2):
            sides = (PICTURE[here][c] > 127) != (PICTURE[there][d] > 127)
            expected[
                slow_context(folds, i, j, down, place[0][c], place[1][d]), 1 + sides if c == d else 0
            ] += 1
    assert (counts(PICTURE[None]) == expected).all()
    assert (expected.sum(0) > 10).all()


def test_tables_look_up_the_odds_of_each_pair():
    found = np.random.default_rng(0).integers(1, 50, (CONTEXTS, 3)).astype(float)
    pair_odds, folds = odds(found, 0.5), np.sort(np.minimum(PICTURE, 255 - PICTURE), -1)
    pairs = tables(folds, pair_odds)
    for i, j, down in neighbours(PICTURE.shape):
        expected = np.array(
            [[pair_odds[slow_context(folds, i, j, down, a, b)] for b in range(3)] for a in range(3)]
        )
        assert np.allclose(pairs[i, j, down], expected / expected.max())
    assert (pairs[-1, :, 1] == 0).all() and (pairs[:, -1, 0] == 0).all()


@pytest.mark.parametrize("shape", [(1, 3), (3, 1)], ids=["a row", "a column"])
def test_belief_propagation_is_exact_on_a_line(shape):
    rng = np.random.default_rng(1)
    chances, down = rng.random((*shape, 48)).astype(np.float32) ** 4, int(shape[0] == 3)
    pairs = np.zeros((*shape, 2, 3, 3, 2), np.float32)
    line = pairs.reshape(3, 2, 3, 3, 2)
    line[:2, down] = rng.random((2, 3, 3, 2)) ** 3

    def factor(table, s, t):
        return np.prod([table[COLOURS[s // 8][c], COLOURS[t // 8][c], (s ^ t) >> c & 1] for c in range(3)])

    first, second = (
        np.array([[factor(line[k, down], s, t) for t in range(48)] for s in range(48)]) for k in (0, 1)
    )
    u = chances.reshape(3, 48).astype(float)
    joint = u[0][:, None, None] * first[:, :, None] * u[1][:, None] * second * u[2]
    expected = np.stack([joint.sum((1, 2)), joint.sum((0, 2)), joint.sum((0, 1))]) / joint.sum()
    assert np.allclose(marginals(chances, pairs).reshape(3, 48), expected, atol=1e-4)


def test_odds_are_tempered_and_lean_to_the_mean_where_little_was_seen():
    found = np.zeros((CONTEXTS, 3))
    found[0], found[1] = (100_000, 900_000, 1_000), (0, 1, 0)
    plain, tempered = odds(found, 1), odds(found, 0.5)
    assert np.allclose(plain[0], [9, 0.01], rtol=1e-3) and np.allclose(tempered**2, plain, rtol=1e-4)
    assert np.allclose(plain[2], [9, 0.01], rtol=1e-2) and 9 < plain[1, 0] < 11
