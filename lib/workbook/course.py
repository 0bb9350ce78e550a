"""All lessons at once, as `make course` runs them: what time they take, and whether what they say holds."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from lib.workbook import lessons, notebooks
from lib.workbook.classroom import editions
from lib.workbook.sweeps.experiments import MANIFEST, spread, sweep
from lib.workbook.sweeps.runs import Run, why

OUT = lessons.BUILD / "course"
REPORT = {
    "cell_type": "code", "id": "report", "metadata": {}, "outputs": [], "execution_count": None,
    "source": "from lib.workbook.checks import SAID\nfrom lib.workbook.sweeps import record\n\n"
              "record([{'check': each.name, 'right': each.right, 'why': each.message} for each in SAID])",
}  # fmt: skip
ROW = "{:<5}{:<73.73}{:>8}{:>8}{:>8}{:>11}  {}"
HEAD = ROW.format("no.", "lesson, and its verdict", "minutes", "of CPU", "checks", "solutions", "checked")


def course(chosen: list[Path], out: Path = OUT, spread: Callable = spread) -> int:
    """Run lessons anew, one a core, and print a table of them; the exit status, 1 where one fails.

    A lesson fails where a cell does, or where the solution of an exercise is not found correct.
    """
    started, seconds = time.perf_counter(), json.loads(lessons.MINUTES.read_text())
    longest_first = sorted(chosen, key=lambda path: -seconds.get(path.stem, 0))  # or the longest ends alone
    runs = [Run(path, reporting(notebooks.read(path)), {}) for path in longest_first]
    (out / MANIFEST).unlink(missing_ok=True)  # of other lessons, perhaps: the folder is the course's own
    done = dict(zip(runs, sweep(runs, out, "course", overwrite=True, spread=spread)))
    rows = [row(run, facts, out) for run, facts in sorted(done.items(), key=lambda item: item[0].path)]
    print(f"\n{HEAD}")
    for cells, said in rows:
        print(ROW.format(*cells) + f"\n     {said}")
    failed = sum(cells[-1] != "holds" for cells, _ in rows)
    minutes = (time.perf_counter() - started) / 60
    worked = sum(facts.get("cpu_seconds", 0) for facts in done.values()) / 60
    failures = f"{failed or 'no'} failure{'s' * (failed > 1)}"
    took = f"{len(runs)} lessons in {minutes:.1f} minutes, {worked:.1f} of CPU"
    print(f"\n{took}; {failures}. As executed: {os.path.relpath(out)}")
    return 1 if failed else 0


def row(run: Run, facts: dict, out: Path) -> tuple[list[str], str]:
    """The cells of a lesson's row, and the first sentence of its verdict, or why it failed."""
    minutes = [f"{facts.get(name, 0) / 60:.1f}" for name in ("seconds", "cpu_seconds")]
    cells = [run.path.name[:2], lessons.title(run.path), *minutes]
    if facts["status"] != "finished":
        return [*cells, "", "", "FAILED"], why(facts["failure"])
    executed = json.loads((out / f"{run.name}.ipynb").read_text(encoding="utf-8"))
    checks, correct, solutions = checked(executed, facts["results"])
    cells += [f"{checks}", f"{correct} of {solutions}"]
    if correct < solutions:
        return [*cells, "FAILED"], "a solution was not found correct"
    return [*cells, "holds"], verdict(executed)


def reporting(notebook: dict) -> dict:
    """A lesson with one cell more, which records what the exercises' checks said."""
    return notebook | {"cells": [*notebook["cells"], REPORT]}


def checked(executed: dict, recorded: list[dict]) -> tuple[int, int, int]:
    """Of an executed lesson: assertions in its code, solutions found correct by their checks, solutions."""
    cells = notebooks.code(executed)
    asserted = sum(len(re.findall(r"^\s*assert\b", "".join(cell["source"]), re.M)) for cell in cells)
    solutions = ["".join(cell["source"]) for cell in cells if "solution" in notebooks.tags(cell)]
    said = {row["check"]: row["right"] for row in recorded if "check" in row}  # the last of each
    correct = sum(said.get(editions.asked(source)[0], False) for source in solutions)
    return asserted, correct, len(solutions)


def verdict(notebook: dict) -> str:
    """The first sentence of a lesson's verdict."""
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    found = re.search(r"\*\*Verdict\.\*\* (.*?[.!?])(\s|$)", text, re.S)
    return " ".join(found[1].split()) if found else "no verdict in words"
