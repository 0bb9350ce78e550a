"""Ciphertexts only, ELE with one key for many images: every block's own key, and where each block belongs.

Each block has its own shuffle and complements, alike in all images: its atoms are streams, a value an image.

1. In each block, streams that correlate with many others hold the highest bits; the leading eigenvector gives
   the signs. Annealing puts them in their places under a model of pictures, see
   `lib.attacks.solvers.quadratic_assignment`; once a few blocks are found twice alike, what they have in
   common is the model for the others.
2. That leaves a turn, sign and colour order of each block, and its place: a jigsaw with the borders of
   `lib.attacks.solvers.covariance_compatibility`, as EtC is with many images.
3. Blocks that do not go with their surroundings are put in anew, see
   `lib.attacks.solvers.iterated_conditional_modes`.
4. A linear predictor, fitted to the pictures themselves, checks the highest bits, and finds the bits below,
   see `lib.attacks.solvers.block_bit_planes`.
5. A turn, mirror, sign and colour order of all images remain; `lib.attacks.solvers.ambiguity` picks one.

Of 100 CIFAR-10 images (a JPEG copy) all bits came back on 20 of 20 keys, up to that choice, in 4 to 9 seconds
of a core; of 50 on 8 of 8; of 30 on 1 of 3, of 20 some 98 % of atoms; 15 are too few. Of 100 patches of ten
lossless photographs a block or two may have pixels exchanged; 200 do better. We found no publication of it.
Nearest: Li et al., arXiv:2305.04543, several EtC ciphertexts under one key.
"""

import numpy as np

from lib.attacks import MANY, AttackResult, attack, check_ciphers, on
from lib.attacks.solvers.ambiguity import settle
from lib.attacks.solvers.block_bit_planes import all_levels, by_pixel
from lib.attacks.solvers.covariance_compatibility import LARGEST, of_covariances
from lib.attacks.solvers.gaussian_model import covariance, inside_weights
from lib.attacks.solvers.iterated_conditional_modes import Mosaic
from lib.attacks.solvers.placement import place
from lib.attacks.solvers.quadratic_assignment import SLOW, Assignment
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.symmetries import COLOURS, block_orders, orientation_orders, oriented
from lib.table import Structure, join, split
from lib.tiling import cut, places

MODELS = (  # as in `blocks_one_key`; the first twice, for two have to agree
    ((8.0, 8.0), 0.9, 0.8), ((8.0, 8.0), 0.9, 0.8), ((3.0, 3.0), 0.6, 0.4),
)  # fmt: skip
PASSES, STARTS, VOTES = 5, 3, 2  # of annealing: starts a block in a pass, until so many agree
LEARNT = 4  # blocks found, from which on they are the model for the others
ALIKE = 0.9  # share of places in which two orders agree
FEWEST = 8  # images


MOVES = "turns", "complement", "colours"
SPLITS = 4, 2  # bits of an atom that it can tell apart
FITS = on(Structure.OWN_BLOCKS)
FACTS = {"told": ("block", "bits"), "moves": MOVES, "public": True}
FACTS |= {"fits": lambda scheme: FITS(scheme) and scheme.bits in SPLITS}


@attack("one-key-ele", MANY, **FACTS, images=100, rank=4)
def ele_one_key(
    ciphers: np.ndarray, block: int = 4, bits: int = 4, public: np.ndarray | None = None, seed: int = 0
) -> AttackResult:
    """Decrypt ELE ciphertexts (n, h, w, 3) uint8 that share one key.

    bits     of an atom, 4 or 2
    public   (m, h', w', 3) uint8 upright pictures of the attacker's own, to settle what the ciphertexts leave
             open; None: the embedded photographs

    Recovered: "index" (h * w * 24 / bits,) int64 and "mask" (h * w * 3,) uint8, a table of atoms for
    `lib.attacks.solvers.recovered_table.decrypt_with`; and "settled", 0 to 1, how sure turn, sign and colour
    order of all images are; right and left may be exchanged in any case. Confidence (h / block, w / block),
    by place in the picture: how likely all atoms of its block are right, up to that. ValueError for sizes
    that do not fit the block, fewer than 2x2 or more than 400 blocks, fewer than 8 images, or flat ones.
    """
    streams, grid = _streams(ciphers, block, bits)
    rng, values = np.random.default_rng(seed), streams - (2**bits - 1) / 2
    held, signs, sure = _inside(values, block, rng)
    laid = place(of_covariances(_shown(values, held, signs, block)), *grid)
    mosaic = Mosaic(values, held, signs, sure, laid, block)
    mosaic.mend(rng)
    known = mosaic.order, mosaic.sign < 0, mosaic.lead
    held, flips, confidence = all_levels(streams[mosaic.own], *known, grid, block, bits)
    where = places((*ciphers.shape[1:3], 24 // bits), block)[mosaic.own]
    key = [by_pixel(part, grid, block) for part in (np.take_along_axis(where[None], held, 2), flips)]
    seen = decrypt_with(ciphers, **_table(*key, bits), bits=bits)
    (turn, negative, colour), settled = settle(seen, public)
    atoms, flips = (oriented(part[None], turn)[0][:, :, COLOURS[colour]] for part in key)
    table = _table(atoms, flips ^ bool(negative), bits)
    confidence = oriented(confidence[None, :, :, None], turn)[0, :, :, 0]
    return AttackResult(decrypt_with(ciphers, **table, bits=bits), table | {"settled": settled}, confidence)


def _streams(ciphers, block, bits):
    """(blocks, n, atoms of a block) uint8, the highest bits of a byte first; and the grid of blocks."""
    if bits not in SPLITS or block < 2:
        raise ValueError(f"expected 4 or 2 bits and blocks of 2 or more, got bits={bits}, block={block}")
    n, h, w, _ = check_ciphers(ciphers, block).shape
    rows, columns = h // block, w // block
    if min(rows, columns) < 2 or rows * columns > LARGEST:
        raise ValueError(f"expected 2x2 to {LARGEST} blocks, got {rows}x{columns}; crop, or use larger ones")
    if n < FEWEST:
        raise ValueError(f"expected {FEWEST} or more ciphertexts under one key, got {n}; collect more")
    streams = split(cut(ciphers, block).reshape(n, rows * columns, -1), bits).transpose(1, 0, 2)
    if ((streams != streams[:, :1]).any(1).sum(1) < 3 * block**2).any():
        raise ValueError(f"fewer than {3 * block**2} atoms of a block ever change: expected no flat pictures")
    return np.ascontiguousarray(streams), (rows, columns)


def _shown(values, held, signs, block):
    """(n, blocks, b, b, 3) uint8: what streams with signs show in each block, (blocks, places) each."""
    shown = np.take_along_axis(values, held[:, None], 2) * signs[:, None]
    shown = ((shown / np.abs(values).max() + 1) * 127.5).round().astype(np.uint8)
    return shown.transpose(1, 0, 2).reshape(values.shape[1], -1, block, block, 3)


def _table(atoms, flips, bits):
    """index, mask: of atoms and of bytes. atoms, flips (h, w, 3, levels): by place in the picture, the atom
    of the cipher that it comes from, and whether that is reversed."""
    index, mask = np.empty(atoms.size, np.int64), np.empty(atoms.size, np.uint8)
    index[atoms.ravel()] = np.arange(atoms.size)
    mask[atoms.ravel()] = flips.ravel() * np.uint8(2**bits - 1)
    return {"index": index, "mask": join(mask, bits)}


# -- inside a block ------------------------------------------------------------------------------------------


def _inside(values, block, rng):
    """The streams of the highest bits of each block in their places, with signs, (blocks, places) each, but
    for a turn, sign and colour order of each block; and (blocks,) bool, whether two starts found the same."""
    places, correlation = 3 * block**2, correlations(values)
    near = min(20, places - 1)
    strength = np.sort(np.abs(correlation), axis=2)[:, :, -1 - near : -1].sum(2)  # itself is the last
    held = np.argsort(-strength, axis=1)[:, :places]
    own = np.take_along_axis(np.take_along_axis(correlation, held[:, :, None], 1), held[:, None], 2)
    sign = np.where(np.linalg.eigh(own)[1][..., -1] < 0, -1.0, 1.0)
    own *= sign[:, :, None] * sign[:, None]
    order, votes = _vote(own, block, rng)
    return np.take_along_axis(held, order, 1), np.take_along_axis(sign, order, 1), votes >= VOTES


def correlations(values: np.ndarray) -> np.ndarray:
    """(blocks, m, m) float64 of the streams (blocks, n, m)."""
    x = values - values.mean(1, keepdims=True)
    x /= np.sqrt((x**2).mean(1, keepdims=True) + 1e-9)
    return x.transpose(0, 2, 1) @ x / values.shape[1]


def _vote(own, block, rng):
    """(blocks, places) the best order found for each block, and how many starts agree with it."""
    blocks, places, _ = own.shape
    best, votes = np.tile(np.arange(places), (blocks, 1)), np.zeros(blocks, int)
    weights = [inside_weights(covariance(block, (0, 1), *model)[:places, :places], 1.0) for model in MODELS]
    for _ in range(PASSES):
        for b in np.flatnonzero(votes < VOTES):
            best[b], votes[b] = _annealed(weights, own[b], best[b], votes[b], block, rng)
        sure = np.flatnonzero(votes >= VOTES)
        if len(sure) == blocks:
            break
        if len(sure) >= LEARNT:
            turns = orientation_orders(block)
            seen = [own[b][np.ix_(best[b][turn], best[b][turn])] for b in sure for turn in turns]
            weights = [inside_weights(np.mean(seen, axis=0), 0.3)]
    return best, votes


def _annealed(weights, own, best, votes, block, rng):
    """A better order of one block, from a few starts under each of the weights, and how many now agree."""
    problems = [Assignment(weight, own[None]) for weight in weights]
    best = problems[0].descended(best)
    for start in range(STARTS):
        order = problems[0].descended(problems[start % len(problems)].annealed(best, rng, SLOW))
        reached, least = problems[0].energy(order), problems[0].energy(best)
        # but for a turn and a colour order
        if votes and (order[block_orders(block)] == best).mean(1).max() > ALIKE:
            votes += 1
        elif reached < least:
            votes = 1
        best = order if reached < least else best
        if votes >= VOTES:
            break
    return best, votes
