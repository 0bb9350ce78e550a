"""The teacher's kit: notebooks with their solutions, a guide of plans, times, solutions and mistakes, the map
of goals, the rubric, the question bank with answers and without, and slides of the short path."""

import json
import re
import shutil
import textwrap
from pathlib import Path

from lib.workbook.classroom import goals, questions, rubric, slides
from lib.workbook.classroom.editions import TEXTS, Exercise, exercises, most_points
from lib.workbook.classroom.plans import minutes, plans
from lib.workbook.lessons import BUILD, GLOSSARY, title, write
from lib.workbook.notebooks import stored, tags

TEACHER = BUILD / "teacher"
# by lesson and exercise: wrong answers by name, and what the check says; `python -m tests.workbook.checks`
MISTAKES = Path(__file__).with_name("mistakes.json")


def teacher(chosen: list[Path], folder: Path = TEACHER) -> Path:
    """Write the kit; the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "notebooks").mkdir(parents=True)
    for path in chosen:
        shutil.copy(path, folder / "notebooks" / path.name)
    shutil.copy(GLOSSARY, folder / "notebooks")
    pages = {
        "guide.md": TEXTS["introduction"] + plans() + "".join(map(guide, chosen)),
        "goals.md": goals.page(chosen),
        "rubric.md": rubric.page(chosen),
        "questions_with_answers.md": questions.page(chosen, answers=True),
        "questions.md": questions.page(chosen, answers=False),
    }
    for name, text in pages.items():
        write(folder / name, text)
    slides.write_all(chosen, folder / "slides")
    return folder


def guide(path: Path) -> str:
    """The part of the guide on one lesson."""
    takes, notebook, wrong = minutes(path), stored(path), mistakes(path.name[:2])
    spent = "text {1:.0f}, code {2:.0f}, exercises {3:.0f}, runs {0:.1f}".format(*takes)
    parts = [f"\n## {path.name[:2]}. {title(path)}\n"]
    parts.append(f"\nAbout {takes.total:.0f} minutes, an estimate: {spent}.\n")
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
