"""How much accuracy for how much leakage: `make scoreboard` joins recorded trainings and recorded attacks.

    python -m lib.workbook.scoreboard

reads `data/results/training/*.json`, `data/results/attacks.json` and the attacks that were trained,
`data/results/learned/*.json`; trains and attacks nothing, writes `data/results/scoreboard.json` and the
README's table. There is a row for every scheme that the attack matrix knows, which is every scheme of
`lib.schemes`, for plain pictures, and for the control; what was not recorded says which command records it.

The accuracy of a scheme is the mean over seeds of its first row of recorded runs, last epoch: first rows have
networks of one size, further ones are of other sizes. Its leakage is what the best attack got back, by SSIM,
once among attackers who have ciphertexts only, and once among all. Attacks that are void count for nothing;
of trained ones the median over seeds counts. A scheme is on the front if no other is at least as accurate and
leaks no more to attackers with ciphertexts only, and is better in one of the two.
"""

import argparse
import json
import sys

import numpy as np

from lib.atomic import whole_file, write_json
from lib.attacks.catalogue import MANY, ONE, PAIRS
from lib.workbook import recorded_attacks, recorded_trainings, recording
from lib.workbook.attack_matrix import OUT as ATTACKS
from lib.workbook.attack_matrix import PAIR_COUNT, SCHEMES, verdict

OUT = recorded_trainings.FOLDER.parent / "scoreboard.json"
MARKS = "<!-- scoreboard: written by make scoreboard -->\n", "<!-- end of scoreboard -->"
PLAIN, CONTROL = "none", "otp"
CIPHERTEXTS = (ONE, MANY)
TRAINED = {
    "same key": (PAIRS, "trained on pairs"),
    "different keys": (ONE, "trained, 1 ciphertext"),
    "unpaired": (MANY, "trained on ciphertexts"),
}
"""The threat models of `lib.workbook.recorded_attacks`, and what the attacker spends."""
READABLE = 0.8  # SSIM from which on a picture is back, though not bit for bit
VERDICTS = {
    "plain": "No cipher: who has a picture sees it. The accuracy that the others are held against.",
    "control": "Nothing comes back and nothing is learned: what safe looks like. A control of the attacks, of no use for training.",
    "whole": "For lessons and as a baseline of attacks. Must not protect anything: ciphertexts alone give the pictures back.",
    "outlines": "Hides colours and fine detail. Must not be used where a face, a place or a text has to stay unknown: "
    "ciphertexts alone show shapes.",
    "pairs": "Only where no plain picture of the key is ever known to others or chosen by them. Must not be used where anybody "
    "can have a picture encrypted.",
    "open": "Not read by the attacks here, which proves nothing. Must not be used on the strength of this table.",
    "unknown": "Not attacked here, so nothing can be said.",
}
"""Who may use a scheme for what, and who must not, by what the attacks got."""


def rows(attacks: dict | None = None, trained: list[dict] | None = None) -> list[dict]:
    """The scoreboard: one dictionary for each scheme, the most accurate first, those without a training last.

    attacks   a record of `lib.workbook.attack_matrix`; None for the stored one
    trained   records of `lib.workbook.recorded_attacks`; None for the stored ones, where `attacks` is None
              too, else for none
    """
    if attacks is None:
        attacks = json.loads(ATTACKS.read_text())
        trained = (
            [run for row in recorded_attacks.rows() for run in recorded_attacks.recorded(row["name"])]
            if trained is None
            else trained
        )
    candidates = [*_of_matrix(attacks), *_of_training(trained or [])]
    found = [_row(label, candidates) for label in (PLAIN, *SCHEMES, CONTROL)]
    for row in found:
        row["front"] = _scored(row) and not any(_beats(other, row) for other in found if _scored(other))
    return sorted(found, key=lambda row: (row["accuracy"] is None, -(row["accuracy"] or 0)))


def label_of(row: dict) -> str:
    """What the attack matrix calls the scheme of a row of recorded runs."""
    scheme = row.get("scheme")
    return recording.label(scheme["name"], scheme.get("per_image")) if scheme else PLAIN


def _row(label, candidates):
    accuracy = _accuracy(label)
    leak = {
        "ciphertexts only": _best(label, candidates, CIPHERTEXTS),
        "any attacker": _best(label, candidates, None),
    }
    return {"scheme": label} | accuracy | {"leak": leak, "verdict": VERDICTS[_kind(label, leak)]}


def _accuracy(label):
    """The first of the rows that train on this scheme, or the command that would record one."""
    candidates = [row for row in recorded_trainings.rows() if label_of(row) == label]
    for row in candidates:
        if runs := recorded_trainings.recorded(row["name"], row["column"]):
            found = sorted(round(run["accuracy"], 4) for run in runs)
            mean = sum(run["accuracy"] for run in runs) / len(runs)
            return {"accuracy": round(mean, 4), "runs": found, "row": row["name"], "command": None}
    names = " ".join(row["name"] for row in candidates)
    command = (
        f"make results ROWS='{names}'"
        if names
        else "a row in data/results/training/rows.toml, then make results"
    )
    return {"accuracy": None, "runs": [], "row": names or None, "command": command}


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


def _of_training(runs):
    """The same for each row of attacks that were trained: the median over its runs."""
    by_row: dict[str, list] = {}
    for run in runs:
        by_row.setdefault(run["row"]["name"], []).append(run)
    for name, seeds in by_row.items():
        row = seeds[0]["row"]
        names = ("ssim", "edge_correlation", "exact")
        scores = {
            who: {
                key: round(float(np.median([run["scores"][who][key] for run in seeds])), 4) for key in names
            }
            for who in ("attack", "ciphertext", "mean")
        }
        threat, needs = TRAINED[row["assumption"]]
        shown = _shown(f"{row['attack']} {name}", threat, needs, verdict(scores), scores["attack"])
        yield recorded_attacks.label_of(row), scores["attack"]["ssim"], -np.inf, shown


def _shown(name, threat, needs, outcome, scores):
    kept = {key: scores[key] for key in ("ssim", "edge_correlation", "exact")}
    return {"attack": name, "threat": threat, "needs": needs, "broken": outcome == "broken"} | kept


def _best(label, candidates, threats):
    """What the best attack got back; for the control, the best attack on it anywhere."""
    if label == PLAIN:
        return {
            "attack": "none needed",
            "threat": ONE,
            "ssim": 1.0,
            "edge_correlation": 1.0,
            "exact": 1.0,
            "needs": "",
        }
    found = [
        each for each in candidates if each[0] == label and (not threats or each[3]["threat"] in threats)
    ]
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
    lines = [
        "| scheme | accuracy | best attack with ciphertexts only | SSIM | edges | best attack of all | SSIM | edges | front |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in board:
        name = {PLAIN: "none", CONTROL: "one-time pad (control)"}.get(row["scheme"], row["scheme"])
        learned = f"{100 * row['accuracy']:.1f} %" if row["runs"] else row["command"]
        cells = [name, learned]
        for best in row["leak"].values():
            needs = f" ({best['needs']})" if best and best["needs"] else ""
            cells += (
                [
                    f"{best['attack']}{needs}",
                    f"{best['ssim']:.2f}",
                    f"{round(best['edge_correlation'], 2) + 0:.2f}",
                ]
                if best
                else ["none here", "", ""]
            )
        lines.append(f"| {' | '.join([*cells, 'yes' if row['front'] else ''])} |")
    return "\n".join(lines) + "\n"


def with_table(readme: str) -> str:
    """The README with its scoreboard made anew."""
    before, rest = readme.split(MARKS[0])
    return before + MARKS[0] + table(json.loads(OUT.read_text())["rows"]) + MARKS[1] + rest.split(MARKS[1])[1]


def main(argv=None) -> int:
    argparse.ArgumentParser(
        "python -m lib.workbook.scoreboard", description=__doc__.split("\n")[0]
    ).parse_args(argv)
    board = rows()
    record = {
        "sources": ["data/results/training", "data/results/attacks.json", "data/results/learned"],
        "rows": board,
    }
    write_json(OUT, record)
    text = with_table(recorded_trainings.README.read_text(encoding="utf-8"))
    with whole_file(recorded_trainings.README, overwrite=True) as file:
        file.write(text.encode())
    print(table(board))
    return 0


if __name__ == "__main__":
    sys.exit(main())
