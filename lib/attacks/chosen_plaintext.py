"""Chosen plaintext: the attacker may have images of his choice encrypted, and then reads an unseen ciphertext.

Every table scheme falls to the same few queries, whatever its name: an image of zeros shows the mask, and images in which
every atom holds a digit of its own number show where each atom went. It needs to know the size of images and nothing
else of scheme or key. Ancestor: Jolfaei, Wu and Muthukkumarasamy, IEEE TIFS 2016, for ciphers that only permute; Chang
and Case, arXiv:2004.13263, attack the byte-wise variant of Tanaka's scheme with 16 images and SKK with one.
"""

import time

import numpy as np

from lib.attacks import AttackResult, Oracle
from lib.table import join, split


def queries_needed(shape, bits: int = 4) -> int:
    """How many images `read_table` asks for: one for the mask, and the digits in base 2 ** bits of an atom's number.

    >>> queries_needed((32, 32, 3)), queries_needed((256, 256, 3))
    (5, 6)
    """
    atoms = int(np.prod(shape)) * 8 // bits
    return 1 + -(-(atoms - 1).bit_length() // bits)


def read_table(oracle: Oracle, shape, bits: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """The table behind an oracle, for images of `shape` (h, w, c).

    Returns (index, mask): the plain atom that each cipher atom is, (h * w * c * 8 / bits,) int64, and the bytes that were
    XORed to it, (h * w * c,) uint8. Atoms of 4 bits read the tables of bytes as well; for the 2- and 1-bit splits of
    Tanaka's scheme say bits=2 or 1.
    """
    atoms = int(np.prod(shape)) * 8 // bits
    number = np.arange(atoms)
    digits = [number >> bits * k & 2**bits - 1 for k in range(queries_needed(shape, bits) - 1)]
    chosen = np.array([join(digit.astype(np.uint8), bits) for digit in [np.zeros(atoms, int), *digits]])
    answers = oracle(chosen.reshape(-1, *shape)).reshape(len(chosen), -1)
    mask = answers[0]
    index = sum(split(answer ^ mask, bits).astype(np.int64) << bits * k for k, answer in enumerate(answers[1:]))
    return index, mask


def decrypt_with(ciphers: np.ndarray, index, mask, bits: int = 4) -> np.ndarray:
    """Undo a table that was read: ciphers (n, h, w, c) uint8 to plain images. What no index names stays as it was."""
    atoms = split(ciphers.reshape(len(ciphers), -1) ^ mask, bits)
    plain = atoms.copy()
    inside = index < atoms.shape[1]  # what a cipher that is no table answers may count too far
    plain[:, index[inside]] = atoms[:, inside]
    return join(plain, bits).reshape(ciphers.shape)


def table_reader(oracle: Oracle, ciphers: np.ndarray, bits: int = 4) -> AttackResult:
    """Read the oracle's table, then decrypt `ciphers` (n, h, w, c) uint8 with it."""
    started, before = time.perf_counter(), oracle.queries
    index, mask = read_table(oracle, ciphers.shape[1:], bits)
    estimate = decrypt_with(ciphers, index, mask, bits)
    seconds = time.perf_counter() - started
    return AttackResult(estimate, oracle.queries - before, seconds, {"index": index, "mask": mask})
