"""A trained network in a folder: what `python -m lib train` makes, and `lib.cli.predictions` asks.

    checkpoint.pt, log.jsonl   of `lib.training.fit`, by which a run that was stopped goes on
    weights.pt                 the state dict of the network to use
    model.json                 all else that its use takes: network, classes, side of an image; how it was
                               trained; and what its training images were: plain, or ciphertexts of which
                               scheme and key

Whoever has weights.pt and model.json can classify ciphertexts, without the key: only its fingerprint is
there. Files are renamed into place, model.json last, with the SHA-256 of weights.pt: a folder is whole or is
said not to be.
"""

import hashlib
import io
import json
import platform
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from lib import __version__, datasets
from lib.atomic import remove_unfinished, whole_file, write_json
from lib.cli import archives, jobs
from lib.cli.image_files import find_record
from lib.cli.pictures import open_image
from lib.images import pad
from lib.models import by_name
from lib.schemes import by_name as scheme_by_name
from lib.training import Recipe, Run, fit

FORMAT, VERSION = "learnable image encryption model", 1
FILES = CHECKPOINT, LOG, WEIGHTS, FACTS = "checkpoint.pt", "log.jsonl", "weights.pt", "model.json"


@dataclass(frozen=True)
class Trained:
    """A network to use, on its device, and the contents of its model.json."""

    network: torch.nn.Module
    facts: dict

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.facts["classes"])


# -- train ---------------------------------------------------------------------------------------------------


def train(
    data: str, network: dict, out, recipe: dict, *, scheme=None, limit=None, **options
) -> tuple[Run, bool]:
    """Train on a data set of `lib.datasets`, and keep the network in the folder `out`.

    Returns the run, and whether it was finished before.

    network   {"name": of lib.models.names, "adaptation": or None, "block": None for that of the cipher, else
              4}
    recipe    arguments of `Recipe`. Of data that are encrypted already, images are augmented "after"
              encryption
    scheme    encrypts plain images, padded to whole blocks; None for images as they are, plain or encrypted
    limit     at most so many images of each split
    options   device, threads, progress: as for `fit`
    Errors: those of `datasets.load` and `fit`; ValueError for data that are encrypted already though a scheme
    came, of mixed keys or schemes, or that the networks do not read; FileExistsError for a folder of another
    model.
    """
    out, found = Path(out), cipher_of_data(data, limit)
    if found and scheme:
        raise ValueError(
            f"{data} is encrypted already, as {described(found)}; train on it without a scheme and a key"
        )
    if found and recipe.get("augment") == "before":
        raise ValueError(f"{data} is encrypted already; what is augmented is ciphertexts: 'after' encryption")
    cipher = found or (scheme and {"scheme": scheme.to_dict(), "key": scheme.key.fingerprint})
    block = _block(cipher)
    recipe = Recipe(**recipe | ({"augment": "after"} if found else {}))
    train, test = _splits(data, limit, scheme)
    side = _side(train, test)
    network = network | {"block": network["block"] or block, "side": side}
    _check_free(out)
    run = fit(
        lambda: _build(network, train.classes), train, recipe, scheme=scheme, test=test, folder=out, **options
    )
    facts = {
        "network": network, "classes": train.classes, "side": side, "channels": 3, "recipe": asdict(recipe),
        "cipher": cipher, "encrypted": None if cipher is None else "while training" if scheme else "before",
        "data": train.source, "images": len(train), "limit": limit, "history": run.history[-1],
        "device": str(options.get("device", "cpu")), "versions": _versions(),
    }  # fmt: skip
    return run, _save(out, run, facts)


def _block(cipher) -> int:
    """The side of a cipher's blocks, 4 where it has none. ValueError for ciphers that the networks do not
    read."""
    fields = cipher["scheme"] if cipher else {}
    name, published = fields.get("scheme"), fields.get("as_published")
    if cipher and (scheme_by_name(name).channels != 3 or (name == "ffx" and published)):
        raise ValueError(
            f"networks here read RGB images of bytes, and ciphertexts of {_settings(fields)} are none"
        )
    return fields.get("block", 4)


def _splits(data, limit, scheme):
    """The images to train on, padded for the scheme, and those to test on, None where a folder has none."""
    kind, _, path = data.partition(":")
    train, test = datasets.load(data, "train", limit), None
    if kind != "folder" or (Path(path).expanduser() / "test").is_dir():
        test = datasets.load(data, "test", limit)
    if scheme is None:
        return train, test
    return tuple(part and replace(part, images=pad(part.images, scheme.block)) for part in (train, test))


def _side(train, test) -> int:
    """The side of all images, which have to be square and of one size."""
    height, width = train.images.shape[1:3]
    if height != width:
        raise ValueError(
            f"{train.source}: images of {height}x{width}, and networks here read squares; crop them"
        )
    if test and test.images.shape[1:3] != (height, width):
        other = "x".join(map(str, test.images.shape[1:3]))
        raise ValueError(f"{test.source}: images of {other}, and those to train on are {height}x{width}")
    return height


def _build(network, classes):
    return by_name(
        network["name"],
        len(classes),
        side=network["side"],
        block=network["block"],
        adaptation=network["adaptation"],
    )


def _check_free(out):
    """FileExistsError where `out` holds a model, but no checkpoint that could tell which; left-overs of kills
    go."""
    remove_unfinished(out / name for name in FILES)
    there = [name for name in FILES if (out / name).exists()]
    if there and CHECKPOINT not in there:
        raise FileExistsError(
            f"{out} holds {there[0]}, but no {CHECKPOINT} to go on from; take another folder"
        )


def _save(out, run, facts) -> bool:
    """Write weights and facts, unless they are there already; whether they were."""
    try:
        if load(out).facts["history"] == run.history[-1]:
            return True
    except (OSError, ValueError):
        pass  # not there yet, or not whole
    buffer = io.BytesIO()
    torch.save(run.model.state_dict(), buffer)
    facts = {
        "format": FORMAT,
        "version": VERSION,
        **facts,
        "weights": hashlib.sha256(buffer.getbuffer()).hexdigest(),
    }
    with whole_file(out / WEIGHTS, overwrite=True) as file:
        file.write(buffer.getbuffer())
    write_json(out / FACTS, facts)
    return False


def _versions():
    return {
        "lib": __version__, "torch": torch.__version__, "numpy": np.__version__, "python": platform.python_version(),
    }  # fmt: skip


# -- load ----------------------------------------------------------------------------------------------------


def load(folder, device="cpu") -> Trained:
    """The network that `train` kept in `folder`, ready to use. OSError; ValueError says what is wrong with
    it."""
    folder = Path(folder)
    if not (folder / FACTS).is_file():
        begun = (folder / CHECKPOINT).exists()
        hint = (
            "its training has not ended; train again, and it goes on"
            if begun
            else "name the folder that training wrote"
        )
        raise FileNotFoundError(f"{folder} holds no {FACTS}: {hint}")
    facts = _facts(folder / FACTS)
    data = (folder / WEIGHTS).read_bytes()
    if hashlib.sha256(data).hexdigest() != facts["weights"]:
        raise ValueError(
            f"{folder / WEIGHTS} is not whole, or not the one of {FACTS}; restore it, or train again"
        )
    try:
        with torch.random.fork_rng(devices=[]):  # first weights are drawn, and at once replaced
            network = _build(facts["network"], facts["classes"])
        network.load_state_dict(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises many kinds, and tells much
        reason = jobs.describe(error).partition("\n")[0]
        raise ValueError(
            f"{folder}: {WEIGHTS} does not fit the network of {FACTS} ({reason}); train again"
        ) from None
    return Trained(network.to(device, memory_format=torch.channels_last).eval(), facts)


def _facts(path) -> dict:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not whole JSON ({error}); restore it, or train again") from None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise ValueError(f"{path} describes no model of this workbook: its format field is not {FORMAT!r}")
    if facts.get("version") != VERSION:
        raise ValueError(
            f"{path} is of version {facts.get('version')!r}, this package reads {VERSION}; train again"
        )
    missing = {"network", "classes", "side", "cipher", "weights", "history"} - set(facts)
    if missing:
        raise ValueError(f"{path} lacks the field {min(missing)}; restore it, or train again")
    return facts


def device_of(name: str) -> torch.device:
    """ "cpu", "cuda", or "auto" for the GPU where there is one."""
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ValueError("no CUDA device is to be had here; take cpu, or leave it to auto")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


# -- plain or encrypted, and how -----------------------------------------------------------------------------


def cipher_of(record: dict | None) -> dict | None:
    """Scheme and key's fingerprint by a record of `lib.cli.image_files`: what makes ciphertexts of one kind.
    None for plain."""
    if record is None:
        return None
    scheme, key = record.get("scheme"), record.get("key")
    if not isinstance(scheme, dict) or not isinstance(scheme.get("scheme"), str) or not isinstance(key, str):
        raise ValueError("has a damaged record (scheme or key)")
    return {"scheme": scheme, "key": key}


def cipher_of_file(path) -> dict | None:
    with named(path):
        return cipher_of(find_record(open_image(Path(path).read_bytes())))


def cipher_of_data(data: str, limit=None) -> dict | None:
    """What a data set of `lib.datasets` is encrypted with, None for plain. ValueError where images differ in
    that."""
    kind, _, path = data.partition(":")
    root = Path(path).expanduser()
    if kind == "npz" and root.is_file():
        with named(root):
            return cipher_of(archives.find_record(root))
    if kind != "folder" or not root.is_dir():
        return None
    splits = [root / split for split in datasets.SPLITS if (root / split).is_dir()]
    folders = [split / name for split in splits for name in datasets.folders(split)]
    paths = [path for folder in folders for path in islice(filter(jobs.is_image, jobs.walk(folder)), limit)]
    first = None
    for path in tqdm(paths, desc="reading records", unit="image", delay=2, leave=False, disable=None):
        cipher = cipher_of_file(path)
        first = first or (path, cipher)
        if cipher != first[1]:
            one, other = described(first[1]), described(cipher)
            raise ValueError(
                f"{first[0]} is {one}, and {path} is {other}; encrypt all under one scheme and key"
            )
    return first and first[1]


@contextmanager
def named(path):
    """Errors of what is done with a file say which file it is."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None


def described(cipher: dict | None) -> str:
    """In words, without the key.

    >>> described({"scheme": {"scheme": "etc", "version": 1, "block": 8, "per_image": False}, "key": "1c1b65d95f2b"})
    'a ciphertext of etc (block 8), key 1c1b65d9'
    """
    return (
        "plain"
        if cipher is None
        else f"a ciphertext of {_settings(cipher['scheme'])}, key {cipher['key'][:8]}"
    )


def _settings(fields):
    shown = ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in fields.items()
        if name not in ("scheme", "version") and value is not False
    )  # fmt: skip
    return f"{fields['scheme']} ({shown})" if shown else fields["scheme"]
