"""Chosen plaintext: the attacker may have images of his choice encrypted, and then reads an unseen
ciphertext.

Every table scheme falls to the same few queries, whatever its name: an image of zeros shows the mask, and
images in which every atom holds a digit of its own number show where each atom went. The table reader needs
to know the size of images and nothing else of scheme or key. Ancestor: Jolfaei, Wu and Muthukkumarasamy, IEEE
TIFS 2016, for ciphers that only permute. Who knows the scheme as well needs fewer queries: see
`lib.attacks.chosen_plaintext.fewest_queries`.

As published: A. H. Chang and B. M. Case, arXiv:2004.13263, and their code
(ahchang98/image-encryption-scheme-attacks). `chang_case_blocks` is their attack on Tanaka's scheme, 16 images
of one block each. The code reads bytes, so it breaks the variant that shuffles bytes, and not the nibbles of
the paper that it names. `chang_case_pixels`, on SKK with one key, needs one image, which is the least there
is. The code reports no score; it writes pictures.

Confidence is 1 where what came back is a table, every atom named once, and 0 where it is none. An attack of a
single query, or of a single block, cannot see from the answers that the ciphertexts are of another scheme or
of another key than the oracle's: there it is 1 only where the table also makes the ciphertexts smoother, see
`is_smoother`, so that pictures of noise are read right and called uncertain.
"""

import numpy as np

from lib.attacks import CHOSEN, AttackResult, Oracle, attack, check_ciphers, in_colour, on
from lib.table import Structure, join, split
from lib.tiling import places

CHANG_CASE = "Chang and Case, arXiv:2004.13263"


def queries_needed(shape, bits: int = 4) -> int:
    """How many images `read_table` asks for: one for the mask, and the digits in base 2 ** bits of an atom's
    number.

    >>> queries_needed((32, 32, 3)), queries_needed((256, 256, 3))
    (5, 6)
    """
    atoms = int(np.prod(shape)) * 8 // bits
    return 1 + -(-(atoms - 1).bit_length() // bits)


def read_table(oracle: Oracle, shape, bits: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """The table behind an oracle, for images of `shape` (h, w, c).

    Returns (index, mask): the plain atom that each cipher atom is, (h * w * c * 8 / bits,) int64, and the
    bytes that were XORed to it, (h * w * c,) uint8. Atoms of 4 bits read the tables of bytes as well; for the
    2- and 1-bit splits of Tanaka's scheme say bits=2 or 1.
    """
    number = np.arange(int(np.prod(shape)) * 8 // bits, dtype=np.uint32)
    digits = [number >> bits * k & 2**bits - 1 for k in range(queries_needed(shape, bits) - 1)]
    chosen = np.array([join(digit.astype(np.uint8), bits) for digit in [np.zeros_like(number), *digits]])
    answers = oracle(chosen.reshape(-1, *shape)).reshape(len(chosen), -1)
    mask, index = answers[0], np.zeros_like(number)
    for k, answer in enumerate(answers[1:]):
        index |= split(answer ^ mask, bits).astype(np.uint32) << bits * k
    return index.astype(np.int64), mask


def decrypt_with(ciphers: np.ndarray, index, mask, bits: int = 4) -> np.ndarray:
    """Undo a table that was read: ciphers (n, h, w, c) uint8 to plain images. What no index names stays as it
    was."""
    atoms = split(ciphers.reshape(len(ciphers), -1) ^ mask, bits)
    plain, inside = atoms.copy(), _inside(index)  # what a cipher that is no table answers may count too far
    plain[:, index[inside]] = atoms[:, inside]
    return join(plain, bits).reshape(ciphers.shape)


def _inside(index):
    """The places that name an atom there is: all of them as a slice, which costs nothing, or flags."""
    if index.min() >= 0 and index.max() < len(index):
        return slice(None)
    return (index >= 0) & (index < len(index))


def is_permutation(index: np.ndarray) -> bool:
    """Whether every atom is named exactly once."""
    named = np.zeros(len(index), bool)
    named[index[_inside(index)]] = True
    return bool(named.all())  # as many names as atoms: where none is missing, none came twice


def is_smoother(estimate: np.ndarray, ciphers: np.ndarray, block: int) -> bool:
    """Whether neighbours on two sides of a border between blocks differ less than 0.6 times as much as in the
    ciphertexts.

    Both (n, h, w, 3) uint8. A table of another scheme or key leaves borders about as rough as they were. The
    limit was set on CIFAR-10 training images and half of the Kodak photos: 0.16 to 0.53 with the right key of
    ten schemes, 0.65 and more with another. On single test images it called 1 % of the wrong keys of NP and
    of bytes right, 1.5 % of SHF's right ones wrong (6 % on flat patches), and no other of any scheme. False
    for pictures of noise, which are never smooth.
    """
    return _roughness(estimate, block) < 0.6 * _roughness(ciphers, block)


def _roughness(images, block):
    step = block if max(images.shape[1:3]) > block else 1  # where there is but one block, look inside
    pairs = [(x[:, :, step::step], x[:, :, step - 1 : -1 : step]) for x in (images, images.swapaxes(1, 2))]
    apart = [np.maximum(a, b) - np.minimum(a, b) for a, b in pairs]  # bytes stay bytes, which is fast
    return sum(int(each.sum()) for each in apart) / max(1, sum(each.size for each in apart))


@attack("table-reader", CHOSEN, fits=in_colour, rank=0)
def table_reader(oracle: Oracle, ciphers: np.ndarray, bits: int = 4) -> AttackResult:
    """Read the oracle's table, then decrypt `ciphers` (n, h, w, 3) uint8 with it: any table scheme, unknown
    key."""
    ciphers = check_ciphers(ciphers)
    index, mask = read_table(oracle, ciphers.shape[1:], bits)
    estimate, sure = decrypt_with(ciphers, index, mask, bits), is_permutation(index)
    return AttackResult(estimate, {"index": index, "mask": mask}, float(sure))


@attack("helper-blocks", CHOSEN, fits=on(Structure.SAME_BLOCKS), told=("block",), source=CHANG_CASE, rank=1)
def chang_case_blocks(oracle: Oracle, ciphers: np.ndarray, block: int = 4) -> AttackResult:
    """As published: `block` ** 2 images of one block, image k black but for the values 1, 2, 3 in pixel k.

    A cipher value over 127 that is not 255 marks a reversed place; 1, 2 and 3 say which channel of pixel k
    came there. `recovered` holds the index and mask of a block's bytes; places where none of the three was
    found have index -1, and stay as they are in the estimate.
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
    """As published: one image with the values 1, 2, 3 in every pixel reads all keys of SKK with one key for
    all images.

    A cipher value over 127 is a complement; the value left then says which channel it was. Where most
    neighbours seem to have one key, it is a scheme of blocks, which may have moved unseen: the confidence is
    0.
    """
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
