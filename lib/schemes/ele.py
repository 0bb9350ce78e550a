"""Extended learnable encryption (ELE): K. Madono, M. Tanaka, M. Onishi and T. Ogawa, "Block-wise Scrambled
Image Recognition Using Adaptation Network", AAAI-20 workshop, arXiv:2001.07761.

A block key of its own for every block, then the blocks are shuffled; table 2 counts {(6 B^2)! 2^(6 B^2)}^N N!
keys. The order of the two follows their code; figure 2 of the paper shuffles first, which renames the keys.
"""

from lib.schemes.base import blocks_of, log2_factorial
from lib.schemes.tanaka import PublishedTanaka, Tanaka
from lib.table import Shape, Structure, Table


class ExtendedTanaka(Tanaka):
    """ELE: a block key of its own for every block, then the blocks are shuffled."""

    name = "ele"
    structure = Structure.OWN_BLOCKS

    def _steps(self, shape, image):
        blocks = blocks_of(shape, self.block)
        source = self.key.permutation(self.stream("blocks"), blocks, image)
        shuffle = {"block shuffle": Table(shape, self.block, self.bits, source=source)}
        return self._block_steps(shape, image, keys=blocks) | shuffle

    def key_bits(self, shape: Shape):
        blocks = blocks_of(self._shape(shape), self.block)
        return blocks * self.block_key_bits + log2_factorial(blocks)

    def published_key_bits(self, shape: Shape):
        name, code = next(iter(self.published.items()))
        bits = code(self.key, self.block, self.bits).key_bits(shape)
        return {name: bits, f"{name}, as shipped": 0.0}  # its 64 keys lie in its repository


class PublishedExtendedTanaka(PublishedTanaka, ExtendedTanaka):
    """ELE of MADONOKOUKI/Block-wise-Scrambled-Image-Recognition."""

    as_published = "block-wise-scrambled"
    differs = "each block's reversal follows from its permutation and is applied before and after it"
