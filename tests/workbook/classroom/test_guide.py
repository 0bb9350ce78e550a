"""What teachers get: solutions, mistakes with what the checks say, and all parts of the kit."""

import textwrap

from lib.workbook.classroom import guide
from tests.workbook.classroom.test_editions import solutions


def test_the_guide_holds_each_solution_and_each_mistake_with_what_the_check_says(lesson):
    text = guide.guide(lesson)
    for solution in solutions(lesson).values():
        assert textwrap.dedent(solution) in text
    told = guide.mistakes("02")
    assert set(told) == set(solutions(lesson))
    for said in (said for each in told.values() for said in each.values()):
        assert len(said) > 20 and "correct" not in said and guide.cell(said) in text


def test_the_kit_has_all_its_parts_and_the_page_for_students_has_no_answers(lesson, tmp_path):
    kit = guide.teacher([lesson], tmp_path / "kit")
    pages = ["goals.md", "guide.md", "questions.md", "questions_with_answers.md", "rubric.md"]
    assert sorted(file.name for file in kit.iterdir()) == sorted([*pages, "notebooks", "slides"])
    assert [file.name for file in (kit / "slides").iterdir()] == [f"{lesson.stem}.html"]
    assert {file.name for file in (kit / "notebooks").iterdir()} == {lesson.name, "glossary.md"}
    texts = {name: (kit / name).read_text(encoding="utf-8") for name in pages}
    assert all(
        text.lstrip().startswith("# ") and "Tanaka" in text
        for name, text in texts.items()
        if name != "rubric.md"
    )
    answered, asked = texts["questions_with_answers.md"], texts["questions.md"]
    assert "**B is right.**" in answered and "is right.**" not in asked
