"""The served weights of a keyed model, and no checkpoint: trained filters are smooth, as pictures are.

A patch map is trained on pictures, so its columns for two pixels side by side are alike, and those of the
colours of a pixel; this holds for every network, whatever it was started from. The key has moved the columns
and changed signs, but how like two columns are, their correlation, moves with them:

1. Correlations expected between two places come from a network of the attacker's own, trained on anybody's
   pictures: the mean over all pairs as far apart, in its patch map.
2. A quadratic assignment puts the served columns where their correlations are likeliest, under a Gaussian
   model with these (`lib.attacks.solvers.gaussian_model`). Signs are part of it: each column is there twice,
   as it is and negative, and what uses both pays.
3. Where the position code was moved with the blocks, the same is done with its rows, without signs.
4. Left open are the symmetries of pictures. In which turn patches fit to each other, ciphertexts tell; order
   of colours and sign are guessed by public pictures (`lib.attacks.solvers.ambiguity`). A turn or mirror of
   the whole stays open where blocks were moved.

Kinds of blocks have the same columns in other orders, so that one is solved and the others are matched to it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lib.attacks import AttackResult, check_ciphers, measured
from lib.attacks.served_model.checkpoint import Matching, matched, put_back
from lib.attacks.solvers import ambiguity
from lib.attacks.solvers.gaussian_model import inside_weights
from lib.attacks.solvers.quadratic_assignment import Assignment
from lib.attacks.solvers.recovered_table import roughness
from lib.models.keyed import ServedWeights
from lib.symmetries import COLOURS, orientation_orders

FLOOR = 1.0  # noise of the model, as a share of a column's variance
TWICE = 0.1  # what a column pays that is used with both signs
SCHEDULE = 1000, 0.02, 0.005  # of annealing: tries for two places, first and last temperature
STARTS = 12
SEEN = 20  # ciphertexts that say which turn is smooth


class Arrangement(NamedTuple):
    """Place p holds row where[p], with sign[p], at what energy."""

    where: np.ndarray
    sign: np.ndarray
    energy: float


@measured
def from_filters(
    served: ServedWeights, own: ServedWeights, ciphers: np.ndarray, public: np.ndarray | None = None,
    seed: int = 0, starts: int = STARTS,
) -> AttackResult:  # fmt: skip
    """The plain images of clients, and the table, from served weights alone.

    served    as `lib.models.keyed.served` gives them
    own       the same of a plain network of the attacker's own, with patches of that size, best of that
              architecture; trained apart from the served one
    ciphers   (n, h, w, 3) uint8, what clients send
    public    (k, h', w', 3) uint8 pictures of anybody's; None for the embedded photographs
    starts    of the search; the arrangement of least energy counts

    recovered    as of `beside_checkpoint`
    confidence   0: none is reported
    Errors: ValueError for weights or ciphertexts of another size.
    """
    check_ciphers(ciphers, served.block)
    if served.block != own.block:
        raise ValueError(f"patches of {served.block} pixels and of {own.block} cannot be compared")
    rng = np.random.default_rng(seed)
    columns = [first := _first(served, own, rng, starts)]
    for kernel in served.kernels[1:]:
        like = matched(kernel.T, served.kernels[0].T, part=1 - 1e-9)
        columns.append(
            Matching(first.order[like.order], like.sign * first.sign[like.order], like.chance, like.part)
        )
    grid = tuple(side // served.block for side in ciphers.shape[1:3])
    source = _sources(served, own, grid, rng, starts)
    smooth = min(_turned(served, columns, source, grid), key=lambda turned: _seams(served, ciphers, *turned))
    return _upright(served, ciphers, *smooth, public)


def _first(served, own, rng, starts) -> Matching:
    """The columns of the first kind of block: which plain atom each is, and its sign."""
    rows, levels = served.kernels[0].T, 8 // served.bits
    atoms, signs = _bytes(rows, levels)
    expected = stationary(correlation(own.kernels[0].T), (served.block, served.block, 3))
    found = arranged(correlation(rows[atoms[:, 0]]), expected, rng, starts)
    order, sign = np.empty((2, len(rows)), np.int64)
    order[atoms[found.where]] = np.arange(len(rows)).reshape(-1, levels)
    sign[atoms[found.where]] = found.sign[:, None] * signs[found.where]
    return Matching(order, sign, np.zeros(len(rows)), 0.0)


def _bytes(rows, levels):
    """(bytes, levels) which rows are the atoms of one byte, the highest first, and their signs to that. They
    are multiples of one another, each 16 times (of nibbles) or 4 times (of pairs of bits) the next."""
    ranked = np.argsort(-(rows**2).sum(1), kind="stable").reshape(levels, -1)
    alike = correlation(rows)
    atoms, signs = np.empty((2, ranked.shape[1], levels), np.int64)
    for level, lower in enumerate(ranked):
        like = alike[np.ix_(ranked[0], lower)]
        best = np.abs(like).argmax(1)
        atoms[:, level], signs[:, level] = lower[best], np.sign(like[np.arange(len(best)), best])
    return atoms, signs


def _sources(served, own, grid, rng, starts) -> np.ndarray:
    """(patches,) which plain patch each cipher patch is, up to a turn of all; as they stand where no weights
    tell, or where these are smooth already."""
    patches = len(served.kinds)
    if served.places is not None or served.positions is None or own.positions is None:
        return np.arange(patches) if served.places is None else served.places
    ours, theirs = (correlation(each.positions - each.positions.mean(0)) for each in (served, own))
    expected = stationary(theirs, (*grid, 1))
    found = arranged(ours, expected, rng, starts, signed=False)
    as_it_is = _problem(ours, expected, signed=False).energy(np.arange(patches))
    return np.arange(patches) if as_it_is < 0.9 * found.energy else np.argsort(found.where)


def arranged(
    ours: np.ndarray, expected: np.ndarray, rng: np.random.Generator, starts: int, signed: bool = True
) -> Arrangement:
    """Rows to places, so that their correlations `ours` (m, m) are likeliest where `expected` (m, m) are; up
    to signs if `signed`. Of `starts` searches the one of least energy."""
    m, problem = len(ours), _problem(ours, expected, signed)
    orders = [problem.annealed(np.arange(m * (1 + signed)), rng, SCHEDULE) for _ in range(starts)]
    best = min(orders, key=problem.energy)
    where, sign = best[:m] % m, np.where(best[:m] < m, 1, -1)
    again = np.setdiff1d(np.arange(m), np.unique(where, return_index=True)[1])
    where[again] = np.setdiff1d(np.arange(m), where)  # rows left over, where one was used twice
    return Arrangement(where, sign, problem.energy(best))


def _problem(ours, expected, signed):
    """Rows, and their negatives after them, for as many places, of which the last ones count nothing."""
    m, apart = len(ours), 1 - np.eye(len(ours))
    weight, moment = inside_weights(expected, FLOOR) * apart, ours[None]
    if not signed:
        return Assignment(weight, moment)
    weights, moments = np.zeros((2, 2, 2 * m, 2 * m))
    weights[:, :m, :m] = weight[0], TWICE * apart
    moments[0] = np.block([[ours, -ours], [-ours, ours]])
    moments[1] = np.kron(1 - np.eye(2), np.eye(m))
    return Assignment(weights, moments)


def correlation(rows: np.ndarray) -> np.ndarray:
    """(m, m) float64: cosines of the rows (m, dim)."""
    unit = rows / np.sqrt((rows.astype(np.float64) ** 2).sum(1, keepdims=True) + 1e-30)
    return unit @ unit.T


def stationary(correlation: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """(m, m): for two places of `shape` (h, w, channels) the mean over all pairs as far apart, down and
    across, and of the same two channels."""
    _, w, channels = shape
    y, x, c = np.unravel_index(np.arange(len(correlation)), shape)
    down, across = (np.abs(np.subtract.outer(each, each)) for each in (y, x))
    pair = np.minimum.outer(c, c) * channels + np.maximum.outer(c, c)
    kind = (down * w + across) * channels**2 + pair
    count = np.bincount(kind.ravel())
    return (np.bincount(kind.ravel(), correlation.ravel()) / np.maximum(count, 1))[kind]


def _turned(served, columns, source, grid):
    """(columns, source) in every orientation of patches, and of the picture where that is open."""
    levels, told = 8 // served.bits, served.places is not None or (source == np.arange(len(source))).all()
    blocks = np.arange(len(source))[None]
    if not told and grid[0] == grid[1]:
        blocks = orientation_orders(grid[0], 1)
    for places in orientation_orders(served.block):
        atoms = (places[:, None] * levels + np.arange(levels)).ravel()
        turned = [each._replace(order=atoms[each.order]) for each in columns]
        yield from ((turned, order[source]) for order in blocks)


def _seams(served, ciphers, columns, source) -> float:
    """How much pixels differ across the borders of blocks."""
    estimate = put_back(served, ciphers[:SEEN], columns, source, np.zeros(len(source))).estimate
    return roughness(estimate, served.block)


def _upright(served, ciphers, columns, source, public) -> AttackResult:
    """The result in the sign and order of colours that public pictures make likeliest."""
    result = put_back(served, ciphers, columns, source, np.zeros(len(source)))
    (_, negative, colour), settled = ambiguity.settle(result.estimate, public, turned=False)
    levels = 8 // served.bits
    back = np.argsort(COLOURS[colour])
    place, level = np.divmod(np.stack([each.order for each in columns]), levels)
    pixel, channel = np.divmod(place, 3)
    orders = (pixel * 3 + back[channel]) * levels + level
    columns = [
        each._replace(order=order, sign=each.sign * (-1 if negative else 1))
        for each, order in zip(columns, orders)
    ]
    result = put_back(served, ciphers, columns, source, np.zeros(len(source)))
    return replace(result, recovered=result.recovered | {"settled": settled})
