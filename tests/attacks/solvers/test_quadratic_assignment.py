"""Quadratic assignment: energies and gains against slow specifications, annealing, exchanges of pixels."""

from itertools import permutations

import numpy as np
import pytest

from lib.attacks.solvers.gaussian_model import correlations, weights
from lib.attacks.solvers.quadratic_assignment import UNIT, Assignment, gain


def slow_energy(weight, correlation, order):
    """Every pair of places, related in each of five ways, counted once from either side."""
    return sum(
        weight[r, p, k] * correlation[r, order[p], order[k]] / 2
        for r in range(5)
        for p in range(len(order))
        for k in range(len(order))
    )


@pytest.mark.parametrize("seed", range(3))
def test_energy_and_gain_equal_the_slow_specification(seed):
    rng = np.random.default_rng(seed)
    weight, correlation = (
        weights(2, (3, 3), 0.6, 0.4),
        correlations(rng.normal(size=(1, 4, 5, 12)).astype(np.float32)),
    )
    order = rng.permutation(12)
    before = slow_energy(weight, correlation, order)
    given = Assignment(weight, correlation)
    assert given.energy(order) == pytest.approx(before, abs=1e-4)
    p, q = rng.choice(12, 2, replace=False)
    predicted = gain(given.weight, given.placed(order), given.pull, order, p, q) / UNIT
    order[[p, q]] = order[[q, p]]
    assert predicted == pytest.approx(slow_energy(weight, correlation, order) - before, abs=1e-4)


def problem(m, seed):
    rng = np.random.default_rng(seed)
    weight, pull = rng.normal(size=(m, m)), rng.normal(size=(m, m)).astype(np.float32)
    weight = ((weight + weight.T) * (1 - np.eye(m))).astype(np.float32)
    streams = rng.normal(size=(40, m))
    return weight, (streams.T @ streams / 40).astype(np.float32), pull, rng.permutation(m)


def assignment(weight, moment, pull):
    return Assignment(weight[None], moment[None], pull)


def slow_cost(weight, moment, pull, order):
    total = 0.0
    for p in range(len(order)):
        total += pull[p, order[p]]
        for k in range(p):
            total += weight[p, k] * moment[order[p], order[k]]
    return total


@pytest.mark.parametrize("seed", range(3))
def test_cost_and_lead_equal_the_slow_specification(seed):
    *given, order = problem(12, seed)
    assert assignment(*given).energy(order) == pytest.approx(slow_cost(*given, order), abs=1e-4)
    least = np.full(4, np.inf)
    moves = [((p,), (q,)) for p in range(12) for q in range(p)]
    moves += [(range(a, a + 3), range(b, b + 3)) for a in range(0, 12, 3) for b in range(0, a, 3)]
    for here, there in moves:
        other = order.copy()
        other[list(here)], other[list(there)] = order[list(there)], order[list(here)]
        for pixel in {here[0] // 3, there[0] // 3}:
            least[pixel] = min(least[pixel], slow_cost(*given, other) - slow_cost(*given, order))
    assert assignment(*given).lead(order) == pytest.approx(least, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_annealing_finds_the_least_of_all_orders(seed):
    *given, order = problem(6, seed)
    least = min(slow_cost(*given, np.array(each)) for each in permutations(range(6)))
    rng = np.random.default_rng(0)
    solver = assignment(*given)
    found = min((solver.annealed(order, rng) for _ in range(10)), key=solver.energy)
    assert slow_cost(*given, found) == pytest.approx(least, abs=1e-4)
    assert slow_cost(*given, solver.descended(order)) <= slow_cost(*given, order)


def test_exchanging_pixels_undoes_what_single_exchanges_cannot():
    """Three streams of a pixel cling together, so that none of them moves alone."""
    weight = np.kron(np.eye(4), -10 * (np.ones((3, 3)) - np.eye(3))).astype(np.float32)
    moment = np.kron(np.eye(4), np.ones((3, 3))).astype(np.float32)
    pull = -np.eye(12, dtype=np.float32)
    swapped = np.r_[3:6, :3, 6:12]
    given = assignment(weight, moment, pull)
    assert (given.descended(swapped) == swapped).all()
    order = given.pixels_exchanged(swapped)
    assert (order == np.arange(12)).all()
    assert given.energy(order) == pytest.approx(slow_cost(weight, moment, pull, order))
