"""Grayscale-based EtC: the planes Y, Cb and Cr side by side in one grey image, then EtC without its colour step.

T. Chuman, W. Sirichotedumrong and H. Kiya, IEEE TIFS 2019; overview arXiv:2201.11006. One grey image of three times the
width lets blocks be as small as 8x8 under JPEG (no chroma subsampling can touch them), and there are three times as many:
(3n)! 8^(3n) 2^(3n) keys.

RGB to YCbCr and back in whole numbers is not exact, and this is the only loss here: `through_colour` shows it. After it,
the cipher is a table and exact.
"""

import numpy as np

from lib.schemes.etc import EtC

# Rec. 601, full range, as JPEG (JFIF 1.02) prescribes: rows are Y, Cb, Cr. Rounded to units of 2**-40: then every sum below is
# exact in a double, so that no order of adding, and with it no batch size, library or machine, changes a pixel.
FORWARD = np.array([[0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5], [0.5, -0.418687589, -0.081312411]])
BACKWARD = np.array([[1, 0, 1.402], [1, -0.344136286, -0.714136286], [1, 1.772, 0]])
FORWARD, BACKWARD = (np.rint(matrix * 2**40) / 2**40 for matrix in (FORWARD, BACKWARD))
BLACK, CENTRE = np.array([0, 0, 0]), np.array([0, 128, 128])


class GrayscaleEtC(EtC):
    """Grayscale-based EtC. Takes RGB images; a ciphertext is grey and three times as wide:

    NumPy (h, 3 w) or (n, h, 3 w), torch (1, h, 3 w) or (n, 1, h, 3 w), PIL mode L of size (3 w, h), all uint8. `decrypt` takes
    those and returns RGB, equal to `through_colour(images)`.

    >>> from lib import Key
    >>> scheme = GrayscaleEtC(Key.from_seed(7))
    >>> cipher = scheme.encrypt(np.full((8, 16, 3), (200, 100, 50), np.uint8))
    >>> cipher.shape, scheme.decrypt(cipher)[0, 0].tolist()
    ((8, 48), [200, 100, 50])
    """

    name = "etc-gray"
    channels = 1
    published = {}
    lossy = frozenset()

    def __init__(self, key, block: int = 8, *, per_image=False, as_published=False):
        super().__init__(key, block, per_image=per_image, as_published=as_published)

    @property
    def invertible(self):
        """False: the colour conversion rounds. The grey image itself comes back exactly."""
        return False

    def _shape(self, shape):
        h, w, _ = super()._shape(shape)
        return h, 3 * w, 1

    def _plain_shape(self, shape):
        return shape[0], shape[1] // 3, 3

    def decrypt(self, images, ids=None):
        """RGB images from grey ciphertexts, up to the rounding of the colour conversion."""
        from lib import images as door

        batch, leave = door.enter(images, self.block, self.channels)
        if batch.shape[2] % (3 * self.block):
            raise ValueError(
                f"expected three planes side by side, a width that 3 x {self.block} divides; got width {batch.shape[2]}"
            )
        return leave(self._decrypt(batch, self._ids(ids, len(batch))))

    def _encrypt(self, batch, ids):
        return super()._encrypt(to_planes(batch), ids)

    def _decrypt(self, batch, ids):
        return from_planes(super()._decrypt(batch, ids))

    def published_key_bits(self, shape):
        return {}


def to_planes(batch):
    """(n, h, w, 3) RGB into (n, h, 3 w, 1), Y | Cb | Cr, rounded to uint8; NumPy or torch."""
    n, h, w, _ = batch.shape
    if isinstance(batch, np.ndarray):
        planes = np.empty((n * h, 3, w), np.uint8)
        _convert(batch.reshape(-1, w, 3), FORWARD, BLACK, CENTRE, planes.transpose(0, 2, 1))
    else:
        planes = _convert_torch(batch, FORWARD, BLACK, CENTRE).permute(0, 1, 3, 2)
    return planes.reshape(n, h, 3 * w, 1)


def from_planes(planes):
    """(n, h, 3 w, 1) back into (n, h, w, 3) RGB, rounded and clipped to uint8."""
    n, h, w, _ = planes.shape
    if isinstance(planes, np.ndarray):
        batch = np.empty((n * h, w // 3, 3), np.uint8)
        _convert(planes.reshape(-1, 3, w // 3).transpose(0, 2, 1), BACKWARD, CENTRE, BLACK, batch)
    else:
        batch = _convert_torch(planes.reshape(n, h, 3, w // 3).permute(0, 1, 3, 2), BACKWARD, CENTRE, BLACK)
    return batch.reshape(n, h, w // 3, 3)


def through_colour(images):
    """RGB to YCbCr and back: what decryption gives at best. NumPy (n, h, w, 3)."""
    return from_planes(to_planes(images))


def _convert(x, matrix, before, after, out):
    from lib import kernels

    kernels.convert_colours(x, np.rint(matrix * 2**40).astype(np.int64), before, after, out)


def _convert_torch(batch, matrix, before, after):
    import torch

    before, matrix, after = (torch.tensor(array, device=batch.device) for array in (before, matrix, after))
    return (((batch.double() - before) @ matrix.T).round() + after).clamp(0, 255).to(torch.uint8)
