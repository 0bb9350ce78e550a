"""Ciphertexts and nothing else: one key for all blocks, as Tanaka's scheme, SHF and NP have. A single
photograph is enough.

Nothing is asked, known or trained. A block of `block` x `block` pixels is 3 block**2 bytes, split into atoms
of `bits` bits; each atom of the cipher is a stream of as many values as there are blocks. Four steps:

1. Streams that correlate strongly with many others hold the highest bits of bytes. A tree of the strongest
   correlations gives the signs, that is, which are reversed.
2. `lib.attacks.solvers.quadratic_assignment` puts them in their places, from many starts under several models
   of pictures. Of what it finds, the picture whose pixels follow best from those around them is taken: that
   asks for no model.
3. `lib.attacks.solvers.bit_planes` finds the bits below, level by level, from the pixels around. Where what
   is above is wrong, nothing fits there: that is how the attack knows that it failed.
4. Fine edges tell whether a colour is negative to the others. Nothing inside tells the negative from the
   picture, nor names the colours: the likeliest of the 12 pictures is taken, see
   `lib.attacks.solvers.ambiguity`.

A grey picture has each stream three times, and is a puzzle of one colour.

We found no publication of it. Nearest: Li, Lin and Lue 2017, on the correlations inside one scrambled image.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from scipy.special import expit

from lib.attacks import MANY, ONE, AttackResult, attack, check_ciphers, on
from lib.attacks.solvers import ambiguity
from lib.attacks.solvers.bit_planes import by_place, in_order, next_level, picture, predicted
from lib.attacks.solvers.orders import moves, turns
from lib.attacks.solvers.quadratic_assignment import SHARP, arrange, correlations, energy, replace, weights
from lib.symmetries import COLOURS
from lib.table import Structure, join, split
from lib.tiling import assembled, cut

# of pictures: reach in pixels down and across, near and far colours; no one of them suits all pictures
MODELS = (
    ((3, 3), 0.6, 0.4),
    ((5, 5), 0.9, 0.85),
    ((3, 3), 0.3, 0.15),
    ((1.5, 6), 0.9, 0.85),
    ((1.5, 1.5), 0.5, 0.3),
    ((3, 3), 0.97, 0.94),
    ((6, 1.5), 0.6, 0.4),
    ((2, 2), 0.8, 0.65),
    ((3, 3), 0.9, 0.85),
)
# of annealing: at most and at least so many, and fewer for more places
STARTS, FEWEST, EFFORT = 80, 21, 1 << 18
VOTES, ROUNDS, REFINED = 3, 4, 4  # enough starts once so many agree; rounds of polishing
UNFOUND = 1.43  # votes of a picture that no start led to: as likely wrong as right
JUDGED = 1 << 13  # pixels that say how rough a picture is
TIE = 0.02  # what energy counts beside roughness: where two colours are the same, each follows from the other
FITS = 0.9  # mean certainty of the bits below: less where what is above them is wrong
DEPENDENT = 100.0  # pixels that tell as much as one that does not depend on others
ODD = 0.5  # natural logarithm of a variance: a place that is less predictable than others by more is wrong
ALIKE = 0.9  # share of places in which two orders agree
FAINT = 4.0  # squared difference of two pixels that is as good as none
ENOUGH = 1 << 15  # pixels that statistics are taken from; more take time and help little

TONES = {
    "fits": on(Structure.SAME_BLOCKS),
    "told": ("block", "bits"),
    "moves": ("colours", "complement"),
    "public": True,
}


@attack("one-photograph", ONE, **TONES, images=1, rank=3)
@attack("one-key-tanaka", MANY, **TONES, images=5, rank=0)
def blocks_one_key(
    ciphers: np.ndarray, block: int = 4, bits: int = 4, public: np.ndarray | None = None, seed: int = 0
) -> AttackResult:
    """The plain images, and the table of the block key, from ciphertexts under one key.

    ciphers      (n, h, w, 3) uint8
    bits         of an atom: 4 or 2 for Tanaka's scheme, 8 for its bytewise variant, SHF and NP
    public       (n, h, w, 3) uint8, pictures of the attacker's own; None takes the embedded photographs

    recovered    "index", "mask": (atoms of a block,), `cipher[i] = plain[index[i]] ^ mask[i]` in every block
    confidence   (atoms of a block,), that this cipher atom is placed right, and reversed or not. Up to two
                 things that the ciphertexts do not hold: the order of the three colours, and the negative of
                 everything. "settled" in `recovered` is the probability that these are right too, by the
                 public pictures.

    Errors: ValueError for other shapes, and for ciphertexts with too few blocks, or too few atoms that ever
    change.
    """
    atoms = _atoms(ciphers, block, bits)
    streams = _some(atoms, block)
    groups, turned = _groups(streams, bits)
    held, flips, sure = _levels(streams[..., groups[:, 0]], block, bits, seed)
    held, sure = groups[held].reshape(len(held), -1), np.repeat(sure, groups.shape[1], axis=1)
    flips = np.repeat(flips, groups.shape[1], axis=1) ^ turned[held]
    flips ^= np.tile(_opposed(picture(streams, held, flips, block, bits)), block**2)
    order, negative, settled = _colours(picture(streams, held, flips, block, bits), public)
    held, flips, sure = (
        part.reshape(len(held), -1, 3)[..., order].reshape(len(held), -1) for part in (held, flips, sure)
    )
    taken = held.T.ravel()  # the cipher atom that holds each plain atom
    index, mask, confidence = (
        np.empty(len(taken), np.int64),
        np.empty(len(taken), np.uint8),
        np.empty(len(taken)),
    )
    index[taken], confidence[taken] = np.arange(len(taken)), sure.T.ravel()
    mask[taken] = (flips ^ negative).T.ravel() * np.uint8(2**bits - 1)
    estimate = assembled(join(atoms[..., taken] ^ mask[taken], bits), block)
    recovered = {"index": index, "mask": mask, "settled": settled}
    return AttackResult(estimate, recovered, confidence)


# -- atoms and pictures --------------------------------------------------------------------------------------


def _atoms(ciphers, block, bits):
    """(n, rows, columns, atoms of a block) uint8."""
    if bits not in (8, 4, 2) or block < 2:
        raise ValueError(
            f"expected atoms of 8, 4 or 2 bits and blocks of 2 or more, got bits={bits}, block={block}"
        )
    n, h, w, _ = check_ciphers(ciphers, block).shape
    rows, columns = h // block, w // block
    if min(rows, columns) < 2 or n * rows * columns < 16:
        raise ValueError(
            f"{n} images of {rows}x{columns} blocks; expected 16 blocks, two in each direction: add images, or larger ones"
        )
    return split(cut(ciphers, block).reshape(n, rows, columns, -1), bits)


def _some(atoms, block):
    """The middle of the images, and the first of them, as many as statistics need."""
    rows, columns = atoms.shape[1:3]
    blocks = ENOUGH // block**2
    side = max(2, int(blocks**0.5))
    top, left = max(0, rows - side) // 2, max(0, columns - side) // 2
    part = atoms[:, top : top + side, left : left + side]
    return part[: max(1, blocks // (part.shape[1] * part.shape[2]))]


def _groups(streams, bits):
    """Streams that are one, (streams, 1), or in a grey picture three, (streams / 3, 3), but for reversal; and
    which are reversed against the first of theirs."""
    flat = streams.reshape(-1, streams.shape[-1])
    turned = flat[0] >= 2 ** (bits - 1)
    _, kind, count = np.unique(
        (flat ^ turned * np.uint8(2**bits - 1)).T, axis=0, return_inverse=True, return_counts=True
    )
    if (count % 3).any():
        return np.arange(len(kind))[:, None], np.zeros(len(kind), bool)
    groups = np.argsort(kind, kind="stable").reshape(-1, 3)
    against = turned.copy()
    against[groups] ^= turned[groups[:, :1]]
    return groups, against


def _levels(streams, block, bits, seed):
    """The streams of each level in their places, (levels, places), whether each is reversed, and how sure
    that is.

    Where a level is wrong, nothing fits below it: the least certain level says how sure all of it is.
    """
    parts = [_highest(streams, block, bits, seed)]
    for _ in range(1, 8 // bits):
        held, flips = (np.array(each) for each in list(zip(*parts))[:2])
        parts.append(next_level(streams, held, flips, block, bits))
    held, flips, sure = map(np.array, zip(*parts))
    held, flips = in_order(_part(streams, block), held, flips, block, bits)
    fits = min((level.mean() for level in sure[1:]), default=1)
    return held, flips, np.minimum.accumulate(sure) * expit((fits - FITS) / 0.015)


# -- the highest bits ----------------------------------------------------------------------------------------


def _highest(streams, block, bits, seed):
    """The streams of the highest bits in their places, whether each is reversed, and how sure that is."""
    correlation, places = correlations(streams), streams.shape[-1] * bits // 8
    strength = np.abs(correlation[0]) * (1 - np.eye(len(correlation[0])))
    if (correlation[0].diagonal() > 0.5).sum() < places:
        raise ValueError(
            f"fewer than {places} of a block's {len(strength)} atoms ever change; expected pictures, got flat ones"
        )
    ranked = np.argsort(-np.sort(strength)[:, -min(20, places - 1) :].sum(1))
    alike, colours = _alike(correlation), places // block**2
    found = _search(streams, correlation, alike, ranked, block, bits, seed)
    best = min(found, key=_roughness)
    doubt = np.array([each.roughness - best.roughness for each in found]) * best.pixels / DEPENDENT
    agree = [_same(alike[each.streams], alike[best.streams], colours) for each in found]
    sure = np.average(agree, axis=0, weights=np.exp(-doubt))
    seen = picture(streams, best.streams[None], best.sign[None] < 0, block, bits)
    return best.streams, best.sign < 0, _plausible(seen, block, bits) * sure * (1 - 0.2 ** (best.votes - 1))


@dataclass
class Candidate:
    """Which stream is where, (places,), the signs, how rough the picture is, from how many pixels, and how
    often found."""

    streams: np.ndarray
    sign: np.ndarray
    roughness: float
    pixels: int
    votes: float = 1


def _roughness(candidate):
    return candidate.roughness


def _search(streams, correlation, alike, ranked, block, bits, seed):
    """What annealing finds, from one model of pictures after the other, until the least rough picture has its
    votes."""
    places, rng, found = len(alike) * bits // 8, np.random.default_rng(seed), []
    colours = places // block**2
    for start in range(max(FEWEST, min(STARTS, EFFORT // places**2))):
        # the highest bits of a dull colour may rank low
        pool = ranked[: 2 * places if start % 5 == 3 else places]
        where, sign = _arranged(correlation, pool, MODELS[start % len(MODELS)], block, colours, rng)
        for each in found:
            if _same(alike[where], alike[each.streams], colours).mean() > ALIKE:
                each.votes += 1
                break
        else:
            found.append(Candidate(where, sign, *_measured(streams, correlation, where, sign, block, bits)))
        if start >= len(MODELS) * 3 // colours and min(found, key=_roughness).votes >= VOTES:
            break
    return _refined(found, streams, correlation, alike, block, bits)


def _refined(found, streams, correlation, alike, block, bits):
    """Candidates near the least rough one added, as long as one is less rough: by annealing's models, then by
    `moves`."""
    places = len(alike) * bits // 8
    colours = places // block**2
    for _ in range(REFINED):
        best = min(found, key=_roughness)
        signed = _signed(correlation, best.streams, best.sign)
        sharp = (weights(block, *model, SHARP, colours) for model in MODELS)
        for orders in (
            [arrange(weight, signed, np.arange(places)) for weight in sharp],
            moves(block, colours),
        ):
            moved = [
                (best.streams[order], best.sign[order])
                for order in orders
                if (order != np.arange(places)).any()
            ]
            others = [
                Candidate(*each, *_measured(streams, correlation, *each, block, bits)) for each in moved
            ]
            other = min(others, key=_roughness, default=best)
            if other.roughness < best.roughness - 1e-3:
                break
        else:
            break
        same = _same(alike[other.streams], alike[best.streams], colours).mean() > ALIKE
        other.votes = best.votes if same else min(best.votes, UNFOUND)
        found.append(other)
    return found


def _arranged(correlation, pool, model, block, colours, rng):
    """(streams, sign) of each place: annealed under a model, then the best within reach under a sharper
    one."""
    places, sharp = colours * block**2, weights(block, *model, SHARP, colours)
    sign = _signs(correlation[0][np.ix_(pool, pool)])
    weight = np.zeros((5, len(pool), len(pool)))
    weight[:, :places, :places] = weights(block, *model, colours=colours)
    order = arrange(weight, _signed(correlation, pool, sign), np.arange(len(pool)), rng)[:places]
    where, sign = pool[order], sign[order]
    before, now = np.inf, np.inf
    for _ in range(ROUNDS):
        signed = _signed(correlation, where, sign)
        turned = min(turns(block, colours), key=lambda order: energy(sharp, signed, order))
        order = arrange(sharp, signed, turned)
        where, sign = replace(sharp, correlation, where[order], sign[order])
        before, now = now, energy(sharp, _signed(correlation, where, sign), np.arange(places))
        if now > before - 1e-4:
            break
    return where, sign


def _alike(correlation):
    """(atoms,): the first stream that is the same as this one, as colours of a grey picture are."""
    return (np.abs(correlation[0]) + np.eye(len(correlation[0])) > 1 - 1e-6).argmax(1)


def _signed(correlation, where, sign):
    return correlation[:, where[:, None], where] * np.outer(sign, sign)


def _measured(streams, correlation, where, sign, block, bits):
    """How little of the picture follows from what surrounds it: the logarithm of the variance, and of how
    many pixels."""
    seen = picture(_part(streams, block), where[None], sign[None] < 0, block, bits)
    rest = predicted(seen, seen, 2) - seen
    rough = np.log((rest.astype(float) ** 2).mean((0, 1, 2)) + 4.0 ** (8 - bits) / 12).sum()
    weight = weights(block, *MODELS[0], SHARP, seen.shape[-1])
    tie = energy(weight, _signed(correlation, where, sign), np.arange(len(where)))
    return float(rough + TIE * tie), seen[..., 0].size


def _part(streams, block):
    """As many of the streams as say how rough a picture is."""
    rows, columns = streams.shape[1:3]
    side = max(2, int((JUDGED // block**2) ** 0.5))
    large = rows * columns * block**2 > JUDGED
    return streams[: max(1, JUDGED // block**2 // side**2), :side, :side] if large else streams


def _signs(correlation):
    """(places,) 1.0 or -1.0: signs that make the strongest correlations positive, from one to the next.

    Colours may be all but uncorrelated in a picture, or opposed; a leading eigenvector then knows one of them
    only.
    """
    tree = minimum_spanning_tree(1.001 - np.abs(correlation))
    found, before = breadth_first_order(tree, 0, directed=False)
    sign = np.ones(len(correlation))
    for node in found[1:]:
        sign[node] = sign[before[node]] * (-1.0 if correlation[node, before[node]] < 0 else 1.0)
    return sign


def _same(order, other, colours):
    """(places,) bool: where two orders put the same stream, but for the order of colours."""
    grids = (order.reshape(-1, colours)[:, each].ravel() for each in permutations(range(colours)))
    return max((grid == other for grid in grids), key=np.sum)


def _plausible(images, block, bits):
    """(places,) 0 to 1: near 1 where a place is as predictable as the others of its colour, and much better
    than noise."""
    # bytes are judged like nibbles: JPEG's own blocks show in them
    coarseness = max(0, 16**2 - 4.0 ** (8 - bits)) / 12
    rest = predicted(images, images, 2) - images
    odd = np.log(by_place(rest**2, block).mean(0) + coarseness + 1e-9).reshape(block**2, -1)
    odd = (odd - np.median(odd, axis=0)).ravel()
    explained = 1 - (rest**2).mean() / images.var((0, 1, 2)).mean()
    # others have levels below
    return expit((ODD - odd) / 0.06) * (expit((explained - 0.7) / 0.03) if bits == 8 else 1)


# -- colours -------------------------------------------------------------------------------------------------


def _opposed(images):
    """(3,) bool: colours whose edges run against those of the others, and so are negatives of what they
    should be.

    Where yellow and blue things meet, values of colours may be opposed; fine edges, of light and shadow,
    hardly ever are.
    """
    edges = np.concatenate([np.diff(images, axis=axis).reshape(-1, 3) for axis in (1, 2)])
    together = edges.T @ (edges / ((edges**2).sum(1, keepdims=True) + FAINT))
    choices = [np.array(sign) for sign in ((1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1))]
    return max(choices, key=lambda sign: sign @ together @ sign) < 0


def _colours(images, public):
    """The likeliest order of colours, whether all is a negative, and the probability of both by the public
    pictures."""
    images = images.astype(np.uint8)
    choices = [(order, negative) for order in COLOURS for negative in (False, True)]
    candidates = ((255 - images if negative else images)[..., order] for order, negative in choices)
    best, settled = ambiguity.choose(candidates, public)
    return *choices[best], settled
