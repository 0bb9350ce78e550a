"""Streams of values to places, where each pair of places cares which two streams it holds, and each place
which one.

    cost(order) = 1/2 sum over pairs p != k of weight[p, k] moment[order[p], order[k]]  +  sum over p of
    pull[p, order[p]]

A quadratic assignment (Koopmans and Beckmann, Econometrica 25, 1957) by simulated annealing over exchanges of
two streams (Burkard and Rendl, EJOR 17, 1984). `lib.attacks.solvers.quadratic_assignment` does it for blocks
that share a key, whose borders tell more.
"""

import numba
import numpy as np

HOT, COLD = 0.1, 0.003  # temperatures, where the mean weight of two places is 1 / places


def cost(weight: np.ndarray, moment: np.ndarray, pull: np.ndarray, order: np.ndarray) -> float:
    """Of an order (m,); weight (m, m) with a diagonal of 0, moment (m, m), both symmetric, and pull (m,
    m)."""
    pairs = (weight * moment[np.ix_(order, order)]).sum(dtype=np.float64) / 2
    return float(pairs + pull[np.arange(len(order)), order].sum(dtype=np.float64))


def anneal(weight, moment, pull, order, rng=None, tries: int = 45) -> np.ndarray:
    """An order (m,) int64 of low cost, from `order`; without `rng`, only by exchanges that gain.

    weight, moment, pull   (m, m) float32, as for `cost`
    tries                  exchanges tried for each pair of places, counted twice
    """
    order, m = order.astype(np.int64), len(order)
    steps = 0 if rng is None else tries * m * m
    p = q = np.empty(0, np.int64)
    bound = np.empty(0, np.float32)
    if steps:
        p = rng.integers(m, size=steps)
        q = (p + rng.integers(1, m, size=steps)) % m
        bound = rng.standard_exponential(steps, np.float32) * np.geomspace(HOT, COLD, steps, dtype=np.float32)
    placed = np.ascontiguousarray(moment[np.ix_(order, order)], np.float32)
    _anneal(
        np.ascontiguousarray(weight, np.float32),
        placed,
        np.ascontiguousarray(pull, np.float32),
        order,
        p,
        q,
        bound,
    )
    return order


def exchange_pixels(weight, moment, pull, order) -> tuple[np.ndarray, float]:
    """An order and its cost, improved by exchanges of two pixels, three places each, which one by one would
    not gain."""
    order, placed = order.copy(), np.ascontiguousarray(moment[np.ix_(order, order)], np.float32)
    _exchange_pixels(weight, placed, pull, order)
    return order, cost(weight, moment, pull, order)


@numba.njit(cache=True, nogil=True)
def _exchange_pixels(weight, placed, pull, order):
    better = True
    while better:
        better = False
        for a in range(0, len(order), 3):
            for b in range(0, a, 3):
                change = np.float32(0)
                for c in range(3):
                    change += gain(weight, placed, pull, order, a + c, b + c)
                    _exchange(placed, order, a + c, b + c)
                if change < -1e-5:
                    better = True
                else:
                    for c in range(3):
                        _exchange(placed, order, a + c, b + c)


def lead(weight, moment, pull, order) -> np.ndarray:
    """(pixels,): how much less an order costs than the best that exchanges this pixel, or a colour of it,
    with another."""
    placed = np.ascontiguousarray(moment[np.ix_(order, order)], np.float32)
    return _lead(weight, placed, pull, order.copy())


@numba.njit(cache=True, nogil=True)
def _lead(weight, placed, pull, order):
    least = np.full(len(order) // 3, np.inf)
    for p in range(len(order)):
        for q in range(p):
            change = gain(weight, placed, pull, order, p, q)
            least[p // 3], least[q // 3] = min(least[p // 3], change), min(least[q // 3], change)
    for a in range(0, len(order), 3):
        for b in range(0, a, 3):
            change = 0.0
            for c in range(3):
                change += gain(weight, placed, pull, order, a + c, b + c)
                _exchange(placed, order, a + c, b + c)
            for c in range(3):
                _exchange(placed, order, a + c, b + c)
            least[a // 3], least[b // 3] = min(least[a // 3], change), min(least[b // 3], change)
    return least


@numba.njit(cache=True, nogil=True, fastmath=True)
def gain(weight, placed, pull, order, p, q):
    """By how much the cost grows if places p and q exchange their streams; placed is moment in the order of
    places."""
    total = np.float32(0)
    for k in range(len(weight)):
        total += (weight[p, k] - weight[q, k]) * (placed[q, k] - placed[p, k])
    total -= weight[p, q] * (placed[p, p] + placed[q, q] - 2 * placed[p, q])
    a, b = order[p], order[q]
    return total + pull[p, b] + pull[q, a] - pull[p, a] - pull[q, b]


@numba.njit(cache=True, nogil=True)
def _exchange(placed, order, p, q):
    for k in range(len(placed)):
        placed[p, k], placed[q, k] = placed[q, k], placed[p, k]
    for k in range(len(placed)):
        placed[k, p], placed[k, q] = placed[k, q], placed[k, p]
    order[p], order[q] = order[q], order[p]


@numba.njit(cache=True, nogil=True)
def _anneal(weight, placed, pull, order, p, q, bound):
    """Exchange p[t] and q[t] where that costs less than bound[t]; then any two, as long as it gains."""
    for t in range(len(p)):
        if gain(weight, placed, pull, order, p[t], q[t]) < bound[t]:
            _exchange(placed, order, p[t], q[t])
    better = True
    while better:
        better = False
        for a in range(len(order)):
            for b in range(a):
                if gain(weight, placed, pull, order, a, b) < -1e-5:
                    _exchange(placed, order, a, b)
                    better = True
