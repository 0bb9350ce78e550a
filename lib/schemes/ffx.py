"""FFX: a format-preserving encryption of pixel values, a substitution and so no table of places.

Source: AprilPyone and Kiya, arXiv:2010.00801. At half of a block's places, chosen by the key and the same in
every block, each value is replaced through one secret substitution.

Ours substitutes bytes by bytes, through a uniformly random permutation of 0..255: what a format-preserving
encryption of one byte is at best. The published code (fugokidi/block_transform) encrypts three decimal digits
with the FFX mode of Bellare, Rogaway and Spies (10 Feistel rounds of HMAC-SHA-1) to values in 0..999, and
divides by the largest in use, which loses digits; `as_published=True` does not divide, and gives uint16.
"""

import hashlib
import hmac
import struct
from typing import Any

import numpy as np

from lib import images as door
from lib.schemes.base import log2_factorial
from lib.schemes.blockwise import HalfOfPlaces
from lib.table import Shape, Structure

ROUNDS = 10


class FormatPreserving(HalfOfPlaces):
    """FFX on half of each block's places.

    >>> from lib import Key
    >>> scheme = FormatPreserving(Key.from_seed(7), block=4)
    >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> cipher = scheme.encrypt(image)
    >>> int((cipher != image).sum()), bool((scheme.decrypt(cipher) == image).all())
    (24, True)
    """

    name = "ffx"
    structure = Structure.VALUES
    has_table = False

    def steps(self, shape: Shape, image: int | None = None):
        """NotImplementedError: there are none."""
        places = "it is not a table of places; see substitution() and places()"
        raise NotImplementedError(f"FFX replaces values, so {places}")

    table = steps

    def substitution(self, image: int | None = None) -> np.ndarray:
        """(256,) uint8: the value that replaces each byte."""
        return self.key.permutation(self.stream("substitution"), 256, image).astype(np.uint8)

    def places(self, shape: Shape, image: int | None = None) -> np.ndarray:
        """(h, w, 3) bool: where values are replaced."""
        h, w, _ = self._shape(shape)
        block = self.block_places(image).reshape(self.block, self.block, 3)
        return np.tile(block, (h // self.block, w // self.block, 1))

    def _encrypt(self, batch, ids):
        return self._replace(batch, ids, self.substitution)

    def _decrypt(self, batch, ids):
        return self._replace(batch, ids, self._inverse)

    def _inverse(self, image=None):
        return np.argsort(self.substitution(image)).astype(np.uint8)

    def _replace(self, batch, ids, lookup):
        if not isinstance(batch, np.ndarray):
            import torch

            return torch.from_numpy(self._replace(batch.cpu().numpy(), ids, lookup)).to(batch.device)
        shape = tuple(batch.shape[1:])
        if ids is None:
            return _substitute(batch, lookup(), self.places(shape))
        images = [(batch[k : k + 1], int(i)) for k, i in enumerate(ids)]
        return np.concatenate([_substitute(x, lookup(i), self.places(shape, i)) for x, i in images])

    def key_bits(self, shape: Shape):
        self._shape(shape)
        return self.place_bits + log2_factorial(256)

    def published_key_bits(self, shape: Shape):
        # a password of any length goes into HMAC-SHA-1, whose state has 160 bits; 1000! substitutions
        values = min(160.0, log2_factorial(1000))
        return {name: code(self.key, self.block).place_bits + values for name, code in self.published.items()}


class PublishedFormatPreserving(FormatPreserving):
    """FFX of fugokidi/block_transform, before its division: ciphertexts are NumPy, uint16 below 1000."""

    as_published = "block_transform"
    fewer = 1
    differs = "values become three decimal digits, 0..999, at one place less than half of a block"
    dtype = np.uint16

    def substitution(self, image: int | None = None) -> np.ndarray:
        """(256,) uint16 below 1000: the value that replaces each byte."""
        password = self.key.bytes(self.stream("password"), 16, image=image).tobytes().hex().encode()
        return np.array([feistel(password, value) for value in range(256)], np.uint16)

    def _inverse(self, image=None):
        backward = np.full(1000, 256, np.uint16)  # what no byte becomes goes back to 256
        backward[self.substitution(image)] = np.arange(256)
        return backward

    def encrypt(self, images: Any, ids: Any = None):
        """As `Scheme.encrypt`, of NumPy arrays only; TypeError for others."""
        if not isinstance(images, np.ndarray):
            kind = type(images).__name__
            reach = f"as published, values reach 999 and fit no {kind} of bytes"
            raise TypeError(f"{reach}; pass a NumPy array, uint16 comes out")
        return super().encrypt(images, ids)

    def decrypt(self, images: Any, ids: Any = None):
        """As `Scheme.decrypt`; TypeError or ValueError for what is no uint16 below 1000."""
        if not isinstance(images, np.ndarray) or images.dtype != np.uint16:
            kind = getattr(images, "dtype", type(images).__name__)
            raise TypeError(f"expected uint16 values 0..999, as this variant encrypts, got {kind}")
        if images.size and images.max() > 999:
            raise ValueError(f"expected values 0..999, as this variant encrypts, got {images.max()}")
        batch, leave = door.enter(np.zeros_like(images, np.uint8), self.block)
        return leave(self._decrypt(images.reshape(batch.shape), self._ids(ids, len(batch))))

    def _decrypt(self, batch, ids):
        plain = super()._decrypt(batch, ids)
        if plain.max() > 255:
            raise ValueError("some values are none that this key gives; is this the right key?")
        return plain.astype(np.uint8)

    def key_bits(self, shape: Shape):
        self._shape(shape)
        return self.place_bits + 128.0


def _substitute(batch, lookup, places):
    """`lookup[batch]` where `places`, else the value itself, in the lookup's dtype."""
    kept = np.arange(max(len(lookup), 256)).astype(lookup.dtype)  # two tables end to end, one gather for both
    replaced = np.concatenate([kept, np.resize(lookup, len(kept))])
    return replaced[batch + places.astype(np.uint16) * np.uint16(len(kept))]


def feistel(password: bytes, value: int, rounds: int = ROUNDS) -> int:
    """FFX of a number below 1000, as three decimal digits, as pyffx 0.3.0 computes it.

    The digits are cut after the first; in each round the digits of one part, one by one, are added modulo 10
    to digits of an HMAC-SHA-1 of the round's number and the other part.

    >>> feistel(b"password", 0), feistel(b"password", 1)
    (355, 522)
    """
    digits = [value // 100, value // 10 % 10, value % 10]
    left, right = digits[:1], digits[1:]
    for number in range(rounds):
        message = struct.pack(f"<{len(right) + 2}I", number, *right, 0)
        pad = int.from_bytes(hmac.new(password, message, hashlib.sha1).digest(), "big")
        left, right = right, [(digit + pad // 10**k) % 10 for k, digit in enumerate(left)]
    return int("".join(map(str, left + right)))
