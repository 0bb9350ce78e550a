"""Block-wise transforms with a key: SHF and NP, each one half of what Tanaka's scheme does.

A. P. M. Maung (AprilPyone) and H. Kiya, "Block-wise Image Transformation with Secret Key for Adversarially
Robust Defense", IEEE TIFS 2021, arXiv:2010.00801. A block of `block` x `block` x 3 bytes is flattened; one
key serves every block of every image. The paper's third transform, FFX, is a substitution: `ffx.py`.
"""

import math

import numpy as np

from lib.schemes.base import BlockScheme, half_of, log2_factorial
from lib.table import Shape, Structure, Table


class BlockShuffle(BlockScheme):
    """SHF: the bytes of every block in one secret order."""

    name = "shf"
    structure = Structure.SAME_BLOCKS

    def _steps(self, shape, image):
        order = self.key.permutation(self.stream("shuffle"), self.size, image)
        return {"shuffle": Table(shape, self.block, orders=order)}

    def key_bits(self, shape: Shape):
        self._shape(shape)
        return log2_factorial(self.size)


class HalfOfPlaces(BlockScheme):
    """What changes half of each block's places: NP and FFX."""

    fewer = 0  # 1 in the published code, which changes those where `permutation > size / 2`

    @property
    def changed(self) -> int:
        """How many places of a block."""
        return (self.size - self.fewer) // 2

    def block_places(self, image: int | None = None) -> np.ndarray:
        """(bytes of a block,) bool: the places that are changed."""
        return half_of(self.key, self.stream("places"), self.size, image, self.changed)

    @property
    def place_bits(self) -> float:
        """log2 of the number of ways to choose them."""
        return math.log2(math.comb(self.size, self.changed))


class NegativePositive(HalfOfPlaces):
    """NP: half of each block's bytes become 255 - v (the paper: bit flipping), where the key chooses."""

    name = "np"
    structure = Structure.SAME_BLOCKS

    def _steps(self, shape, image):
        flips = self.block_places(image).astype(np.uint8) * np.uint8(255)
        return {"negative-positive": Table(shape, self.block, masks=flips)}

    def key_bits(self, shape: Shape):
        self._shape(shape)
        return self.place_bits

    def published_key_bits(self, shape: Shape):
        return {name: code(self.key, self.block).place_bits for name, code in self.published.items()}


class PublishedNegativePositive(NegativePositive):
    """NP of fugokidi/block_transform."""

    as_published = "block_transform"
    fewer = 1
    differs = "it changes one place less than half of a block"
