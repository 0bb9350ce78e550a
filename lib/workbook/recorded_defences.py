"""Keyed defences under attackers who know more and more: `data/results/defences.json`, for lesson 31.

    python -m lib.workbook.recorded_defences --data npz:cifar10.npz
    python -m lib.workbook.recorded_defences --data npz:cifar10.npz shf ffx

Networks are those of `lib.workbook.defence_networks`, trained first where they are missing. Five are
attacked: without a defence, behind SHF, NP and FFX, and one trained adversarially, which is the control. All
on the same test pictures, those of each class equally many. What is recorded is not measured again; every
part is written when it is done.

An accuracy stands under what the attacker spends: under epsilon, in levels of 255, or under questions for a
picture, at the published epsilon of 8.

    clean                           no attacker
    noise                           the baseline: each value moved by epsilon, up or down at random
    wrong key                       as published: PGD through another key, 50 steps
    no key                          FFX alone: PGD through nothing, as the published code attacks FFX
    right key                       PGD through the key, or through nothing where there is none
    right key, AutoPGD              the two parts of AutoAttack that follow gradients, where these are exact:
                                    not for FFX. Its third is `scores`
    right key, straight through     FFX alone: as if replaced values had the slope of others
    read from ciphertexts           PGD through the key as an attack read it, by the number of ciphertexts
    transfer, plain                 pictures made for the plain network, which has no key
    transfer, other key             pictures made for his own network behind another key; SHF
    scores                          Square, by questions, on fewer pictures
    decisions                       HopSkipJump, by questions, on still fewer
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from lib.atomic import write_json
from lib.datasets import Dataset, load
from lib.formats import Format, read
from lib.models.defended import front_of
from lib.workbook import defence_keys, defence_networks
from lib.workbook.defence_networks import DEFENCES, NETWORKS, WIDTHS, kept
from lib.workbook.defences import (
    AUTO_STEPS,
    EPSILONS,
    FEW,
    STEP,
    STEPS,
    Case,
    answers,
    auto_pgd,
    balanced,
    hop_skip_jump,
    noise,
    over_epsilons,
    pgd,
    square,
    within,
)  # fmt: skip
from lib.workbook.recording import ATTACKER, RESULTS, PartedRecord, scheme_of

OUT = RESULTS / "defences.json"
PICTURES, SCORED, DECIDED = 500, 200, 50  # test pictures; those that scores, and decisions, are asked about
ASKED = 50  # pictures of the attacker's, from the training set, that the service decides about
CIPHERTEXTS, DRAWS = (1, 5, 20, 100), 5  # and how often they are drawn
WRONG = 2  # wrong keys
QUESTIONS = 100, 300, 1000  # of Square and HopSkipJump
SEED = 0


class Measured(Format):
    """An attacker of a network: `accuracy` by what was spent; `also`, other numbers by name."""

    accuracy: dict[str, float]
    also: dict[str, float] = {}
    seconds: float


class Defences(PartedRecord):
    """The record: by network and attacker."""

    KIND = "record of keyed defences"
    networks: dict[str, dict[str, Measured]] = {}


@dataclass(frozen=True)
class Bench:
    """What a network is attacked with: the case, and pictures of the attacker's."""

    name: str
    train: Dataset
    test: Dataset

    @cached_property
    def case(self) -> Case:
        """Network and pictures."""
        return Case(kept(self.name), NETWORKS[self.name].scheme, *balanced(self.test, PICTURES))

    @property
    def defence(self) -> dict[str, Any] | None:
        """What everybody knows of the defence."""
        return NETWORKS[self.name].defence

    @property
    def service(self) -> defence_keys.Service:
        """What an attacker has of it, who asked about pictures of his own."""
        images = balanced(self.train, ASKED)[0]
        return defence_keys.Service(self.case.network, images, answers(self.case, images).argmax(1))

    def curve(self, front: nn.Module | None, sees: bool = False, network: nn.Module | None = None) -> dict:
        """Accuracy by epsilon, PGD through a front, on this network or one of the attacker's own. The steps
        are as many as published at the published epsilon; few for smaller ones, and for what transfers."""
        target = network or self.case.network
        steps = {EPSILONS[-1]: STEPS if network is None else FEW}

        def perturb(images, labels, epsilon):
            return pgd(target, front, images, labels, epsilon, SEED, steps.get(epsilon, FEW))

        return over_epsilons(self.case, perturb, sees)

    def some(self, count: int) -> Case:
        """The case with its first pictures alone."""
        return replace(self.case, images=self.case.images[:count], labels=self.case.labels[:count])

    def at_most(self, front: nn.Module | None) -> float:
        """Accuracy at the largest epsilon, few steps of PGD through a front."""
        case, epsilon = self.case, EPSILONS[-1]
        moved = pgd(case.network, front, case.images, case.labels, epsilon, SEED, FEW)
        within(moved, case.images, epsilon)
        return accuracy(case, moved)


def accuracy(case: Case, images: np.ndarray) -> float:
    """The share of pictures that are put in their classes."""
    return round(float(case.right(images).mean()), 4)


# -- attackers: what they are called, and accuracy by what they spend; then other numbers --------------------


def clean(bench: Bench) -> tuple[dict, dict]:
    """No attacker."""
    return {"0": accuracy(bench.case, bench.case.images)}, {}


def by_noise(bench: Bench) -> tuple[dict, dict]:
    """Random signs."""
    return over_epsilons(bench.case, lambda images, _, epsilon: noise(images, epsilon, SEED)), {}


def wrong_key(bench: Bench) -> tuple[dict, dict]:
    """The published evaluation, under several wrong keys; the curve is that of the first."""
    fronts = [front_of(scheme_of(bench.defence, ATTACKER + 100 + i)) for i in range(WRONG)]
    return bench.curve(fronts[0]), {f"wrong key {i + 1}": bench.at_most(front)
                                    for i, front in enumerate(fronts[1:], 1)}  # fmt: skip


def right_key(bench: Bench, slope: float = 0.0) -> tuple[dict, dict]:
    """Through the key."""
    return bench.curve(front_of(bench.case.scheme, slope=slope), sees=True), {}


def by_auto_pgd(bench: Bench) -> tuple[dict, dict]:
    """AutoPGD through the key."""
    network, front = bench.case.network, front_of(bench.case.scheme)

    def perturb(images, labels, epsilon):
        return auto_pgd(network, front, images, labels, epsilon, SEED)

    return over_epsilons(bench.case, perturb, sees=True), {}


def from_ciphertexts(bench: Bench) -> tuple[dict, dict]:
    """The key read from ciphertexts of training pictures that are not the attacker's, several times from
    others; the first that was read is used."""
    case, found, told = bench.case, {}, {}
    service, known = bench.service, scheme_of(bench.defence, 0)
    for count in CIPHERTEXTS:
        ends = [len(bench.train) - count * i for i in range(DRAWS)]
        drawn = (case.scheme.encrypt(bench.train.images[end - count : end]) for end in ends)
        fronts = [defence_keys.from_ciphertexts(service, known, ciphers) for ciphers in drawn]
        shares = [defence_keys.right(front, case.scheme) for front in fronts]
        told |= {f"right, {count}": round(float(np.mean(shares)), 4), f"least, {count}": min(shares)}
        found[str(count)] = bench.at_most(fronts[0])
        if min(shares) == 1:
            break
    return found, told


def transfer(bench: Bench, name: str) -> tuple[dict, dict]:
    """Pictures made for a network of the attacker's own, behind its own front."""
    own = Bench(name, bench.train, bench.test)
    told = {"accuracy of his own": accuracy(own.case, own.case.images)}
    return bench.curve(front_of(own.case.scheme), network=own.case.network), told


def by_scores(bench: Bench) -> tuple[dict, dict]:
    """Square."""
    case, told = bench.some(SCORED), {}
    found = {"0": accuracy(case, case.images)}
    for questions in QUESTIONS:
        moved, asked = square(case, EPSILONS[-1], questions, SEED)
        within(moved, case.images, EPSILONS[-1])
        found[str(questions)] = accuracy(case, moved)
        told[f"asked, {questions}"] = round(asked, 1)
    return found, told


def by_decisions(bench: Bench) -> tuple[dict, dict]:
    """HopSkipJump: a picture stands while what was found for it is further away than epsilon 8."""
    case = bench.some(DECIDED)
    far, stands = hop_skip_jump(case, QUESTIONS[-1], SEED), case.right(case.images)
    left = (stands[:, None] & (far > EPSILONS[-1])).mean(0)
    found = {"0": round(float(stands.mean()), 4)}
    found |= {str(each): round(float(left[each - 1]), 4) for each in QUESTIONS}
    return found, {"median distance": float(np.median(far[stands, -1]))}


def attackers(name: str) -> Mapping[str, Callable[[Bench], tuple[dict, dict]]]:
    """The attackers of a network, by name, cheap ones first."""
    found = {"clean": clean, "noise": by_noise}
    how = NETWORKS[name]
    if how.defence is not None:
        found |= {"wrong key": wrong_key, "right key": right_key, "read from ciphertexts": from_ciphertexts}
        if not how.scheme.has_table:
            found["no key"] = lambda bench: (bench.curve(None), {})
            found["right key, straight through"] = lambda bench: right_key(bench, 1.0)
    else:
        found["right key"] = right_key
    if how.scheme is None or how.scheme.has_table:
        found["right key, AutoPGD"] = by_auto_pgd
    if name != "plain":
        found["transfer, plain"] = lambda bench: transfer(bench, "plain")
    found |= {"scores": by_scores, "decisions": by_decisions}
    if (other := f"own {name}") in NETWORKS:
        found["transfer, other key"] = lambda bench: transfer(bench, other)
    return found


ATTACKED = tuple(name for name, how in NETWORKS.items() if not how.own)


def settings() -> dict[str, Any]:
    """All that decides the numbers."""
    bodies = {name: [how.body, how.adaptation, how.epochs] for name, how in NETWORKS.items()}
    training = {"widths": list(WIDTHS), "bodies": bodies, "defences": DEFENCES}
    pictures = {"pictures": PICTURES, "scored": SCORED, "decided": DECIDED, "asked": ASKED}
    spent = {"epsilons": list(EPSILONS), "steps": [FEW, STEPS], "step": STEP, "questions": list(QUESTIONS)}
    spent["steps of AutoPGD"] = AUTO_STEPS
    return {"training": training, "seed": SEED} | pictures | spent


def recorded(path: Path = OUT) -> Defences:
    """The record. OSError; ValueError for a damaged one."""
    return read(Defences, path)


def measured(record: dict, names: list[str], train: Dataset, test: Dataset) -> Iterator[str]:
    """Measure what a record lacks of these networks, and say so each time that it has grown."""
    for name in names:
        bench, done = Bench(name, train, test), record.setdefault("networks", {}).setdefault(name, {})
        for attacker, run in attackers(name).items():
            if attacker not in done:
                started = time.process_time()
                found, also = run(bench)
                seconds = round(time.process_time() - started, 1)
                done[attacker] = {"accuracy": found, "also": also, "seconds": seconds}
                yield f"{name}, {attacker}: {found} {also or ''} {seconds:.0f} s"


def main(argv: list[str] | None = None) -> int:
    """Train what is missing, measure what is not recorded, and write the record after each part."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NETWORK", help=f"all, or of {', '.join(ATTACKED)}")
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(argv)
    if unknown := set(args.names) - set(ATTACKED):
        parser.error(f"unknown network {min(unknown)!r}; known: {', '.join(ATTACKED)}")
    defence_networks.main(["--data", args.data])
    train, test = (load(args.data, split) for split in ("train", "test"))
    try:
        packages = "torch", "adversarial-robustness-toolbox"
        record = Defences.resumed(args.out, settings(), train, test, packages)
    except ValueError as error:
        parser.error(str(error))
    for told in measured(record, args.names or list(ATTACKED), train, test):
        write_json(args.out, record)
        print(told, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
