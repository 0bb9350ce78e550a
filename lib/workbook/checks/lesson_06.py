"""Checks of lesson 06: a file's bits for each pixel, PSNR by hand, and the blocks that JPEG's grid allows."""

import math

import numpy as np

from lib.workbook.checks import GIVEN, called, exercise, number, whole


@exercise
def bits_per_pixel(answer):
    """`answer(file, picture)`: bits of `file`, bytes, for each pixel of the `(h, w, 3)` uint8 `picture`."""
    for count, shape in ((600, (20, 30, 3)), (77, (16, 8, 3)), (4096, (32, 64, 3))):
        got = number(answer(bytes(range(7)) * count, np.zeros(shape, np.uint8)))
        assert got > 0, f"a file of {7 * count} bytes takes some bits, got {got}"
        expected = 56 * count / (shape[0] * shape[1])
        assert not math.isclose(8 * got, expected), "you counted bytes; the lesson counts bits"
        told = f"{7 * count} bytes for a picture of shape {shape}"
        assert math.isclose(got, expected), f"{told} do not make {got:.4g} bits a pixel"


@exercise
def psnr(answer):
    """`answer(estimate, truth)`: 10 log10(255**2 / mean squared error) in dB of two uint8 images, or inf."""
    rng = np.random.default_rng(6)
    truth = rng.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    black, white = (np.full((2, 2, 3), value, np.uint8) for value in (0, 255))
    assert _near(answer(black, white), 0), GIVEN["psnr"]["hint"]
    dark = (truth // 2 + 60).astype(np.uint8)
    light, expected = dark + np.uint8(20), 20 * math.log10(255 / 20)
    for got in (answer(light, dark), answer(dark, light)):
        told = f"an error of 20 in every value has a PSNR of {expected:.2f} dB whatever its sign"
        assert _near(got, expected), f"{told}, got {got}"
    noisy = np.clip(truth + rng.normal(0, 25, truth.shape), 0, 255).astype(np.uint8)
    error = ((noisy.astype(int) - truth) ** 2).mean()
    right = _near(called(answer, noisy, truth), 10 * math.log10(255**2 / error))
    assert right, "errors of many sizes: their squares are to be averaged, then compared with 255 squared"
    with np.errstate(divide="ignore"):
        got = answer(truth, truth.copy())
    assert got == math.inf, f"equal images have no error, so their PSNR is inf, got {got}"


@exercise
def smallest_block(answer):
    """`answer(across, down)`: the side of the smallest square block of which JPEG codes each one by itself.

    One chroma sample stands for `across` pixels in a row and `down` pixels in a column; JPEG codes 8x8
    samples together.
    """
    names = {(1, 1): "4:4:4", (2, 2): "4:2:0", (2, 1): "4:2:2", (1, 2): "4:4:0", (4, 1): "4:1:1"}
    for (across, down), name in (names | {(3, 2): "3 across, 2 down"}).items():
        got, side = whole(answer(across, down)), math.lcm(8 * across, 8 * down)
        apart = got > 0 and got % (8 * across) == 0 and got % (8 * down) == 0
        mixed = "some 8x8 group of samples holds pixels of two blocks"
        assert apart, f"{name}: with blocks of {got}, {mixed}"
        assert got == side, f"{name}: blocks of {got} do, but smaller ones would too"


def _near(got, expected):
    return isinstance(got, int | float | np.number) and abs(float(got) - expected) < 1e-6
