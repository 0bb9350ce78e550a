"""Submissions graded with nbgrader's own commands: points as expected, the machine as before, feedback that
tells no test."""

import json
import re
import subprocess
import sys
import time

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lib.workbook.classroom import grading, sandbox
from tests.workbook.classroom.submissions import thirty

pytestmark = pytest.mark.usefixtures("needs_bubblewrap")
FEW = (
    "right-tests-deleted",
    "part-last-wrong",
    "broken-no-notebook",
    "hostile-delete",
    "hostile-shadow-rich",
)
LIMITS = "get_config().Execute.timeout = 20\nget_config().Execute.notebook_timeout = 150  # noqa: F821\n"


def nbgrader(course, *arguments):
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=course, capture_output=True, text=True, timeout=3000)


def graded(course, lesson, names, canary):
    """Hand in, grade and comment; (points as expected, points as given, seconds, what the grader said)."""
    released = (course / "release" / lesson.stem / lesson.name).read_text()
    handed_in = {
        name: value for name, value in thirty(released, str(canary), str(course)).items() if name in names
    }
    for name, (text, _) in handed_in.items():
        folder = course / "submitted" / name / lesson.stem
        folder.mkdir(parents=True, exist_ok=True)
        (folder / lesson.name).write_text(text)
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text() + LIMITS)
    started = time.monotonic()
    done = nbgrader(course, "autograde", lesson.stem, "--force")
    return (
        {name: points for name, (_, points) in handed_in.items()},
        given(course, lesson),
        time.monotonic() - started,
        done,
    )


def given(course, lesson):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {each.student.id: each.score for each in book.assignment_submissions(lesson.stem)}


@pytest.fixture
def canary(tmp_path):
    folder = tmp_path / "canary"
    folder.mkdir()
    (folder / "photo").write_text("alive")
    return folder


def state(*folders):
    return {f: f.read_bytes() for folder in folders for f in sorted(folder.rglob("*")) if f.is_file()}


def grade_and_compare(made, lesson, names, canary):
    kept = made / "source", made / "release", canary
    before = state(*kept)
    expected, points, seconds, done = graded(made, lesson, names, canary)
    print(f"{len(expected)} submissions graded in {seconds:.0f} s")
    assert points == expected, done.stderr[-3000:]
    assert state(*kept) == before and (canary / "photo").read_text() == "alive"
    if "broken-no-notebook" in names:
        assert done.returncode == 1 and "for student 'broken-no-notebook'" in done.stderr
    feedback(made, lesson, len(expected) - ("broken-no-notebook" in names))


def feedback(course, lesson, count):
    nbgrader(course, "generate_feedback", lesson.stem, "--force")
    pages = list((course / "feedback").rglob("*.html"))
    assert len(pages) == count
    for page in pages:
        text = re.sub(r"<[^>]+>", "", page.read_text())
        assert "HIDDEN" not in text and "importlib" not in text and "BEGIN SOLUTION" not in text, page
    if wrong := [page for page in pages if "part-last-wrong" in str(page)]:
        assert "where nothing was moved, the reversal is not undone" in re.sub(
            r"<[^>]+>", "", wrong[0].read_text()
        )


def test_a_few_submissions_get_their_points(made, lesson, canary):
    grade_and_compare(made, lesson, FEW, canary)


@pytest.mark.long
def test_thirty_submissions_get_their_points_and_nothing_is_touched(made, lesson, canary):
    every = thirty((made / "release" / lesson.stem / lesson.name).read_text(), str(canary), str(made))
    assert len(every) == 30
    grade_and_compare(made, lesson, tuple(every), canary)


def hand_out():
    cells = [new_code_cell("a = 1", id="a"), new_code_cell("stub", id="b"), new_code_cell("test", id="c")]
    cells[1].metadata["nbgrader"] = {"grade_id": "f", "solution": True}
    cells[2].metadata["nbgrader"] = {"grade_id": "f-points", "grade": True}
    return new_notebook(cells=cells)


def test_an_answer_and_new_cells_are_taken_and_nothing_else():
    submitted = hand_out()
    submitted.cells[0].source, submitted.cells[1].source, submitted.cells[2].source = (
        "a = 2",
        "answer",
        "pass",
    )
    submitted.cells.insert(1, new_code_cell("helper", id="mine"))
    submitted.cells += [new_code_cell("last", id="mine-2"), new_markdown_cell("<script>", id="text")]
    got = [cell.source for cell in grading.restored(submitted, hand_out()).cells]
    assert got == ["a = 1", "helper", "answer", "test", "last"]


def test_what_did_not_run_has_failed(monkeypatch):
    html = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": "<script>", "text/plain": "x"},
    }
    lines = json.dumps([0, 1, [html]]) + "\n" + json.dumps([1, 2, []])[:-3]
    monkeypatch.setattr(sandbox, "run", lambda *_: sandbox.Run(lines.encode(), "it took more than 5 s"))
    notebook, _ = grading.Execute().preprocess(hand_out(), {})
    assert notebook.cells[0].outputs == [
        {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "x"}}
    ]
    for cell in notebook.cells[1:]:
        assert [o.output_type for o in cell.outputs] == ["error"] and "5 s" in cell.outputs[0].evalue


def test_without_a_sandbox_grading_stops(monkeypatch):
    def refuse(*_):
        raise sandbox.Refused("none here")

    monkeypatch.setattr(sandbox, "run", refuse)
    with pytest.raises(sandbox.Refused):
        grading.Execute().preprocess(hand_out(), {})


def test_feedback_says_the_message_and_not_the_code_of_a_test():
    cell = new_code_cell("### BEGIN HIDDEN TESTS\nassert f(3) == 4\n### END HIDDEN TESTS\nassert f(1) == 2")
    cell.metadata["nbgrader"] = {
        "grade": True,
        "schema_version": 3,
        "solution": False,
        "locked": True,
        "task": False,
    }
    cell.outputs = [grading.failure("no points yet")]
    cell.outputs[0].traceback = ["----> 2 assert f(3) == 4", "AssertionError"]
    shown, _ = grading.Discreet().preprocess_cell(cell, {}, 0)
    assert shown.source == "assert f(1) == 2" and shown.outputs[0].traceback == ["NotRun: no points yet"]
