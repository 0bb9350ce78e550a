"""Compatibility of borders over many images shuffled alike: what two edges have in common in all of them.

That is second-order statistics, as in `lib.attacks.many_ciphertexts.skk`: the determinant of the 3x3 second
moments of the difference of two facing edges, beside that of two edges with nothing in common. A thousand
images cost little more than ten; and where single pixels of blocks are still wrong, as in ELE, most of what
edges have in common is left. Moments are sums of whole numbers, exact in any order of summation: another
machine's rounding would decide otherwise where two parts of a picture fit equally well.
"""

import numba
import numpy as np

from lib.attacks.solvers.compatibility import FAR, NEAR, UNIT, Compatibility, ranked, sides
from lib.symmetries import COLOUR_INVERSE, COLOURS

FLOOR = 6.0  # variance that any difference of pixels has at least: noise and rounding
TEMPERATURE = 8.0  # nats of cost to a nat of evidence: pixels of an edge are not independent
LARGEST = 400  # blocks; energies of all pairs take 1.5 kB a pair


def of_covariances(blocks: np.ndarray) -> Compatibility:
    """That of at most 400 blocks (images, blocks, b, b, 3) uint8 in any of 96 states, over all images."""
    costs, used = edge_costs(edges(blocks)), np.arange(12)
    names, energies, chance = ranked(costs, len(costs), used, TEMPERATURE)
    costs *= np.float32(2 / TEMPERATURE)
    costs += chance[:, None, None, None] + chance[:, None, None]
    line, spread = np.empty((2, 0, 0, 3, 0), np.float32), np.empty((2, 0, 0, 2), np.float32)
    table = costs.reshape(*costs.shape[:2], 24)
    return Compatibility(names, energies, used, True, table, line, spread, chance)


def edges(blocks: np.ndarray) -> np.ndarray:
    """(4 * blocks, 3, b, n) float64, whole: the edges of all sides, clockwise, extrapolated outward, of
    blocks as in `of_covariances`; 127.5 is 0, and one grey level `UNIT`."""
    first, second = sides(blocks)
    lines = (NEAR * first + FAR * second).transpose(1, 2, 4, 3, 0)
    return np.ascontiguousarray(lines.reshape(-1, *lines.shape[2:]), np.float64)


def edge_costs(lines: np.ndarray) -> np.ndarray:
    """(E, E, 2, 12) float32: how badly two of the edges (E, 3, b, n) go together, alike or not, and with what
    sign and colour order between them, see `Compatibility`; 0 is by chance, inf within a block."""
    total, _, b, n = lines.shape
    flat, scale = lines.reshape(total, 3, b * n), UNIT**2 * b * n
    back = np.ascontiguousarray(lines[:, :, ::-1]).reshape(total * 3, b * n)
    cross = np.stack([flat.reshape(total * 3, -1) @ other.T for other in (back, flat.reshape(total * 3, -1))])
    own = np.einsum("kim,kjm->kij", flat, flat)
    return _edge_costs(cross.reshape(2, total, 3, total, 3) / scale, own / scale, b * n / 2)


@numba.njit(cache=True, nogil=True)
def _edge_costs(cross, own, weight):
    total = len(own)
    out, m = np.full((total, total, 2, 12), np.float32(np.inf)), np.empty((3, 3))
    alone = np.array([log_determinant(each, FLOOR) for each in own])
    for p, q, alike, g in np.ndindex(total, total, 2, 12):
        if q // 4 < p // 4:
            order, sign, back = COLOURS[g % 6], 1.0 - 2 * (g // 6), g - g % 6 + COLOUR_INVERSE[g % 6]
            between = cross[alike, p, :, q]
            for i in range(3):
                for j in range(3):
                    both = between[i, order[j]] + between[j, order[i]]
                    m[i, j] = own[p, i, j] + own[q, order[i], order[j]] - sign * both
            cost = weight * (log_determinant(m, FLOOR) - (alone[p] + alone[q]) / 2)
            out[p, q, alike, g] = out[q, p, alike, back] = cost
    return out


@numba.njit(cache=True, nogil=True)
def log_determinant(m: np.ndarray, floor: float):
    """Of the 3x3 matrix m + floor I, m symmetric."""
    a, b, c, f = m[0, 0] + floor, m[1, 1] + floor, m[2, 2] + floor, m[1, 2]
    return np.log(
        a * (b * c - f * f) - m[0, 1] * (m[0, 1] * c - f * m[0, 2]) + m[0, 2] * (m[0, 1] * f - b * m[0, 2])
    )


def inside_fits(blocks: np.ndarray) -> bool:
    """Whether lines inside of blocks go together as they are; else the blocks were smaller, or pixels have
    their own keys. blocks (images, blocks, b, b, 3) uint8; each of the cuts between two lines, across and
    down, has the median of the blocks' costs."""
    values = np.moveaxis(blocks.astype(np.float64) - 127.5, 0, -2)  # (blocks, b, b, n, 3)
    for lines in (values, values.swapaxes(1, 2)):
        before, after = lines[:, :-1], lines[:, 1:]
        spread = [np.einsum("kcbni,kcbnj->kcij", v, v) for v in (before - after, before, after)]
        size = blocks.shape[2] * len(blocks)
        apart, *alone = (np.linalg.slogdet(m / size + FLOOR * np.eye(3))[1] for m in spread)
        if (np.median(apart - sum(alone) / 2, axis=0) > 0).any():
            return False
    return True
