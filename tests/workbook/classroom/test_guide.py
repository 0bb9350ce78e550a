"""What teachers get: plans that fit their time, solutions, and mistakes with what the checks say."""

import json
import textwrap

from lib.workbook import lessons
from lib.workbook.classroom import guide
from lib.workbook.classroom.editions import TEXTS
from lib.workbook.lessons import paths
from tests.workbook.classroom.test_editions import solutions

PLANS = TEXTS["plans"]


def test_the_guide_holds_each_solution_and_each_mistake_with_what_the_check_says(lesson):
    text = guide.guide(lesson)
    for solution in solutions(lesson).values():
        assert textwrap.dedent(solution) in text
    told = guide.mistakes("02")
    assert set(told) == set(solutions(lesson))
    for said in (said for each in told.values() for said in each.values()):
        assert len(said) > 20 and "correct" not in said and guide.cell(said) in text


def test_the_kit_has_the_lesson_its_glossary_and_the_guide(lesson, tmp_path):
    folder = guide.teacher([lesson], tmp_path / "teacher")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {"guide.md", "notebooks/glossary.md", f"notebooks/{lesson.name}"}


def test_the_short_plans_fit_their_time_and_the_term_has_every_lesson():
    assert 70 <= guide.plan(PLANS["short"])[1] <= 90
    assert 240 <= guide.plan(PLANS["day"])[1] <= 360
    weeks = [guide.plan([(number, 0) for number in week.split()])[1] for week in PLANS["term"]]
    assert max(weeks) <= 180 and 12 <= len(weeks) <= 16
    assert {path.name[:2] for path in paths()} <= set(" ".join(PLANS["term"]).split())
    seconds = json.loads(lessons.MINUTES.read_text())["00_start_here"]
    assert f" {seconds / 60:.1f} " in guide.plans().split("00 Start here")[1].splitlines()[0], (
        "as measured, in minutes"
    )
