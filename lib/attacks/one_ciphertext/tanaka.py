"""Ciphertexts and nothing else: one key for all blocks, as Tanaka's scheme, SHF and NP have. One photograph
is enough, and the blocks of further images make it surer.

Each atom of a cipher block is a stream of as many values as there are blocks. Four steps:

1. Streams that correlate strongly with many others hold the highest bits of bytes. A tree of the strongest
   correlations gives the signs, that is, which are reversed.
2. `lib.attacks.solvers.multistart` puts them in their places, from many starts under several models of
   pictures, and takes the picture whose pixels follow best from those around them.
3. `lib.attacks.solvers.bit_planes` finds the bits below, level by level, from the pixels around. Where what
   is above is wrong, nothing fits there: that is how the attack knows that it failed.
4. Fine edges tell whether a colour is negative to the others. Of the 12 pictures left, with another order of
   colours or negative, the likeliest is taken, see `lib.attacks.solvers.ambiguity`.

A grey picture has each stream three times, and is a puzzle of one colour. We found no publication of it.
Nearest: Li, Lin and Lue 2017, on the correlations inside one scrambled image.
"""

import numpy as np
from scipy.special import expit

from lib.attacks import MANY, ONE, AttackResult, attack, check_ciphers, on
from lib.attacks.solvers import ambiguity
from lib.attacks.solvers.bit_planes import in_order, next_level, picture
from lib.attacks.solvers.multistart import highest_bits, part
from lib.attacks.solvers.seams import has_seams
from lib.symmetries import COLOURS
from lib.table import Structure, Table, join, split
from lib.tiling import cut

FITS = 0.9  # mean certainty of the bits below: less where what is above them is wrong
FAINT = 4.0  # squared difference of two pixels that is as good as none
ENOUGH = 1 << 15  # pixels that statistics are taken from; more take time and help little
MOVES = "colours", "complement"
TONES = {"fits": on(Structure.SAME_BLOCKS), "told": ("block", "bits"), "moves": MOVES, "public": True}


@attack("one-key-tanaka", MANY, **TONES, images=5, rank=0)
@attack("one-photograph", ONE, **TONES, images=1, rank=3)
def blocks_one_key(
    ciphers: np.ndarray, block: int = 4, bits: int = 4, public: np.ndarray | None = None, seed: int = 0
) -> AttackResult:
    """The plain images, and the table of the block key, from ciphertexts under one key.

    ciphers      (n, h, w, 3) uint8
    bits         of an atom: 4 or 2 for Tanaka's scheme, 8 for its bytewise variant, SHF and NP
    public       (n, h, w, 3) uint8, pictures of the attacker's own; None takes the embedded photographs

    recovered    "index", "mask": (atoms of a block,), `cipher[i] = plain[index[i]] ^ mask[i]` in every block
    confidence   (atoms of a block,), that this cipher atom is placed right, and reversed or not, up to the
                 order of colours and the negative of everything, which the ciphertexts do not hold; 0 where
                 blocks have moved. "settled" in `recovered` is the probability, by public pictures, that
                 these are right too

    Errors: ValueError for other shapes, and for too few blocks, or too few atoms that ever change.
    """
    streams = _some(_atoms(ciphers, block, bits), block)
    held, flips, sure = _levels(streams, block, bits, seed)
    flips ^= _opposed(_picture(streams, held, flips, block, bits))
    order, negative, settled = _colours(_picture(streams, held, flips, block, bits), public)
    held, flips, sure = (each[..., order] for each in (held, flips ^ negative, sure))
    index, mask, confidence = _table(held, flips, sure, bits)
    table = Table(ciphers.shape[1:], block, bits, orders=index, masks=join(mask, bits))
    recovered = {"index": index, "mask": mask, "settled": settled}
    estimate = table.inverse().apply_batch(ciphers)
    return AttackResult(estimate, recovered, confidence * (not has_seams(estimate, block)))


def _atoms(ciphers, block, bits):
    """(n, rows, columns, atoms of a block) uint8."""
    if bits not in (8, 4, 2) or block < 2:
        raise ValueError(f"expected 8, 4 or 2 bits and blocks of 2 or more, got bits={bits}, block={block}")
    n, h, w, _ = check_ciphers(ciphers, block).shape
    rows, columns = h // block, w // block
    if min(rows, columns) < 2 or n * rows * columns < 16:
        few = f"{n} images of {rows}x{columns} blocks"
        raise ValueError(f"{few}; expected 16 blocks, two in each direction: add images, or larger ones")
    return split(cut(ciphers, block).reshape(n, rows, columns, -1), bits)


def _some(atoms, block):
    """The middle of the images, and the first of them, as many as statistics need."""
    blocks = ENOUGH // block**2
    side = max(2, int(blocks**0.5))
    top, left = (max(0, length - side) // 2 for length in atoms.shape[1:3])
    part = atoms[:, top : top + side, left : left + side]
    return part[: max(1, blocks // (part.shape[1] * part.shape[2]))]


def _groups(streams, bits):
    """Streams that are one, (streams, 1), or in a grey picture three, (streams / 3, 3), but for reversal;
    and which are reversed against their first."""
    flat = streams.reshape(-1, streams.shape[-1])
    turned = flat[0] >= 2 ** (bits - 1)
    straight = (flat ^ turned * np.uint8(2**bits - 1)).T
    _, kind, count = np.unique(straight, axis=0, return_inverse=True, return_counts=True)
    if (count % 3).any():
        return np.arange(len(kind))[:, None], np.zeros(len(kind), bool)
    groups = np.argsort(kind, kind="stable").reshape(-1, 3)
    against = turned.copy()
    against[groups] ^= turned[groups[:, :1]]
    return groups, against


def _levels(streams, block, bits, seed):
    """The streams of each level in their places, (levels, pixels, 3), whether each is reversed, and how sure
    that is: where a level is wrong, nothing fits below it, so the least certain one counts for all."""
    groups, turned = _groups(streams, bits)
    single = streams[..., groups[:, 0]]
    levels = [highest_bits(single, block, bits, seed)]
    for _ in range(1, 8 // bits):
        held, flips = (np.array(each) for each in list(zip(*levels))[:2])
        levels.append(next_level(single, held, flips, block, bits))
    held, flips, sure = map(np.array, zip(*levels))
    held, flips = in_order(part(single, block), held, flips, block, bits)
    fits = min((level.mean() for level in sure[1:]), default=1)
    sure = np.minimum.accumulate(sure) * expit((fits - FITS) / 0.015)
    held = groups[held]  # (levels, places, 1), or in a grey picture (levels, pixels, 3)
    flips, sure = flips[..., None] ^ turned[held], np.broadcast_to(sure[..., None], held.shape)
    return (each.reshape(len(held), -1, 3) for each in (held, flips, sure))


def _picture(streams, held, flips, block, bits):
    """The images that streams held and reversed by level, pixel and colour show, (n, h, w, 3) float32."""
    return picture(streams, *(each.reshape(len(held), -1) for each in (held, flips)), block, bits)


def _table(held, flips, sure, bits):
    """index, mask and confidence by cipher atom, (atoms of a block,) each, of what `_levels` gives."""
    taken, flips, sure = (each.reshape(len(held), -1).T.ravel() for each in (held, flips, sure))
    index, mask, confidence = np.empty_like(taken), np.empty(len(taken), np.uint8), np.empty(len(taken))
    index[taken], mask[taken], confidence[taken] = np.arange(len(taken)), flips * np.uint8(2**bits - 1), sure
    return index, mask, confidence


def _opposed(images):
    """(3,) bool: colours whose edges run against those of the others, and so are negatives. Where yellow and
    blue things meet, values may be opposed; fine edges, of light and shadow, hardly ever are."""
    edges = np.concatenate([np.diff(images, axis=axis).reshape(-1, 3) for axis in (1, 2)])
    together = edges.T @ (edges / ((edges**2).sum(1, keepdims=True) + FAINT))
    choices = [np.array(sign) for sign in ((1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1))]
    return max(choices, key=lambda sign: sign @ together @ sign) < 0


def _colours(images, public):
    """The likeliest order of colours, whether all is a negative, and the probability of both."""
    images = images.astype(np.uint8)
    choices = [(order, negative) for order in COLOURS for negative in (False, True)]
    candidates = ((255 - images if negative else images)[..., order] for order, negative in choices)
    best, settled = ambiguity.choose(candidates, public)
    return *choices[best], settled
