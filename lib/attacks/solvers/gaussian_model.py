"""Pictures as a Gaussian random field: how likely streams of values are where they are put.

What stands at one place of all blocks is a *stream*; the correlations between streams, in one block and
across to the block beside and below, show which were neighbours. Under a model with a known covariance, the
likelihood of an order of streams is a sum over pairs of places: the inverse covariance of the two places
times the correlation of the streams put there, what `lib.attacks.solvers.quadratic_assignment` makes least.
The covariance carries a noise as strong as the picture itself (`FLOOR`), without which annealing is caught in
local maxima; a sharper one then polishes the result, and compares results.
"""

from functools import cache

import numpy as np

FLOOR, SHARP = 1.0, 0.05  # noise that the model adds to every place, as a share of a place's variance
ENOUGH = 1 << 16  # windows that a covariance is learned from


def correlations(streams: np.ndarray) -> np.ndarray:
    """(5, m, m) float64 of streams (n, rows, columns, m): in a block, to the right, back, down, back."""
    x = streams - streams.mean((0, 1, 2), dtype=np.float64)
    x = x / np.sqrt((x**2).mean((0, 1, 2)) + 1e-9)
    right, down = _product(x[:, :, :-1], x[:, :, 1:]), _product(x[:, :-1], x[:, 1:])
    return np.stack([_product(x, x), right, right.T, down, down.T])


def _product(a, b):
    a, b = (part.reshape(-1, part.shape[-1]) for part in (a, b))
    return a.T @ b / len(a)


@cache
def weights(block: int, reach: tuple, near: float, far: float, floor: float = FLOOR, colours: int = 3):
    """(5, m, m) float64, m = colours * block**2, read-only: what it costs that two places correlate, related
    as in `correlations`. Arguments as for `covariance`.

    Two blocks side by side are likely by the product over pairs, blocks below each other likewise, and what
    both count twice, the block itself, is taken off.
    """
    places = colours * block**2
    beside, below = (covariance(block, step, reach, near, far, colours) for step in ((0, 1), (1, 0)))
    alone, beside, below = (_inverse(each, floor) for each in (beside[:places, :places], beside, below))
    twice = [w[part, part] for w in (beside, below) for part in (slice(places), slice(places, None))]
    own = sum(twice) - 3 * alone
    right, down = 2 * beside[:places, places:], 2 * below[:places, places:]
    weight = np.stack([2 * own, right, right.T, down, down.T]) / mean_weight(own)
    weight.setflags(write=False)
    return weight


def covariance(block: int, step: tuple, reach: tuple, near: float, far: float, colours: int = 3):
    """(2 m, 2 m): of the places of a block and of the block that is `step` (down, right) blocks from it.
    Values of one colour correlate by exp(-distance), in units of reach down and across, (float, float); green
    with red or blue by `near` times that, red with blue by `far`."""
    y, x = np.divmod(np.arange(block**2), block)
    y, x = np.r_[y, y + block * step[0]], np.r_[x, x + block * step[1]]
    distance = np.hypot((y[:, None] - y) / reach[0], (x[:, None] - x) / reach[1])
    among = np.array([[1, near, far], [near, 1, near], [far, near, 1]])
    return np.kron(np.exp(-distance), among[:colours, :colours])


def _inverse(covariance, floor):
    return np.linalg.inv(covariance + floor * np.eye(len(covariance)))


def inside_weights(covariance: np.ndarray, floor: float) -> np.ndarray:
    """(1, m, m) float64: the weights of the places of one block by itself, from their covariance (m, m)."""
    inverse = _inverse(covariance, floor)
    return inverse[None] / mean_weight(inverse)


def mean_weight(inverse: np.ndarray) -> float:
    """m times the mean weight of two places of (m, m): what temperatures of annealing are in units of."""
    return len(inverse) * np.abs(inverse - np.diag(inverse.diagonal())).mean()


def window_covariance(images: np.ndarray, known: np.ndarray, side: int) -> np.ndarray:
    """(3 side**2, 3 side**2): of all windows of images (n, h, w, 3), pairs of pixels both `known` (h, w)."""
    _, h, w, _ = images.shape
    keep = max(1, ENOUGH // ((h - side + 1) * (w - side + 1)))
    images = images[:keep] * known[:, :, None]
    total, count = np.zeros((2, 3 * side**2, 3 * side**2))
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    masks = np.lib.stride_tricks.sliding_window_view(known, (side, side))
    for y in range(h - side + 1):
        x = windows[:, y].transpose(0, 1, 3, 4, 2).reshape(-1, 3 * side**2)
        m = np.repeat(masks[y].reshape(-1, side**2), 3, axis=1).astype(np.float32)
        total += x.T @ x
        count += m.T @ m
    # of pairs seen unequally often
    strengths, axes = np.linalg.eigh(total / np.maximum(count * len(images), 1))
    return axes * np.maximum(strengths, 1e-4 * strengths[-1]) @ axes.T


def conditional(covariance: np.ndarray, given: np.ndarray, wanted: np.ndarray, ridge: float, floor: float):
    """Of values `wanted` when others are `given`, both (m,) bool: the factors (given, wanted) that guess
    them, and the inverse covariance around that. ridge, floor: noise of the others and of the wanted."""
    noise = covariance.trace() / len(covariance)
    across = covariance[np.ix_(given, wanted)]
    around = covariance[np.ix_(given, given)] + ridge * noise * np.eye(given.sum())
    factors = np.linalg.solve(around, across)
    return factors, _inverse(covariance[np.ix_(wanted, wanted)] - across.T @ factors, floor * noise)
