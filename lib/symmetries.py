"""The only numbering of colour orders, signs, orientations and their products.

In colour order c, channel i of a block holds channel COLOURS[c, i] of the picture. An orientation is 0 to 3
quarter turns to the left, then the same mirrored. EtC can put a block in 48 states, 8 orientations times 6
orders of its colours; with a sign, 0 or 1, there are 96, numbered
`12 * orientation + 6 * sign + colour order`. Public knowledge: the algorithm's, not a key's.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

COLOURS = np.array([(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])


class BlockStates:
    """All 48 orders of the bytes of a block, row by row: `orders[6 * orientation + colours]`, (48, bytes)
    int64.

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
        """Which plain block each cipher block is, in which state, and how many answers fit: (blocks,) each,
        -1, -1, 0 for none.

        plain, cipher   (blocks, bytes) or, several images deep, (blocks, bytes, n), of unsigned numbers
        Blocks are looked up by a sum of their bytes with random weights, then compared. Where several fit,
        one of them.
        """
        plain, cipher = (
            blocks.reshape(*blocks.shape[:2], -1).astype(np.uint64) for blocks in (plain, cipher)
        )
        weights = np.random.default_rng(0).integers(1, 2**63, plain.shape[1:], np.uint64)
        sums = np.stack(
            [(plain[:, order] * weights).sum(axis=(1, 2)) for order in self.orders], axis=1
        ).ravel()
        place = np.argsort(sums, kind="stable")
        wanted = (cipher * weights).sum(axis=(1, 2))
        first, last = (np.searchsorted(sums[place], wanted, side) for side in ("left", "right"))
        at = place[np.minimum(first, len(place) - 1)]
        source, state = np.divmod(at, len(self.orders))
        same = (np.take_along_axis(plain[source], self.orders[state][:, :, None], axis=1) == cipher).all(
            axis=(1, 2)
        )
        return np.where(same, source, -1), np.where(same, state, -1), np.where(same, last - first, 0)


_MATRICES = np.eye(3, dtype=int)[COLOURS]
COLOUR_PRODUCT = (
    (_MATRICES[:, None, None] @ _MATRICES[None, :, None] == _MATRICES).all(axis=(3, 4)).argmax(axis=2)
)
COLOUR_INVERSE = (COLOUR_PRODUCT == 0).argmax(axis=1)


class Assembly(NamedTuple):
    """Where each place of the grid has its block from, and in what state.

    block, orientation, negative, colour   (rows, columns) int: which block of the input; the turn and mirror
                0..7 (`turns + 4 * mirror`: quarter turns to the left, then mirrored), sign 0 or 1 and colour
                order 0..5 that it was given when it was shuffled
    confidence  (rows, columns) float: how likely all of these are right beside those of the others
    """

    block: np.ndarray
    orientation: np.ndarray
    negative: np.ndarray
    colour: np.ndarray
    confidence: np.ndarray


def _sides():
    """(8, 4, 2): for an orientation, and a side of the upright block, the side it is now, and whether it runs
    backwards."""
    corners = np.array([[0, 1], [3, 2]])  # clockwise
    out = np.empty((8, 4, 2), int)
    for orientation in range(8):
        now = oriented(corners[None, :, :, None], orientation)[0, :, :, 0]
        clockwise = [now[0, 0], now[0, 1], now[1, 1], now[1, 0]]
        pairs = [(clockwise[side], clockwise[(side + 1) % 4]) for side in range(4)]
        for side in range(4):
            forward = (side, (side + 1) % 4)
            mirrored = forward not in pairs
            out[orientation, side] = pairs.index(forward[::-1] if mirrored else forward), mirrored
    return out


def oriented(images: np.ndarray, orientation: int) -> np.ndarray:
    """Images (n, h, w, c) turned and mirrored: `orientation % 4` quarter turns to the left, then mirrored if
    4 or more."""
    turned = np.rot90(images, orientation % 4, axes=(1, 2))
    return turned[:, :, ::-1] if orientation >= 4 else turned


def _orientation_product():
    """(8, 8): the orientation that is b, then a."""
    label = np.arange(4).reshape(1, 2, 2, 1)
    each = [oriented(label, a).tolist() for a in range(8)]
    return np.array(
        [[each.index(oriented(oriented(label, b), a).tolist()) for b in range(8)] for a in range(8)]
    )


SIDES, ORIENTATION_PRODUCT = _sides(), _orientation_product()
ORIENTATION_INVERSE = (ORIENTATION_PRODUCT == 0).argmax(axis=1)


def rebased(assembly: Assembly, orientation: int = 0, negative: int = 0, colour: int = 0) -> Assembly:
    """The same blocks for another picture: this one turned and mirrored, then made negative, then in that
    colour order."""
    grid = np.stack([*assembly], axis=2)[None]
    block, o, sign, c, confidence = np.moveaxis(oriented(grid, orientation)[0], 2, 0)
    o = ORIENTATION_PRODUCT[o.astype(int), ORIENTATION_INVERSE[orientation]]
    c = COLOUR_PRODUCT[c.astype(int), COLOUR_INVERSE[colour]]
    return Assembly(block.astype(int), o, sign.astype(int) ^ negative, c, confidence)


def as_block_0(found: Assembly) -> Assembly:
    """Of the pictures of this shape that borders do not tell apart, the one that has block 0 upright, or
    nearest to it."""
    rows, columns = found.block.shape
    _, orientation, negative, colour = (int(part[found.block == 0][0]) for part in found[:4])
    turns = range(8) if rows == columns else range(0, 8, 2)
    least = min(turns, key=lambda turn: ORIENTATION_PRODUCT[orientation, ORIENTATION_INVERSE[turn]])
    return rebased(found, least, negative, colour)


def picture(blocks: np.ndarray, assembly: Assembly) -> np.ndarray:
    """The assembled images (n, h, w, 3) uint8 of shuffled blocks (n, count, b, b, 3) uint8."""
    rows, columns = assembly.block.shape
    n, _, b = blocks.shape[:3]
    out = np.empty((n, rows * b, columns * b, 3), np.uint8)
    for y, x in np.ndindex(rows, columns):
        own, orientation, negative, colour, _ = (part[y, x] for part in assembly)
        upright = oriented(blocks[:, own], ORIENTATION_INVERSE[orientation])[
            ..., COLOURS[COLOUR_INVERSE[colour]]
        ]
        out[:, y * b : y * b + b, x * b : x * b + b] = 255 - upright if negative else upright
    return out
