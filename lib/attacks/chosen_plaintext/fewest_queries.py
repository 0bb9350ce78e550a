"""Chosen plaintext with the fewest queries: who knows the scheme, not only the size of its images, asks once.

A query's answer says at most as many bits as an image has, so log2(keys) / (8 h w 3) queries are needed at
least: `bound`. At 32x32 that is 1 for every scheme here but ELE, and 2 for ELE; these attacks ask no more.
All give every atom a word, a value in each block or image that it is seen in, so that no two words are equal
or complements. Confidence is 1 where the answers make sense everywhere and the ciphertexts come out smoother,
else 0: so also for pictures of noise, even where they are read right.
"""

import math
from dataclasses import replace

import numpy as np

from lib.attacks import CHOSEN, AttackResult, Oracle, attack, check_ciphers, on
from lib.attacks.known_plaintext.history_matching import oriented_blocks
from lib.attacks.solvers.recovered_table import is_permutation, is_smoother, substituted_back
from lib.table import Shape, Structure, Table, join, split
from lib.tiling import assembled, cut, places


def bound(key_bits: float, shape: Shape) -> int:
    """Queries that are needed at least to tell 2 ** key_bits keys apart, for images of `shape` (h, w, c).

    >>> bound(594.3, (32, 32, 3)), bound(38_330, (32, 32, 3))
    (1, 2)
    """
    return max(1, math.ceil(key_bits / (8 * math.prod(shape))))


@attack("fewest-tanaka", CHOSEN, fits=on(Structure.SAME_BLOCKS), told=("block", "bits"), rank=3)
def tanaka(oracle: Oracle, ciphers: np.ndarray, block: int = 4, bits: int = 4) -> AttackResult:
    """Tanaka's scheme, SHF and NP (bits=8): one image of one to a few blocks; all blocks share the key. An
    atom's word is its own number, a digit in each block; a first bit of 1 marks a complement. For blocks of
    4: two for atoms of 4 bits, one for bytes. `recovered`: "index" (atoms,) and "mask" (bytes,)."""
    ciphers, atoms = check_ciphers(ciphers, block), 3 * block**2 * 8 // bits
    digits = _digits(np.arange(atoms), atoms, bits)
    asked = assembled(join(digits, bits).reshape(1, 1, len(digits), -1), block)
    answer = cut(oracle(asked), block).reshape(len(digits), -1)
    index, mask = _read(split(answer, bits), bits)
    if not (sure := is_permutation(index)):
        index = np.arange(atoms)
    table = Table(ciphers.shape[1:], block, bits, orders=index, masks=mask)
    return _result(ciphers, table, {"index": index, "mask": mask}, sure)


@attack("fewest-etc", CHOSEN, fits=on(Structure.PIECES), told=("block",), rank=5)
def etc(oracle: Oracle, ciphers: np.ndarray, block: int = 4) -> AttackResult:
    """EtC: one image of noise, whose blocks are then known, in all 96 states, as with any pair. `recovered`:
    "source", "state" and "negative", (blocks,); states as in `lib.symmetries.block_orders`."""
    ciphers = check_ciphers(ciphers, block)
    asked = np.random.default_rng(0).integers(0, 128, ciphers[:1].shape, np.uint8)  # no secret: any noise
    found = oriented_blocks(asked, oracle(asked), ciphers, block)
    return replace(found, confidence=float(found.confidence.min()))


@attack("fewest-ele", CHOSEN, fits=on(Structure.OWN_BLOCKS), told=("block", "bits"), rank=4)
def ele(oracle: Oracle, ciphers: np.ndarray, block: int = 4, bits: int = 4) -> AttackResult:
    """ELE: two images at 32x32 with blocks of 4. An atom's word has a digit in each image; of some pairs of
    words a block uses one or the other, by the bits of its own number, which says which block it was.
    `recovered`: "source" (blocks,), "index" (blocks, atoms of a block), "mask" (blocks, bytes of a block)."""
    ciphers = check_ciphers(ciphers, block)
    shape, bytes_of = ciphers.shape[1:], places(ciphers.shape[1:], block)
    blocks, atoms = len(bytes_of), bytes_of.shape[1] * 8 // bits
    words, pairs = _words(blocks, atoms)
    digits = _digits(words, atoms + pairs, bits)
    asked = np.empty((len(digits), ciphers[0].size), np.uint8)
    asked[:, bytes_of] = join(digits, bits)
    answer = oracle(asked.reshape(-1, *shape)).reshape(len(digits), -1)[:, bytes_of]
    words, mask = _read(split(answer, bits), bits)
    index, source = _without_pairs(words, atoms - pairs)
    sure, each = all(map(is_permutation, index)) and is_permutation(source), np.arange(blocks)
    # A table moves blocks first: block b of the cipher is block source[b], its atoms in order index[b].
    table = Table(shape, block, bits, source, (index, each), (mask, each)) if sure else None
    return _result(ciphers, table, {"source": source, "index": index, "mask": mask}, sure)


@attack("fewest-ffx", CHOSEN, fits=on(Structure.VALUES), told=("block",), rank=6)
def ffx(oracle: Oracle, ciphers: np.ndarray, block: int = 4) -> AttackResult:
    """FFX, a substitution at half of a block's places. Place p shows a share of the values that turns with p,
    and half of the places show all of them: one image of 32x32, rarely another, where some are missing.
    `recovered`: "substitution" (256,), -1 for values not seen, and "places" (bytes of a block,) bool."""
    ciphers = check_ciphers(ciphers, block)
    shape, bytes_of = ciphers.shape[1:], places(ciphers.shape[1:], block)
    blocks, size = bytes_of.shape
    shares = -(-256 // blocks)
    table, changed = np.full(256, -1), np.zeros(size, bool)
    for turn in range(shares):
        values = (np.arange(blocks)[:, None] * shares + (np.arange(size) + turn) % shares) % 256
        asked = np.empty(ciphers[0].size, np.uint8)
        asked[bytes_of] = values
        answer = oracle(asked.reshape(shape)).ravel()[bytes_of]
        changed |= (answer != values).any(axis=0)
        table[values[:, changed]] = answer[:, changed]
        if (table >= 0).all():
            break
    sure = is_permutation(table)
    estimate = substituted_back(ciphers, table, bytes_of[:, changed]) if sure else ciphers.copy()
    sure = sure and is_smoother(estimate, ciphers, block)
    return AttackResult(estimate, {"substitution": table, "places": changed}, float(sure))


def _digits(words, top, bits):
    """(count, ...) uint8: digits of numbers (...) below top in base 2 ** bits, highest first, bit 0."""
    shifts = np.arange(-(-((top - 1).bit_length() + 1) // bits))[::-1] * bits
    return (words >> shifts.reshape(-1, *[1] * words.ndim) & 2**bits - 1).astype(np.uint8)


def _read(digits, bits):
    """Words (...) int64 from digits (count, ..., atoms), complements undone, and the mask of those, bytes."""
    top = 2**bits - 1
    flipped = digits[0] >> bits - 1 == 1
    digits = np.where(flipped, top - digits, digits).astype(np.int64)
    words = sum(row << bits * place for place, row in enumerate(digits[::-1]))
    return words, join(flipped.astype(np.uint8) * np.uint8(top), bits)


def _words(blocks, atoms):
    """Words of all atoms (blocks, atoms), and how many pairs the last choose from, by the block's number."""
    pairs = (blocks - 1).bit_length()
    number = np.arange(blocks)[:, None] >> np.arange(pairs) & 1
    plain = np.arange(atoms - pairs)[None].repeat(blocks, 0)
    return np.concatenate([plain, atoms - pairs + 2 * np.arange(pairs) + number], axis=1), pairs


def _without_pairs(words, first):
    """Undo `_words`, the pairs of which begin at `first`: index (blocks, atoms) and source (blocks,)."""
    late = words - first
    index = np.where(late < 0, words, first + late // 2)
    bits = np.where(late >= 0, (late & 1) << np.clip(late // 2, 0, words.shape[1] - first), 0)
    return index, bits.sum(axis=1)


def _result(ciphers, table, recovered, sure):
    estimate = table.inverse().apply_batch(ciphers) if sure else ciphers.copy()
    sure = sure and is_smoother(estimate, ciphers, table.block)
    return AttackResult(estimate, recovered, float(sure))
