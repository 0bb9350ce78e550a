"""Streams of values to places, where pairs of places care which two streams they hold, and places which one:

    energy(order) = 1/2 sum over kinds r and places p, k of weight[r, p, k] moment[r, order[p], order[k]]
                    + sum over p of pull[p, order[p]]

A quadratic assignment (Koopmans and Beckmann, Econometrica 25, 1957), solved by simulated annealing over
exchanges of two streams (Burkard and Rendl, EJOR 17, 1984). Kinds of pairs: in a block, and across to the
blocks around, each with its transpose, see `lib.attacks.solvers.gaussian_model`. All is reckoned in whole
numbers: another order of summation and one rounding would lead to another answer.
"""

from functools import lru_cache

import numba
import numpy as np

# of annealing: exchanges tried per pair of places, counted twice, the first temperature and the last, where
# the mean weight of two places is 1 / places
FAST, SLOW = (15, 0.3, 0.003), (45, 0.1, 0.003)
AT_ONCE = 1 << 23  # exchanges drawn at a time, for memory
LEAST = 1e-5  # gain of an exchange that is worth it
SCALE = 1 << 22  # weights and moments are whole numbers of this part of 1
UNIT = 2 * SCALE**2  # energies are whole numbers of this part of 1
COLOURS = 3  # places of a pixel, one after the other, in what exchanges whole pixels


class Assignment:
    """m places for m streams; all arrays float, from -250 to 250.

    weight, moment   (kinds, m, m): what it costs that two places correlate, and how streams do
    pull             (m, m): what it costs that a place holds a stream; None for nothing
    An order (m,) int64 says which stream each place holds.
    """

    def __init__(self, weight: np.ndarray, moment: np.ndarray, pull: np.ndarray | None = None):
        weight, moment = ((part * SCALE).round().astype(np.int32) for part in (weight, moment))
        self.weight = weight.transpose(1, 2, 0).reshape(weight.shape[1], -1)
        self.moment = np.ascontiguousarray(moment.transpose(1, 2, 0))
        self.pull = np.zeros(weight.shape[1:], np.int64) if pull is None else (pull * UNIT).astype(np.int64)

    def placed(self, order: np.ndarray) -> np.ndarray:
        """(m, m * kinds) int32: the moments of the streams at each two places."""
        return self.moment[order[:, None], order].reshape(len(order), -1)

    def energy(self, order: np.ndarray) -> float:
        """Of an order; with correlations and a model's weights minus its log-likelihood, but for scale."""
        pairs = (self.weight * self.placed(order).astype(np.int64)).sum()
        return float(pairs / SCALE**2 / 2 + self.pull[np.arange(len(order)), order].sum() / UNIT)

    def annealed(self, order: np.ndarray, rng: np.random.Generator, schedule: tuple = FAST) -> np.ndarray:
        """An order of little energy, from the streams of `order` in any order; `schedule` as FAST is."""
        tries, *temperatures = schedule
        order, m, steps = order.copy(), len(order), tries * len(order) ** 2
        rng.shuffle(order)
        placed, cooling = self.placed(order), _temperatures(*temperatures, steps)
        for start in range(0, steps, AT_ONCE):
            now = cooling[start : start + AT_ONCE]
            p, q = rng.integers(m, size=len(now)), rng.integers(m - 1, size=len(now))
            bound = -np.log1p(-rng.random(len(now))) * now
            _anneal(self.weight, placed, self.pull, order, p, q + (q >= p), (bound * UNIT).astype(np.int64))
        _descend(self.weight, placed, self.pull, order)
        return order

    def descended(self, order: np.ndarray) -> np.ndarray:
        """The order that exchanges which gain lead to."""
        order = order.copy()
        _descend(self.weight, self.placed(order), self.pull, order)
        return order

    def pixels_exchanged(self, order: np.ndarray) -> np.ndarray:
        """An order improved by exchanges of two pixels, which one by one would not gain."""
        order = order.copy()
        _exchange_pixels(self.weight, self.placed(order), self.pull, order)
        return order

    def lead(self, order: np.ndarray) -> np.ndarray:
        """(pixels,): how much less an order costs than any that exchanges this pixel, or a colour of it."""
        return _lead(self.weight, self.placed(order), self.pull, order.copy()) / UNIT


@lru_cache(maxsize=8)
def _temperatures(hot, cold, steps):
    return np.geomspace(hot, cold, steps)


@numba.njit(cache=True, nogil=True)
def gain(weight: np.ndarray, placed: np.ndarray, pull: np.ndarray, order: np.ndarray, p: int, q: int):
    """By how much the energy grows if places p and q exchange their streams, in units of 1 / `UNIT`."""
    kinds, total = weight.shape[1] // len(weight), np.int64(0)
    for i in range(weight.shape[1]):  # differences of 32 bits are multiplied four at a time
        w, c = np.int32(weight[p, i] - weight[q, i]), np.int32(placed[q, i] - placed[p, i])
        total += np.int64(w) * np.int64(c)
    for i in range(kinds):  # the pairs of p and q themselves
        a, b = p * kinds + i, q * kinds + i
        total -= (weight[p, a] - weight[q, a]) * (placed[q, a] - placed[p, a])
        total -= (weight[p, b] - weight[q, b]) * (placed[q, b] - placed[p, b])
    total *= 2
    for i in range(kinds):
        a, b = p * kinds + i, q * kinds + i
        total += (weight[p, a] - weight[q, b]) * (placed[q, b] - placed[p, a])
        total += 2 * weight[p, b] * (placed[q, a] - placed[p, b])
    a, b = order[p], order[q]
    return total + pull[p, b] + pull[q, a] - pull[p, a] - pull[q, b]


@numba.njit(cache=True, nogil=True)
def _exchange(placed, order, p, q):
    kinds = placed.shape[1] // len(placed)
    for k in range(placed.shape[1]):
        placed[p, k], placed[q, k] = placed[q, k], placed[p, k]
    for k in range(len(placed)):
        for a, b in zip(range(p * kinds, (p + 1) * kinds), range(q * kinds, (q + 1) * kinds)):
            placed[k, a], placed[k, b] = placed[k, b], placed[k, a]
    order[p], order[q] = order[q], order[p]


@numba.njit(cache=True, nogil=True)
def _anneal(weight, placed, pull, order, p, q, bound):
    """Exchange streams p[t] and q[t] in `order` and `placed` where the energy grows by less than bound[t]."""
    for t in range(len(p)):
        if gain(weight, placed, pull, order, p[t], q[t]) < bound[t]:
            _exchange(placed, order, p[t], q[t])


@numba.njit(cache=True, nogil=True)
def _descend(weight, placed, pull, order):
    """Exchange as long as it gains."""
    better = True
    while better:
        better = False
        for p in range(len(order)):
            for q in range(p):
                if gain(weight, placed, pull, order, p, q) < np.int64(-LEAST * UNIT):
                    _exchange(placed, order, p, q)
                    better = True


@numba.njit(cache=True, nogil=True)
def _exchange_pixel(weight, placed, pull, order, a, b):
    """Exchange the pixels whose places begin at a and b; by how much the energy grows."""
    change = np.int64(0)
    for c in range(COLOURS):
        change += gain(weight, placed, pull, order, a + c, b + c)
        _exchange(placed, order, a + c, b + c)
    return change


@numba.njit(cache=True, nogil=True)
def _exchange_pixels(weight, placed, pull, order):
    better = True
    while better:
        better = False
        for a in range(0, len(order), COLOURS):
            for b in range(0, a, COLOURS):
                if _exchange_pixel(weight, placed, pull, order, a, b) < np.int64(-LEAST * UNIT):
                    better = True
                else:
                    _exchange_pixel(weight, placed, pull, order, a, b)  # back


@numba.njit(cache=True, nogil=True)
def _lead(weight, placed, pull, order):
    least = np.full(len(order) // COLOURS, np.iinfo(np.int64).max)
    for p in range(len(order)):
        for q in range(p):
            change, a, b = gain(weight, placed, pull, order, p, q), p // COLOURS, q // COLOURS
            least[a], least[b] = min(least[a], change), min(least[b], change)
    for a in range(len(least)):
        for b in range(a):
            change = _exchange_pixel(weight, placed, pull, order, COLOURS * a, COLOURS * b)
            _exchange_pixel(weight, placed, pull, order, COLOURS * a, COLOURS * b)  # back
            least[a], least[b] = min(least[a], change), min(least[b], change)
    return least
