"""Three ways through the lessons, by one formula that is labelled an estimate."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lib.workbook import lessons
from lib.workbook.classroom import plans
from lib.workbook.classroom.plans import PLANS


@pytest.fixture
def small(tmp_path):
    """A lesson of 450 words, 60 lines of code and two exercises, whose name has measured seconds."""
    path = tmp_path / "00_start_here.ipynb"
    told = "### Exercise {}. Do it\n★☆☆, {} minutes. Write it.\n"
    words = [told.format(1, 7), "word " * 438, told.format(2, 30), "2 x 2 = 4, `a`"]  # one letter is no word
    stub, solved = "y = 1\ncheck.name(y)", "### BEGIN SOLUTION\ny = 2\n### END SOLUTION\ncheck.name(y)"
    code = "x = 1\n" * 59 + "\n   \n# a comment\n  # another\nif x:  # a line"
    cells = [
        new_markdown_cell(words[0]), new_code_cell(stub, metadata={"tags": ["exercise"]}),
        new_code_cell(solved, metadata={"tags": ["solution"]}),
        new_markdown_cell(words[1]), new_code_cell(code),
        new_markdown_cell(words[2] + words[3]), new_code_cell(solved, metadata={"tags": ["solution"]}),
    ]  # fmt: skip
    path.write_text(nbformat.writes(new_notebook(cells=cells)))
    return path


def test_the_formula_on_a_lesson_that_can_be_counted_by_hand(small):
    runs = json.loads(lessons.MINUTES.read_text())["00_start_here"] / 60
    assert plans.words(nbformat.read(small, as_version=4)) == 438 + 2 * 6 == 450
    every, one = plans.minutes(small), plans.minutes(small, 1)
    assert every == pytest.approx((runs, 450 / 150, 60 / 30, 37)) and every.total == pytest.approx(runs + 42)
    assert one.total == pytest.approx(runs + 3 + 2 + 7)


def test_the_plans_fit_their_time_and_the_term_has_every_lesson():
    assert 60 <= plans.plan(PLANS["short"])[1] <= 90
    assert 240 <= plans.plan(PLANS["day"])[1] <= 360
    weeks = [plans.plan((number, 0) for number in week.split())[1] for week in PLANS["term"]]
    assert max(weeks) <= 180 and 12 <= len(weeks) <= 18
    assert {path.name[:2] for path in lessons.paths()} <= set(" ".join(PLANS["term"]).split())


def test_every_plan_goes_by_the_stated_formula_and_says_that_it_is_an_estimate():
    text = plans.plans()
    formula, short, day, term = text.split("\n## ")[1:]
    assert "words / 150 + lines of code / 30 + minutes of its exercises" in formula and "estimate" in formula
    for part in (short, day, term):
        assert "estimate" in part
    for part, chosen in ((short, "short"), (day, "day")):
        for row in (line.split(" | ") for line in part.splitlines() if line[2:4].isdigit()):
            *parts, total = (float(cell.strip(" |")) for cell in row[2:])
            assert sum(parts) == pytest.approx(total, abs=2), "each cell is rounded"
        assert f"{plans.plan(PLANS[chosen])[1]:.0f} minutes, an estimate" in part
    seconds = json.loads(lessons.MINUTES.read_text())["00_start_here"]
    assert f" {seconds / 60:.1f} " in short.split("00 Start here")[1].splitlines()[0], (
        "as measured, in minutes"
    )
