"""Tanaka's learnable encryption (LE): M. Tanaka, "Learnable Image Encryption", ICCE-TW 2018,
arXiv:1804.00490.

An image is cut into blocks of `block` x `block` pixels, each byte of a block into its upper and lower 4 bits,
so that a block of 4x4x3 bytes becomes 96 values. Key-chosen ones are reversed, v -> 15 - v, and all are
shuffled; then bytes are joined again. One key serves every block of every image.

Where the published code differs (mastnk/ICCE-TW2018): the key is one permutation of the values, all 48 lower
halves of a block before all upper ones. The reversal is no key of its own but `permutation > size / 2`, and
is applied before and after the shuffle, so that place i ends up reversed by `reverse[i] ^
reverse[permutation[i]]`. The paper's count 96! 2^96 of keys is then 96!. The author's later package
imageshuffle splits bytes into 8, 4, 2 or 1 bits, here `bits`, and draws its keys from 32 bits.
"""

from functools import partial
from typing import Any

import numpy as np

from lib.schemes.base import AnyKey, BlockScheme, blocks_of, log2_factorial
from lib.table import Shape, Structure, Table, chunks, join


class Tanaka(BlockScheme):
    """LE with one block key for all blocks. `bits` of each value that is shuffled: 8, 4, 2 or 1.

    >>> from lib import Key
    >>> scheme = Tanaka(Key.from_seed(7), block=4)
    >>> image = np.arange(4 * 8 * 3, dtype=np.uint8).reshape(4, 8, 3)
    >>> cipher = scheme.encrypt(image)
    >>> cipher.shape, bool((cipher == image).all()), bool((scheme.decrypt(cipher) == image).all())
    ((4, 8, 3), False, True)
    """

    name = "tanaka"
    structure = Structure.SAME_BLOCKS
    options = BlockScheme.options | {"bits": "bits of the parts of a byte that are shuffled: 8, 4, 2 or 1"}

    def __init__(self, key: AnyKey, block: int = 4, bits: int = 4, **shared: Any):
        super().__init__(key, block, **shared)
        # True == 1 and 4.0 == 4, but their streams would have other names
        if isinstance(bits, bool) or not isinstance(bits, int | np.integer) or bits not in (8, 4, 2, 1):
            raise ValueError(f"bytes are split into parts of 8, 4, 2 or 1 bits, got bits={bits!r}")
        self.bits = int(bits)

    @property
    def atoms(self) -> int:
        """Atoms of a block."""
        return self.size * 8 // self.bits

    def _steps(self, shape, image):
        return self._block_steps(shape, image, keys=1)

    def _block_steps(self, shape, image, keys):
        """The steps in blocks, with so many block keys that take turns."""
        of = np.arange(blocks_of(shape, self.block)) % keys
        reverse, orders = self._block_keys(keys, image)
        table = partial(Table, shape, self.block, self.bits)
        return {"reverse": table(masks=(reverse, of)), "shuffle": table(orders=(orders, of))}

    def _block_keys(self, keys, image):
        """Masks (keys, bytes of a block) uint8 and orders (keys, atoms of a block)."""
        orders = self.key.permutations(self.stream("shuffle"), keys, self.atoms, image)
        bits = self.key.bytes(self.stream("reverse"), keys * -(-self.atoms // 8), image=image)
        bits, reverse = bits.reshape(keys, -1), np.empty((keys, self.size), np.uint8)
        for part in chunks(keys):
            reverse[part] = complement(np.unpackbits(bits[part], axis=1, count=self.atoms), self.bits)
        return reverse, orders

    @property
    def block_key_bits(self) -> float:
        """log2 of the number of block keys."""
        return log2_factorial(self.atoms) + self.atoms

    def key_bits(self, shape: Shape):
        self._shape(shape)
        return self.block_key_bits

    def published_key_bits(self, shape: Shape):
        return {"icce-tw2018": log2_factorial(self.atoms), "imageshuffle": 32.0}


class PublishedTanaka(Tanaka):
    """LE of mastnk/ICCE-TW2018."""

    as_published = "icce-tw2018"
    differs = "the reversal follows from the permutation and is applied before and after it"

    def _block_steps(self, shape, image, keys):
        steps = super()._block_steps(shape, image, keys)
        return steps | {"reverse again": steps["reverse"]}

    def _block_keys(self, keys, image):
        orders = self.key.permutations(self.stream("shuffle"), keys, self.atoms, image)
        places = np.arange(self.atoms).reshape(-1, self.size)[::-1].T.ravel()  # its atoms: lower halves first
        reverse = complement((orders > self.atoms / 2)[:, places], self.bits)
        return reverse, np.argsort(places).astype(orders.dtype)[orders[:, places]]

    @property
    def block_key_bits(self):
        return log2_factorial(self.atoms)


def complement(flags: np.ndarray, bits: int) -> np.ndarray:
    """(k, atoms) flags as (k, bytes): an atom's bits are all set where its flag is."""
    return join(flags.astype(np.uint8) * np.uint8(2**bits - 1), bits)
