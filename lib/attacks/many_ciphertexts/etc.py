"""Ciphertexts only, EtC with one key for many images: all blocks placed, turned, mirrored, signed and
coloured.

The key shuffles the blocks of every image alike. So a pair of edges that face each other in the pictures can
be told over all images at once, where a puzzle solver for one image has a single pair of four pixels: the
jigsaw of `lib.attacks.one_ciphertext.jigsaw`, with longer borders. Of a few images each pixel of a border is
compared, `lib.attacks.solvers.compatibility`; of many, sums over all of them,
`lib.attacks.solvers.covariance_compatibility`. Nearest relative: Li et al., arXiv:2305.04543, who solve EtC
puzzles from several cipher images under one key.

Left open by edges are a turn or mirror of all images, their sign and their colour order: 96 answers, 48 of
them for images that are not square. Public pictures pick one, but for the mirror left and right, see
`lib.attacks.solvers.ambiguity`.
"""

import numpy as np

from lib.attacks import MANY, AttackResult, attack
from lib.attacks.one_ciphertext.jigsaw import PIECES, jigsaw


@attack("one-key-etc", MANY, **PIECES, images=50, rank=2)
def etc_one_key(ciphers: np.ndarray, block: int = 4, public: np.ndarray | None = None) -> AttackResult:
    """Decrypt EtC ciphertexts (n, h, w, 3) uint8 that share one key; from three 32x32 images on it rarely
    fails.

    public   (m, h', w', 3) uint8 upright pictures of the attacker's own, to settle what edges leave open;
             None: the embedded photographs
    Recovered, confidence and errors as for `jigsaw`.
    """
    return jigsaw(ciphers, block, public=public)
