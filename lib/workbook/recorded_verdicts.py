"""What the judge says of the schemes of this package and of a few other ciphers: `data/results/judged/`.

    python -m lib.workbook.recorded_verdicts                     what this judge has not judged yet
    python -m lib.workbook.recorded_verdicts etc-4 etc-16        these, anew

Each file is a `lib.judge.Verdict` at the quick budget, without its pictures. The judge is told nothing but
the factory and a size: 32x32, and 64x64 where blocks are of 16x16 pixels. `make judged` runs it, and writes
README's table.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lib import Key, schemes
from lib.atomic import write_json
from lib.attacks import CHOSEN, MANY, ONE, PAIRS
from lib.formats import read
from lib.judge import VERSION, Verdict, judge
from lib.judge.served import SERVED
from lib.judge.verdict import Attempt
from lib.subjects.random_orthogonal import RandomOrthogonal
from lib.workbook import readme
from lib.workbook.recording import RESULTS

FOLDER = RESULTS / "judged"
BUDGET = "quick"
THREATS = (CHOSEN, PAIRS, MANY, ONE, SERVED)
"""What an attacker has, most first; and who serves a model that holds the key."""
UNSURE = 0.1  # by so much more may an attack have leaked than the best one, for all that is known
PUBLISHED_BLOCK = 16  # side of the blocks that EtC's authors propose; Tanaka's cipher has 4


class PlainPictures:
    """The identity, whose key is not used: the other end of the scale from a one-time pad."""

    per_image = False

    def __init__(self, key: Key):
        self.key = key

    def encrypt(self, images: np.ndarray, ids: None = None) -> np.ndarray:
        """A copy of the images."""
        return images.copy()

    decrypt = encrypt


@dataclass(frozen=True)
class Subject:
    """A cipher to be judged: a factory, the side of the pictures, and what readers call it."""

    factory: Callable
    side: int
    title: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of a picture."""
        return self.side, self.side, 3


def _scheme(name, block=None, *, title, **options):
    options |= {} if block is None else {"block": block}
    side = 64 if (block or 0) >= PUBLISHED_BLOCK else 32
    blocks = "" if block is None else f", blocks of {block}"
    return Subject(partial(schemes.by_name(name), **options), side, title + blocks)


SUBJECTS: dict[str, Subject] = {
    "plain": Subject(PlainPictures, 32, "plain pictures"),
    "tanaka-4": _scheme("tanaka", 4, title="LE"),
    "ele-4": _scheme("ele", 4, title="ELE"),
    "skk": _scheme("skk", title="SKK"),
    "skk-per-image": _scheme("skk", per_image=True, title="SKK, a key per image"),
    "etc-4": _scheme("etc", 4, title="EtC"),
    "etc-16": _scheme("etc", PUBLISHED_BLOCK, title="EtC"),
    "etc-4-per-image": _scheme("etc", 4, per_image=True, title="EtC, a key per image"),
    "etc-16-per-image": _scheme("etc", PUBLISHED_BLOCK, per_image=True, title="EtC, a key per image"),
    "etc-gray-8": _scheme("etc-gray", 8, title="grey EtC"),
    "etc-gray-16": _scheme("etc-gray", PUBLISHED_BLOCK, title="grey EtC"),
    "shf-4": _scheme("shf", 4, title="SHF"),
    "np-4": _scheme("np", 4, title="NP"),
    "ffx-4": _scheme("ffx", 4, title="FFX"),
    "block-pixel-4": _scheme("block-pixel", 4, title="block and pixel permutation"),
    "block-pixel-16": _scheme("block-pixel", PUBLISHED_BLOCK, title="block and pixel permutation"),
    "restricted-4": _scheme("restricted", 4, title="restricted permutation"),
    "restricted-16": _scheme("restricted", PUBLISHED_BLOCK, title="restricted permutation"),
    "cfe-v1-16": _scheme("cfe", PUBLISHED_BLOCK, own_keys=False, title="CFE V1"),
    "cfe-v2-16": _scheme("cfe", PUBLISHED_BLOCK, own_keys=True, title="CFE V2"),
    "random-orthogonal-4": Subject(RandomOrthogonal, 32, "random orthogonal matrix, blocks of 4"),
    "one-time-pad": _scheme("otp", title="one-time pad"),
}
"""All that is recorded, by the name of its file."""


def path_of(name: str, folder: Path = FOLDER) -> Path:
    """Where a verdict is kept."""
    return folder / f"{name}.json"


def judged(name: str) -> Verdict:
    """The judge's verdict of today, named like its file and without pictures."""
    subject = SUBJECTS[name]
    verdict = judge(subject.factory, subject.shape, BUDGET)
    return verdict.model_copy(update={"cipher": name, "pictures": {}})


def recorded(folder: Path = FOLDER) -> dict[str, Verdict]:
    """All verdicts that are recorded, by name, in the order of `SUBJECTS`. ValueError for a damaged one."""
    there = [name for name in SUBJECTS if path_of(name, folder).exists()]
    return {name: read(Verdict, path_of(name, folder)) for name in there}


def best(verdict: Verdict, threat: str) -> Attempt | None:
    """The attack that got most under a threat model: its interval has the highest low end. Of several, the
    one that needed least."""
    tried = [each for each in verdict.attempts if each.leak and each.threat == threat]
    return max(tried, key=lambda each: (each.leak.low, -sum(each.needs.values())), default=None)


def told(verdict: Verdict, threat: str) -> str:
    """The leak under a threat model in a few words, with its interval and what the attacker needed; and
    attacks that had time for too few pictures to be settled."""
    attempt = best(verdict, threat)
    if attempt is None:
        return "not tried"
    needs = ", ".join(f"{count:,} {_what(name, count)}" for name, count in attempt.needs.items())
    leak = attempt.leak
    settled = f"{interval(leak.value, leak.low, leak.high)}, {needs}"
    return "; ".join([settled, *(f"open: {_interval(each)}" for each in unsettled(verdict, threat))])


def unsettled(verdict: Verdict, threat: str) -> list[Attempt]:
    """Attacks whose interval reaches far above that of the best: they had too few pictures to be sure."""
    first = best(verdict, threat)
    tried = [each for each in verdict.attempts if first and each.leak and each.threat == threat]
    return [each for each in tried if each.leak.high > first.leak.high + UNSURE]


def table(verdicts: dict[str, Verdict] | None = None) -> tuple[list[str], list[list[str]]]:
    """Head and rows: subject, size, outcome, and for each threat model the leak, its interval and what the
    attacker needed."""
    verdicts = recorded() if verdicts is None else verdicts
    rows = [
        [SUBJECTS[name].title, f"{verdict.shape[0]}x{verdict.shape[1]}", verdict.outcome]
        + [told(verdict, threat) for threat in THREATS]
        for name, verdict in verdicts.items()
    ]
    return ["cipher", "pixels", "outcome", *THREATS], rows


def markdown() -> str:
    """The table for README."""
    return readme.table(*table())


def _interval(attempt):
    leak = attempt.leak
    return f"{attempt.attack}, {_two(leak.low)} to {_two(leak.high)}, of {leak.images} pictures"


def interval(value: float, low: float, high: float) -> str:
    """A leak with the ends of its interval, as tables show it.

    >>> interval(0.5, -0.001, 1)
    '0.50 (0.00 to 1.00)'
    """
    return f"{_two(value)} ({_two(low)} to {_two(high)})"


def _two(value):
    return f"{round(value, 2) + 0:.2f}"  # no -0.00


def _what(name, count):
    one = {"queries": "query", "pairs": "pair", "ciphertexts": "ciphertext",
           "served models": "served model", "checkpoints": "checkpoint"}  # fmt: skip
    return one.get(name, name) if count == 1 else name


def _is_of_this_judge(path):
    return path.exists() and read(Verdict, path).judge == VERSION


def main(argv: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Judge what is named, or else what is not recorded."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SUBJECTS))
    names = parser.parse_args(argv).names
    if unknown := [name for name in names if name not in SUBJECTS]:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(SUBJECTS)}")
    folder.mkdir(parents=True, exist_ok=True)
    missing = names or [name for name in SUBJECTS if not _is_of_this_judge(path_of(name, folder))]
    for name in tqdm(missing, unit="cipher", disable=not sys.stderr.isatty()):
        verdict = judged(name)
        write_json(path_of(name, folder), verdict.model_dump())
        print(f"{name}: {verdict.outcome}, {verdict.seconds:.0f} s", flush=True)
        if folder == FOLDER:
            readme.rewrite("judged", markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main())
