"""Ciphertexts only, Tanaka's scheme, SHF and NP with one key for many images: the attack on one photograph,
`lib.attacks.one_ciphertext.tanaka`, which the blocks of further images make surer."""

import numpy as np

from lib.attacks import MANY, AttackResult, attack
from lib.attacks.one_ciphertext.tanaka import TONES, blocks_one_key


@attack("one-key-tanaka", MANY, **TONES, images=5, rank=0)
def tanaka_one_key(
    ciphers: np.ndarray, block: int = 4, bits: int = 4, public: np.ndarray | None = None, seed: int = 0
) -> AttackResult:
    """The plain images of ciphertexts (n, h, w, 3) uint8 that share one key; all else as `blocks_one_key`."""
    return blocks_one_key(ciphers, block, bits, public, seed)
