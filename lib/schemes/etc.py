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
arXiv:2001.07761, table 2).

Where published codes differ:
- fugokidi/etc-classify (AprilPyone and Kiya, arXiv:2204.07707): its mirror step reads the key of the
  rotation, and the mirror's own key is drawn and never used, so that a block has 4 orientations, not 8.
- MADONOKOUKI/Block-wise-Scrambled-Image-Recognition (the EtC columns of arXiv:2001.07761): colours are
  assigned in place, so that five of six codes copy a channel over another; exactly half of the blocks are
  negative; blocks are permuted last.
"""

import math

import numpy as np

from lib.schemes.base import Scheme, blocks_of, check_block, half_of, log2_factorial
from lib.symmetries import COLOURS, orientation_orders
from lib.table import Structure, Table

# Drawn numbers are those of `lib.symmetries`. Published variants list their orders by their own codes:
# etc-classify counts RGB last, the other one lists swaps first.
ETC_CLASSIFY_ORDERS = np.roll(COLOURS, -1, axis=0)
OVERWRITTEN_ORDERS = np.array([(0, 1, 2), (1, 1, 2), (2, 1, 2), (0, 2, 2), (2, 2, 2), (1, 2, 1)], np.uint8)


def turned(plain, turns, mirrored_axes):
    out = np.rot90(plain, turns)
    return np.flip(out, mirrored_axes) if len(mirrored_axes) else out


class EtC(Scheme):
    """Colour-based EtC with blocks of `block` x `block` pixels.

    >>> from lib import Key
    >>> scheme = EtC(Key.from_seed(7), block=4)
    >>> list(scheme.steps((8, 8, 3)))
    ['permute', 'rotate and mirror', 'negative-positive', 'colour shuffle']
    """

    name = "etc"
    structure = Structure.PIECES
    published = {
        "etc-classify": "the mirror step reads the rotation's key, so that a block has 4 orientations, not 8",
        "block-wise-scrambled": "five of its six colour codes copy one channel over another, which is lost",
    }
    lossy = frozenset({"block-wise-scrambled"})

    def __init__(self, key, block: int = 4, *, per_image=False, as_published=False):
        super().__init__(key, per_image=per_image, as_published=as_published)
        self.block = check_block(block)

    def _steps(self, shape, image):
        blocks, images = blocks_of(shape, self.block), None if image is None else [image]

        def draw(part, bound):
            return self.key.integers(self._label(part), bound, blocks, images).ravel()

        plain = np.arange(self.block**2 * shape[2]).reshape(self.block, self.block, shape[2])
        if self.as_published == "etc-classify":
            flips = ([0], [1], [0, 1], [])
            moves = (
                [turned(plain, (code + 1) % 4, flips[code]).ravel() for code in range(4)],
                draw("rotate", 4),
            )
        elif self.as_published == "block-wise-scrambled":
            flips = ([0], [1], [])
            moves = [turned(plain, (code // 3 + 1) % 4, flips[code % 3]).ravel() for code in range(12)]
            moves = moves, draw("rotate", 4) * np.uint8(3) + draw("mirror", 3)
        else:
            moves = orientation_orders(self.block, shape[2]), draw("rotate and mirror", 8)

        if self.as_published == "block-wise-scrambled":
            negative = half_of(self.key, self._label("negative-positive"), blocks, image).astype(np.uint8)
        else:
            negative = draw("negative-positive", 2)

        source = self.key.permutation(self._label("permute"), blocks, image)
        table = {"shape": shape, "block": self.block}
        steps = {
            "permute": Table(**table, source=source),
            "rotate and mirror": Table(**table, orders=moves),
            "negative-positive": Table(
                **table, masks=(np.array([[0], [255]]).repeat(plain.size, 1), negative)
            ),
        }
        if shape[2] == 3:
            rows = {"etc-classify": ETC_CLASSIFY_ORDERS, "block-wise-scrambled": OVERWRITTEN_ORDERS}.get(
                self.as_published, COLOURS
            )
            colours = [plain[:, :, row].ravel() for row in rows]
            steps["colour shuffle"] = Table(**table, orders=(colours, draw("colour shuffle", 6)))
        if self.as_published == "block-wise-scrambled":
            steps["permute"] = steps.pop("permute")  # its code permutes last
        return steps

    def key_bits(self, shape):
        shape = self._shape(shape)
        if self.as_published == "block-wise-scrambled":  # exactly half of the blocks are negative
            blocks = blocks_of(shape, self.block)
            return self._key_bits(shape, orientations=8) - blocks + math.log2(math.comb(blocks, blocks // 2))
        return self._key_bits(shape, orientations=4 if self.as_published == "etc-classify" else 8)

    def _key_bits(self, shape, orientations):
        blocks = blocks_of(shape, self.block)
        states = orientations * 2 * (6 if shape[2] == 3 else 1)
        return log2_factorial(blocks) + blocks * math.log2(states)

    def published_key_bits(self, shape):
        # The second code seeds its generator with 30 when it is imported: one key, which everybody knows.
        codes = {
            name: type(self)(self.key, self.block, as_published=name).key_bits(shape)
            for name in self.published
        }
        return codes | {"block-wise-scrambled, as shipped": 0.0}

    def settings(self):
        return {"block": self.block, **super().settings()}
