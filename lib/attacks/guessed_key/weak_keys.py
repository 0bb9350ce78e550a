"""Weak keys: a key out of a small set is found by trying them all on one ciphertext.

The example is real: imageshuffle, the package of Tanaka's scheme by its author (mastnk/imageshuffle), makes
the order of a block's atoms from a key of 32 bits: x0 = key / (2^32 - 1) scaled into (0, 1), the logistic map
x -> a x (1 - x) with a = 4 - 1e-12, a hundred steps to warm up, then the order in which a block's numbers
would be sorted. Place i gets atom order[i] (as in its class RandBlock; Rand, for whole images, goes the other
way); places where order > half of their number are reversed, before and after. A right key makes a smooth
picture: `search` decrypts a few blocks with each key and keeps the smoothest; confidence tells how far it
stands out, 0 where it is no better than the best of so many wrong ones would be.
"""

import math

import numba
import numpy as np

from lib.attacks import AttackResult, check_ciphers, measured
from lib.table import Shape, Table, join, split
from lib.tiling import cut

WARM_UP, A = 100, 4 - 1e-12
SAMPLE = 12  # blocks that each key is tried on, of those with the most different values


@numba.njit(cache=True)
def logistic_orders(key: int, atoms: int) -> np.ndarray:
    """(atoms,) int64: which atom of a block imageshuffle puts at each place, for a key below 2 ** 32."""
    x = float(key) / 4294967295.0 * (1.0 - 2.0e-12) + 1.0e-12
    for _ in range(WARM_UP):
        x = A * x * (1.0 - x)
    values = np.empty(atoms)
    for i in range(atoms):
        x = A * x * (1.0 - x)
        values[i] = x
    return np.argsort(values)


def weak_table(key: int, shape: Shape, block: int = 4) -> Table:
    """imageshuffle's table for images of `shape` (h, w, 3), 4-bit atoms, a key below 2 ** 32."""
    if not 0 <= key < 2**32:
        raise ValueError(f"imageshuffle's keys are whole numbers below 2 ** 32, got {key!r}")
    size = 3 * block**2
    places = _places(block)
    order = logistic_orders(np.uint64(key), 2 * size)
    index, reverse = np.empty(2 * size, np.int64), np.zeros(2 * size, np.uint8)
    index[places] = places[order]  # atom order[i] of theirs goes to place i
    reverse[places] = (order > size) * 15
    mask = Table(shape, block, 4, masks=join(reverse, 4))
    return mask.then(Table(shape, block, 4, orders=index)).then(mask)


def _places(block) -> np.ndarray:
    """(atoms,): which of (row, column, channel, part) each of theirs is, (row, column, part, channel)."""
    return np.arange(6 * block**2).reshape(-1, 3, 2).swapaxes(1, 2).ravel()


@measured
def search(ciphers: np.ndarray, keys: range, block: int = 4) -> AttackResult:
    """The key among `keys` (a range below 2 ** 32) under which `ciphers` (n, h, w, 3) uint8 become smooth,
    one ciphertext sufficing; `recovered["key"]`."""
    ciphers = check_ciphers(ciphers, block)
    if not len(keys) or min(keys) < 0 or max(keys) >= 2**32:
        raise ValueError(f"expected a range of keys below 2 ** 32, got {keys}")
    atoms = _sample(ciphers, block)
    best, key, total, squares = _try_all(atoms, np.uint64(keys.start), keys.step, len(keys), block)
    estimate = weak_table(int(key), ciphers.shape[1:], block).inverse().apply_batch(ciphers)
    count, mean = len(keys), total / len(keys)
    deviation, usual = (
        math.sqrt(max(squares / count - mean**2, 1e-12)),
        math.sqrt(2 * math.log(max(count, 2))),
    )
    standing_out = float(np.clip((mean - best) / deviation / usual - 1, 0, 1)) if count > 1 else 0.0
    return AttackResult(estimate, {"key": int(key)}, standing_out)


def _sample(ciphers, block):
    """(SAMPLE, atoms) uint8, in their order: blocks whose bytes differ most, as flat ones look alike."""
    flat = cut(ciphers, block).reshape(-1, 3 * block**2)
    kinds = (np.diff(np.sort(flat, axis=1), axis=1) > 0).sum(axis=1)
    if kinds.max() == 0:
        raise ValueError("every block holds one value, so every key fits; expected a ciphertext with texture")
    chosen = flat[np.argsort(-kinds, kind="stable")[:SAMPLE]]
    return np.ascontiguousarray(split(chosen, 4)[:, _places(block)])


@numba.njit(cache=True)
def _try_all(samples, first, step, count, block):
    """The least roughness of the samples over all keys, its key, and the sum and sum of squares over keys."""
    atoms, row = samples.shape[1], 6 * block
    plain = np.empty(atoms, np.int64)
    best, which, total, squares = np.inf, first, 0.0, 0.0
    for number in range(count):
        key = np.uint64(first + np.uint64(number * step))
        order = logistic_orders(key, atoms)
        rough = 0
        for s in range(len(samples)):
            for i in range(atoms):
                j = order[i]
                value = np.int64(samples[s, i])
                if (j > atoms // 2) != (order[j] > atoms // 2):  # reversed before or after, not both
                    value = 15 - value
                plain[j] = value
            for i in range(atoms):
                if i % 6 < 3:  # upper halves: with the ones to the right and below
                    if i % row < row - 6:
                        rough += abs(plain[i] - plain[i + 6])
                    if i < atoms - row:
                        rough += abs(plain[i] - plain[i + row])
        total += rough
        squares += float(rough) * rough
        if rough < best:
            best, which = rough, key
    return best, which, total, squares
