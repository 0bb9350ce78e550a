"""One notebook as a function: its parameters and their types, a run of it, and what cell a run failed in.

Parameters are the assignments in the cell tagged `parameters`, which papermill replaces for a run. It only
warns of a name that the notebook does not have; `problems` finds that beforehand, and values of another type.
"""

import ast
import difflib
import hashlib
import json
import logging
import os
import re
import tempfile
from pathlib import Path
from typing import NamedTuple, Union

from lib.atomic import whole_file
from lib.files import check_file

ROOT = Path(__file__).resolve().parents[2]
SINGLE = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
"""What a kernel beside others needs, where nobody has said otherwise: one thread, which sleeps in a wait."""
# Kernels that start at once may be told one free port, and all but one of them die before they run a cell.
STARTS, NEVER_STARTED = 3, "Kernel died before replying"
QUIET = ROOT / ".ipython"  # kernels that say nothing about their transport
PLAIN = {kind.__name__: kind for kind in (bool, int, float, str, list, dict)} | {"tuple": list, "None": None}


class Failure(NamedTuple):
    """Where a run stopped: the cell's number in the executed notebook, the line of the cell, the error."""

    cell: int | None
    line: str
    error: str


def read(path: Path) -> dict:
    """A notebook as JSON, without its outputs. FileNotFoundError; ValueError where the file is none."""
    try:
        notebook = json.loads(check_file(path).read_text(encoding="utf-8"))
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError(f"{path}: no notebook; expected the JSON of an .ipynb with its cells") from None
    for cell in code:
        cell |= {"source": "".join(cell["source"]), "outputs": [], "execution_count": None}
    return notebook


def stored(path: Path):
    """A notebook with its outputs, as nbformat has it."""
    import nbformat  # takes seconds to start

    return nbformat.read(path, as_version=4)


def tags(cell: dict) -> list[str]:
    """Of a cell."""
    return cell.get("metadata", {}).get("tags", [])


def code(notebook: dict) -> list[dict]:
    """The cells of code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def markdown(notebook: dict) -> list[dict]:
    """The cells of Markdown."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def words(notebook: dict) -> int:
    """How many words there are to read in a notebook's Markdown, folded answers and hints included; where a
    link leads to is not read.

    >>> words({"cells": [{"cell_type": "markdown", "source": ["Two [words](glossary.md#word)."]}]})
    2
    """
    texts = ("".join(cell["source"]) for cell in markdown(notebook))
    return sum(len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\]\([^)]*\)", "]", text))) for text in texts)


def digest(notebook: dict) -> str:
    """The SHA-256 of a notebook's code: another one where a run may give other results."""
    cells = [[tags(cell), cell["source"]] for cell in code(notebook)]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


# -- parameters ----------------------------------------------------------------------------------------------


def parameters(notebook: dict) -> dict[str, tuple]:
    """Name: default and type of each parameter; both are Ellipsis where the default is no plain value.

    papermill's own inspection leaves out what is annotated as `int | None`.

    >>> source = "block = 4\\nquality: int | None = None"
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}
    >>> parameters({"cells": [cell]}) == {"block": (4, int), "quality": (None, int | None)}
    True
    """
    found = {}
    cells = [cell["source"] for cell in code(notebook) if "parameters" in tags(cell)]
    for line in (line for source in cells for line in ast.parse(source).body):
        match line:
            case ast.Assign(targets=[ast.Name(id=name)]):
                found[name] = _typed(line.value, [])
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
                found[name] = _typed(line.value, re.findall(r"\w+", ast.unparse(line.annotation)))
    return found


def _typed(value, names):
    try:
        default = ast.literal_eval(value)
    except ValueError:
        return ..., ...
    return default, Union[_type(default), *(PLAIN[name] for name in names if name in PLAIN)]


def _type(value):
    """The type of a plain value as JSON or YAML gives it: elements of a list are of a type that it has."""
    if isinstance(value, list | tuple):
        return list[Union[*map(_type, value)]] if value else list
    if isinstance(value, dict):
        return dict[str, Union[*map(_type, value.values())]] if value else dict
    return None if value is None else type(value)


def problems(notebook: dict, given: dict) -> list[str]:
    """What is wrong with these values for parameters, each in a sentence. A whole number does for a float."""
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    known, found = parameters(notebook), []
    for name, value in given.items():
        default, kind = known.get(name, (None, None))
        if name not in known:
            lower = {other.lower(): other for other in known}
            near = difflib.get_close_matches(name.lower(), lower, 1, cutoff=0.5)
            meant = f"; did you mean {lower[near[0]]}?" if near else ""
            there = ", ".join(known) or "none: tag a cell parameters"
            found.append(f"no parameter {name}{meant} There are {there}")
        elif default is ...:
            found.append(f"{name} has no plain value in the notebook, so no type is known; got {value!r}")
        else:
            try:
                TypeAdapter(kind, config=ConfigDict(strict=True)).validate_python(value)
            except ValidationError as error:
                said = dict.fromkeys(each["msg"].removeprefix("Input should be ") for each in error.errors())
                kinds = " or ".join([*said, *["null"] * (default is None)])
                expected = f"{kinds}, as {default!r} in the notebook"
                found.append(f"{name} should be {expected}, got {value!r}{_advice(value, default, kind)}")
    return found


def _advice(value, default, kind) -> str:
    if isinstance(default, list | tuple) and not isinstance(value, list):
        return "; for one run with a whole list, write the list in a list, [[1, 2]]"
    if kind is None:
        return "; to allow more, give its type in the notebook: name: int | None = None"
    if isinstance(value, bool) and isinstance(default, str):
        return "; YAML reads yes, no, on and off as true and false: put such text in quotes"
    if isinstance(value, str) and isinstance(default, int | float):
        return "; YAML takes it for text: 1e-3 needs a point, 1.0e-3"
    return ""


# -- runs ----------------------------------------------------------------------------------------------------


def execute(notebook: dict, target: Path, given: dict, folder: Path,
            progress: bool = False) -> Failure | None:  # fmt: skip
    """Run a notebook with the parameters `given`, in `folder`; None, or where and why it stopped.

    `target` is written whole, at the end, whether the run failed or not: the outputs up to there are in it.
    """
    import nbformat

    # papermill warns of each "=" in a comment, and of `int | None`
    logging.getLogger("papermill").setLevel(logging.ERROR)
    for name, value in (SINGLE | ({"IPYTHONDIR": str(QUIET)} if QUIET.is_dir() else {})).items():
        os.environ.setdefault(name, value)
    node = nbformat.from_dict(notebook)
    with tempfile.TemporaryDirectory() as temporary:
        # papermill writes it many times, and not by rename
        running = Path(temporary) / "running.ipynb"
        for _ in range(STARTS):
            failure = _executed(node, running, given, folder, progress)
            if failure is None or NEVER_STARTED not in failure.error:
                break
        with whole_file(target, overwrite=True) as file:
            file.write(running.read_bytes())
    return failure


def _executed(node, running, given, folder, progress) -> Failure | None:
    import papermill

    try:
        papermill.execute_notebook(
            node, running, given, kernel_name="python3", progress_bar=progress, coalesce_streams=True,
            # not cwd, which would hold for the whole process
            resources={"metadata": {"path": str(folder)}},
        )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        line = _line(error.source, "\n".join(error.traceback))
        return Failure(error.exec_count, line, f"{error.ename}: {error.evalue}".strip())
    except OSError:
        raise
    except Exception as error:  # the kernel died, or could not be started
        cells = code(json.loads(running.read_text(encoding="utf-8")))
        ran = [cell for cell in cells if cell["metadata"].get("papermill", {}).get("start_time")]
        said = f"{type(error).__name__}: {error}".strip()
        if type(error).__name__ == "DeadKernelError":
            said = "the kernel died, perhaps for lack of memory"
        return Failure(len(ran) or None, _line("".join(ran[-1]["source"])) if ran else "", said)
    return None


def _line(source: str, traceback: str = "") -> str:
    """The line of a cell that a traceback points at; the cell's first one where it points at none."""
    lines = [line.strip() for line in source.splitlines()]
    pointed = re.search(r"^-+> *(\d+) ", re.sub(r"\x1b\[[0-9;]*m", "", traceback), re.MULTILINE)
    if pointed and int(pointed[1]) <= len(lines):
        return lines[int(pointed[1]) - 1]
    return next((line for line in lines if line and not line.startswith("#")), "")
