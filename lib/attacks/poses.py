"""Places and states of shuffled blocks: what a turn, a mirror, a sign or a colour order of blocks and pictures does to them.

A block has one of 96 states, numbered `12 * orientation + 6 * sign + colour order`. An orientation is 0 to 3 quarter turns
to the left, then the same mirrored. In colour order c, channel i of a block holds channel COLOURS[c, i] of the picture.
"""

from typing import NamedTuple

import numpy as np

from lib.attacks.states import COLOURS

_MATRICES = np.eye(3, dtype=int)[COLOURS]
COLOUR_PRODUCT = (_MATRICES[:, None, None] @ _MATRICES[None, :, None] == _MATRICES).all(axis=(3, 4)).argmax(axis=2)
COLOUR_INVERSE = (COLOUR_PRODUCT == 0).argmax(axis=1)


class Assembly(NamedTuple):
    """Where each place of the grid has its block from, and in what state.

    block, orientation, negative, colour   (rows, columns) int: which block of the input; the turn and mirror
                0..7 (`turns + 4 * mirror`: quarter turns to the left, then mirrored), sign 0 or 1 and colour order 0..5
                that it was given when it was shuffled
    confidence  (rows, columns) float: how likely all of these are right beside those of the others
    """

    block: np.ndarray
    orientation: np.ndarray
    negative: np.ndarray
    colour: np.ndarray
    confidence: np.ndarray


def _sides():
    """(8, 4, 2): for an orientation, and a side of the upright block, the side it is now, and whether it runs backwards."""
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
    """Images (n, h, w, c) turned and mirrored: `orientation % 4` quarter turns to the left, then mirrored if 4 or more."""
    turned = np.rot90(images, orientation % 4, axes=(1, 2))
    return turned[:, :, ::-1] if orientation >= 4 else turned


def _orientation_product():
    """(8, 8): the orientation that is b, then a."""
    label = np.arange(4).reshape(1, 2, 2, 1)
    each = [oriented(label, a).tolist() for a in range(8)]
    return np.array([[each.index(oriented(oriented(label, b), a).tolist()) for b in range(8)] for a in range(8)])


SIDES, ORIENTATION_PRODUCT = _sides(), _orientation_product()
ORIENTATION_INVERSE = (ORIENTATION_PRODUCT == 0).argmax(axis=1)


def rebased(assembly: Assembly, orientation: int = 0, negative: int = 0, colour: int = 0) -> Assembly:
    """The same blocks for another picture: this one turned and mirrored, then made negative, then in that colour order."""
    grid = np.stack([*assembly], axis=2)[None]
    block, o, sign, c, confidence = np.moveaxis(oriented(grid, orientation)[0], 2, 0)
    o = ORIENTATION_PRODUCT[o.astype(int), ORIENTATION_INVERSE[orientation]]
    c = COLOUR_PRODUCT[c.astype(int), COLOUR_INVERSE[colour]]
    return Assembly(block.astype(int), o, sign.astype(int) ^ negative, c, confidence)


def as_block_0(found: Assembly) -> Assembly:
    """Of the pictures of this shape that borders do not tell apart, the one that has block 0 upright, or nearest to it."""
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
        upright = oriented(blocks[:, own], ORIENTATION_INVERSE[orientation])[..., COLOURS[COLOUR_INVERSE[colour]]]
        out[:, y * b : y * b + b, x * b : x * b + b] = 255 - upright if negative else upright
    return out
