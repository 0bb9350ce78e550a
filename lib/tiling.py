"""Images to blocks and back: the only place that cuts and joins them. Blocks stand row by row."""

from typing import TypeVar

import numpy as np

Array = TypeVar("Array")  # NumPy's or torch's


def grid(images: Array, block: int) -> Array:
    """(n, rows, columns, block, block, c): blocks of images (n, h, w, c), NumPy or torch."""
    n, h, w, c = images.shape
    return images.reshape(n, h // block, block, w // block, block, c).swapaxes(2, 3)


def cut(images: Array, block: int) -> Array:
    """(n, blocks, block, block, c): the blocks of images (n, h, w, c), NumPy or torch.

    >>> cut(np.arange(8).reshape(1, 2, 4, 1), 2)[0, 1, :, :, 0]
    array([[2, 3],
           [6, 7]])
    """
    n, _, _, c = images.shape
    return grid(images, block).reshape(n, -1, block, block, c)


def assembled(blocks: Array, block: int) -> Array:
    """Images (n, h, w, c) from blocks (n, rows, columns, ...), block * block * c values each; undoes `grid`.

    >>> images = np.arange(32).reshape(1, 4, 4, 2)
    >>> bool((assembled(grid(images, 2), 2) == images).all())
    True
    """
    n, rows, columns = blocks.shape[:3]
    parts = blocks.reshape(n, rows, columns, block, block, -1).swapaxes(2, 3)
    return parts.reshape(n, rows * block, columns * block, -1)


def places(shape: tuple[int, int, int], block: int) -> np.ndarray:
    """(blocks, values of a block) int64: where each block's values lie in a flat image of `shape` (h, w, c).

    >>> places((2, 4, 1), 2)
    array([[0, 1, 4, 5],
           [2, 3, 6, 7]])
    """
    h, w, c = shape
    first = np.arange(0, h, block)[:, None] * w * c + np.arange(0, w, block) * c
    within = np.arange(block)[:, None] * w * c + np.arange(block * c)
    return first.reshape(-1, 1) + within.ravel()
