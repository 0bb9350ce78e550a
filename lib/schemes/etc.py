"""EtC: encryption that leaves images compressible by JPEG, colour-based.

H. Kiya, A. P. M. Maung, Y. Kinoshita, S. Imaizumi and S. Shiota, "An Overview of Compressible and Learnable
Image Transformation with Secret Key and its Applications", arXiv:2201.11006; T. Chuman, W. Sirichotedumrong
and H. Kiya, "Encryption-then-Compression Systems using Grayscale-based Image Encryption for JPEG Images",
IEEE TIFS 2019. Blocks, 16x16 pixels in JPEG's interest, are

1. permuted;
2. rotated by a multiple of 90 degrees and mirrored or not: 8 orientations;
3. turned negative or not: 2 signs;
4. put in one of six colour orders.

Steps 1 to 3 treat the three channels alike. n! 8^n 2^n 6^n keys for n blocks (Madono et al.,
arXiv:2001.07761, table 2). Where published codes differ:
- fugokidi/etc-classify (AprilPyone and Kiya, arXiv:2204.07707): its mirror step reads the key of the
  rotation, and the mirror's own key is drawn and never used, so that a block has 4 orientations, not 8.
- MADONOKOUKI/Block-wise-Scrambled-Image-Recognition (the EtC columns of arXiv:2001.07761): colours are
  assigned in place, so that five of six codes copy a channel over another; exactly half of the blocks are
  negative; blocks are permuted last.
"""

import math
from functools import partial

import numpy as np

from lib.schemes.base import BlockScheme, blocks_of, half_of, log2_factorial
from lib.symmetries import COLOURS, orientation_orders
from lib.table import Shape, Structure, Table


def turned(plain: np.ndarray, turns: int, mirrored_axes: list[int]) -> np.ndarray:
    """A block (b, b, c) after quarter turns to the left, then mirrored along these axes."""
    return np.flip(np.rot90(plain, turns), mirrored_axes)


class EtC(BlockScheme):
    """Colour-based EtC with blocks of `block` x `block` pixels.

    >>> from lib import Key
    >>> scheme = EtC(Key.from_seed(7), block=4)
    >>> list(scheme.steps((8, 8, 3)))
    ['permute', 'rotate and mirror', 'negative-positive', 'colour shuffle']
    """

    name = "etc"
    structure = Structure.PIECES
    colour_orders = COLOURS
    orientations = 8  # that a block can have

    def _steps(self, shape, image):
        blocks, table = blocks_of(shape, self.block), partial(Table, shape, self.block)
        draw = partial(self._draw, blocks, image)
        plain = np.arange(self.block**2 * shape[2]).reshape(self.block, self.block, shape[2])
        signs = np.array([[0], [255]]).repeat(plain.size, 1)
        steps = {
            "permute": table(source=self.key.permutation(self.stream("permute"), blocks, image)),
            "rotate and mirror": table(orders=self._moves(plain, draw)),
            "negative-positive": table(masks=(signs, self._negative(blocks, image))),
        }
        if shape[2] == 3:
            colours = [plain[:, :, row].ravel() for row in self.colour_orders]
            steps["colour shuffle"] = table(orders=(colours, draw("colour shuffle", 6)))
        return steps

    def _draw(self, blocks, image, part, bound):
        images = None if image is None else [image]
        return self.key.integers(self.stream(part), bound, blocks, images).ravel()

    def _moves(self, plain, draw):
        """The orders of a block's bytes (b, b, c) that turn and mirror it, and which each block has."""
        return orientation_orders(self.block, plain.shape[2]), draw("rotate and mirror", 8)

    def _negative(self, blocks, image):
        return self._draw(blocks, image, "negative-positive", 2)

    def key_bits(self, shape: Shape):
        shape = self._shape(shape)
        blocks, states = blocks_of(shape, self.block), self.orientations * 2 * (6 if shape[2] == 3 else 1)
        return log2_factorial(blocks) + blocks * math.log2(states)

    def published_key_bits(self, shape: Shape):
        # The second code seeds its generator with 30 when it is imported: one key, which everybody knows.
        codes = {name: code(self.key, self.block).key_bits(shape) for name, code in self.published.items()}
        return codes | {"block-wise-scrambled, as shipped": 0.0}


class EtcClassify(EtC):
    """EtC of fugokidi/etc-classify."""

    as_published = "etc-classify"
    differs = "the mirror step reads the rotation's key, so that a block has 4 orientations, not 8"
    colour_orders = np.roll(COLOURS, -1, axis=0)  # it counts RGB last
    orientations = 4

    def _moves(self, plain, draw):
        flips = ([0], [1], [0, 1], [])
        moves = [turned(plain, (code + 1) % 4, flips[code]).ravel() for code in range(4)]
        return moves, draw("rotate", 4)


class BlockWiseScrambled(EtC):
    """EtC of MADONOKOUKI/Block-wise-Scrambled-Image-Recognition."""

    as_published = "block-wise-scrambled"
    differs = "five of its six colour codes copy one channel over another, which is lost"
    invertible = False
    # what is left of each order; it lists swaps first
    colour_orders = np.array([(0, 1, 2), (1, 1, 2), (2, 1, 2), (0, 2, 2), (2, 2, 2), (1, 2, 1)], np.uint8)

    def _steps(self, shape, image):
        steps = super()._steps(shape, image)
        return steps | {"permute": steps.pop("permute")}  # its code permutes last

    def _moves(self, plain, draw):
        flips = ([0], [1], [])
        moves = [turned(plain, (code // 3 + 1) % 4, flips[code % 3]).ravel() for code in range(12)]
        return moves, draw("rotate", 4) * np.uint8(3) + draw("mirror", 3)

    def _negative(self, blocks, image):
        return half_of(self.key, self.stream("negative-positive"), blocks, image).astype(np.uint8)

    def key_bits(self, shape: Shape):
        blocks = blocks_of(shape, self.block)  # exactly half of them are negative
        return super().key_bits(shape) - blocks + math.log2(math.comb(blocks, blocks // 2))
