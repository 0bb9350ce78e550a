"""What a trained network says of images: a file, a folder of files, or an .npz, plain or encrypted, with no
key.

Images go in as they are. A network knows the scheme and key of what it was trained on by their names alone
(see `lib.cli.model_folder`); so does a ciphertext. Where they differ, answers mean nothing, and `mismatches`
says so.
"""

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from lib.atomic import remove_unfinished, whole_file
from lib.cli import archives, jobs
from lib.cli.model_folder import Trained, cipher_of, cipher_of_file, described, named
from lib.datasets import read_image
from lib.training import scores

AT_ONCE = 500  # images that are read, then classified


@dataclass
class Answers:
    """What came out.

    rows     (name, class, its probability) for every image
    known    by group, how many images had a known class; `right`: how many of these the network found. A
             group is an array's name, or "" for files
    ciphers  what the images were: {settings as JSON: [how many, the first's name, scheme and key]}
    left     files that are no images
    """

    rows: list[tuple[str, str, float]] = field(default_factory=list)
    known: Counter = field(default_factory=Counter)
    right: Counter = field(default_factory=Counter)
    ciphers: dict[str, list] = field(default_factory=dict)
    left: list[Path] = field(default_factory=list)


def predict(trained: Trained, source, *, threads: int = 1) -> Answers:
    """The class of every image in `source`, in the order of their paths, or of the arrays.

    A class is known where an image lies in a folder below `source` that is named like one, and in an .npz
    where an array x... of images has its y... of labels.
    Errors: OSError; ValueError that names what is broken, or of another size than the network reads.
    """
    source, answers = Path(source), Answers()
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file or folder")
    archive = source.suffix.lower() == ".npz" and not source.is_dir()
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for part in (_of_archive if archive else _of_files)(trained, source, answers):
            _add(answers, trained, *part)
    finally:
        torch.set_num_threads(before)
    return answers


def _add(answers, trained, group, names, images, labels, ciphers):
    share = scores(trained.network, images)
    best = share.argmax(1)
    answers.rows += [(name, trained.classes[k], float(row[k])) for name, k, row in zip(names, best, share)]
    answers.known[group] += int((labels >= 0).sum())
    answers.right[group] += int((labels == best).sum())
    for name, cipher in zip(names, ciphers):
        answers.ciphers.setdefault(json.dumps(cipher, sort_keys=True), [0, name, cipher])[0] += 1


# -- files and arrays ----------------------------------------------------------------------------------------


def _of_files(trained, source, answers):
    """(group, names, images, labels, ciphers) of so many images at a time."""
    paths, root = [source], source.parent
    if source.is_dir():
        files, root = list(jobs.walk(source)), source
        paths = list(filter(jobs.is_image, files))
        answers.left = sorted(set(files) - set(paths))
    if not paths:
        raise ValueError(f"{source}: no image in this folder; looked for {', '.join(jobs.PLAIN)}")
    with tqdm(total=len(paths), unit=" images", disable=None if len(paths) > 1 else True) as bar:
        for start in range(0, len(paths), AT_ONCE):
            part = paths[start : start + AT_ONCE]
            inside = [path.relative_to(root) for path in part]
            images = np.stack([_fitting(read_image(path), path, trained) for path in part])
            labels = np.array([_class_of(path, trained.classes) for path in inside])
            yield "", [path.as_posix() for path in inside], images, labels, map(cipher_of_file, part)
            bar.update(len(part))


def _of_archive(trained, path, answers):
    with named(path):
        arrays, cipher = archives.read_arrays(path), cipher_of(archives.find_record(path))
    found = [
        name
        for name, x in arrays.items()
        if x.dtype == np.uint8 and x.ndim == 4 and x.shape[3] == 3 and len(x)
    ]
    if not found:
        raise ValueError(
            f"{path}: holds no images, uint8 (n, h, w, 3); it has {', '.join(arrays) or 'no arrays'}"
        )
    for name in found:
        x = _fitting(arrays[name], f"{path}: {name}", trained)
        labels = _labels(arrays.get("y" + name[1:]) if name[0] == "x" else None, len(x), len(trained.classes))
        for start in range(0, len(x), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            names = [f"{name}[{i}]" for i in range(len(x))[part]]
            yield name, names, x[part], labels[part], [cipher] * len(names)


def _fitting(images, name, trained):
    side, size = trained.facts["side"], images.shape[-3:-1]
    if size != (side, side):
        raise ValueError(
            f"{name} is {size[0]}x{size[1]}, and the network reads {side}x{side}; bring it to the size that the images "
            "had in training"
        )
    return images


def _class_of(path, classes) -> int:
    """The first folder on the way to an image that is named like a class; -1 for none."""
    return next((classes.index(name) for name in path.parts[:-1] if name in classes), -1)


def _labels(y, count, classes):
    """The labels of an array of images; -1 for all where these are no labels of the network's classes."""
    if y is None or y.size != count or y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= classes:
        return np.full(count, -1)
    return y.reshape(-1)


# -- what to say ---------------------------------------------------------------------------------------------


def mismatches(trained: Trained, answers: Answers) -> list[str]:
    """A line for every kind of image that is not what the network was trained on: plain, or another scheme or
    key."""
    wanted = trained.facts["cipher"]
    return [
        f"{number:,} of {len(answers.rows):,} images are not what the network was trained on, and its answers mean "
        f"nothing: {first} is {described(cipher)}, and each image in training was {described(wanted)}"
        for number, first, cipher in answers.ciphers.values()
        if cipher != wanted
    ]


def accuracies(answers: Answers) -> list[str]:
    """A line for every group of images with known classes."""
    return [
        f"{group + ': ' if group else ''}accuracy {answers.right[group] / known:.4f} on {known:,} images of known class"
        for group, known in answers.known.items()
        if known
    ]


def write(answers: Answers, target: Path, overwrite: bool = False) -> None:
    """A .csv with a row an image: file, class, probability. FileExistsError for a file in the way."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("file", "class", "probability"))
    rows.writerows((name, label, f"{share:.6f}") for name, label, share in answers.rows)
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_unfinished([target])
    with whole_file(target, overwrite) as file:
        file.write(text.getvalue().encode("utf-8", "surrogateescape"))
