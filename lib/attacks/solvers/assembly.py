"""Shuffled blocks put together again: place, turn, mirror, sign and colour order of each, from how well edges
match.

Block contents may come from one image, or from many that were shuffled alike: with many, edges are compared
over all of them at once. What two facing edges have in common is second-order statistics, as in
`lib.attacks.many_ciphertexts.skk`: the determinant of the 3x3 second moments of their difference, beside that
of two edges with nothing in common. Blocks are then laid one by one, always the one whose place is surest
(greedily, as A. C. Gallagher, CVPR 2012, and G. Paikin and A. Tal, CVPR 2015, do for one image); the largest
part in which neighbours prefer each other to all others is kept, and the rest laid again (D. Pomeranz, M.
Shemesh and O. Ben-Shahar, CVPR 2011).

The picture as a whole may be turned, mirrored, negative or in another colour order: edges do not tell. It
comes back as block 0 has it. Moments are sums of whole numbers, exact in any order of summation: nearly equal
edges leave so little of them that another machine's rounding would decide otherwise where two parts of a
picture fit equally well.
"""

import numba
import numpy as np
from scipy.sparse.csgraph import connected_components

from lib.attacks.solvers.moments import FLOOR, log_determinant
from lib.symmetries import COLOUR_INVERSE, COLOUR_PRODUCT, COLOURS, SIDES, Assembly, as_block_0, rebased

# what the two outer lines of a block count: edges are extrapolated 0.4 pixels towards each other
NEAR, FAR = 7, -2
UNIT = 2 * (NEAR + FAR)  # edges are whole numbers; so much is one grey level
TEMPERATURE = 12.0  # nats of cost to a nat of evidence: pixels of an edge are not independent
ROUNDS = 12  # of keeping the best part and laying the rest again
LARGEST = 400  # blocks; costs of all pairs take 1.5 kB a pair


def assemble(blocks: np.ndarray, rows: int, columns: int, starts: int = 4) -> Assembly:
    """Put blocks (n, rows * columns, b, b, 3) uint8 together; n images that share places and states.

    Errors: ValueError for a number of blocks that does not fit the grid, fewer than 2 rows or columns, or
    more than 400.
    """
    if (
        blocks.ndim != 5
        or blocks.shape[1] != rows * columns
        or min(rows, columns) < 2
        or rows * columns > LARGEST
    ):
        raise ValueError(
            f"expected blocks (n, rows * columns, b, b, 3), 2 or more rows and columns and at most {LARGEST} blocks,"
            f" got {blocks.shape} for {rows}x{columns}; larger blocks, or a crop of the images, make fewer"
        )
    costs = edge_costs(blocks)
    first, second = _best_two(costs)
    seeds = np.argsort((first - second).min(axis=1))[:starts]
    results = [_lay(costs, first, rows, columns, seed) for seed in seeds]
    place, state, _ = min(results, key=lambda result: result[2])
    ys, xs = np.nonzero(place >= 0)
    box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
    place, state = place[box], state[box]
    confidence = _confidence(costs, first, place, state) * whole(blocks)
    found = Assembly(place, state // 12, state // 6 % 2, state % 6, confidence)
    return as_block_0(found if place.shape == (rows, columns) else rebased(found, 1))


# -- edges ---------------------------------------------------------------------------------------------------


def edges(blocks: np.ndarray) -> np.ndarray:
    """(blocks, 4, 3, b, n) float64, whole: the top, right, bottom and left edges, clockwise, extrapolated
    outward.

    127.5 is 0, and one grey level `UNIT`.
    """
    values = 2 * blocks.astype(np.float64) - 255
    turned = [np.rot90(values, side, axes=(2, 3)) for side in range(4)]  # the right edge comes up first
    lines = np.stack([NEAR * side[:, :, 0] + FAR * side[:, :, 1] for side in turned])
    return np.ascontiguousarray(lines.transpose(2, 0, 4, 3, 1))


def edge_costs(blocks: np.ndarray) -> np.ndarray:
    """(blocks, 4, blocks, 4, 2, 12) float32: how badly side s of block a goes with side t of block b; 0 is by
    chance.

    Then follow whether one of the two is mirrored, and the state between them, `6 * sign + colour order`: a =
    state of b.
    """
    lines = edges(blocks)
    count, _, _, b, n = lines.shape
    flat = lines.reshape(count * 4, 3, b * n)
    back = np.ascontiguousarray(lines[:, :, :, ::-1]).reshape(count * 4, 3, b * n)
    rows = flat.reshape(count * 12, b * n)
    scale = UNIT**2 * b * n
    cross = np.empty((2, count * 12, count * 12))
    for other, out in zip((back, flat), cross):
        np.matmul(rows, other.reshape(count * 12, b * n).T, out=out)
    cross /= scale
    own = np.einsum("kim,kjm->kij", flat, flat) / scale
    cross = cross.reshape(2, count * 4, 3, count * 4, 3)
    costs = _edge_costs(cross, own, COLOURS, COLOUR_INVERSE, b * n / 2, FLOOR)
    return costs.reshape(count, 4, count, 4, 2, 12)


@numba.njit(cache=True, nogil=True)
def _edge_costs(cross, own, colours, inverse, weight, floor):
    edges = len(own)
    out = np.zeros((edges, edges, 2, 12), np.float32)
    m = np.empty((3, 3))
    alone = np.array([log_determinant(own[e], floor) for e in range(edges)])
    for p, q, mirrored, g in np.ndindex(edges, edges, 2, 12):
        if q // 4 >= p // 4:
            continue
        o, s = colours[g % 6], 1.0 - 2 * (g // 6)
        for i in range(3):
            for j in range(3):
                between = cross[mirrored, p, i, q, o[j]] + cross[mirrored, p, j, q, o[i]]
                m[i, j] = own[p, i, j] + own[q, o[i], o[j]] - s * between
        cost = weight * (log_determinant(m, floor) - (alone[p] + alone[q]) / 2)
        out[p, q, mirrored, g] = out[q, p, mirrored, g - g % 6 + inverse[g % 6]] = cost
    return out


def whole(blocks: np.ndarray) -> bool:
    """Whether lines inside of blocks go together as they are; else the blocks were smaller, or pixels have
    their own keys.

    blocks as for `assemble`; each of the cuts between two lines, across and down, has the median of the
    blocks' costs.
    """
    values = np.moveaxis(blocks.astype(np.float64) - 127.5, 0, -2)  # (blocks, b, b, n, 3)
    for lines in (values, values.swapaxes(1, 2)):
        before, after = lines[:, :-1], lines[:, 1:]
        spread = [np.einsum("kcbni,kcbnj->kcij", v, v) for v in (before - after, before, after)]
        size = blocks.shape[2] * len(blocks)
        apart, *alone = (np.linalg.slogdet(m / size + FLOOR * np.eye(3))[1] for m in spread)
        if (np.median(apart - sum(alone) / 2, axis=0) > 0).any():
            return False
    return True


def _best_two(costs):
    """(blocks, 4) each: the least cost of every side, and the least with any other block than that one."""
    by_block = costs.min(axis=(3, 4, 5))
    least = np.sort(np.where(np.eye(len(costs), dtype=bool)[:, None], np.inf, by_block), axis=2)
    return least[..., 0], least[..., 1]


# -- laying --------------------------------------------------------------------------------------------------


def _lay(costs, first, rows, columns, seed):
    """(place, state, cost): blocks laid from a seed, the best part kept and the rest laid again while that
    costs less."""
    size = 2 * max(rows, columns) + 1
    place, state = np.full((size, size), -1), np.zeros((size, size), int)
    place[size // 2, size // 2] = seed
    best = None
    for _ in range(ROUNDS):
        _fill(costs, place, state, rows, columns, SIDES, COLOUR_PRODUCT, COLOUR_INVERSE)
        total = _total(costs, place, state, SIDES, COLOUR_PRODUCT, COLOUR_INVERSE)
        if best is not None and total >= best[2] - 1e-3:
            break
        best = place.copy(), state.copy(), total
        kept = _largest_part(costs, first, place, state)
        place, state = _centred(np.where(kept, place, -1), np.where(kept, state, 0))
    return best


def _centred(place, state):
    """Both, moved so that there is room around the blocks."""
    ys, xs = np.nonzero(place >= 0)
    shift = tuple(len(place) // 2 - (axis.min() + axis.max() + 1) // 2 for axis in (ys, xs))
    return np.roll(place, shift, (0, 1)), np.roll(state, shift, (0, 1))


@numba.njit(cache=True, nogil=True)
def _pair_cost(costs, a, state_a, side, b, state_b, sides, times, inverse):
    """Block a in its state, with block b in its own beyond `side` of it."""
    oa, ob = state_a // 12, state_b // 12
    sa, fa = sides[oa, side]
    sb, fb = sides[ob, (side + 2) % 4]
    sign = (state_a // 6 + state_b // 6) % 2
    return costs[a, sa, b, sb, fa ^ fb, 6 * sign + times[state_a % 6, inverse[state_b % 6]]]


@numba.njit(cache=True, nogil=True)
def _total(costs, place, state, sides, times, inverse):
    total = 0.0
    for y, x in np.ndindex(place.shape[0] - 1, place.shape[1] - 1):
        if place[y, x] < 0:
            continue
        for side, v, u in ((1, y, x + 1), (2, y + 1, x)):
            if place[v, u] >= 0:
                total += _pair_cost(
                    costs, place[y, x], state[y, x], side, place[v, u], state[v, u], sides, times, inverse
                )
    return total


@numba.njit(cache=True, nogil=True)
def _add(score, costs, place, state, y, x, sides, times, inverse):
    """Add what every free block in every state costs beside the one at (y, x) to the four places around."""
    for side in range(4):
        v, u = y + (-1, 0, 1, 0)[side], x + (0, 1, 0, -1)[side]
        if place[v, u] < 0:
            for b in range(len(costs)):
                for g in range(96):
                    score[v, u, b, g] += _pair_cost(
                        costs, place[y, x], state[y, x], side, b, g, sides, times, inverse
                    )


@numba.njit(cache=True, nogil=True)
def _fits(y, x, top, bottom, left, right, rows, columns):
    high, wide = max(bottom, y) - min(top, y) + 1, max(right, x) - min(left, x) + 1
    return (high <= rows and wide <= columns) or (high <= columns and wide <= rows)


@numba.njit(cache=True, nogil=True)
def _fill(costs, place, state, rows, columns, sides, times, inverse):
    """Lay all blocks that are not in `place` yet, each time where the best block leads the second best by
    most."""
    size, count = len(place), len(costs)
    score = np.zeros((size, size, count, 96), np.float32)
    free = np.ones(count, np.bool_)
    for y, x in np.ndindex(size, size):
        if place[y, x] >= 0:
            free[place[y, x]] = False
            _add(score, costs, place, state, y, x, sides, times, inverse)
    while free.any():
        ys, xs = np.nonzero(place >= 0)
        top, bottom, left, right = ys.min(), ys.max(), xs.min(), xs.max()
        lead, at = -np.inf, (0, 0, 0, 0)
        for y in range(max(top - 1, 1), min(bottom + 2, size - 1)):
            for x in range(max(left - 1, 1), min(right + 2, size - 1)):
                beside = (
                    place[y - 1, x] >= 0
                    or place[y + 1, x] >= 0
                    or place[y, x - 1] >= 0
                    or place[y, x + 1] >= 0
                )
                if place[y, x] >= 0 or not beside or not _fits(y, x, top, bottom, left, right, rows, columns):
                    continue
                best, second, block, pose = np.inf, np.inf, 0, 0
                for b in range(count):
                    if free[b]:
                        g = score[y, x, b].argmin()
                        c = score[y, x, b, g]
                        if c < best:
                            best, second, block, pose = c, best, b, g
                        elif c < second:
                            second = c
                ahead = -best if second == np.inf else second - best
                if ahead > lead:
                    lead, at = ahead, (y, x, block, pose)
        y, x, block, pose = at
        place[y, x], state[y, x], free[block] = block, pose, False
        _add(score, costs, place, state, y, x, sides, times, inverse)


# -- which part holds together -------------------------------------------------------------------------------


def _largest_part(costs, first, place, state):
    """Bool like place: the largest part in which each two neighbours that hold it together are each other's
    best."""
    links = np.zeros((place.size, place.size), bool)
    cells = np.arange(place.size).reshape(place.shape)
    for side, here, there in ((1, np.s_[:, :-1], np.s_[:, 1:]), (2, np.s_[:-1], np.s_[1:])):
        for p, q in zip(cells[here].ravel(), cells[there].ravel()):
            a, b = place.flat[p], place.flat[q]
            if min(a, b) >= 0:
                cost = _pair_cost(
                    costs, a, state.flat[p], side, b, state.flat[q], SIDES, COLOUR_PRODUCT, COLOUR_INVERSE
                )
                side_a, side_b = (
                    SIDES[state.flat[p] // 12, side, 0],
                    SIDES[state.flat[q] // 12, (side + 2) % 4, 0],
                )
                links[p, q] = cost < 0 and cost <= min(first[a, side_a], first[b, side_b])
    _, part = connected_components(links, directed=False)
    part = np.where(place.ravel() >= 0, part, -1)
    return (part == np.bincount(part[part >= 0]).argmax()).reshape(place.shape)


def _confidence(costs, first, place, state):
    """Of each place: its block and state beside all others, and beside having nothing in common with its
    neighbours.

    Outside the largest part that holds together a block may be right beside its neighbours and yet wrong with
    them.
    """
    place, state = np.pad(place, 2, constant_values=-1), np.pad(state, 2)
    sure = np.zeros(place.shape)
    for y, x in np.argwhere(place >= 0):
        near = np.s_[y - 2 : y + 3, x - 2 : x + 3]
        around, states, score = place[near].copy(), state[near], np.zeros((5, 5, len(costs), 96), np.float32)
        around[2, 2] = -1
        for v, u in ((1, 2), (2, 3), (3, 2), (2, 1)):
            if around[v, u] >= 0:
                _add(score, costs, around, states, v, u, SIDES, COLOUR_PRODUCT, COLOUR_INVERSE)
        own = float(score[2, 2, place[y, x], state[y, x]])
        rest = np.exp(np.minimum(own - score[2, 2].astype(float), 600) / TEMPERATURE).sum()
        sure[y, x] = 1 / (rest + 96 * np.exp(min(own, 600) / TEMPERATURE))
    held = _largest_part(costs, first, place, state)
    return np.where(held, sure, sure * held.sum() / (place >= 0).sum())[2:-2, 2:-2]
