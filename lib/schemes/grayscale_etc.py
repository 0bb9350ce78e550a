"""Grayscale-based EtC: the planes Y, Cb and Cr side by side in one grey image, then EtC without its colours.

T. Chuman, W. Sirichotedumrong and H. Kiya, IEEE TIFS 2019; overview arXiv:2201.11006. One grey image of three
times the width lets blocks be as small as 8x8 under JPEG (no chroma subsampling can touch them), and there
are three times as many: (3n)! 8^(3n) 2^(3n) keys. RGB to YCbCr and back in whole numbers is the only loss
here, see `lib.colours.through_colour`; after it, the cipher is a table and exact.
"""

from typing import Any

from lib import images as door
from lib.colours import from_planes, to_planes
from lib.schemes.base import AnyKey
from lib.schemes.etc import EtC
from lib.table import Shape


class GrayscaleEtC(EtC):
    """Grayscale-based EtC. Takes RGB images; a ciphertext is grey and three times as wide:

    NumPy (h, 3 w) or (n, h, 3 w), torch (1, h, 3 w) or (n, 1, h, 3 w), PIL mode L of size (3 w, h), all
    uint8. `decrypt` takes those and returns RGB, equal to `lib.colours.through_colour(images)`.

    >>> import numpy as np
    >>> from lib import Key
    >>> scheme = GrayscaleEtC(Key.from_seed(7))
    >>> cipher = scheme.encrypt(np.full((8, 16, 3), (200, 100, 50), np.uint8))
    >>> cipher.shape, scheme.decrypt(cipher)[0, 0].tolist()
    ((8, 48), [200, 100, 50])
    """

    name = "etc-gray"
    channels = 1
    invertible = False  # the grey image itself comes back exactly
    inexact = "converts colours"

    def __init__(self, key: AnyKey, block: int = 8, **shared: Any):
        super().__init__(key, block, **shared)

    def _shape(self, shape):
        h, w, _ = super()._shape(shape)
        return h, 3 * w, 1

    def _plain_shape(self, shape):
        return shape[0], shape[1] // 3, 3

    def decrypt(self, images: Any, ids: Any = None):
        """RGB images from grey ciphertexts, up to the rounding of the colour conversion."""
        batch, leave = door.enter(images, self.block, self.channels)
        if batch.shape[2] % (3 * self.block):
            expected = f"three planes side by side, a width that 3 x {self.block} divides"
            raise ValueError(f"expected {expected}; got width {batch.shape[2]}")
        return leave(self._decrypt(batch, self._ids(ids, len(batch))))

    def _encrypt(self, batch, ids):
        return super()._encrypt(to_planes(batch), ids)

    def _decrypt(self, batch, ids):
        return from_planes(super()._decrypt(batch, ids))

    def published_key_bits(self, shape: Shape):
        return {}
