"""Ciphertexts only, EtC with one key for many images: all blocks placed, turned, mirrored, signed and
coloured.

The key shuffles the blocks of every image alike. So a pair of edges that face each other in the pictures can
be told over all images at once, where a puzzle solver for one image has a single pair of four pixels: see
`lib.attacks.solvers.assembly`. Nearest relative: Li et al., arXiv:2305.04543, who solve EtC puzzles from
several cipher images under one key.

Left open by edges are a turn or mirror of all images, their sign and their colour order: 96 answers, 48 of
them for images that are not square. Public pictures pick one, but for the mirror left and right, see
`lib.attacks.solvers.ambiguity`.
"""

import numpy as np

from lib.attacks import MANY, AttackResult, attack, check_ciphers, on
from lib.attacks.solvers.ambiguity import choose
from lib.attacks.solvers.assembly import LARGEST, assemble
from lib.symmetries import COLOURS, oriented, picture, rebased
from lib.table import Structure
from lib.tiling import assembled, cut


@attack(
    "one-key-etc",
    MANY,
    fits=on(Structure.PIECES),
    told=("block",),
    moves=("turns", "complement", "colours"),
    images=50,
    public=True,
    rank=2,
)
def etc_one_key(ciphers: np.ndarray, block: int = 4, public: np.ndarray | None = None) -> AttackResult:
    """Decrypt EtC ciphertexts (n, h, w, 3) uint8 that share one key; from five 32x32 images on it rarely
    fails.

    public   (m, h', w', 3) uint8 upright pictures of the attacker's own, to settle what edges leave open;
             None: the embedded photographs
    Recovered: "index" (h * w * 3,) int64 and "mask" (h * w * 3,) uint8, a table of bytes as
    `lib.attacks.chosen_plaintext.table_reader.decrypt_with` takes it; and "settled", 0 to 1, how sure the
    turn, sign and colour order are that all images share; right and left may be exchanged in any case.
    Confidence (h / block, w / block), by place in the picture: how likely its block is the right one, turned,
    mirrored, signed and coloured rightly, up to that choice. Errors: ValueError for sizes that do not fit the
    block, a block below 2, fewer than 2x2 or more than 400 blocks, or images all of one colour.
    """
    _check(ciphers, block)
    blocks = cut(ciphers, block)
    found = assemble(blocks, ciphers.shape[1] // block, ciphers.shape[2] // block)
    upright, settled = settle(picture(blocks, found), public)
    found = rebased(found, *upright)
    recovered = {**table(found, ciphers.shape[1:], block), "settled": settled}
    return AttackResult(picture(blocks, found), recovered, found.confidence)


def _check(ciphers, block):
    _, h, w, _ = check_ciphers(ciphers, block).shape
    if block < 2:
        raise ValueError(
            f"expected blocks of 2 pixels or more, got {block}; blocks of one pixel have no edges to go by"
        )
    if min(h, w) < 2 * block or h * w > LARGEST * block * block:
        raise ValueError(
            f"expected 2x2 to {LARGEST} blocks, got {h // block}x{w // block}; crop, or use larger blocks"
        )
    if (ciphers == ciphers[:, :1, :1]).all():
        raise ValueError("every ciphertext is of one colour; expected pictures, whose blocks differ")


def settle(
    images: np.ndarray, public, turned=True, signs=True, colours=True
) -> tuple[tuple[int, int, int], float]:
    """The turn, sign and colour order of all images that public pictures make likeliest, and its probability.

    turned, signs, colours   which of them are open
    """
    turns = range(4) if images.shape[1] == images.shape[2] else (0, 2)
    orders = range(len(COLOURS) if colours else 1)
    options = [(o, sign, c) for o in (turns if turned else (0,)) for sign in range(1 + signs) for c in orders]
    if len(options) == 1:
        return options[0], 1.0
    views = (view(images[:200], *option) for option in options)
    best, probability = choose(views, public)
    return options[best], probability


def view(images, orientation, negative, colour):
    """Images turned and mirrored, in another colour order, negative or not."""
    view = oriented(images, orientation)[..., COLOURS[colour]]
    return 255 - view if negative else view


def table(found, shape, block):
    """The key as index and mask: cipher[i] = plain[index[i]] ^ mask[i]."""
    number = cut(np.arange(np.prod(shape)).reshape(1, *shape), block)[0]
    index, mask = np.empty_like(number), np.empty(number.shape, np.uint8)
    for place, (own, orientation, negative, colour) in enumerate(zip(*(part.ravel() for part in found[:4]))):
        index[own] = oriented(number[place][None], orientation)[0][..., COLOURS[colour]]
        mask[own] = 255 * negative
    return {"index": _uncut(index, shape, block), "mask": _uncut(mask, shape, block)}


def _uncut(blocks, shape, block):
    h, w, _ = shape
    return assembled(blocks.reshape(1, h // block, w // block, -1), block).ravel()
