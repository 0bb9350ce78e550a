"""Shuffled blocks of one picture laid out again, by the energies of `lib.attacks.solvers.compatibility`.

Blocks are laid one by one, always where the best candidate leads the second best by most (greedily, as A. C.
Gallagher, CVPR 2012, and G. Paikin and A. Tal, CVPR 2015). Only candidates of a border around are looked at,
a dozen each, so that a thousand blocks take milliseconds, and there is time to lay them a thousand times: a
part is taken out, or all but one part that holds together is (D. Pomeranz, M. Shemesh and O. Ben-Shahar, CVPR
2011), the rest laid again, a little at random, and the result kept if its energy is less. The energy of a
pair counts at most `CAP`: even in the picture itself there are pairs that do not match, and how badly says
nothing.
"""

import numba
import numpy as np

from lib.attacks.solvers.compatibility import BEYOND, RELATION, Borders, candidates, energy, measure
from lib.symmetries import COLOURS, Assembly, as_block_0, rebased

KEEP = 12  # candidates for each border
CAP = 8.0  # nats
STARTS = 4  # blocks to start from
TRIES, PATIENCE = 4000, 600  # times that a part is laid again, at most, and without gain
HOPELESS = 5.5  # nats a pair, above which a tenth of that patience is enough
LIMITS = (0.5, 1, 2, 4, 6)  # nats up to which a pair holds together, one of them each time
NOISE = (0, 0.5, 1, 2)  # nats, standard deviation, that leads are changed by, likewise
# free blocks that are tried, in all states, where none is a candidate: with more left, all is lost anyway
FORCED = 16
LARGEST = 4096  # blocks
# of the confidence: 1, mean energy of all pairs, and of a block's own; fitted on photographs
LOGIT = 7.2, -2.0, -0.4


def assemble(
    blocks: np.ndarray, rows: int, columns: int, turned=True, signs=True, colours=True, tries=TRIES
) -> Assembly:
    """Put blocks (n, rows * columns, b, b, 3) uint8 together; n images that share places and states, or one.

    turned, signs, colours   what may have been done to blocks, beside moving them
    The confidence of a place: how likely its block is the right one in the right state, up to what borders do
    not tell, a turn, mirror, sign or colour order of the whole. The picture comes back as block 0 has it.
    Errors: ValueError for a number of blocks that does not fit the grid, fewer than 2 rows or columns, more
    than 4096 blocks.
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
    borders, names, energies = candidates(measure(blocks, turned, signs, colours), KEEP)
    tables = Tables(borders, names, rows, columns)
    place, state = _search(tables, _seeds(energies), tries)
    confidence = tables.confidence(place, state)
    ys, xs = np.nonzero(place >= 0)
    box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
    place, state, confidence = place[box], state[box], confidence[box]
    found = Assembly(place, state // 12, state // 6 % 2, state % 6, confidence)
    return as_block_0(found if place.shape == (rows, columns) else rebased(found, 1))


def _seeds(energies):
    """Blocks to start from: those whose third best side is surest."""
    return np.argsort(np.sort(energies[:, 0].reshape(-1, 4), axis=1)[:, 2], kind="stable")[:STARTS]


def _search(tables, seeds, tries):
    """The layout of least energy that is found."""
    rng = np.random.default_rng(0)
    size, pairs = tables.size, 2 * tables.rows * tables.columns - tables.rows - tables.columns
    best = None
    for seed in seeds:
        place, state = np.full((size, size), -1), np.zeros((size, size), int)
        place[size // 2, size // 2] = seed
        best = _better(best, tables.filled(place, state, np.zeros((size, size))))
    since = 0
    for _ in range(tries):
        kept = _kept(tables, *best[:2], rng)
        since += 1
        if kept.any():
            place, state = _centred(np.where(kept, best[0], -1), np.where(kept, best[1], 0))
            found = tables.filled(place, state, rng.choice(NOISE) * rng.standard_normal((size, size)))
            since = 0 if found[2] < best[2] - 1e-3 else since
            best = _better(best, found)
        hopeless = best[2] > HOPELESS * pairs
        if since > PATIENCE / (10 if hopeless else 1):
            break
    return best[:2]


def _better(best, found):
    return found if best is None or found[2] < best[2] - 1e-3 else best


def _kept(tables, place, state, rng):
    """Which places are kept: one part that holds together, or all but a rectangle."""
    if rng.random() < 0.5:
        part = tables.parts(place, state, rng.choice(LIMITS))
        sizes = np.bincount(part[part >= 0]).astype(float) ** 1.5
        return part == (
            sizes.argmax() if rng.random() < 0.5 else rng.choice(len(sizes), p=sizes / sizes.sum())
        )
    out = place >= 0
    ys, xs = np.nonzero(out)
    (y, high), (x, wide) = (_span(axis.min(), axis.max() + 1, rng) for axis in (ys, xs))
    out[y : y + high, x : x + wide] = False
    return out


def _span(first, end, rng):
    length = rng.integers(1, (end - first) // 2 + 2)
    return rng.integers(first, end - length + 1), length


def _centred(place, state):
    """Both, moved so that there is room around the blocks."""
    ys, xs = np.nonzero(place >= 0)
    shift = tuple(len(place) // 2 - (axis.min() + axis.max() + 1) // 2 for axis in (ys, xs))
    return np.roll(place, shift, (0, 1)), np.roll(state, shift, (0, 1))


class Tables:
    """All that laying needs to know, handed on to the compiled loops."""

    def __init__(self, borders: Borders, names: np.ndarray, rows: int, columns: int):
        self.size = 2 * max(rows, columns) + 3
        self.rows, self.columns, self.turned = rows, columns, borders.turned
        self.known = borders, COLOURS, RELATION, BEYOND
        self.names = names
        orientations = range(8) if borders.turned else range(1)
        self.states = np.array(
            [12 * orientation + tone for orientation in orientations for tone in borders.used]
        )

    def filled(self, place, state, noise):
        _fill(self.known, self.names, self.states, place, state, self.rows, self.columns, self.turned, noise)
        return place, state, _total(self.known, place, state)

    def confidence(self, place, state):
        """How likely each block is in its place and state, by how well all pairs and its own fit; 0 where
        there is none."""
        own, pairs = np.zeros(place.shape), np.zeros(place.shape, int)
        for y, x in np.argwhere(place >= 0):
            own[y, x] = _around(self.known, place, state, y, x, place[y, x], state[y, x])
            pairs[y, x] = sum(place[_beside(side, y, x)] >= 0 for side in range(4))
        logit = LOGIT[0] + LOGIT[1] * own.sum() / pairs.sum() + LOGIT[2] * own / np.maximum(pairs, 1)
        return np.where(pairs, 1 / (1 + np.exp(-logit)), 0)

    def parts(self, place, state, limit):
        part = np.full(place.shape, -1)
        _parts(self.known, place, state, limit, part)
        return part


# -- compiled ------------------------------------------------------------------------------------------------


@numba.njit(cache=True, nogil=True)
def _pair(known, a, state_a, side, b, state_b):
    """The energy of block a in its state with block b in its own beyond `side` of it."""
    borders, orders, relation, _ = known
    code = relation[state_a, side, state_b]
    return min(
        energy(borders, orders, 4 * a + code // 96, 4 * b + code // 24 % 4, code % 24), np.float32(CAP)
    )


@numba.njit(cache=True, nogil=True)
def _beside(side, y, x):
    return y + (-1, 0, 1, 0)[side], x + (0, 1, 0, -1)[side]


@numba.njit(cache=True, nogil=True)
def _around(known, place, state, y, x, block, pose):
    """The energy of a block in a state at (y, x) with the blocks around."""
    total = np.float32(0)
    for side in range(4):
        v, u = _beside(side, y, x)
        if place[v, u] >= 0:
            total += _pair(known, block, pose, side, place[v, u], state[v, u])
    return total


@numba.njit(cache=True, nogil=True)
def _total(known, place, state):
    """The energy of a layout."""
    total = 0.0
    for y, x in np.ndindex(place.shape[0] - 1, place.shape[1] - 1):
        if place[y, x] >= 0:
            for side in (1, 2):
                v, u = _beside(side, y, x)
                if place[v, u] >= 0:
                    total += _pair(known, place[y, x], state[y, x], side, place[v, u], state[v, u])
    return total


@numba.njit(cache=True, nogil=True)
def _parts(known, place, state, limit, part):
    """Number the parts that hold together by pairs of at most `limit` energy."""
    count = 0
    todo = np.empty((place.size, 2), np.int64)
    for start in np.ndindex(place.shape):
        if place[start] < 0 or part[start] >= 0:
            continue
        part[start] = count
        todo[0], left = start, 1
        while left:
            left -= 1
            y, x = todo[left]
            for side in range(4):
                v, u = _beside(side, y, x)
                if place[v, u] < 0 or part[v, u] >= 0:
                    continue
                if _pair(known, place[y, x], state[y, x], side, place[v, u], state[v, u]) <= limit:
                    part[v, u] = count
                    todo[left] = v, u
                    left += 1
        count += 1


@numba.njit(cache=True, nogil=True)
def _look(known, names, free, place, state, y, x):
    """For (y, x): how far the best free candidate leads, its block and state, and the block of the second
    best."""
    beyond = known[3]
    least, second, block, pose, runner_up, around = np.inf, np.inf, -1, -1, -1, 0
    for side in range(4):
        v, u = _beside(side, y, x)
        if place[v, u] < 0:
            continue
        around += 1
        back, near = (side + 2) % 4, state[v, u]
        own = known[2][near, back, 0] // 96
        for name in names[4 * place[v, u] + own]:
            if name < 0 or not free[name // 96]:
                continue
            b, g = name // 96, beyond[near, back, name % 96]
            if b == block and g == pose:
                continue
            cost = _around(known, place, state, y, x, b, g)
            if cost < least:
                least, second, runner_up, block, pose = cost, least, block, b, g
            elif cost < second:
                second, runner_up = cost, b
    return min(second, CAP * around) - least, block, pose, runner_up


@numba.njit(cache=True, nogil=True)
def _forced(known, states, free, place, state, y, x):
    """Of a few free blocks the one, and its state, that fits (y, x) best, though it is no candidate of those
    around."""
    least, block, pose, tried = np.inf, -1, -1, 0
    for b in range(len(free)):
        if free[b] and tried < FORCED:
            tried += 1
            for g in states:
                cost = _around(known, place, state, y, x, b, g)
                if cost < least:
                    least, block, pose = cost, b, g
    return block, pose


@numba.njit(cache=True, nogil=True)
def _fits(box, y, x, rows, columns, turned):
    high, wide = max(box[1], y) - min(box[0], y) + 1, max(box[3], x) - min(box[2], x) + 1
    return (high <= rows and wide <= columns) or (turned and high <= columns and wide <= rows)


@numba.njit(cache=True, nogil=True)
def _laid(place, y, x, free, box, opened, changed):
    """Take note of the block that lies at (y, x)."""
    free[place[y, x]] = opened[y, x] = False
    box[0], box[1], box[2], box[3] = min(box[0], y), max(box[1], y), min(box[2], x), max(box[3], x)
    for side in range(4):
        v, u = _beside(side, y, x)
        if place[v, u] < 0:
            opened[v, u] = changed[v, u] = True


@numba.njit(cache=True, nogil=True)
def _fill(known, names, states, place, state, rows, columns, turned, noise):
    """Lay all blocks that are not in `place` yet, each time where the best block leads the second best by
    most."""
    size = len(place)
    free, box = np.ones(len(names) // 4, np.bool_), np.array([size, -1, size, -1])
    opened, changed = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
    # block, state, second best block
    lead, found = np.empty((size, size)), np.empty((size, size, 3), np.int64)
    for y, x in np.ndindex(size, size):
        if place[y, x] >= 0:
            _laid(place, y, x, free, box, opened, changed)
    for _ in range(free.sum()):
        best, at, most, fullest = -np.inf, (-1, -1), 0, (-1, -1)
        for y in range(max(box[0] - 1, 1), min(box[1] + 2, size - 1)):
            for x in range(max(box[2] - 1, 1), min(box[3] + 2, size - 1)):
                if not opened[y, x] or not _fits(box, y, x, rows, columns, turned):
                    continue
                if changed[y, x]:
                    ahead, block, pose, second = _look(known, names, free, place, state, y, x)
                    lead[y, x], changed[y, x] = ahead + noise[y, x], False
                    found[y, x, 0], found[y, x, 1], found[y, x, 2] = block, pose, second
                if lead[y, x] > best:
                    best, at = lead[y, x], (y, x)
                around = 0
                for side in range(4):
                    around += place[_beside(side, y, x)] >= 0
                if around > most:
                    most, fullest = around, (y, x)
        if at[0] >= 0:
            y, x = at
            block, pose = found[y, x, 0], found[y, x, 1]
        else:  # no free block is a candidate anywhere
            y, x = fullest
            block, pose = _forced(known, states, free, place, state, y, x)
        place[y, x], state[y, x] = block, pose
        _laid(place, y, x, free, box, opened, changed)
        for v in range(box[0] - 1, box[1] + 2):
            for u in range(box[2] - 1, box[3] + 2):
                if (
                    opened[v, u]
                    and not changed[v, u]
                    and (found[v, u, 0] == block or found[v, u, 2] == block)
                ):
                    changed[v, u] = True
