"""Placement: shuffled blocks laid out again, by the energies of `lib.attacks.solvers.compatibility`.

Blocks are laid one by one, always where the best candidate leads the second best by most (greedily, as A. C.
Gallagher, CVPR 2012, and G. Paikin and A. Tal, CVPR 2015). Only a dozen candidates of a border around are
looked at, which is fast enough to lay blocks a thousand times: a part is taken out, or all but one part that
holds together is (D. Pomeranz, M. Shemesh and O. Ben-Shahar, CVPR 2011), the rest laid again, a little at
random, and the result kept if its energy is less. The energy of a pair counts at most `CAP`: even in the
picture itself there are pairs that do not match, and how badly says nothing.
"""

from typing import NamedTuple

import numba
import numpy as np

from lib.attacks.solvers.assembly import Assembly, as_block_0, rebased
from lib.attacks.solvers.compatibility import BEYOND, RELATION, Compatibility, pair_energy

CAP = 8.0  # nats
STARTS = 4  # blocks to start from
TRIES, PATIENCE = 4000, 600  # times that a part is laid again, at most, and without gain
CERTAIN = 0.05  # nats a pair, below which nothing is laid again
HOPELESS = 5.5  # nats a pair, above which a tenth of that patience is enough
LIMITS = (0.5, 1, 2, 4, 6)  # nats up to which a pair holds together, one of them each time
NOISE = (0, 0.5, 1, 2)  # nats, standard deviation, that leads are changed by, likewise
FORCED = 16  # free blocks that are tried, in all states, where none is a candidate
LARGEST = 4096  # blocks
LOGIT = 7.2, -2.0, -0.4  # of the confidence: 1, mean energy of all pairs, and own; fitted on photographs


def place(compatibility: Compatibility, rows: int, columns: int, tries: int = TRIES) -> Assembly:
    """Lay rows * columns blocks out, of as many or more; parts are laid again at most `tries` times.

    The confidence of a place: how likely its block is the right one in the right state, up to what borders do
    not tell, a turn, mirror, sign or colour order of the whole. The picture comes back as block 0 has it.
    Errors: ValueError for blocks that do not fit the grid, fewer than 2 rows or columns, over 4096 blocks.
    """
    count = len(compatibility.names) // 4
    if count < rows * columns or min(rows, columns) < 2 or count > LARGEST:
        got = f"got {count} for {rows}x{columns}; larger blocks, or a crop of the images, make fewer"
        enough = f"as many blocks as places or more, {LARGEST} at most"
        raise ValueError(f"expected 2 or more rows and columns, and {enough}, {got}")
    best = search(compatibility, rows, columns, tries)
    ys, xs = np.nonzero(best.block >= 0)
    box = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
    block, state = best.block[box], best.state[box]
    found = Assembly(block, state // 12, state // 6 % 2, state % 6, _confidence(best)[box])
    return as_block_0(found if block.shape == (rows, columns) else rebased(found, 1))


class Layout(NamedTuple):
    """Blocks and their states on a grid (size, size) int with room around, -1 for none; the energy of each
    block with those on its right and below, (2, size, size) float32, inf for none, and of all."""

    block: np.ndarray
    state: np.ndarray
    pairs: np.ndarray
    energy: float


def search(compatibility: Compatibility, rows: int, columns: int, tries: int) -> Layout:
    """The layout of least energy that is found: greedily from a few blocks, then by laying parts again."""
    rng, shape = np.random.default_rng(0), (2 * max(rows, columns) + 3,) * 2
    pairs = 2 * rows * columns - rows - columns

    def filled(block, state, noise):
        _fill(compatibility, block, state, rows, columns, noise)
        energies = _pair_energies(compatibility, block, state)
        return Layout(block, state, energies, energies[energies < np.inf].sum(dtype=float))

    best = Layout(*(np.empty(0),) * 3, np.inf)
    # blocks to start from: those whose third best side is surest
    surest = np.argsort(np.sort(compatibility.energies[:, 0].reshape(-1, 4), axis=1)[:, 2], kind="stable")
    for seed in surest[:STARTS]:
        alone = np.full(shape, -1)
        alone[shape[0] // 2, shape[0] // 2] = seed
        found = filled(alone, np.zeros(shape, int), np.zeros(shape))
        best = found if found.energy < best.energy - 1e-3 else best
    since = 0
    for _ in range(tries):
        if best.energy < CERTAIN * pairs or since > PATIENCE / (10 if best.energy > HOPELESS * pairs else 1):
            break
        kept = _kept(best, rng)
        since += 1
        if kept.any():
            # moved so that there is room around
            shift = tuple(shape[0] // 2 - (axis.min() + axis.max() + 1) // 2 for axis in np.nonzero(kept))
            part = np.where(kept, best.block, -1), np.where(kept, best.state, 0)
            part = (np.roll(each, shift, (0, 1)) for each in part)
            found = filled(*part, rng.choice(NOISE) * rng.standard_normal(shape))
            if found.energy < best.energy - 1e-3:
                best, since = found, 0
    return best


def _kept(layout, rng):
    """Which places are kept: one part that holds together, or all but a rectangle."""
    out = layout.block >= 0
    if rng.random() < 0.5:
        part = _parts(layout.pairs, rng.choice(LIMITS))
        sizes = np.bincount(part[out]).astype(float) ** 1.5
        largest = rng.random() < 0.5
        return out & (part == (sizes.argmax() if largest else rng.choice(len(sizes), p=sizes / sizes.sum())))
    box = []
    for first, end in ((axis.min(), axis.max() + 1) for axis in np.nonzero(out)):
        length = rng.integers(1, (end - first) // 2 + 2)
        start = rng.integers(first, end - length + 1)
        box.append(slice(start, start + length))
    out[tuple(box)] = False
    return out


def _confidence(layout):
    """How likely each block is in its place and state, by how well all pairs and its own fit; 0 for none."""
    (right, down), there = np.where(layout.pairs < np.inf, layout.pairs, 0), layout.pairs < np.inf
    own = right + down + np.roll(right, 1, axis=1) + np.roll(down, 1, axis=0)
    pairs = there[0] * 1 + there[1] + np.roll(there[0], 1, axis=1) + np.roll(there[1], 1, axis=0)
    logit = LOGIT[0] + LOGIT[1] * own.sum() / pairs.sum() + LOGIT[2] * own / np.maximum(pairs, 1)
    return np.where(pairs, 1 / (1 + np.exp(-logit)), 0)


# -- compiled: c is a Compatibility, block and state those of a Layout, (y, x) a place in it -----------------


@numba.njit(cache=True, nogil=True)
def _beside(side, y, x):
    return y + (-1, 0, 1, 0)[side], x + (0, 1, 0, -1)[side]


@numba.njit(cache=True, nogil=True)
def _pair(c, a, state_a, side, b, state_b):
    """The energy of block a in its state with block b in its own beyond `side` of it."""
    code = RELATION[state_a, side, state_b]
    return min(pair_energy(c, 4 * a + code // 96, 4 * b + code // 24 % 4, code % 24), np.float32(CAP))


@numba.njit(cache=True, nogil=True)
def _around(c, block, state, y, x, own, pose):
    """The energy of a block in a state at (y, x) with the blocks around."""
    total = np.float32(0)
    for side in range(4):
        v, u = _beside(side, y, x)
        if block[v, u] >= 0:
            total += _pair(c, own, pose, side, block[v, u], state[v, u])
    return total


@numba.njit(cache=True, nogil=True)
def _pair_energies(c, block, state):
    """See `Layout`."""
    out = np.full((2, *block.shape), np.float32(np.inf))
    for y, x in np.ndindex(block.shape[0] - 1, block.shape[1] - 1):
        for side in (1, 2):
            v, u = _beside(side, y, x)
            if min(block[y, x], block[v, u]) >= 0:
                out[side - 1, y, x] = _pair(c, block[y, x], state[y, x], side, block[v, u], state[v, u])
    return out


@numba.njit(cache=True, nogil=True)
def _parts(pairs, limit):
    """(size, size) int: a number for each part that holds together by pairs of at most `limit` energy."""
    part = np.arange(pairs[0].size).reshape(pairs.shape[1:])
    changed = True
    while changed:
        changed = False
        for k, y, x in np.ndindex(pairs.shape):
            v, u = y + k, x + 1 - k
            if pairs[k, y, x] <= limit and part[y, x] != part[v, u]:
                part[y, x] = part[v, u] = min(part[y, x], part[v, u])
                changed = True
    return part


@numba.njit(cache=True, nogil=True)
def _look(c, free, block, state, y, x):
    """For (y, x): how far the best free candidate leads, its block and state, and the second best block."""
    least, second, best, pose, runner_up, around = np.inf, np.inf, -1, -1, -1, 0
    for side in range(4):
        v, u = _beside(side, y, x)
        if block[v, u] < 0:
            continue
        around += 1
        back, near = (side + 2) % 4, state[v, u]
        for name in c.names[4 * block[v, u] + RELATION[near, back, 0] // 96]:
            if name < 0 or not free[name // 96]:
                continue
            b, g = name // 96, BEYOND[near, back, name % 96]
            if b == best and g == pose:
                continue
            cost = _around(c, block, state, y, x, b, g)
            if cost < least:
                least, second, runner_up, best, pose = cost, least, best, b, g
            elif cost < second:
                second, runner_up = cost, b
    return min(second, CAP * around) - least, best, pose, runner_up


@numba.njit(cache=True, nogil=True)
def _forced(c, free, block, state, y, x):
    """Of a few free blocks the one, and its state, that fits (y, x) best, though it is no candidate there."""
    least, best, pose, tried = np.inf, -1, -1, 0
    for b in range(len(free)):
        if free[b] and tried < FORCED:
            tried += 1
            for orientation in range(8 if c.turned else 1):
                for tone in c.used:
                    cost = _around(c, block, state, y, x, b, 12 * orientation + tone)
                    if cost < least:
                        least, best, pose = cost, b, 12 * orientation + tone
    return best, pose


@numba.njit(cache=True, nogil=True)
def _fits(box, y, x, rows, columns, turned):
    high, wide = max(box[1], y) - min(box[0], y) + 1, max(box[3], x) - min(box[2], x) + 1
    return (high <= rows and wide <= columns) or (turned and high <= columns and wide <= rows)


@numba.njit(cache=True, nogil=True)
def _laid(block, y, x, free, box, opened, changed):
    """Take note of the block that lies at (y, x)."""
    free[block[y, x]] = opened[y, x] = False
    box[0], box[1], box[2], box[3] = min(box[0], y), max(box[1], y), min(box[2], x), max(box[3], x)
    for side in range(4):
        v, u = _beside(side, y, x)
        if block[v, u] < 0:
            opened[v, u] = changed[v, u] = True


@numba.njit(cache=True, nogil=True)
def _fill(c, block, state, rows, columns, noise):
    """Lay all blocks that are not laid yet, each time where the best block leads the second best by most."""
    size = len(block)
    free, box = np.ones(len(c.names) // 4, np.bool_), np.array([size, -1, size, -1])
    opened, changed = np.zeros((size, size), np.bool_), np.zeros((size, size), np.bool_)
    lead, found = np.empty((size, size)), np.empty((size, size, 3), np.int64)  # block, state, second block
    for y, x in np.ndindex(size, size):
        if block[y, x] >= 0:
            _laid(block, y, x, free, box, opened, changed)
    for _ in range(rows * columns - (block >= 0).sum()):
        best, at, most, fullest = -np.inf, (-1, -1), 0, (-1, -1)
        for y in range(max(box[0] - 1, 1), min(box[1] + 2, size - 1)):
            for x in range(max(box[2] - 1, 1), min(box[3] + 2, size - 1)):
                if not opened[y, x] or not _fits(box, y, x, rows, columns, c.turned):
                    continue
                if changed[y, x]:
                    ahead, own, pose, second = _look(c, free, block, state, y, x)
                    lead[y, x], changed[y, x] = ahead + noise[y, x], False
                    found[y, x, 0], found[y, x, 1], found[y, x, 2] = own, pose, second
                if lead[y, x] > best:
                    best, at = lead[y, x], (y, x)
                around = 0
                for side in range(4):
                    around += block[_beside(side, y, x)] >= 0
                if around > most:
                    most, fullest = around, (y, x)
        y, x = at
        own, pose = found[y, x, 0], found[y, x, 1]
        if y < 0:  # no free block is a candidate anywhere
            y, x = fullest
            own, pose = _forced(c, free, block, state, y, x)
        block[y, x], state[y, x] = own, pose
        _laid(block, y, x, free, box, opened, changed)
        for v in range(box[0] - 1, box[1] + 2):
            for u in range(box[2] - 1, box[3] + 2):
                if found[v, u, 0] == own or found[v, u, 2] == own:
                    changed[v, u] |= opened[v, u]
