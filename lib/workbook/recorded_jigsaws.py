"""Jigsaw scores by number of pieces, block size, JPEG quality, steps of EtC: `make puzzles` writes
`data/results/jigsaw.json`.

    python -m lib.workbook.recorded_jigsaws                      on the embedded photographs
    python -m lib.workbook.recorded_jigsaws --folder pictures    and on those of a folder, PNG

A photograph gives its central square, scaled down; photographs of a folder give two crops of full detail
beside. Every one is encrypted under a key of its own, and `lib.attacks.one_ciphertext.jigsaw` is told the
block size and the steps, nothing else. Scores are medians over pictures, with the lowest: `neighbours` counts
pairs in any common state, `direct` and `ssim` are given the turn, mirror, sign and colour order that borders
leave open, and `upright` is the share of pictures for which the attack itself chose sign, colours and turn.
What a JPEG file of the ciphertext has lost is no fault of the attack: there the truth is what the key's owner
decrypts. Seconds are of one processor.

Grey EtC is attacked by `lib.attacks.one_ciphertext.grey_jigsaw`, which learns texture from the embedded
photographs but the one under attack; its scores are of luma.
"""

import argparse
import io
import itertools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from lib import Key, datasets, metrics
from lib.atomic import write_json
from lib.attacks.one_ciphertext.grey_jigsaw import grey_jigsaw
from lib.attacks.one_ciphertext.jigsaw import STEPS, jigsaw
from lib.colours import luma
from lib.schemes import EtC, GrayscaleEtC, OneTimePad
from lib.tiling import cut
from lib.workbook import attack_matrix
from lib.workbook.recording import RESULTS, text_table, versions

OUT = RESULTS / "jigsaw.json"
ALL, PERMUTED = STEPS, STEPS[:1]
MOVES = ("turns", "complement", "colours")
MANY, SOME, FEW = 20, 6, 3  # pictures; the fewer, the longer one takes
SETTINGS = {  # curve: (side, block, steps, JPEG quality or None, at most so many pictures)
    "pieces, everything, blocks of 16": [(side, 16, ALL, None, MANY) for side in (64, 128, 256)],
    "block, everything, 256x256": [
        (256, block, ALL, None, count) for block, count in ((8, FEW), (16, MANY), (32, MANY))
    ],
    "steps, 256 blocks of 16": [
        (256, 16, STEPS[:taken], None, SOME if taken < len(STEPS) else MANY) for taken in (1, 2, 3, 4)
    ],
    "steps, 1,024 blocks of 8": [(256, 8, PERMUTED, None, MANY), (256, 8, ALL, None, FEW)],
    "permutation alone, blocks of 16": [(256, 16, PERMUTED, None, SOME), (512, 16, PERMUTED, None, MANY)],
    "JPEG quality, 256 blocks of 16": [(256, 16, ALL, quality, SOME) for quality in (95, 85)],
}
SHARED = (1, 2, 3, 5, 8)  # ciphertexts of 32x32 under one key, blocks of 4
# side, block, at most so many pictures
GREY = [(128, 32, MANY), (256, 32, MANY), (256, 16, MANY), (256, 8, SOME)]
SHARED_GREY = (1, 3, 5, 10)  # the same, blocks of 8
CONTROLS = [(128, 16), (256, 32), (128, 8)]
EDGES = (0.05, 0.2, 0.5, 0.8, 0.95)  # of groups of pictures by confidence
KEYS = 5  # for ciphertexts under one key


def pictures(folder: Path | None, side: int) -> list[np.ndarray]:
    """All (side, side, 3): scaled central squares of photographs that are large enough, then crops of those
    in the folder."""
    large = [name for name in datasets.photo_names if min(datasets.photo(name).shape[:2]) >= side]
    found = [datasets.photo(name, side) for name in large]
    for path in sorted(folder.glob("*.png")) if folder else ():
        with Image.open(path) as file:
            image = file.convert("RGB")
        short = min(image.size)
        left, top = (image.width - short) // 2, (image.height - short) // 2
        box = left, top, left + short, top + short
        found.append(np.array(image.crop(box).resize((side, side), Image.Resampling.LANCZOS)))
        if 2 * side <= short:
            pixels = np.array(image)
            found += [pixels[:side, :side], pixels[-side:, -side:]]
    return found


def spread(images: list, count: int) -> list:
    """At most `count` of them, taken evenly."""
    if count >= len(images):
        return images
    return [images[i] for i in np.linspace(0, len(images) - 1, count).round().astype(int)]


# -- one picture ---------------------------------------------------------------------------------------------


def encrypted(
    image: np.ndarray, block: int, steps: tuple[str, ...], quality: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(1, h, w, 3) each: the ciphertext, and what its owner decrypts."""
    every = EtC(Key.from_seed(seed), block=block).steps(image.shape)
    taken, cipher = [every[name] for name in every if name in steps], image
    for table in taken:
        cipher = table.apply(cipher)
    truth = cipher = cipher if quality is None else through_jpeg(cipher, quality)
    for table in reversed(taken):
        truth = table.inverse().apply(truth)
    return cipher[None], truth[None]


def through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """One image after JPEG, its colours at full size (4:4:4)."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:4:4")
    return np.array(Image.open(file))


def timed(attack: Callable, truth: np.ndarray, block: int, moves: tuple[str, ...]) -> tuple:
    """An attack's result, its estimate after the moves that are left open, and the scores of both."""
    started = time.process_time()
    result = attack()
    seconds = time.process_time() - started
    best = metrics.nearest(result.estimate, truth, moves)
    return result, best, {
        "neighbours": metrics.neighbours(result.estimate, truth, block),
        "direct": metrics.direct(best, truth, block),
        "ssim": metrics.ssim(best, truth),
        "confidence": float(result.confidence.mean()),
        "seconds": seconds,
    }  # fmt: skip


def solved(
    image: np.ndarray, block: int, steps: tuple[str, ...], quality: int | None, seed: int, public: np.ndarray
) -> dict[str, float]:
    """The scores of one picture under EtC."""
    cipher, truth = encrypted(image, block, steps, quality, seed)
    result, best, scores = timed(lambda: jigsaw(cipher, block, steps, public=public), truth, block, MOVES)
    upright = [(each == best).all() for each in (result.estimate, result.estimate[:, :, ::-1])]
    largest = metrics.largest_part(result.estimate, truth, block)
    return scores | {"largest part": largest, "upright": float(any(upright))}


def solved_grey(image: np.ndarray, block: int, seed: int) -> dict[str, float]:
    """The scores of one picture under grey EtC, by luma."""
    side, scheme, truth = len(image), GrayscaleEtC(Key.from_seed(seed), block=block), luma(image[None])
    public = np.stack([other for other in pictures(None, side) if not np.array_equal(other, image)])
    cipher = scheme.encrypt(image[None])
    result, _, scores = timed(lambda: grey_jigsaw(cipher, block, public), truth, block, MOVES[:2])
    sources = scheme.table(image.shape).index.reshape(1, side, 3 * side, 1)
    is_luma = cut(sources, block)[0, :, 0, 0, 0] % (3 * side) < side
    return {"told apart": float(is_luma[result.recovered["luma"]].mean())} | scores


# -- many ----------------------------------------------------------------------------------------------------


def medians(scores: list[dict], lowest: tuple[str, ...]) -> dict:
    """Medians over pictures of all scores but "upright", and the lowest of some."""
    values = {name: [each[name] for each in scores] for name in scores[0] if name != "upright"}
    return {
        "pictures": len(scores),
        "median": {name: round(float(np.median(numbers)), 4) for name, numbers in values.items()},
        "lowest": {name: round(min(values[name]), 4) for name in lowest},
    }


def point(setting: tuple, folder: Path | None, public: np.ndarray) -> tuple[dict, list]:
    """One point of a curve, a setting of `SETTINGS`: medians over pictures and the lowest; and a pair for
    each picture of confidence and share right."""
    side, block, steps, quality, count = setting
    images = spread(pictures(folder, side), count)
    scores = [solved(image, block, steps, quality, seed, public) for seed, image in enumerate(images)]
    facts = {"side": side, "block": block, "pieces": (side // block) ** 2}
    facts |= {"steps": list(steps), "quality": quality}
    return facts | medians(scores, ("neighbours", "direct", "ssim")) | {
        "most seconds": round(max(s["seconds"] for s in scores), 3),
        "upright": round(float(np.mean([s["upright"] for s in scores])), 4),
    }, [(s["confidence"], s["direct"]) for s in scores]  # fmt: skip


def grey(side: int, block: int, count: int, folder: Path | None) -> dict:
    """One size of grey EtC: medians over pictures and the lowest."""
    scores = [
        solved_grey(image, block, seed) for seed, image in enumerate(spread(pictures(folder, side), count))
    ]
    return {"side": side, "block": block} | medians(scores, ("told apart", "neighbours", "ssim"))


def _under_one_key(count, images, block, attack, truth) -> dict:
    """The share of neighbours that `attack(images, seed)` gets right: median and lowest over keys."""
    scores = []
    for seed in range(KEYS):
        picked = images[np.random.default_rng(seed).choice(len(images), count, replace=False)]
        scores.append(metrics.neighbours(attack(picked, seed).estimate, truth(picked), block))
    found = {"median": round(float(np.median(scores)), 4), "lowest": round(min(scores), 4)}
    return {"ciphertexts": count} | found


def shared(count: int, public: np.ndarray) -> dict:
    """`count` images of 32x32 under one key of EtC, blocks of 4."""

    def attack(images, seed):
        return jigsaw(EtC(Key.from_seed(seed), block=4).encrypt(images), 4, public=public)

    return _under_one_key(count, datasets.load("photos", "test").images, 4, attack, lambda images: images)


def shared_grey(count: int) -> dict:
    """As `shared`, for grey EtC with blocks of 8; pictures under attack and public ones are of other
    photographs."""
    data = attack_matrix.pictures()

    def attack(images, seed):
        return grey_jigsaw(GrayscaleEtC(Key.from_seed(seed)).encrypt(images), 8, public=data.others)

    return _under_one_key(count, data.targets, 8, attack, luma)


def control(side: int, block: int, public: np.ndarray) -> dict:
    """The attack on a one-time pad."""
    image = datasets.photo(attack_matrix.SEVERAL[0], side)[None]
    result = jigsaw(OneTimePad(Key.from_seed(1)).encrypt(image, ids=[0]), block, public=public)
    return {
        "side": side,
        "block": block,
        "neighbours": metrics.neighbours(result.estimate, image, block),
        "ssim": round(metrics.ssim(metrics.nearest(result.estimate, image, MOVES), image), 4),
        "confidence": round(float(result.confidence.max()), 6),
    }


def control_grey(side: int, block: int) -> dict:
    """The grey attack on a one-time pad."""
    pad = OneTimePad(Key.from_seed(1)).encrypt(np.zeros((1, side, 3 * side, 3), np.uint8), ids=[0])[..., 0]
    confidence = round(float(grey_jigsaw(pad, block).confidence.max()), 6)
    return {"side": side, "block": block, "confidence": confidence}


def reliability(pairs: list) -> list[dict]:
    """Pictures sorted by what the attack promised: how many blocks it said would be right, and how many
    were."""
    said, right = np.array(pairs).T
    place = np.digitize(said, EDGES)
    groups = [place == k for k in range(len(EDGES) + 1) if (place == k).any()]
    return [
        {
            "pictures": int(of.sum()),
            "said": round(float(said[of].mean()), 3),
            "right": round(float(right[of].mean()), 3),
        }
        for of in groups
    ]


OTHERS = {
    "shared": lambda folder, public: {
        "shared": [shared(count, public) for count in SHARED],
        "control": [control(*setting, public) for setting in CONTROLS],
    },
    "grey": lambda folder, public: {
        "grey": [grey(*setting, folder) for setting in GREY],
        "shared grey": [shared_grey(count) for count in SHARED_GREY],
        "control grey": [control_grey(*setting) for setting in CONTROLS],
    },
}
"""Parts of the record that are no curves of `SETTINGS`. `--only` leaves "reliability" as the last run of all
curves found it."""


def main(argv: list[str] | None = None, curves: dict = SETTINGS) -> int:
    parser = argparse.ArgumentParser(
        "python -m lib.workbook.recorded_jigsaws", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--folder", type=Path, help="PNG photographs beside the embedded ones")
    parser.add_argument("--out", type=Path, default=OUT)
    names = [*curves, *OTHERS]
    parser.add_argument(
        "--only", nargs="+", choices=names, metavar="CURVE", help="keep what is recorded of the others"
    )
    args = parser.parse_args(argv)
    public, started = datasets.load("photos", "train", limit=600).images, time.process_time()
    record, wanted = json.loads(args.out.read_text()) if args.only else {"curves": {}}, args.only or names
    chosen = [name for name in curves if name in wanted]
    settings = dict.fromkeys(itertools.chain(*(curves[name] for name in chosen)))
    bar = tqdm(settings, unit="setting", disable=not sys.stderr.isatty())
    done = {setting: point(setting, args.folder, public) for setting in bar}
    record["curves"] |= {name: [done[setting][0] for setting in curves[name]] for name in chosen}
    for name in (name for name in OTHERS if name in wanted):
        record |= OTHERS[name](args.folder, public)
    if not args.only:
        record["reliability"] = reliability([pair for _, pairs in done.values() for pair in pairs])
    photographs = f" and {len(list(args.folder.glob('*.png')))} others" if args.folder else ""
    before = record.get("seconds", 0) if args.only else 0
    record |= {
        "data": f"embedded photographs{photographs}",
        "seconds": round(time.process_time() - started + before),
        "versions": versions("numpy"),
    }
    write_json(args.out, record)
    print(table(record))
    return 0


def table(record: dict) -> str:
    """A record as text: medians, by luma for grey EtC."""
    points = [(name, each) for name, found in record["curves"].items() for each in found]
    rows = [
        {"curve": name, "side": p["side"], "block": p["block"], "steps": len(p.get("steps", STEPS))}
        | {"JPEG": p.get("quality") or "-", "worst": p["lowest"]["neighbours"]}
        | {score: p["median"][score] for score in ("neighbours", "direct", "ssim", "seconds")}
        for name, p in points + [("grey EtC", each) for each in record["grey"]]
    ]
    return text_table(rows)


if __name__ == "__main__":
    sys.exit(main())
