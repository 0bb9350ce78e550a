"""Chosen plaintext with the fewest queries: who knows the scheme, not only the size of its images, asks once.

A query's answer says at most as many bits as an image has, so log2(keys) / (8 h w 3) queries are needed at
least: `bound`. At 32x32 that is 1 for every scheme here but ELE, and 2 for ELE; these attacks ask no more.
The idea of all: give every atom a word, a value in each block or image that it is seen in, so that no two
words are equal or complements.

Confidence as in `lib.attacks.chosen_plaintext.helper_images`: 1 where the answers make sense everywhere and
the ciphertexts come out smoother, 0 where they do not. So it is 0 for pictures of noise, even where they are
read right.
"""

import math

import numpy as np

from lib.attacks import CHOSEN, AttackResult, Oracle, attack, check_ciphers, on
from lib.attacks.solvers.recovered_table import is_permutation, is_smoother
from lib.symmetries import block_orders, find_blocks
from lib.table import Structure, Table, join, split
from lib.tiling import places


def bound(key_bits: float, shape) -> int:
    """Queries that are needed at least to tell 2 ** key_bits keys apart, for images of `shape` (h, w, c).

    >>> bound(594.3, (32, 32, 3)), bound(38_330, (32, 32, 3))
    (1, 2)
    """
    return max(1, math.ceil(key_bits / (8 * math.prod(shape))))


@attack("fewest-tanaka", CHOSEN, fits=on(Structure.SAME_BLOCKS), told=("block", "bits"), rank=3)
def tanaka(oracle: Oracle, ciphers: np.ndarray, block: int = 4, bits: int = 4) -> AttackResult:
    """Tanaka's scheme, SHF and NP (bits=8): one image of one to a few blocks; all blocks share the key.

    An atom's word is its own number, a digit in each block; numbers are small enough for the first bit to be
    0, so that a first bit of 1 marks a complement. Blocks of 4: two of them for atoms of 4 bits, one for
    bytes.
    """
    ciphers = check_ciphers(ciphers, block)
    atoms = 3 * block**2 * 8 // bits
    count = -(-((atoms - 1).bit_length() + 1) // bits)
    digits = _digits(np.arange(atoms), count, bits)
    chosen = join(digits, bits).reshape(count, block, block, 3).swapaxes(0, 1).reshape(block, -1, 3)
    answer = oracle(chosen).reshape(block, count, block, 3).swapaxes(0, 1).reshape(count, -1)
    index, flips = _read(split(answer, bits), bits)
    if not (sure := is_permutation(index)):
        index = np.arange(atoms)
    mask = join(flips.astype(np.uint8) * np.uint8(2**bits - 1), bits)
    table = Table(ciphers.shape[1:], block, bits, orders=index, masks=mask)
    return _result(ciphers, table, {"index": index, "mask": mask}, sure)


def _digits(words, count, bits):
    """(count, len(words)) uint8: the digits of numbers in base 2 ** bits, the highest first."""
    shifts = np.arange(count)[::-1, None] * bits
    return (words >> shifts & 2**bits - 1).astype(np.uint8)


def _read(digits, bits):
    """Words from their digits (count, atoms), complements undone: (words int64, flipped bool)."""
    flipped = digits[0] >> bits - 1 == 1
    digits = np.where(flipped, 2**bits - 1 - digits, digits).astype(np.int64)
    return sum(row << bits * place for place, row in enumerate(digits[::-1])), flipped


def _result(ciphers, table, recovered, sure):
    estimate = table.inverse().apply_batch(ciphers) if sure else ciphers.copy()
    sure = sure and is_smoother(estimate, ciphers, table.block)
    return AttackResult(estimate, recovered, float(sure))


@attack("fewest-etc", CHOSEN, fits=on(Structure.PIECES), told=("block",), rank=5)
def etc(oracle: Oracle, ciphers: np.ndarray, block: int = 4) -> AttackResult:
    """EtC: one image of noise below 128. A block over 127 is negative; where it came from, its turn and its
    colours are looked up among all 48 states of all plain blocks."""
    ciphers = check_ciphers(ciphers, block)
    shape, orders = ciphers.shape[1:], block_orders(block)
    chosen = np.random.default_rng(0).integers(0, 128, shape, np.uint8)  # no secret: any noise will do
    bytes_of = places(shape, block)
    plain, answer = chosen.ravel()[bytes_of], oracle(chosen).ravel()[bytes_of]
    negative = (answer[:, 0] > 127).astype(np.uint8)
    source, state, _ = find_blocks(plain, answer ^ (negative * np.uint8(255))[:, None], orders)
    sure = is_permutation(source)
    masks = (np.array([[0], [255]], np.uint8).repeat(bytes_of.shape[1], axis=1), negative)
    recovered = {"source": source, "state": state, "negative": negative}
    table = Table(shape, block, source=source, orders=(orders, state), masks=masks) if sure else None
    return _result(ciphers, table, recovered, sure)


@attack("fewest-ele", CHOSEN, fits=on(Structure.OWN_BLOCKS), told=("block", "bits"), rank=4)
def ele(oracle: Oracle, ciphers: np.ndarray, block: int = 4, bits: int = 4) -> AttackResult:
    """ELE: two images at 32x32 with blocks of 4. An atom's word has a digit in each image; of some pairs of
    words a block uses one or the other, by the bits of its own number, so that the words in a cipher block
    say which block it was."""
    ciphers = check_ciphers(ciphers, block)
    shape, bytes_of = ciphers.shape[1:], places(ciphers.shape[1:], block)
    blocks, atoms = len(bytes_of), bytes_of.shape[1] * 8 // bits
    pairs = (blocks - 1).bit_length()
    count = -(-((atoms + pairs - 1).bit_length() + 1) // bits)
    number = np.arange(blocks)[:, None] >> np.arange(pairs) & 1
    words = np.concatenate([np.arange(atoms - pairs)[None].repeat(blocks, 0),
                            atoms - pairs + 2 * np.arange(pairs) + number], axis=1)  # fmt: skip
    chosen = np.empty((count, ciphers[0].size), np.uint8)
    chosen[:, bytes_of] = join(_digits(words.ravel(), count, bits).reshape(count, blocks, atoms), bits)
    answer = oracle(chosen.reshape(count, *shape)).reshape(count, -1)[:, bytes_of]
    found, flips = _read(split(answer, bits).reshape(count, -1), bits)
    found, flips = found.reshape(blocks, atoms), flips.reshape(blocks, atoms)
    late = found - (atoms - pairs)  # words that tell a block's number, where not negative
    index = np.where(late < 0, found, atoms - pairs + late // 2)
    source = np.where(late >= 0, (late & 1) << np.clip(late // 2, 0, pairs), 0).sum(axis=1)
    sure = all(is_permutation(row) for row in index) and is_permutation(source)
    mask = join(flips.astype(np.uint8) * np.uint8(2**bits - 1), bits)
    recovered = {"source": source, "index": index, "mask": mask}
    if not sure:
        return _result(ciphers, None, recovered, sure)
    # A table takes blocks first and their atoms second: block b of the cipher is block source[b], in order
    # index[b].
    each = np.arange(blocks)
    table = Table(shape, block, bits, source=source, orders=(index, each), masks=(mask, each))
    return _result(ciphers, table, recovered, sure)


@attack("fewest-ffx", CHOSEN, fits=on(Structure.VALUES), told=("block",), rank=6)
def ffx(oracle: Oracle, ciphers: np.ndarray, block: int = 4) -> AttackResult:
    """FFX, a substitution at half of a block's places. Place p shows a share of the values that turns with p,
    and half of the places together show all of them: one image of 32x32, and another in the rare case that
    some are missing."""
    ciphers = check_ciphers(ciphers, block)
    bytes_of = places(ciphers.shape[1:], block)
    blocks, size = bytes_of.shape
    shares = -(-256 // blocks)
    substitution, changed = np.full(256, -1), np.zeros(size, bool)
    for turn in range(shares):
        values = (np.arange(blocks)[:, None] * shares + (np.arange(size) + turn) % shares) % 256
        chosen = np.empty(ciphers[0].size, np.uint8)
        chosen[bytes_of] = values
        answer = oracle(chosen.reshape(ciphers.shape[1:])).ravel()[bytes_of]
        changed |= (answer != values).any(axis=0)
        substitution[values[:, changed]] = answer[:, changed]
        if (substitution >= 0).all():
            break
    sure = is_permutation(substitution)
    estimate = ciphers.copy()
    if sure:
        flat = estimate.reshape(len(ciphers), -1)
        where = bytes_of[:, changed].ravel()
        flat[:, where] = np.argsort(substitution).astype(np.uint8)[flat[:, where]]
    recovered = {"substitution": substitution, "places": changed}
    sure = sure and is_smoother(estimate, ciphers, block)
    return AttackResult(estimate, recovered, float(sure))
