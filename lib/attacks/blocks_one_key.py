"""Ciphertexts and nothing else: one key for all blocks, as Tanaka's scheme, SHF and NP have. A single photograph is enough.

Nothing is asked, known or trained. A block of `block` x `block` pixels is 3 block**2 bytes, split into atoms of `bits`
bits; each atom of the cipher is a stream of as many values as there are blocks. Four steps:

1. Streams that correlate strongly with many others hold the highest bits of bytes. A tree of the strongest correlations
   gives the signs, that is, which are reversed.
2. `lib.attacks.arrangement` puts them in their places.
3. `lib.attacks.lower_bits` finds the bits below, level by level, from the pixels around.
4. Fine edges tell whether a colour is negative to the others. Nothing inside tells the negative from the picture, nor
   names the colours: the likeliest of the 12 pictures is taken, see `lib.attacks.upright`.

We found no publication of it. Nearest: Li, Lin and Lue 2017, on the correlations inside one scrambled image.
"""

import time
from itertools import permutations

import numpy as np
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from scipy.special import expit

from lib.attacks import AttackResult, check_ciphers, upright
from lib.attacks.arrangement import SHARP, arrange, correlations, energy, replace, weights
from lib.attacks.lower_bits import assembled, by_place, next_level, picture, predicted
from lib.table import join, split

MODELS = (  # of pictures: reach in pixels, near and far colours; no one of them suits all pictures
    (3, 0.6, 0.4),
    (5, 0.9, 0.85),
    (3, 0.3, 0.15),
    (1.5, 0.5, 0.3),
    (3, 0.97, 0.94),
    (2, 0.8, 0.65),
    (3, 0.9, 0.85),
)
JUDGE = MODELS[0]  # compares what the others found
STARTS, VOTES = 3 * len(MODELS), 3  # of annealing: at most so many, and enough once so many agree
ODD = 0.5  # natural logarithm of a variance: a place that is less predictable than others by more is wrong
ALIKE = 0.9  # share of places in which two orders agree
FAINT = 4.0  # squared difference of two pixels that is as good as none
ENOUGH = 1 << 15  # pixels that statistics are taken from; more take time and help little


def blocks_one_key(
    ciphers: np.ndarray, block: int = 4, bits: int = 4, public: np.ndarray | None = None, seed: int = 0
) -> AttackResult:
    """The plain images, and the table of the block key, from ciphertexts under one key.

    ciphers      (n, h, w, 3) uint8
    bits         of an atom: 4 or 2 for Tanaka's scheme, 8 for its bytewise variant, SHF and NP
    public       (n, h, w, 3) uint8, pictures of the attacker's own; None takes the embedded photographs

    recovered    "index", "mask": (atoms of a block,), `cipher[i] = plain[index[i]] ^ mask[i]` in every block
    confidence   (atoms of a block,), that this cipher atom is placed right, and reversed or not. Up to two things that
                 the ciphertexts do not hold: the order of the three colours, and the negative of everything. "settled" in
                 `recovered` is the probability that these are right too, by the public pictures.

    Errors: ValueError for other shapes, and for ciphertexts with too few blocks, or too few atoms that ever change.
    """
    started = time.perf_counter()
    atoms = _atoms(ciphers, block, bits)
    levels, places = 8 // bits, 3 * block**2
    streams = _some(atoms, block)
    held, flips, sure = (np.zeros((levels, places), dtype) for dtype in (np.int64, bool, float))
    held[0], flips[0], sure[0] = _highest(streams, block, bits, seed)
    for level in range(1, levels):
        held[level], flips[level], sure[level] = next_level(streams, held[:level], flips[:level], block, bits)
        sure[level] = np.minimum(sure[level], sure[level - 1])
    flips ^= np.tile(_opposed(picture(streams, held, flips, block, bits)), block**2)
    order, negative, settled = _colours(picture(streams, held, flips, block, bits), public)
    held, flips, sure = (part.reshape(levels, -1, 3)[..., order].reshape(levels, -1) for part in (held, flips, sure))
    taken = held.T.ravel()  # the cipher atom that holds each plain atom
    index, mask, confidence = np.empty(len(taken), np.int64), np.empty(len(taken), np.uint8), np.empty(len(taken))
    index[taken], confidence[taken] = np.arange(len(taken)), sure.T.ravel()
    mask[taken] = (flips ^ negative).T.ravel() * np.uint8(2**bits - 1)
    estimate = assembled(join(atoms[..., taken] ^ mask[taken], bits), block)
    recovered = {"index": index, "mask": mask, "settled": settled}
    return AttackResult(estimate, seconds=time.perf_counter() - started, recovered=recovered, confidence=confidence)


# -- atoms and pictures ---------------------------------------------------------------------------------------------------


def _atoms(ciphers, block, bits):
    """(n, rows, columns, atoms of a block) uint8."""
    if bits not in (8, 4, 2) or block < 2:
        raise ValueError(f"expected atoms of 8, 4 or 2 bits and blocks of 2 or more, got bits={bits}, block={block}")
    n, h, w, _ = check_ciphers(ciphers, block).shape
    rows, columns = h // block, w // block
    if min(rows, columns) < 2 or n * rows * columns < 16:
        raise ValueError(
            f"{n} images of {rows}x{columns} blocks; expected 16 blocks, two in each direction: add images, or larger ones"
        )
    cut = ciphers.reshape(n, rows, block, columns, block, 3).transpose(0, 1, 3, 2, 4, 5)
    return split(np.ascontiguousarray(cut).reshape(n, rows, columns, -1), bits)


def _some(atoms, block):
    """The middle of the images, and the first of them, as many as statistics need."""
    rows, columns = atoms.shape[1:3]
    blocks = ENOUGH // block**2
    side = max(2, int(blocks**0.5))
    top, left = max(0, rows - side) // 2, max(0, columns - side) // 2
    part = atoms[:, top : top + side, left : left + side]
    return part[: max(1, blocks // (part.shape[1] * part.shape[2]))]


# -- the highest bits -----------------------------------------------------------------------------------------------------


def _highest(streams, block, bits, seed):
    """The streams of the highest bits in their places, whether each is reversed, and how sure that is."""
    correlation, places = correlations(streams), 3 * block**2
    strength = np.abs(correlation[0]) * (1 - np.eye(len(correlation[0])))
    if (correlation[0].diagonal() > 0.5).sum() < places:
        raise ValueError(
            f"fewer than {places} of a block's {len(strength)} atoms ever change; expected pictures, got flat ones"
        )
    streams_of = np.argsort(-np.sort(strength)[:, -min(20, places - 1) :].sum(1))[:places]
    sign = _signs(correlation[0][np.ix_(streams_of, streams_of)])
    for _ in range(2):  # one that was taken for one of the highest, or for reversed, spoils the vote
        among = np.outer(sign, sign) * correlation[:, streams_of[:, None], streams_of]
        order, votes = _vote(among, block, seed)
        before = streams_of[order], sign[order]
        streams_of, sign = replace(weights(block, *JUDGE, SHARP), correlation, *before)
        if (streams_of == before[0]).all() and (sign == before[1]).all():
            break
    seen = picture(streams, streams_of[None], sign[None] < 0, block, bits)
    return streams_of, sign < 0, _plausible(seen, block, bits) * (1 - 0.2 ** (votes - 1).clip(0))


def _signs(correlation):
    """(places,) 1.0 or -1.0: signs that make the strongest correlations positive, from one to the next.

    Colours may be all but uncorrelated in a picture, or opposed; a leading eigenvector then knows one of them only.
    """
    tree = minimum_spanning_tree(1.001 - np.abs(correlation))
    found, before = breadth_first_order(tree, 0, directed=False)
    sign = np.ones(len(correlation))
    for node in found[1:]:
        sign[node] = sign[before[node]] * (-1.0 if correlation[node, before[node]] < 0 else 1.0)
    return sign


def _vote(correlation, block, seed):
    """The best of many orders, and how many starts agree with it in each place: a wrong one is hardly found twice."""
    places, judge, rng, found = len(correlation[0]), weights(block, *JUDGE, SHARP), np.random.default_rng(seed), []
    models = [weights(block, *model) for model in MODELS]
    for start in range(STARTS):
        order = arrange(models[start % len(models)], correlation, np.arange(places), rng)
        turned = min(_turns(order, block), key=lambda order: energy(judge, correlation, order))
        order = arrange(judge, correlation, turned)
        found.append((energy(judge, correlation, order), order))
        best = min(found, key=lambda pair: pair[0])[1]
        agree = np.array([_same(order, best) for _, order in found])
        agree = agree[agree.mean(1) > ALIKE]
        if len(agree) == VOTES:
            break
    return best, agree.sum(0)


def _turns(order, block):
    """The order with the inside of blocks turned and mirrored in all eight ways: each a pit that annealing may end in."""
    grid = order.reshape(block, block, 3)
    return [np.rot90(each, k).ravel() for each in (grid, grid.swapaxes(0, 1)) for k in range(4)]


def _same(order, other):
    """(places,) bool: where two orders put the same stream, but for the order of colours."""
    grids = (order.reshape(-1, 3)[:, colours].ravel() for colours in permutations(range(3)))
    return max((grid == other for grid in grids), key=np.sum)


def _plausible(images, block, bits):
    """(places,) 0 to 1: near 1 where a place is as predictable as the others of its colour, and much better than noise."""
    coarseness = max(0, 16**2 - 4.0 ** (8 - bits)) / 12  # bytes are judged like nibbles: JPEG's own blocks show in them
    rest = predicted(images, images, 2) - images
    odd = np.log(by_place(rest**2, block).mean(0) + coarseness + 1e-9).reshape(-1, 3)
    odd = (odd - np.median(odd, axis=0)).ravel()
    explained = 1 - (rest**2).mean() / images.var((0, 1, 2)).mean()
    return expit((ODD - odd) / 0.06) * expit((explained - 0.7) / 0.03)


# -- colours --------------------------------------------------------------------------------------------------------------


def _opposed(images):
    """(3,) bool: colours whose edges run against those of the others, and so are negatives of what they should be.

    Where yellow and blue things meet, values of colours may be opposed; fine edges, of light and shadow, hardly ever are.
    """
    edges = np.concatenate([np.diff(images, axis=axis).reshape(-1, 3) for axis in (1, 2)])
    together = edges.T @ (edges / ((edges**2).sum(1, keepdims=True) + FAINT))
    choices = [np.array(sign) for sign in ((1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1))]
    return max(choices, key=lambda sign: sign @ together @ sign) < 0


def _colours(images, public):
    """The likeliest order of colours, whether all is a negative, and the probability of both by the public pictures."""
    images = images.astype(np.uint8)
    choices = [(list(order), negative) for order in permutations(range(3)) for negative in (False, True)]
    candidates = ((255 - images if negative else images)[..., order] for order, negative in choices)
    best, settled = upright.choose(candidates, public)
    return *choices[best], settled
