"""Images to blocks and back."""

import numpy as np


def cut(images: np.ndarray, block: int) -> np.ndarray:
    """(n, blocks, block, block, colours): the blocks of images (n, h, w, colours), row by row."""
    n, h, w, c = images.shape
    grid = images.reshape(n, h // block, block, w // block, block, c)
    return grid.swapaxes(2, 3).reshape(n, -1, block, block, c)


def assembled(blocks, block):
    """Images (n, h, w, colours) from blocks (n, rows, columns, values of a block)."""
    n, rows, columns, _ = blocks.shape
    parts = blocks.reshape(n, rows, columns, block, block, -1).transpose(0, 1, 3, 2, 4, 5)
    return np.ascontiguousarray(parts).reshape(n, rows * block, columns * block, -1)
