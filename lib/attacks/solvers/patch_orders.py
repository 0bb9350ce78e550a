"""Vectors of patches, each picture's in an order of its own, put into one order that all pictures share.

A vector holds what its place adds, and that is the same in all pictures. So two vectors of one place are
closer than two of different ones, and an assignment (Hungarian method) of a picture's vectors to those of
another undoes both orders up to a common one. After Carlini et al., arXiv:2108.07256, code: first to the
first picture, then to the mean of what came of it.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

Array = np.ndarray
ROUNDS = 3  # of assignments to the mean


def common_order(vectors: Array) -> Array:
    """(n, patches) int64: for each picture which of its vectors (n, patches, d) goes to each place of the
    common order, which is the first picture's."""
    target, order = vectors[0], None
    for _ in range(1 + ROUNDS):
        last, order = order, np.stack([closest(target, own) for own in vectors])
        if last is not None and (order == last).all():
            break
        target = np.take_along_axis(vectors, order[:, :, None], 1).mean(0)
    return order


def closest(target: Array, own: Array) -> Array:
    """(patches,) int64: for each row of `target` the row of `own` (both (patches, d)) it is assigned to, so
    that the sum of squared distances is least."""
    cost = (own**2).sum(1) - 2 * target @ own.T
    return linear_sum_assignment(cost)[1]
