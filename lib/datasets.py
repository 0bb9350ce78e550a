"""Images with labels: a small embedded set, the usual public sets, and your own folders and npz files.

    photos          embedded, see `lib.photos`: 3,000 train and 1,000 test patches of 32x32, cut from ten
                    photographs, which are the classes and take turns: label i is i % 10
    cifar10         and cifar100, stl10: fetched once by torchvision into `data/downloads`, checksums included
    folder:PATH     PATH/train/CLASS/x.png and PATH/test/CLASS/x.png, all RGB and of one size
    npz:PATH        arrays x_train, y_train, x_test, y_test, as Keras names them

Your own images are not converted, resized or cropped: an error says which one does not fit, and what to do.
"""

import socket
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lib.files import (
    PREPARE,
    Found,
    below,
    check_file,
    check_single,
    formats,
    is_hidden,
    note_each,
    note_left,
    open_image,
    reading,
)
from lib.photos import photo, photo_names, photo_patches

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Dataset", "load", "photo", "photo_names", "read_image"]

SPLITS = ("train", "test")
DOWNLOADS = Path(__file__).resolve().parents[1] / "data" / "downloads"  # another folder may be set here
PATIENCE = 15.0  # seconds that a silent server is waited for
_PUBLIC = {"cifar10": "CIFAR10", "cifar100": "CIFAR100", "stl10": "STL10"}
_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_MANY_CLASSES = 1 << 16
Look = Callable[[Path, "Image"], None]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """images (n, h, w, 3) uint8, labels (n,) int64, the names of the classes, and where they are from."""

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    source: str

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        n, h, w, _ = self.images.shape
        return f"Dataset({self.source}: {n} images of {h}x{w}, {len(self.classes)} classes)"


def load(name: str, split: str = "train", limit: int | None = None, look: Look | None = None) -> Dataset:
    """The split "train" or "test" of a data set; the module's docstring lists the names.

    limit   at most so many images: the first of each class, then the second of each, and so on, in the order
            of the whole set. Classes stay balanced, and a smaller limit gives part of a larger one.
    look    for `folder:PATH`: is told each file that is read, its path and the opened image
    Errors: ValueError for an unknown name or split and for data that do not fit, FileNotFoundError for a
    path, OSError where a public set cannot be fetched.

    >>> load("photos", "test", limit=20)
    Dataset(photos, test: 20 images of 32x32, 10 classes)
    """
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; known: 'train', 'test'")
    whole = isinstance(limit, int | np.integer) and not isinstance(limit, bool)
    if limit is not None and not (whole and limit >= 1):
        raise ValueError(f"a limit is a whole number from 1 on, or None for all images, got {limit!r}")
    kind, colon, path = str(name).partition(":")
    if name == "photos":
        images, labels, classes = _photos(split)
    elif name in _PUBLIC:
        images, labels, classes = _public(name, split)
    elif kind in ("folder", "npz") and colon:
        place = Path(path).expanduser()
        if not path or not place.exists():
            way = f"write '{kind}:' and the path, as in '{kind}:my/data'"
            raise FileNotFoundError(f"no such path: {path or '(none)'}; {way}")
        images, labels, classes = (_folder if kind == "folder" else _npz)(place, split)
    else:
        known = ", ".join(map(repr, ("photos", *_PUBLIC, "folder:PATH", "npz:PATH")))
        raise ValueError(f"unknown data set {name!r}; known: {known}")
    keep = balanced(labels, limit)
    images = _read_all([images[i] for i in keep], look) if kind == "folder" else images[keep]
    return Dataset(np.ascontiguousarray(images), labels[keep], classes, f"{name}, {split}")


def balanced(labels: np.ndarray, limit: int | None) -> np.ndarray:
    """Positions, ascending, of the images that `load` keeps: the first of each class, then the second, ...

    >>> balanced(np.array([0, 0, 0, 0, 1, 1, 2]), 5)
    array([0, 1, 4, 5, 6])
    """
    if limit is None or limit >= len(labels):
        return np.arange(len(labels))
    by_class = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[by_class], labels[by_class])  # where the class of each begins
    turn = np.empty(len(labels), np.int64)
    turn[by_class] = np.arange(len(labels)) - first
    return np.sort(np.lexsort((labels, turn))[:limit])


def _photos(split):
    patches = np.stack([photo_patches(name, split) for name in photo_names], axis=1)
    images = patches.reshape(-1, *patches.shape[2:])
    return images, np.arange(len(images)) % len(photo_names), photo_names


def _public(name, split):
    from torchvision import datasets

    kind = getattr(datasets, _PUBLIC[name])
    which = {"split": split} if name == "stl10" else {"train": split == "train"}
    try:
        data = kind(DOWNLOADS, **which)  # compares checksums
    except RuntimeError:
        _fetch(name, kind)
        data = kind(DOWNLOADS, **which)
    labels = np.asarray(data.labels if name == "stl10" else data.targets, np.int64)
    images = data.data.transpose(0, 2, 3, 1) if name == "stl10" else data.data
    return images, labels, tuple(data.classes)


def _fetch(name, kind):
    """Fetch a public set and unpack it beside its place, then rename it into place: it is whole or absent."""
    place = DOWNLOADS / kind.base_folder
    if place.exists():
        way = "remove it, and it will be fetched again"
        raise ValueError(f"{place} does not match the checksums of {name}; {way}")
    wait = f"a silent server is given {PATIENCE:.0f} s"
    print(f"{name}: fetching it into {DOWNLOADS}, once; {wait}", file=sys.stderr)
    before, beside = socket.getdefaulttimeout(), {"prefix": f".{name}-", "dir": DOWNLOADS}
    socket.setdefaulttimeout(PATIENCE)  # torchvision sets none and would wait for ever
    try:
        DOWNLOADS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(**beside, ignore_cleanup_errors=True) as temporary:
            kind(temporary, download=True)
            Path(temporary, kind.base_folder).rename(place)
    except (OSError, RuntimeError, EOFError) as error:
        if not place.exists():  # else another process was faster
            works = (
                "'photos'; 'npz:PATH' with x_train, y_train, x_test, y_test; 'folder:PATH' with PATH/train/"
            )
            works = f"What works without a network: {works}CLASS/x.png; or an unpacked copy in {place}"
            raise OSError(f"{name} could not be fetched ({error}). {works}") from error
    finally:
        socket.setdefaulttimeout(before)


def _folder(root, split):
    """The paths of the images in place of them: only those that are kept are read."""
    for part in ("train", split):
        if not (root / part).is_dir():
            expected = f"{root}/train/CLASS/x.png and {root}/test/CLASS/x.png, a folder for each class"
            raise ValueError(f"{root} has no folder {part!r}; expected {expected}")
    classes = folders(root / "train")
    extra = sorted(set(folders(root / split)) - set(classes))
    if not classes or extra:
        what = f"{root}/train holds no class folders"
        what = f"class {extra[0]!r} is not among those of train" if extra else what
        raise ValueError(f"{what}; each class is a folder of images, of the same name in train and test")
    all_found = [_image_paths(root / split / name) for name in classes]
    beside = Found(hidden=[entry for entry in sorted((root / split).iterdir()) if is_hidden(entry.name)])
    note_left(reduce(Found.joined, all_found, beside))
    paths = [found.images for found in all_found]
    labels = np.repeat(np.arange(len(classes)), [len(found) for found in paths])
    return [path for found in paths for path in found], labels, classes


def folders(root: Path) -> tuple[str, ...]:
    """The names of the classes below a split of a folder data set, in order."""
    return tuple(
        sorted(entry.name for entry in root.iterdir() if entry.is_dir() and not is_hidden(entry.name))
    )


def _image_paths(folder):
    """What is below a class folder, as `lib.files` finds it."""
    if not folder.is_dir():
        return Found()  # a test set may lack a class
    found = below(folder)
    kinds = ", ".join(formats()[1])
    found.check_some(f"the class folder {folder} holds no image ({kinds}); remove it or fill it")
    return found


def _read_all(paths, look):
    from tqdm.auto import tqdm

    if not paths:
        raise ValueError("no images found; each class is a folder of images")
    out, notes = None, []
    for i, path in enumerate(tqdm(paths, desc="reading", unit="image", delay=2, leave=False, disable=None)):
        image, told = opened(path)
        notes.append(told)
        if look is not None:
            look(path, image)
        pixels = pixels_of(image, path)
        out = np.empty((len(paths), *pixels.shape), np.uint8) if out is None else out
        if pixels.shape != out.shape[1:]:
            sizes = ["{}x{}".format(*image.shape) for image in (out[0], pixels)]
            found = f"{paths[0]} is {sizes[0]} and {path} is {sizes[1]} (height x width)"
            raise ValueError(f"{found}; bring all to one size first: {PREPARE}")
        out[i] = pixels
    note_each(notes)
    return out


def read_image(path: Path | str, mode: str = "RGB") -> np.ndarray:
    """The pixels of an image file, uint8: (h, w, 3) RGB, or (h, w) with mode "L", grey. ValueError for one
    that is broken, of another mode, or stored turned."""
    return pixels_of(opened(path)[0], path, mode)


def opened(path: Path | str) -> tuple["Image", str | None]:
    """The PIL image in a file, read whole, and what `lib.files.check_single` says of it. ValueError for one
    that is broken, moves, has more than 8 bits a channel, or is stored turned."""
    try:
        data = check_file(Path(path)).read_bytes()
        image = open_image(data)
        told = check_single(image, data)
        with reading():
            image.load()
            turned = image.getexif().get(0x0112, 1) != 1
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read as an image ({error}); replace or remove it") from None
    if turned:
        raise ValueError(f"{path} is stored turned, with a note in its EXIF; {PREPARE}")
    return image, told


def pixels_of(image: "Image", path: Path | str, mode: str = "RGB") -> np.ndarray:
    """The pixels of an opened image, as `read_image` gives them. ValueError for another mode."""
    if image.mode != mode:
        alpha = "; what shows through its alpha channel is yours to choose" if "A" in image.mode else ""
        way = f"save it again after image.convert('{mode}'){alpha}; or {PREPARE}"
        raise ValueError(f"{path} has mode {image.mode}, expected {mode}; {way}")
    return np.asarray(image)


def _npz(path, split):
    try:
        with check_file(path).open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            names = getattr(stored, "files", ())
            given = {name: stored[name] for name in {"y_train", "y_test", f"x_{split}"}.intersection(names)}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        pickled = "it is no npz, or an array in it holds Python objects"
        reason = pickled if "allow_pickle" in str(error) else error
        way = "write it with np.savez"
        raise ValueError(f"{path} cannot be read as npz of plain arrays ({reason}); {way}") from None
    try:
        if not set(_ARRAYS) <= set(names):
            got = ", ".join(names) or "one without a name"
            raise ValueError(f"expected the arrays {', '.join(_ARRAYS)}, got {got}")
        labels = {part: _labels(given[f"y_{part}"], f"y_{part}") for part in SPLITS}
        images = _images(given[f"x_{split}"], f"x_{split}", f"y_{split}", len(labels[split]))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    count = 1 + max(int(values.max()) for values in labels.values())
    return images, labels[split], tuple(map(str, range(count)))


def _labels(y, name):
    column = y.ndim == 2 and y.shape[1] == 1
    if y.dtype.kind not in "iu" or (y.ndim != 1 and not column) or not len(y):
        one_hot = f"; use {name}.argmax(1) for one-hot labels" if y.ndim == 2 and not column else ""
        expected = "expected whole numbers of shape (n,) or (n, 1)"
        raise ValueError(f"{name}: {expected}, got {y.dtype} of shape {y.shape}{one_hot}")
    if y.min() < 0 or y.max() >= _MANY_CLASSES:
        expected = f"labels count from 0 to {_MANY_CLASSES - 1} at most"
        raise ValueError(f"{name}: {expected}, got {y.min()} to {y.max()}; number the classes from 0 on")
    return y.reshape(-1).astype(np.int64)


def _images(x, name, labels, count):
    if x.dtype != np.uint8:
        way = "scale and round them, then .astype(np.uint8)"
        raise ValueError(f"{name}: expected uint8 values 0..255, got {x.dtype}; {way}")
    if x.ndim != 4 or x.shape[3] != 3 or 0 in x.shape:
        first = x.ndim == 4 and x.shape[1] == 3
        hint = "; channels come first here: use x.transpose(0, 2, 3, 1)" if first else ""
        hint = "; for grey images use np.repeat(x[..., None], 3, axis=-1)" if x.ndim == 3 else hint
        raise ValueError(f"{name}: expected shape (n, h, w, 3), got {x.shape}{hint}")
    if len(x) != count:
        raise ValueError(f"{name} holds {len(x)} images, {labels} {count} labels; each image needs one")
    return x
