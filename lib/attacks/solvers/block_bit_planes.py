"""From the highest bits of pictures to the bits below, where each block has streams of its own.

A linear predictor, fitted to the pictures themselves as far as they are known, makes each value of each atom
so and so likely at each place. The streams of a block are matched to its places by these likelihoods, a
linear assignment, signs included; `lib.attacks.solvers.bit_planes` does it where all blocks share streams.
"""

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.optimize import linear_sum_assignment
from scipy.special import expit

from lib.attacks.solvers.bit_planes import middles, predicted
from lib.tiling import assembled, cut

WITNESSES = 400  # images that likelihoods are taken from
CHECKS = 8  # of the streams of a level, each with the predictions that the one before makes possible
FIRM = 8.0  # nats: streams that are better than others by less are not used to predict
OUTLIERS = 0.02  # the share of values that no predictor foresees
TEMPERATURE, DOUBT = 4.0, 2.0  # nats of an assignment to one of evidence; and those that chance brings
STRANGE = 1.5  # natural logarithm of a variance: a block less predictable than the median by more is wrong
Array = np.ndarray


def all_levels(streams: Array, order: Array, flip: Array, lead: Array, grid: tuple, block: int, bits: int):
    """The stream of each level and place, and whether it is reversed, (levels, blocks, places) each; and the
    confidence of each block of the grid (rows, columns).

    streams       (blocks, n, atoms) uint8, by place of the grid
    order, flip   (blocks, places): those of the highest level, as far as known
    lead          (blocks,): by how many nats these are likelier than others, as of a `Mosaic`
    """
    streams, held, flips, sure = streams[:, :WITNESSES], order[None], flip[None], _chance(lead)[:, None]
    for level in range(8 // bits):
        above, width = (held[:level], flips[:level]), 2 ** (8 - bits * (level + 1))
        coarse = shown(streams, *above, grid, block, bits)
        firm = np.full(order.shape, level == 0)  # else a value predicts itself by way of its neighbours
        for _ in range(CHECKS):
            finer = shown(streams, held, flips, grid, block, bits)
            fine = np.where(by_pixel(firm[None], grid, block)[..., 0], finer, coarse)
            table = log_probabilities(fine, coarse, width, bits)
            table = cut(table.reshape(*table.shape[:3], -1), block).reshape(len(table), *order.shape, -1)
            table = np.ascontiguousarray(table.transpose(1, 2, 0, 3)).reshape(*order.shape, -1)
            before, was_firm = held[level:], firm
            new, reverse, margin = match(table, streams, above[0])
            held, flips = (np.concatenate([old, each[None]]) for old, each in zip(above, (new, reverse)))
            firm = firm | (margin > FIRM)
            if len(before) and (new == before[0]).all() and (firm == was_firm).all():
                break
        sure = np.minimum(sure, _chance(margin))
    found = shown(streams, held, flips, grid, block, bits)
    return held, flips, (sure.min(1) * _plausible(found, block)).reshape(grid)


def _chance(nats):
    """That the best of many is right, which leads by so many nats."""
    return expit(nats / TEMPERATURE - DOUBT)


def by_pixel(parts: Array, grid: tuple, block: int) -> Array:
    """(h, w, 3, levels) of what is (levels, blocks, places)."""
    return np.moveaxis(assembled(parts.reshape(len(parts), *grid, -1), block), 0, -1)


def shown(streams: Array, held: Array, flips: Array, grid: tuple, block: int, bits: int) -> Array:
    """(n, h, w, 3) float32, the pictures as far as levels (see `all_levels`) are known, else their middle."""
    reversing = flips[:, :, None] * np.uint8(2**bits - 1)
    atoms = [np.take_along_axis(streams, atom[:, None], 2) ^ flip for atom, flip in zip(held, reversing)]
    value = middles(atoms, (*streams.shape[:2], 3 * block**2), bits)
    return assembled(value.transpose(1, 0, 2).reshape(streams.shape[1], *grid, -1), block)


def log_probabilities(fine: Array, coarse: Array, width: int, bits: int) -> Array:
    """(n, h, w, 3, 2**bits) float32: of each value of an atom, by a linear predictor from the pixels around.

    fine, coarse   (n, h, w, 3) float32: the best picture so far, and that of the levels above this atom's
    width          grey levels from one value of the atom to the next
    """
    guess = predicted(fine, fine, 2)
    noise = uniform_filter((fine - guess) ** 2, (0, 5, 5, 0)).mean(-1, keepdims=True) + width**2 / 12
    values = (np.arange(2**bits, dtype=np.float32) - (2**bits - 1) / 2) * width
    off = np.abs((coarse - guess)[..., None] + values) / np.sqrt(noise)[..., None]
    chances = np.exp(off.min(-1, keepdims=True) - off)  # Laplace's: edges are foreseen badly
    chances /= chances.sum(-1, keepdims=True)
    return np.log((1 - OUTLIERS) * chances + OUTLIERS / 2**bits)


def match(table: Array, streams: Array, taken: Array) -> tuple[Array, Array, Array]:
    """The likeliest streams (blocks, places), not among those taken (levels, blocks, places), whether each is
    reversed, and by how many nats any one exchange would be less likely, of log probabilities (blocks,
    places, n * values) and streams (blocks, n, atoms) uint8."""
    blocks, places, _ = table.shape
    held, flips, margins = (np.empty((blocks, places), dtype) for dtype in (np.int64, bool, float))
    for b, (chances, values) in enumerate(zip(table, streams)):
        free = np.setdiff1d(np.arange(values.shape[1]), taken[:, b])
        count = chances.shape[1] // len(values)
        one_of = (values[:, free].T[:, :, None] == np.arange(count)).astype(np.float32)
        upright, reverse = (chances @ each.reshape(len(free), -1).T for each in (one_of, one_of[:, :, ::-1]))
        score = np.maximum(upright, reverse)
        at, chosen = linear_sum_assignment(-score)
        held[b], flips[b] = free[chosen], (reverse > upright)[at, chosen]
        own, pairs = score[at, chosen], score[:, chosen]
        exchange = own[:, None] + own - pairs - pairs.T + np.where(np.eye(places, dtype=bool), np.inf, 0)
        other = np.delete(score, chosen, axis=1).max(1, initial=-np.inf)
        sign = np.abs(upright - reverse)[at, chosen]
        margins[b] = np.minimum(np.minimum(exchange.min(1), own - other), sign)
    return held, flips, margins


def _plausible(images, block):
    """(blocks,) 0 to 1: near 1 where a block is as predictable as the others, and much better than noise."""
    rest = (predicted(images, images, 2) - images) ** 2
    odd = np.log(cut(rest, block).mean((0, 2, 3, 4)) + 1.0)
    explained = 1 - rest.mean() / images.var((0, 1, 2)).mean()
    return expit((np.median(odd) + STRANGE - odd) / 0.1) * expit((explained - 0.7) / 0.03)
