"""The exercises of lesson 06: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import io
import math

import numpy as np
import pytest
from PIL import Image

from lib import metrics
from lib.workbook.checks import lesson_06 as check


def bits_per_pixel(file, picture):
    return 8 * len(file) / (picture.shape[0] * picture.shape[1])


def psnr(estimate, truth):
    error = ((estimate.astype(float) - truth) ** 2).mean()
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def smallest_block(across, down):
    return math.lcm(8 * across, 8 * down)


def squares(estimate, truth):
    return ((estimate.astype(float) - truth) ** 2).mean() + 1e-300


def in_place(estimate, truth):
    score = psnr(estimate, truth)
    estimate -= truth
    return score


SOLUTIONS = [
    (check.bits_per_pixel, bits_per_pixel),
    (check.psnr, psnr),
    (check.smallest_block, smallest_block),
]

WRONG = {
    "bytes": (check.bits_per_pixel, lambda f, p: bits_per_pixel(f, p) / 8),
    "for each value": (check.bits_per_pixel, lambda f, p: 8 * len(f) / p.size),
    "square": (check.bits_per_pixel, lambda f, p: 8 * len(f) / p.shape[0] ** 2),
    "pixels per bit": (check.bits_per_pixel, lambda f, p: 1 / bits_per_pixel(f, p)),
    "compression ratio": (check.bits_per_pixel, lambda f, p: p.size / len(f)),
    "whole bits": (check.bits_per_pixel, lambda f, p: 8 * len(f) // (p.shape[0] * p.shape[1])),
    "bytes that wrap around": (
        check.psnr,
        lambda e, t: 10 * math.log10(255**2 / (((e - t) ** 2).mean() + 1e-300)),
    ),
    "wrapped difference only": (check.psnr, lambda e, t: psnr(e - t, np.zeros_like(t))),
    "absolute errors": (
        check.psnr,
        lambda e, t: 20 * math.log10(255 / (abs(e.astype(float) - t).mean() + 1e-300)),
    ),
    "natural logarithm": (check.psnr, lambda e, t: 10 * math.log(255**2 / squares(e, t))),
    "twenty times": (check.psnr, lambda e, t: 20 * math.log10(255**2 / squares(e, t))),
    "peak 256": (check.psnr, lambda e, t: 10 * math.log10(256**2 / squares(e, t))),
    "peak of the picture": (
        check.psnr,
        lambda e, t: 10 * math.log10(max(int(t.max()), 1) ** 2 / squares(e, t)),
    ),
    "large, not infinite": (check.psnr, lambda e, t: min(psnr(e, t), 100.0)),
    "image changed": (check.psnr, in_place),
    "always 8": (check.smallest_block, lambda across, down: 8),
    "always 16": (check.smallest_block, lambda across, down: 16),
    "product": (check.smallest_block, lambda across, down: 8 * across * down),
    "larger of the two": (check.smallest_block, lambda across, down: 8 * max(across, down)),
    "across only": (check.smallest_block, lambda across, down: 8 * across),
    "samples, not pixels": (check.smallest_block, lambda across, down: max(8 // across, 8 // down)),
    "a size": (check.smallest_block, lambda across, down: (8 * across, 8 * down)),
}


def test_psnr_is_that_of_lib():
    a, b = np.random.default_rng(3).integers(0, 256, (2, 9, 7, 3), dtype=np.uint8)
    assert math.isclose(psnr(a, b), metrics.psnr(a, b))


@pytest.mark.parametrize(("sampling", "across", "down"), [(0, 1, 1), (1, 2, 1), (2, 2, 2)])
def test_the_smallest_block_is_what_pillow_needs(sampling, across, down):
    """Exchange two tiles of that side before and after JPEG: their inner pixels agree, and half that side is
    too small."""

    def through_jpeg(image):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=60, subsampling=sampling)
        return np.asarray(Image.open(buffer))

    image = np.random.default_rng(4).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    for side, same in ((smallest_block(across, down), True), (smallest_block(across, down) // 2, False)):
        order = np.random.default_rng(5).permutation((96 // side) ** 2)

        def moved(picture, side=side, order=order):
            tiles = (
                picture.reshape(96 // side, side, 96 // side, side, 3)
                .swapaxes(1, 2)
                .reshape(-1, side, side, 3)
            )
            return tiles[order]

        def laid(tiles, side=side):
            return tiles.reshape(96 // side, 96 // side, side, side, 3).swapaxes(1, 2).reshape(96, 96, 3)

        before, after = moved(through_jpeg(image)), through_jpeg(laid(moved(image)))
        after = after.reshape(96 // side, side, 96 // side, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
        assert (before[:, 1:-1, 1:-1] == after[:, 1:-1, 1:-1]).all() == same
