"""Checks of lesson 07: FFX read with a chosen image, and the few keys of NP with small blocks."""

from functools import partial

import numpy as np

from lib import Key
from lib.schemes import FormatPreserving, NegativePositive
from lib.workbook.checks import array, called, exercise, pair


@exercise
def read_ffx(answer):
    """`answer(encrypt)`: (places, substitution) of FFX with 4x4 blocks, (4, 4, 3) bool and (256,) integers.

    `encrypt(image)` takes an (h, w, 3) uint8 image, h and w multiples of 4, and may be called twice.
    """
    for seed in range(6):
        places, substitution = _ffx(seed)
        encrypt = partial(_encrypt, places=places, substitution=substitution, asked=[])
        found, values = pair(answer(encrypt), "the places and the substitution")
        found, values = array(np.asarray(found), (4, 4, 3), bool), array(values, (256,), None)
        right, told = found.sum() == places.sum(), f"{places.sum()} places are replaced under this key"
        assert right, f"{told}, you found {found.sum()}"
        assert (found == places).all(), "the number of places is right, but some are others"
        wrong = int((values != substitution).sum())
        assert not wrong, f"the places are right; {wrong} of 256 values of the substitution are not"


def _encrypt(image, places, substitution, asked):
    asked.append(1)
    assert len(asked) <= 2, "you asked a third time; two images are allowed, and one is enough"
    assert isinstance(image, np.ndarray) and image.dtype == np.uint8, "encrypt takes a uint8 array"
    fits = image.ndim == 3 and image.shape[2] == 3 and not image.shape[0] % 4 and not image.shape[1] % 4
    assert fits, f"encrypt takes one (h, w, 3) image, h and w multiples of 4, got {image.shape}"
    tiled = np.tile(places, (image.shape[0] // 4, image.shape[1] // 4, 1))
    return np.where(tiled, substitution[image], image)


def _ffx(seed):
    """Places and substitution: keys of lib, and two made by hand in which many values stay what they are."""
    scheme = FormatPreserving(Key.from_seed(seed), block=4)
    places, substitution = scheme.places((4, 4, 3)), scheme.substitution()
    if seed >= 4:
        same = np.arange(256) % (seed - 2) == 0  # in the first 0, 128 and 254 among them
        substitution = np.arange(256, dtype=np.uint8)
        substitution[~same] = np.roll(substitution[~same], 5)
    return places, substitution


@exercise
def guess_np(answer):
    """`answer(cipher)`: the `(h, w, 3)` uint8 picture, or its negative, behind NP with 2x2 blocks."""
    # under these keys, some channels may be turned negative for a wrong key
    for picture, seed in enumerate((11, 5, 4)):
        plain = _smooth(picture)
        cipher = NegativePositive(Key.from_seed(seed), block=2).encrypt(plain)
        got = array(called(answer, cipher), plain.shape)
        states = ((got == plain) | (got == 255 - plain)).all()
        assert states, "some values are neither the plain one nor its complement, and NP does nothing else"
        right = max((got == plain).mean(), (got == 255 - plain).mean())
        told = f"picture {picture + 1} of 3: {right:.0%} of its values are right"
        assert right == 1, f"{told}, up to a negative of the whole"


def _smooth(seed):
    """(24, 32, 3) uint8: a shadow and a little texture, alike in the channels; their levels differ."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:24, :32]
    waves = [(rng.normal(0, 0.25), rng.normal(0, 0.25), rng.uniform(0, 6)) for _ in range(6)]
    grey = 22 * sum(np.cos(a * y + b * x + phase) for a, b, phase in waves) + rng.normal(0, 3, (24, 32))
    levels = rng.permutation([70, 120, 180])
    coloured = grey[..., None] * [1, 0.85, 0.7] + levels + rng.normal(0, 2, (24, 32, 3))
    return np.clip(coloured, 0, 255).astype(np.uint8)
