"""Block-wise transforms with a key: SHF and NP, each one half of what Tanaka's scheme does.

A. P. M. Maung (AprilPyone) and H. Kiya, "Block-wise Image Transformation with Secret Key for Adversarially
Robust Defense", IEEE TIFS 2021, arXiv:2010.00801. A block of `block` x `block` x 3 bytes is flattened; one
key serves every block of every image. The third transform of the paper, FFX, is a substitution and stands in
`format_preserving.py`.
"""

import math

import numpy as np

from lib.schemes.base import Scheme, check_block, half_of, log2_factorial
from lib.table import Structure, Table


class _Blockwise(Scheme):
    def __init__(self, key, block: int = 4, *, per_image=False, as_published=False):
        super().__init__(key, per_image=per_image, as_published=as_published)
        self.block = check_block(block)

    @property
    def size(self) -> int:
        """Bytes of a block."""
        return 3 * self.block**2

    def settings(self):
        return {"block": self.block, **super().settings()}


class BlockShuffle(_Blockwise):
    """SHF: the bytes of every block in one secret order."""

    name = "shf"
    structure = Structure.SAME_BLOCKS

    def _steps(self, shape, image):
        order = self.key.permutation(self._label("shuffle"), self.size, image)
        return {"shuffle": Table(shape, self.block, orders=order)}

    def key_bits(self, shape):
        self._shape(shape)
        return log2_factorial(self.size)


def chosen_half(scheme: _Blockwise, image) -> np.ndarray:
    """(bytes of a block,) bool: the places that NP and FFX change. Half of them; the published code takes
    fewer.

    Its test is `permutation > size / 2`, which is true for one place less than half (for an odd size: half,
    rounded down).
    """
    chosen = (scheme.size - 1) // 2 if scheme.as_published else scheme.size // 2
    return half_of(scheme.key, scheme._label("places"), scheme.size, image, chosen)


def half_bits(scheme: _Blockwise, as_published: bool) -> float:
    """log2 of the number of such choices."""
    return math.log2(math.comb(scheme.size, (scheme.size - 1) // 2 if as_published else scheme.size // 2))


class NegativePositive(_Blockwise):
    """NP: half of each block's bytes become 255 - v, at places that the key chooses.

    The paper's text calls it bit flipping: v XOR 255 is 255 - v.
    """

    name = "np"
    structure = Structure.SAME_BLOCKS
    published = {"block_transform": "it changes one place less than half of a block"}

    def _steps(self, shape, image):
        flips = chosen_half(self, image).astype(np.uint8) * np.uint8(255)
        return {"negative-positive": Table(shape, self.block, masks=flips)}

    def key_bits(self, shape):
        self._shape(shape)
        return half_bits(self, bool(self.as_published))

    def published_key_bits(self, shape):
        return {"block_transform": half_bits(self, True)}
