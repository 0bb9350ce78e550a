"""How well the borders of two blocks of one picture go together, in each state that EtC could have put them
in.

Each border is extrapolated a little towards the other. What is left between the two is held against how much
pixels differ across and along both borders, in brightness and in colour by itself, with heavy tails: a t
density, as an outline may run along a border. Orders of colours turn the plane of colours and leave
brightness alone; signs change both. Mahalanobis gradient compatibility (A. C. Gallagher, CVPR 2012) is the
Gaussian relative, one-sided, for known signs and colour orders.

A cost alone says little: flat borders go with many. So it becomes two probabilities, that of the second
border among all others for the first, and the other way round. Their negative logarithm is the *energy* of
the pair, in nats.

Borders are numbered `4 * block + side`, clockwise from the top. A *relation* of two is
`12 * alike + 6 * sign + order`: alike is 0 where they run in opposite directions, as borders of a picture do,
and 1 where one of the blocks is mirrored; the first is the second with that sign, in that order of its
colours.

Differences are of whole numbers and logarithms a polynomial, so that every machine finds the same.
"""

from typing import NamedTuple

import numba
import numpy as np

from lib.symmetries import COLOUR_INVERSE, COLOUR_PRODUCT, COLOURS, SIDES

# what the two outer lines of a block count: borders are extrapolated 0.4 pixels towards each other
NEAR, FAR = 7, -2
UNIT = 2 * (NEAR + FAR)  # borders are whole numbers; so much is one grey level
ALONG = 5  # differences along a border count a fifth of those across
NOISE = 1.0, 0.3  # variance that any border has at least, in brightness and in each of two colours
RUN = 8  # pixels, or fewer, that share one spread
# of the t densities; weight of the spread's logarithm (1 in a density, but less is better)
FREEDOM, SPREAD = 5.0, 0.5
TEMPERATURE = 2.0  # nats of cost to a nat of evidence: pixels of a border are not independent
STEP, REACH = 16, 40  # likelihoods are summed in steps of 1/16 nat, down to exp(-40)


class Borders(NamedTuple):
    """All E = 4 * blocks borders, read clockwise [0] and backwards [1].

    line    (2, E, runs, 3, length) float32: red, green and blue, whole numbers, 127.5 is 0
    spread  (2, E, runs, 2) float32: expected squares between two borders in brightness and in colour, in
            units of line
    used    (k,) int: the 12 states `6 * sign + order` that occur, or fewer
    turned  whether blocks are turned and mirrored
    chance  (E,) float32: the logarithm of the sum of all likelihoods of a border; 0 until `candidates` knows
    """

    line: np.ndarray
    spread: np.ndarray
    used: np.ndarray
    turned: bool
    chance: np.ndarray


def measure(blocks: np.ndarray, turned=True, signs=True, colours=True) -> Borders:
    """The borders of blocks (images, blocks, b, b, 3) uint8, shuffled alike in all images; `chance` is still
    missing."""
    values = 2 * blocks.astype(np.int64) - 255
    # the right one comes up first
    sides = np.stack([np.rot90(values, side, axes=(2, 3)) for side in range(4)], axis=2)
    first, second = sides[:, :, :, 0], sides[:, :, :, 1]
    images, count, _, b, _ = first.shape
    length = max(size for size in range(1, RUN + 1) if b % size == 0)

    def runs(x):  # (E, images * runs, length, 3)
        return x.transpose(1, 2, 0, 3, 4).reshape(count * 4, -1, length, 3)

    along = np.diff(first, axis=3)
    along = np.concatenate([along[:, :, :, :1], along], axis=3)  # one for each pixel
    squares = ALONG * _squares(runs(first - second)) + _squares(runs(along))
    spread = squares.sum(axis=2) / (4 * ALONG * length) / [3, 12] + NOISE
    line = runs(NEAR * first + FAR * second).swapaxes(2, 3)
    backwards = (
        x.reshape(count * 4, images, b // length, *x.shape[2:])[:, :, ::-1].reshape(x.shape)
        for x in (line, spread)
    )
    back_line, back_spread = backwards
    return Borders(
        np.stack([line, back_line[..., ::-1]]).astype(np.float32),
        (UNIT**2 * FREEDOM / 2 * np.stack([spread, back_spread])).astype(np.float32),
        np.array([6 * sign + order for sign in range(1 + signs) for order in range(6 if colours else 1)]),
        turned,
        np.zeros(count * 4, np.float32),
    )


def _squares(x):
    """(..., 2): 3 times the squared brightness and 6 times the squared colour of differences (..., 3)."""
    r, g, b = np.moveaxis(x, -1, 0)
    return np.stack([(r + g + b) ** 2, 3 * (r - g) ** 2 + (r + g - 2 * b) ** 2], axis=-1)


def candidates(borders: Borders, keep: int) -> tuple[Borders, np.ndarray, np.ndarray]:
    """The borders with `chance`; for each the `keep` that go with it best, (E, keep) int32, and energies,
    float32.

    A candidate is `24 * border + relation`, or -1 where there are fewer.
    """
    total = len(borders.chance)
    names = np.full((total, 4 * keep), -1, np.int32)
    costs = np.full(names.shape, np.inf, np.float32)
    likelihood = np.exp(-np.arange(STEP * REACH) / STEP)
    chance = np.empty(total, np.float32)
    _candidates(*borders[:4], COLOURS, likelihood, names, costs, chance)
    energies = 2 / TEMPERATURE * costs + chance[:, None] + chance[np.maximum(names, 0) // 24]
    best = np.argsort(energies, axis=1, kind="stable")[:, :keep]
    names, energies = (np.take_along_axis(x, best, axis=1) for x in (names, energies))
    return borders._replace(chance=chance), names, energies.astype(np.float32)


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


@numba.njit(cache=True, nogil=True)
def _candidates(line, spread, used, turned, orders, likelihood, names, costs, chance):
    total, keep = line.shape[1], names.shape[1]
    row = np.empty((total, 2, len(used)), np.float32)
    counts = np.empty(len(likelihood), np.int64)
    for p in range(total):
        row[:] = np.inf
        _row(line, spread, used, turned, orders, p, row)
        least, worst = row.min(), np.float32(np.inf)
        counts[:] = 0
        for q in range(total):
            for m in range(2):
                for i in range(len(used)):
                    c = row[q, m, i]
                    above = (c - least) * np.float32(STEP / TEMPERATURE)
                    if above < len(counts):
                        counts[int(above)] += 1
                    if c < worst:
                        k = keep - 1
                        while k > 0 and costs[p, k - 1] > c:
                            costs[p, k], names[p, k] = costs[p, k - 1], names[p, k - 1]
                            k -= 1
                        costs[p, k], names[p, k] = c, 24 * q + 12 * m + used[i]
                        worst = costs[p, keep - 1]
        chance[p] = np.log((counts * likelihood).sum()) - least / TEMPERATURE


@numba.njit(cache=True, nogil=True)
def _row(line, spread, used, turned, orders, p, row):
    """Costs of border p with all borders of other blocks: row (E, 2, states used)."""
    runs, length, states = line.shape[2], line.shape[4], len(used)
    one, three, half = np.float32(1), np.float32(3), np.float32(0.5)
    largest = np.float32(1e36 ** (1 / length))  # products of so many factors stay finite
    brightness, colour = np.empty((runs, length), np.float32), np.empty((runs, length, 2, states), np.float32)
    for r in range(runs):
        for k in range(length):
            own = line[0, p, r, :, k]
            brightness[r, k] = own[0] + own[1] + own[2]
            for i in range(states):  # border p as it were if the other one gave it in that state
                x, y, z = np.float32(0), np.float32(0), np.float32(0)
                for c in range(3):
                    source = orders[used[i] % 6, c]
                    if source == 0:
                        x = own[c]
                    elif source == 1:
                        y = own[c]
                    else:
                        z = own[c]
                sign = one if used[i] < 6 else -one
                colour[r, k, 0, i], colour[r, k, 1, i] = sign * (x - y), sign * (x + y - (z + z))
    products = np.empty(states, np.float32)
    for q in range(line.shape[1]):
        if q // 4 == p // 4 or (not turned and (p - q) % 4 != 2):
            continue
        for m in range(2 if turned else 1):
            cost = row[q, m]
            cost[:] = 0
            for r in range(runs):
                bright_spread = spread[0, p, r, 0] + spread[1 - m, q, r, 0]
                colour_spread = spread[0, p, r, 1] + spread[1 - m, q, r, 1]
                bright_scale, colour_scale = (
                    one / (three * bright_spread),
                    one / (np.float32(6) * colour_spread),
                )
                plus, minus = one, one
                products[:] = one
                other = line[1 - m, q, r]
                for k in range(length):
                    x, y, z = other[0, k], other[1, k], other[2, k]
                    a, b = brightness[r, k], x + y + z
                    plus *= min(one + (a - b) * (a - b) * bright_scale, largest)
                    minus *= min(one + (a + b) * (a + b) * bright_scale, largest)
                    u, v = x - y, x + y - (z + z)
                    for i in range(states):
                        du, dv = colour[r, k, 0, i] - u, colour[r, k, 1, i] - v
                        products[i] *= min(one + (three * du * du + dv * dv) * colour_scale, largest)
                wide = np.float32(SPREAD * LOG * length) * (
                    half * _log2(bright_spread) + _log2(colour_spread)
                )
                same, opposite = OF_BRIGHT * _log2(plus) + wide, OF_BRIGHT * _log2(minus) + wide
                for i in range(states):
                    cost[i] += OF_COLOUR * _log2(products[i]) + (same if used[i] < 6 else opposite)


@numba.njit(cache=True, nogil=True)
def energy(borders, orders, p, q, relation):
    """The energy of borders p and q in one relation; `orders` is COLOURS."""
    line, spread, _, _, chance = borders
    back, order = 1 - relation // 12, orders[relation % 6]
    one, three, half, sign = (
        np.float32(1),
        np.float32(3),
        np.float32(0.5),
        np.float32(1 - relation // 6 % 2 * 2),
    )
    largest = np.float32(1e36 ** (1 / line.shape[4]))
    cost = np.float32(0)
    for r in range(line.shape[2]):
        bright_spread = spread[0, p, r, 0] + spread[back, q, r, 0]
        colour_spread = spread[0, p, r, 1] + spread[back, q, r, 1]
        bright_scale, colour_scale = one / (three * bright_spread), one / (np.float32(6) * colour_spread)
        product, colour_product = one, one
        for k in range(line.shape[4]):
            x = line[0, p, r, 0, k] - sign * line[back, q, r, order[0], k]
            y = line[0, p, r, 1, k] - sign * line[back, q, r, order[1], k]
            z = line[0, p, r, 2, k] - sign * line[back, q, r, order[2], k]
            a, u, v = x + y + z, x - y, x + y - (z + z)
            product *= min(one + a * a * bright_scale, largest)
            colour_product *= min(one + (three * u * u + v * v) * colour_scale, largest)
        wide = np.float32(SPREAD * LOG * line.shape[4]) * (half * _log2(bright_spread) + _log2(colour_spread))
        cost += OF_COLOUR * _log2(colour_product) + (OF_BRIGHT * _log2(product) + wide)
    return np.float32(2 / TEMPERATURE) * cost + chance[p] + chance[q]


# -- relations and states ------------------------------------------------------------------------------------


def _relations():
    """RELATION (96, 4, 96): of a block's state, its side in the picture and the state of the block beyond.

    `96 * own side + 24 * the other's side + relation`. BEYOND (96, 4, 96): the other's state, from all but
    the own side.
    """
    state = np.arange(96)
    orientation, sign, colour = state // 12, state // 6 % 2, state % 6
    own, backwards = np.moveaxis(SIDES[orientation], 2, 0)[..., None]  # (96, 4, 1)
    other, other_backwards = np.moveaxis(SIDES[orientation][:, [2, 3, 0, 1]], 2, 0).swapaxes(1, 2)[
        :, None
    ]  # (1, 4, 96)
    tone = 6 * (sign[:, None] ^ sign) + COLOUR_PRODUCT[colour[:, None], COLOUR_INVERSE[colour]]
    code = 24 * other + 12 * (backwards ^ other_backwards) + tone[:, None]
    beyond = np.empty(code.shape, np.int64)
    np.put_along_axis(beyond, code, np.broadcast_to(state, code.shape), axis=2)
    return 96 * own + code, beyond


RELATION, BEYOND = _relations()
