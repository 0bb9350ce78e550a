"""Lessons as nbgrader's source, and the student edition that nbgrader makes of it."""

import copy
import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

from lib.workbook.lessons import BUILD, ROOT, write
from lib.workbook.notebooks import stored, tags

COURSE, STUDENT = BUILD / "nbgrader", BUILD / "student"
TEXTS = tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8"))
HANDED_OUT = ("Makefile", "LICENSE", "pyproject.toml", "constraints.txt", "environment.yml")
INSTALLED = "lib", "data", "notebooks/glossary.md", ".ipython/profile_default/ipython_kernel_config.py"


@dataclass(frozen=True)
class Exercise:
    """An exercise of a lesson."""

    name: str  # of its check
    answer: str  # the name that the check is given
    stars: int
    minutes: int  # as the lesson says
    title: str
    solution: str  # the cell's code


def asked(solution: str) -> tuple[str, str]:
    """The names of the check and of the answer in the code of a solution, which ends with them."""
    return re.findall(r"^check\.(\w+)\((\w+)\)$", solution, re.M)[-1]


def exercises(notebook: dict) -> list[Exercise]:
    """The exercises of a lesson, in order."""
    found, told = [], ("", "")
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            told = (re.findall(r"^### (Exercise .+)\n+(.*)", cell.source, re.M) or [told])[-1]
        if "solution" in tags(cell):
            minutes = int(re.search(r"(\d+) minutes", told[1])[1])
            found.append(Exercise(*asked(cell.source), told[1].count("★"), minutes, told[0], cell.source))
    return found


def source(path: Path):
    """A lesson as nbgrader's source: solutions to be cut, with the outputs of their stubs; after each a cell
    with points, and so after a cell tagged `answers`, which holds flags of `lib.workbook.challenges`."""
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
            cell.metadata = nbgrader(exercise.name, "exercise", solution=True)
            text = TEXTS["graded"].format(number=path.name[:2], name=exercise.name, answer=exercise.answer)
            cells.append(graded(cell, exercise.name, text, exercise.stars))
        if "answers" in tags(cell):
            # or nbgrader takes the whole cell for the solution
            cell.source += "\n### BEGIN SOLUTION\n### END SOLUTION"
            cell.metadata = nbgrader("answers", "answers", solution=True)
            cells.append(graded(cell, "answers", TEXTS["captured"].format(most=most_points()), most_points()))
    notebook.cells = cells
    return notebook


def graded(answer: dict, name: str, text: str, points: int):
    """The cell that gives points for the one with an answer."""
    from nbformat.v4 import new_code_cell

    metadata = nbgrader(f"{name}-points", "raises-exception", grade=True, locked=True, points=points)
    return new_code_cell(text.rstrip(), id=f"{answer.id}-points", metadata=metadata)


def most_points() -> int:
    """The points of all challenges that can be solved; an open one makes up for others, and adds none."""
    from lib.workbook.challenges import SOLVABLE, load

    return sum(challenge.points for challenge in load() if challenge.state == SOLVABLE)


def nbgrader(name: str, tag: str, **what) -> dict:
    """nbgrader's metadata of a cell, and a tag."""
    from nbformat import from_dict

    kind = {"grade": False, "locked": False, "solution": False, "task": False}
    kind |= {"schema_version": 3, "cell_type": "code"}
    return from_dict({"nbgrader": {"grade_id": name, **kind, **what}, "tags": [tag]})


def assignments(chosen: list[Path], folder: Path = COURSE) -> Path:
    """An nbgrader course: an assignment for each lesson, and its release; submissions and grades are kept."""
    import nbformat
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    from lib.workbook.classroom.grading import configure

    config = Config()
    configure(config)
    config.CourseDirectory.root = str(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "nbgrader_config.py", TEXTS["config"])
    api = NbGraderAPI(config=config)
    for path in chosen:
        target = folder / "source" / path.stem / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, nbformat.writes(source(path)) + "\n")
        done = api.generate_assignment(path.stem, force=True)
        if not done["success"]:
            why = done.get("log") or done.get("error")
            raise RuntimeError(f"nbgrader could not release {path.stem}: {why}")
    return folder


def student(chosen: list[Path], released: Path = COURSE, folder: Path = STUDENT) -> Path:
    """What a student gets: the released notebooks of `assignments`, and the package without this part."""
    shutil.rmtree(folder, ignore_errors=True)
    files = {f"notebooks/{path.name}": released / "release" / path.stem / path.name for path in chosen}
    files |= {name: ROOT / name for name in (*INSTALLED, *HANDED_OUT)}
    kept_back = shutil.ignore_patterns("classroom", "__pycache__", "downloads")
    for name, source in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=kept_back)
        else:
            shutil.copy(source, target)
    write(folder / "README.md", TEXTS["student_readme"])
    return folder
