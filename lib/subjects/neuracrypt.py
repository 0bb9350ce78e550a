"""NeuraCrypt: A. Yala et al., "NeuraCrypt: Hiding Private Health Data via Random Neural Networks for Public
Training", arXiv:2106.02484.

An encoder is a network with random weights, which are the key. It reads a picture in patches, and gives a
vector for each; the vectors of a picture are published in a random order that is drawn for it alone:

    patch convolution, ReLU;  depth - 3 times: 1x1 convolution, batch normalisation, ReLU;
    add a random vector that belongs to the patch's position;  ReLU;  linear layer;  shuffle

It is no table, and nobody decrypts it: a network is trained on the vectors. Everything but weights and orders
is public. It does not hide: `lib.attacks.many_ciphertexts.neuracrypt`.

Depth counts as the authors count: the first convolution, positions and the last layer are three, so 3 has no
batch normalisation, and their paper's is 7. Depth 1 is the *linear encoder* that they offer as easy to break:
the patch convolution alone, without positions.

Paper and published code (yala/NeuraCrypt, read), and what is here, after the code where they differ:

- the description puts the position before the final convolution *and* ReLU; in the code no ReLU is last;
- batch normalisation keeps no statistics: it uses those of the batch that is encoded, 256 pictures where the
  challenge was made, so a picture's encoding depends on who is encoded with it;
- the challenge's linear encoder is made with the option `private_depth` -1. In the code that we read this
  builds the same network as 0, which is depth 3; a linear one is there as a class of its own, which we take;
- weights and biases: uniform within 1 / sqrt(inputs of a unit), as PyTorch starts layers; positions normal;
- pictures of 256x256 grey values, patches of 16, 2048 values a vector. Here colours, normalised as CIFAR-10's
  are in `lib.subjects.instahide`, patches of 4, and 8 values a vector for each value of a patch, as there.
"""

import numpy as np

from lib import images as door
from lib.keys import Key
from lib.subjects.instahide import normalised
from lib.tiling import grid

BATCH = 256  # pictures whose statistics normalise them together
EPSILON = 1e-5  # of a variance, as PyTorch adds
HALF = 2.0**-53  # words of 53 bits become numbers of (0, 1)
LINEAR, SHALLOWEST = 1, 3  # depths
Array = np.ndarray


class NeuraCrypt:
    """Pictures as sets of vectors, from a network with random weights.

    key      a `lib.Key`. Label "neuracrypt/depth=D/patch=P/width=W/...": "convolution 0" and on, "positions",
             "linear"; and "order", for each picture as its id
    depth    1 for the linear encoder, or 3 and more
    patch    side of a patch in pixels
    width    values of a vector
    shuffle  whether a picture's vectors come in an order of its own

    >>> hide = NeuraCrypt(Key.from_seed(7), depth=3, patch=4, width=16)
    >>> sent = hide.encrypt(np.arange(384, dtype=np.uint8).reshape(2, 8, 8, 3))
    >>> sent.shape, sent.dtype
    ((2, 4, 16), dtype('float32'))
    """

    def __init__(self, key: Key, depth: int = 7, patch: int = 4, width: int = 384, shuffle: bool = True):
        if not isinstance(key, Key):
            raise TypeError(f"expected a lib.Key, got {type(key).__name__}; use Key.generate()")
        if isinstance(depth, bool) or not isinstance(depth, int | np.integer) or depth < 1 or depth == 2:
            raise ValueError(f"depth is 1 (linear) or a whole number from 3 on, got {depth!r}")
        self.key, self.depth, self.patch = key, int(depth), door.check_block(patch)
        self.width, self.shuffle = int(width), bool(shuffle)

    def encrypt(self, images: Array, start: int = 0) -> Array:
        """(n, patches, width) float32 of pictures (n, h, w, 3) uint8, which are not changed.

        start  id of the first picture, of which its order is drawn; the others follow

        Errors: TypeError or ValueError for other images.
        """
        if not isinstance(images, np.ndarray) or images.ndim != 4:
            kind = f"shape {images.shape}" if hasattr(images, "shape") else type(images).__name__
            raise TypeError(f"expected NumPy images (n, h, w, 3), got {kind}")
        batch, _ = door.enter(images, self.patch)
        plain = patches(normalised(batch), self.patch)
        layers = self.layers(*plain.shape[1:])
        parts = np.split(plain, range(BATCH, len(plain), BATCH))
        sent = np.concatenate([encoded(part, layers) for part in parts])
        if not self.shuffle:
            return sent
        orders = np.stack([self.order(start + i, sent.shape[1]) for i in range(len(sent))])
        return np.take_along_axis(sent, orders[:, :, None], 1)

    def order(self, image: int, count: int) -> Array:
        """(count,) int64: which patch comes first, second and so on in the encoding of a picture."""
        return self.key.permutation(self._label("order"), count, image)

    def layers(self, count: int, size: int) -> dict[str, list | Array]:
        """All that is secret but orders, float32, for `count` patches of `size` values: "convolutions", each
        a pair of weights (inputs, width) and biases (width,); "positions" (count, width) and "linear", a
        pair, where depth is not 1."""
        sizes = [size] + [self.width] * max(0, self.depth - SHALLOWEST)
        names = [f"convolution {i}" for i in range(len(sizes))]
        found = {"convolutions": [self._layer(name, inputs) for name, inputs in zip(names, sizes)]}
        if self.depth == LINEAR:
            return found
        from scipy.special import ndtri

        drawn = ndtri(self._uniform("positions", count * self.width)).astype(np.float32)
        return found | {"positions": drawn.reshape(count, -1), "linear": self._layer("linear", self.width)}

    def _layer(self, name, inputs):
        """Weights and biases of a layer: uniform within 1 / sqrt(inputs)."""
        drawn = (2 * self._uniform(name, (inputs + 1) * self.width) - 1) / np.sqrt(inputs)
        drawn = drawn.reshape(inputs + 1, self.width).astype(np.float32)
        return drawn[:-1], drawn[-1]

    def _uniform(self, part, count):
        words = self.key.bytes(self._label(part), 8 * count).view("<u8") >> np.uint64(11)
        return (words + 0.5) * HALF

    def _label(self, part):
        return f"neuracrypt/depth={self.depth}/patch={self.patch}/width={self.width}/{part}"

    def __repr__(self) -> str:
        shuffled = "shuffled" if self.shuffle else "in order"
        return f"NeuraCrypt({self.key!r}, depth={self.depth}, width={self.width}, {shuffled})"


def patches(values: Array, patch: int) -> Array:
    """(n, patches, values of a patch) of pictures (n, h, w, 3): row by row, in a patch as well."""
    blocks = grid(values, patch)
    return blocks.reshape(len(values), blocks.shape[1] * blocks.shape[2], -1)


def encoded(plain: Array, layers: dict[str, list | Array]) -> Array:
    """(n, patches, width): vectors of patches (n, patches, size), of one batch, in order."""
    (weights, biases), *deeper = layers["convolutions"]
    found = plain @ weights + biases
    if "linear" not in layers:
        return found
    found = np.maximum(found, 0)
    for weights, biases in deeper:
        found = np.maximum(standard(found @ weights + biases), 0)
    weights, biases = layers["linear"]
    return np.maximum(found + layers["positions"], 0) @ weights + biases


def standard(values: Array) -> Array:
    """Batch normalisation, by the batch's own mean and variance of each value of a vector."""
    return (values - values.mean((0, 1))) / np.sqrt(values.var((0, 1)) + EPSILON)
