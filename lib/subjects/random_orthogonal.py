"""Random orthogonal matrices: R. Aso, T. Chuman and H. Kiya, "A Privacy Preserving Method with a Random
Orthogonal Matrix for ConvMixer Models", arXiv:2301.03843.

An image is cut into blocks as large as a network's patches. Each block, as a vector, is multiplied by one
secret orthogonal matrix, which serves all blocks of all images; no block moves. The plain-trained network's
patch embedding is multiplied by its inverse, so that it reads ciphertexts as it reads pictures.

Claimed: the accuracy of the plain network, and more robustness against attacks than earlier ciphers. By its
own definition it keeps the length of every block and all angles between blocks, of one image and of several.

Open, for we know the paper's text from its abstract and from code that rebuilds it alone:

- how the matrix is drawn: uniformly here (Haar), by QR decomposition of normal numbers, R's diagonal
  positive;
- the order of a block's values (row, column, channel here) and its side: 4 unless said otherwise, as for the
  other block ciphers here; patches of the published network are a matter of its size;
- whether values are normalised before: not here; multiplication by a matrix leaves that to whoever reads
  them.
"""

from functools import cached_property

import numpy as np

from lib import images as door
from lib.keys import Key
from lib.tiling import assembled, grid

HALF = 2.0**-53  # words of 53 bits become numbers of (0, 1]


class RandomOrthogonal:
    """Blocks times one secret orthogonal matrix: ciphertexts are float32, and rounding decrypts exactly.

    key    a `lib.Key`. One stream is drawn: two little-endian words of 64 bits for each pair of normal
           numbers (Box and Muller; cosine, then sine), row by row of the matrix that is decomposed
    block  side of a block in pixels

    float32 errs by one part in 2^24 of a block's length at most, which no orthogonal matrix changes: far less
    than the half that rounding forgives.

    >>> cipher = RandomOrthogonal(Key.from_seed(7), block=2)
    >>> image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    >>> floats = cipher.encrypt(image)
    >>> floats.dtype, floats.shape, bool((cipher.decrypt(floats) == image).all())
    (dtype('float32'), (2, 4, 3), True)
    """

    per_image = False

    def __init__(self, key: Key, block: int = 4):
        if not isinstance(key, Key):
            raise TypeError(f"expected a lib.Key, got {type(key).__name__}; use Key.generate()")
        self.key, self.block = key, door.check_block(block)

    @property
    def size(self) -> int:
        """Values of a block."""
        return 3 * self.block**2

    @cached_property
    def matrix(self) -> np.ndarray:
        """(size, size) float64, orthogonal: a cipher block is `matrix @ plain block`."""
        normals = self._normals(self.size**2).reshape(self.size, self.size)
        q, r = np.linalg.qr(normals)
        return q * np.sign(np.diag(r))

    def _normals(self, count):
        """(count,) float64 standard normal numbers."""
        pairs = -(-count // 2)
        label = f"random-orthogonal/block={self.block}/matrix"
        words = self.key.bytes(label, 16 * pairs).view("<u8").reshape(pairs, 2) >> np.uint64(11)
        first, second = (words + np.array([1, 0], np.uint64)).T * HALF
        radius, angle = np.sqrt(-2 * np.log(first)), 2 * np.pi * second
        return (radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)).ravel()[:count]

    def encrypt(self, images: np.ndarray, ids: None = None) -> np.ndarray:
        """float32 in the shape of `images`, (h, w, 3) or (n, h, w, 3) uint8, which are not changed.

        Errors: TypeError or ValueError for other images, or for ids: one key serves all images.
        """
        _no_ids(ids)
        if not isinstance(images, np.ndarray):
            raise TypeError(
                f"expected a NumPy array, got {type(images).__name__}; floats fit no image of bytes"
            )
        batch, _ = door.enter(images, self.block)
        return self._times(batch, self.matrix.T).astype(np.float32).reshape(images.shape)

    def decrypt(self, ciphers: np.ndarray, ids: None = None) -> np.ndarray:
        """uint8 in the shape of `ciphers`, exactly the plain images; another key's are cut off at 0 and 255.

        Errors: TypeError for what is no float array; ValueError for shapes that do not fit, or for ids.
        """
        _no_ids(ids)
        if not isinstance(ciphers, np.ndarray) or ciphers.dtype.kind != "f":
            kind = getattr(ciphers, "dtype", type(ciphers).__name__)
            raise TypeError(f"expected floats, as encrypt gives, got {kind}")
        batch, _ = door.enter(np.zeros(ciphers.shape, np.uint8), self.block)  # the door knows the shapes
        plain = self._times(ciphers.reshape(batch.shape), self.matrix)
        return plain.round().clip(0, 255).astype(np.uint8).reshape(ciphers.shape)

    def _times(self, batch, matrix):
        """Each block, a row, times `matrix`, in float64."""
        blocks = grid(batch, self.block)
        rows = blocks.reshape(*blocks.shape[:3], self.size).astype(np.float64) @ matrix
        return assembled(rows, self.block)

    def __repr__(self) -> str:
        return f"RandomOrthogonal({self.key!r}, block={self.block})"


def _no_ids(ids):
    if ids is not None:
        raise ValueError("ids came, but one key serves all images; drop ids")
