"""Ways through the lessons: what time a lesson takes, by one formula, and 90 minutes, a day and a term.

The formula is an estimate, and every table says so: no class has been timed.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from lib.workbook.classroom.editions import TEXTS, exercises
from lib.workbook.lessons import MINUTES, paths, title
from lib.workbook.notebooks import stored, tags, words
from lib.workbook.readme import table

PLANS = TEXTS["plans"]
WORDS, LINES = 150, 30
"""Read in a minute, of text and of code, by students whose first language is often another."""
HEAD = "lesson", "exercises", "runs (measured)", "text", "code", "exercises (as they say)", "estimate"


class Minutes(NamedTuple):
    """What a lesson takes: the notebook's run, as measured; reading its text and its code; its exercises."""

    runs: float
    text: float
    code: float
    exercises: float

    @property
    def total(self) -> float:
        """The estimate that all plans go by."""
        return sum(self)


def minutes(path: Path, upto: int | None = None) -> Minutes:
    """Minutes of a lesson with its first `upto` exercises, or all of them."""
    notebook = stored(path)
    seconds = json.loads(MINUTES.read_text()).get(path.stem, 0)
    asked = sum(exercise.minutes for exercise in exercises(notebook)[:upto])
    return Minutes(seconds / 60, words(notebook) / WORDS, lines(notebook) / LINES, asked)


def lines(notebook: dict) -> int:
    """The lines of code that are read: no blank, no comment, neither stub nor solution of an exercise."""
    own = {"exercise", "solution"}
    read = [cell.source for cell in notebook.cells if cell.cell_type == "code" and not own & set(tags(cell))]
    return sum(bool(re.match(r"\s*[^\s#]", line)) for source in read for line in source.splitlines())


def plan(chosen: Iterable[tuple[str, int]]) -> tuple[list[list], float]:
    """Rows of a table for (lesson, exercises), 0 for all, as far as they are here; and the minutes of all."""
    here, rows, total = {path.name[:2]: path for path in paths()}, [], 0.0
    for number, upto in chosen:
        if number in here:
            each = minutes(here[number], upto or None)
            spent = f"{each.runs:.1f}", *(f"{part:.0f}" for part in (*each[1:], each.total))
            rows.append([f"{number} {title(here[number])}", upto or "all", *spent])
            total += each.total
    return rows, total


def plans() -> str:
    """Three ways through the lessons as Markdown: an hour and a half, a day, a term."""
    parts = [TEXTS["formula"].format(words=WORDS, lines=LINES)]
    for name, chosen in (("90 minutes", "short"), ("One day", "day")):
        rows, total = plan(PLANS[chosen])
        parts.append(f"\n## {name}: {total:.0f} minutes, an estimate\n\n{table(HEAD, rows)}")
    weeks = []
    for week, numbers in enumerate(PLANS["term"], 1):
        rows, total = plan((number, 0) for number in numbers.split())
        weeks += [[week, *row, f"{total:.0f}"] for row in rows]
    head = ["week", *HEAD, "estimate of the week"]
    return "".join([*parts, f"\n## A term, a row each lesson\n\n{table(head, weeks)}"])
