"""NeuraCrypt attacked on CIFAR-10, with its control and baseline: `data/results/neuracrypt.json`.

    python -m lib.workbook.recorded_neuracrypt --data npz:PATH

Challenges are made here, with truth, of CIFAR-10 test pictures: those that are encoded, the attacker's own
for the rehearsal, new ones, and candidates are different pictures. The record is written after every
challenge, and what it holds already is not run again. Seconds are those that one core worked.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from lib import datasets
from lib.atomic import write_json
from lib.attacks.many_ciphertexts import neuracrypt as attack
from lib.attacks.solvers import patch_features as features
from lib.formats import Format, read
from lib.workbook import neuracrypt_challenge as made
from lib.workbook.recording import RESULTS, versions

OUT = RESULTS / "neuracrypt.json"
PARTS = 5000, 6000, 6050, 7050  # where the pool, the attacker's own, new pictures and candidates end
SEEDS = 1, 2, 3
SHOWN = 6  # new pictures that the record's strip shows
DEPTHS = 1, 3, 7, 47
CELLS = [(count, depth, shuffled) for count in (100, 300) for depth in DEPTHS for shuffled in (True, False)]
CELLS += [(count, depth, True) for count in (20, 50, 1000) for depth in DEPTHS[:3]]
CELLS += [(1000, 47, True)]
STEPS = {3: 80, 7: 120}  # of a copy's training, by depth
COPIED = 300  # pictures that a copy learns from
CONTROLLED = 100  # pictures of a control
ENCODERS = {47: 8}  # of a rehearsal, where not as usual


class Data(NamedTuple):
    """Pictures (n, h, w, 3) uint8, none of them in two parts."""

    pool: np.ndarray
    own: np.ndarray
    new: np.ndarray
    candidates: np.ndarray


class Leak(Format):
    """Of what new encodings show: leakage, its interval, of how many; mean correlation with the truth."""

    value: float
    low: float
    high: float
    images: float
    correlation: float


class Cell(Format):
    """One challenge. `rates`: shares of right pictures, after each step, of the baseline, and of the control
    where it was run. `unseen`: what encodings of other pictures show by the decoder, and of the control."""

    pictures: int
    depth: int
    shuffled: bool
    seed: int
    rates: dict[str, float]
    seconds: float
    unseen: dict[str, Leak]


class Copy(Format):
    """A copy of the encoder, trained on matched pairs of COPIED pictures: shares of right pictures where it
    matches these again, and where it names new ones among as many candidates."""

    depth: int
    seed: int
    steps: int
    seconds: float
    again: float
    unseen: float
    candidates: int


class Noise(Format):
    """The control that has nothing to find, CONTROLLED encodings of noise: the share of right pictures."""

    depth: int
    seed: int
    rate: float


class NeuraCryptRecord(Format):
    """The whole record. `rehearsals`: seconds of training features, by depth."""

    KIND = "record of NeuraCrypt"
    WAY = "remove the file, and make neuracrypt runs it again"
    rehearsals: dict[str, float]
    cells: list[Cell]
    copies: list[Copy]
    noises: list[Noise] = []
    versions: dict[str, str]


def drawn(name: str) -> Data:
    """The parts of a data set."""
    return Data(*np.split(datasets.load(name, "test").images[: PARTS[-1]], PARTS[:-1]))


def rehearsed(data: Data, depth: int) -> tuple[features.PatchFeatures | None, float]:
    """Features for encoders of this depth, and the seconds they took; none for the linear encoder."""
    if depth == 1:
        return None, 0.0
    started, rng = time.process_time(), np.random.default_rng(depth)
    encoders = ENCODERS.get(depth, features.ENCODERS)
    pairs = features.rehearse(made.plain(data.own), depth, made.WIDTH, rng, encoders)
    return features.train(*pairs), round(time.process_time() - started, 1)


def attacked(given: made.Challenge, trained: features.PatchFeatures | None) -> attack.Matching:
    """The attack for this depth."""
    if trained is None:
        found = attack.linear_neuracrypt(given.plain, given.hidden)
        return attack.Matching(found, given.hidden, {"all, by leverages": found})
    return attack.neuracrypt(given.plain, given.hidden, trained, given.shuffled)


def cell(data: Data, count: int, depth: int, shuffled: bool, seed: int,
         trained: features.PatchFeatures | None) -> dict:  # fmt: skip
    """One challenge, and its control where that is small enough."""
    images = data.pool[np.random.default_rng(seed).permutation(len(data.pool))[:count]]
    given = made.challenge(images, depth, seed, shuffled)
    started = time.process_time()
    found = attacked(given, trained)
    seconds = round(time.process_time() - started, 1)
    rates = {name: made.rate(each, given.truth) for name, each in found.stages.items()}
    rates["baseline: ranks of contrast"] = made.rate(made.by_contrast(given), given.truth)
    unseen = {}
    if count == CONTROLLED:
        alone = made.challenge(images, depth, seed, shuffled, own_keys=True)
        theirs = attacked(alone, trained)
        rates["control: a key for each picture"] = made.rate(theirs.pictures, alone.truth)
        if depth > 1 or not shuffled:
            unseen = told(data, given, found, alone, theirs, seed)
    rates = {name: round(value, 4) for name, value in rates.items()}
    return {"rates": rates, "seconds": seconds, "unseen": unseen}


def told(data: Data, given: made.Challenge, found: attack.Matching, alone: made.Challenge,
         theirs: attack.Matching, seed: int) -> dict[str, dict]:  # fmt: skip
    """What encodings of new pictures show, and those under a key for each picture."""
    shape, looks = data.new.shape[1:], []
    for of, how, own_keys in ((given, found, False), (alone, theirs, True)):
        sent = made.challenge(data.new, given.depth, seed, given.shuffled, own_keys)
        looks.append(made.shown(of, how, sent.hidden[np.argsort(sent.truth)], shape))
    names = "encodings of new pictures", "control: a key for each picture"
    return {name: made.leak_of(look, looks[1], data.new, data.candidates) for name, look in zip(names, looks)}


def copied(data: Data, depth: int, seed: int, trained: features.PatchFeatures) -> dict:
    """A copy of an encoder, and what it is good for."""
    images = data.pool[np.random.default_rng(seed).permutation(len(data.pool))[:COPIED]]
    given = made.challenge(images, depth, seed)
    found, started = attacked(given, trained), time.process_time()
    steps = STEPS[depth]
    copy = attack.learned_copy(given.plain[found.pictures], found.vectors, depth, steps)
    again = attack.nearest(found.vectors, attack.encodings(copy, given.plain))
    seconds = round(time.process_time() - started, 1)
    sent = made.challenge(data.new, depth, seed)
    among = np.concatenate([data.new, data.candidates[: len(data.candidates) - len(data.new)]])
    named = attack.nearest(made.placed(found, sent.hidden), attack.encodings(copy, made.plain(among)))
    return {"steps": steps, "seconds": seconds, "again": made.rate(again, given.truth),
            "unseen": made.rate(named, sent.truth), "candidates": len(among)}  # fmt: skip


def noisy(data: Data, depth: int, seed: int, trained: features.PatchFeatures | None) -> dict[str, float]:
    """The attack on noise."""
    given = made.challenge(data.pool[:CONTROLLED], depth, seed)
    found = attacked(made.noise(given, seed), trained)
    return {"rate": made.rate(found.pictures, given.truth)}


def jobs(data: Data) -> Iterator[tuple[str, dict, Callable[[], dict]]]:
    """Section of the record, what names an entry in it, and what makes its other fields. Features of a depth
    are trained once, for the first entry that lacks them."""

    @lru_cache
    def trained(depth):
        return rehearsed(data, depth)

    def rehearsal(depth):
        return lambda: {str(depth): trained(depth)[1]}

    for depth in (3, 7, 47):
        yield "rehearsals", {"depth": depth}, rehearsal(depth)
    for count, depth, shuffled in CELLS:
        for seed in SEEDS:
            name = {"pictures": count, "depth": depth, "shuffled": shuffled, "seed": seed}
            yield "cells", name, lambda at=name: cell(data, *at.values(), trained(at["depth"])[0])
    for depth in STEPS:
        for seed in SEEDS:
            name = {"depth": depth, "seed": seed}
            yield "copies", name, lambda at=name: copied(data, *at.values(), trained(at["depth"])[0])
    for depth in DEPTHS:
        for seed in SEEDS:
            name = {"depth": depth, "seed": seed}
            yield "noises", name, lambda at=name: noisy(data, *at.values(), trained(at["depth"])[0])


def main(argv: list[str] | None = None) -> int:
    """Run what the record lacks."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--data", default="cifar10", help="as of lib.datasets; CIFAR-10 in the record")
    args = parser.parse_args(argv)
    record = {"rehearsals": {}, "cells": [], "copies": [], "noises": []}
    if args.out.exists():
        record = read(NeuraCryptRecord, args.out).model_dump()
    for section, name, make in tqdm(list(jobs(drawn(args.data))), disable=not sys.stderr.isatty()):
        if section == "rehearsals":
            if str(name["depth"]) not in record[section]:
                record[section] |= make()
        elif not any(name.items() <= each.items() for each in record[section]):
            record[section].append(name | make())
            print(section, name, flush=True)
        else:
            continue
        write_json(args.out, record | {"versions": versions("torch")})
    return 0


if __name__ == "__main__":
    sys.exit(main())
