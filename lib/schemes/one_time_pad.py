"""The one-time pad: a fresh uniform mask for every byte. The control that no attack may touch.

C. E. Shannon, "Communication Theory of Secrecy Systems", 1949. The mask is expanded from 256 secret bits, so
the secrecy is that of SHAKE-256; an attack that "succeeds" measures something else than the cipher.
"""

import numpy as np

from lib.schemes.base import AnyKey, Code, Scheme
from lib.table import Shape, Structure, Table


class OneTimePad(Scheme):
    """A mask of its own for every image id; there is no other mode."""

    name = "otp"
    structure = Structure.PIXELS
    control = True

    def __init__(self, key: AnyKey, *, per_image: bool = True, as_published: Code = False):
        if not per_image:
            raise ValueError("a one-time pad that serves two images is none; per_image cannot be turned off")
        super().__init__(key, per_image=True, as_published=as_published)

    def _steps(self, shape, image):
        pixels = shape[0] * shape[1]
        mask = self.key.bytes(self.stream("mask"), 3 * pixels, image=image)
        return {"mask": Table(shape, 1, masks=(mask.reshape(-1, 3), np.arange(pixels, dtype=np.uint32)))}

    def key_bits(self, shape: Shape):
        h, w, _ = self._shape(shape)
        return 24.0 * h * w
