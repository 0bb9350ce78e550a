"""Restricted random permutation: K. Horio, K. Nishikawa and H. Kiya, "Privacy-Preserving Vision Transformer
Using Images Encrypted with Restricted Random Permutation Matrices", arXiv:2408.08529.

Block and pixel permutation, see `lib.schemes.block_pixel`, on the flattened values of a block, but for a
number of blocks that stay where they are, and a number of values of a block that do. The fewer move, the
better a vision transformer learns after fine-tuning, and the more is seen.

Claimed: on CIFAR-10 with ViT, higher accuracy than with permutations of all, and with the right numbers that
of plain pictures. Of attacks we found no claim. The same matrices with keys that are used once are those of
R. Aso, S. Shiota and H. Kiya, arXiv:2408.05737: `per_image=True`.

Open, for we know the paper's text from its abstract, from summaries and from a public reimplementation alone:

- the numbers. The reimplementation has 120 of 196 blocks and 500 of 768 values stay (224x224, blocks of 16).
  For any size, ours are shares: `fixed_blocks` and `fixed_values`, which give just these there;
- which stay: at random here, by the key;
- whether what may move can stay by chance: it can here, as in a random permutation of what may move.
"""

from math import comb, log2
from typing import Any

import numpy as np

from lib.schemes.base import AnyKey, BlockScheme, blocks_of
from lib.schemes.block_pixel import BlockPixelPermutation
from lib.table import Shape


class RestrictedPermutation(BlockPixelPermutation):
    """Block and pixel permutation of which shares stay in their places. Draws from its key: for blocks, then
    for values, one permutation each. Its first entries are what may move, in the order in which they are put
    into their own places from the first place on; what comes behind stays.

    >>> from lib import Key
    >>> scheme = RestrictedPermutation(Key.from_seed(7), block=2, fixed_blocks=1.0, fixed_values=0.5)
    >>> scheme.encrypt(np.arange(12, dtype=np.uint8).reshape(2, 2, 3)).ravel().tolist()
    [0, 1, 2, 3, 4, 5, 6, 11, 10, 9, 8, 7]
    """

    name = "restricted"
    options = BlockScheme.options | {
        "fixed_blocks": "share of the blocks that stay where they are, 0 to 1",
        "fixed_values": "share of the values of a block that stay where they are, 0 to 1",
    }

    def __init__(
        self, key: AnyKey, block: int = 16, *, fixed_blocks: float = 0.61, fixed_values: float = 0.651,
        **shared: Any,
    ):  # fmt: skip
        super().__init__(key, block, whole_pixels=False, **shared)
        self.fixed_blocks = _share("fixed_blocks", fixed_blocks)
        self.fixed_values = _share("fixed_values", fixed_values)

    def _free(self, part, count):
        """How many of so many may move."""
        share = self.fixed_blocks if part == "blocks" else self.fixed_values
        return count - round(share * count)

    def _order(self, part, count, image):
        free = super()._order(part, count, image)[: self._free(part, count)]
        order = np.arange(count)
        order[np.sort(free)] = free
        return order

    def key_bits(self, shape: Shape):
        parts = {"blocks": blocks_of(self._shape(shape), self.block), "pixels": self.moving}
        return sum(_bits(count, self._free(part, count)) for part, count in parts.items())


def _share(name, value):
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= value <= 1:
        raise ValueError(f"{name} is a share from 0 to 1, got {value!r}")
    return float(value)


def _bits(count, free):
    """log2 of the number of permutations of `count` things of which `free` at most move: those of k that all
    move, for every choice of k."""
    derangements, keys = 1, 1
    for k in range(1, free + 1):
        derangements = k * derangements + (-1) ** k
        keys += comb(count, k) * derangements
    return log2(keys)
