"""Every scheme against every attack, beside baselines and a control: `make attacks`.

    python -m lib.workbook.attack_matrix                          on the embedded photographs
    python -m lib.workbook.attack_matrix --data npz:cifar10.npz   small images from there
    python -m lib.workbook.attack_matrix --schemes cfe            one scheme, the others as recorded

A cell runs one attack on one scheme, scores its estimate with `lib.metrics`, and says

    broken       nine values of ten are exact, or the outlines are there (correlation of edge maps 0.5 and
                 more, and 0.2 more than the better baseline)
    not broken   by this attack
    void         the attack "succeeds" on the control, a one-time pad, too: it measures something else

Whoever scores makes the choice that an attack leaves open (`Attack.moves`) in its favour, and in that of the
baselines: the ciphertext as it is, and the mean colour of public pictures. The medians over several keys are
recorded, and the worst, the mean colour's under "mean". Seconds are a processor's work, encryption included.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lib import Key, datasets
from lib.atomic import write_json
from lib.attacks import AttackResult, oracle_for
from lib.attacks.catalogue import CATALOGUE, CHOSEN, ONE, PAIRS, Attack, Known, names
from lib.schemes import NO_KEY, SKK, OneTimePad, Scheme, by_name
from lib.schemes import names as scheme_names
from lib.workbook.recording import RESULTS, Scores, baselines, scored, text_table, versions

OUT = RESULTS / "attacks.json"
SCHEMES: dict[str, Callable] = {name: by_name(name) for name in scheme_names}
SCHEMES["skk per image"] = partial(SKK, per_image=True)
"""The rows: every scheme of `lib.schemes` with its usual settings, and SKK twice."""
# ids of images under attack; oracles count from 0 and pairs from here up, so none comes twice
TARGET_IDS = 1 << 40
PAIR_IDS = 1 << 41
PAIR_COUNT, KEYS = 32, 5
SEVERAL = ("rocket", "coffee", "chelsea", "astronaut", "hopper")  # photographs under attack, one for each key
LARGE = 128  # their side


@dataclass(frozen=True)
class Data:
    """Pictures to attack, and others: pairs and public pictures share no photograph with the targets."""

    origin: str
    targets: np.ndarray
    others: np.ndarray


def pictures(name: str = "photos") -> Data:
    """Of the embedded photographs, five under attack and five public; else the test and training splits."""
    train, test = datasets.load(name, "train", limit=2000), datasets.load(name, "test", limit=500)
    if name != "photos":
        return Data(test.source, test.images, train.images)
    attacked = [train.classes.index(photo) for photo in SEVERAL]
    of_train, of_test = np.isin(train.labels, attacked), np.isin(test.labels, attacked)
    return Data(test.source, test.images[of_test], train.images[~of_train])


def cell(attack: Attack, label: str, data: Data, seed: int, controls: dict | None = None) -> dict:
    """One attack on one scheme under the key of `seed`: scores of the attack, of baselines and control.

    `controls` keeps the results on the pad, for all schemes that an attack is told the same about.
    """
    key, controls = Key.from_seed(5000 + seed), {} if controls is None else controls
    scheme, truth = SCHEMES[label](key), targets(attack, data, seed)
    started = time.process_time()
    known, result = run(attack, scheme, scheme, truth, data)
    seconds = time.process_time() - started
    if isinstance(result, str):
        return {"reason": result}
    told = attack.name, seed, *sorted(attack.options(scheme).items())
    if told not in controls:
        controls[told] = run(attack, scheme, OneTimePad(key), truth, data)[1]
    control = None if isinstance(controls[told], str) else controls[told]
    scores = compared(attack, known.ciphers, result, truth, data, control)
    facts = {"scores": scores, "queries": result.queries, "images": len(truth), "side": truth.shape[1]}
    facts |= {"seconds": round(seconds, 4), "confidence": _sure(result)}
    return facts | {"control confidence": control and _sure(control), "verdict": verdict(scores)}


def _sure(result):
    return round(float(np.mean(result.confidence)), 4)


def compared(attack: Attack, ciphers: np.ndarray, result: AttackResult, truth: np.ndarray, data: Data,
             control: AttackResult | None = None) -> dict[str, Scores]:  # fmt: skip
    """Scores of a result, of the baselines "ciphertext" and "mean", the mean colour, and of the result on the
    pad, if any."""
    mean = mean_colour(data.others, truth.shape)
    if ciphers.ndim == 3:  # three planes beside each other, (n, h, 3 w), are three colours
        ciphers = np.stack(np.split(ciphers, 3, axis=2), axis=3)
    scores = baselines(result.estimate, ciphers, mean, truth, attack.moves)
    return scores | ({"control": scored(control.estimate, truth, attack.moves)} if control else {})


def mean_colour(public: np.ndarray, shape: tuple) -> np.ndarray:
    """The mean colour of public pictures (m, h, w, 3) in every pixel of this shape, uint8: a baseline.
    Another is `recording.mean_picture`, the mean at each pixel."""
    colour = public.mean(axis=(0, 1, 2)).round().astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(colour, shape))


def targets(attack: Attack, data: Data, seed: int) -> np.ndarray:
    """The pictures under attack, as many as the attack is tried on; one large photograph for those on one."""
    if attack.threat == ONE and attack.images == 1:
        return datasets.photo(SEVERAL[seed % len(SEVERAL)], LARGE)[None]
    order = np.random.default_rng(seed).permutation(len(data.targets))
    return data.targets[order[: attack.images]]


def run(attack: Attack, scheme: Scheme, cipher: Scheme, truth: np.ndarray, data: Data, **told) -> tuple:
    """What the attacker knew, and the attack's result, or why it refused.

    `cipher` is the scheme, or the pad in its place; `told` what the attack is told beside `attack.options`.
    """
    has = {"public": data.others} if attack.public else {}
    if attack.threat == CHOSEN:
        has["oracle"] = oracle_for(cipher)
    elif attack.threat == PAIRS:
        plain = data.others[np.random.default_rng(len(truth)).permutation(len(data.others))[:PAIR_COUNT]]
        has |= {"plain": plain, "pair_ciphers": encrypted(cipher, plain, PAIR_IDS, scheme)}
    known = Known(encrypted(cipher, truth, TARGET_IDS, scheme), **has)
    try:
        return known, attack.run(known, **attack.options(scheme), **told)
    except ValueError as error:
        return known, str(error)


def encrypted(cipher: Scheme, images: np.ndarray, first: int, told: Scheme) -> np.ndarray:
    """Ciphertexts of images (n, h, w, 3) uint8, with the ids from `first` on where each has a key of its own.
    Where `told`, the scheme that the attack expects, is grey, three planes beside each other: (n, h, 3 w)."""
    ciphers = cipher.encrypt(images, ids=range(first, first + len(images)) if cipher.per_image else None)
    return np.concatenate(np.moveaxis(ciphers, 3, 0), 2) if told.channels < cipher.channels else ciphers


def verdict(scores: dict) -> str:
    """ "broken", "not broken" or "void", by the rule in this module's docstring."""
    baseline = max(scores[name]["edge_correlation"] for name in ("ciphertext", "mean"))

    def succeeds(score):
        outlines = score["edge_correlation"] >= 0.5 and score["edge_correlation"] >= baseline + 0.2
        return score["exact"] >= 0.9 or outlines

    if "control" in scores and succeeds(scores["control"]):
        return "void"
    return "broken" if succeeds(scores["attack"]) else "not broken"


def combined(cells: list[dict]) -> dict:
    """Of the cells of one attack and scheme: medians over keys, the worst scores, the verdicts."""
    first = cells[0]
    if "reason" in first:
        return first

    def numbers(who, name):
        return [each["scores"][who][name] for each in cells]

    out = {name: first[name] for name in ("queries", "images", "side")} | {"keys": len(cells)}
    for name in ("seconds", "confidence", "control confidence"):
        values = [each[name] for each in cells if each[name] is not None]
        out[name] = float(np.median(values)) if values else None
    out["scores"] = {
        who: {name: round(float(np.median(numbers(who, name))), 4) for name in scores}
        for who, scores in first["scores"].items()
    }
    out["worst"] = {name: min(numbers("attack", name)) for name in ("exact", "ssim", "edge_correlation")}
    verdicts = [each["verdict"] for each in cells]
    out["broken"] = verdicts.count("broken")
    out["verdict"] = "void" if "void" in verdicts else max(set(verdicts), key=verdicts.count)
    return out


def row(attack: Attack, data: Data, keys: int = KEYS, old: dict | None = None) -> dict:
    """{scheme: cell, or {"reason": ...}} of an attack; cells of `old` are not made anew."""
    fitting, cells, controls = [label for label in SCHEMES if attack.fits(SCHEMES[label](NO_KEY))], {}, {}
    for label in SCHEMES:
        if label in fitting and label in (old or {}):
            cells[label] = old[label]
        elif label in fitting:
            cells[label] = combined([cell(attack, label, data, seed, controls) for seed in range(keys)])
        elif SCHEMES[label](NO_KEY).channels == 1:
            grey = "ciphertexts are grey, three planes beside each other; this attack reads RGB"
            cells[label] = {"reason": grey}
        else:
            cells[label] = {"reason": f"made for {', '.join(fitting)}"}
    return cells


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="photos", help="small images, as lib.datasets.load names them")
    parser.add_argument("--keys", type=int, default=KEYS, help=f"keys for every cell ({KEYS})")
    parser.add_argument("--out", type=Path, default=OUT)
    kept = "keep what is recorded of the others"
    parser.add_argument("--only", nargs="+", choices=names, metavar="ATTACK", help=kept)
    again = "keep what is recorded of schemes but these"
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, metavar="SCHEME", help=again)
    args = parser.parse_args(argv)
    part, data = args.only or args.schemes, pictures(args.data)
    old = json.loads(args.out.read_text()) if part else {"cells": {}}
    if part and old["data"] != data.origin:
        parser.error(f"{args.out} is of {old['data']}, not of {data.origin}; leave --only out for these")
    cells, anew = old["cells"], args.schemes or SCHEMES
    for attack in tqdm(CATALOGUE, unit="attack", disable=not sys.stderr.isatty()):
        if attack.name in (args.only or names):
            others = {k: v for k, v in cells.get(attack.name, {}).items() if k not in anew and "scores" in v}
            cells[attack.name] = row(attack, data, args.keys, others)
    about = {attack.name: {"threat": attack.threat, "source": attack.source} for attack in CATALOGUE}
    cells = {name: cells[name] for name in names if name in cells}
    record = {"data": data.origin, "attacks": about, "cells": cells, "versions": versions("numpy")}
    write_json(args.out, record)
    print(table(record))
    return 0


def table(record: dict) -> str:
    """A record as text: for every attack and scheme that it was run on, what it costs and what comes back."""
    shown = ("exact", "ssim", "edge_correlation")
    rows = [
        {"attack": attack, "scheme": label, "queries": each["queries"], "images": each["images"]}
        | {name: each["scores"]["attack"][name] for name in shown}
        | {"seconds": each["seconds"], "verdict": each["verdict"]}
        for attack, cells in record["cells"].items()
        for label, each in cells.items()
        if "scores" in each
    ]
    return text_table(rows)


if __name__ == "__main__":
    sys.exit(main())
