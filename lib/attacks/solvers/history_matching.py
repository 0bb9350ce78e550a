"""Known plaintext: atoms are found again by their histories in pairs of plain images and ciphertexts.

An atom's *history* is the list of its values in all pairs. A cipher atom has the history of the plain atom
that it was, or the complement of that; where no other atom shares it, place and sign are certain. Atoms that
do share it are ambiguous: the attack says so, and pairs them in order, so that one of k alike is right in one
case of k.

How far one natural image goes depends on how many atoms share a key. In Tanaka's scheme all blocks of it do,
so each adds to the histories; in ELE none do. Relatives: Li et al., Signal Processing: Image Communication 23
(2008), on ciphers that only permute; Li et al., arXiv:2305.04543, on EtC.

All attacks in `lib.attacks.known_plaintext` take `plain` and `pair_ciphers`, (n, h, w, 3) uint8, row by row,
and `ciphers`, those to be read, of the same size; of any size where one key serves all blocks. Confidence is
an array, for each atom (pixel, block) 1 over the number of those it could be; 0 where the pairs contradict
the scheme, and 0 throughout where nine atoms in ten are certain and yet the ciphertexts do not become
smoother: they are of another key than the pairs, or of noise. `recovered` is about the pairs' key; it holds
-1 for what is not certain, and counts it as "ambiguous". ValueError for images that do not fit each other.

Histories are compared by 64-bit sums with random weights: two different ones agree with a chance below 2 **
-56.
"""

import numpy as np

from lib.attacks import AttackResult, check_ciphers
from lib.attacks.solvers.recovered_table import is_smoother
from lib.table import Table, split
from lib.tiling import cut


def check_pairs(
    plain: np.ndarray, pair_ciphers: np.ndarray, ciphers: np.ndarray, block: int = 1, any_size: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three as arrays of whole blocks; ValueError where they do not go together."""
    plain, pair_ciphers, ciphers = (check_ciphers(images, block) for images in (plain, pair_ciphers, ciphers))
    if plain.shape != pair_ciphers.shape:
        raise ValueError(f"each plain image needs its ciphertext: got {plain.shape} and {pair_ciphers.shape}")
    if plain.shape[1:] != ciphers.shape[1:] and not any_size:
        pairs, attacked = ("x".join(map(str, x.shape[1:3])) for x in (plain, ciphers))
        raise ValueError(
            f"pairs are {pairs} and the ciphertexts under attack {attacked}; a key is of one size"
        )
    return plain, pair_ciphers, ciphers


def in_blocks(images: np.ndarray, block: int) -> np.ndarray:
    """(blocks, bytes, n): the histories of each block's bytes in images (n, h, w, 3)."""
    return cut(images, block).reshape(len(images), -1, 3 * block**2).transpose(1, 2, 0)


def of_atoms(histories: np.ndarray, bits: int) -> np.ndarray:
    """(groups, atoms, n): the histories of atoms from those of bytes (groups, bytes, n)."""
    return np.ascontiguousarray(split(histories.swapaxes(1, 2), bits).swapaxes(1, 2))


def canonical(histories: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Histories (..., n) with their complement undone where they begin in the upper half; (...) whether."""
    flipped = histories[..., :1] >> bits - 1 == 1
    return np.where(flipped, np.uint8(2**bits - 1) - histories, histories), flipped[..., 0]


def weights(shape: int | tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Random weights, uint64: no secret, and the same for all."""
    return np.random.default_rng(seed).integers(0, 2**64, shape, np.uint64)


def sums(values: np.ndarray) -> np.ndarray:
    """(..., n) uint8 as (...,) uint64: equal sums for equal rows."""
    return values.astype(np.uint64) @ weights(values.shape[-1])


def pair_up(plain: np.ndarray, cipher: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (..., k) of sums: which plain one each cipher one is, those alike in order, and how many it could
    be, both (..., k) int64.

    Where any row could be none (0), its neighbours in the first are guesses.
    """
    of_plain, of_cipher = (np.argsort(each, axis=-1, kind="stable") for each in (plain, cipher))
    index = np.empty(cipher.shape, np.int64)
    np.put_along_axis(index, of_cipher, of_plain, axis=-1)  # the smallest is the smallest, and so on
    group = weights((*plain.shape[:-1], 1), seed=1)  # rows of other groups are never alike
    _, kind = np.unique(np.stack([plain, cipher]) + group, return_inverse=True)
    plain_kind, cipher_kind = kind.reshape(2, *plain.shape)
    there, here = (np.bincount(of.ravel(), minlength=kind.max() + 1) for of in (plain_kind, cipher_kind))
    return index, np.where(there == here, there, 0)[cipher_kind]


def match(plain: np.ndarray, cipher: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which plain atom has each cipher atom's history: plain, cipher (..., atoms, n) uint8 below 2 ** bits.

    Returns (index, flipped, choices): (..., atoms) each; `choices` counts the plain atoms that an atom could
    be, 0 where the histories of cipher and plain do not go together. Each plain atom is named once where they
    do.
    """
    (plain, plain_flipped), (cipher, cipher_flipped) = canonical(plain, bits), canonical(cipher, bits)
    index, choices = pair_up(sums(plain), sums(cipher))
    return index, np.take_along_axis(plain_flipped, index, axis=-1) ^ cipher_flipped, choices


def answered(
    ciphers: np.ndarray, table: Table, choices: np.ndarray, found: dict[str, tuple[np.ndarray, np.ndarray]]
) -> AttackResult:
    """The result with a table; `found` is what was recovered, by name, each with the choices there were."""
    sure = bool((choices > 0).all())
    estimate = table.inverse().apply_batch(ciphers) if sure else ciphers.copy()
    recovered = {
        name: np.where((count == 1) & sure, values.astype(np.int64), -1)
        for name, (values, count) in found.items()
    }
    recovered["ambiguous"] = int(((choices != 1) | (not sure)).sum())
    if sure and (choices == 1).mean() > 0.9:  # with fewer, a right key may leave borders rough
        sure = is_smoother(estimate, ciphers, table.block)
    return AttackResult(estimate, recovered, 1 / choices if sure else np.zeros(choices.shape))
