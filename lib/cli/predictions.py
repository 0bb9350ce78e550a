"""What a trained network says of images: a file, a folder of files, or an .npz, plain or encrypted.

Images go in as they are, and no key is needed. Network and ciphertext name the scheme and key they belong to;
where these differ, answers mean nothing, and `mismatches` says so.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from lib.atomic import remove_unfinished, whole_file
from lib.cli.archives import are_images, cipher_of_archive, is_archive, read_arrays
from lib.cli.image_files import cipher_of_image
from lib.cli.jobs import images_in
from lib.cli.model_folder import Trained
from lib.cli.records import described, named
from lib.datasets import opened, pixels_of
from lib.files import PREPARE, Found, note_each
from lib.models.inputs import sides
from lib.training import scores

AT_ONCE = 500  # images that are read, then classified


def predict(trained: Trained, source: Path, *, threads: int = 1) -> tuple[pd.DataFrame, Found]:
    """The class of every image in `source`, by order of paths or arrays; and what was found in the folder.

    The table has the columns file, class, probability; group, the array's name, "" for files; cipher, a
    `lib.cli.records.Cipher`, None for a plain image; and known, the true class, None where no folder below
    `source` is named like one, or the array x... of an .npz has no y... of labels.
    Errors: OSError; ValueError that names what is broken, or of another size than the network reads.
    """
    found = images_in(source)
    parts = _of_archive(trained, source) if is_archive(source) else _of_files(trained, source, found.images)
    before, classes, tables = torch.get_num_threads(), np.array(trained.facts.classes, object), []
    torch.set_num_threads(threads)
    try:
        for images, facts in parts:
            share = scores(trained.network, images)
            answer = {"class": classes[share.argmax(1)], "probability": share.max(1)}
            tables.append(pd.DataFrame(facts | answer))
    finally:
        torch.set_num_threads(before)
    return pd.concat(tables, ignore_index=True), found


def _of_files(trained, source, paths):
    root, classes = source if source.is_dir() else source.parent, trained.facts.classes
    notes = []
    with tqdm(total=len(paths), unit=" images", disable=len(paths) < 2 or None) as bar:
        for start in range(0, len(paths), AT_ONCE):
            part = paths[start : start + AT_ONCE]
            inside, pairs = [path.relative_to(root) for path in part], list(map(opened, part))
            notes += [told for _, told in pairs]
            files = [image for image, _ in pairs]
            images = [_fitting(pixels_of(*pair), pair[1], trained) for pair in zip(files, part)]
            known = [next(filter(classes.__contains__, path.parts[:-1]), None) for path in inside]
            facts = {"group": "", "known": known, "cipher": list(map(cipher_of_image, part, files))}
            yield np.stack(images), {"file": [path.as_posix() for path in inside]} | facts
            bar.update(len(part))
    note_each(notes)


def _of_archive(trained, path):
    with named(path):
        arrays = read_arrays(path)
    cipher, classes = cipher_of_archive(path), trained.facts.classes
    found = [name for name, x in arrays.items() if are_images(x)]
    if not found:
        there = ", ".join(arrays) or "no arrays"
        raise ValueError(f"{path}: holds no images, uint8 (n, h, w, 3); it has {there}")
    for name in found:
        x = _fitting(arrays[name], f"{path}: {name}", trained)
        y = arrays.get("y" + name[1:]) if name[0] == "x" else None
        labels = y is not None and y.size == len(x) and y.dtype.kind in "iu"
        labels = labels and 0 <= y.min() <= y.max() < len(classes)
        known = [classes[label] for label in y.ravel()] if labels else [None] * len(x)
        for start in range(0, len(x), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            files = [f"{name}[{i}]" for i in range(len(x))[part]]
            facts = {"file": files, "group": name, "known": known[part], "cipher": [cipher] * len(files)}
            yield x[part], facts


def _fitting(images, name, trained):
    reads, size = sides(trained.facts.side), images.shape[-3:-1]
    if size != reads:
        way = f"bring it to that size: {PREPARE}"
        raise ValueError(f"{name} is {size[0]}x{size[1]}, and the network reads {reads[0]}x{reads[1]}; {way}")
    return images


def mismatches(trained: Trained, answers: pd.DataFrame) -> list[str]:
    """A line for every kind of image that is not what the network was trained on."""
    kinds, wanted, lines = {}, trained.facts.cipher, []
    for file, cipher in zip(answers["file"], answers["cipher"]):
        kinds.setdefault(cipher, []).append(file)
    wrong = "are not what the network was trained on, and its answers mean nothing"
    for cipher, files in kinds.items():
        first = f"{files[0]} is {described(cipher)}, and each image in training was {described(wanted)}"
        lines += [f"{len(files):,} of {len(answers):,} images {wrong}: {first}"] * (cipher != wanted)
    return lines


def accuracies(answers: pd.DataFrame) -> list[str]:
    """A line for every group of images with known classes."""
    known = answers[answers["known"].notna()]
    groups = (known["known"] == known["class"]).groupby(known["group"], sort=False).agg(["mean", "size"])
    line = "{}accuracy {:.4f} on {:,} images of known class"
    return [line.format(group and f"{group}: ", *told) for group, *told in groups.itertuples()]


def write(answers: pd.DataFrame, target: Path, overwrite: bool = False) -> None:
    """A .csv with a row an image: file, class, probability. FileExistsError for a file in the way."""
    table = answers[["file", "class", "probability"]]
    text = table.to_csv(index=False, float_format="%.6f", lineterminator="\n")
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished([target])
    with whole_file(target, overwrite) as file:
        file.write(text.encode("utf-8", "surrogateescape"))
