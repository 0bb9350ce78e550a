"""Puts unknown streams of values in their places on a grid of pixels, by what nearby pixels of pictures have
in common.

A block key moves each value of a block to the same place in every block. What stands at one place of all
blocks is a
*stream*; the correlations between streams, in one block and across to the block beside and below, show which
were neighbours. Under a Gaussian model of pictures with a known covariance, the likelihood of an arrangement
is a sum over pairs of places: the inverse covariance of the two places times the correlation of the streams
put there. The best arrangement is a quadratic assignment (Koopmans and Beckmann, Econometrica 25, 1957),
solved by simulated annealing over exchanges of two streams (Burkard and Rendl, EJOR 17, 1984).

The covariance carries a noise as strong as the picture itself (`FLOOR`), without which the likelihood has so
many local maxima that annealing rarely finds the top; a sharper one then polishes the result, and compares
results.

Annealing reckons in whole numbers: the order of summation differs between processors, and one rounding the
other way leads to another answer where the right one is not found.
"""

from functools import cache

import numba
import numpy as np

FLOOR, SHARP = 1.0, 0.05  # noise that the model adds to every place, as a share of a place's variance
HOT, COLD = 0.3, 0.003  # temperatures, where the mean weight of two places is 1 / places
TRIES = 15  # exchanges tried while annealing, per pair of places, counted twice
SCALE = 1 << 22  # weights and correlations are whole numbers of this part of 1


def correlations(streams: np.ndarray) -> np.ndarray:
    """(5, m, m) float64 of streams (n, rows, columns, m): in a block, from one to the next on its right,
    back, down, back."""
    x = streams - streams.mean((0, 1, 2), dtype=np.float64)
    x = x / np.sqrt((x**2).mean((0, 1, 2)) + 1e-9)
    right, down = _product(x[:, :, :-1], x[:, :, 1:]), _product(x[:, :-1], x[:, 1:])
    return np.stack([_product(x, x), right, right.T, down, down.T])


def _product(a, b):
    a, b = (part.reshape(-1, part.shape[-1]) for part in (a, b))
    return a.T @ b / len(a)


@cache
def weights(
    block: int, reach: tuple, near: float, far: float, floor: float = FLOOR, colours: int = 3
) -> np.ndarray:
    """(5, m, m) float64, m = colours * block**2, read-only: what it costs that two places correlate, related
    as in `correlations`.

    The model: values of one colour correlate by exp(-distance), in units of reach down and across, (float,
    float); green with red or blue by `near` times that, red with blue by `far`. Two blocks side by side are
    likely by the product over pairs, blocks below each other likewise, and what both count twice, the block
    itself, is taken off.
    """
    places = colours * block**2
    beside, below = (model_covariance(block, step, reach, near, far, colours) for step in ((0, 1), (1, 0)))
    alone, beside, below = (_inverse(each, floor) for each in (beside[:places, :places], beside, below))
    own = (
        sum(w[part, part] for w in (beside, below) for part in (slice(places), slice(places, None)))
        - 3 * alone
    )
    right, down = 2 * beside[:places, places:], 2 * below[:places, places:]
    scale = places * np.abs(own - np.diag(np.diag(own))).mean()
    weight = np.stack([2 * own, right, right.T, down, down.T]) / scale
    weight.setflags(write=False)
    return weight


def model_covariance(block, step, reach, near, far, colours=3):
    """(2 m, 2 m): of the places of a block and of the block that is `step` (down, right) blocks from it, see
    `weights`."""
    y, x = np.divmod(np.arange(block**2), block)
    y, x = np.r_[y, y + block * step[0]], np.r_[x, x + block * step[1]]
    distance = np.hypot((y[:, None] - y) / reach[0], (x[:, None] - x) / reach[1])
    among = np.array([[1, near, far], [near, 1, near], [far, near, 1]])
    return np.kron(np.exp(-distance), among[:colours, :colours])


def _inverse(covariance, floor):
    return np.linalg.inv(covariance + floor * np.eye(len(covariance)))


def energy(weight: np.ndarray, correlation: np.ndarray, order: np.ndarray) -> float:
    """Minus the log-likelihood, but for scale and constants, of stream order[p] at place p for every p; all
    signs 1."""
    return 0.5 * float((weight * correlation[:, order[:, None], order]).sum())


def arrange(weight: np.ndarray, correlation: np.ndarray, order: np.ndarray, rng=None) -> np.ndarray:
    """The order, (m,) int64, of least energy that annealing finds; without `rng`, only exchanges that gain,
    from `order`."""
    order = order.copy()
    if rng is not None:
        rng.shuffle(order)
    weight, placed = whole(weight), whole(correlation[:, order[:, None], order])
    if rng is not None:
        steps = TRIES * len(order) ** 2
        p, q = rng.integers(len(order), size=steps), rng.integers(len(order) - 1, size=steps)
        bound = -np.log1p(-rng.random(steps)) * np.geomspace(HOT, COLD, steps)
        _anneal(weight, placed, order, p, q + (q >= p), (bound * (2 * SCALE**2)).astype(np.int64))
    _descend(weight, placed, order)
    return order


def whole(matrices: np.ndarray) -> np.ndarray:
    """(m, m, 5) int32 of (5, m, m) float64 in -500..500, as `gain` takes them."""
    return np.ascontiguousarray((matrices * SCALE).round().astype(np.int32).transpose(1, 2, 0))


def replace(weight: np.ndarray, correlation: np.ndarray, order: np.ndarray, sign: np.ndarray):
    """Other streams at some places, or other signs, as long as one such change gains: the new (order, sign).

    correlation  of all streams there are, (5, all, all); order, sign (m,): which are placed so far, and 1.0
                 or -1.0
    """
    order, sign, places = order.copy(), sign.copy(), np.arange(len(order))
    own = np.einsum("rp,ra->pa", weight[:, places, places], correlation.diagonal(axis1=1, axis2=2)) / 2
    while True:
        signed = correlation[:, :, order] * sign
        pull = np.einsum("rpk,rak->pa", weight, signed, optimize=True)
        pull -= np.einsum("rp,rap->pa", weight[:, places, places], signed)  # a place does not pull at itself
        change = own - np.abs(pull) - (own + sign[:, None] * pull)[places, order][:, None]
        change[:, order] = np.inf
        change[places, order] = -np.abs(pull[places, order]) - sign * pull[places, order]
        p, a = np.unravel_index(change.argmin(), change.shape)
        if change[p, a] > -1e-4:
            return order, sign
        order[p], sign[p] = a, -1.0 if pull[p, a] > 0 else 1.0


@numba.njit(cache=True, nogil=True)
def _anneal(weight, placed, order, p, q, bound):
    """Exchange streams p[t] and q[t] in `order`, and in `placed` (m, m, 5), where the energy grows by less
    than bound[t]."""
    for t in range(len(p)):
        if gain(weight, placed, p[t], q[t]) < bound[t]:
            _exchange(placed, order, p[t], q[t])


@numba.njit(cache=True, nogil=True)
def _descend(weight, placed, order):
    """Exchange as long as it gains."""
    better, least = True, np.int64(-1e-5 * 2 * SCALE**2)
    while better:
        better = False
        for p in range(len(order)):
            for q in range(p):
                if gain(weight, placed, p, q) < least:
                    _exchange(placed, order, p, q)
                    better = True


@numba.njit(cache=True, nogil=True)
def gain(weight, placed, p, q):
    """By how much the energy grows if the streams at places p and q change places, in units of 1 / (2 *
    SCALE**2)."""
    m, kinds = weight.shape[0], weight.shape[2]
    wp, wq, cp, cq = weight[p].ravel(), weight[q].ravel(), placed[p].ravel(), placed[q].ravel()
    total = np.int64(0)
    for i in range(m * kinds):
        total += np.int64(wp[i] - wq[i]) * np.int64(cq[i] - cp[i])
    for i in range(kinds):  # the pairs of p and q themselves
        a, b = p * kinds + i, q * kinds + i
        total -= np.int64(wp[a] - wq[a]) * (cq[a] - cp[a]) + np.int64(wp[b] - wq[b]) * (cq[b] - cp[b])
    total *= 2
    for i in range(kinds):
        a, b = p * kinds + i, q * kinds + i
        total += np.int64(wp[a] - wq[b]) * (cq[b] - cp[a]) + 2 * np.int64(wp[b]) * (cq[a] - cp[b])
    return total


@numba.njit(cache=True, nogil=True)
def _exchange(placed, order, p, q):
    for k in range(placed.shape[0]):
        for i in range(placed.shape[2]):
            placed[p, k, i], placed[q, k, i] = placed[q, k, i], placed[p, k, i]
    for k in range(placed.shape[0]):
        for i in range(placed.shape[2]):
            placed[k, p, i], placed[k, q, i] = placed[k, q, i], placed[k, p, i]
    order[p], order[q] = order[q], order[p]
