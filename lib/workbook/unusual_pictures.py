"""Pictures that no photograph resembles, for lesson 25: what an attack on photographs makes of them."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw

from lib import datasets
from lib.photos import central_square

SHAPES = (
    ("ellipse", (60, 80, 300, 330), (220, 60, 40)),
    ("rectangle", (260, 240, 470, 480), (60, 90, 200)),
    ("polygon", [(40, 480), (150, 300), (260, 480)], (240, 200, 40)),
)
"""Of the drawing, 512 x 512: what, where, in what colour."""


def squares(side: int, others: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """(side, side, 3) uint8 by name: tissue, a retina, `others` (grey or colour, uint8), a drawing, noise."""
    found = {name: datasets.photo(name, side) for name in ("tissue", "retina")}
    for name, image in others.items():
        found[name] = central_square(Image.fromarray(image).convert("RGB"), side)
    found["drawing"] = central_square(drawing(), side)
    found["noise"] = np.random.default_rng(25).integers(0, 256, (side, side, 3), np.uint8)
    return found


def drawing() -> Image.Image:
    """Three shapes in flat colours with black outlines."""
    image = Image.new("RGB", (512, 512), (250, 245, 230))
    pen = ImageDraw.Draw(image)
    for shape, place, colour in SHAPES:
        getattr(pen, shape)(place, fill=colour, outline="black", width=6)
    return image
