"""The rubric has a line for each exercise of three stars, and for no other."""

import pytest

from lib.workbook.classroom import rubric
from lib.workbook.classroom.editions import exercises
from lib.workbook.lessons import paths
from lib.workbook.notebooks import stored
from tests.workbook.classroom.lessons_to_come import COMPLETE

LESSONS = pytest.mark.parametrize("path", COMPLETE, ids=lambda path: path.stem)


@LESSONS
def test_every_exercise_of_three_stars_has_full_marks_told(path):
    hard = [exercise.name for exercise in exercises(stored(path)) if exercise.stars == 3]
    told = rubric.RUBRIC["full marks"].get(path.name[:2], {})
    assert list(told) == hard and all(len(line) > 80 for line in told.values())


def test_each_criterion_has_four_levels_that_differ():
    criteria = rubric.RUBRIC["criteria"]
    assert list(criteria) == ["It works", "It is explained", "It is compared"]
    for levels in criteria.values():
        assert len(levels) == len(set(levels)) == 4


def test_the_page_has_criteria_and_exercises():
    text = rubric.page(paths())
    assert "| **It is compared** | there is one number, or none |" in text
    for path in COMPLETE:
        for exercise in exercises(stored(path)):
            assert (f"| {exercise.title} |" in text) == (exercise.stars == 3)
