"""Three ways through the lessons, in minutes: an hour and a half, a day, a term.

A lesson's minutes are those that it runs, measured, and its words read at 150 a minute, counted, both known
to this program; and those of its exercises, which are what the lesson says, for no class has been timed.
Predictions and talk come on top.
"""

import json
import re
from pathlib import Path

from lib.workbook.classroom import editions
from lib.workbook.lessons import MINUTES, paths, title
from lib.workbook.notebooks import stored

WORDS_A_MINUTE = 150
# (lesson, how many of its exercises, None for all)
SHORT = [("00", None), ("02", None), ("21", 2)]
DAY = [
    ("00", None), ("01", 2), ("02", None), ("04", 2), ("05", 2), ("10", 1), ("20", 1), ("21", 2), ("25", None), ("26", None),
    ("29", 2),
]  # fmt: skip
TERM = [
    ["00", "01"], ["02"], ["03"], ["04"], ["05", "06"], ["07", "08", "09"], ["10", "11"], ["12", "13"], ["14", "20"],
    ["21", "22"], ["23", "24"], ["25", "26"], ["27", "28"], ["29", "30"], ["31", "32", "33"], ["34"],
]  # fmt: skip


def minutes(path: Path, upto: int | None = None) -> tuple[float, float, float]:
    """Minutes of a lesson: running, reading, and its first `upto` exercises, or all of them."""
    notebook = stored(path)
    words = sum(
        len(re.findall(r"[A-Za-z]{2,}", cell.source))
        for cell in notebook.cells
        if cell.cell_type == "markdown"
    )
    seconds = json.loads(MINUTES.read_text()).get(path.stem, 0)
    asked = sum(exercise.minutes for exercise in editions.exercises(notebook)[:upto])
    return seconds / 60, words / WORDS_A_MINUTE, asked


def time_of(path: Path) -> str:
    """A lesson's minutes in words."""
    run, reading, asked = minutes(path)
    return f"Runs {run:.1f} minutes (measured), reading {reading:.0f} (words counted), exercises {asked:.0f} (as it says)."


def plan(chosen) -> tuple[list[str], float]:
    """Rows of a table for a list of (lesson, exercises), lessons that are not here left out; and the minutes
    of all."""
    here, rows, total = {path.name[:2]: path for path in paths()}, [], 0.0
    for number, upto in chosen:
        if number in here:
            run, reading, asked = minutes(here[number], upto)
            total += run + reading + asked
            which = "all" if upto is None else upto
            rows.append(f"{number} {title(here[number])} | {which} | {run:.1f} | {reading:.0f} | {asked:.0f}")
    return rows, total


def text() -> str:
    """The three plans as Markdown."""
    head = "| {}lesson | exercises | runs (measured) | reading (words / 150) | exercises (as they say) |\n"
    parts = [__doc__.split("\n\n", 1)[1].strip(), "\n"]
    for name, chosen in (("90 minutes", SHORT), ("One day", DAY)):
        rows, total = plan(chosen)
        parts.append(f"\n## {name}: {total:.0f} minutes\n\n{head.format('')}|---|---|---|---|---|\n")
        parts += [f"| {row} |\n" for row in rows]
    parts.append(f"\n## A term, a row each lesson\n\n{head.format('week | ')}|---|---|---|---|---|---|\n")
    for week, numbers in enumerate(TERM, 1):
        parts += [f"| {week} | {row} |\n" for row in plan([(number, None) for number in numbers])[0]]
    return "".join(parts)
