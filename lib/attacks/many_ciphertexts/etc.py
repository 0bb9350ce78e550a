"""Ciphertexts only, EtC with one key for many images: all blocks placed, turned, mirrored, signed, coloured.

The key shuffles the blocks of every image alike. So facing edges can be told over all images at once, where a
puzzle solver for one image has a single pair of four pixels: `lib.attacks.one_ciphertext.jigsaw`, with longer
borders. Nearest relative: Li et al., arXiv:2305.04543, who solve EtC puzzles from several cipher images under
one key. Left open by edges are a turn or mirror of all images, their sign and their colour order: 96 answers,
48 of them for images that are not square. Public pictures pick one, but for the mirror left and right.
"""

import numpy as np

from lib.attacks import MANY, AttackResult, attack
from lib.attacks.one_ciphertext.jigsaw import PIECES, jigsaw


@attack("one-key-etc", MANY, **PIECES, images=50, rank=2)
def etc_one_key(ciphers: np.ndarray, block: int = 4, public: np.ndarray | None = None) -> AttackResult:
    """Decrypt EtC ciphertexts (n, h, w, 3) uint8 that share one key, as `jigsaw` does with all steps taken;
    from three 32x32 on it rarely fails."""
    return jigsaw(ciphers, block, public=public)
