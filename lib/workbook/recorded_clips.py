"""From one clip under one key: how many frames are worth one picture? `data/results/clips.json`.

    python -m lib.workbook.recorded_clips

The key of `cfe` serves one clip, so an attacker has its frames and no other ciphertexts. Frames are alike:
borders that go together by chance in one do so in the next. Clips are made here, by moving a window over an
embedded photograph, so many pixels from frame to frame, with the noise of a camera; beside them stand as many
windows of other photographs. `one-key-etc` reads each, under V1 and V2. Its score is the share of
sub-blocks that are right, every value, up to a turn, sign and colour order of all frames: `make clips`.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lib import Key, datasets, metrics
from lib.atomic import write_json
from lib.attacks.many_ciphertexts.etc import etc_one_key
from lib.schemes import CompressionFriendly, OneTimePad, Scheme
from lib.workbook.recording import RESULTS, text_table, versions

OUT = RESULTS / "clips.json"
SIDE, SHORT = 96, 192  # of a frame, and of the scaled photograph that it moves over
FRAMES = 1, 2, 4, 8
STEPS = 0, 1, 4  # pixels from frame to frame
PICTURES = ("china", "coffee", "motorcycle")  # one for each key
NOISE = 2.0  # standard deviation of a value
MOVES = ("turns", "complement", "colours")
READ = 0.9  # share of sub-blocks from which a clip counts as read


def clip(name: str, step: int, frames: int, seed: int) -> np.ndarray:
    """(frames, SIDE, SIDE, 3) uint8: a window that moves to the right and back over a photograph."""
    image, rng = _wide(name), np.random.default_rng(seed)
    room = image.shape[1] - SIDE
    path = np.abs((np.arange(frames) * step + room) % (2 * room) - room)
    top = (image.shape[0] - SIDE) // 2
    windows = np.stack([image[top : top + SIDE, left : left + SIDE] for left in path]).astype(float)
    return np.clip(windows + rng.normal(0, NOISE, windows.shape), 0, 255).round().astype(np.uint8)


def windows(first: str, frames: int, seed: int) -> np.ndarray:
    """As many windows, (frames, SIDE, SIDE, 3), each of the next photograph; the first is the clip's own."""
    names = [first, *(name for name in datasets.photo_names if name != first)]
    each = [clip(names[i % len(names)], 7 * (i // len(names)) * SIDE // 8 or 1, 1 + i // len(names), seed + i)
            for i in range(frames)]  # fmt: skip
    return np.stack([frames_of[-1] for frames_of in each])


def _wide(name):
    from PIL import Image

    image = Image.fromarray(datasets.photo(name))
    scale = SHORT / min(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    return np.array(image.resize(size, Image.Resampling.LANCZOS))


def read(truth: np.ndarray, scheme: Scheme, block: int) -> dict[str, float]:
    """The share of blocks that come back right of one clip, and what the attack thinks of it."""
    ciphers = scheme.encrypt(truth, ids=range(len(truth)) if scheme.per_image else None)
    started = time.process_time()
    result = etc_one_key(ciphers, block)
    seconds = time.process_time() - started
    best = metrics.nearest(result.estimate, truth, MOVES)
    right = metrics.direct(best, truth, block)
    return {"right": right, "confidence": float(np.mean(result.confidence)), "seconds": seconds}


def measured(make: Callable, count: int) -> dict[str, float]:
    """Means and the worst over keys, a photograph each, with so many frames."""
    found = [read(*make(seed, name, count)) for seed, name in enumerate(PICTURES)]
    out = {name: round(float(np.mean([each[name] for each in found])), 3) for name in found[0]}
    return out | {"worst": round(min(each["right"] for each in found), 3),
                  "read": sum(each["right"] >= READ for each in found)}  # fmt: skip


def main(argv: list[str] | None = None, frames: tuple[int, ...] = FRAMES) -> int:
    """Run everything, and write the record."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(argv)

    def maker(kind, step):
        def make(seed, name, count):
            truth = windows(name, count, seed) if step is None else clip(name, step, count, seed)
            if kind == "pad":
                return truth, OneTimePad(Key.from_seed(seed)), 8
            return truth, CompressionFriendly(Key.from_seed(seed), own_keys=kind == "V2"), 8

        return make

    runs = {f"{kind}, {step} pixels a frame": maker(kind, step) for kind in ("V1", "V2") for step in STEPS}
    runs |= {f"{kind}, other pictures": maker(kind, None) for kind in ("V1", "V2")}
    curves = {}
    for name, make in tqdm(runs.items(), disable=not sys.stderr.isatty()):
        curves[name] = {str(count): measured(make, count) for count in frames}
    curves["one-time pad, 1 pixels a frame"] = {str(frames[-1]): measured(maker("pad", 1), frames[-1])}
    about = {"photographs": PICTURES, "side": SIDE, "noise": NOISE, "sub-block": 8}
    write_json(args.out, about | {"curves": curves, "versions": versions("numpy")})
    print(table({"curves": curves}))
    return 0


def _told(each):
    return f"{each['right']:.2f} ({each['read']})"


def table(record: dict) -> str:
    """A record as text: of five clips how many are read, by number of frames."""
    rows = [{"clip": name} | {f"{count} frames": _told(each) for count, each in points.items()}
            for name, points in record["curves"].items()]  # fmt: skip
    return text_table(rows)


if __name__ == "__main__":
    sys.exit(main())
