"""Ciphertexts only, grayscale-based EtC with one key for many images: the jigsaw of one grey ciphertext,
`lib.attacks.one_ciphertext.grey_jigsaw`, with texture and borders over all of them."""

import numpy as np

from lib.attacks import MANY, AttackResult, attack
from lib.attacks.one_ciphertext.grey_jigsaw import GREY, grey_jigsaw


@attack("one-key-grey", MANY, **GREY, images=50, rank=3)
def grey_one_key(ciphers: np.ndarray, block: int = 8, public: np.ndarray | None = None) -> AttackResult:
    """Decrypt ciphertexts (n, h, 3 w) uint8 that share one key, as far as they are luma; all else as
    `grey_jigsaw`."""
    return grey_jigsaw(ciphers, block, public)
