"""Attacks on image files: `python -m lib attack NAME --cipher SRC --out DIR`.

What `python -m lib encrypt` wrote says which scheme it is, with block and split, and never the key. Of files
by other programs one has to say so. Pictures go to DIR under their own names, and `result.json` beside them:
attack, threat model, queries, seconds, confidence, what was recovered, and scores where plain pictures were
named to score by.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from lib import metrics
from lib.atomic import remove_unfinished, whole_file
from lib.attacks import AttackResult, Oracle
from lib.attacks.catalogue import CHOSEN, PAIRS, Attack, Known
from lib.cli import jobs
from lib.cli.image_files import find_record
from lib.cli.pictures import open_image
from lib.datasets import read_image
from lib.images import crop, pad
from lib.schemes import by_name


class Pictures:
    """Images of one size from a file or a folder, in the order of their names, and what their records say.

    names    of the files, without folder
    images   (n, h, w, 3) uint8; (n, h, w) where the scheme's ciphertexts are grey
    fields   the scheme's settings that all records agree on, or None
    sizes    (height, width) of each picture before it was padded to whole blocks
    Errors: FileNotFoundError; ValueError for no image, several sizes, records of several schemes.
    """

    def __init__(self, source, scheme: str | None = None):
        """`scheme`: the name of the scheme of files without a record; None for plain pictures."""
        source = Path(source)
        if not source.exists():
            raise FileNotFoundError(f"{source}: no such file or folder")
        paths = [path for path in jobs.walk(source) if jobs.is_image(path)] if source.is_dir() else [source]
        if not paths:
            raise ValueError(f"{source}: no image in this folder")
        self.names = [path.name for path in paths]
        records = [find_record(open_image(path.read_bytes())) for path in paths]
        images = [read_image(path, _mode(record, scheme)) for path, record in zip(paths, records)]
        sizes = {image.shape[:2] for image in images}
        if len(sizes) > 1:
            shown = ", ".join(f"{h}x{w}" for h, w in sorted(sizes)[:3])
            raise ValueError(
                f"{source}: images of {len(sizes)} sizes ({shown}); an attack reads images of one size"
            )
        settings = {json.dumps(record["scheme"], sort_keys=True) for record in records if record}
        if len(settings) > 1:
            raise ValueError(
                f"{source}: ciphertexts of {len(settings)} schemes or settings; attack each by itself"
            )
        self.images, self.fields = np.stack(images), json.loads(settings.pop()) if settings else None
        self.keys = {record["key"] for record in records if record}
        self.sizes = [
            (record["height"], record["width"]) if record else image.shape[:2]
            for record, image in zip(records, images)
        ]


def _mode(record, scheme):
    name = record["scheme"]["scheme"] if record else scheme
    return "L" if name and by_name(name).channels == 1 else "RGB"


def known_of(attack: Attack, ciphers: Pictures, scheme, oracle: Oracle | None, pairs) -> Known:
    """What the attacker has, from files. `pairs` is (plain, ciphers), two files or folders, or None."""
    if attack.threat == CHOSEN and oracle is None:
        raise ValueError(f"{attack.name} asks an oracle: name the key that it encrypts with (--oracle-key)")
    if attack.threat != PAIRS:
        return Known(ciphers.images, oracle=oracle)
    if pairs is None:
        raise ValueError(f"{attack.name} needs plain images and their ciphertexts (--pairs PLAIN CIPHERS)")
    plain, cipher = (Pictures(path) for path in pairs)
    if [Path(name).stem for name in plain.names] != [Path(name).stem for name in cipher.names]:
        raise ValueError(
            f"pairs go by name: {len(plain.names)} plain images, {len(cipher.names)} ciphertexts, not alike"
        )
    return Known(ciphers.images, plain=pad(plain.images, scheme.block), pair_ciphers=cipher.images)


def targets_in(out: Path, ciphers: Pictures, overwrite: bool = False) -> list[Path]:
    """Where `write` will write. FileExistsError where something stands there, unless `overwrite`."""
    targets = [out / Path(name).with_suffix(".png").name for name in ciphers.names] + [out / "result.json"]
    for target in targets:
        if target.exists() and not overwrite:
            raise FileExistsError(f"{target} exists; choose another folder, or overwrite it (--overwrite)")
    return targets


def write(
    result: AttackResult, attack: Attack, ciphers: Pictures, out: Path, truth=None, overwrite=False
) -> dict:
    """Write pictures and `result.json` to the folder `out`; what the latter holds, an infinite score as
    None."""
    estimates = [crop(image, size) for image, size in zip(result.estimate, ciphers.sizes)]
    facts = {
        "attack": attack.name,
        "threat": attack.threat,
        "source": attack.source,
        "images": len(estimates),
        "queries": result.queries,
        "seconds": result.seconds,
        "confidence": float(np.mean(result.confidence)),
        "open": list(attack.moves),
    }
    if truth is not None:
        plain = Pictures(truth).images
        scores = metrics.report(metrics.nearest(np.stack(estimates), plain, attack.moves), plain)
        facts["scores"] = {name: score if np.isfinite(score) else None for name, score in scores.items()}
    facts |= {"recovered": {name: _plain(value) for name, value in result.recovered.items()}}
    *targets, summary = targets_in(out, ciphers, overwrite)
    out.mkdir(parents=True, exist_ok=True)
    remove_unfinished([*targets, summary])
    for image, target in zip(estimates, targets):
        with whole_file(target, overwrite) as file:
            Image.fromarray(image).save(file, "PNG")
    with whole_file(summary, overwrite) as file:
        file.write((json.dumps(facts, allow_nan=False) + "\n").encode())
    return facts


def _plain(value):
    """Arrays and NumPy numbers as JSON knows them."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
