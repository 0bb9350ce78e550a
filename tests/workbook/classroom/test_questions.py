"""The question bank: three questions a lesson, whose answers stand there, and nothing gives them away."""

import hashlib
import re
from collections import Counter

import pytest

from lib.workbook.classroom import goals, questions
from lib.workbook.lessons import paths
from lib.workbook.notebooks import stored
from tests.workbook.classroom.lessons_to_come import COMPLETE, TO_COME

LESSONS = pytest.mark.parametrize("path", COMPLETE, ids=lambda path: path.stem)
EVERY = [question for number in questions.BANK for question in questions.of(number)]
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def numbers(text):
    """The numbers of two digits and more in a text, without commas."""
    found = (each.replace(",", "") for each in NUMBER.findall(text))
    return {each for each in found if len(each) > 1}


def everything(notebook):
    """All that a lesson says and shows, but for pictures."""
    texts = []
    for cell in notebook.cells:
        texts.append(cell.source)
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            texts += [str(output.get("text", "")), data.get("text/plain", ""), data.get("text/html", "")]
    return "\n".join(texts)


@LESSONS
def test_a_lesson_has_three_questions_each_on_a_goal_and_a_section_of_it(path):
    asked, notebook = questions.of(path.name[:2]), stored(path)
    texts = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert [question.place for question in asked] == [1, 2, 3]
    for question in asked:
        assert 1 <= question.goal <= len(goals.goals(notebook))
        assert re.search(rf"^##+ {re.escape(question.section)}$", texts, re.M), (
            f"{question.asks} There is no section {question.section!r} any more: does the answer still stand?"
        )


@LESSONS
def test_every_number_in_a_question_and_in_what_is_said_of_it_stands_in_the_lesson(path):
    known = numbers(everything(stored(path)))
    for question in questions.of(path.name[:2]):
        said = [
            question.asks,
            *(o.why for o in question.options),
            *(o.text for o in question.options if o.right),
        ]
        assert numbers(" ".join(said)) <= known, question.asks


def test_there_are_questions_for_lessons_that_there_are_or_will_be():
    assert set(questions.BANK) <= {path.name[:2] for path in paths()} | TO_COME


@pytest.mark.parametrize("question", EVERY, ids=lambda question: question.asks[:40])
def test_one_option_is_right_and_each_is_explained(question):
    texts = [option.text for option in question.options]
    assert 3 <= len(texts) <= 4 and len(set(texts)) == len(texts)
    assert sum(option.right for option in question.options) == 1
    assert question.asks.endswith("?") and len(question.asks) >= 20
    whys = [option.why for option in question.options]
    assert len(set(whys)) == len(whys)
    for option in question.options:
        assert len(option.why) >= 20 and option.why.endswith(".") and option.why != option.text
        assert len(option.text) <= 90


def test_neither_its_place_nor_its_length_gives_the_right_option_away():
    letters = Counter(question.letter for question in EVERY)
    assert max(letters.values()) <= 0.4 * len(EVERY)
    longest = [q for q in EVERY if max(q.options, key=lambda option: len(option.text)).right]
    assert len(longest) <= len(EVERY) / 3, "one in four by chance, where there are four options"


def test_options_are_ordered_by_their_digest_and_the_letter_is_that_of_the_right_one():
    told = {
        "goal": 1,
        "section": "s",
        "asks": "Which?",
        "right": ["b", "yes"],
        "wrong": [["a", "no"], ["c", "no"]],
    }
    question = questions.question(1, **told)
    order = sorted("abc", key=lambda text: hashlib.sha256(text.encode()).hexdigest())
    assert [option.text for option in question.options] == order
    assert question.options["ABC".index(question.letter)].text == "b"


def test_students_get_the_same_questions_without_any_answer():
    with_answers, without = (questions.page(paths(), answers=answers) for answers in (True, False))
    for path in COMPLETE:
        for question in questions.of(path.name[:2]):
            for letter, option in zip("ABCD", question.options):
                assert (
                    f"- {letter}. {option.text}\n" in with_answers
                    and f"- {letter}. {option.text}\n" in without
                )
                assert f"- {letter}: {option.why}\n" in with_answers and option.why not in without
            assert f"**{question.letter} is right.**" in with_answers
    assert "is right.**" not in without and "Goal" not in without
