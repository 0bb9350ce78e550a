"""The states that EtC can put a block in: 8 orientations times 6 orders of its colours; a sign comes on top.

Public knowledge: the algorithm's, not a key's.
"""

from functools import cached_property

import numpy as np

COLOURS = np.array([(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])


class BlockStates:
    """All 48 orders of the bytes of a block, row by row: `orders[6 * orientation + colours]`, (48, bytes) int64.

    An orientation is 0 to 3 quarter turns to the left, then the same mirrored. `block` is the side in pixels.

    >>> BlockStates(2).orders[6][:3], BlockStates(2).orders.shape
    (array([3, 4, 5]), (48, 12))
    """

    def __init__(self, block: int):
        plain = np.arange(block * block * 3).reshape(block, block, 3)
        turns = [np.rot90(plain, k) for k in range(4)]
        turns += [np.flip(turned, axis=1) for turned in turns]
        self.orders = np.array([turned[:, :, colours].ravel() for turned in turns for colours in COLOURS])

    @cached_property
    def inverses(self) -> np.ndarray:
        """(48, bytes): the orders that undo these."""
        return np.argsort(self.orders, axis=1)

    def find(self, plain: np.ndarray, cipher: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which plain block each cipher block is, in which state, and how many answers fit: (blocks,) each, -1, -1, 0 for none.

        plain, cipher   (blocks, bytes) or, several images deep, (blocks, bytes, n), of unsigned numbers
        Blocks are looked up by a sum of their bytes with random weights, then compared. Where several fit, one of them.
        """
        plain, cipher = (blocks.reshape(*blocks.shape[:2], -1).astype(np.uint64) for blocks in (plain, cipher))
        weights = np.random.default_rng(0).integers(1, 2**63, plain.shape[1:], np.uint64)
        sums = np.stack([(plain[:, order] * weights).sum(axis=(1, 2)) for order in self.orders], axis=1).ravel()
        place = np.argsort(sums, kind="stable")
        wanted = (cipher * weights).sum(axis=(1, 2))
        first, last = (np.searchsorted(sums[place], wanted, side) for side in ("left", "right"))
        at = place[np.minimum(first, len(place) - 1)]
        source, state = np.divmod(at, len(self.orders))
        same = (np.take_along_axis(plain[source], self.orders[state][:, :, None], axis=1) == cipher).all(axis=(1, 2))
        return np.where(same, source, -1), np.where(same, state, -1), np.where(same, last - first, 0)
