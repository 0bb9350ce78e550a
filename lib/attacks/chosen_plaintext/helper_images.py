"""Chosen plaintext with helper images, as published: A. H. Chang and B. M. Case, arXiv:2004.13263, and their
code (ahchang98/image-encryption-scheme-attacks).

`chang_case_blocks` breaks the variant of Tanaka's scheme that shuffles bytes, and not the nibbles of the
paper that it names; `chang_case_pixels` is on SKK with one key. The code reports no score.

A single query, or block, does not show whether the ciphertexts are of another scheme or key than the
oracle's. So confidence is 1 only where what came back is a table that also makes the ciphertexts smoother,
see `is_smoother`: pictures of noise are read right and called uncertain.
"""

import numpy as np

from lib.attacks import CHOSEN, AttackResult, Oracle, attack, check_ciphers, on
from lib.attacks.solvers.recovered_table import decrypt_with, is_permutation, is_smoother
from lib.table import Structure
from lib.tiling import places

CHANG_CASE = "Chang and Case, arXiv:2004.13263"


@attack("helper-blocks", CHOSEN, fits=on(Structure.SAME_BLOCKS), told=("block",), source=CHANG_CASE, rank=1)
def chang_case_blocks(oracle: Oracle, ciphers: np.ndarray, block: int = 4) -> AttackResult:
    """As published: `block` ** 2 images of one block, image k black but for the values 1, 2, 3 in pixel k.

    A cipher value over 127 that is not 255 marks a reversed place; 1, 2 and 3 say which channel of pixel k
    came there. `recovered`: "index" and "mask" of a block's bytes; index is -1 where none of the three was
    found, and such places stay as they are in the estimate.
    """
    ciphers = check_ciphers(ciphers, block)
    size = block * block
    helpers = np.zeros((size, size, 3), np.uint8)
    helpers[np.arange(size), np.arange(size)] = (1, 2, 3)
    answers = oracle(helpers.reshape(size, block, block, 3)).reshape(size, -1)
    mask = np.where(((answers > 127) & (answers != 255)).any(axis=0), 255, 0).astype(np.uint8)
    seen = answers ^ mask
    found = (seen >= 1) & (seen <= 3)
    pixel = found.argmax(axis=0)
    channel = np.take_along_axis(seen, pixel[None], axis=0)[0].astype(np.int64) - 1
    index = np.where(found.any(axis=0), 3 * pixel + channel, -1)
    every = places(ciphers.shape[1:], block)
    whole = np.full(ciphers[0].size, -1)
    whole[every] = np.where(index >= 0, every[:, index], -1)
    masks = np.zeros(ciphers[0].size, np.uint8)
    masks[every] = mask
    estimate = decrypt_with(ciphers, whole, masks, bits=8)
    sure = is_permutation(index) and is_smoother(estimate, ciphers, block)
    return AttackResult(estimate, {"index": index, "mask": mask}, float(sure))


@attack("helper-pixels", CHOSEN, fits=on(Structure.PIXELS), source=CHANG_CASE, rank=2)
def chang_case_pixels(oracle: Oracle, ciphers: np.ndarray) -> AttackResult:
    """As published: one image with the values 1, 2, 3 in every pixel reads all keys of SKK with one key. A
    cipher value over 127 is a complement; the value left says which channel it was. Where most neighbours
    seem to have one key, it is a scheme of blocks, which may have moved unseen: the confidence is 0."""
    ciphers = check_ciphers(ciphers)
    answer = oracle(np.broadcast_to(np.array([1, 2, 3], np.uint8), ciphers.shape[1:]).copy())
    alike = (answer[:, 1:] == answer[:, :-1]).all(axis=-1)
    answer = answer.reshape(-1, 3)
    mask = np.where(answer > 127, 255, 0).astype(np.uint8)
    index = (3 * np.arange(len(answer))[:, None] + (answer ^ mask) - 1).ravel()
    mask = mask.ravel()
    estimate = decrypt_with(ciphers, index, mask, bits=8)
    sure = is_permutation(index) and is_smoother(estimate, ciphers, 1) and alike.sum() <= alike.size / 2
    return AttackResult(estimate, {"index": index, "mask": mask}, float(sure))
