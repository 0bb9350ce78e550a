"""Checks of lesson 14: upper nibbles in LE ciphertexts, and a known picture found under any key."""

import numpy as np

from lib import Key, datasets
from lib.schemes import SKK, EtC, ExtendedTanaka, Tanaka
from lib.table import split
from lib.workbook.checks import exercise


@exercise
def upper_nibbles(answer):
    """`answer(rows)`: (96,) bool, which columns hold upper nibbles of plain bytes; rows (n, 96) uint8 of LE
    cipher blocks."""
    plain = datasets.load("photos", "train", limit=60).images
    for seed in (3, 4, 5):
        scheme = Tanaka(Key.from_seed(seed))
        got = np.asarray(answer(_block_nibbles(scheme.encrypt(plain))))
        truth = scheme.table((4, 4, 3)).index % 2 == 0
        assert got.shape == (96,), (
            f"expected 96 answers, one for each nibble of a block, got shape {got.shape}"
        )
        assert got.dtype == bool, f"expected True or False for each nibble, got {got.dtype}"
        assert got.sum() == 48, f"48 of the 96 are upper nibbles, you found {got.sum()}"
        right = int((got == truth).sum())
        assert right > 0, "you found exactly the lower nibbles"
        assert right == 96, f"{right} of 96 are right; a guess would have 48"


def _block_nibbles(images):
    blocks = images.reshape(len(images), 8, 4, 8, 4, 3).swapaxes(2, 3)
    return split(blocks.reshape(-1, 48), 4)


@exercise
def find(answer):
    """`answer(plain, ciphertexts)`: the place of the ciphertext, each under a key of its own, that hides
    `plain`."""
    images = _pictures()
    for seed, kind in enumerate((SKK, EtC, Tanaka, ExtendedTanaka), 20):
        cipher = kind(Key.from_seed(seed), per_image=True).encrypt(images, ids=range(len(images)))
        for wanted in (5, 2, 7, 0, 3, 6, 1, 4):
            got = answer(images[wanted].copy(), cipher.copy())
            assert isinstance(got, int | np.integer) and not isinstance(got, bool), (
                f"expected a whole number, a place among the ciphertexts, got {got!r}"
            )
            assert 0 <= got < len(cipher), f"places run from 0 to {len(cipher) - 1}, got {got}"
            assert got == wanted, f"{kind.__name__}: it is another ciphertext that hides this picture"


def _pictures():
    """(8, 32, 32, 3) uint8: patches of one photo, all of nearly the same mean, and no two with equal nibble
    counts."""
    some = datasets.load("photos", "train", limit=400)
    images = some.images[some.labels == 5][:8].astype(int)
    levelled = images + 120 - images.mean(axis=(1, 2, 3), keepdims=True).round().astype(int)
    return np.clip(levelled, 0, 255).astype(np.uint8)
