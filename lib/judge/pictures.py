"""Pictures that the judge works with: windows of the embedded photographs, at several scales.

Five photographs are under attack, and the candidates come from them too; the other five are public. No
picture of one group shows what one of the other does.
"""

from functools import lru_cache

import numpy as np
from PIL import Image

from lib.photos import photo, photo_names, scaled_to

ATTACKED = ("astronaut", "chelsea", "coffee", "hopper", "rocket")
PUBLIC = tuple(name for name in photo_names if name not in ATTACKED)
SCALES = (3.0, 4.5, 6.0, 9.0, 12.0)  # short sides of a photograph, in windows
FLAT = 8.0  # windows whose grey values deviate by less are left out
Array = np.ndarray


@lru_cache(maxsize=4)
def attacked(shape: tuple[int, int, int], count: int) -> Array:
    """(up to `count`, h, w, 3) uint8: windows that share no pixel at one scale, in a fixed shuffled order."""
    return _some(np.concatenate([_windows(name, shape, 1.0) for name in ATTACKED]), count)


@lru_cache(maxsize=4)
def public(shape: tuple[int, int, int], count: int) -> Array:
    """(up to `count`, h, w, 3) uint8: windows of the other photographs, which overlap by half."""
    return _some(np.concatenate([_windows(name, shape, 0.5) for name in PUBLIC]), count)


@lru_cache(maxsize=2)
def labelled(shape: tuple[int, int, int], train: int, test: int) -> tuple[Array, Array, Array, Array]:
    """Images and labels to train on, (n, h, w, 3) uint8 and (n,) int64, and others to test on: of ten
    photographs, windows of the left three fifths, and of the rest, which share no pixel at one scale."""
    parts = [], []
    for label, name in enumerate(photo_names):
        for windows, where in _cuts(name, shape, 0.5):
            sides = where + shape[1] <= 0.6 * windows[0], where >= 0.6 * windows[0]
            for part, side in zip(parts, sides):
                part.append((windows[1][side], np.full(side.sum(), label)))
    found = []
    for part, count in zip(parts, (train, test)):
        images, labels = (np.concatenate(each) for each in zip(*part))
        some = np.random.default_rng(2).permutation(len(images))
        even = np.argsort(_place_in_class(labels[some]), kind="stable")[:count]
        found += [images[some][even], labels[some][even].astype(np.int64)]
    return tuple(found)


def _place_in_class(labels):
    """How many of the same label came before each: all classes get equally many."""
    return sum((np.cumsum(labels == label) - 1) * (labels == label) for label in np.unique(labels))


def noise(shape: tuple[int, ...], count: int, name: str) -> Array:
    """(count, *shape) uint8, uniform; the same for a name."""
    seed = np.frombuffer(f"judge 1/{name}".encode(), np.uint8)
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def _some(found, count):
    found = found[np.random.default_rng(1).permutation(len(found))[:count]]
    found.setflags(write=False)
    return found


def _windows(name, shape, step):
    """All windows of a photograph at all scales that it has, (n, h, w, 3)."""
    return np.concatenate(
        [windows[1] for windows, _ in _cuts(name, shape, step)] or [np.empty((0, *shape), np.uint8)]
    )


def _cuts(name, shape, step):
    """For each scale of a photograph, its width and the windows, each `step` of a window from the next, and
    the column that each begins at. Flat ones are left out."""
    image, (h, w, _) = Image.fromarray(photo(name)), shape
    most = min(image.size)
    for short in sorted({min(round(scale * max(h, w)), most) for scale in SCALES}):
        pixels = scaled_to(image, short)
        height, width = pixels.shape[:2]
        rows = range(0, height - h + 1, max(1, int(h * step)))
        columns = range(0, width - w + 1, max(1, int(w * step)))
        corners = [(y, x) for y in rows for x in columns]
        windows = np.array([pixels[y : y + h, x : x + w] for y, x in corners], np.uint8).reshape(-1, *shape)
        kept = windows.mean(3).std((1, 2)) >= FLAT
        yield (width, windows[kept]), np.array([x for _, x in corners], int)[kept]
