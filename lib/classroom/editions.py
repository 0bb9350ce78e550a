"""Lessons as nbgrader's source, the student edition that nbgrader makes of it, and the teacher's kit."""

import copy
import importlib
import io
import re
import shutil
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from lib.lessons import BUILD, ROOT, paths, title, write

COURSE, STUDENT, TEACHER = BUILD / "course", BUILD / "student", BUILD / "teacher"
NOTEBOOKS = "notebooks"
GRADED = """\
### BEGIN HIDDEN TESTS
import importlib, lib.checks
importlib.reload(lib.checks)
check = importlib.reload(importlib.import_module("lib.checks.lesson_{number}"))
### END HIDDEN TESTS
assert check.{name}({answer}), "no points yet: the line above says why"
"""
CONFIG = "from lib.classroom.grading import configure\n\nconfigure(get_config())  # noqa: F821\n"
HANDED_OUT = ("Makefile", "LICENSE", "pyproject.toml", "constraints.txt", "environment.yml", "conftest.py")
INSTALLED = "lib", "data", ".ipython/profile_default/ipython_kernel_config.py"


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson: name of its check, the answer's name, stars, minutes as the lesson says, title, solution."""

    name: str
    answer: str
    stars: int
    minutes: int
    title: str
    solution: str


def tags(cell) -> list[str]:
    return cell.metadata.get("tags", [])


def read(path: Path):
    import nbformat

    return nbformat.read(path, as_version=4)


def exercises(notebook) -> list[Exercise]:
    """The exercises of a lesson, in order."""
    found, told = [], ("", "")
    for cell in notebook.cells:
        for head in re.finditer(r"^### (Exercise .+)\n+(.*)", cell.source, re.M) if cell.cell_type == "markdown" else ():
            told = head[1], head[2]
        if "solution" in tags(cell):
            name, answer = re.findall(r"^check\.(\w+)\((\w+)\)$", cell.source, re.M)[-1]
            minutes = int(re.search(r"(\d+) minutes", told[1])[1])
            found.append(Exercise(name, answer, told[1].count("★"), minutes, told[0], cell.source))
    return found


def source(path: Path):
    """A lesson as nbgrader's source: solutions to be cut, with the outputs of their stubs; after each a cell with points."""
    from nbformat.v4 import new_code_cell

    notebook = read(path)
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
            cells.append(new_code_cell(text, id=f"{stub.id}-points", metadata=graded | {"tags": ["raises-exception"]}))
    notebook.cells = cells
    return notebook


def nbgrader(name: str, **what) -> dict:
    """nbgrader's metadata of a cell."""
    from nbformat import from_dict

    kind = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3, "cell_type": "code"}
    return from_dict({"nbgrader": {"grade_id": name, **kind, **what}})


def course(chosen: list[Path], folder: Path = COURSE) -> Path:
    """An nbgrader course: an assignment for each lesson, named as it is, and its release; submissions and grades are kept."""
    import nbformat
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    from lib.classroom.grading import configure

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
            raise RuntimeError(f"nbgrader could not release {path.stem}: {done.get('log') or done.get('error')}")
    return folder
