"""Pixel-based encryption by Sirichotedumrong, Kinoshita and Kiya (SKK).

W. Sirichotedumrong, Y. Kinoshita, H. Kiya, "Pixel-Based Image Encryption Without Key Management for
Privacy-Preserving Deep Neural Networks", IEEE Access 7 (2019); the same authors, ICIP 2019, arXiv:1905.01827.
Two steps a pixel:

1. negative-positive: each colour value is kept or becomes 255 - v, by one key bit for each;
2. colour shuffling (optional): the three values are put in one of six orders.

No pixel moves. The ICIP paper uses one key for all images, the later ones a key for every image: `per_image`.

Where the published code differs (the pixel-based encryption in MADONOKOUKI/psivt23_scramblemix): the three
values are assigned one after the other through NumPy views, so later ones read what earlier ones wrote, and
five of the six orders copy a channel over another. That cipher has no inverse.
"""

import math
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from lib.schemes.base import AnyKey, Scheme, check_flag
from lib.symmetries import COLOURS, SIGNS
from lib.table import Shape, Structure, Table


def assigned_in_place(order: Sequence[int]) -> list[int]:
    """What `v[0], v[1], v[2] = v[order]` does to channels when v is a view: each sees the ones before.

    >>> assigned_in_place([1, 0, 2])
    [1, 1, 2]
    """
    v = [0, 1, 2]
    for channel, other in enumerate(order):
        v[channel] = v[other]
    return v


class SKK(Scheme):
    """SKK with colour shuffling unless `colour_shuffle=False`, with one key or a key `per_image`.

    >>> from lib import Key
    >>> scheme = SKK(Key.from_seed(7), per_image=True)
    >>> images = np.zeros((2, 1, 2, 3), np.uint8)
    >>> scheme.encrypt(images, ids=[0, 1])[:, 0].tolist()
    [[[255, 0, 255], [255, 0, 255]], [[0, 0, 255], [0, 0, 255]]]
    """

    name = "skk"
    structure = Structure.PIXELS
    options = {"colour_shuffle": "whether a pixel's colours are shuffled, beside their signs"}
    colour_orders = COLOURS

    def __init__(self, key: AnyKey, *, colour_shuffle: bool = True, **shared: Any):
        super().__init__(key, **shared)
        self.colour_shuffle = check_flag("colour_shuffle", colour_shuffle)

    def _steps(self, shape, image):
        return self._recipe(shape, None if image is None else [image])

    def _tall(self, shape, ids):
        tall = (shape[0] * len(ids), *shape[1:])
        return reduce(Table.then, self._recipe(tall, ids.tolist()).values())

    def _recipe(self, shape, ids):
        """The steps for one image, or alike for the images `ids` below each other, as no pixel moves."""
        pixels = shape[0] * shape[1] // (1 if ids is None else len(ids))
        signs = self.key.integers(self.stream("negative-positive"), 8, pixels, ids).ravel()
        steps = {"negative-positive": Table(shape, 1, masks=(SIGNS, signs))}
        if self.colour_shuffle:
            orders = self.key.integers(self.stream("colour shuffle"), 6, pixels, ids).ravel()
            steps["colour shuffle"] = Table(shape, 1, orders=(self.colour_orders, orders))
        return steps

    def key_bits(self, shape: Shape):
        h, w, _ = self._shape(shape)
        return h * w * (3 + (math.log2(6) if self.colour_shuffle else 0))

    def published_key_bits(self, shape: Shape):
        return {"scramblemix, as shipped": 0.0}  # its keys stand in its source


class Scramblemix(SKK):
    """SKK of MADONOKOUKI/psivt23_scramblemix."""

    as_published = "scramblemix"
    differs = "five of its six colour orders copy one channel over another, which is lost"
    colour_orders = np.array([assigned_in_place(order) for order in COLOURS])

    @property
    def invertible(self):
        return not self.colour_shuffle
