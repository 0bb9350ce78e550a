"""A class's ciphers side by side, as the judge sees them: a file of JSON, an entry for each.

    python -m lib.workbook.leaderboard BOARD.json                                       shows it
    python -m lib.workbook.leaderboard BOARD.json verdict.json --name NAME --author WHO   enters a verdict

`verdict.json` is what `python -m lib judge` writes. The board lies where the teacher says; the one at
`data/leaderboard.json` is an example, made of the recorded verdicts by `--recorded`. Ciphers from which a
network learns come first, and of these the one that leaks least.

An entry is refused where its parts do not fit together, or where it is of another version of the judge. That
finds slips, and whoever edits one number; it is no seal. A teacher who wants to be sure judges the cipher.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from lib.atomic import write_json
from lib.formats import Format, parse, read
from lib.judge import VERSION, Verdict
from lib.judge.verdict import Leakage, Learnability, outcome_of
from lib.workbook import recorded_verdicts

EXAMPLE = recorded_verdicts.RESULTS.parent / "leaderboard.json"
BREAKS = ("small key space", "reused nonce")  # structures that break a cipher by themselves
SHOWN = "one ciphertext shows it"
NO_KEY = "does not depend on the key"
LEARNT = 0.05  # by so much more than the nearest mean colour is a cipher learned from


class Attacked(Format):
    """What the best attack of a threat model got, and what it needed."""

    attack: str
    needs: dict[str, int]
    leak: Leakage


class Entry(Format):
    """A cipher on the board.

    judge    version of the judge
    leaks    by threat model, where anything was tried
    keyless  whether the ciphertexts do not depend on the key
    digest   of the verdict without its pictures, for whoever has the file that it came from
    """

    KIND: ClassVar[str] = "entry of a leaderboard"
    WAY: ClassVar[str] = "judge the cipher again, and enter that verdict"
    name: str = Field(min_length=1, max_length=60, description="a name of 1 to 60 letters")
    author: str = Field(min_length=1, max_length=60, description="an author of 1 to 60 letters")
    judge: str
    shape: tuple[int, int, int]
    budget: str
    outcome: str
    structure: list[str]
    keyless: bool
    leaks: dict[str, Attacked]
    learnability: Learnability | None
    digest: str = Field(pattern="^[0-9a-f]{64}$", description="64 hex digits")

    @model_validator(mode="after")
    def _fits(self):
        problem = _of_another_judge(self.judge) or self._contradiction()
        if problem:
            raise ValueError(f"{self.name}: {problem}")
        return self

    def _contradiction(self):
        if unknown := [threat for threat in self.leaks if threat not in recorded_verdicts.THREATS]:
            return f"there is no threat model {unknown[0]!r}"
        if any(not each.leak.low <= each.leak.value <= each.leak.high for each in self.leaks.values()):
            return "a leak lies outside of its interval"
        said = _outcome(self.leaks.values(), self.structure, self.keyless)
        if self.outcome != said:
            return f"it says {self.outcome!r}, and its leaks and structure make it {said!r}"
        return None

    @property
    def leak(self) -> float:
        """The largest, by the low end of its interval, as the outcome goes by."""
        return max((each.leak.low for each in self.leaks.values()), default=0.0)

    @property
    def learned(self) -> bool:
        """Whether a network learns more from ciphertexts than the mean colour of plain pictures tells."""
        found = self.learnability
        return found is not None and found.cipher > found.nearest_mean_colour + LEARNT


class Board(Format):
    """A leaderboard."""

    KIND: ClassVar[str] = "leaderboard"
    WAY: ClassVar[str] = "take a copy from before, or remove the entry"
    format: Literal["learnable image encryption leaderboard"]
    version: Literal[1]
    entries: list[Entry]

    @model_validator(mode="after")
    def _once(self):
        names = [(entry.name, entry.author) for entry in self.entries]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError("{} by {} stands there twice".format(*twice[0]))
        return self

    def ranked(self) -> list[Entry]:
        """Those that are learned from first; less leakage first, then more accuracy."""
        return sorted(self.entries, key=_rank)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Head and rows, ranked."""
        rows = []
        for place, entry in enumerate(self.ranked(), 1):
            found = entry.learnability
            learned = "not tried" if found is None else f"{found.cipher:.1%}"
            leaks = [_leak(entry.leaks.get(threat)) for threat in recorded_verdicts.THREATS]
            pixels = f"{entry.shape[0]}x{entry.shape[1]}"
            rows.append([str(place), entry.name, entry.author, pixels, entry.outcome, learned, *leaks])
        return ["place", "cipher", "by", "pixels", "outcome", "accuracy", *recorded_verdicts.THREATS], rows


def load(path: Path | str) -> Board:
    """A board; an empty one where there is no file. ValueError for one with a wrong entry."""
    return read(Board, path) if Path(path).exists() else Board.new(entries=[])


def entry_of(verdict: Verdict | Path | str, name: str, author: str) -> Entry:
    """An entry of a verdict, or of a file of one. ValueError for a verdict that is of another version, or
    whose parts contradict each other: it was edited, or damaged."""
    if not isinstance(verdict, Verdict):
        verdict = read(Verdict, verdict)
    verdict = parse(Verdict, verdict.model_dump_json(), "the verdict")  # a copy with changes is unchecked
    leaks = {threat: _best(verdict, threat) for threat in recorded_verdicts.THREATS}
    leaks = {threat: each for threat, each in leaks.items() if each}
    keyless = any(NO_KEY in finding.text for finding in verdict.contract)
    if problem := _edited(verdict, leaks, keyless):
        raise ValueError(f"the verdict on {verdict.cipher} is refused: {problem}; {Entry.WAY}")
    learned = verdict.learnability and verdict.learnability.model_dump()
    fields = {"name": name, "author": author, "judge": verdict.judge, "shape": verdict.shape}
    fields |= {"budget": verdict.budget, "outcome": verdict.outcome, "structure": verdict.structure}
    fields |= {"leaks": {threat: each.model_dump() for threat, each in leaks.items()}, "keyless": keyless}
    fields |= {"learnability": learned, "digest": digest(verdict)}
    return parse(Entry, json.dumps(fields), "the entry")


def enter(path: Path | str, verdict: Verdict | Path | str, name: str, author: str) -> Board:
    """Put a verdict on the board of a file, in place of an earlier one of the same name and author; the
    board. ValueError as for `entry_of`."""
    entry, board = entry_of(verdict, name, author), load(path)
    others = [each for each in board.entries if (each.name, each.author) != (name, author)]
    board = Board.new(entries=[*others, entry])
    write_json(Path(path), board.model_dump(mode="json"))
    return board


def digest(verdict: Verdict) -> str:
    """64 hex digits that tell verdicts apart, pictures aside."""
    text = json.dumps(verdict.model_dump(mode="json", exclude={"pictures"}), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _of_another_judge(version):
    if version == VERSION:
        return None
    return f"it is of {version!r}, this package has {VERSION!r}, and their numbers cannot be compared"


def _best(verdict, threat):
    found = recorded_verdicts.best(verdict, threat)
    return found and Attacked(attack=found.attack, needs=found.needs, leak=found.leak)


def _outcome(attempts, structure, keyless):
    extra = [name for name in structure if name in BREAKS]
    said = "broken" if keyless else outcome_of(list(attempts), extra)
    return "leaks" if SHOWN in structure and said != "broken" else said


def _edited(verdict: Verdict, leaks: Mapping[str, Attacked], keyless: bool) -> str | None:
    """What in a verdict contradicts the rest of it."""
    if verdict.outcome == "cannot be judged":
        return "it is none: the cipher could not be judged"
    said = _outcome(verdict.attempts, verdict.structure, keyless)
    if verdict.outcome != said:
        return f"its attacks make it {said!r}, and it says {verdict.outcome!r}"
    for threat, each in leaks.items():
        if not any(line.startswith(_lines(verdict, threat, each.leak.low)) for line in verdict.summary):
            return f"its summary does not say what the attacks with {threat} got"
    told = [line.split(":")[0] for line in verdict.summary if line.startswith("With ")]
    if missing := [line for line in told if line.removeprefix("With ") not in leaks]:
        return f"its summary speaks of {missing[0]!r}, and no attack of it does"
    return None


def _lines(verdict, threat, low):
    """How the summary may begin its line on a threat model: of several best attacks it names one."""
    leaks = [each.leak for each in verdict.attempts if each.threat == threat and each.leak]
    return tuple(
        f"With {threat}: leak {leak.value:.2f} ({leak.low:.2f} to {leak.high:.2f}), "
        for leak in leaks if leak.low == low
    )  # fmt: skip


def _rank(entry):
    accuracy = entry.learnability.cipher if entry.learnability else 0.0
    return not entry.learned, round(entry.leak, 2), -accuracy


def _leak(attacked):
    return "not tried" if attacked is None else f"{round(attacked.leak.value, 2) + 0:.2f}"


def main(argv: list[str] | None = None) -> int:
    """Show a board, after a verdict was entered if one is given."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("board", type=Path, metavar="BOARD.json")
    parser.add_argument("verdict", type=Path, nargs="?", metavar="verdict.json")
    parser.add_argument("--name", help="of the cipher")
    parser.add_argument("--author")
    parser.add_argument("--recorded", action="store_true", help="write the recorded verdicts to the board")
    args = parser.parse_args(argv)
    if args.recorded:
        for name, verdict in recorded_verdicts.recorded().items():
            enter(args.board, verdict, recorded_verdicts.SUBJECTS[name].title, "this package")
    if args.verdict:
        if not (args.name and args.author):
            parser.error("an entry needs --name and --author")
        enter(args.board, args.verdict, args.name, args.author)
    from lib.workbook.recording import text_table

    head, rows = load(args.board).table()
    print(text_table([dict(zip(head, row)) for row in rows]) if rows else "no entries yet")
    return 0


if __name__ == "__main__":
    sys.exit(main())
