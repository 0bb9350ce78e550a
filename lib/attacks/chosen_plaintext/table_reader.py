"""Chosen plaintext: the attacker may have images of his choice encrypted, then reads an unseen ciphertext.

Every table scheme falls to the same few queries: an image of zeros shows the mask, and images in which every
atom holds a digit of its own number show where each atom went. Nothing else of scheme or key is needed; who
knows the scheme asks less, see `lib.attacks.chosen_plaintext.fewest_queries`. Ancestor: Jolfaei, Wu and
Muthukkumarasamy, IEEE TIFS 2016, for ciphers that only permute. Confidence is 1 where what came back is a
table, every atom named once, that puts pixels beside each other which go together; else 0, as for a table of
another key than that of the ciphertexts. Pictures of noise are read right and called uncertain.
"""

import numpy as np

from lib.attacks import CHOSEN, AttackResult, Oracle, attack, check_ciphers, in_colour
from lib.attacks.solvers.recovered_table import decrypt_with, is_coherent, is_permutation
from lib.table import Shape, join, split


@attack("table-reader", CHOSEN, fits=in_colour, rank=0)
def table_reader(oracle: Oracle, ciphers: np.ndarray, bits: int = 4) -> AttackResult:
    """Read the oracle's table, then decrypt `ciphers` (n, h, w, 3) uint8 with it: any table, unknown key."""
    ciphers = check_ciphers(ciphers)
    index, mask = read_table(oracle, ciphers.shape[1:], bits)
    estimate = decrypt_with(ciphers, index, mask, bits)
    sure = is_permutation(index) and is_coherent(estimate, ciphers, index, mask, bits)
    return AttackResult(estimate, {"index": index, "mask": mask}, float(sure))


def queries_needed(shape: Shape, bits: int = 4) -> int:
    """How many images `read_table` asks for: one for the mask, and the digits of an atom's number.

    >>> queries_needed((32, 32, 3)), queries_needed((256, 256, 3))
    (5, 6)
    """
    atoms = int(np.prod(shape)) * 8 // bits
    return 1 + -(-(atoms - 1).bit_length() // bits)


def read_table(oracle: Oracle, shape: Shape, bits: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """The table behind an oracle, for images of `shape` (h, w, c): index and mask, the plain atom that each
    cipher atom is, (h * w * c * 8 / bits,) int64, and what bytes were XORed with, (h * w * c,) uint8. Atoms
    of 4 bits read the tables of bytes as well; for 2 and 1 of Tanaka's scheme say bits=2 or 1."""
    number = np.arange(int(np.prod(shape)) * 8 // bits, dtype=np.uint32)
    digits = [number >> bits * k & 2**bits - 1 for k in range(queries_needed(shape, bits) - 1)]
    chosen = np.array([join(digit.astype(np.uint8), bits) for digit in [np.zeros_like(number), *digits]])
    answers = oracle(chosen.reshape(-1, *shape)).reshape(len(chosen), -1)
    mask, index = answers[0], np.zeros_like(number)
    for k, answer in enumerate(answers[1:]):
        index |= split(answer ^ mask, bits).astype(np.uint32) << bits * k
    return index.astype(np.int64), mask
