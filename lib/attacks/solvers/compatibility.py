"""Compatibility of borders: how well two blocks go side by side, in each state that EtC can put them in.

A cost alone says little: flat borders go with many. So it becomes two probabilities, that of the second
border among all others for the first, and the other way round. Their negative logarithm is the *energy* of
the pair, in nats, of either of two costs:

    of_edges         one image or a few. Each border is extrapolated a little towards the other. What is left
                     between the two is held against how much pixels differ across and along both borders, in
                     brightness and in colour by itself, by a t density, as an outline may run along a border.
                     Gaussian relative, for known signs and colours: A. C. Gallagher, CVPR 2012
    of_covariances   many images that were shuffled alike, see `lib.attacks.solvers.covariance_compatibility`

Borders are numbered `4 * block + side`, clockwise from the top. The *relation* of two is
`12 * alike + 6 * sign + order`: alike is 0 where they run in opposite directions, as borders of a picture do,
and 1 where one of the blocks is mirrored; the first is the second with that sign, in that order of its
colours. Differences are of whole numbers and logarithms a polynomial, so every machine finds the same.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numba
import numpy as np

from lib.symmetries import COLOUR_INVERSE, COLOUR_PRODUCT, COLOURS, SIDES

KEEP = 12  # candidates for each border
NEAR, FAR = 7, -2  # what the two outer lines count: borders are extrapolated 0.4 pixels towards each other
UNIT = 2 * (NEAR + FAR)  # borders are whole numbers; so much is one grey level
ALONG = 5  # differences along a border count a fifth of those across
NOISE = 1.0, 0.3  # variance that any border has at least, in brightness and in each of two colours
RUN = 8  # pixels, or fewer, that share one spread
FREEDOM, SPREAD = 5.0, 0.5  # of the t densities; weight of the spread's logarithm, in a density 1
TEMPERATURE = 2.0  # nats of cost to a nat of evidence: pixels of a border are not independent
Array = np.ndarray
STEP, REACH = 16, 40  # likelihoods are summed in steps of 1/16 nat, down to exp(-40)


class Compatibility(NamedTuple):
    """Energies of all E = 4 * blocks borders; `pair_energy` tells that of a pair, by `table`, or where that
    is (0, 0, 0), by `line` and `spread`, read clockwise [0] and backwards [1]."""

    names: Array  # (E, KEEP) int32: what goes with each border best, `24 * border + relation`, -1 for nothing
    energies: Array  # (E, KEEP) float32: of those, ascending
    used: Array  # (k,) int: the 12 states `6 * sign + order` that occur, or fewer
    turned: bool  # whether blocks are turned and mirrored
    table: Array  # (E, E, 24) float32: the energy of every pair and relation
    line: Array  # (2, E, runs, 3, length) float32: red, green and blue, whole numbers, 127.5 is 0
    spread: Array  # (2, E, runs, 2) float32: expected squares in brightness and in colour, in units of line
    chance: Array  # (E,) float32: the logarithm of the sum of all likelihoods of a border


def of_edges(blocks: Array, turned: bool = True, signs: bool = True, colours: bool = True) -> Compatibility:
    """That of blocks (images, blocks, b, b, 3) uint8, shuffled alike in all images, by each image's edges.
    turned, signs, colours: what may have been done to blocks beside moving them."""
    line, spread = _measured(blocks)
    used = np.array([6 * sign + order for sign in range(1 + signs) for order in range(6 if colours else 1)])
    costs = _edge_costs(line, spread, used, turned)
    names, energies, chance = ranked(costs, line.shape[1], used, TEMPERATURE)
    return Compatibility(names, energies, used, turned, np.empty((0, 0, 0), np.float32), line, spread, chance)


def sides(blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The outer and the second line, (images, blocks, 4, b, 3) int64, of every side, clockwise, of blocks
    (images, blocks, b, b, 3) uint8; 127.5 is 0, and a grey level 2."""
    values = 2 * blocks.astype(np.int64) - 255
    turned = [np.rot90(values, side, axes=(2, 3)) for side in range(4)]  # the right side comes up first
    return tuple(np.stack([each[:, :, line] for each in turned], axis=2) for line in (0, 1))


def _measured(blocks):
    """line and spread of `Compatibility`."""
    first, second = sides(blocks)
    images, count, _, b, _ = first.shape
    length = max(size for size in range(1, RUN + 1) if b % size == 0)

    def runs(x):  # (E, images * runs, length, 3)
        return x.transpose(1, 2, 0, 3, 4).reshape(count * 4, -1, length, 3)

    def both_ways(x):
        backwards = x.reshape(count * 4, images, b // length, *x.shape[2:])[:, :, ::-1].reshape(x.shape)
        return np.stack([x, backwards])

    along = np.diff(first, axis=3)
    along = np.concatenate([along[:, :, :, :1], along], axis=3)  # one for each pixel
    squares = ALONG * _squares(runs(first - second)) + _squares(runs(along))
    spread = both_ways(squares.sum(axis=2) / (4 * ALONG * length) / [3, 12] + NOISE)
    line = both_ways(runs(NEAR * first + FAR * second).swapaxes(2, 3))
    line[1] = line[1, ..., ::-1].copy()
    return line.astype(np.float32), (UNIT**2 * FREEDOM / 2 * spread).astype(np.float32)


def _squares(x):
    """(..., 2): 3 times the squared brightness and 6 times the squared colour of differences (..., 3)."""
    r, g, b = np.moveaxis(x, -1, 0)
    return np.stack([(r + g + b) ** 2, 3 * (r - g) ** 2 + (r + g - 2 * b) ** 2], axis=-1)


def ranked(costs: Iterable[np.ndarray], total: int, used: np.ndarray, temperature: float):
    """names, energies and chance of `Compatibility` for `total` borders. costs yields (total, 2, len(used))
    float32 for each: with every other border, alike or not, and state; temperature: see `TEMPERATURE`."""
    names, chance = np.full((total, 4 * KEEP), -1, np.int32), np.empty(total, np.float32)
    least = np.full(names.shape, np.inf, np.float32)
    likelihood = np.exp(-np.arange(STEP * REACH) / STEP)
    for p, row in enumerate(costs):
        chance[p] = _least(row, used, likelihood, temperature, names[p], least[p])
    energies = 2 / temperature * least + chance[:, None] + chance[np.maximum(names, 0) // 24]
    best = np.argsort(energies, axis=1, kind="stable")[:, :KEEP]
    names, energies = (np.take_along_axis(x, best, axis=1) for x in (names, energies))
    return names, energies.astype(np.float32), chance


@numba.njit(cache=True, nogil=True)
def _least(row, used, likelihood, temperature, names, costs):
    """Write down the least costs of a row and what they are of; the logarithm of all its likelihoods' sum."""
    least, worst, scale = row.min(), np.float32(np.inf), np.float32(STEP / temperature)
    counts = np.zeros(len(likelihood), np.int64)
    for q, alike, i in np.ndindex(row.shape):
        c = row[q, alike, i]
        above = (c - least) * scale
        if above < len(counts):
            counts[int(above)] += 1
        if c < worst:
            k = len(names) - 1
            while k > 0 and costs[k - 1] > c:
                costs[k], names[k] = costs[k - 1], names[k - 1]
                k -= 1
            costs[k], names[k] = c, 24 * q + 12 * alike + used[i]
            worst = costs[-1]
    return np.log((counts * likelihood).sum()) - least / temperature


@numba.njit(inline="always")
def _log2(x):
    """Of a positive float32, to 5e-5."""
    bits = np.float32(x).view(np.int32)
    t = np.int32((bits & 0x7FFFFF) | 0x3F800000).view(np.float32) - np.float32(1)
    inner = np.float32(-0.04584151) * t + np.float32(0.15202092)
    inner = (inner * t - np.float32(0.27016007)) * t + np.float32(0.44245418)
    return np.float32((bits >> 23) - 127) + t * (np.float32(1) + (np.float32(1) - t) * inner)


LOG = np.log(2.0)
OF_BRIGHT, OF_COLOUR = np.float32((FREEDOM + 1) / 2 * LOG), np.float32((FREEDOM + 2) / 2 * LOG)
ONE, THREE, SIX, HALF = np.float32(1), np.float32(3), np.float32(6), np.float32(0.5)


def _edge_costs(line, spread, used, turned):
    """Yields (E, 2, len(used)) float32 for each border: its costs with all others, inf within its block."""
    row = np.empty((line.shape[1], 2, len(used)), np.float32)
    undone, sign = COLOURS[COLOUR_INVERSE[used % 6]], (1 - 2 * (used // 6)).astype(np.float32)
    for p, own in enumerate(line[0]):
        # border p as it were if the other one gave it in each state; axes run, length, state, colour
        x, y, z = np.moveaxis(own[:, undone], 2, 0).swapaxes(2, 3) * sign
        colour = np.ascontiguousarray(np.stack([x - y, x + y - (z + z)], axis=2))
        _edge_row(line, spread, used, turned, p, own.sum(axis=1), colour, row)
        yield row


@numba.njit(inline="always")
def _scales(spread, other):
    """1 / spread of brightness and of colour between two borders, and what the spreads cost a pixel."""
    bright, colour = spread[0] + other[0], spread[1] + other[1]
    return ONE / (THREE * bright), ONE / (SIX * colour), HALF * _log2(bright) + _log2(colour)


@numba.njit(cache=True, nogil=True)
def _edge_row(line, spread, used, turned, p, brightness, colour, row):
    """Costs of border p with all borders of other blocks, see `_edge_costs`."""
    runs, length, states = line.shape[2], line.shape[4], len(used)
    largest = np.float32(1e36 ** (1 / length))  # products of so many factors stay finite
    products = np.empty(states, np.float32)
    row[:] = np.inf
    for q in range(line.shape[1]):
        if q // 4 == p // 4 or (not turned and (p - q) % 4 != 2):
            continue
        for alike in range(2 if turned else 1):
            cost, way = row[q, alike], 1 - alike
            cost[:] = 0
            for r in range(runs):
                bright_scale, colour_scale, wide = _scales(spread[0, p, r], spread[way, q, r])
                plus, minus = ONE, ONE
                products[:] = ONE
                other = line[way, q, r]
                for k in range(length):
                    x, y, z = other[0, k], other[1, k], other[2, k]
                    a, b = brightness[r, k], x + y + z
                    plus *= min(ONE + (a - b) * (a - b) * bright_scale, largest)
                    minus *= min(ONE + (a + b) * (a + b) * bright_scale, largest)
                    u, v = x - y, x + y - (z + z)
                    for i in range(states):
                        du, dv = colour[r, k, 0, i] - u, colour[r, k, 1, i] - v
                        products[i] *= min(ONE + (THREE * du * du + dv * dv) * colour_scale, largest)
                wide *= np.float32(SPREAD * LOG * length)
                same, opposite = OF_BRIGHT * _log2(plus) + wide, OF_BRIGHT * _log2(minus) + wide
                for i in range(states):
                    cost[i] += OF_COLOUR * _log2(products[i]) + (same if used[i] < 6 else opposite)


@numba.njit(cache=True, nogil=True)
def pair_energy(c: Compatibility, p: int, q: int, relation: int):
    """The energy, float32, of borders p and q in one relation."""
    if c.table.size:
        return c.table[p, q, relation]
    way, order, sign = 1 - relation // 12, COLOURS[relation % 6], np.float32(1 - relation // 6 % 2 * 2)
    length = c.line.shape[4]
    largest, cost = np.float32(1e36 ** (1 / length)), np.float32(0)
    for r in range(c.line.shape[2]):
        bright_scale, colour_scale, wide = _scales(c.spread[0, p, r], c.spread[way, q, r])
        product, colour_product = ONE, ONE
        own, other = c.line[0, p, r], c.line[way, q, r]
        for k in range(length):
            x = own[0, k] - sign * other[order[0], k]
            y = own[1, k] - sign * other[order[1], k]
            z = own[2, k] - sign * other[order[2], k]
            a, u, v = x + y + z, x - y, x + y - (z + z)
            product *= min(ONE + a * a * bright_scale, largest)
            colour_product *= min(ONE + (THREE * u * u + v * v) * colour_scale, largest)
        wide *= np.float32(SPREAD * LOG * length)
        cost += OF_COLOUR * _log2(colour_product) + (OF_BRIGHT * _log2(product) + wide)
    return np.float32(2 / TEMPERATURE) * cost + c.chance[p] + c.chance[q]


def _relations():
    """RELATION (96, 4, 96) int16: of a block's state, its side in the picture and the state of the block
    beyond, `96 * own side + 24 * the other's side + relation`. BEYOND, alike: the other's state, from all but
    the own side: for each state and side, 0 to 95 in the order that the other's states have there."""
    state, facing = np.arange(96), (2, 3, 0, 1)
    orientation, sign, colour = state // 12, state // 6 % 2, state % 6
    own, own_backwards = SIDES[orientation, :, 0], SIDES[orientation, :, 1]
    other, other_backwards = own[:, facing].T, own_backwards[:, facing].T
    tone = 6 * (sign[:, None] ^ sign) + COLOUR_PRODUCT[colour[:, None], COLOUR_INVERSE[colour]]
    code = 24 * other + 12 * (own_backwards[:, :, None] ^ other_backwards) + tone[:, None]
    return (96 * own[:, :, None] + code).astype(np.int16), code.argsort(axis=2).astype(np.int16)


RELATION, BEYOND = _relations()
