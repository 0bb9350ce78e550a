"""`python -m lib train`: a network trained on a data set of `lib.datasets`, plain or encrypted, and kept in a
folder, see `lib.cli.model_folder`."""

import platform
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lib import __version__, datasets
from lib.cli.archives import cipher_of_archive
from lib.cli.image_files import cipher_of_image
from lib.cli.model_folder import Network, check_free, save
from lib.cli.records import Cipher, described
from lib.datasets import Dataset
from lib.files import PREPARE
from lib.images import pad
from lib.schemes import NO_KEY, Scheme
from lib.training import Recipe, Run, fit


def train(data: str, out: Path, name: str, recipe: dict[str, Any], *, adaptation: str | None = None,
          block: int | None = None, scheme: Scheme | None = None, limit: int | None = None,
          **options) -> tuple[Run, bool]:  # fmt: skip
    """Train on a data set, and keep the network in the folder `out`; the run, and whether it was done before.

    data      as `lib.datasets` names it; name and adaptation as `lib.models` does
    recipe    arguments of `Recipe`; data that are encrypted already are augmented "after" encryption
    block     of the network; None for that of the cipher, else 4
    scheme    encrypts plain images, padded to whole blocks; None for images as they are, plain or encrypted
    limit     at most so many images of each split
    options   device, threads, progress: as for `fit`
    Errors: those of `datasets.load` and `fit`; FileExistsError for a folder of another model; ValueError for
    data that are encrypted already though a scheme came, of mixed keys or schemes, or not read by networks.
    """
    train, test, found = _read(data, limit)
    if found and scheme:
        way = "train on it without a scheme and a key"
        raise ValueError(f"{data} is encrypted already, as {described(found)}; {way}")
    if found and recipe.get("augment") == "before":
        raise ValueError(f"{data} is encrypted already; what is augmented is ciphertexts: 'after' encryption")
    cipher = Cipher.of(scheme) if scheme else found
    recipe = Recipe(**recipe | ({"augment": "after"} if found else {}))
    if scheme:
        train, test = (p and replace(p, images=pad(p.images, scheme.block)) for p in (train, test))
    block, side = block or _block(cipher), _side(train, test)
    network = Network(name=name, adaptation=adaptation, block=block, side=side)
    check_free(out)
    options |= {"scheme": scheme, "test": test, "folder": out}
    run = fit(lambda: network.build(len(train.classes)), train, recipe, **options)
    versions = {"torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version()}
    facts = {
        "network": network, "classes": list(train.classes), "side": network.side, "channels": 3,
        "recipe": asdict(recipe), "cipher": cipher,
        "encrypted": None if cipher is None else "while training" if scheme else "before",
        "data": train.source, "images": len(train), "limit": limit,
        "device": str(options.get("device", "cpu")), "versions": {"lib": __version__, **versions},
    }  # fmt: skip
    return run, save(out, run, facts)


def _read(data, limit) -> tuple[Dataset, Dataset | None, Cipher | None]:
    """The images to train on, to test on if any, and what encrypted them all; each file is opened once."""
    kind, _, path = data.partition(":")
    root, seen = Path(path).expanduser(), []

    def take(path, cipher):
        if not seen:
            _block(cipher)
            seen.append((path, cipher))
        if cipher != seen[0][1]:
            one, other = (f"{at} is {described(each)}" for at, each in (seen[0], (path, cipher)))
            raise ValueError(f"{one}, and {other}; encrypt all under one scheme and key")

    def look(path, image):
        take(path, cipher_of_image(path, image))

    if kind == "npz" and root.is_file():
        take(root, cipher_of_archive(root))
    train, test = datasets.load(data, "train", limit, look), None
    if kind != "folder" or (root / "test").is_dir():
        test = datasets.load(data, "test", limit, look)
    return train, test, seen[0][1] if seen else None


def _block(cipher) -> int:
    """The side of a cipher's blocks, 4 where it has none. ValueError for ciphers that no network reads."""
    if cipher is None:
        return 4
    scheme = Scheme.from_dict(cipher.scheme, NO_KEY)
    if scheme.channels != 3 or scheme.dtype is not np.uint8:
        raise ValueError(f"networks here read RGB images of bytes, and {described(cipher)} holds none")
    return cipher.scheme.get("block", 4)


def _side(train, test) -> int | list[int]:
    """The side of all images, which have to be of one size; height and width where they are no squares."""
    height, width = train.images.shape[1:3]
    if test and test.images.shape[1:3] != (height, width):
        other = "{}x{}".format(*test.images.shape[1:3])
        raise ValueError(
            f"{test.source}: images of {other}, and those to train on are {height}x{width}; {PREPARE}"
        )
    return height if height == width else [height, width]
