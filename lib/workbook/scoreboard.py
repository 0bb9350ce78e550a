"""How much accuracy for how much leakage: `make scoreboard` joins recorded trainings and recorded attacks.

    python -m lib.workbook.scoreboard

reads `data/results/training/*.json`, `data/results/attacks.json` and the attacks that were trained,
`data/results/learned/*.json`; trains and attacks nothing, writes `data/results/scoreboard.json` and the
README's table. There is a row for every scheme that the attack matrix knows, which is every scheme of
`lib.schemes`, for plain pictures, and for the control; what was not recorded says which command records it.

The accuracy of a scheme is the mean over seeds, last epoch, of its first recorded row in the tier `table`
that learned from labels alone, which is what those get who play by the rules; where none is recorded, of the
first that sorted ciphertexts by statistics, then of earlier runs on a JPEG copy, and the table says so. Its
leakage is what the best attack got back, by SSIM, once among attackers who have ciphertexts only, and once
among all. Attacks that are void count for nothing; of trained ones the median over seeds counts. A scheme is
on the front if no other is at least as accurate and leaks no more to attackers with ciphertexts only, and is
better in one of the two.
"""

import argparse
import json
import sys
from itertools import groupby

import numpy as np

from lib.atomic import write_json
from lib.attacks.catalogue import MANY, ONE, PAIRS
from lib.workbook import readme
from lib.workbook.attack_matrix import OUT as ATTACKS
from lib.workbook.attack_matrix import PAIR_COUNT, SCHEMES, verdict
from lib.workbook.recorded_attacks import TrainedAttack, trained_attacks
from lib.workbook.recorded_trainings import Training, TrainingRow, trainings
from lib.workbook.recording import RESULTS, label_of

OUT = RESULTS / "scoreboard.json"
SHOWN = ("ssim", "edge_correlation", "exact")
PLAIN, CONTROL = "none", "otp"
CIPHERTEXTS = (ONE, MANY)
KINDS, TIERS = ("plain", "as published", "control", "by statistics"), ("table", "jpeg")
"""Of the trainings that count; those behind stand in only where one before is missing."""
TRAINED = {
    "same key": (PAIRS, "trained on pairs"),
    "different keys": (ONE, "trained, 1 ciphertext"),
    "unpaired": (MANY, "trained on ciphertexts"),
}
"""Threat model and cost of the assumptions of `lib.workbook.recorded_attacks`."""
READABLE = 0.8  # SSIM from which on a picture is back, though not bit for bit
VERDICTS = {
    "plain": "No cipher: who has a picture sees it. The accuracy that the others are held against.",
    "control": "Nothing comes back and nothing is learned: what safe looks like. A control of the attacks, "
    "of no use for training.",
    "whole": "For lessons and as a baseline of attacks. Must not protect anything: ciphertexts alone give "
    "the pictures back.",
    "outlines": "Hides colours and fine detail. Must not be used where a face, a place or a text has to "
    "stay unknown: ciphertexts alone show shapes.",
    "pairs": "Only where no plain picture of the key is ever known to others or chosen by them. Must not be "
    "used where anybody can have a picture encrypted.",
    "open": "Not read by the attacks here, which proves nothing. Must not be used on the strength of this "
    "table.",
    "unknown": "Not attacked here, so nothing can be said.",
}
"""Who may use a scheme for what, and who must not, by what the attacks got."""


def rows() -> list[dict]:
    """The scoreboard of what is recorded: see `board`."""
    learned = [(row, trainings.records(row)) for row in trainings.rows()]
    trained = [run for row in trained_attacks.rows() for run in trained_attacks.recorded(row.name)]
    return board(json.loads(ATTACKS.read_text()), trained, learned)


def board(
    attacks: dict, trained: list[TrainedAttack], learned: list[tuple[TrainingRow, list[Training]]]
) -> list[dict]:
    """One dictionary for each scheme, the most accurate first, those without a training last.

    attacks   a record of `lib.workbook.attack_matrix`
    trained   attacks that were trained, those of a row together
    learned   rows of trainings with their runs
    """
    candidates = [*_of_matrix(attacks), *_of_training(trained)]
    found = [_row(label, candidates, learned) for label in (PLAIN, *SCHEMES, CONTROL)]
    for row in found:
        row["front"] = _scored(row) and not any(_beats(other, row) for other in found if _scored(other))
    return sorted(found, key=lambda row: (row["accuracy"] is None, -(row["accuracy"] or 0)))


def _row(label, candidates, learned):
    kinds = {"ciphertexts only": CIPHERTEXTS, "any attacker": None}
    leak = {kind: _best(label, candidates, threats) for kind, threats in kinds.items()}
    verdict = VERDICTS[_kind(label, leak)]
    return {"scheme": label} | _accuracy(label, learned) | {"leak": leak, "verdict": verdict}


def _accuracy(label, learned):
    """The first of the rows that train on this scheme, or the command that would record one."""
    counting = [(row, runs) for row, runs in learned if row.tier in TIERS and row.kind in KINDS]
    candidates = [(row, runs) for row, runs in counting if (label_of(row.scheme) or PLAIN) == label]
    candidates.sort(key=lambda each: (TIERS.index(each[0].tier), KINDS.index(each[0].kind)))
    for row, runs in candidates:
        if runs:
            found = sorted(round(run.accuracy, 4) for run in runs)
            mean = sum(run.accuracy for run in runs) / len(runs)
            kind = row.kind + ", JPEG copy" * (row.tier == "jpeg")
            facts = {"runs": found, "row": row.name, "kind": kind, "command": None}
            return {"accuracy": round(mean, 4)} | facts
    names = " ".join(row.name for row, _ in candidates if row.seeds)
    first = "a row in data/results/training/rows.toml, then make results"
    command = f"make results ROWS='{names}'" if names else first
    return {"accuracy": None, "runs": [], "row": names or None, "kind": None, "command": command}


def _of_matrix(attacks):
    """(scheme, SSIM, minus what it costs, what is shown) for each attack and scheme of the matrix; the pad
    for each control."""
    for name, cells in attacks["cells"].items():
        threat = attacks["attacks"][name]["threat"]
        for label, cell in cells.items():
            for scheme, who in ((label, "attack"), (CONTROL, "control")):
                scores = cell.get("scores", {}).get(who)
                if scores and cell["verdict"] != "void":
                    shown = _shown(name, threat, _needs(threat, cell), cell["verdict"], scores)
                    yield scheme, scores["ssim"], -cell["queries"] - cell["images"], shown


def _of_training(trained):
    """The same for each row of attacks that were trained: the median over its runs."""
    for row, runs in groupby(trained, key=lambda run: run.row):
        found = [run.scores for run in runs]
        scores = {
            who: {name: round(float(np.median([each[who][name] for each in found])), 4) for name in SHOWN}
            for who in ("attack", "ciphertext", "mean")
        }
        threat, needs = TRAINED[row.assumption]
        shown = _shown(f"{row.attack} {row.name}", threat, needs, verdict(scores), scores["attack"])
        yield label_of(row.scheme), scores["attack"]["ssim"], -np.inf, shown


def _shown(name, threat, needs, outcome, scores):
    kept = {key: scores[key] for key in SHOWN}
    return {"attack": name, "threat": threat, "needs": needs, "broken": outcome == "broken"} | kept


def _best(label, candidates, threats):
    """What the best attack got back; for the control, the best attack on it anywhere."""
    if label == PLAIN:
        return {"attack": "none needed", "threat": ONE, **dict.fromkeys(SHOWN, 1.0), "needs": ""}
    mine = [each for each in candidates if each[0] == label]
    found = [each for each in mine if not threats or each[3]["threat"] in threats]
    return max(found, key=lambda each: each[1:3])[3] if found else None


def _needs(threat, cell):
    """What the attacker spent, in words."""
    if threat == PAIRS:
        return f"{PAIR_COUNT} pairs"
    if threat == ONE:
        return "1 ciphertext"
    if cell["queries"]:
        return f"{cell['queries']} {'query' if cell['queries'] == 1 else 'queries'}"
    return f"{cell['images']} ciphertexts"


def _kind(label, leak):
    if label in (PLAIN, CONTROL):
        return "plain" if label == PLAIN else "control"
    alone, every = leak["ciphertexts only"], leak["any attacker"]
    if every is None:
        return "unknown"
    if alone and alone["broken"]:
        return "whole" if alone["exact"] >= 0.9 or alone["ssim"] >= READABLE else "outlines"
    return "pairs" if every["broken"] else "open"


def _scored(row):
    return row["accuracy"] is not None and row["leak"]["ciphertexts only"] is not None


def _beats(a, b):
    mine, others = ((row["accuracy"], -row["leak"]["ciphertexts only"]["ssim"]) for row in (a, b))
    return all(x >= y for x, y in zip(mine, others)) and mine != others


def table(board: list[dict]) -> str:
    """The board in Markdown."""
    attacked = [f"best attack {who}, SSIM, edges" for who in ("with ciphertexts only", "of all")]
    return readme.table(
        ", ".join(["scheme, accuracy, learned", *attacked, "front"]).split(", "), map(_line, board)
    )


def _line(row):
    names = {PLAIN: "none", CONTROL: "one-time pad (control)"}
    yield names.get(row["scheme"], row["scheme"])
    yield f"{100 * row['accuracy']:.1f} %" if row["runs"] else row["command"]
    yield row["kind"] or ""
    for best in row["leak"].values():
        if best is None:
            yield from ("none here", "", "")
        else:
            yield best["attack"] + (f" ({best['needs']})" if best["needs"] else "")
            yield from (f"{round(best[name], 2) + 0:.2f}" for name in SHOWN[:2])  # + 0 makes 0.00 of -0.00
    yield "yes" if row["front"] else ""


def main(argv: list[str] | None = None) -> int:
    prog = "python -m lib.workbook.scoreboard"
    argparse.ArgumentParser(prog, description=__doc__.split("\n")[0]).parse_args(argv)
    sources = ["data/results/training", "data/results/attacks.json", "data/results/learned"]
    record = {"sources": sources, "rows": rows()}
    write_json(OUT, record)
    readme.rewrite("scoreboard", table(record["rows"]))
    print(table(record["rows"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
