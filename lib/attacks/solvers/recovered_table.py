"""A table that an attack has read: whether it is one, decryption with it, whether that came out a picture."""

from typing import Any

import numpy as np

from lib.table import Table, join, split

Array = np.ndarray


def decrypt_with(ciphers: np.ndarray, index: np.ndarray, mask: np.ndarray, bits: int = 4) -> np.ndarray:
    """Undo a table that was read: ciphers (n, h, w, c) uint8 to plain images. What no index names stays."""
    atoms = split(ciphers.reshape(len(ciphers), -1) ^ mask, bits)
    plain, inside = atoms.copy(), _inside(index)  # what a cipher that is no table answers may count too far
    plain[:, index[inside]] = atoms[:, inside]
    return join(plain, bits).reshape(ciphers.shape)


def decrypt_more(ciphers: np.ndarray, recovered: dict[str, Any], block: int = 1, bits: int = 8) -> np.ndarray:
    """Further ciphertexts (n, h, w, 3) uint8 under a key that an attack on one-key ciphertexts has read.

    recovered     of its result: "index", "mask" of a block or whole images, or "places", "substitution"
    block, bits   what the attack was told
    """
    if "substitution" in recovered:
        everywhere = np.tile(recovered["places"], (*(side // block for side in ciphers.shape[1:3]), 1))
        return substituted_back(ciphers, recovered["substitution"].astype(np.int64), everywhere)
    index, mask = recovered["index"], recovered["mask"]
    if len(mask) == ciphers[0].size:
        return decrypt_with(ciphers, index, mask, bits=len(mask) * 8 // len(index))
    table = Table(ciphers.shape[1:], block, bits, orders=index, masks=join(mask, bits))
    return table.inverse().apply_batch(ciphers)


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
    """Whether borders of blocks are less than 0.6 times as rough as in ciphertexts (n, h, w, 3) uint8.

    A table of another scheme or key leaves them about as rough as they were. The limit was set on CIFAR-10
    training images and half of the Kodak photos: 0.16 to 0.53 with the right key of ten schemes, 0.65 and
    more with another. On single test images it called 1 % of the wrong keys of NP and of bytes right, 1.5 %
    of SHF's right ones wrong (6 % on flat patches), and no other of any scheme. False for pictures of noise.
    """
    return roughness(estimate, block) < 0.6 * roughness(ciphers, block)


def is_coherent(estimate: Array, ciphers: Array, index: Array, mask: Array, bits: int) -> bool:
    """Whether pixels that a table of any scheme brings together, or gives another sign, differ by less than
    0.68 times as much in the estimate as pixels in these places do in ciphertexts, (n, h, w, 3) uint8 each.

    A table of another key leaves them about as different as they were. On CIFAR-10 training images, 1 and 10
    at a time, 60 keys of nine schemes each: 0.14 to 0.64 with the right key, but for one key of `restricted`,
    which leaves most in place, 0.70 and more with another. True where all pixels stay beside each other;
    False for pictures of noise.
    """
    _, h, w, channels = estimate.shape
    where = np.empty(len(index), np.int64)
    where[index] = np.arange(len(index))
    signs = split(mask, bits)[where].reshape(h, w, -1)
    y, x = np.divmod((where // (channels * 8 // bits)).reshape(h, w, -1), w)
    after = before = 0
    for axis, (ours, theirs) in enumerate(zip(steps(estimate), steps(ciphers))):
        apart = np.abs(np.diff(y, axis=axis)) + np.abs(np.diff(x, axis=axis))
        joined = ((apart != 1) | (np.diff(signs, axis=axis) != 0)).any(-1)
        after, before = after + int(ours[:, joined].sum()), before + int(theirs[:, joined].sum())
    return after < 0.68 * before or before == after == 0


def differences(a: Array, b: Array) -> Array:
    """|a - b| of uint8, as uint8: bytes stay bytes, which is fast."""
    return np.maximum(a, b) - np.minimum(a, b)


def steps(images: Array) -> list[Array]:
    """How much pixels differ from those below, and from those to the right; (n, h, w, c) uint8 all."""
    return [differences(images[:, 1:], images[:, :-1]), differences(images[:, :, 1:], images[:, :, :-1])]


def roughness(images: Array, block: int) -> float:
    """How much pixels of (n, h, w, c) uint8 differ across the borders of blocks, on average; of one block,
    all that stand side by side."""
    step = block if max(images.shape[1:3]) > block else 1  # where there is but one block, look inside
    pairs = [(x[:, :, step::step], x[:, :, step - 1 : -1 : step]) for x in (images, images.swapaxes(1, 2))]
    apart = [differences(a, b) for a, b in pairs]
    return sum(int(each.sum()) for each in apart) / max(1, sum(each.size for each in apart))


def substituted_back(ciphers: np.ndarray, table: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Ciphertexts (n, h, w, c) uint8 with a substitution undone at these of an image's bytes, a new array.

    table   (256,) what each value became, -1 where that is not known: such values stay
    """
    back, known = np.arange(256, dtype=np.uint8), np.flatnonzero(table >= 0)
    back[table[known]] = known
    plain, where = ciphers.reshape(len(ciphers), -1).copy(), where.ravel()
    plain[:, where] = back[plain[:, where]]
    return plain.reshape(ciphers.shape)
