"""One EtC ciphertext: a jigsaw puzzle whose pieces may be turned, mirrored, negative, recoloured.

1. `lib.attacks.solvers.compatibility`: how well two borders go together in each of 96 states.
2. `lib.attacks.solvers.placement`: the search for the picture.
3. What borders leave open, a turn, mirror, sign and colour order of the whole picture, is chosen by public
   pictures, see `lib.attacks.solvers.ambiguity`: a guess for a single picture, and `settled` says how good.

Published solvers handle a part of this: T. Chuman, K. Kurihara and H. Kiya on EtC without and with all steps
(2017 and 2018), `gaps` and its kind permutation alone. Several ciphertexts under one key are one puzzle with
longer borders (Li et al., arXiv:2305.04543), and the same function solves it.
"""

import numpy as np

from lib.attacks import ONE, AttackResult, attack, check_ciphers, on
from lib.attacks.solvers import covariance_compatibility
from lib.attacks.solvers.ambiguity import settle
from lib.attacks.solvers.assembly import Assembly, picture, rebased
from lib.attacks.solvers.compatibility import of_edges
from lib.attacks.solvers.placement import LARGEST, TRIES, place
from lib.symmetries import block_orders
from lib.table import Structure
from lib.tiling import cut, places

STEPS = "permute", "rotate and mirror", "negative-positive", "colour shuffle"
SUMMED = 30  # images, from which on borders are compared by sums over all images: no worse there, and faster
Array = np.ndarray
MOVES = "turns", "complement", "colours"
PIECES = {"fits": on(Structure.PIECES), "told": ("block",), "moves": MOVES, "public": True}


@attack("jigsaw", ONE, **PIECES, source="after Gallagher, CVPR 2012", images=1, rank=4)
def jigsaw(
    ciphers: Array, block: int = 16, steps: tuple = STEPS, public: Array | None = None, tries: int = TRIES
) -> AttackResult:
    """Put EtC ciphertexts (n, h, w, 3) uint8 with one key together, n = 1 or more.

    steps    the steps of `EtC.steps` that were taken; all, unless somebody uses a part of EtC
    public   (m, h', w', 3) uint8 upright pictures of the attacker's own, to settle what borders leave open;
             None: the embedded photographs
    tries    how often parts are laid again at most

    Recovered: "index" (h * w * 3,) int64 and "mask" (h * w * 3,) uint8, a table of bytes as
    `lib.attacks.solvers.recovered_table.decrypt_with` takes it; and "settled", 0 to 1, how sure turn, sign
    and colour order of the whole are; right and left may be exchanged in any case. Confidence (h / block, w /
    block), by place in the picture: how likely its block is the right one, in the right state, up to that.
    Errors: ValueError for sizes that do not fit the block, a block below 2, fewer than 2x2 or more than 4096
    blocks, unknown steps, or images all of one colour.
    """
    _check(ciphers, block, steps)
    open_ = tuple(step in steps for step in STEPS[1:])
    blocks, (rows, columns) = cut(ciphers, block), (side // block for side in ciphers.shape[1:3])
    summed = len(ciphers) >= SUMMED and all(open_) and rows * columns <= covariance_compatibility.LARGEST
    compatibility = covariance_compatibility.of_covariances(blocks) if summed else of_edges(blocks, *open_)
    found = place(compatibility, rows, columns, tries)
    upright, settled = settle(picture(blocks, found), public, *open_)
    found = rebased(found, *upright)
    recovered = {**table(found, ciphers.shape[1:], block), "settled": settled}
    confidence = found.confidence * covariance_compatibility.inside_fits(blocks)
    return AttackResult(picture(blocks, found), recovered, confidence)


def _check(ciphers, block, steps):
    _, h, w, _ = check_ciphers(ciphers, block).shape
    if block < 2:
        raise ValueError(f"expected blocks of 2 pixels or more, got {block}: a single pixel has no border")
    if min(h, w) < 2 * block or h * w > LARGEST * block * block:
        grid = f"{h // block}x{w // block}"
        raise ValueError(f"expected 2x2 to {LARGEST} blocks, got {grid}; crop, or use larger blocks")
    if "permute" not in steps or set(steps) - set(STEPS):
        known, given = ", ".join(STEPS), ", ".join(steps)
        raise ValueError(f"expected steps out of {known}, the first among them; got {given}")
    if (ciphers == ciphers[:, :1, :1]).all():
        raise ValueError("every ciphertext is of one colour; expected pictures, whose blocks differ")


def table(found: Assembly, shape: tuple, block: int) -> dict[str, np.ndarray]:
    """The key of images of `shape` (h, w, 3) as index and mask: cipher[i] = plain[index[i]] ^ mask[i]."""
    own, orientation, negative, colour = (part.ravel() for part in found[:4])
    plain, order = places(shape, block), block_orders(block)[6 * orientation + colour]
    index, mask = np.empty(plain.size, np.int64), np.empty(plain.size, np.uint8)
    index[plain[own]], mask[plain[own]] = np.take_along_axis(plain, order, 1), 255 * negative[:, None]
    return {"index": index, "mask": mask}
