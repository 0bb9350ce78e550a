"""What each lesson teaches, and which exercise and which question test it.

The goals stand in the lessons, under "What you will be able to do". Here it is said of each exercise and of
each question only which one it tests, by its number: in `goals.toml` and `questions.toml`.
"""

import re
import tomllib
from pathlib import Path

from lib.workbook.classroom import questions
from lib.workbook.classroom.editions import TEXTS, exercises
from lib.workbook.classroom.slides import LINK
from lib.workbook.lessons import title
from lib.workbook.notebooks import stored
from lib.workbook.readme import table

TESTED = tomllib.loads(Path(__file__).with_name("goals.toml").read_text(encoding="utf-8"))
PROMISE = re.compile(r"^\*\*What you will be able to do\*\*\n+(1\. .*?)(?=\n\n|\Z)", re.M | re.S)


def goals(notebook: dict) -> list[str]:
    """The goals of a lesson, in order, as its list says them, without links. ValueError where it has none."""
    texts = (PROMISE.search(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    found = next(filter(None, texts), None)
    if not found:
        raise ValueError("no list of goals; expected a numbered one below **What you will be able to do**")
    items = re.split(r"^\d+\. ", LINK.sub(r"\1", found[1]), flags=re.M)[1:]
    return [" ".join(item.split()).rstrip(";.") for item in items]


def page(chosen: list[Path]) -> str:
    """The map of goals as Markdown: for each lesson its goals, with the exercises and questions on each."""
    return TEXTS["goals"] + "".join(map(part, chosen))


def part(path: Path) -> str:
    """The part of the map on one lesson."""
    number, notebook = path.name[:2], stored(path)
    tested, asked, rows = TESTED.get(number, {}), questions.of(number), []
    for place, goal in enumerate(goals(notebook), 1):
        found = [f"{i}" for i, e in enumerate(exercises(notebook), 1) if tested.get(e.name) == place]
        rows.append(
            [place, goal, ", ".join(found), ", ".join(f"{q.place}" for q in asked if q.goal == place)]
        )
    head = "", "goal", "exercises", "questions"
    return f"\n## {number}. {title(path)}\n\n{table(head, rows)}"
