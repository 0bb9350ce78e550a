"""One EtC ciphertext, with a key of its own: a jigsaw puzzle whose pieces may be turned, mirrored, negative,
recoloured.

EtC keeps every block as it is, up to 96 states. How well two borders go together in each of them is
`lib.attacks.solvers.compatibility`, the search for the picture `lib.attacks.solvers.placement`. Published
solvers handle a part of this: T. Chuman, K. Kurihara and H. Kiya on EtC without and with all steps (2017 and
2018), `gaps` and its kind permutation alone. Several ciphertexts under one key are one puzzle whose borders
are longer (Li et al., arXiv:2305.04543), and the same function solves it.

What borders leave open, a turn, mirror, sign and colour order of the whole picture, is chosen by public
pictures, see `lib.attacks.solvers.ambiguity`: a guess where there is a single picture, and `settled` says how
good.
"""

import numpy as np

from lib.attacks import ONE, AttackResult, attack, check_ciphers, on
from lib.attacks.many_ciphertexts.etc import settle, table
from lib.attacks.solvers.assembly import whole
from lib.attacks.solvers.placement import LARGEST, TRIES, assemble
from lib.symmetries import picture, rebased
from lib.table import Structure
from lib.tiling import cut

STEPS = "permute", "rotate and mirror", "negative-positive", "colour shuffle"


@attack(
    "jigsaw",
    ONE,
    fits=on(Structure.PIECES),
    told=("block",),
    source="after Gallagher, CVPR 2012",
    moves=("turns", "complement", "colours"),
    images=1,
    public=True,
    rank=4,
)
def jigsaw(
    ciphers: np.ndarray, block: int = 16, steps=STEPS, public=None, tries: int = TRIES
) -> AttackResult:
    """Put EtC ciphertexts (n, h, w, 3) uint8 with one key together, n = 1 or more.

    steps    the steps of `EtC.steps` that were taken; all, unless somebody uses a part of EtC
    public   (m, h', w', 3) uint8 upright pictures of the attacker's own, to settle what borders leave open;
             None: the embedded photographs
    tries    how often parts are laid again at most

    Recovered: "index" (h * w * 3,) int64 and "mask" (h * w * 3,) uint8, a table of bytes as
    `lib.attacks.solvers.recovered_table.decrypt_with` takes it; and "settled", 0 to 1, how sure turn,
    sign and colour order of the whole are; right and left may be exchanged in any case. Confidence (h /
    block, w / block), by place in the picture: how likely its block is the right one, in the right state, up
    to that choice. Errors: ValueError for sizes that do not fit the block, a block below 2, fewer than 2x2 or
    more than 4096 blocks, unknown steps, or images all of one colour.
    """
    _check(ciphers, block, steps)
    open_ = tuple(step in steps for step in STEPS[1:])
    blocks = cut(ciphers, block)
    found = assemble(blocks, ciphers.shape[1] // block, ciphers.shape[2] // block, *open_, tries=tries)
    found = found._replace(confidence=found.confidence * whole(blocks))
    upright, settled = settle(picture(blocks, found), public, *open_)
    found = rebased(found, *upright)
    recovered = {**table(found, ciphers.shape[1:], block), "settled": settled}
    return AttackResult(picture(blocks, found), recovered, found.confidence)


def _check(ciphers, block, steps):
    _, h, w, _ = check_ciphers(ciphers, block).shape
    if block < 2:
        raise ValueError(
            f"expected blocks of 2 pixels or more, got {block}; a block of one pixel has no border"
        )
    if min(h, w) < 2 * block or h * w > LARGEST * block * block:
        raise ValueError(
            f"expected 2x2 to {LARGEST} blocks, got {h // block}x{w // block}; crop, or use larger blocks"
        )
    if "permute" not in steps or set(steps) - set(STEPS):
        raise ValueError(
            f"expected steps out of {', '.join(STEPS)}, the first among them; got {', '.join(steps)}"
        )
    if (ciphers == ciphers[:, :1, :1]).all():
        raise ValueError("every ciphertext is of one colour; expected pictures, whose blocks differ")
