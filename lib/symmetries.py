"""The only numbering of colour orders, signs, orientations and their products: public, no secret of a key.

    colour order   0..5   channel i holds what was channel COLOURS[c, i]: RGB, RBG, GRB, GBR, BRG, BGR
    signs          0..7   channel i is complemented, v to 255 - v, where bit i is set: XOR with SIGNS[s]
    orientation    0..7   o % 4 quarter turns to the left, then mirrored left to right if o is 4 or more

SKK puts each pixel in one of 48 states, `8 * colour order + signs`; EtC each block in one of 48, `6 *
orientation + colour order`, or with a sign, 0 or 1, of 96, `12 * orientation + 6 * sign + colour order`.
Number 0 changes nothing; `..._PRODUCT[a, b]` is the number of b, then a, `..._INVERSE[a]` of what undoes a.
"""

from functools import cache

import numpy as np

COLOURS = np.array([(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
"""(6, 3) int64: the channel that each channel is taken from."""
SIGNS = np.array([[255 * (signs >> channel & 1) for channel in range(3)] for signs in range(8)], np.uint8)
"""(8, 3) uint8: what each channel is XORed with."""
EYE = np.eye(3, dtype=int)
PIXEL_STATES = np.array([EYE[c] * np.where(s, -1, 1)[:, None] for c in COLOURS for s in SIGNS])
"""(48, 3, 3) int64: signed permutations of a pixel's values, counted from 127.5."""


def _products(matrices):
    """(k, k) int64: which of k matrices is a @ b."""
    return (matrices[:, None, None] @ matrices[:, None] == matrices).all(axis=(3, 4)).argmax(axis=2)


COLOUR_PRODUCT, PIXEL_PRODUCT = _products(EYE[COLOURS]), _products(PIXEL_STATES)


def in_states(pixels: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Pixels (n, h, w, 3) uint8, each put in its state (h, w) int.

    >>> in_states(np.array([[[[10, 20, 30]]]], np.uint8), np.array([[8 * 1 + 4]])).tolist()
    [[[[10, 30, 235]]]]
    """
    return np.take_along_axis(pixels, COLOURS[states // 8][None], axis=3) ^ SIGNS[states % 8]


def oriented(images: np.ndarray, orientation: int) -> np.ndarray:
    """Images (n, h, w, c) turned and mirrored: a view."""
    turned = np.rot90(images, orientation % 4, axes=(1, 2))
    return turned[:, :, ::-1] if orientation >= 4 else turned


def orientation_orders(block: int, channels: int = 3) -> np.ndarray:
    """(8, block * block * channels) int64: the orders of a block's bytes, row by row, in each orientation.

    >>> orientation_orders(2, 1)[1]
    array([1, 3, 0, 2])
    """
    plain = np.arange(block * block * channels).reshape(1, block, block, channels)
    return np.array([oriented(plain, orientation).ravel() for orientation in range(8)])


@cache
def block_orders(block: int) -> np.ndarray:
    """(48, 3 * block * block) int64: the orders of a block's bytes, row by row, in each of EtC's states.

    >>> block_orders(2)[6][:3], block_orders(2).shape
    (array([3, 4, 5]), (48, 12))
    """
    turned = orientation_orders(block).reshape(8, -1, 3)
    orders = np.array([order[:, colours].ravel() for order in turned for colours in COLOURS])
    orders.setflags(write=False)  # kept, and shared
    return orders


_orders = orientation_orders(2, 1)  # of which b, then a, is gathered from the inner one
ORIENTATION_PRODUCT = (_orders[:, _orders].swapaxes(0, 1)[..., None, :] == _orders).all(axis=3).argmax(axis=2)
COLOUR_INVERSE, PIXEL_INVERSE, ORIENTATION_INVERSE = (
    (product == 0).argmax(axis=1) for product in (COLOUR_PRODUCT, PIXEL_PRODUCT, ORIENTATION_PRODUCT)
)
_corners = [oriented(np.array([[[[0], [1]], [[3], [2]]]]), o).ravel()[[0, 1, 3, 2]] for o in range(8)]
_mirrored = np.arange(8)[:, None] >= 4  # a side runs clockwise to the next corner; mirrored, to the last
SIDES = np.stack(np.broadcast_arrays((np.argsort(_corners, axis=1) - _mirrored) % 4, _mirrored), axis=2)
"""(8, 4, 2) int64: for an orientation, and a side of the upright block (top, right, bottom, left), which side
it is now, and whether it runs backwards."""
