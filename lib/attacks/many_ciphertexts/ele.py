"""Ciphertexts only, ELE with one key for many images: every block's own key, and where each block belongs.

Each block has its own shuffle and complements, the same in all images, so its atoms are streams of one value
an image.

1. In each block, streams that correlate with many others hold the highest bits; the leading eigenvector of
   the correlations gives the signs. Annealing puts them in their places under a model of pictures, see
   `lib.attacks.solvers.assignment`; once a few blocks are found twice alike, what they have in common is the
   model for the others.
2. That leaves a turn, sign and colour order of each block, and its place: `lib.attacks.solvers.assembly`, as
   for EtC.
3. Blocks that do not go with their surroundings are put in anew, given what surrounds them.
4. A linear predictor, fitted to the pictures themselves, makes each value of each atom so and so likely at
   each place; the likeliest assignment checks the highest bits, and finds the bits below.

From 100 CIFAR-10 images every bit of all images came back on 20 of 20 keys, up to a choice that all images
share, in 4 to 9 seconds of a core; from 50 on 8 of 8; from 30 on 1 of 3, with one or two of 64 blocks wrong
on the others; from 20 some 98 % of atoms and no image whole; 15 are too few. That copy of CIFAR-10 is a JPEG,
whose colours are smooth. Of 100 patches of ten lossless photographs, which resemble each other, a block or
two may come back with pixels exchanged; 200 do better.

A turn, mirror, sign and colour order of all images remain, as for EtC, and `lib.attacks.solvers.ambiguity`
picks one. We found no publication of it. Nearest: Li et al., arXiv:2305.04543, several EtC ciphertexts under
one key.
"""

import numpy as np
from scipy.ndimage import uniform_filter
from scipy.optimize import linear_sum_assignment
from scipy.special import expit

from lib.attacks import MANY, AttackResult, attack, check_ciphers, on
from lib.attacks.chosen_plaintext.table_reader import decrypt_with
from lib.attacks.many_ciphertexts.etc import settle
from lib.attacks.solvers.assembly import LARGEST
from lib.attacks.solvers.assignment import anneal, cost
from lib.attacks.solvers.bit_planes import predicted
from lib.attacks.solvers.mosaic import Mosaic
from lib.attacks.solvers.quadratic_assignment import model_covariance
from lib.symmetries import COLOURS, block_orders, orientation_orders, oriented
from lib.table import Structure, join, split
from lib.tiling import assembled, cut

MODELS = (  # as in `blocks_one_key`; the first twice, for two have to agree
    ((8.0, 8.0), 0.9, 0.8), ((8.0, 8.0), 0.9, 0.8), ((3.0, 3.0), 0.6, 0.4),
)  # fmt: skip
PASSES, STARTS, VOTES = 5, 3, 2  # of annealing: starts a block in a pass, until so many agree
ALIKE = 0.9  # share of places in which two orders agree
FEWEST = 8  # images
WITNESSES = 400  # images that likelihoods are taken from
CHECKS = 8  # of the streams of a level, each with the predictions that the one before makes possible
FIRM = 8.0  # nats: streams that are better than others by less are not used to predict
OUTLIERS = 0.02  # the share of values that no predictor foresees
TEMPERATURE, DOUBT = 4.0, 2.0  # nats of an assignment to one of evidence; and those that chance brings
# natural logarithm of a variance: a block less predictable than the median one by more is wrong
STRANGE = 1.5


@attack(
    "one-key-ele",
    MANY,
    fits=on(Structure.OWN_BLOCKS),
    told=("block", "bits"),
    moves=("turns", "complement", "colours"),
    images=100,
    public=True,
    rank=4,
)
def ele_one_key(
    ciphers: np.ndarray, block: int = 4, bits: int = 4, public: np.ndarray | None = None, seed: int = 0
) -> AttackResult:
    """Decrypt ELE ciphertexts (n, h, w, 3) uint8 that share one key.

    bits     of an atom, 4 or 2
    public   (m, h', w', 3) uint8 upright pictures of the attacker's own, to settle what the ciphertexts leave
             open; None: the embedded photographs

    Recovered: "index" (h * w * 24 / bits,) int64 and "mask" (h * w * 3,) uint8, a table of atoms as
    `lib.attacks.chosen_plaintext.table_reader.decrypt_with` takes it; and "settled", 0 to 1, how sure the
    turn, sign and colour order are that all images share; right and left may be exchanged in any case.
    Confidence (h / block, w / block), by place in the picture: how likely all atoms of its block are right,
    up to that choice. Errors: ValueError for sizes that do not fit the block, fewer than 2x2 or more than 400
    blocks, fewer than 8 images, or atoms most of which never change.
    """
    streams, *grid = _streams(ciphers, block, bits)
    rng, middle = np.random.default_rng(seed), (2**bits - 1) / 2
    values = streams.astype(np.float32) - np.float32(middle)
    mosaic = Mosaic(values, *_inside(values, block, rng), *grid, block)
    mosaic.mend(rng)
    own = mosaic.own
    held, flips, confidence = _levels(
        streams[own], mosaic.order, mosaic.sign < 0, mosaic.lead, grid, block, bits
    )
    number = cut(np.arange(ciphers[0].size * 8 // bits).reshape(1, *ciphers.shape[1:3], -1), block).reshape(
        len(own), -1
    )
    atoms = np.stack([np.take_along_axis(number[own], each, 1) for each in held])
    atoms, flips = (_in_picture(part, grid, block) for part in (atoms, flips))
    (turn, negative, colour), settled = settle(
        decrypt_with(ciphers, **_table(atoms, flips, bits), bits=bits), public
    )
    table = _table(_moved(atoms, turn, colour), _moved(flips, turn, colour) ^ bool(negative), bits)
    estimate = decrypt_with(ciphers, **table, bits=bits)
    confidence = oriented(confidence[None, :, :, None], turn)[0, :, :, 0]
    return AttackResult(estimate, table | {"settled": settled}, confidence)


def _streams(ciphers, block, bits):
    """(blocks, n, atoms of a block) uint8, the highest bits of a byte first; and the grid of blocks."""
    if bits not in (4, 2) or block < 2:
        raise ValueError(
            f"expected atoms of 4 or 2 bits and blocks of 2 or more, got bits={bits}, block={block}"
        )
    n, h, w, _ = check_ciphers(ciphers, block).shape
    rows, columns = h // block, w // block
    if min(rows, columns) < 2 or rows * columns > LARGEST:
        raise ValueError(
            f"expected 2x2 to {LARGEST} blocks, got {rows}x{columns}; crop, or use larger blocks"
        )
    if n < FEWEST:
        raise ValueError(
            f"expected {FEWEST} or more ciphertexts under one key, got {n}; collect more of them"
        )
    streams = split(cut(ciphers, block).reshape(n, rows * columns, -1), bits).transpose(1, 0, 2)
    if ((streams != streams[:, :1]).any(1).sum(1) < 3 * block**2).any():
        raise ValueError(
            f"fewer than {3 * block**2} atoms of a block ever change; expected pictures, got flat ones"
        )
    return np.ascontiguousarray(streams), rows, columns


# -- inside a block ------------------------------------------------------------------------------------------


def _inside(values, block, rng):
    """The streams of the highest bits of each block in their places, with their signs, (blocks, places) each;
    and (blocks,) bool, whether two starts found the same. Up to a turn, sign and colour order of each
    block."""
    places, correlation = 3 * block**2, correlations(values)
    # itself is the last
    strength = np.sort(np.abs(correlation), axis=2)[:, :, -1 - min(20, places - 1) : -1].sum(2)
    held = np.argsort(-strength, axis=1)[:, :places]
    own = np.take_along_axis(np.take_along_axis(correlation, held[:, :, None], 1), held[:, None], 2)
    sign = np.where(np.linalg.eigh(own)[1][..., -1] < 0, -1.0, 1.0)
    own *= sign[:, :, None] * sign[:, None]
    order, votes = _vote(own, block, rng)
    return np.take_along_axis(held, order, 1), np.take_along_axis(sign, order, 1), votes >= VOTES


def correlations(values: np.ndarray) -> np.ndarray:
    """(blocks, m, m) float32 of the streams (blocks, n, m)."""
    x = values - values.mean(1, keepdims=True)
    x /= np.sqrt((x**2).mean(1, keepdims=True) + 1e-9)
    return x.transpose(0, 2, 1) @ x / values.shape[1]


def _vote(own, block, rng):
    """(blocks, places) the best order found for each block, and how many starts agree with it; own (blocks,
    m, m)."""
    blocks, places, _ = own.shape
    none = np.zeros((places, places), np.float32)
    weights = [_weight(model_covariance(block, (0, 1), *model)[:places, :places], 1.0) for model in MODELS]
    best, costs, votes = (
        np.tile(np.arange(places), (blocks, 1)),
        np.full(blocks, np.inf),
        np.zeros(blocks, int),
    )
    for number in range(PASSES):
        for b in np.flatnonzero(votes < VOTES):
            if number:
                best[b] = anneal(weights[0], own[b], none, best[b])
                costs[b] = cost(weights[0], own[b], none, best[b])
            for start in range(STARTS):
                order = anneal(weights[start % len(weights)], own[b], none, rng.permutation(places), rng)
                order = anneal(weights[0], own[b], none, order)
                reached = cost(weights[0], own[b], none, order)
                if votes[b] and _same(order, best[b], block) > ALIKE:
                    votes[b] += 1
                elif reached < costs[b]:
                    votes[b] = 1
                if reached < costs[b]:
                    best[b], costs[b] = order, reached
                if votes[b] >= VOTES:
                    break
        sure = np.flatnonzero(votes >= VOTES)
        if len(sure) == blocks:
            break
        if len(sure) >= 4:
            seen = [
                own[b][np.ix_(best[b][turn], best[b][turn])]
                for b in sure
                for turn in orientation_orders(block)
            ]
            weights = [_weight(np.mean(seen, axis=0), 0.3)]
    return best, votes


def _weight(covariance, floor):
    """(m, m) float32: what it costs that two places correlate, under a Gaussian model with noise; scaled, 0
    on its diagonal."""
    inverse = np.linalg.inv(covariance + floor * np.eye(len(covariance)))
    np.fill_diagonal(inverse, 0)
    return (inverse / (len(inverse) * np.abs(inverse).mean())).astype(np.float32)


def _same(order, other, block):
    """The share of places in which two orders agree, but for a turn and a colour order."""
    return (order[block_orders(block)] == other).mean(1).max()


# -- all bits ------------------------------------------------------------------------------------------------


def _levels(streams, order, flip, lead, grid, block, bits):
    """(levels, blocks, places): the stream of each level and place, whether it is reversed; and the
    confidence of each block.

    streams       (blocks, n, atoms) uint8, by place of the grid
    order, flip   (blocks, places): those of the highest level, as far as known
    lead          (blocks,): see `Mosaic`
    """
    streams, held, flips, sure = streams[:, :WITNESSES], order[None], flip[None], _chance(lead)[:, None]
    for level in range(8 // bits):
        known, width = (held[:level], flips[:level]), 2 ** (8 - bits * (level + 1))
        coarse = shown(streams, *known, grid, block, bits)
        # what is not must not predict itself by way of its neighbours
        firm = np.full(order.shape, level == 0)
        for _ in range(CHECKS):
            fine = np.where(
                _in_picture(firm[None], grid, block)[..., 0],
                shown(streams, held, flips, grid, block, bits),
                coarse,
            )
            table = log_probabilities(fine, coarse, width, bits)
            before, was_firm = held[level:], firm
            new, reverse, margin = match(table_by_place(table, block, grid), streams, known[0])
            held, flips = np.concatenate([known[0], new[None]]), np.concatenate([known[1], reverse[None]])
            firm = firm | (margin > FIRM)
            if len(before) and (new == before[0]).all() and (firm == was_firm).all():
                break
        sure = np.minimum(sure, _chance(margin))
    return (
        held,
        flips,
        (sure.min(1) * _plausible(shown(streams, held, flips, grid, block, bits), block)).reshape(grid),
    )


def _chance(nats):
    """That the best of many is right, which leads by so many nats."""
    return expit(nats / TEMPERATURE - DOUBT)


def shown(streams, held, flips, grid, block, bits):
    """(n, h, w, 3) float32, the pictures as far as their first levels are known; what is not known counts as
    its middle."""
    value = np.zeros((*streams.shape[:2], 3 * block**2), np.float32)
    for atom, flip in zip(held, flips):
        part = np.take_along_axis(streams, atom[:, None], 2) ^ (flip[:, None] * np.uint8(2**bits - 1))
        value = value * 2**bits + part
    width = 2.0 ** (8 - bits * len(held))
    value = value.transpose(1, 0, 2).reshape(streams.shape[1], *grid, -1)
    return assembled(value * width + (width - 1) / 2, block)


def log_probabilities(fine, coarse, width, bits):
    """(n, h, w, 3, 2**bits) float32: of each value of an atom, by what a linear predictor makes of the pixels
    around.

    fine, coarse   (n, h, w, 3) float32: the best picture so far, and what `shown` makes of the levels above
                   this atom's
    width          grey levels from one value of the atom to the next
    """
    guess = predicted(fine, fine, 2)
    noise = uniform_filter((fine - guess) ** 2, (0, 5, 5, 0)).mean(-1, keepdims=True) + width**2 / 12
    values = (np.arange(2**bits, dtype=np.float32) - (2**bits - 1) / 2) * width
    off = np.abs((coarse - guess)[..., None] + values) / np.sqrt(noise)[..., None]
    chances = np.exp(off.min(-1, keepdims=True) - off)  # Laplace's: edges are foreseen badly
    chances /= chances.sum(-1, keepdims=True)
    return np.log((1 - OUTLIERS) * chances + OUTLIERS / 2**bits)


def table_by_place(table, block, grid):
    """(blocks, places, n * values) of a table (n, h, w, 3, values)."""
    rows, columns = grid
    blocks = cut(table.reshape(*table.shape[:3], -1), block).reshape(
        len(table), rows * columns, 3 * block**2, -1
    )
    return np.ascontiguousarray(blocks.transpose(1, 2, 0, 3)).reshape(rows * columns, 3 * block**2, -1)


def match(table, streams, taken):
    """The likeliest streams (blocks, places), not among those taken (levels, blocks, places), whether each is
    reversed, and by how many nats any one exchange would be less likely.

    table   (blocks, places, n * values) log probabilities; streams (blocks, n, atoms) uint8
    """
    blocks, places, _ = table.shape
    held, flips, margins = (
        np.empty((blocks, places), np.int64),
        np.empty((blocks, places), bool),
        np.empty((blocks, places)),
    )
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


# -- what all images share -----------------------------------------------------------------------------------


def _in_picture(parts, grid, block):
    """(levels, blocks, places) as (h, w, 3, levels)."""
    return np.moveaxis(assembled(parts.reshape(len(parts), *grid, -1), block), 0, -1)


def _table(atoms, flips, bits):
    """index, mask: of atoms and of bytes. atoms, flips (h, w, 3, levels): by place in the picture, the atom
    of the cipher that it comes from, and whether that is reversed."""
    index, mask = np.empty(atoms.size, np.int64), np.empty(atoms.size, np.uint8)
    index[atoms.ravel()] = np.arange(atoms.size)
    mask[atoms.ravel()] = flips.ravel() * np.uint8(2**bits - 1)
    return {"index": index, "mask": join(mask, bits)}


def _moved(part, turn, colour):
    return oriented(part[None], turn)[0][:, :, COLOURS[colour]]
