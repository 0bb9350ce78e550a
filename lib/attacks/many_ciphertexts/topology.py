"""Ciphertexts only, one key that moves pixels or single bytes over the whole image, and may complement them.

Whatever moves them, what a pixel tells of another, given all others, is large for neighbours only, so the
picture's topology can be read off many ciphertexts (N. Le Roux and others, "Learning the 2-D topology of
images", NIPS 2007).

1. Each byte, or each pixel where its three bytes stayed together, is a stream of as many values as there are
   ciphertexts. Partial correlations of the streams are links of a graph, nearly all between neighbours.
2. Distances along the graph, laid out in the plane (isomap: Tenenbaum, de Silva and Langford, Science 290,
   2000), give each stream a place; a linear assignment takes them to the grid.
3. Exchanges of streams that stand near each other are made while they bring linked ones together.
4. Which bytes are complements, and which colour each is where bytes moved alone, is what SKK's key decides
   for a pixel: `lib.attacks.many_ciphertexts.skk` finds it.

A turn and a mirror image remain, and one order and sign of colours for all. Relatives: the jigsaw solvers of
Chuman and Kiya against block and pixel permutation, arXiv:2211.02369.
"""

import numba
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path
from scipy.sparse.linalg import eigsh

from lib.attacks import MANY, AttackResult, attack, check_ciphers
from lib.attacks.many_ciphertexts.skk import pixels_one_key
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.table import Structure

Array = np.ndarray
RIDGE = 0.02  # added to correlations before they are inverted
STRONGEST = 4  # links of a stream that are looked at
LINKS = 4  # of a pixel in the graph; of a byte, which has two more at its own place
NEAR, ROUNDS = 3, 60  # how far apart streams may be exchanged; passes over all of them at most
FEWEST, LARGEST, ENOUGH = 100, 3200, 200  # ciphertexts; streams; ciphertexts for colours
WHOLE = 0.3  # how much more alike than strangers the bytes of a pixel are where it is whole, 0 to 1


def _fits(scheme):
    moved = scheme.structure in (Structure.OWN_BLOCKS, Structure.PERMUTED)
    return moved and scheme.bits == 8 and scheme.channels == 3


@attack("one-key-topology", MANY, fits=_fits, source="after Le Roux et al., NIPS 2007",
        moves=("turns", "colours", "signs"), images=1000, public=True, rank=6)  # fmt: skip
def topology(ciphers: Array, public: Array | None = None) -> AttackResult:
    """Put the pixels, or bytes, of ciphertexts (n, h, w, 3) uint8 with one key back in place, n from 100 on.

    public   (m, h', w', 3) uint8 pictures of the attacker's own, to settle colours; None: the embedded ones

    Recovered: "index" and "mask", (h * w * 3,), a table of bytes for
    `lib.attacks.solvers.recovered_table.decrypt_with`; "whole", whether pixels were taken as whole; "beside"
    (streams,), the share of its links that lead to neighbours: 0.1 on a pad, more wherever there is
    structure, so no confidence is reported. Errors: ValueError for fewer ciphertexts, or more streams than
    3,200, which take minutes.
    """
    n, h, w, _ = check_ciphers(ciphers).shape
    rows = ciphers.reshape(n, -1)
    whole = _whole(rows)
    streams = ciphers.reshape(n, h * w, 3).mean(2) if whole else rows
    if n < FEWEST or streams.shape[1] > LARGEST:
        limits = f"{FEWEST} ciphertexts or more of at most {LARGEST} pixels, or bytes where these move alone"
        raise ValueError(f"expected {limits}, got {n} of {streams.shape[1]}")
    links = partial(correlations(streams))
    to = laid_out(links, h, w, 1 if whole else 3)
    index = (to[:, None] * 3 + np.arange(3)).ravel() if whole else to
    placed = np.empty_like(rows)
    placed[:, index] = rows
    states = pixels_one_key(placed.reshape(ciphers.shape)[:ENOUGH], public).recovered
    near = beside(strongest(links), to if whole else to // 3, w)
    recovered = {
        "index": states["index"][index],
        "mask": states["mask"][index],
        "whole": whole,
        "beside": near,
    }
    estimate = decrypt_with(ciphers, recovered["index"], recovered["mask"], bits=8)
    return AttackResult(estimate, recovered)


def _whole(rows):
    """Whether the bytes of a pixel belong together: they are more alike than those of two pixels."""
    values = rows.astype(np.float32) - rows.mean(0, dtype=np.float32)
    values /= np.maximum(np.linalg.norm(values, axis=0), 1e-9)
    one, other = values[:, ::3], values[:, 1::3]
    own, strangers = (np.abs((one * np.roll(other, by, axis=1)).sum(0)).mean() for by in (0, 1))
    return bool(own > WHOLE * (1 - strangers) + strangers)


def correlations(streams: Array) -> Array:
    """(k, k) float64 of streams (n, k)."""
    values = streams - streams.mean(0, dtype=np.float64)
    values /= np.maximum(np.linalg.norm(values, axis=0), 1e-9)
    return values.T @ values


def partial(correlation: Array) -> Array:
    """(k, k): the size of the correlations of pairs, given all other streams; 0 on the diagonal."""
    precision = np.linalg.inv(correlation + RIDGE * np.eye(len(correlation)))
    scale = np.sqrt(np.diag(precision))
    found = np.abs(precision / np.outer(scale, scale))
    np.fill_diagonal(found, 0)
    return found


def laid_out(links: Array, height: int, width: int, slots: int) -> Array:
    """(k,) int: the number of a place for each stream, row by row and `slots` streams a place, by isomap and
    exchanges."""
    count = LINKS + 2 * (slots - 1)
    ranked = np.sort(links, axis=1)
    least, two = ranked[:, -count][:, None], ranked[:, -2][:, None]
    graph = ((links >= least) & (links >= least.T)) | (links >= np.minimum(two, two.T))
    steps = shortest_path(csr_matrix(graph.astype(float)), directed=False, unweighted=True)
    steps[np.isinf(steps)] = 2 * steps[np.isfinite(steps)].max()
    squares = steps**2
    squares -= squares.mean(0)
    squares -= squares.mean(1, keepdims=True)
    start = np.random.default_rng(0).normal(size=len(squares))
    strengths, axes = eigsh(-squares / 2, k=2, which="LA", v0=start)
    points = axes * np.sqrt(np.maximum(strengths, 0))
    if height > width:
        points = points[:, ::-1]  # the strongest axis, which comes last, runs along the longer side
    angles = 0, np.pi / 4  # it may lie on a corner
    turns = ([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]] for a in angles)
    near = strongest(links)
    layouts = ((points @ turn, in_rows(points @ turn, height)) for turn in turns)
    best = max(layouts, key=lambda layout: beside(near, layout[1] // slots, width).mean())[0]
    return improved(links, assigned(best, height, width, slots), height, width, slots)


def in_rows(points: Array, height: int) -> Array:
    """(k,) int: a place for each point (k, 2): rows by the first coordinate, then along them."""
    rows = np.argsort(points[:, 0], kind="stable").reshape(height, -1)
    within = np.take_along_axis(rows, np.argsort(points[rows, 1], axis=1, kind="stable"), 1).ravel()
    to = np.empty(len(points), np.int64)
    to[within] = np.arange(len(points))
    return to


def assigned(points: Array, height: int, width: int, slots: int) -> Array:
    """(k,) int: a place for each point (k, 2), the nearest in all once the points fill the grid. A dense
    assignment: solvers for sparse ones take from a second to minutes here, by the order of the points."""
    grid = np.stack(np.divmod(np.arange(height * width), width), 1).astype(float)
    points = points - points.mean(0)
    points = points / np.maximum(points.std(0), 1e-9) * grid.std(0) + grid.mean(0)
    places = np.repeat(grid, slots, axis=0)
    return linear_sum_assignment(((points[:, None] - places) ** 2).sum(2))[1]


def strongest(links: Array) -> Array:
    """(k, 4) int: where the strongest links of each stream lead."""
    return np.argpartition(-links, STRONGEST, axis=1)[:, :STRONGEST]


def beside(near: Array, places: Array, width: int) -> Array:
    """(k,): of the links `near` of each stream, the share that leads to its own place or one around it."""
    apart = (np.abs(each[near] - each[:, None]) for each in np.divmod(places, width))
    return (np.maximum(*apart) <= 1).mean(1)


def improved(links: Array, to: Array, height: int, width: int, slots: int) -> Array:
    """The places after exchanges of streams at most `NEAR` rows and columns apart, while these help."""
    to = np.ascontiguousarray(to)
    at = np.empty_like(to)
    at[to] = np.arange(len(to))
    _exchange(links, to, at, height, width, slots, NEAR, ROUNDS)
    return to


@numba.njit(cache=True)
def _gain(links, stream, place, other, at, height, width, slots):
    """The links of a stream to all at or around a place, but for one other stream."""
    y, x, total = place // slots // width, place // slots % width, 0.0
    for dy in range(-1, 2):
        for dx in range(-1, 2):
            if not (0 <= y + dy < height and 0 <= x + dx < width):
                continue
            weight = 1.0 if dy == 0 or dx == 0 else 0.3
            for slot in range(slots):
                there = at[((y + dy) * width + x + dx) * slots + slot]
                if there != stream and there != other:
                    total += weight * links[stream, there]
    return total


@numba.njit(cache=True)
def _exchange(links, to, at, height, width, slots, near, rounds):
    for _ in range(rounds):
        changed = 0
        for a in range(len(to)):
            y, x = to[a] // slots // width, to[a] // slots % width
            for dy in range(0, near + 1):
                for dx in range(-near, near + 1):
                    if not (0 <= y + dy < height and 0 <= x + dx < width) or (dy == 0 and dx <= 0):
                        continue
                    for slot in range(slots):
                        p, q = to[a], ((y + dy) * width + x + dx) * slots + slot
                        b = at[q]
                        before = _gain(links, a, p, b, at, height, width, slots)
                        before += _gain(links, b, q, a, at, height, width, slots)
                        after = _gain(links, a, q, b, at, height, width, slots)
                        after += _gain(links, b, p, a, at, height, width, slots)
                        if after > before + 1e-9:
                            to[a], to[b], at[q], at[p] = q, p, a, b
                            y, x = to[a] // slots // width, to[a] // slots % width
                            changed += 1
                            break
        if changed == 0:
            return
