"""Tanaka's learnable encryption (LE): M. Tanaka, "Learnable Image Encryption", ICCE-TW 2018,
arXiv:1804.00490.

An image is cut into blocks of `block` x `block` pixels, 4 by default. Each byte of a block is split into its
upper and lower 4 bits, so that a block of 4x4x3 bytes becomes 96 values. Key-chosen ones are reversed, v ->
15 - v, and all are shuffled; then bytes are joined again. One key serves every block of every image.

Where the published code differs (mastnk/ICCE-TW2018): the key is one permutation of the values, all 48 lower
halves of a block before all upper ones. The reversal is no key of its own but `permutation > size / 2`, 47 of
96 places, and is applied before and after the shuffle, so that place i ends up reversed by
`reverse[i] ^ reverse[permutation[i]]`. The paper's count 96! 2^96 of keys is then 96!. The author's later
package imageshuffle splits bytes into 8, 4, 2 or 1 bits, here `bits`, and draws its keys from 32 bits.
"""

import numpy as np

from lib.schemes.base import Scheme, blocks_of, check_bits, check_block, log2_factorial
from lib.table import Structure, Table, chunks, join


class Tanaka(Scheme):
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
    published = {
        "icce-tw2018": "the reversal follows from the permutation and is applied before and after it"
    }

    def __init__(self, key, block: int = 4, bits: int = 4, *, per_image=False, as_published=False):
        super().__init__(key, per_image=per_image, as_published=as_published)
        self.block, self.bits = check_block(block), check_bits(bits)

    def _keys(self, shape) -> int:
        """How many block keys an image has."""
        return 1

    def _steps(self, shape, image):
        keys = self._keys(shape)
        block = Table(shape, self.block, self.bits)
        of = np.arange(block.blocks) % keys
        orders = self.key.permutations(self._label("shuffle"), keys, block.atoms, image)
        if self.as_published:
            places = (
                np.arange(block.atoms).reshape(-1, block.block_bytes)[::-1].T.ravel()
            )  # its atoms: all lower halves first
            reverse = complement((orders > block.atoms / 2)[:, places], self.bits)
            orders = np.argsort(places).astype(orders.dtype)[orders[:, places]]
        else:
            bits = self.key.bytes(self._label("reverse"), keys * -(-block.atoms // 8), image=image).reshape(
                keys, -1
            )
            reverse = np.empty((keys, block.block_bytes), np.uint8)
            for part in chunks(keys):
                reverse[part] = complement(np.unpackbits(bits[part], axis=1, count=block.atoms), self.bits)
        steps = {
            "reverse": Table(shape, self.block, self.bits, masks=(reverse, of)),
            "shuffle": Table(shape, self.block, self.bits, orders=(orders, of)),
        }
        return steps | ({"reverse again": steps["reverse"]} if self.as_published else {})

    def _block_key_bits(self, shape) -> float:
        atoms = self.block**2 * shape[2] * 8 // self.bits
        return log2_factorial(atoms) + (0 if self.as_published else atoms)

    def key_bits(self, shape):
        return self._block_key_bits(self._shape(shape))

    def published_key_bits(self, shape):
        atoms = self.block**2 * shape[2] * 8 // self.bits
        return {"icce-tw2018": log2_factorial(atoms), "imageshuffle": 32.0}

    def settings(self):
        return {"block": self.block, "bits": self.bits, **super().settings()}


class ExtendedTanaka(Tanaka):
    """ELE, extended learnable encryption: a block key of its own for every block, then the blocks are
    shuffled.

    Source: K. Madono, M. Tanaka, M. Onishi and T. Ogawa, "Block-wise Scrambled Image Recognition Using
    Adaptation Network", AAAI-20 workshop, arXiv:2001.07761, table 2: {(6 B^2)! 2^(6 B^2)}^N N! keys. The
    order of the two parts follows their code; figure 2 of the paper draws the blocks shuffled first, which
    only renames the block keys.
    """

    name = "ele"
    structure = Structure.OWN_BLOCKS
    published = {
        "block-wise-scrambled": "each block's reversal follows from its permutation and is applied before and after it"
    }

    def _keys(self, shape):
        return blocks_of(shape, self.block)

    def _steps(self, shape, image):
        source = self.key.permutation(self._label("blocks"), blocks_of(shape, self.block), image)
        return super()._steps(shape, image) | {
            "block shuffle": Table(shape, self.block, self.bits, source=source)
        }

    def key_bits(self, shape):
        blocks = blocks_of(self._shape(shape), self.block)
        return blocks * self._block_key_bits(shape) + log2_factorial(blocks)

    def published_key_bits(self, shape):
        blocks = blocks_of(shape, self.block)
        atoms = self.block**2 * shape[2] * 8 // self.bits
        bits = blocks * log2_factorial(atoms) + log2_factorial(blocks)
        return {
            "block-wise-scrambled": bits,
            "block-wise-scrambled, as shipped": 0.0,
        }  # its 64 keys lie in its repository


def complement(flags: np.ndarray, bits: int) -> np.ndarray:
    """(k, atoms) flags as (k, bytes): an atom's bits are all set where its flag is."""
    return join(flags.astype(np.uint8) * np.uint8(2**bits - 1), bits)
