"""Whether attacks are right as often as they say: `data/results/calibration.json`.

    python -m lib.workbook.recorded_calibration --folder kodak --data npz:cifar10.npz

Every attack that reports a confidence is run on pictures that nothing was tuned on: single photographs of a
folder, at several sizes, or many small images of a data set. It is run on schemes that it is made for, with
few and with many ciphertexts; on others; with pairs of another key; and on a pad. Each part that its
confidence speaks of (atom, pixel, block, value, or all) is then right or wrong, up to what the attack leaves
open. Of the parts that were called about as likely, so many should be right.

The record is of twelve Kodak photographs and of CIFAR-10 test images. The photographs were looked at when the
limit of `seams.has_seams` was set, which has a wide margin, and eight of them when grey EtC's candidates were
counted; no confidence was fitted on them.

Parts of one run are alike. So all runs count the same, however many parts they have, and the spread is that
of runs drawn anew. `make calibration` runs it.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from lib import Key, datasets
from lib.atomic import write_json
from lib.attacks import CHOSEN, MANY, ONE, PAIRS, AttackResult, Known, oracle_for
from lib.attacks.catalogue import CATALOGUE, Attack
from lib.attacks.guessed_key.weak_keys import search, weak_table
from lib.colours import luma
from lib.metrics.ambiguity import choice, moved
from lib.photos import central_square
from lib.schemes import NO_KEY, BlockScheme, OneTimePad, Scheme, Tanaka, by_name, names
from lib.table import Structure, join, split
from lib.tiling import cut
from lib.workbook.attack_matrix import PAIR_IDS, TARGET_IDS, encrypted
from lib.workbook.recording import RESULTS, about_data, text_table, versions

OUT = RESULTS / "calibration.json"
EDGES = np.round(np.linspace(0, 1, 11), 1)
SURE = EDGES[-2].item()  # what "sure" is in the table: the last bin
SIDES = 32, 64, 128  # of single photographs
SHARES = 0.1, 0.3, 1.0  # of the ciphertexts that an attack is tried on
PAIR_COUNTS = 1, 3, 32
ASKED = 4  # images under attack, where the attacker has an oracle or pairs
BLOCKS = 4, 8, 16  # of jigsaws
SHARED_BLOCKS = 4, 4, 8  # where all blocks have one key: larger ones take minutes
MOST = 256  # blocks of a picture for one-ciphertext attacks, more take minutes
SEED, OTHER = 7000, 9000  # of the keys
GUESSED = 1 << 12  # keys that `search` tries
WEAK_KEYS = Attack("weak-keys", ONE, search, lambda scheme: False)
ATTACKS = {attack.name: attack for attack in (*CATALOGUE, WEAK_KEYS)}
NONE = -1  # in flags: the part is not in the pictures


class Case(NamedTuple):
    """One run of an attack. `fits`: on what it is made for, under the key that its pairs are of."""

    label: str
    scheme: Scheme
    truth: np.ndarray
    fits: bool
    run: Callable[[], AttackResult]


# -- what a confidence speaks of -----------------------------------------------------------------------------


def claims(case: Case, result: AttackResult, attack: Attack) -> tuple[np.ndarray, np.ndarray]:
    """(parts,) float and bool: how sure the attack is of each part, and whether it is right."""
    sure, estimate = np.atleast_1d(np.asarray(result.confidence, float)), result.estimate
    truth = luma(case.truth) if case.scheme.channels == 1 else case.truth
    if attack.moves:
        estimate = moved(estimate, choice(estimate, truth, attack.moves))
    same = estimate == truth
    h = same.shape[1]
    if sure.size == 1:
        right = same.all()
    elif attack.threat in (ONE, MANY) and sure.ndim == 2 and h % len(sure) == 0:  # by place in the picture
        side = h // len(sure)
        right = cut(same, side).all((0, 2, 3, 4)).reshape(sure.shape)
    elif not case.fits:  # parts of a key that the cipher does not have
        right = same.all()
    elif sure.shape == (256,):
        right = [same[truth == value].all() if (truth == value).any() else NONE for value in range(256)]
    else:
        right = of_key(case, estimate ^ truth, sure.shape, attack)
    right = np.broadcast_to(right, sure.shape).astype(int)
    return sure[right != NONE], right[right != NONE] == 1


def of_key(case: Case, wrong: np.ndarray, shape: tuple[int, ...], attack: Attack) -> np.ndarray:
    """Whether parts of the key are right, by place in the ciphertext, where the cipher itself says that they
    came from. `wrong` (n, h, w, 3) uint8 has the bits that are wrong in the picture."""
    told = attack.options(case.scheme)
    block, bits = told.get("block", 1), told.get("bits", 8)
    atoms = split(np.bitwise_or.reduce(wrong, 0).reshape(1, -1), bits) == 0
    marks = join(atoms * np.uint8(2**bits - 1), bits).reshape(wrong.shape[1:])
    one, zero = case.scheme.encrypt(np.stack([marks, np.zeros_like(marks)]))
    right = split(cut((one ^ zero)[None], block).reshape(-1, 3 * block**2), bits) == 2**bits - 1
    if shape == right.shape[1:]:
        return right.all(0)
    if shape == right.shape[:1]:
        return right.all(1)
    return right.reshape(shape)


# -- runs ----------------------------------------------------------------------------------------------------


def cases(attack: Attack, photographs: dict[str, np.ndarray], small: np.ndarray, keys: int) -> Iterator[Case]:
    """All runs of an attack. `photographs` by name, (h, w, 3) uint8; `small` (n, 32, 32, 3)."""
    made_for = [name for name in names if attack.fits(by_name(name)(NO_KEY))]
    grey = by_name(made_for[0]).channels == 1
    others = [name for name in names if name not in made_for and (by_name(name).channels == 1) == grey]
    others.append("otp")
    if attack.threat == ONE:
        yield from _single(attack, made_for, others, photographs)
    else:
        yield from _several(attack, made_for, others, small, keys)


def _single(attack, made_for, others, photographs):
    blocks = BLOCKS if by_name(made_for[0]).structure is Structure.PIECES else SHARED_BLOCKS
    for s, side in enumerate(SIDES):
        for i, image in enumerate(photographs.values()):
            truth, seed = _square(image, side), SEED + len(photographs) * s + i
            scheme = _made(made_for[i % len(made_for)], seed, blocks[i % len(blocks)], side)
            yield _case(attack, f"{scheme.name}, {side}", scheme, scheme, truth, True)
    for i, image in enumerate(photographs.values()):
        side = SIDES[i % len(SIDES)]
        told, scheme = (_made(name, OTHER + i, 4, side) for name in (made_for[0], others[i % len(others)]))
        yield _case(attack, scheme.name, told, scheme, _square(image, side), False)


def _several(attack, made_for, others, small, keys):
    rng, seed = np.random.default_rng(sum(attack.name.encode())), SEED
    counts = (
        [max(2, round(attack.images * share)) for share in SHARES] if attack.threat == MANY else PAIR_COUNTS
    )
    for count in counts if attack.threat != CHOSEN else (attack.images,):
        for name in (made_for[k % len(made_for)] for k in range(max(keys, len(made_for)))):
            scheme, seed = _made(name, seed + 1), seed + 1
            yield _case(attack, f"{name}, {count}", scheme, scheme, _some(small, rng, count, attack), True)
    for name in others:
        told, seed = _made(made_for[0], SEED), seed + 1
        yield _case(attack, name, told, _made(name, seed), _some(small, rng, counts[-1], attack), False)
    if attack.threat in (CHOSEN, PAIRS):
        for k in range(keys):
            scheme, seed = _made(made_for[k % len(made_for)], seed + 1), seed + 1
            truth = _some(small, rng, counts[-1], attack)
            yield _case(attack, "another key", scheme, scheme, truth, False, _made(scheme.name, seed + OTHER))


def _made(name, seed, block=4, side=32):
    """A scheme with blocks of this side, or of another where that makes fewer than 16 or more than `MOST`; of
    its usual side where its pieces are smaller than its blocks."""
    key, kind = Key.from_seed(seed), by_name(name)
    usual = kind(key)
    if not isinstance(usual, BlockScheme) or usual.piece < usual.block:
        return usual
    while side // block < 4 and block > 4:
        block //= 2
    while (side // block) ** 2 > MOST:
        block *= 2
    return kind(key, block=block)


def _square(image, side):
    """(1, side, side, 3) of a photograph (h, w, 3) uint8."""
    return central_square(Image.fromarray(image), side)[None]


def _some(small, rng, count, attack):
    """(n, 32, 32, 3): images under attack, or pairs and then those under attack."""
    return small[rng.permutation(len(small))[: count + (0 if attack.threat == MANY else ASKED)]]


def _case(attack, label, told, cipher, images, fits, other=None):
    """`told` is what the attack believes, `cipher` encrypts, `other` does so with those under attack."""
    truth, plain = (images, None) if attack.threat in (ONE, MANY) else (images[-ASKED:], images[:-ASKED])

    def run():
        known = {"ciphers": encrypted(other or cipher, truth, TARGET_IDS, told)}
        if attack.threat == CHOSEN:
            known["oracle"] = oracle_for(cipher)
        elif attack.threat == PAIRS:
            known |= {"plain": plain, "pair_ciphers": encrypted(cipher, plain, PAIR_IDS, told)}
        return attack.run(Known(**known), **attack.options(told))

    return Case(label, told, truth, fits, run)


def weak_cases(photographs: dict[str, np.ndarray]) -> Iterator[Case]:
    """Runs of `search`: keys that are among those tried, keys that are not, and a pad."""
    for i, (image, side) in enumerate((image, side) for side in SIDES for image in photographs.values()):
        truth = _square(image, side)
        tried, outside = (weak_table(first + 37 * i, truth.shape[1:]) for first in (0, GUESSED))
        ciphers = {"weak key": tried.apply(truth)}
        if i % 3 == 0:
            pad = OneTimePad(Key.from_seed(SEED + i))
            ciphers |= {"key not tried": outside.apply(truth), "otp": pad.encrypt(truth, ids=[0])}
        for label, cipher in ciphers.items():
            run = partial(search, cipher, range(GUESSED))
            yield Case(label, Tanaka(NO_KEY), truth, label == "weak key", run)


# -- counting ------------------------------------------------------------------------------------------------


def counted(runs: list[tuple[np.ndarray, np.ndarray]]) -> dict:
    """Of runs (confidence, right): by bin of `EDGES` how sure, how often right and in how many runs; the same
    of all parts above `SURE`, with a spread over runs."""
    bins = [np.digitize(sure, EDGES[1:-1]) for sure, _ in runs]
    found = [_inside(runs, [at == number for at in bins]) for number in range(len(EDGES) - 1)]
    bins = [_mean(*each) | {"from": edge.item()} for each, edge in zip(found, EDGES)]
    return {"runs": len(runs), "bins": bins, "sure": _mean(*found[-1]) | {"low": _low(*found[-1])}}


def _inside(runs, chosen):
    """The chosen parts of each run, and what share of it they are."""
    parts = [(sure[at], right[at]) for (sure, right), at in zip(runs, chosen)]
    return parts, np.array([at.mean() for at in chosen])


def _mean(inside, weights):
    total, runs = float(weights.sum()), int((weights > 0).sum())
    if not runs:
        return {"runs": 0, "weight": 0.0, "confidence": None, "right": None}
    sure, right = (sum(w * part[k].mean() for w, part in zip(weights, inside) if w) / total for k in (0, 1))
    return {
        "runs": runs,
        "weight": round(total, 3),
        "confidence": round(float(sure), 3),
        "right": round(float(right), 3),
    }


def _low(inside, weights, draws=2000):
    """The 5th of 100 shares right, over runs drawn anew."""
    if not weights.sum():
        return None
    right = np.array([part[1].mean() if len(part[1]) else 0.0 for part in inside])
    drawn = np.random.default_rng(0).integers(0, len(weights), (draws, len(weights)))
    total = weights[drawn].sum(1)
    return round(float(np.quantile((weights * right)[drawn].sum(1)[total > 0] / total[total > 0], 0.05)), 3)


def of_attack(
    attack: Attack, photographs: dict[str, np.ndarray], small: np.ndarray, keys: int
) -> dict | None:
    """What is recorded of an attack; None if it is never sure of anything. What it refuses is no claim."""
    weak = attack is WEAK_KEYS
    found = weak_cases(photographs) if weak else cases(attack, photographs, small, keys)
    runs, started = [], time.process_time()
    for case in found:
        with contextlib.suppress(ValueError):
            runs.append((case.label, *claims(case, case.run(), attack)))
    if not any(sure.any() for _, sure, _ in runs):
        return None
    out = counted([run[1:] for run in runs]) | {"seconds": round(time.process_time() - started)}
    means = [
        [label, round(float(sure.mean()), 3), round(float(right.mean()), 3)] for label, sure, right in runs
    ]
    return out | {"of each run": means}


def table(record: dict) -> str:
    """A record as text: of what each attack called at least `SURE` sure, how much is right."""
    rows = [
        {"attack": name, "runs": each["runs"], "with sure parts": each["sure"]["runs"],
         "right of these": each["sure"]["right"], "at least": each["sure"]["low"]}
        for name, each in record["attacks"].items()
    ]  # fmt: skip
    return text_table(rows)


def main(argv: list[str] | None = None) -> int:
    """Run what is asked for, and write the record."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--folder", type=Path, required=True, help="photographs that nothing was tuned on, PNG"
    )
    parser.add_argument("--data", required=True, help="small images, as lib.datasets.load names them")
    parser.add_argument("--keys", type=int, default=4, help="runs of each condition on small images (4)")
    kept = "keep what is recorded of the others"
    parser.add_argument("--only", nargs="+", choices=ATTACKS, metavar="ATTACK", help=kept)
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(argv)
    photographs = {}
    for path in sorted(args.folder.glob("*.png")):
        with Image.open(path) as file:
            photographs[path.stem] = np.array(file.convert("RGB"))
    small = datasets.load(args.data, "test")
    origin = about_data(datasets.load(args.data), small)["origin"]
    of = {"photographs": list(photographs), "images": origin, "keys": args.keys}
    found = json.loads(args.out.read_text())["attacks"] if args.only else {}
    for name in tqdm(args.only or ATTACKS, unit="attack", disable=not sys.stderr.isatty()):
        found[name] = of_attack(ATTACKS[name], photographs, small.images, args.keys)
        kept = {name: found[name] for name in ATTACKS if found.get(name)}
        write_json(args.out, of | {"sure": SURE, "attacks": kept, "versions": versions("numpy", "torch")})
    print(table({"attacks": kept}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
