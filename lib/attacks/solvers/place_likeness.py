"""Which place is which, from how alike two places of a picture are, before any picture is matched.

Vectors of two places go together where these are neighbours, as patches do; and that needs no pairs of
pictures. So there are two tables of likeness, place by place, and an order that makes them agree: a quadratic
assignment. Pictures look much the same when they are turned or mirrored, so the orders come in eight
orientations each.
"""

from math import isqrt

import numpy as np

from lib.attacks.solvers.quadratic_assignment import Assignment
from lib.symmetries import orientation_orders

Array = np.ndarray
SCHEDULE = 45, 2, 0.02  # of annealing, see `quadratic_assignment`
RUNS = 4  # of annealing


def likeness(vectors: Array) -> Array:
    """(P, P): the correlation of places of vectors (n, P, d) over pictures, with mean 0 and variance 1 off
    the diagonal, and 0 on it."""
    rest = vectors - vectors.mean(0)
    both = np.einsum("npd,nqd->pq", rest, rest)
    size = np.sqrt(both.diagonal())
    both, off = both / size / size[:, None], ~np.eye(len(both), dtype=bool)
    return (both - both[off].mean()) / both[off].std() * off


def orders(ours: Array, theirs: Array, seed: int = 0) -> list[Array]:
    """(P,) int64 each: for each place of `ours` (n, P, d) the place of `theirs` (m, P, d), P places of a
    square."""
    count, side = ours.shape[1], isqrt(ours.shape[1])
    if side**2 != count:
        raise ValueError(f"expected the places of a square, got {count}")
    both = Assignment(-likeness(ours)[None] / count, likeness(theirs)[None])
    found = []
    for run in range(RUNS):
        order = both.annealed(np.arange(count), np.random.default_rng(seed + run), SCHEDULE)
        found += [order[each] for each in orientation_orders(side, channels=1)]
    return found
