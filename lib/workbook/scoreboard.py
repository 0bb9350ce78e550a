"""Accuracy against leakage: `make scoreboard` joins recorded trainings and the judge's verdicts.

    python -m lib.workbook.scoreboard

reads `data/results/training/*.json` and `data/results/judged/*.json`, trains and attacks nothing, and writes
`data/results/scoreboard.json` and the README's table. There is a row for every cipher of
`lib.workbook.recorded_verdicts`, plain pictures and a one-time pad among them.

Accuracies are means over seeds, last epoch, of three kinds that are never mixed: learned from labels alone
("as published"), behind a front that sorts ciphertexts by their statistics ("by statistics"), and of
pictures that an attack got back first ("attack first"). Of each kind counts the first row that is recorded in
the tier `table`, beside its cost: how far it is below plain pictures of the same tier.

Leakage is the judge's, at one budget for all: 0 for a one-time pad, 1 for plain pictures, with its interval,
for each threat model by the attack that got most.

The front is for those who play by the rules: the lowest cost without attacking first, against the most that
ciphertexts alone leak. On it is who is not beaten: nobody else is clearly better in one of both (by more than
`CLEAR` of accuracy; with an interval of leakage below) and clearly worse in none.
"""

import argparse
import json
import sys

from lib import Key
from lib.atomic import write_json
from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.judge.verdict import LEAKS, Verdict
from lib.schemes import Scheme
from lib.workbook import readme
from lib.workbook.recorded_trainings import KINDS, Training, TrainingRow, told, trainings
from lib.workbook.recorded_verdicts import SUBJECTS, best, interval, recorded
from lib.workbook.recording import RESULTS, scheme_of

OUT = RESULTS / "scoreboard.json"
PLAIN, CONTROL = "plain", "one-time-pad"
LEARNED = ("as published", "by statistics", "attack first")
TIER = "table"
THREATS = (ONE, MANY, PAIRS, CHOSEN)
"""From the least that an attacker has to the most."""
ALONE = (ONE, MANY)  # ciphertexts and nothing else
CLEAR = 0.005  # of accuracy: runs of other seeds differ by about so much
WHOLE = 0.9  # of leakage, by ciphertexts alone, from which on a picture is back
VERDICTS = {
    "plain": "No cipher: who has a picture sees it. The accuracy that the others are held against.",
    "control": "Nothing comes back and nothing is learned: what safe looks like. A control, of no use for "
    "training.",
    "whole": "For lessons and as a baseline of attacks. Must not protect anything: ciphertexts alone give "
    "the pictures back.",
    "part": "Only where others may see what a picture is of. Must not be used where a face, a place or a "
    "text has to stay unknown: ciphertexts alone show it in part.",
    "pairs": "Only where no plain picture of the key is ever known to others or chosen by them. Must not be "
    "used where anybody can have a picture encrypted.",
    "keys": "For nothing: its keys are too few, are used twice or do not matter, whatever its pictures show.",
    "told": "Only where others may know which of some pictures it is. How the picture looks was not found by "
    "what was tried, which proves nothing.",
    "open": "For research. Not read by what was tried, which proves nothing, so it must not be used on the "
    "strength of this table.",
    "unknown": "Not judged here, so nothing can be said.",
}
"""Who may use a cipher for what, and who must not, by what its ciphertexts leak."""


def rows() -> list[dict]:
    """The scoreboard of what is recorded: see `board`."""
    return board(recorded(), [(row, trainings.records(row)) for row in trainings.rows()])


def board(verdicts: dict[str, Verdict], learned: list[tuple[TrainingRow, list[Training]]]) -> list[dict]:
    """One dictionary for each cipher: name, title, side, "accuracy" by kind, "leak" by threat model, outcome,
    verdict, front. Those that cost least come first, then those without an accuracy."""
    learned = [(row, runs) for row, runs in learned if runs and row.tier == TIER]
    found = [_row(name, verdicts.get(name), learned) for name in SUBJECTS]
    placed = [row for row in found if point(row)]
    for row in found:
        row["front"] = bool(point(row)) and not any(beats(other, row) for other in placed)
    return sorted(found, key=lambda row: (fair(row) or {"cost": 1})["cost"])


def _row(name, verdict, learned):
    plain = _first("plain", learned)
    mine = [(row, runs) for row, runs in learned if _trains_on(row, name)]
    accuracy = {kind: found for kind in KINDS if (found := _accuracy(kind, mine, plain))}
    leak = {threat: verdict and _leak(verdict, threat) for threat in THREATS}
    row = {"name": name, "title": SUBJECTS[name].title, "side": SUBJECTS[name].side, "accuracy": accuracy}
    row |= {"leak": leak, "outcome": verdict and verdict.outcome}
    return row | {"verdict": VERDICTS[_kind(row)]}


def _trains_on(row, name):
    """Whether a row of trainings is of this cipher; all trainings are of 32x32 pixels."""
    if name == PLAIN or row.scheme is None:
        return name == PLAIN and row.scheme is None
    subject = SUBJECTS[name]
    made = subject.factory(Key.from_seed(0)) if subject.side == 32 else None
    return isinstance(made, Scheme) and _settings(made) == _settings(scheme_of(row.scheme, 0))


def _settings(scheme):
    return {name: value for name, value in scheme.to_dict().items() if name != "key"}


def _first(kind, learned):
    """The first recorded row of this kind, and its runs; or None."""
    return next(((row, runs) for row, runs in learned if row.kind == kind), None)


def _accuracy(kind, mine, plain):
    """Mean, cost, runs and row, where there are plain pictures to compare with; or None."""
    found = _first(kind, mine)
    if found is None or plain is None:
        return None
    row, runs = found
    mean = _mean(runs)
    facts = {"mean": round(mean, 4), "cost": round(_mean(plain[1]) - mean, 4) + 0.0, "told": told(runs)}
    return facts | {"runs": [round(run.accuracy, 4) for run in runs], "row": row.name}


def _mean(runs):
    return sum(run.accuracy for run in runs) / len(runs)


def _leak(verdict, threat):
    attempt = best(verdict, threat)
    return attempt and {**attempt.leak.model_dump(), "attack": attempt.attack, "needs": attempt.needs}


def fair(row: dict) -> dict | None:
    """Of a row's accuracies the one with the lowest cost for who attacks nothing first; None if there is
    none. Its "kind" stands in it."""
    found = [{"kind": kind, **facts} for kind, facts in row["accuracy"].items() if kind != "attack first"]
    return min(found, key=lambda facts: facts["cost"], default=None)


def alone(row: dict) -> dict | None:
    """The most that ciphertexts alone leak; None where that was not tried."""
    found = [row["leak"][threat] for threat in ALONE if row["leak"][threat]]
    return max(found, key=lambda leak: leak["low"], default=None)


def point(row: dict) -> tuple[float, float] | None:
    """Accuracy and leakage of a row that has both."""
    learned, leak = fair(row), alone(row)
    return (learned["mean"], leak["value"]) if learned and leak else None


def beats(a: dict, b: dict) -> bool:
    """Whether a is clearly better than b in accuracy or leakage, and clearly worse in none."""
    return _better(a, b) and not _better(b, a)


def _better(a, b):
    return fair(a)["cost"] < fair(b)["cost"] - CLEAR or alone(a)["high"] < alone(b)["low"]


def _kind(row):
    if row["name"] in (PLAIN, CONTROL):
        return "plain" if row["name"] == PLAIN else "control"
    most, every = alone(row), [leak for leak in row["leak"].values() if leak]
    if most and most["low"] > LEAKS:
        return "whole" if most["value"] >= WHOLE else "part"
    if any(leak["low"] > LEAKS for leak in every):
        return "pairs"
    if row["outcome"] == "broken":
        return "keys"
    if row["outcome"] == "leaks":
        return "told"
    return "open" if every else "unknown"


def points(board: list[dict]) -> dict[str, tuple[float, float, float, float, bool]]:
    """For `lib.figures.results.accuracy_against_leakage`: leakage to ciphertexts alone with its interval,
    accuracy in per cent, and whether it is on the front, by title and kind."""
    return {_label(row): _place(row) for row in board if point(row)}


def _label(row):
    learned = fair(row)
    kind = f": {learned['kind']}" if learned["kind"] in LEARNED else ""
    return row["title"] + kind


def _place(row):
    leak = alone(row)
    return leak["value"], leak["low"], leak["high"], 100 * fair(row)["mean"], row["front"]


def table(board: list[dict]) -> str:
    """The board in Markdown."""
    return readme.table(*cells(board))


def cells(
    board: list[dict], learned: tuple[str, ...] = LEARNED, threats: tuple[str, ...] = THREATS
) -> tuple[list[str], list[list[str]]]:
    """Head and lines, `lib.figures.table` draws them. Plain pictures and the pad learn from labels alone as
    well, so theirs stand in the first column."""
    head = ["cipher", "pixels", *learned, *(f"leak, {threat}" for threat in threats), "front"]
    return head, [_line(row, learned, threats) for row in board]


def _line(row, learned, threats):
    first = {"plain": LEARNED[0], "control": LEARNED[0]}
    shown = {first.get(kind, kind): facts["told"] for kind, facts in row["accuracy"].items()}
    accuracies = [shown.get(kind, "") for kind in learned]
    leaks = [_leaked(row["leak"][threat], row["outcome"]) for threat in threats]
    return [row["title"], f"{row['side']}x{row['side']}", *accuracies, *leaks, "yes" * row["front"]]


def _leaked(leak, outcome):
    if leak is None:
        return "not tried" if outcome else "not judged"
    return interval(*(leak[name] for name in ("value", "low", "high")))


def main(argv: list[str] | None = None) -> int:
    prog = "python -m lib.workbook.scoreboard"
    argparse.ArgumentParser(prog, description=__doc__.split("\n")[0]).parse_args(argv)
    record = {"sources": ["data/results/training", "data/results/judged"], "rows": rows()}
    write_json(OUT, record)
    readme.rewrite("scoreboard", table(record["rows"]))
    print(table(record["rows"]))
    return 0


def stored() -> list[dict]:
    """The rows as they were written last."""
    return json.loads(OUT.read_text())["rows"]


if __name__ == "__main__":
    sys.exit(main())
