"""The exercises of lesson 41: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.schemes import SKK, OneTimePad, Tanaka
from lib.workbook.checks import lesson_41 as check


class Own:
    """A cipher from two functions of (images, secret): the secret is one key's, or each picture's."""

    per_image = False
    forth = back = None

    def __init__(self, key):
        self.key = key

    def secret(self, images, ids):
        draw, size = self.key.bytes, images[0].size
        if self.per_image:
            return np.stack([draw("own", size, image=int(i)) for i in ids]).reshape(images.shape)
        return draw("own", size).reshape(images.shape[1:])

    def encrypt(self, images, ids=None):
        return type(self).forth(images, self.secret(images, ids))

    def decrypt(self, ciphers, ids=None):
        return type(self).back(ciphers, self.secret(ciphers, ids))


def made(forth, back, per_image=False, **more):
    return type("Made", (Own,), {"forth": forth, "back": back, "per_image": per_image, **more})


def xor(images, secret):
    return images ^ secret


def low_bits(images, secret):
    return images ^ (secret & 31)


def boxes(images, secret):
    """A substitution for every byte, which is affine in no arithmetic."""
    return (images ^ secret) + secret


def unboxed(ciphers, secret):
    return (ciphers - secret) ^ secret


def clipped(images, secret):
    return (images.astype(int) + secret).clip(0, 255).astype(np.uint8)


Added = made(np.add, np.subtract)
Multiplied = made(lambda x, s: x * (s | 1) + s, lambda y, s: (y - s) * inverse(s | 1))
Pad = made(xor, xor, per_image=True)
LowBits = made(low_bits, low_bits, per_image=True)


def inverse(odd):
    """Of odd bytes modulo 256."""
    out = odd.copy()
    for _ in range(3):
        out = out * (np.uint8(2) - odd * out)
    return out


class Summed(Own):
    """Sums modulo 256 of all bytes so far."""

    def encrypt(self, images, ids=None):
        flat = (images + self.secret(images, ids)).reshape(len(images), -1)
        return np.cumsum(flat, axis=1, dtype=np.uint8).reshape(images.shape)

    def decrypt(self, ciphers, ids=None):
        flat = ciphers.reshape(len(ciphers), -1)
        flat = np.diff(flat, axis=1, prepend=np.zeros((len(flat), 1), np.uint8))
        return flat.reshape(ciphers.shape) - self.secret(ciphers, ids)


class Fresh(Own):
    """Another secret in every call."""

    calls = 0

    def encrypt(self, images, ids=None):
        self.calls += 1
        return images + self.key.bytes(f"{self.calls}", images[0].size).reshape(images.shape[1:])

    def decrypt(self, ciphers, ids=None):
        return ciphers - self.key.bytes(f"{self.calls}", ciphers[0].size).reshape(ciphers.shape[1:])


class Batch(Own):
    """One stream for the whole batch."""

    def encrypt(self, images, ids=None):
        return images + self.key.bytes("own", images.size).reshape(images.shape)

    def decrypt(self, ciphers, ids=None):
        return ciphers - self.key.bytes("own", ciphers.size).reshape(ciphers.shape)


class NoKey(Own):
    """A secret that everybody has."""

    def secret(self, images, ids):
        return np.random.default_rng(1).integers(0, 256, images.shape[1:], np.uint8)

    forth, back = np.add, np.subtract


class TwoSigns(Own):
    """A picture or its negative, by a bit for each."""

    per_image = True
    forth = back = staticmethod(
        lambda images, secret: images ^ np.where(secret[:, :1, :1, :1] & 1, 255, 0).astype(np.uint8)
    )


class Named:
    """Says that each picture has a key, and draws one for all."""

    per_image = True

    def __init__(self, key):
        self.pad = key.bytes("own", 768).reshape(16, 16, 3) & 31

    def encrypt(self, images, ids=None):
        return images ^ self.pad

    decrypt = encrypt


def skk_per_image(key):
    return SKK(key, per_image=True)


SOLUTIONS = [
    (check.adds, Added),
    (check.adds, Multiplied),
    (check.adds, Summed),
    (check.shows, LowBits),
    (check.designed, check.ShuffledPixels),
]


def in_int64(images, secret):
    return images.astype(int) + secret


def from_int64(ciphers, secret):
    return (ciphers - secret).astype(np.uint8)


def unchanged(images, secret):
    return images.copy()


def upper_bits(images, secret):
    return images & 224 | secret & 31


def means(images, secret):
    return 0 * images + images.mean((1, 2), keepdims=True).astype(np.uint8)


WRONG = {
    "XOR": (check.adds, made(xor, xor)),
    "a sum that is cut off": (check.adds, made(clipped, np.subtract)),
    "a substitution": (check.adds, made(boxes, unboxed)),
    "sums in int64": (check.adds, made(in_int64, from_int64)),
    "another secret in every call": (check.adds, Fresh),
    "a stream for the batch": (check.adds, Batch),
    "no key": (check.adds, NoKey),
    "not decrypted": (check.adds, made(np.add, lambda y, s: y)),
    "a key for each picture": (check.adds, made(np.add, np.subtract, per_image=True)),
    "a published scheme": (check.adds, Tanaka),
    "one key": (check.shows, made(low_bits, low_bits)),
    "a one-time pad": (check.shows, Pad),
    "a picture or its negative": (check.shows, TwoSigns),
    "ids that change nothing": (check.shows, Named),
    "nothing encrypted": (check.shows, made(unchanged, unchanged, per_image=True)),
    "low bits removed": (check.shows, made(upper_bits, unchanged, per_image=True)),
    "nothing to learn": (check.designed, OneTimePad),
    "LE": (check.designed, Tanaka),
    "SKK with a key for each picture": (check.designed, skk_per_image),
    "shown by one ciphertext": (check.designed, LowBits),
    "plain pictures": (check.designed, made(unchanged, unchanged)),
    "means alone": (check.designed, made(means, unchanged)),
}  # fmt: skip
