"""One notebook as a function: its parameters and their types, a run of it, and what cell a run failed in.

Parameters are the assignments in the cell tagged `parameters`, as papermill has it, which replaces them for a
run. papermill only warns of a name that the notebook does not have; `problems` finds it beforehand, and
values of another type as well.
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
from typing import NamedTuple

from lib.atomic import whole_file

ROOT = Path(__file__).resolve().parents[2]
SINGLE = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
"""What a kernel beside others needs, where nobody has said otherwise: one thread, which sleeps while it
waits."""
QUIET = ROOT / ".ipython"  # kernels that say nothing about their transport
EXAMPLES = {
    "bool": True,
    "int": 1,
    "float": 1.0,
    "str": "",
    "list": [],
    "tuple": [],
    "dict": {},
    "None": None,
}
WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}


class Failure(NamedTuple):
    """Where a run stopped: the cell's number as the executed notebook shows it, the line of the cell, the
    error."""

    cell: int | None
    line: str
    error: str


def read(path: Path) -> dict:
    """A notebook as JSON, without its outputs. FileNotFoundError; ValueError where the file is none."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except (ValueError, LookupError, TypeError):
        raise ValueError(f"{path}: no notebook; expected the JSON of an .ipynb with its cells") from None
    for cell in code:
        cell |= {"source": "".join(cell["source"]), "outputs": [], "execution_count": None}
    return notebook


def stored(path: Path):
    """A notebook with its outputs, as nbformat has it."""
    import nbformat  # takes seconds to start

    return nbformat.read(path, as_version=4)


def tags(cell: dict) -> list[str]:
    return cell.get("metadata", {}).get("tags", [])


def code(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def digest(notebook: dict) -> str:
    """The SHA-256 of a notebook's code: another one where a run may give other results. Text and outputs do
    not count."""
    cells = [[tags(cell), cell["source"]] for cell in code(notebook)]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


# -- parameters ----------------------------------------------------------------------------------------------


def parameters(notebook: dict) -> dict[str, list]:
    """Name: values of every type that the parameter may have, its default first; none where the default is no
    plain value.

    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "block = 4\\nquality: int | None = None"}
    >>> parameters({"cells": [cell]})
    {'block': [4], 'quality': [None, 1]}
    """
    found = {}
    for cell in code(notebook):
        if "parameters" in tags(cell):
            for line in ast.parse(cell["source"]).body:
                match line:
                    case ast.Assign(targets=[ast.Name(id=name)]):
                        found[name] = _default(line.value)
                    case ast.AnnAssign(target=ast.Name(id=name)) if line.value:
                        names = [part.strip() for part in ast.unparse(line.annotation).split("|")]
                        default = _default(line.value)
                        others = [EXAMPLES[part] for part in names if part in EXAMPLES]
                        found[name] = default + [
                            other for other in others if type(other) not in map(type, default)
                        ]
    return found


def _default(value) -> list:
    try:
        return [ast.literal_eval(value)]
    except ValueError:
        return []


def problems(notebook: dict, given: dict) -> list[str]:
    """What is wrong with these values for parameters, each in a sentence."""
    known = parameters(notebook)
    return [
        _unknown(name, known)
        if name not in known
        else f"{name} should be {_expected(known[name])}, got {value!r}{_advice(value, known[name])}"
        for name, value in given.items()
        if name not in known or not any(_fits(value, example) for example in known[name])
    ]


def _unknown(name, known):
    near = difflib.get_close_matches(name, known, 1, cutoff=0.5) or [
        other for other in known if other.lower() == name.lower()
    ]
    meant = f"; did you mean {near[0]}?" if near else ""
    return f"no parameter {name}{meant} There are {', '.join(known) or 'none: tag a cell parameters'}"


def _fits(value, example) -> bool:
    """Whether a value from JSON or YAML may stand where `example` does: a whole number may for a number, a
    list for a tuple."""
    if isinstance(example, list | tuple):
        return isinstance(value, list) and all(
            any(_fits(v, e) for e in example) or not example for v in value
        )
    if isinstance(example, dict):
        return isinstance(value, dict) and all(
            any(_fits(v, e) for e in example.values()) or not example for v in value.values()
        )
    if isinstance(example, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(example)


def _expected(examples) -> str:
    if not examples:
        return "a parameter whose default is a plain value, or no type is known to compare with"
    kinds = [
        "nothing (null)" if example is None else WORDS[list if isinstance(example, tuple) else type(example)]
        for example in examples
    ]
    return f"{' or '.join(kinds)}, as {examples[0]!r} in the notebook"


def _advice(value, examples) -> str:
    example = examples[0] if examples else ...
    if isinstance(example, list | tuple) and not isinstance(value, list):
        return "; for one run with a whole list, write the list in a list, [[1, 2]]"
    if example is None and len(examples) == 1:
        return "; to allow more, give its type in the notebook: name: int | None = None"
    if isinstance(value, bool) and isinstance(example, str):
        return "; YAML reads yes, no, on and off as true and false: put such text in quotes"
    if isinstance(value, str) and isinstance(example, int | float):
        return "; YAML takes it for text: 1e-3 needs a point, 1.0e-3"
    return ""


# -- runs ----------------------------------------------------------------------------------------------------


def execute(notebook: dict, target: Path, given: dict, folder: Path, progress=False) -> Failure | None:
    """Run a notebook with the parameters `given`, in `folder`, into `target`; None, or where and why it
    stopped.

    `target` is written whole, at the end, whether the run failed or not: the outputs up to there are in it.
    """
    import nbformat
    import papermill

    # it warns of each "=" in a comment, and of `int | None`
    logging.getLogger("papermill").setLevel(logging.ERROR)
    for name, value in (SINGLE | ({"IPYTHONDIR": str(QUIET)} if QUIET.is_dir() else {})).items():
        os.environ.setdefault(name, value)
    node = nbformat.from_dict(notebook)
    with tempfile.TemporaryDirectory() as temporary:
        # papermill writes it many times, and not by rename
        running, failure = Path(temporary) / "running.ipynb", None
        try:
            papermill.execute_notebook(
                node, running, given, kernel_name="python3", progress_bar=progress, coalesce_streams=True,
                # not cwd, which would hold for the whole process
                resources={"metadata": {"path": str(folder)}},
            )  # fmt: skip
        except papermill.PapermillExecutionError as error:
            line = _line(error.source, "\n".join(error.traceback))
            failure = Failure(error.exec_count, line, f"{error.ename}: {error.evalue}".strip())
        except OSError:
            raise
        except Exception as error:  # the kernel died, or could not be started
            failure = _stopped(json.loads(running.read_text(encoding="utf-8")), error)
        with whole_file(target, overwrite=True) as file:
            file.write(running.read_bytes())
    return failure


def _stopped(notebook, error):
    """A failure outside the code of a cell: in the cell that ran last."""
    cells = [cell for cell in code(notebook) if cell["metadata"].get("papermill", {}).get("start_time")]
    said = f"{type(error).__name__}: {error}".strip()
    if type(error).__name__ == "DeadKernelError":
        said = "the kernel died, perhaps for lack of memory"
    line = _line("".join(cells[-1]["source"])) if cells else ""
    return Failure(len(cells) or None, line, said)


def _line(source: str, traceback: str = "") -> str:
    """The line of a cell that a traceback points at; the cell's first one where it points at none."""
    bare = re.sub(r"\x1b\[[0-9;]*m", "", traceback)
    if pointed := re.search(r"^-+> *(\d+) ", bare, re.M):
        lines = source.splitlines()
        if int(pointed[1]) <= len(lines):
            return lines[int(pointed[1]) - 1].strip()
    return next(
        (line.strip() for line in source.splitlines() if line.strip() and not line.strip().startswith("#")),
        "",
    )
