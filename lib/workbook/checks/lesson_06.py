"""Checks of lesson 06: the size of a file for its picture, PSNR by hand, and the blocks that JPEG's grid
allows."""

import math

import numpy as np

from lib.workbook.checks import exercise


@exercise
def bits_per_pixel(answer):
    """`answer(file, picture)`: bits of `file`, a bytes object, for each pixel of the `(h, w, 3)` uint8
    `picture`."""
    for count, shape in ((600, (20, 30, 3)), (77, (16, 8, 3)), (4096, (32, 64, 3))):
        got = answer(bytes(range(7)) * count, np.zeros(shape, np.uint8))
        assert isinstance(got, int | float | np.number), f"expected a number, got {type(got).__name__}"
        assert got > 0, f"a file of {7 * count} bytes takes some bits, got {got}"
        expected = 56 * count / (shape[0] * shape[1])
        assert not math.isclose(8 * got, expected), "you counted bytes; the lesson counts bits"
        assert math.isclose(got, expected), (
            f"{7 * count} bytes for a picture of shape {shape} do not make {got:.4g} bits a pixel"
        )


@exercise
def psnr(answer):
    """`answer(estimate, truth)`: 10 log10(255**2 / mean squared error) in dB of two uint8 images; inf if they
    are equal."""
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    assert _near(answer(np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)), 0), (
        "black against white is the largest error there is, 255 everywhere, and its PSNR is 0 dB"
    )
    darker = (truth // 2 + 60).astype(np.uint8)
    dark, light = darker, (darker + 20).astype(np.uint8)
    for estimate, other in ((light, dark), (dark, light)):
        got = answer(estimate, other)
        assert _near(got, 20 * math.log10(255 / 20)), (
            f"an error of 20 in every value has a PSNR of {20 * math.log10(255 / 20):.2f} dB whatever its sign, got {got}"
        )
    noisy = np.clip(truth + rng.normal(0, 25, truth.shape), 0, 255).astype(np.uint8)
    kept = noisy.copy(), truth.copy()
    error = sum((int(a) - int(b)) ** 2 for a, b in zip(noisy.ravel(), truth.ravel())) / truth.size
    got = answer(noisy, truth)
    assert (noisy == kept[0]).all() and (truth == kept[1]).all(), (
        "your function changed an image it was given"
    )
    assert _near(got, 10 * math.log10(255**2 / error)), (
        "errors of many sizes: their squares are to be averaged, then compared with 255 squared"
    )
    with np.errstate(divide="ignore"):
        got = answer(truth, truth.copy())
    assert got == math.inf, f"equal images have no error, so their PSNR is inf, got {got}"


@exercise
def smallest_block(answer):
    """`answer(across, down)`: the side of the smallest square block of which JPEG codes each one by itself.

    One chroma sample stands for `across` pixels in a row and `down` pixels in a column; JPEG codes 8x8
    samples together.
    """
    cases = {
        (1, 1): "4:4:4",
        (2, 2): "4:2:0",
        (2, 1): "4:2:2",
        (1, 2): "4:4:0",
        (4, 1): "4:1:1",
        (3, 2): "3 across, 2 down",
    }
    for (across, down), name in cases.items():
        got, side = answer(across, down), math.lcm(8 * across, 8 * down)
        assert isinstance(got, int | np.integer) and not isinstance(got, bool), (
            f"expected a whole number, got {got!r}"
        )
        assert got > 0 and got % (8 * across) == 0 and got % (8 * down) == 0, (
            f"{name}: with blocks of {got}, some 8x8 group of samples holds pixels of two blocks"
        )
        assert got == side, f"{name}: blocks of {got} do, but smaller ones would too"


def _near(got, expected):
    return isinstance(got, int | float | np.number) and abs(float(got) - expected) < 1e-6
