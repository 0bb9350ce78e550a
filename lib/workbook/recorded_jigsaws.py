"""Jigsaw scores by number of pieces, block size, JPEG quality, steps of EtC, as jigsaws.toml says.

    python -m lib.workbook.recorded_jigsaws                      on the embedded photographs
    python -m lib.workbook.recorded_jigsaws --folder pictures    and on those of a folder, PNG

A photograph gives its central square, scaled down; those of a folder give two crops of full detail beside.
Each is encrypted under a key of its own, and `lib.attacks.one_ciphertext.jigsaw` is told the block size and
the steps, nothing else. Scores are medians over pictures, with the lowest: `neighbours` counts pairs in any
common state, `direct` and `ssim` are given the turn, mirror, sign and colour order that borders leave open,
and `upright` is the share of pictures for which the attack itself chose sign, colours and turn. After JPEG
the truth is what the key's owner decrypts. Seconds are of one processor. `make puzzles` runs it.

Grey EtC is attacked by `lib.attacks.one_ciphertext.grey_jigsaw`, which learns texture from the embedded
photographs but the one under attack; its scores are of luma.
"""

import argparse
import itertools
import json
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from lib import Key, datasets, metrics
from lib.atomic import write_json
from lib.attacks.one_ciphertext.grey_jigsaw import grey_jigsaw
from lib.attacks.one_ciphertext.jigsaw import STEPS, jigsaw
from lib.colours import luma
from lib.photos import central_square
from lib.schemes import EtC, GrayscaleEtC, OneTimePad
from lib.tiling import cut
from lib.workbook import attack_matrix
from lib.workbook.jpeg import through_jpeg
from lib.workbook.recording import RESULTS, text_table, versions

OUT = RESULTS / "jigsaw.json"
ALL, PERMUTED = STEPS, STEPS[:1]
MOVES = ("turns", "complement", "colours")
TABLE = tomllib.loads(Path(__file__).with_name("jigsaws.toml").read_text(encoding="utf-8"))
SETTINGS = {
    name: [(side, block, STEPS[:count], quality or None, most) for side, block, count, quality, most in rows]
    for name, rows in TABLE["curves"].items()
}
SHARED, SHARED_GREY = tuple(TABLE["others"]["shared"]), tuple(TABLE["others"]["shared_grey"])
GREY, CONTROLS = (list(map(tuple, TABLE["others"][name])) for name in ("grey", "controls"))
EDGES = (0.05, 0.2, 0.5, 0.8, 0.95)  # of groups of pictures by confidence
KEYS = 5  # for ciphertexts under one key


def pictures(folder: Path | None, side: int) -> list[np.ndarray]:
    """All (side, side, 3): scaled central squares of large photographs, then those of a folder, and crops."""
    large = [name for name in datasets.photo_names if min(datasets.photo(name).shape[:2]) >= side]
    found = [datasets.photo(name, side) for name in large]
    for path in sorted(folder.glob("*.png")) if folder else ():
        with Image.open(path) as file:
            image = file.convert("RGB")
        found.append(central_square(image, side))
        if 2 * side <= min(image.size):
            pixels = np.array(image)
            found += [pixels[:side, :side], pixels[-side:, -side:]]
    return found


def spread(images: list, count: int) -> list:
    """At most `count` of them, taken evenly."""
    places = np.linspace(0, len(images) - 1, count).round().astype(int)
    return images if count >= len(images) else [images[i] for i in places]


# -- one picture ---------------------------------------------------------------------------------------------


def encrypted(image: np.ndarray, block: int, steps: tuple[str, ...], quality: int | None,
              seed: int) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """(1, h, w, 3) each: the ciphertext, and what its owner decrypts."""
    every = EtC(Key.from_seed(seed), block=block).steps(image.shape)
    taken, cipher = [every[name] for name in every if name in steps], image
    for table in taken:
        cipher = table.apply(cipher)
    truth = cipher = cipher if quality is None else through_jpeg(cipher, quality)
    for table in reversed(taken):
        truth = table.inverse().apply(truth)
    return cipher[None], truth[None]


def timed(attack: Callable, truth: np.ndarray, block: int, moves: tuple[str, ...]) -> tuple:
    """An attack's result, its estimate after the moves that are left open, and the scores of both."""
    started = time.process_time()
    result = attack()
    seconds = time.process_time() - started
    best = metrics.nearest(result.estimate, truth, moves)
    scores = {"neighbours": metrics.neighbours(result.estimate, truth, block)}
    scores |= {"direct": metrics.direct(best, truth, block), "ssim": metrics.ssim(best, truth)}
    return result, best, scores | {"confidence": float(result.confidence.mean()), "seconds": seconds}


def solved(image: np.ndarray, setting: tuple, seed: int, public: np.ndarray) -> dict[str, float]:
    """The scores of one picture under EtC; a setting of `SETTINGS`."""
    _, block, steps, quality, _ = setting
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
    table = pd.DataFrame(scores).drop(columns="upright", errors="ignore")
    found = {"median": table.median(), "lowest": table[list(lowest)].min()}
    return {"pictures": len(scores)} | {name: each.round(4).to_dict() for name, each in found.items()}


def point(setting: tuple, folder: Path | None, public: np.ndarray) -> tuple[dict, list]:
    """A point of a curve, a setting of `SETTINGS`; and confidence and share right of each picture."""
    side, block, steps, quality, count = setting
    images = spread(pictures(folder, side), count)
    scores = [solved(image, setting, seed, public) for seed, image in enumerate(images)]
    facts = {"side": side, "block": block, "pieces": (side // block) ** 2}
    facts |= {"steps": list(steps), "quality": quality} | medians(scores, ("neighbours", "direct", "ssim"))
    facts["most seconds"] = round(max(s["seconds"] for s in scores), 3)
    facts["upright"] = round(float(np.mean([s["upright"] for s in scores])), 4)
    return facts, [(s["confidence"], s["direct"]) for s in scores]


def grey(side: int, block: int, count: int, folder: Path | None) -> dict:
    """One size of grey EtC: medians over pictures and the lowest."""
    images = enumerate(spread(pictures(folder, side), count))
    scores = [solved_grey(image, block, seed) for seed, image in images]
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
    """As `shared`, for grey EtC with blocks of 8; public pictures are of other photographs."""
    data = attack_matrix.pictures()

    def attack(images, seed):
        return grey_jigsaw(GrayscaleEtC(Key.from_seed(seed)).encrypt(images), 8, public=data.others)

    return _under_one_key(count, data.targets, 8, attack, luma)


def control(side: int, block: int, public: np.ndarray) -> dict:
    """The attack on a one-time pad."""
    image = datasets.photo(attack_matrix.SEVERAL[0], side)[None]
    result = jigsaw(OneTimePad(Key.from_seed(1)).encrypt(image, ids=[0]), block, public=public)
    best, scores = metrics.nearest(result.estimate, image, MOVES), {"side": side, "block": block}
    scores["neighbours"] = metrics.neighbours(result.estimate, image, block)
    scores["ssim"] = round(metrics.ssim(best, image), 4)
    return scores | {"confidence": round(float(result.confidence.max()), 6)}


def control_grey(side: int, block: int) -> dict:
    """The grey attack on a one-time pad."""
    pad = OneTimePad(Key.from_seed(1)).encrypt(np.zeros((1, side, 3 * side, 3), np.uint8), ids=[0])[..., 0]
    confidence = round(float(grey_jigsaw(pad, block).confidence.max()), 6)
    return {"side": side, "block": block, "confidence": confidence}


def reliability(pairs: list) -> list[dict]:
    """Pictures by how many blocks the attack said would be right, and how many were."""
    table = pd.DataFrame(pairs, columns=["said", "right"])
    groups = table.groupby(np.digitize(table["said"], EDGES))
    found = groups.mean().round(3).assign(pictures=groups.size())
    return found[["pictures", "said", "right"]].to_dict("records")


def others(name: str, folder: Path | None, public: np.ndarray) -> dict:
    """Parts of the record that are no curves: "shared" and "grey", with their controls."""
    if name == "shared":
        controls = [control(*setting, public) for setting in CONTROLS]
        return {"shared": [shared(count, public) for count in SHARED], "control": controls}
    found = {"grey": [grey(*setting, folder) for setting in GREY]}
    found["shared grey"] = [shared_grey(count) for count in SHARED_GREY]
    return found | {"control grey": [control_grey(*setting) for setting in CONTROLS]}


def main(argv: list[str] | None = None, curves: dict = SETTINGS) -> int:
    """Measure, and keep what is recorded of the rest; --only leaves "reliability" as it is."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, help="PNG photographs beside the embedded ones")
    parser.add_argument("--out", type=Path, default=OUT)
    names, kept = [*curves, "shared", "grey"], "keep what is recorded of the others"
    parser.add_argument("--only", nargs="+", choices=names, metavar="CURVE", help=kept)
    args = parser.parse_args(argv)
    public, started = datasets.load("photos", "train", limit=600).images, time.process_time()
    record, wanted = json.loads(args.out.read_text()) if args.only else {"curves": {}}, args.only or names
    chosen = [name for name in curves if name in wanted]
    settings = dict.fromkeys(itertools.chain(*(curves[name] for name in chosen)))
    bar = tqdm(settings, unit="setting", disable=not sys.stderr.isatty())
    done = {setting: point(setting, args.folder, public) for setting in bar}
    record["curves"] |= {name: [done[setting][0] for setting in curves[name]] for name in chosen}
    for name in (name for name in ("shared", "grey") if name in wanted):
        record |= others(name, args.folder, public)
    if not args.only:
        record["reliability"] = reliability([pair for _, pairs in done.values() for pair in pairs])
    photographs = f" and {len(list(args.folder.glob('*.png')))} others" if args.folder else ""
    before = record.get("seconds", 0) if args.only else 0
    seconds = round(time.process_time() - started + before)
    record["data"] = f"embedded photographs{photographs}"
    record |= {"seconds": seconds, "versions": versions("numpy")}
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
