"""Lessons as nbgrader's source, the student edition that nbgrader makes of it, and the teacher's kit."""

import copy
import importlib
import io
import re
import shutil
import textwrap
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from lib.workbook.lessons import BUILD, ROOT, title, write
from lib.workbook.notebooks import stored, tags

COURSE, STUDENT, TEACHER = BUILD / "nbgrader", BUILD / "student", BUILD / "teacher"
NOTEBOOKS = "notebooks"
GRADED = """\
### BEGIN HIDDEN TESTS
import importlib, lib.workbook.checks
importlib.reload(lib.workbook.checks)
check = importlib.reload(importlib.import_module("lib.workbook.checks.lesson_{number}"))
### END HIDDEN TESTS
assert check.{name}({answer}), "no points yet: the line above says why"
"""
CAPTURED = """\
### BEGIN HIDDEN TESTS
import importlib, lib.workbook.challenges
the_ten = importlib.reload(lib.workbook.challenges).load()
### END HIDDEN TESTS
float(min({most}, sum(each.points for each in the_ten if each.check(ANSWERS.get(each.number, "")))))
"""
CONFIG = "from lib.workbook.classroom.grading import configure\n\nconfigure(get_config())  # noqa: F821\n"
HANDED_OUT = ("Makefile", "LICENSE", "pyproject.toml", "constraints.txt", "environment.yml")
INSTALLED = "lib", "data", ".ipython/profile_default/ipython_kernel_config.py"


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson: name of its check, the answer's name, stars, minutes as the lesson says,
    title, solution."""

    name: str
    answer: str
    stars: int
    minutes: int
    title: str
    solution: str


def exercises(notebook) -> list[Exercise]:
    """The exercises of a lesson, in order."""
    found, told = [], ("", "")
    for cell in notebook.cells:
        for head in (
            re.finditer(r"^### (Exercise .+)\n+(.*)", cell.source, re.M)
            if cell.cell_type == "markdown"
            else ()
        ):
            told = head[1], head[2]
        if "solution" in tags(cell):
            name, answer = re.findall(r"^check\.(\w+)\((\w+)\)$", cell.source, re.M)[-1]
            minutes = int(re.search(r"(\d+) minutes", told[1])[1])
            found.append(Exercise(name, answer, told[1].count("★"), minutes, told[0], cell.source))
    return found


def source(path: Path):
    """A lesson as nbgrader's source: solutions to be cut, with the outputs of their stubs; after each a cell
    with points.

    After a cell tagged `answers`, which holds flags of `lib.workbook.challenges`, comes one that gives points
    for those that are right.
    """
    from nbformat.v4 import new_code_cell

    notebook = stored(path)
    rest, cells, stub = iter(exercises(notebook)), [], None
    for cell in notebook.cells:
        if "exercise" in tags(cell):
            stub = cell
            continue
        cells.append(cell)
        if "solution" in tags(cell):
            exercise = next(rest)
            cell.id, cell.outputs = stub.id, copy.deepcopy(stub.outputs)
            cell.metadata = nbgrader(exercise.name, solution=True) | {"tags": ["exercise"]}
            text = GRADED.format(number=path.name[:2], name=exercise.name, answer=exercise.answer).rstrip()
            graded = nbgrader(f"{exercise.name}-points", grade=True, locked=True, points=exercise.stars)
            cells.append(
                new_code_cell(text, id=f"{stub.id}-points", metadata=graded | {"tags": ["raises-exception"]})
            )
        if "answers" in tags(cell):
            # or nbgrader takes the whole cell for the solution
            cell.source += "\n### BEGIN SOLUTION\n### END SOLUTION"
            cell.metadata = nbgrader("answers", solution=True) | {"tags": ["answers"]}
            graded = nbgrader("answers-points", grade=True, locked=True, points=most_points())
            text = CAPTURED.format(most=most_points()).rstrip()
            cells.append(
                new_code_cell(text, id=f"{cell.id}-points", metadata=graded | {"tags": ["raises-exception"]})
            )
    notebook.cells = cells
    return notebook


def most_points() -> int:
    """The points of all challenges that can be solved; an open one makes up for others, and adds none to
    all."""
    from lib.workbook.challenges import SOLVABLE, load

    return sum(challenge.points for challenge in load() if challenge.state == SOLVABLE)


def nbgrader(name: str, **what) -> dict:
    """nbgrader's metadata of a cell."""
    from nbformat import from_dict

    kind = {
        "grade": False,
        "locked": False,
        "solution": False,
        "task": False,
        "schema_version": 3,
        "cell_type": "code",
    }
    return from_dict({"nbgrader": {"grade_id": name, **kind, **what}})


def assignments(chosen: list[Path], folder: Path = COURSE) -> Path:
    """An nbgrader course: an assignment for each lesson, named as it is, and its release; submissions and
    grades are kept."""
    import nbformat
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    from lib.workbook.classroom.grading import configure

    config = Config()
    configure(config)
    config.CourseDirectory.root = str(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "nbgrader_config.py", CONFIG)
    api = NbGraderAPI(config=config)
    for path in chosen:
        target = folder / "source" / path.stem / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, nbformat.writes(source(path)) + "\n")
        done = api.generate_assignment(path.stem, force=True)
        if not done["success"]:
            raise RuntimeError(
                f"nbgrader could not release {path.stem}: {done.get('log') or done.get('error')}"
            )
    return folder


def student(chosen: list[Path], released: Path = COURSE, folder: Path = STUDENT) -> Path:
    """What a student gets: the released notebooks of `assignments`, the package without this part, its data,
    how to start."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in chosen:
        target = folder / NOTEBOOKS / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(released / "release" / path.stem / path.name, target)
    for name in (*INSTALLED, *HANDED_OUT):
        source, target = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns("classroom", "__pycache__", "downloads")
            )
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    write(folder / "README.md", STUDENT_README)
    return folder


STUDENT_README = """\
# Learnable image encryption: the lessons

`make lab` sets up (about two minutes, once) and opens the lessons in JupyterLab. A bare Debian needs one line first:
`apt-get install -y make python3-venv`. Begin with `notebooks/00_start_here.ipynb`.

A cell that says "your code here" is yours to fill in. The check below it says what is wrong; the cell after it, which you cannot edit,
fails until the answer is right and gives the points. The notebook runs to its end all the same. Before you hand a notebook in:
`.venv/bin/nbgrader validate notebooks/02_tanaka.ipynb`.
"""


def mistakes(number: str) -> dict[str, list[tuple[str, str]]]:
    """By exercise: wrong answers that learners give, by name, and the line that the check says; from this
    project's tests."""
    module = importlib.import_module(f"tests.workbook.checks.test_lesson_{number}")
    found: dict[str, list[tuple[str, str]]] = {}
    for name, (check, answer) in module.WRONG.items():
        printed = io.StringIO()
        with redirect_stdout(printed):
            right = check(answer)
        if right:
            raise RuntimeError(f"lesson {number}: the check of {check.__name__} accepts {name!r}")
        said = printed.getvalue().strip().removeprefix(f"{check.__name__}: not yet: ")
        found.setdefault(check.__name__, []).append((name, said))
    return found


def teacher(chosen: list[Path], folder: Path = TEACHER) -> Path:
    """The teacher's kit: notebooks with their solutions, and a guide of plans, times, solutions and common
    mistakes."""
    from lib.workbook.classroom import plans

    shutil.rmtree(folder, ignore_errors=True)
    (folder / NOTEBOOKS).mkdir(parents=True)
    for path in chosen:
        shutil.copy(path, folder / NOTEBOOKS / path.name)
    write(folder / "guide.md", "# Teacher's guide\n\n" + plans.text() + "".join(map(guide, chosen)))
    return folder


def guide(path: Path) -> str:
    """The part of the guide on one lesson."""
    from lib.workbook.classroom import plans

    number, lines = path.name[:2], [f"\n## {path.name[:2]}. {title(path)}\n\n{plans.time_of(path)}\n"]
    wrong, notebook = mistakes(number), stored(path)
    for exercise in exercises(notebook):
        solution = textwrap.dedent(
            re.search(r"### BEGIN SOLUTION\n(.*?)\n *### END", exercise.solution, re.S)[1]
        )
        lines.append(
            f"\n### {exercise.title}\n\n{exercise.stars} of 3 stars, as many points; {exercise.minutes} minutes.\n\n"
            f"```python\n{solution}\n```\n\n| mistake | the check says |\n|---|---|\n"
        )
        lines += [f"| {cell(name)} | {cell(said)} |\n" for name, said in wrong[exercise.name]]
    if any("answers" in tags(each) for each in notebook.cells):
        lines.append(FLAGS.format(most=most_points()))
    return "".join(lines)


FLAGS = """
### The ten challenges

{most} points at most, those of the challenges that can be solved; the open one makes up for others. In the repository,
`.venv/bin/python -m lib.workbook.classroom.solvers` solves a folder of challenges and prints the flags, `data/challenges` if none is
named; its source says by which attack. Flags are the same for all who have the same folder: README, *In class*, how to make
one for a course.
"""


def cell(text: str) -> str:
    """A text as a cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())
