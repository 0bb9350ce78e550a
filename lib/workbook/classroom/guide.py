"""The teacher's kit: notebooks with their solutions, and a guide of plans, times, solutions and mistakes."""

import json
import re
import shutil
import textwrap
from pathlib import Path

from lib.workbook.classroom.editions import TEXTS, Exercise, exercises, most_points
from lib.workbook.lessons import BUILD, GLOSSARY, MINUTES, paths, title, write
from lib.workbook.notebooks import stored, tags, words

TEACHER = BUILD / "teacher"
# by lesson and exercise: wrong answers by name, and what the check says; `python -m tests.workbook.checks`
MISTAKES = Path(__file__).with_name("mistakes.json")
WORDS_A_MINUTE = 150
HEAD = "lesson | exercises | runs (measured) | reading (words / 150) | exercises (as they say) |\n"


def teacher(chosen: list[Path], folder: Path = TEACHER) -> Path:
    """Write the kit; the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "notebooks").mkdir(parents=True)
    for path in chosen:
        shutil.copy(path, folder / "notebooks" / path.name)
    shutil.copy(GLOSSARY, folder / "notebooks")
    write(folder / "guide.md", TEXTS["introduction"] + plans() + "".join(map(guide, chosen)))
    return folder


def guide(path: Path) -> str:
    """The part of the guide on one lesson."""
    run, reading, asked = minutes(path)
    notebook, wrong = stored(path), mistakes(path.name[:2])
    takes = f"Runs {run:.1f} minutes (measured), reading {reading:.0f} (words counted), exercises {asked:.0f}"
    parts = [f"\n## {path.name[:2]}. {title(path)}\n\n{takes} (as it says).\n"]
    parts += [answered(exercise, wrong[exercise.name]) for exercise in exercises(notebook)]
    if any("answers" in tags(each) for each in notebook.cells):
        parts.append(TEXTS["flags"].format(most=most_points()))
    return "".join(parts)


def answered(exercise: Exercise, wrong: dict[str, str]) -> str:
    """The part of the guide on one exercise: its points, solution and mistakes."""
    cut = re.search(r"### BEGIN SOLUTION\n(.*?)\n *### END", exercise.solution, re.S)[1]
    rows = "".join(f"| {cell(name)} | {cell(said)} |\n" for name, said in wrong.items())
    worth = f"{exercise.stars} of 3 stars, as many points; {exercise.minutes} minutes."
    code = f"```python\n{textwrap.dedent(cut)}\n```"
    return f"\n### {exercise.title}\n\n{worth}\n\n{code}\n\n| mistake | the check says |\n|---|---|\n{rows}"


def mistakes(number: str) -> dict[str, dict[str, str]]:
    """By exercise of a lesson: wrong answers that learners give, by name, and what the check says."""
    return json.loads(MISTAKES.read_text(encoding="utf-8"))[number]


def cell(text: str) -> str:
    """A text as a cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())


def minutes(path: Path, upto: int | None = None) -> tuple[float, float, float]:
    """Minutes of a lesson: running, reading, and its first `upto` exercises, or all of them."""
    notebook = stored(path)
    seconds = json.loads(MINUTES.read_text()).get(path.stem, 0)
    asked = sum(exercise.minutes for exercise in exercises(notebook)[:upto])
    return seconds / 60, words(notebook) / WORDS_A_MINUTE, asked


def plan(chosen: list) -> tuple[list[str], float]:
    """Rows of a table for a list of (lesson, exercises) as far as they are here; and the minutes of all."""
    here, rows, total = {path.name[:2]: path for path in paths()}, [], 0.0
    for number, upto in chosen:
        if number in here:
            run, reading, asked = minutes(here[number], upto or None)
            total += run + reading + asked
            which = upto or "all"
            rows.append(f"{number} {title(here[number])} | {which} | {run:.1f} | {reading:.0f} | {asked:.0f}")
    return rows, total


def plans() -> str:
    """Three ways through the lessons as Markdown: an hour and a half, a day, a term."""
    parts = []
    for name, chosen in (("90 minutes", "short"), ("One day", "day")):
        rows, total = plan(TEXTS["plans"][chosen])
        parts.append(f"\n## {name}: {total:.0f} minutes\n\n| {HEAD}|---|---|---|---|---|\n")
        parts += [f"| {row} |\n" for row in rows]
    parts.append(f"\n## A term, a row each lesson\n\n| week | {HEAD}|---|---|---|---|---|---|\n")
    for week, numbers in enumerate(TEXTS["plans"]["term"], 1):
        rows, _ = plan([(number, 0) for number in numbers.split()])
        parts += [f"| {week} | {row} |\n" for row in rows]
    return "".join(parts)
