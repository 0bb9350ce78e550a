"""Block and pixel permutation, for networks that read patches: Z. Qi, A. P. M. Maung, Y. Kinoshita and H.
Kiya, "Privacy-Preserving Image Classification Using Vision Transformer", EUSIPCO 2022, arXiv:2205.12041.

An image is cut into blocks of `block` x `block` pixels, as large as the patches of the transformer, 16x16 for
ViT-B/16 on images of 224x224. Then

1. the blocks are permuted (the paper: block scrambling);
2. the pixels in a block are permuted, alike in every block (pixel shuffling).

No value changes. One key serves all images; a network is fine-tuned on them from weights for plain pictures.

Claimed: about 96.6 % on CIFAR-10, a second-hand figure, and that attacks by leading bits, inverse networks
and GANs do not bring pictures back. T. Chuman and H. Kiya, arXiv:2211.02369, say of their jigsaw solver that
it mostly restores them.

Open, for we know the paper's text from its abstract, from papers that build on it and from public code alone:
whether a pixel keeps its three colours together. As the name says, it does here; `whole_pixels=False`
permutes the 3 block^2 values of a block, as later papers of the group flatten blocks (arXiv:2401.05126,
2408.08529).
"""

from typing import Any

import numpy as np

from lib.schemes.base import AnyKey, BlockScheme, blocks_of, check_flag, log2_factorial
from lib.table import Shape, Structure, Table


class BlockPixelPermutation(BlockScheme):
    """Blocks in one secret order, and the pixels of every block in another. Draws from its key: the order of
    the blocks, then that of the pixels (or values), each a permutation from a stream of its own.

    >>> from lib import Key
    >>> scheme = BlockPixelPermutation(Key.from_seed(7), block=2)
    >>> image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    >>> scheme.encrypt(image)[:, :2].tolist()
    [[[18, 19, 20], [6, 7, 8]], [[9, 10, 11], [21, 22, 23]]]
    """

    name = "block-pixel"
    structure = Structure.OWN_BLOCKS  # tables of blocks that happen to be alike
    options = BlockScheme.options | {"whole_pixels": "whether a pixel's colours stay together"}

    def __init__(self, key: AnyKey, block: int = 16, *, whole_pixels: bool = True, **shared: Any):
        super().__init__(key, block, **shared)
        self.whole_pixels = check_flag("whole_pixels", whole_pixels)

    def stream(self, part: str) -> str:
        """As `Scheme.stream`; one key draws apart for pixels and for values."""
        return super().stream(part if self.whole_pixels else f"values/{part}")

    @property
    def moving(self) -> int:
        """How many things of a block are permuted: pixels or values."""
        return self.block**2 if self.whole_pixels else self.size

    def _steps(self, shape, image):
        source = self._order("blocks", blocks_of(shape, self.block), image)
        order = self._order("pixels", self.moving, image)
        if self.whole_pixels:
            order = (3 * order[:, None] + np.arange(3)).ravel()
        return {
            "block scrambling": Table(shape, self.block, source=source),
            "pixel shuffling": Table(shape, self.block, orders=order),
        }

    def _order(self, part, count, image):
        """(count,) int64: which of so many things each one becomes."""
        return self.key.permutation(self.stream(part), count, image)

    def key_bits(self, shape: Shape):
        return log2_factorial(blocks_of(self._shape(shape), self.block)) + log2_factorial(self.moving)
