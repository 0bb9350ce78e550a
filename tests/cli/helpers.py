"""What the tests of the shell have in common: calls, images and files."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from lib import Key
from lib.__main__ import main
from lib.cli.image_files import find_record

ROOT = Path(__file__).resolve().parents[2]


PUBLISHED = "block-wise-scrambled"


def photo(path, seed, size=(9, 6), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), np.uint8)).convert(
        mode
    )
    image.save(path)
    return path


def pixels(path):
    return np.asarray(Image.open(path))


def record_of(path):
    return find_record(Image.open(path))


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def lib(*words):
    """`python -m lib` with these words: the exit status."""
    try:
        return main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code


ENCRYPT = ("encrypt", "plain", "cipher", "--key", "key.json", "--scheme")


DECRYPT = ("decrypt", "cipher", "back", "--key", "key.json")


E, A, K = ("encrypt", "plain", "cipher"), ("encrypt", "plain/a.png"), ("--key", "key.json")


ETC = ("--scheme", "etc")


CLASSES = ("ape", "bee", "cow")


KEY, OTHER = Key.from_seed(6), Key.from_seed(7)


def stripes(count, seed, side=8):
    """Noise, a little brighter in some rows: which ones is the class. Hard: nothing gets all of them
    right."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 3)
    images = rng.integers(0, 160, (count, side, side, 3), np.uint8)
    for image, label in zip(images, labels):
        image[2 * label : 2 * label + 2] += 30
    return images, labels


def save_folder(root, images, labels, split="train"):
    for i, (image, label) in enumerate(zip(images, labels)):
        path = Path(root, split, CLASSES[label], f"{i}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def save_npz(path, side=8, train=120, test=45):
    arrays = [*stripes(train, 1, side), *stripes(test, 2, side)]
    np.savez(path, **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays)))


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def weights(folder):
    return torch.load(Path(folder, "weights.pt"), weights_only=True)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def facts(folder):
    return json.loads(Path(folder, "model.json").read_text())


def rows(path):
    return list(csv.DictReader(Path(path).read_text().splitlines()))


def snapshot(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


TRAIN = ("train", "--model", "blocknet", "--device", "cpu", "--batch", "20", "--epochs", "2")


PLAIN = (*TRAIN, "--data", "npz:plain.npz", "--out", "model")


TANAKA = ("--scheme", "tanaka", "--key", "key.json")
