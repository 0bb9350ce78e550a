"""Speed, in times of `np.copyto` of the same bytes in the same process; on one thread.

`make bench` prints the table and writes `data/results/bench.json` with the machine, versions and date. An
epoch of training on ciphertexts is measured in times of one on the same plain photos. With the extra
`rivals`, scramblekit 0.1.0, the nearest neighbour, is measured beside.
"""

import argparse
import datetime
import importlib.util
import json
import multiprocessing
import platform
import re
import statistics
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lib import Key
from lib.datasets import Dataset, load
from lib.schemes import SKK, EtC, ExtendedTanaka, Scheme, Tanaka, by_name, names
from lib.workbook.lessons import ROOT, write
from lib.workbook.recording import device_name, text_table, versions

IMAGES, SIDE, REPEATS, LARGE = 10_000, 32, 9, 4096
LIMITS = {"skk": 12, "etc": 12, "tanaka": 35, "ele": 60, "skk, a key per image": 100}
NETWORK, PHOTOS, ROUNDS, TRAINING_LIMIT = "fast", 2000, 7, 1.03
RIVALS = {
    "tanaka": ("LE", {}),
    "ele": ("ELE", {}),
    "etc": ("EtC", {"channel_mode": "permutation"}),
    "skk": ("PE", {"channel_mode": "permutation"}),
}


def median(job: Callable[[], object], repeats: int = REPEATS) -> float:
    """Seconds of one call: the median of `repeats`, after one that is not counted."""
    job()
    return statistics.median(timeit.repeat(job, number=1, repeat=repeats))


def ratios(images: np.ndarray) -> list[dict]:
    """Encryption and decryption of every scheme, in times of a copy; a copy is timed beside each scheme."""
    into, key, rows = np.empty_like(images), Key.from_seed(1), []
    settings = [(name, by_name(name)(key), None) for name in names]
    settings.append(("skk, a key per image", SKK(key, per_image=True), range(len(images))))
    for name, scheme, ids in settings:
        ciphers = scheme.encrypt(images, ids)
        copy = median(lambda: np.copyto(into, images), 5 * REPEATS)
        encrypt = median(lambda: scheme.encrypt(images, ids))  # noqa: B023  called at once
        decrypt = median(lambda: scheme.decrypt(ciphers, ids))  # noqa: B023
        copy = min(copy, median(lambda: np.copyto(into, images), 5 * REPEATS))
        rows.append({
            "scheme": name, "copy_seconds": copy, "encrypt": encrypt / copy, "decrypt": decrypt / copy,
            "limit": LIMITS.get(name), "images_per_second": round(len(images) / encrypt),
        })  # fmt: skip
        if name in RIVALS and importlib.util.find_spec("scramblekit"):
            rows[-1]["scramblekit"] = rival(name, images) / encrypt
    return rows


def rival(name: str, images: np.ndarray) -> float:
    """Seconds of scramblekit's encryption of the same batch, in its lossless mode."""
    from scramblekit import scramble

    kind, options = RIVALS[name]
    scrambler = getattr(scramble, kind)(1, **options)
    return median(lambda: scrambler(images), 3)


def memory(name: str) -> dict:
    """The peak of new memory while one large photo encrypts, in times its size; for a process of its own."""

    def kilobytes(what):
        return int(re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text())[1])

    scheme = by_name(name)(Key.from_seed(1))
    scheme.encrypt(np.zeros((64, 64, 3), np.uint8))  # what is compiled or imported does not count
    photo = np.random.default_rng(1).integers(0, 256, (LARGE, LARGE, 3), np.uint8)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    before, start = kilobytes("VmRSS"), time.perf_counter()
    scheme.encrypt(photo)
    seconds, more = time.perf_counter() - start, kilobytes("VmHWM") - before
    return {"scheme": name, "times_its_size": more * 1024 / photo.nbytes, "seconds": seconds}


def large_photos() -> list[dict]:
    """`memory` of every scheme, each in a new process."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return pool.map(memory, names, chunksize=1)


def training(count: int = PHOTOS, rounds: int = ROUNDS) -> list[dict]:
    """An epoch on ciphertexts of `count` photos, in times of one on the plain photos.

    Each batch is encrypted afresh, after it was shifted and mirrored; "once" encrypts before training, and
    its seconds stand apart. Settings take turns, so that a machine that slows down slows all of them; the
    first round is not counted, and a ratio is the median over the others.
    """
    from lib.training import encrypted

    photos, settings, rows = load("photos", limit=count), training_settings(), []
    taken = [{name: epoch(photos, *how) for name, how in settings.items()} for _ in range(1 + rounds)][1:]
    for name, (scheme, augment) in settings.items():
        rows.append({"scheme": name, "seconds": statistics.median(seconds[name] for seconds in taken)})
        rows[-1]["ratio"] = statistics.median(seconds[name] / seconds["plain"] for seconds in taken)
        if augment == "after":
            rows[-1]["once_seconds"] = median(lambda: encrypted(scheme, photos.images), 3)  # noqa: B023
    return rows


def training_settings() -> dict:
    """Name: scheme, and whether photos are shifted before or after encryption."""
    key = Key.from_seed(1)
    one_key = (Tanaka(key), SKK(key), EtC(key, block=4), ExtendedTanaka(key))
    settings = {"plain": (None, "before")} | {scheme.name: (scheme, "before") for scheme in one_key}
    many, name = SKK(key, per_image=True), "skk, a key per image"
    return settings | {name: (many, "before"), f"{name}, once": (many, "after")}


def epoch(photos: Dataset, scheme: Scheme | None, augment: str) -> float:
    """Seconds of one epoch of training."""
    from lib.models import by_name as network
    from lib.training import Recipe, fit

    recipe = Recipe(epochs=1, crop=4, flip=True, augment=augment)
    run = fit(lambda: network(NETWORK, len(photos.classes)), photos, recipe, scheme=scheme)
    return run.history[0]["seconds"]


def show(title: str, rows: list[dict]) -> None:
    """Print rows as a table."""
    print(f"\n{title}\n{text_table(rows)}", flush=True)


def main() -> None:
    argparse.ArgumentParser(prog="python -m lib.workbook.benchmarks", description=__doc__).parse_args()
    from lib.workbook.training_speed import speeds

    images = np.random.default_rng(1).integers(0, 256, (IMAGES, SIDE, SIDE, 3), np.uint8)
    rows = ratios(images)
    batch = f"{IMAGES:,} images of {SIDE}x{SIDE}x3, one thread"
    show(f"{batch}; times of np.copyto of the same bytes, median of {REPEATS}", rows)
    photos = large_photos() if platform.system() == "Linux" else []
    show(f"One photo of {LARGE}x{LARGE}: peak of new memory in times its size, seconds", photos)
    epochs, those = training(), f"{PHOTOS:,} photos, in times of one on the plain photos; seconds"
    show(f"An epoch of {NETWORK!r} on {those}", epochs)
    speed_run = speeds()
    show("The speed run of CIFAR-10, forward and back, in pieces of 500", speed_run)
    slow = [row["scheme"] for row in rows if max(row["encrypt"], row["decrypt"]) > (row["limit"] or np.inf)]
    slow += [row["scheme"] for row in epochs if row["ratio"] > TRAINING_LIMIT]
    print(f"\nover the limit: {', '.join(slow) or 'none'}")
    packages = ["numpy", "numba", "torch", *["scramblekit"] * any("scramblekit" in row for row in rows)]
    made_by = versions(*packages)
    processor, system = device_name().removeprefix("CPU, "), platform.system()
    machine = {"processor": processor, "system": system, "python": made_by.pop("python")}
    batch = {"images": IMAGES, "shape": [SIDE, SIDE, 3], "repeats": REPEATS}
    settings = {"network": NETWORK, "photos": PHOTOS, "rounds": ROUNDS, "limit": TRAINING_LIMIT, "threads": 1}
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    result = {"date": date, "machine": machine, "versions": made_by, "batch": batch, "ratios": rows}
    result |= {"large_photo": photos, "training": settings | {"epochs": epochs}, "speed_run": speed_run}
    path = write(ROOT / "data" / "results" / "bench.json", json.dumps(result, indent=1) + "\n")
    print(f"\nwritten to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
