"""The embedded photographs, and the small labelled set of patches that is cut from them.

Ten colour photographs lie inside packages that this one requires anyway; `data/README.md` has their credits
and licences. For the set `photos` of `lib.datasets`, each is scaled to a short side of 288 pixels and cut
into columns 144 wide: the left 96 pixels of a column give train patches, the right 48 test patches, which
share no pixel. Nearly flat windows (sky, black border) are left out, and the rest is thinned evenly. Patches
of one split overlap, so a thousand of them say less than a thousand independent images would.
"""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

_PHOTOS = {  # name: the package that ships it, and where
    "astronaut": ("skimage", "data/astronaut.png"),
    "chelsea": ("skimage", "data/chelsea.png"),
    "china": ("sklearn", "datasets/images/china.jpg"),
    "coffee": ("skimage", "data/coffee.png"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
    "hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    "motorcycle": ("skimage", "data/motorcycle_left.png"),
    "retina": ("skimage", "data/retina.jpg"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "tissue": ("skimage", "data/ihc.png"),
}
photo_names = tuple(_PHOTOS)
"""The embedded photographs, which are the classes of `photos`: an astronaut, Chelsea the cat, a pagoda in
China, a cup of coffee, a dahlia, Grace Hopper, a motorcycle, a retina, a rocket and stained tissue."""

# pixels: a patch, a photo's short side, a column, its part for training
SIDE, SHORT, COLUMN, TRAIN = 32, 288, 144, 96
STEP = {"train": 4, "test": 2}  # pixels from one candidate to the next
PER_CLASS = {"train": 300, "test": 100}
FLAT = 8  # a patch whose grey values deviate by less (standard deviation, of 255) is left out


def photo(name: str, size: int | None = None) -> np.ndarray:
    """An embedded photograph, (h, w, 3) uint8; with `size` its central square, scaled down to that side.

    Errors: ValueError for a name not in `photo_names`, or a size beyond the photo's short side.

    >>> photo("coffee").shape, photo("coffee", 64).shape
    ((400, 600, 3), (64, 64, 3))
    """
    image = _open(name)
    if size is None:
        return np.array(image)
    side = min(image.size)
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 1 <= size <= side:
        raise ValueError(f"{name} can be scaled to a square of 1 to {side} pixels, got {size!r}")
    return central_square(image, int(size))


def _open(name):
    from PIL import Image

    if name not in _PHOTOS:
        raise ValueError(f"unknown photo {name!r}; known: {', '.join(_PHOTOS)}")
    package, inside = _PHOTOS[name]
    found = importlib.util.find_spec(package)  # finds the folder without the seconds that importing takes
    path = Path(found.origin).parent / inside if found else None
    if path is None or not path.exists():
        place = f"in the package {package}, as {inside}"
        raise FileNotFoundError(f"the photo {name!r} lies {place}; install that package again")
    return Image.open(path).convert("RGB")


def central_square(image: "Image", size: int) -> np.ndarray:
    """The central square of a PIL image in RGB, scaled to this side: (size, size, 3) uint8."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return _scaled(image.crop((left, top, left + side, top + side)), (size, size))


def scaled_to(image: "Image", short: int) -> np.ndarray:
    """All of a PIL image in RGB, its short side scaled to so many pixels: (h, w, 3) uint8."""
    return _scaled(image, tuple(round(side * short / min(image.size)) for side in image.size))


def _scaled(image, size):
    from PIL import Image

    return np.array(image.resize(size, Image.Resampling.LANCZOS))


def photo_patches(name: str, split: str) -> np.ndarray:
    """The patches of one photo, (300, 32, 32, 3) uint8 for "train", (100, 32, 32, 3) for "test"."""
    pixels = scaled_to(_open(name), SHORT)
    places = patch_places(pixels, split)
    return np.stack([pixels[y : y + SIDE, x : x + SIDE] for y, x in places])


def patch_places(pixels: np.ndarray, split: str) -> np.ndarray:
    """(n, 2): row and column of the top left pixel of each patch of a scaled photo."""
    left = np.arange(pixels.shape[1] - SIDE + 1)
    low, high = (0, TRAIN) if split == "train" else (TRAIN, COLUMN)
    columns = left[(left % COLUMN >= low) & (left % COLUMN + SIDE <= high)]
    rows = np.arange(0, pixels.shape[0] - SIDE + 1, STEP[split])
    columns = columns[columns % STEP[split] == 0]
    grey, count = pixels.sum(axis=2, dtype=np.int64), SIDE * SIDE
    spread = count * _window_sums(grey**2) - _window_sums(grey) ** 2  # variance of 3 grey, times count ** 2
    places = np.argwhere(spread[np.ix_(rows, columns)] >= (3 * FLAT * count) ** 2)
    picked = places[np.linspace(0, len(places) - 1, PER_CLASS[split]).round().astype(int)]
    # steps of the golden section: an order whose every beginning is spread over the whole
    order = np.argsort(np.argsort(np.arange(len(picked)) * 0.6180339887498949 % 1))
    return np.stack([rows[picked[:, 0]], columns[picked[:, 1]]], axis=1)[order]


def _window_sums(values):
    """The sum over every SIDE x SIDE window, from sums over all rectangles that start at the corner."""
    corner = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    return corner[SIDE:, SIDE:] - corner[:-SIDE, SIDE:] - corner[SIDE:, :-SIDE] + corner[:-SIDE, :-SIDE]
