"""Attacks on image files: `python -m lib attack NAME --cipher SRC --out DIR`.

What `python -m lib encrypt` wrote says which scheme it is; of files by other programs one has to say so.
Pictures go to DIR under their own names, and `result.json` beside them.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lib import metrics
from lib.atomic import remove_unfinished, whole_file
from lib.attacks import CHOSEN, PAIRS, Attack, AttackResult, Known, Oracle
from lib.cli.image_files import find_record
from lib.cli.jobs import images_in
from lib.cli.records import named
from lib.datasets import opened, pixels_of
from lib.files import PREPARE
from lib.images import crop, pad
from lib.schemes import Scheme, by_name


class Pictures:
    """Images of one size from a file or a folder, in the order of their names, and what their records say.

    names    of the files, without folder
    images   (n, h, w, 3) uint8; (n, h, w) where the scheme's ciphertexts are grey
    fields   the scheme's settings that all records agree on, or None
    keys     fingerprints of the keys
    sizes    (height, width) of each picture before it was padded to whole blocks
    Errors: FileNotFoundError; ValueError for no image, several sizes, records of several schemes.
    """

    def __init__(self, source: Path, scheme: str | None = None):
        """`scheme`: the name of the scheme of files without a record; None for plain pictures."""
        paths = images_in(source).images
        read = [_read(path, scheme) for path in paths]
        records = [record for record, _ in read if record]
        sizes = {image.shape[:2] for _, image in read}
        if len(sizes) > 1:
            shown = ", ".join(f"{h}x{w}" for h, w in sorted(sizes)[:3])
            several = f"images of {len(sizes)} sizes ({shown})"
            raise ValueError(f"{source}: {several}; an attack reads images of one size; {PREPARE}")
        settings = {json.dumps(record.scheme, sort_keys=True): record.scheme for record in records}
        if len(settings) > 1:
            several = f"ciphertexts of {len(settings)} schemes or settings"
            raise ValueError(f"{source}: {several}; attack each by itself")
        self.names, self.images = [path.name for path in paths], np.stack([image for _, image in read])
        self.fields, self.keys = next(iter(settings.values()), None), {record.key for record in records}
        self.sizes = [(record.height, record.width) if record else image.shape[:2] for record, image in read]


def _read(path, scheme):
    """Record (None without one) and pixels of a file."""
    image, _ = opened(path)
    with named(path):
        record = find_record(image)
    name = record.scheme.get("scheme") if record else scheme
    return record, pixels_of(image, path, "L" if name and by_name(name).channels == 1 else "RGB")


def known_of(attack: Attack, ciphers: Pictures, scheme: Scheme, oracle: Oracle | None,
             pairs: list[Path] | None) -> Known:  # fmt: skip
    """What the attacker has, from files. `pairs` is (plain, ciphers), two files or folders, or None."""
    if attack.threat == CHOSEN and oracle is None:
        raise ValueError(f"{attack.name} asks an oracle: name the key that it encrypts with (--oracle-key)")
    if attack.threat != PAIRS:
        return Known(ciphers.images, oracle=oracle)
    if pairs is None:
        raise ValueError(f"{attack.name} needs plain images and their ciphertexts (--pairs PLAIN CIPHERS)")
    plain, cipher = map(Pictures, pairs)
    if [Path(name).stem for name in plain.names] != [Path(name).stem for name in cipher.names]:
        came = f"{len(plain.names)} plain images, {len(cipher.names)} ciphertexts, not alike"
        raise ValueError(f"pairs go by name: {came}")
    return Known(ciphers.images, plain=pad(plain.images, scheme.block), pair_ciphers=cipher.images)


def targets_in(out: Path, ciphers: Pictures, overwrite: bool = False) -> list[Path]:
    """Where `write` will write. FileExistsError where something stands there, unless `overwrite`."""
    targets = [out / Path(name).with_suffix(".png").name for name in ciphers.names] + [out / "result.json"]
    for target in targets:
        if target.exists() and not overwrite:
            raise FileExistsError(f"{target} exists; choose another folder, or overwrite it (--overwrite)")
    return targets


def write(result: AttackResult, attack: Attack, ciphers: Pictures, out: Path, truth: Path | None = None,
          overwrite: bool = False) -> dict[str, Any]:  # fmt: skip
    """Write pictures and `result.json` to the folder `out`; what the latter holds: an infinite score is None,
    and `open` what the attack leaves open, see `lib.metrics.nearest`."""
    estimates = [crop(image, size) for image, size in zip(result.estimate, ciphers.sizes)]
    facts = {
        "attack": attack.name, "threat": attack.threat, "source": attack.source, "images": len(estimates),
        "queries": result.queries, "seconds": result.seconds, "confidence": float(np.mean(result.confidence)),
        "open": list(attack.moves),
    }  # fmt: skip
    if truth is not None:
        plain = Pictures(truth).images
        scores = metrics.report(metrics.nearest(np.stack(estimates), plain, attack.moves), plain).items()
        facts["scores"] = {name: float(score) if np.isfinite(score) else None for name, score in scores}
    *targets, summary = targets_in(out, ciphers, overwrite)
    out.mkdir(parents=True, exist_ok=True)
    remove_unfinished([*targets, summary])
    for image, target in zip(estimates, targets):
        with whole_file(target, overwrite) as file:
            Image.fromarray(image).save(file, "PNG")
    with whole_file(summary, overwrite) as file:
        told = facts | {"recovered": result.recovered}
        file.write((json.dumps(told, allow_nan=False, default=lambda each: each.tolist()) + "\n").encode())
    return facts
