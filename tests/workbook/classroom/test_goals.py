"""Goals are read from the lessons, and each is tested by an exercise or a question."""

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from lib.workbook.classroom import goals, questions
from lib.workbook.classroom.editions import exercises
from lib.workbook.lessons import paths
from lib.workbook.notebooks import stored
from tests.workbook.classroom.lessons_to_come import COMPLETE

EVERY = pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
MAPPED = pytest.mark.parametrize("path", COMPLETE, ids=lambda path: path.stem)


def by_lines(notebook):
    """The numbered lines below the promise, without links, the slow way."""
    found, inside = [], False
    for line in "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown").splitlines():
        if line == "**What you will be able to do**":
            inside = True
        elif inside and line[:1].isdigit():
            while "](" in line:
                before, after = line.split("](", 1)
                line = before.replace("[", "") + after.split(")", 1)[1]
            found.append(line.split(". ", 1)[1].rstrip(".;"))
        elif found:
            return found


@EVERY
def test_the_goals_are_those_at_the_head_of_the_lesson(path):
    found = goals.goals(stored(path))
    assert found == by_lines(stored(path)) and 3 <= len(found) <= 6
    assert all(len(goal) > 20 for goal in found)


def test_a_goal_may_go_on_in_the_next_line_and_a_lesson_without_goals_is_told():
    text = "**What you will be able to do**\n\n1. one [thing](x.md#y)\n   and more;\n2. another.\n\nAbout 5."
    assert goals.goals(new_notebook(cells=[new_markdown_cell(text)])) == ["one thing and more", "another"]
    with pytest.raises(ValueError, match="What you will be able to do"):
        goals.goals(new_notebook(cells=[new_markdown_cell("# A lesson\n\n1. no goal")]))


@MAPPED
def test_every_exercise_tests_a_goal_and_every_goal_is_tested(path):
    number, notebook = path.name[:2], stored(path)
    tested = goals.TESTED[number]
    assert list(tested) == [exercise.name for exercise in exercises(notebook)], (
        "names and order of the checks"
    )
    asked = {question.goal for question in questions.of(number)}
    assert set(tested.values()) | asked == set(range(1, len(goals.goals(notebook)) + 1))


def test_the_map_names_lessons_that_there_are_or_will_be():
    assert set(goals.TESTED) <= {path.name[:2] for path in paths()}


def test_the_page_shows_which_exercise_and_question_test_a_goal(lesson):
    rows = [line for line in goals.part(lesson).splitlines() if line.startswith("| ")]
    first = "encrypt and decrypt a block by hand: split into nibbles, reverse, shuffle, join"
    assert rows[1] == f"| 1 | {first} | 1, 2, 3 |  |" and len(rows) == 5
    assert rows[2].endswith("|  | 1 |"), "say what stays visible: no exercise, the first question"
