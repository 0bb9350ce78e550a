"""CFE, a compression-friendly cipher for video: H. Lin, S. Imaizumi and H. Kiya, "CFE-PPAR:
Compression-friendly encryption for privacy-preserving action recognition leveraging video transformers", ICIP
2026, arXiv:2605.05692, section 3.2, and the authors' code, importLin/CFE.

A frame is cut into main blocks of `block` x `block` pixels, 16x16 as the patches of a video transformer, and
each into four sub-blocks of half that side. In each main block

1. sub-blocks are rotated by a multiple of 90 degrees,
2. mirrored along neither axis, one or both,
3. turned negative or not,
4. put in one of six colour orders,
5. and scrambled within the main block; then
6. main blocks are scrambled within the frame.

In V2, the code's default, each main block has a key of its own for steps 1 to 5, by its place before step 6;
in V1, all share one (`own_keys=False`). Turns and mirrors make 8 orientations, each in two ways. The key is
one for all frames of a clip, and another for the next clip: a clip is a batch of frames with one key here.

Claimed: with its first layer transformed by the same key, a plain-trained ViViT recognises uncompressed
ciphertexts as well as plain clips, and loses less than with earlier ciphers under Motion-JPEG and H.264
(UCF101, HMDB51). The threat model is an attacker with ciphertexts only; keys that serve one clip are to keep
away known and chosen plaintexts. The authors concede that jigsaw solvers may succeed, with V2 less than with
V1.

To attacks it is EtC with pieces of half a block, of which four stay together. The authors' code mixes a seed
into two numbers of 31 bits, one for steps 1 to 5 and one for step 6, and says that this is for
reproducibility alone.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from lib.schemes.base import AnyKey, BlockScheme, blocks_of, check_flag, log2_factorial
from lib.symmetries import COLOURS
from lib.table import Shape, Structure, Table

PARTS = 4  # sub-blocks of a main block, row by row


class CompressionFriendly(BlockScheme):
    """CFE, V2 or V1. Draws from its key, each from a stream of its own, in the order of the steps: integers
    below 4 (quarter turns to the left), 4 (1: mirrored to the side, 2: up and down, 3: both), 2 (1: negative)
    and 6 (a row of `lib.symmetries.COLOURS`) for each sub-block, main block after main block; permutations of
    4 for each main block; a permutation of the main blocks.

    Errors: ValueError for an odd block.

    >>> from lib import Key
    >>> scheme = CompressionFriendly(Key.from_seed(7), block=4)
    >>> image = np.arange(96, dtype=np.uint8).reshape(4, 8, 3)
    >>> scheme.piece, scheme.encrypt(image)[0, :2].tolist()
    (2, [[75, 76, 77], [51, 52, 53]])
    """

    name = "cfe"
    structure = Structure.PIECES
    options = BlockScheme.options | {"own_keys": "whether each main block has a key of its own (V2; else V1)"}

    def __init__(self, key: AnyKey, block: int = 16, *, own_keys: bool = True, **shared: Any):
        super().__init__(key, block, **shared)
        if self.block % 2:
            raise ValueError(f"a main block holds two sub-blocks across: block must be even, got {block}")
        self.own_keys = check_flag("own_keys", own_keys)

    def stream(self, part: str) -> str:
        """As `Scheme.stream`; one key draws apart for V1 and V2."""
        return super().stream(part if self.own_keys else f"V1/{part}")

    @property
    def piece(self) -> int:
        """Side of a sub-block, which stays whole."""
        return self.block // 2

    def _steps(self, shape, image):
        blocks = blocks_of(shape, self.block)
        keys = blocks if self.own_keys else 1
        table, draw = partial(Table, shape, self.block), partial(self._draw, keys, image)
        of, plain = np.arange(blocks) % keys, self._sub_blocks()
        turns, mirrors = self._turned(plain, draw("rotate", 4)), self._mirrored(plain, draw("flip", 4))
        signs = np.where(draw("negative-positive", 2)[..., None, None, None], 255, 0)
        colours = COLOURS[draw("colour shuffle", 6)][:, :, None, None]
        coloured = np.take_along_axis(plain[None], colours, axis=4)
        moved = plain[self.key.permutations(self.stream("sub-blocks"), keys, PARTS, image)]
        source = self.key.permutation(self.stream("main blocks"), blocks, image)
        return {
            "rotate": table(orders=(self._joined(turns), of)),
            "flip": table(orders=(self._joined(mirrors), of)),
            "negative-positive": table(masks=(self._joined(signs + 0 * plain), of)),
            "colour shuffle": table(orders=(self._joined(coloured), of)),
            "sub-block scrambling": table(orders=(self._joined(moved), of)),
            "main-block scrambling": table(source=source),
        }

    def _draw(self, keys, image, part, bound):
        """(keys, sub-blocks) int below `bound`."""
        images = None if image is None else [image]
        return self.key.integers(self.stream(part), bound, keys * PARTS, images).reshape(keys, PARTS)

    def _sub_blocks(self):
        """(sub-blocks, b, b, 3): the numbers of a main block's bytes, row by row, in its sub-blocks."""
        whole = np.arange(self.size).reshape(2, self.piece, 2, self.piece, 3)
        return whole.swapaxes(1, 2).reshape(PARTS, self.piece, self.piece, 3)

    def _joined(self, parts):
        """(keys, bytes of a main block) from (keys, sub-blocks, b, b, 3); undoes `_sub_blocks`."""
        return parts.reshape(-1, 2, 2, self.piece, self.piece, 3).swapaxes(2, 3).reshape(-1, self.size)

    @staticmethod
    def _turned(plain, codes):
        ways = np.stack([np.rot90(plain, turns, axes=(1, 2)) for turns in range(4)])
        return ways[codes, np.arange(PARTS)]

    @staticmethod
    def _mirrored(plain, codes):
        ways = np.stack([plain, plain[:, :, ::-1], plain[:, ::-1], plain[:, ::-1, ::-1]])
        return ways[codes, np.arange(PARTS)]

    def key_bits(self, shape: Shape):
        blocks = blocks_of(self._shape(shape), self.block)
        within = PARTS * math.log2(8 * 2 * 6) + log2_factorial(PARTS)
        return log2_factorial(blocks) + within * (blocks if self.own_keys else 1)

    def published_key_bits(self, shape: Shape):
        return {"importLin/CFE": min(2 * 31.0, self.key_bits(shape))}
