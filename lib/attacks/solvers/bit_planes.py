"""From the highest bits of pictures to the bits below, which what surrounds a pixel tells best.

A linear predictor, fitted to the pictures themselves as far as they are known, guesses each pixel from those
around it and from its other colours. Where the guess lies within the interval that the known bits leave, it
says what the next bits are; guesses are matched to the streams of unknown meaning by their correlation, a
linear assignment, signs included. With the new bits the predictor sees finer, and the match is made again.
"""

from collections.abc import Iterable
from itertools import permutations, product

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.optimize import linear_sum_assignment
from scipy.special import ndtr

from lib.tiling import assembled, cut

REACHES = (2, 1, 1)  # pixels that the predictor looks in each direction, pass by pass
ALIKE = 1e-5  # difference of two correlations that is rounding


def by_place(images: np.ndarray, block: int):
    """(blocks, values of a block) of images (n, h, w, colours), cut into blocks."""
    return cut(images, block).reshape(-1, images.shape[-1] * block**2)


def picture(streams: np.ndarray, held: np.ndarray, flips: np.ndarray, block: int, bits: int):
    """The images as far as their first levels are known, (n, h, w, colours) float32, else their middle.

    streams       (n, rows, columns, atoms of a block) uint8, atoms of `bits` bits
    held, flips   (levels, places): the stream of each place's bits, highest level first; whether reversed
    """
    atoms = (streams[..., atom] ^ (flip * np.uint8(2**bits - 1)) for atom, flip in zip(held, flips))
    return assembled(middles(atoms, (*streams.shape[:3], held.shape[1]), bits), block)


def middles(levels: Iterable[np.ndarray], shape: tuple, bits: int) -> np.ndarray:
    """`shape` float32: bytes of which the first levels are known, of `bits` bits; of the rest, the middle."""
    value, width = np.zeros(shape, np.float32), 256.0
    for atom in levels:
        value, width = value * 2**bits + atom, width / 2**bits
    return value * width + (width - 1) / 2


def next_level(streams: np.ndarray, held: np.ndarray, flips: np.ndarray, block: int, bits: int):
    """The streams of the next level, (places,), whether each is reversed, and the probability that both are
    right. Arguments as for `picture`, at least one level held."""
    coarse = picture(streams, held, flips, block, bits)
    half = 2.0 ** (7 - bits * len(held))
    unused = np.setdiff1d(np.arange(streams.shape[-1]), held)
    values, fine = _scaled(streams[..., unused].reshape(-1, len(unused))), coarse
    for reach in REACHES:
        rest = predicted(fine, coarse, reach) - coarse
        noise = uniform_filter(rest**2, (0, 5, 5, 0)).mean(-1, keepdims=True)
        guess = rest.clip(-half, half) / (noise + 4 * half) ** 1.5  # rough parts of a picture tell little
        match = _scaled(by_place(guess, block)).T @ values / len(values)
        atoms = linear_sum_assignment(-np.abs(match))[1]
        flip = match[np.arange(len(atoms)), atoms] < 0
        both = np.concatenate([held, unused[atoms][None]]), np.concatenate([flips, flip[None]])
        fine = picture(streams, *both, block, bits)
    return unused[atoms], flip, _margin(match, atoms, len(values))


def in_order(streams: np.ndarray, held: np.ndarray, flips: np.ndarray, block: int, bits: int):
    """`held` and `flips` of `picture` with levels below the first exchanged, or reversed: the smoothest.

    In a flat picture the streams of one level may be guessed from those above a lower one. Each is then well
    matched and of the wrong weight, which only the finished picture shows; with two levels it cannot happen.
    """
    if len(held) < 3:
        return held, flips
    below, least = range(1, len(held)), (np.inf,)
    for order in permutations(below):
        for reversed_ in product((False, True), repeat=len(below)):
            levels = [0, *order]
            choice = held[levels], flips[levels] ^ np.array([False, *reversed_])[:, None]
            seen = picture(streams, *choice, block, bits)
            rough = ((predicted(seen, seen, 1) - seen) ** 2).mean()
            least = min(least, (rough, *choice), key=lambda each: each[0])
    return least[1:]


def _scaled(values):
    values = values - values.mean(0, dtype=np.float32)
    return values / np.sqrt((values**2).mean(0) + 1e-9)


def _margin(match, atoms, count):
    """The probability that a match is no accident: how far it is above the best other one, in standard
    errors. Streams that are the same, as colours of a grey picture are, are no others."""
    size = np.abs(match)
    best = size[np.arange(len(atoms)), atoms]
    rows = np.where(np.abs(size - best[:, None]) < ALIKE, 0, size).max(1)
    columns = np.where(np.abs(size[:, atoms] - best) < ALIKE, 0, size[:, atoms]).max(0)
    best, other = (np.arctanh(each.clip(0, 0.999)) for each in (best, np.maximum(rows, columns)))
    return ndtr((best - other) * np.sqrt(count / 2))


def predicted(fine: np.ndarray, coarse: np.ndarray, reach: int):
    """`coarse` at each pixel from `fine` around it and in its other colours, by least squares over all.

    fine, coarse   (n, h, w, colours) float32, mirrored beyond their edges; no value of `fine` predicts itself
    reach          pixels looked at in each direction
    """
    side, colours = 2 * reach + 1, fine.shape[-1]
    around = ((0, 0), (reach, reach), (reach, reach), (0, 0))
    padded = np.pad(fine - fine.mean((0, 1, 2)), around, mode="reflect")
    seen = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(1, 2))
    seen = seen.reshape(-1, colours * side**2)
    target = (coarse - coarse.mean((0, 1, 2))).reshape(-1, colours)
    gram, cross = seen.T @ seen + len(seen) * np.eye(seen.shape[1], dtype=np.float32), seen.T @ target
    factors = np.zeros_like(cross)
    for colour in range(colours):
        others = np.delete(np.arange(len(gram)), colour * side**2 + side**2 // 2)
        factors[others, colour] = np.linalg.solve(gram[np.ix_(others, others)], cross[others, colour])
    return (seen @ factors).reshape(coarse.shape) + coarse.mean((0, 1, 2))
