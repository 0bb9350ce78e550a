"""The exercises of lesson 07: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import itertools

import numpy as np

from lib.workbook.checks import lesson_07 as check


def read_ffx(encrypt):
    values = np.arange(256).reshape(16, 16).repeat(4, 0).repeat(4, 1)
    cipher = encrypt(np.stack([values] * 3, -1).astype(np.uint8))
    blocks = cipher.reshape(16, 4, 16, 4, 3).swapaxes(1, 2).reshape(256, 48)
    places = (blocks != np.arange(256)[:, None]).any(0)
    return places.reshape(4, 4, 3), blocks[:, places.argmax()]


def roughness(image):
    x = image.astype(int)
    return sum(abs(d).sum() + abs(np.diff(d, axis=2)).sum() for d in (np.diff(x, axis=0), np.diff(x, axis=1)))


def candidates(cipher, chosen=6):
    h, w, _ = cipher.shape
    for places in itertools.combinations(range(12), chosen):
        mask = np.zeros(12, np.uint8)
        mask[list(places)] = 255
        yield cipher ^ np.tile(mask.reshape(2, 2, 3), (h // 2, w // 2, 1))


def guess_np(cipher):
    return min(candidates(cipher), key=roughness)


def read_at_black(encrypt):
    """Places from one black image: none is found where black stays black."""
    places = encrypt(np.zeros((4, 4, 3), np.uint8)) != 0
    return places, read_ffx(encrypt)[1]


def read_at(place):
    return lambda encrypt: (read_ffx(encrypt)[0], _blocks(encrypt)[:, place])


def _blocks(encrypt):
    values = np.arange(256).reshape(16, 16).repeat(4, 0).repeat(4, 1)
    return (
        encrypt(np.stack([values] * 3, -1).astype(np.uint8))
        .reshape(16, 4, 16, 4, 3)
        .swapaxes(1, 2)
        .reshape(256, 48)
    )


def read_slowly(encrypt):
    """An image for each value."""
    ciphers = np.array([encrypt(np.full((4, 4, 3), value, np.uint8)).ravel() for value in range(256)])
    places = (ciphers != np.arange(256)[:, None]).any(0)
    return places.reshape(4, 4, 3), ciphers[:, places.argmax()]


def read_backwards(encrypt):
    places, substitution = read_ffx(encrypt)
    return places, np.argsort(substitution)


def channel_signs(cipher):
    """Only one sign for each channel is tried."""
    signs = itertools.product((0, 255), repeat=3)
    return min((cipher ^ np.array(sign, np.uint8) for sign in signs), key=roughness)


def within_channels(cipher):
    """Roughness inside each channel alone, which cannot tell a channel from its negative; the first minimum
    wins."""
    return min(
        candidates(cipher), key=lambda x: sum(abs(np.diff(x.astype(int), axis=a)).sum() for a in (0, 1))
    )


SOLUTIONS = [(check.read_ffx, read_ffx), (check.guess_np, guess_np)]

WRONG = {
    "black only": (check.read_ffx, read_at_black),
    "first place": (check.read_ffx, read_at(0)),
    "last place": (check.read_ffx, read_at(47)),
    "256 images": (check.read_ffx, read_slowly),
    "decryption": (check.read_ffx, read_backwards),
    "flat places": (check.read_ffx, lambda encrypt: (read_ffx(encrypt)[0].ravel(), read_ffx(encrypt)[1])),
    "ciphertext": (check.guess_np, lambda cipher: cipher),
    "folded": (check.guess_np, lambda cipher: np.minimum(cipher, 255 - cipher)),
    "roughest": (check.guess_np, lambda cipher: max(candidates(cipher), key=roughness)),
    "first key": (check.guess_np, lambda cipher: next(candidates(cipher))),
    "five places": (check.guess_np, lambda cipher: min(candidates(cipher, 5), key=roughness)),
    "signs of channels": (check.guess_np, channel_signs),
    "each channel alone": (check.guess_np, within_channels),
}
