"""Checks of lesson 14: upper nibbles in LE ciphertexts, and a known picture found under any key."""

import numpy as np

from lib import Key, datasets
from lib.schemes import SKK, EtC, ExtendedTanaka, Tanaka
from lib.table import split
from lib.tiling import cut
from lib.workbook.checks import array, exercise, whole


@exercise
def upper_nibbles(answer):
    """`answer(rows)`: (96,) bool, which columns are upper nibbles; (n, 96) uint8 of LE cipher blocks."""
    plain = datasets.load("photos", "train", limit=60).images
    for seed in (3, 4, 5):
        scheme = Tanaka(Key.from_seed(seed))
        rows = split(cut(scheme.encrypt(plain), 4).reshape(-1, 48), 4)
        got = array(np.asarray(answer(rows)), (96,), bool)
        assert got.sum() == 48, f"48 of the 96 are upper nibbles, you found {got.sum()}"
        right = int((got == (scheme.table((4, 4, 3)).index % 2 == 0)).sum())
        assert right > 0, "you found exactly the lower nibbles"
        assert right == 96, f"{right} of 96 are right; a guess would have 48"


@exercise
def find(answer):
    """`answer(plain, ciphertexts)`: the place of the one that hides `plain`, each under a key of its own."""
    some = datasets.load("photos", "train", limit=400)
    images = some.images[some.labels == 5][:8].astype(int)  # patches of a photo, and of nearly one mean
    levelled = images + 120 - images.mean(axis=(1, 2, 3), keepdims=True).round().astype(int)
    images = np.clip(levelled, 0, 255).astype(np.uint8)
    for seed, kind in enumerate((SKK, EtC, Tanaka, ExtendedTanaka), 20):
        cipher = kind(Key.from_seed(seed), per_image=True).encrypt(images, ids=range(len(images)))
        for wanted in (5, 2, 7, 0, 3, 6, 1, 4):
            got = answer(images[wanted].copy(), cipher.copy())
            whole(got, f"a place among the ciphertexts, 0 to {len(cipher) - 1}", 0, len(cipher) - 1)
            assert got == wanted, f"{kind.__name__}: it is another ciphertext that hides this picture"
