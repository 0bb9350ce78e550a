"""A rubric for exercises of three stars, in which students design, train or break something of their own."""

import tomllib
from pathlib import Path

from lib.workbook.classroom.editions import TEXTS, exercises
from lib.workbook.lessons import title
from lib.workbook.notebooks import stored
from lib.workbook.readme import table

RUBRIC = tomllib.loads(Path(__file__).with_name("rubric.toml").read_text(encoding="utf-8"))


def page(chosen: list[Path]) -> str:
    """The rubric as Markdown: criteria by level, and what full marks look like in each exercise."""
    criteria = [[f"**{name}**", *levels] for name, levels in RUBRIC["criteria"].items()]
    levels = table(["", "0 points", "1 point", "2 points", "3 points"], criteria)
    rows = [row for path in chosen for row in full_marks(path)]
    return f"{TEXTS['rubric']}\n{levels}\n{table(['lesson', 'exercise', 'full marks'], rows)}"


def full_marks(path: Path) -> list[list[str]]:
    """[lesson, exercise, what full marks look like] for each exercise of three stars of a lesson."""
    told = RUBRIC["full marks"].get(path.name[:2], {})
    hard = [exercise for exercise in exercises(stored(path)) if exercise.stars == 3]
    return [[f"{path.name[:2]} {title(path)}", each.title, told.get(each.name, "")] for each in hard]
