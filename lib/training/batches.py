"""Images to batches: checked at the door, shifted and mirrored, encrypted."""

from typing import Any

import numpy as np
import torch

from lib.datasets import Dataset
from lib.files import PREPARE, SHOWN
from lib.training.machine import generator
from lib.training.recipe import Recipe

# with a key per image, ids of test images count from here: no key serves training and test
TEST_IDS = 1 << 48


def encrypted(scheme: Any, images: np.ndarray, first_id: int = 0) -> np.ndarray:
    """The ciphertexts of (n, h, w, 3) uint8; with a key per image, ids count from `first_id`."""
    return scheme.encrypt(images, ids=range(first_id, first_id + len(images)) if scheme.per_image else None)


class Batches:
    """The training set in batches, as the network gets them; `len` is their number."""

    def __init__(self, data: Dataset, recipe: Recipe, scheme: Any, device: torch.device):
        self.crop, self.flip, self.cutout = recipe.crop, recipe.flip, recipe.cutout
        self.count = -(-len(data) // recipe.batch)
        once = recipe.augment == "after" or not (recipe.crop or recipe.flip or recipe.cutout)
        images = whole_batch(encrypted(scheme, data.images) if scheme and once else data.images)
        self.scheme, self.size = None if once else scheme, images.shape[1:3]
        mean = images.mean((0, 1, 2)).round().astype(np.uint8) if self.cutout else np.zeros(0, np.uint8)
        self.mean = torch.from_numpy(mean).to(device)
        if self.crop:
            around = (self.crop, self.crop)
            images = np.pad(images, ((0, 0), around, around, (0, 0)), "reflect")
        self.images = torch.from_numpy(images).to(device)
        self.labels = torch.from_numpy(data.labels.astype(np.int64)).to(device)
        draws = torch.rand(len(data), 1, generator=generator(recipe.seed, -1))
        self.mirrored = draws < 0.5 if recipe.alternate else None

    def __len__(self):
        return self.count

    def epoch(self, number: int, shuffler: torch.Generator):
        """(images, labels) of each batch, each image once: (b, c, h, w) uint8 and (b,) int64."""
        for part in torch.randperm(len(self.labels), generator=shuffler).tensor_split(self.count):
            yield self.some(part, shuffler, number), self.labels[part.to(self.labels.device)]

    def some(self, part: torch.Tensor, shuffler: torch.Generator, epoch: int) -> torch.Tensor:
        """(b, c, h, w) uint8 of the images numbered `part`; a new key for each of them in every epoch."""
        moving = self.crop or self.flip
        x = self._moved(part, shuffler, epoch) if moving else self.images[part.to(self.images.device)]
        if self.cutout:
            x = self._cut_out(x, shuffler)
        x = x.permute(0, 3, 1, 2)
        if self.scheme is None:
            return x
        ids = (part + epoch * len(self.labels)).numpy() if self.scheme.per_image else None
        return self.scheme.encrypt(x, ids=ids)

    def _moved(self, part, shuffler, epoch):
        """The images `part`, each cut out at a place of its own, and mirrored or not."""
        height, width = self.size
        top, left = torch.randint(2 * self.crop + 1, (2, len(part), 1), generator=shuffler)
        rows, columns = torch.arange(height) + top, torch.arange(width) + left
        if self.flip:
            if self.mirrored is None:
                mirror = torch.rand(len(part), 1, generator=shuffler) < 0.5
            else:
                mirror = self.mirrored[part] ^ bool(epoch % 2)
            columns = torch.where(mirror, columns.flip(1), columns)
        _, h, w, c = self.images.shape
        # pixels of all images numbered through: a third of the time of three indices
        pixels = ((part[:, None] * h + rows) * w)[:, :, None] + columns[:, None, :]
        chosen = pixels.flatten().to(self.images.device)
        return self.images.view(-1, c).index_select(0, chosen).view(len(part), height, width, c)

    def _cut_out(self, x, shuffler):
        """Each image with a square whose middle lies anywhere in it in the mean colour."""
        height, width = self.size
        down, right = (torch.randint(side, (len(x), 1), generator=shuffler) for side in (height, width))
        rows, columns = (
            (torch.arange(side) - middle + self.cutout // 2).div(self.cutout, rounding_mode="floor") == 0
            for side, middle in ((height, down), (width, right))
        )
        inside = (rows[:, :, None] & columns[:, None, :])[..., None].to(x.device)
        return torch.where(inside, self.mean, x)


# -- the door ------------------------------------------------------------------------------------------------


def check(data: Dataset) -> None:
    """TypeError or ValueError unless images and labels of a data set fit each other and its classes."""
    images, labels, classes = data.images, data.labels, len(data.classes)
    whole_batch(images, data.source)
    if labels.shape != (len(images),):
        given = f"{len(images)} images and labels of shape {labels.shape}"
        raise ValueError(f"{data.source}: {given}; give each image one")
    if labels.dtype.kind not in "iu":
        given = f"labels are whole numbers, got {labels.dtype}"
        raise TypeError(f"{data.source}: {given}; number the classes from 0 on")
    if labels.min() < 0 or labels.max() >= classes:
        given = f"labels run from {labels.min()} to {labels.max()}, but there are {classes} classes"
        raise ValueError(f"{data.source}: {given}; number them from 0 to {classes - 1}")


def check_training(data: Dataset, test: Dataset | None, crop: int) -> None:
    """TypeError or ValueError unless a network can be trained on `data` and evaluated on `test`."""
    check(data)
    counts = np.bincount(data.labels.astype(np.int64), minlength=len(data.classes))
    if len(data.classes) < 2:
        raise ValueError(f"{data.source}: one class alone, from which nothing can be learned; add another")
    missing = [str(name) for name, count in zip(data.classes, counts) if not count]
    if missing:
        more = f" and {len(missing) - SHOWN:,} more of {len(counts):,}" if len(missing) > SHOWN else ""
        empty = ", ".join(missing[:SHOWN]) + more
        raise ValueError(f"{data.source}: no image of class {empty}; add some, or leave the class out")
    h, w = data.images.shape[1:3]
    if crop >= min(h, w):
        most = f"images of {h}x{w} reflect at most {min(h, w) - 1} pixels"
        raise ValueError(f"{data.source}: {most}, got crop={crop}")
    if test is None:
        return
    check(test)
    if test.images.shape[1:] != data.images.shape[1:]:
        here, there = ("x".join(map(str, each.images.shape[1:])) for each in (test, data))
        images = f"images are {here}, those of {data.source} {there}"
        raise ValueError(f"{test.source}: {images}; bring all to one size: {PREPARE}")
    if tuple(test.classes) != tuple(data.classes):
        here, there = (", ".join(map(str, each.classes)) for each in (test, data))
        classes = f"classes {here}; those of {data.source} are {there}"
        raise ValueError(f"{test.source}: {classes}: a label would not mean the same in both")


def whole_batch(images: np.ndarray, source: str = "images") -> np.ndarray:
    """(n, h, w, c) uint8, checked; grey ciphertexts, (n, h, w), get their channel axis."""
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        kind = getattr(images, "dtype", type(images).__name__)
        raise TypeError(f"{source}: expected a NumPy array of uint8 values 0..255, got {kind}")
    if images.ndim not in (3, 4) or 0 in images.shape:
        expected = "expected shape (n, h, w, channels), or (n, h, w) for grey"
        raise ValueError(f"{source}: {expected}, got {images.shape}")
    return np.ascontiguousarray(images if images.ndim == 4 else images[..., None])
