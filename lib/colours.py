"""RGB to Y, Cb and Cr and back, in whole numbers, as grayscale-based EtC and JPEG do it.

There and back is not exact: `through_colour` shows what is lost.
"""

from typing import TypeVar

import numpy as np

Array = TypeVar("Array")  # NumPy's or torch's

# Rec. 601, full range, as JPEG (JFIF 1.02) prescribes: rows are Y, Cb, Cr. Rounded to units of 2**-40: then
# every sum below is exact in a double, and no order of adding, library or machine changes a pixel.
FORWARD = [0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]
BACKWARD = [1, 0, 1.402], [1, -0.344136286, -0.714136286], [1, 1.772, 0]
FORWARD, BACKWARD = (np.rint(np.array(matrix) * 2**40) / 2**40 for matrix in (FORWARD, BACKWARD))
BLACK, CENTRE = np.array([0, 0, 0]), np.array([0, 128, 128])


def to_planes(batch: Array) -> Array:
    """(n, h, w, 3) RGB into (n, h, 3 w, 1), Y | Cb | Cr, rounded to uint8; NumPy or torch."""
    n, h, w, _ = batch.shape
    if isinstance(batch, np.ndarray):
        planes = np.empty((n * h, 3, w), np.uint8)
        _convert(batch.reshape(-1, w, 3), FORWARD, BLACK, CENTRE, planes.transpose(0, 2, 1))
    else:
        planes = _convert_torch(batch, FORWARD, BLACK, CENTRE).permute(0, 1, 3, 2)
    return planes.reshape(n, h, 3 * w, 1)


def from_planes(planes: Array) -> Array:
    """(n, h, 3 w, 1) back into (n, h, w, 3) RGB, rounded and clipped to uint8."""
    n, h, w, _ = planes.shape
    if isinstance(planes, np.ndarray):
        batch = np.empty((n * h, w // 3, 3), np.uint8)
        _convert(planes.reshape(-1, 3, w // 3).transpose(0, 2, 1), BACKWARD, CENTRE, BLACK, batch)
    else:
        batch = _convert_torch(planes.reshape(n, h, 3, w // 3).permute(0, 1, 3, 2), BACKWARD, CENTRE, BLACK)
    return batch.reshape(n, h, w // 3, 3)


def luma(images: np.ndarray) -> np.ndarray:
    """(n, h, w, 3): the luma of images (n, h, w, 3), in three equal channels."""
    return np.repeat(to_planes(images)[:, :, : images.shape[2]], 3, axis=-1)


def through_colour(images: np.ndarray) -> np.ndarray:
    """RGB to YCbCr and back, (n, h, w, 3): what decryption gives at best."""
    return from_planes(to_planes(images))


def _convert(x, matrix, before, after, out):
    from lib import kernels

    kernels.convert_colours(x, np.rint(matrix * 2**40).astype(np.int64), before, after, out)


def _convert_torch(batch, matrix, before, after):
    import torch

    before, matrix, after = (torch.tensor(array, device=batch.device) for array in (before, matrix, after))
    return (((batch.double() - before) @ matrix.T).round() + after).clamp(0, 255).to(torch.uint8)
