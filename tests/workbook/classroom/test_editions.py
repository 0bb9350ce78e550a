"""What students get: stubs, checks and points."""

import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient

from lib.workbook import lessons
from lib.workbook.classroom import editions
from lib.workbook.lessons import paths
from lib.workbook.notebooks import stored, tags

LESSONS = pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)
MARKS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "importlib.reload")


def squeezed(text):
    """Code without blanks and comments, so that neither hides it."""
    return "".join(re.sub(r"#.*", "", text).split())


def solutions(path):
    return {
        exercise.name: re.search(r"### BEGIN SOLUTION\n(.*?)\n *### END", exercise.solution, re.S)[1]
        for exercise in editions.exercises(stored(path))
    }


def text_of(file):
    """A file as text; a notebook's cells and what they show."""
    if file.suffix != ".ipynb":
        return file.read_text(errors="replace")
    return "\n".join(f"{cell.source}\n{cell.get('outputs', '')}" for cell in stored(file).cells)


def leaks(texts):
    """ "where: what" for each mark of nbgrader's, and each solution of a lesson, in named texts."""
    every = {name: squeezed(solution) for path in paths() for name, solution in solutions(path).items()}
    found = [f"{where}: {mark}" for where, text in texts.items() for mark in MARKS if mark in text]
    bare = {where: squeezed(text) for where, text in texts.items()}
    return found + [
        f"{where}: {name}" for where, text in bare.items() for name, code in every.items() if code in text
    ]


@pytest.fixture(scope="module")
def handed_out(made, tmp_path_factory):
    chosen = [path for path in paths() if path.name[:2] in ("02", "05")]
    return editions.student(chosen, made, tmp_path_factory.mktemp("student") / "edition")


@LESSONS
def test_every_exercise_has_points_minutes_and_a_place(path):
    notebook = editions.source(path)
    found = editions.exercises(stored(path))
    assert all(1 <= e.stars <= 3 and 1 <= e.minutes <= 60 for e in found)
    graded = [c.metadata.nbgrader for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
    points = [cell.points for cell in graded if cell.grade_id != "answers-points"]
    assert points == [exercise.stars for exercise in found] and len(found) >= 1
    nbformat.validate(notebook)


@LESSONS
def test_no_solution_stands_whole_in_a_file_that_students_get(path):
    """The package comes with the lessons, so a student can read how lib does it; but no solution as it is,
    nor half its lines."""
    files = [f.read_text() for f in (lessons.ROOT / "lib").rglob("*.py") if "classroom" not in f.parts]
    shown = [c.source for c in stored(path).cells if "solution" not in tags(c)]
    texts = [squeezed(text) for text in [*files, *shown]]
    for name, solution in solutions(path).items():
        lines = [line for line in map(squeezed, solution.splitlines()) if len(line) > 12]
        assert not any(squeezed(solution) in text for text in texts), name
        shared = max(sum(line in text for line in lines) for text in texts)
        assert shared <= len(lines) / 2, f"{name}: {shared} of {len(lines)} lines stand in one file"


def test_the_release_has_the_stubs_of_the_lesson_and_its_outputs(made):
    for path in paths():
        if (released := made / "release" / path.stem / path.name).exists():
            lesson, new = stored(path), stored(released)
            stubs = {cell.id: cell for cell in lesson.cells if "solution" not in tags(cell)}
            kept = [cell for cell in new.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
            assert [cell.id for cell in kept] == list(stubs)
            for cell in kept:
                assert cell.source == stubs[cell.id].source
                assert cell.get("outputs") == stubs[cell.id].get("outputs")


def test_a_student_gets_no_mark_no_solution_and_nothing_of_the_teacher(handed_out):
    names = {file.relative_to(handed_out).parts[:2] for file in handed_out.rglob("*") if file.is_file()}
    assert not any(
        "tests" in part or "classroom" in part or "gradebook" in part for name in names for part in name
    )
    files = [
        file
        for file in handed_out.rglob("*")
        if file.suffix in (".ipynb", ".py", ".md", ".json", ".toml", "")
    ]
    texts = {str(file.relative_to(handed_out)): text_of(file) for file in files if file.is_file()}
    assert len(texts) > 40 and not leaks(texts)


def test_a_student_gets_the_glossary_that_lessons_link(handed_out):
    assert (handed_out / "notebooks" / "glossary.md").read_bytes() == lessons.GLOSSARY.read_bytes()


def test_a_leak_would_be_found(made, lesson):
    found = leaks({"source": text_of(made / "source" / lesson.stem / lesson.name)})
    assert {"source: parts", "source: BEGIN SOLUTION", "source: HIDDEN TESTS"} <= set(found)


def unsolved(path):
    """Run a notebook of the student edition as it was handed out; nbclient raises where a cell fails that may
    not."""
    notebook = stored(path)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    return notebook


def test_a_student_notebook_runs_unsolved_and_gives_no_points(handed_out):
    notebook = unsolved(next((handed_out / "notebooks").glob("05_*.ipynb")))
    graded = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(graded) == 3
    for cell in graded:
        said, error = cell.outputs
        assert said.text.endswith("not solved yet\n") and error.ename == "AssertionError"


@pytest.mark.long
@LESSONS
def test_every_student_notebook_runs_unsolved(path, tmp_path):
    editions.assignments([path], tmp_path)
    unsolved(tmp_path / "release" / path.stem / path.name)


def test_validate_tells_a_student_what_is_not_solved(made):
    path = made / "release" / "02_tanaka" / "02_tanaka.ipynb"
    command = [sys.executable, "-m", "nbgrader", "validate", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300).stdout
    assert "VALIDATION FAILED ON 3 CELL(S)" in told
