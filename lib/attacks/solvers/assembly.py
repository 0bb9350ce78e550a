"""An assembly: which block each place of a jigsaw has, and in what state, as numbered in `lib.symmetries`."""

from typing import NamedTuple

import numpy as np

from lib.symmetries import (
    COLOUR_INVERSE,
    COLOUR_PRODUCT,
    ORIENTATION_INVERSE,
    ORIENTATION_PRODUCT,
    block_orders,
    oriented,
)
from lib.tiling import assembled


class Assembly(NamedTuple):
    """Where each place of the grid has its block from, and in what state, int; each (rows, columns)."""

    block: np.ndarray  # of the input
    orientation: np.ndarray  # that it was given when it was shuffled, as were
    negative: np.ndarray
    colour: np.ndarray
    confidence: np.ndarray  # float: how likely all of these are right


def rebased(assembly: Assembly, orientation: int = 0, negative: int = 0, colour: int = 0) -> Assembly:
    """The same blocks for another picture: turned and mirrored, then complemented, then recoloured."""
    parts = (oriented(part[None, :, :, None], orientation)[0, :, :, 0] for part in assembly)
    block, o, sign, c, confidence = parts
    o = ORIENTATION_PRODUCT[o, ORIENTATION_INVERSE[orientation]]
    return Assembly(block, o, sign ^ negative, COLOUR_PRODUCT[c, COLOUR_INVERSE[colour]], confidence)


def as_block_0(found: Assembly) -> Assembly:
    """Of the pictures of this shape that borders do not tell apart, the one with its first block, block 0
    where all are laid, most upright."""
    rows, columns = found.block.shape
    _, orientation, negative, colour = (int(part[found.block == found.block.min()][0]) for part in found[:4])
    turns = range(8) if rows == columns else range(0, 8, 2)
    least = min(turns, key=lambda turn: ORIENTATION_PRODUCT[orientation, ORIENTATION_INVERSE[turn]])
    return rebased(found, least, negative, colour)


def picture(blocks: np.ndarray, assembly: Assembly) -> np.ndarray:
    """The assembled images (n, h, w, 3) uint8 of shuffled blocks (n, count, b, b, 3) uint8."""
    n, count, b = blocks.shape[:3]
    own, orientation, negative, colour = (part.ravel() for part in assembly[:4])
    undone = block_orders(b)[6 * ORIENTATION_INVERSE[orientation] + COLOUR_INVERSE[colour]]
    upright = np.take_along_axis(blocks.reshape(n, count, -1)[:, own], undone[None], 2)
    upright ^= (255 * negative).astype(np.uint8)[:, None]
    return assembled(upright.reshape(n, *assembly.block.shape, -1), b)
