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
import platform
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lib import Key, datasets, metrics
from lib.atomic import write_json
from lib.attacks.one_ciphertext.grey_jigsaw import grey_jigsaw
from lib.attacks.one_ciphertext.jigsaw import STEPS, jigsaw
from lib.colours import luma
from lib.schemes import EtC, GrayscaleEtC, OneTimePad
from lib.tiling import cut
from lib.workbook import attack_matrix
from lib.workbook.attack_matrix import SEVERAL

OUT = Path(__file__).resolve().parents[2] / "data" / "results" / "jigsaw.json"
ALL, PERMUTED = STEPS, STEPS[:1]
MOVES = ("turns", "complement", "colours")
MANY, SOME, FEW = 20, 6, 3  # pictures; the fewer, the longer one takes
SETTINGS = {  # curve: (side, block, steps, JPEG quality or None, at most so many pictures)
    "pieces, everything, blocks of 16": [(side, 16, ALL, None, MANY) for side in (64, 128, 256)],
    "block, everything, 256x256": [
        (256, 8, ALL, None, FEW),
        (256, 16, ALL, None, MANY),
        (256, 32, ALL, None, MANY),
    ],
    "steps, 256 blocks of 16": [
        *((256, 16, STEPS[:count], None, SOME) for count in (1, 2, 3)),
        (256, 16, ALL, None, MANY),
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
    from PIL import Image

    found = []
    for name in datasets.photo_names:
        if min(datasets.photo(name).shape[:2]) >= side:
            found.append(datasets.photo(name, side))
    for path in sorted(folder.glob("*.png")) if folder else ():
        with Image.open(path) as file:
            image = file.convert("RGB")
        short = min(image.size)
        left, top = (image.width - short) // 2, (image.height - short) // 2
        square = image.crop((left, top, left + short, top + short))
        found.append(np.array(square.resize((side, side), Image.Resampling.LANCZOS)))
        if 2 * side <= short:
            pixels = np.array(image)
            found += [pixels[:side, :side], pixels[-side:, -side:]]
    return found


def spread(images: list, count: int) -> list:
    """At most `count` of them, taken evenly."""
    if count >= len(images):
        return images
    return [images[i] for i in np.linspace(0, len(images) - 1, count).round().astype(int)]


def encrypted(
    image: np.ndarray, block: int, steps, quality: int | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(1, h, w, 3) each: the ciphertext, and what its owner decrypts."""
    taken = [
        table
        for name, table in EtC(Key.from_seed(seed), block=block).steps(image.shape).items()
        if name in steps
    ]
    cipher = image
    for table in taken:
        cipher = table.apply(cipher)
    if quality is not None:
        cipher = through_jpeg(cipher, quality)
    truth = cipher
    for table in reversed(taken):
        truth = table.inverse().apply(truth)
    return cipher[None], truth[None]


def through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """One image after JPEG, its colours at full size (4:4:4)."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:4:4")
    return np.array(Image.open(file))


def solved(image: np.ndarray, block: int, steps, quality: int | None, seed: int, public) -> dict[str, float]:
    """The scores of one picture."""
    cipher, truth = encrypted(image, block, steps, quality, seed)
    started = time.process_time()
    result = jigsaw(cipher, block, steps, public)
    seconds = time.process_time() - started
    best = metrics.nearest(result.estimate, truth, MOVES)
    mirrored = result.estimate[:, :, ::-1]
    return {
        "neighbours": metrics.neighbours(result.estimate, truth, block),
        "direct": metrics.direct(best, truth, block),
        "largest part": metrics.largest_part(result.estimate, truth, block),
        "ssim": metrics.ssim(best, truth),
        "upright": float((result.estimate == best).all() or (mirrored == best).all()),
        "confidence": float(result.confidence.mean()),
        "seconds": seconds,
    }


def point(side, block, steps, quality, count, folder, public) -> tuple[dict, list]:
    """One point of a curve: medians over pictures and the lowest; and a pair for each picture of confidence
    and share right."""
    images = spread(pictures(folder, side), count)
    scores = [solved(image, block, steps, quality, seed, public) for seed, image in enumerate(images)]
    setting = {
        "side": side,
        "block": block,
        "pieces": (side // block) ** 2,
        "steps": list(steps),
        "quality": quality,
    }
    return setting | {
        "pictures": len(images),
        "median": {
            name: round(float(np.median([s[name] for s in scores])), 4)
            for name in scores[0]
            if name != "upright"
        },
        "lowest": {name: round(min(s[name] for s in scores), 4) for name in ("neighbours", "direct", "ssim")},
        "most seconds": round(max(s["seconds"] for s in scores), 3),
        "upright": round(float(np.mean([s["upright"] for s in scores])), 4),
    }, [(s["confidence"], s["direct"]) for s in scores]


def shared(count: int, public) -> dict:
    """The share of neighbours in `count` images of 32x32 under one key: median and lowest over keys."""
    images, scores = datasets.load("photos", "test").images, []
    for seed in range(KEYS):
        picked = images[np.random.default_rng(seed).choice(len(images), count, replace=False)]
        estimate = jigsaw(EtC(Key.from_seed(seed), block=4).encrypt(picked), 4, public=public).estimate
        scores.append(metrics.neighbours(estimate, picked, 4))
    return {
        "ciphertexts": count,
        "median": round(float(np.median(scores)), 4),
        "lowest": round(min(scores), 4),
    }


def solved_grey(image: np.ndarray, block: int, seed: int) -> dict[str, float]:
    """The scores of one picture under grey EtC, by luma."""
    side, scheme = len(image), GrayscaleEtC(Key.from_seed(seed), block=block)
    others = [
        datasets.photo(name, side)
        for name in datasets.photo_names
        if side <= min(datasets.photo(name).shape[:2])
    ]
    public = np.stack([other for other in others if not np.array_equal(other, image)])
    started = time.process_time()
    result = grey_jigsaw(scheme.encrypt(image[None]), block, public)
    seconds, truth = time.process_time() - started, luma(image[None])
    best = metrics.nearest(result.estimate, truth, MOVES[:2])
    planes = (
        cut(scheme.table(image.shape).index.reshape(1, side, 3 * side, 1), block)[0, :, 0, 0, 0] % (3 * side)
        < side
    )
    return {
        "told apart": float(planes[result.recovered["luma"]].mean()),
        "neighbours": metrics.neighbours(result.estimate, truth, block),
        "direct": metrics.direct(best, truth, block),
        "ssim": metrics.ssim(best, truth),
        "confidence": float(result.confidence.mean()),
        "seconds": seconds,
    }


def grey(side: int, block: int, count: int, folder) -> dict:
    """One size of grey EtC: medians over pictures and the lowest."""
    images = spread(pictures(folder, side), count)
    scores = [solved_grey(image, block, seed) for seed, image in enumerate(images)]
    return {
        "side": side,
        "block": block,
        "pictures": len(images),
        "median": {name: round(float(np.median([s[name] for s in scores])), 4) for name in scores[0]},
        "lowest": {
            name: round(min(s[name] for s in scores), 4) for name in ("told apart", "neighbours", "ssim")
        },
    }


def shared_grey(count: int) -> dict:
    """As `shared`, for grey EtC with blocks of 8; pictures under attack and public ones are of other
    photographs."""
    data, scores = attack_matrix.pictures(), []
    for seed in range(KEYS):
        picked = data.targets[np.random.default_rng(seed).choice(len(data.targets), count, replace=False)]
        estimate = grey_jigsaw(
            GrayscaleEtC(Key.from_seed(seed)).encrypt(picked), 8, public=data.others
        ).estimate
        scores.append(metrics.neighbours(estimate, luma(picked), 8))
    return {
        "ciphertexts": count,
        "median": round(float(np.median(scores)), 4),
        "lowest": round(min(scores), 4),
    }


def control_grey(side: int, block: int) -> dict:
    """The grey attack on a one-time pad."""
    pad = OneTimePad(Key.from_seed(1)).encrypt(np.zeros((1, side, 3 * side, 3), np.uint8), ids=[0])[..., 0]
    return {
        "side": side,
        "block": block,
        "confidence": round(float(grey_jigsaw(pad, block).confidence.max()), 6),
    }


def control(side: int, block: int, public) -> dict:
    """The same attack on a one-time pad."""
    image = datasets.photo(SEVERAL[0], side)[None]
    result = jigsaw(OneTimePad(Key.from_seed(1)).encrypt(image, ids=[0]), block, public=public)
    return {
        "side": side,
        "block": block,
        "neighbours": metrics.neighbours(result.estimate, image, block),
        "ssim": round(metrics.ssim(metrics.nearest(result.estimate, image, MOVES), image), 4),
        "confidence": round(float(result.confidence.max()), 6),
    }


def reliability(pairs: list) -> list[dict]:
    """Pictures sorted by what the attack promised: how many blocks it said would be right, and how many
    were."""
    said, right = np.array(pairs).T
    place = np.digitize(said, EDGES)
    return [
        {
            "pictures": int((place == k).sum()),
            "said": round(float(said[place == k].mean()), 3),
            "right": round(float(right[place == k].mean()), 3),
        }
        for k in range(len(EDGES) + 1)
        if (place == k).any()
    ]


def main(argv=None) -> int:
    parser = argparse.ArgumentParser(
        "python -m lib.workbook.recorded_jigsaws", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--folder", type=Path, help="PNG photographs beside the embedded ones")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument(
        "--only",
        nargs="+",
        choices=[*SETTINGS, *OTHERS],
        metavar="CURVE",
        help="keep what is recorded of the others",
    )
    args = parser.parse_args(argv)
    public, started = datasets.load("photos", "train", limit=600).images, time.process_time()
    record = json.loads(args.out.read_text()) if args.only else {"curves": {}}
    wanted, done, pairs = args.only or [*SETTINGS, *OTHERS], {}, []
    settings = dict.fromkeys(itertools.chain(*(SETTINGS[name] for name in wanted if name in SETTINGS)))
    for setting in tqdm(settings, unit="setting", disable=not sys.stderr.isatty()):
        done[setting], more = point(*setting, args.folder, public)
        pairs += more
    for name in SETTINGS:
        if name in wanted:
            record["curves"][name] = [done[setting] for setting in SETTINGS[name]]
    for name, measure in OTHERS.items():
        if name in wanted:
            record |= measure(args.folder, public)
    if not args.only:
        record["reliability"] = reliability(pairs)
    photographs = f" and {len(list(args.folder.glob('*.png')))} others" if args.folder else ""
    record |= {
        "data": f"embedded photographs{photographs}",
        "seconds": round(time.process_time() - started + (record.get("seconds", 0) if args.only else 0)),
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    write_json(args.out, record)
    print(table(record))
    return 0


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


def table(record: dict) -> str:
    """A record as text."""
    lines = [
        f"{'side':>5}{'block':>6}{'pieces':>7}{'steps':>6}{'JPEG':>6}{'Nc':>7}{'worst':>7}{'Dc':>7}{'SSIM':>7}{'s':>7}"
    ]
    for name, points in record["curves"].items():
        lines.append(name)
        for p in points:
            m = p["median"]
            lines.append(
                f"{p['side']:>5}{p['block']:>6}{p['pieces']:>7}{len(p['steps']):>6}{p['quality'] or '-':>6}{m['neighbours']:>7.3f}"
                f"{p['lowest']['neighbours']:>7.3f}{m['direct']:>7.3f}{m['ssim']:>7.3f}{m['seconds']:>7.2f}"
            )
    lines.append("grey EtC, by luma; first the share of its blocks told apart")
    for p in record["grey"]:
        m = p["median"]
        lines.append(
            f"{p['side']:>5}{p['block']:>6}{m['told apart']:>19.3f}{m['neighbours']:>7.3f}{p['lowest']['neighbours']:>7.3f}"
            f"{m['direct']:>7.3f}{m['ssim']:>7.3f}{m['seconds']:>7.2f}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
