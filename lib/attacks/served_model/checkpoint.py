"""The served weights of a keyed model beside a plain checkpoint: matching columns gives the key away.

The key has moved the columns of the patch map, one for each atom, and changed the signs of some. Whoever has
the plain map, from a public checkpoint, asks which column each served column is like:

1. Positions: rows of the served position code are matched to those of the checkpoint, which tells where each
   block belongs. A ConvMixer's server is told that order outright.
2. For each kind of block, served columns are matched to plain ones, so that the sum of the absolute inner
   products is largest: an assignment (Kuhn 1955; SciPy's solver). The sign of a product is the atom's sign.
3. Atoms of all ciphertexts go back to where they came from.

Fine-tuning before the key was applied adds a change to each column; in dim dimensions a change is nearly
orthogonal to all columns, so that the match survives changes larger than the columns themselves.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import logsumexp, softmax

from lib.attacks import AttackResult, check_ciphers, measured
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.models.keyed import ServedWeights
from lib.table import join
from lib.tiling import places

# see `_odds`; the likeliest is taken
PARTS = np.r_[np.geomspace(1e-4, 0.5, 40), 1 - np.geomspace(0.4, 1e-9, 30)]


class Matching(NamedTuple):
    """Rows matched to rows: row i of the one is sign[i] times row order[i] of the other, with what chance;
    and `part`, how much of all squares is explained by that, 0 to 1."""

    order: np.ndarray
    sign: np.ndarray
    chance: np.ndarray
    part: float


@measured
def beside_checkpoint(served: ServedWeights, checkpoint: ServedWeights, ciphers: np.ndarray) -> AttackResult:
    """The plain images of clients, and the table, from served weights and a plain checkpoint.

    served, checkpoint   as `lib.models.keyed.served` gives them, of one architecture
    ciphers              (n, h, w, 3) uint8, what clients send

    recovered    "index", "mask": (atoms of an image,), `cipher[i] = plain[index[i]] ^ mask[i]`; "sources"
                 (patches,), where each cipher patch belongs, as they stand where no weights tell
    confidence   (atoms of an image,), that this atom's place, sign and patch are right. 0 for all where
                 nothing tells where patches belong
    Errors: ValueError for weights of two architectures, or ciphertexts of another size.
    """
    if served.kernels.shape[1:] != checkpoint.kernels.shape[1:]:
        shapes = f"{served.kernels.shape[1:]} and {checkpoint.kernels.shape[1:]}"
        raise ValueError(f"patch maps of (dim, atoms) {shapes} are of two architectures")
    check_ciphers(ciphers, served.block)
    parts = 8 // served.bits
    worth = np.tile(2.0 ** (served.bits * np.arange(parts - 1, -1, -1)), served.kernels.shape[2] // parts)
    plain = checkpoint.kernels[0].T
    columns = [matched(served.kernels[0].T, plain, worth)]
    columns += [matched(kernel.T, plain, worth, columns[0].part) for kernel in served.kernels[1:]]
    return put_back(served, ciphers, columns, *sources(served, checkpoint))


def sources(served: ServedWeights, checkpoint: ServedWeights) -> tuple[np.ndarray, np.ndarray]:
    """(patches,) which plain patch each cipher patch is, and how likely that is."""
    patches = len(served.kinds)
    if served.places is not None:
        return served.places, np.ones(patches)
    if served.positions is None:
        return np.arange(patches), np.zeros(patches)
    ours, theirs = (each.positions - each.positions.mean(0) for each in (served, checkpoint))
    found = matched(ours, theirs)
    return found.order, found.chance * (found.sign > 0)


def matched(
    ours: np.ndarray, theirs: np.ndarray, worth: np.ndarray | None = None, part: float | None = None
) -> Matching:
    """Rows of `ours` (m, dim) to rows of `theirs` (m, dim), each to one, up to signs.

    worth   (m,): how large rows of `theirs` are by their nature, and so what changes them; None for alike
    part    of all squares that a match explains, if known; None for the likeliest of `PARTS`
    """
    products = ours @ theirs.T
    _, order = linear_sum_assignment(np.abs(products), maximize=True)
    sign = np.where(products[np.arange(len(order)), order] < 0, -1, 1)
    squares, worth = ((ours**2).sum(1), (theirs**2).sum(1)), np.ones(len(theirs)) if worth is None else worth
    odds = {
        part: _odds(products, *squares, worth, ours.shape[1], part)
        for part in (PARTS if part is None else [part])
    }
    part = max(odds, key=lambda part: logsumexp(odds[part], axis=1).sum())
    chance = softmax(odds[part], axis=1)[np.arange(len(order)), order + (sign < 0) * len(order)]
    return Matching(order, sign, chance, part)


def _odds(products, ours, theirs, worth, dim, part):
    """(m, 2 m): log-likelihoods that each of our rows is a multiple of one of theirs, or of its negative, and
    normal noise around it, where `part` of all squares is the multiple's; from inner products and squares."""
    share = np.sqrt(part * ours.mean() / theirs.mean())
    noise = (1 - part) * ours.mean() / dim * worth**2 / (worth**2).mean()
    apart = ours[:, None] + share**2 * theirs
    signed = np.concatenate([apart - 2 * share * products, apart + 2 * share * products], axis=1)
    return -(signed / np.tile(noise, 2) + dim * np.log(np.tile(noise, 2))) / 2


def put_back(
    served: ServedWeights,
    ciphers: np.ndarray,
    columns: list[Matching],
    source: np.ndarray,
    likely: np.ndarray,
) -> AttackResult:
    """Ciphertexts with atoms and patches put back: for each kind of block its columns, for each patch its
    source and how likely that is."""
    _, h, w, c = ciphers.shape
    patches = places((h, w, c * 8 // served.bits), served.block)
    if patches.shape != (len(served.kinds), served.kernels.shape[2]):
        raise ValueError(f"the weights read {len(served.kinds)} patches, not ciphertexts of {h}x{w}")
    order, sign, chance = (
        np.stack([getattr(each, name) for each in columns])[served.kinds]
        for name in ("order", "sign", "chance")
    )
    index, mask, confidence = np.empty((3, patches.size))
    index[patches] = np.take_along_axis(patches[source], order, axis=1)
    mask[patches] = (sign < 0) * (2**served.bits - 1)
    confidence[patches] = chance * likely[:, None]
    index, mask = index.astype(np.int64), mask.astype(np.uint8)
    estimate = decrypt_with(ciphers, index, join(mask, served.bits), served.bits)
    return AttackResult(estimate, {"index": index, "mask": mask, "sources": source}, confidence)
