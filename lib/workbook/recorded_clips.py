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
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from lib import Key, datasets
from lib.atomic import write_json
from lib.attacks.many_ciphertexts.etc import etc_one_key
from lib.attacks.one_ciphertext.jigsaw import MOVES
from lib.photos import scaled_to
from lib.schemes import NO_KEY, CompressionFriendly, OneTimePad, Scheme
from lib.workbook.recorded_jigsaws import timed
from lib.workbook.recording import RESULTS, text_table, versions

OUT = RESULTS / "clips.json"
SIDE, SHORT = 96, 192  # of a frame, and of the scaled photograph that it moves over
FRAMES = 1, 2, 4, 8
STEPS = 0, 1, 4  # pixels from frame to frame
PICTURES = ("china", "coffee", "motorcycle")  # one for each key
NOISE = 2.0  # standard deviation of a value
SUB_BLOCK = CompressionFriendly(NO_KEY).piece
READ = 0.9  # share of sub-blocks from which a clip counts as read


def clip(name: str, step: int, frames: int, seed: int, start: int = 0) -> np.ndarray:
    """(frames, SIDE, SIDE, 3) uint8: a window that moves over a photograph, to the right and back."""
    image = scaled_to(Image.fromarray(datasets.photo(name)), SHORT)
    room, top = image.shape[1] - SIDE, (image.shape[0] - SIDE) // 2
    path = np.abs((start + np.arange(frames) * step + room) % (2 * room) - room)
    seen = np.stack([image[top : top + SIDE, left : left + SIDE] for left in path]).astype(float)
    noise = np.random.default_rng(seed).normal(0, NOISE, seen.shape)
    return np.clip(seen + noise, 0, 255).round().astype(np.uint8)


def windows(first: str, frames: int, seed: int) -> np.ndarray:
    """As many windows, (frames, SIDE, SIDE, 3), each of the next photograph; the first is the clip's own."""
    names = [first, *(name for name in datasets.photo_names if name != first)]
    places = [divmod(i, len(names)) for i in range(frames)]
    each = [clip(names[k], 0, 1, seed + i, turn * SIDE) for i, (turn, k) in enumerate(places)]
    return np.concatenate(each)


def read(truth: np.ndarray, scheme: Scheme) -> dict[str, float]:
    """The share of sub-blocks that come back right of one clip, and what the attack thinks of it."""
    ciphers = scheme.encrypt(truth, ids=range(len(truth)) if scheme.per_image else None)
    _, _, scores = timed(lambda: etc_one_key(ciphers, SUB_BLOCK), truth, SUB_BLOCK, MOVES)
    return {"right": scores["direct"]} | {name: scores[name] for name in ("confidence", "seconds")}


def measured(make: Callable[[Key], Scheme], step: int | None, count: int) -> dict[str, float]:
    """Means and the worst over keys, with so many frames of a photograph each, or for None of others, too."""
    found = []
    for seed, name in enumerate(PICTURES):
        truth = windows(name, count, seed) if step is None else clip(name, step, count, seed)
        found.append(read(truth, make(Key.from_seed(seed))))
    out = {name: round(float(np.mean([each[name] for each in found])), 3) for name in found[0]}
    return out | {"worst": round(min(each["right"] for each in found), 3),
                  "read": sum(each["right"] >= READ for each in found)}  # fmt: skip


def main(argv: list[str] | None = None, frames: tuple[int, ...] = FRAMES) -> int:
    """Run everything, and write the record."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(argv)
    kinds = {name: partial(CompressionFriendly, own_keys=name == "V2") for name in ("V1", "V2")}
    runs = {f"{name}, {step} pixels a frame": (kind, step) for name, kind in kinds.items() for step in STEPS}
    runs |= {f"{name}, other pictures": (kind, None) for name, kind in kinds.items()}
    curves = {}
    for name, run in tqdm(runs.items(), disable=not sys.stderr.isatty()):
        curves[name] = {str(count): measured(*run, count) for count in frames}
    curves["one-time pad, 1 pixels a frame"] = {str(frames[-1]): measured(OneTimePad, 1, frames[-1])}
    about = {"photographs": PICTURES, "side": SIDE, "noise": NOISE, "sub-block": SUB_BLOCK}
    write_json(args.out, about | {"curves": curves, "versions": versions("numpy")})
    print(table({"curves": curves}))
    return 0


def _told(each):
    return f"{each['right']:.2f} ({each['read']})"


def table(record: dict) -> str:
    """A record as text: of the clips how many are read, by number of frames."""
    rows = [{"clip": name} | {f"{count} frames": _told(each) for count, each in points.items()}
            for name, points in record["curves"].items()]  # fmt: skip
    return text_table(rows)


if __name__ == "__main__":
    sys.exit(main())
