"""What an nbgrader course needs here beyond nbgrader: stubs, a sandbox, feedback that gives nothing away.

`configure(get_config())` in `nbgrader_config.py` is all. In nbgrader 0.9 each of these is amiss or missing:

- it calls `alembic` by its bare name: `configure` puts Python's folder on the path;
- a submission runs with all rights of whoever grades: `Execute` runs it in the sandbox, or not at all;
- a kernel that cannot be stopped leaves no grade: what ran before counts, what did not run has failed;
- a deleted cell, other points, a changed set-up cell are the student's to decide: `Restore` takes a
  submission's answers, and its own cells, into the notebook that was handed out;
- an answer can replace the check that judges it: it is loaded anew before it judges (`graded` in texts.toml);
- feedback shows hidden tests, in source and tracebacks, and runs a stranger's HTML: `Discreet` cuts them.

What none of this stops: an answer that runs in one process with its check can, with effort, forge the
verdict. Read answers that import or patch more than their task needs.
"""

import json
import os
import sys
from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbformat import NotebookNode, from_dict, read, writes
from nbformat.v4 import new_code_cell, new_output
from nbgrader import preprocessors as nbgrader
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, NbGraderPreprocessor
from traitlets import Integer
from traitlets.config import Config

from lib.workbook.classroom import sandbox

STUB = "raise NotImplementedError  # your code here"
SHOWN = {"text/plain", "image/png"}


class QuietStub(NbGraderPreprocessor):
    """Takes the stub away where it would stop the notebook: outside of functions, an answer being a value."""

    def preprocess_cell(self, cell, resources, index):
        cell.source = "\n".join(line for line in cell.source.split("\n") if line != STUB)
        return cell, resources


class Restore(NbGraderPreprocessor):
    """Puts what a student wrote into the notebook that was handed out, whatever became of the rest of it."""

    def preprocess(self, nb, resources):
        course, where = self.parent.parent.coursedir, resources["nbgrader"]
        folder = course.format_path(course.release_directory, ".", where["assignment"])
        return restored(nb, read(f"{folder}/{where['notebook']}.ipynb", as_version=4)), resources


def name_of(cell) -> str:
    """nbgrader's name of a cell, empty where it has none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def restored(submitted: NotebookNode, released: NotebookNode) -> NotebookNode:
    """`released` with what `submitted` has in the cells to solve, and with its new code cells in place."""
    places = {key: i for i, cell in enumerate(released.cells) for key in (name_of(cell), cell.id) if key}
    known = {cell.source for cell in released.cells}
    new, waiting = [[] for _ in [*released.cells, None]], []
    for cell in submitted.cells:
        place = places.get(name_of(cell), places.get(cell.get("id", "")))
        if place is not None:
            if released.cells[place].metadata.get("nbgrader", {}).get("solution"):
                released.cells[place].source = cell.source
            new[place], waiting = new[place] + waiting, []
        elif cell.cell_type == "code" and cell.source not in known:
            waiting.append(new_code_cell(cell.source))
    new[-1] += waiting
    cells = [each for more, cell in zip(new, [*released.cells, None]) for each in (*more, cell) if each]
    released.cells = cells
    return released


class Execute(NbGraderPreprocessor):
    """Runs a submission in the sandbox; what did not run has failed, or nbgrader gives it all points."""

    timeout = Integer(60, help="seconds for a cell").tag(config=True)
    notebook_timeout = Integer(300, help="seconds for a notebook").tag(config=True)
    memory = Integer(4096, help="MB for a notebook").tag(config=True)

    def preprocess(self, nb, resources):
        command = [sys.executable, "-m", "lib.workbook.classroom.cells", str(self.timeout)]
        done = sandbox.run(command, writes(nb).encode(), self.notebook_timeout, self.memory << 20)
        lines = done.output.split(b"\n")[:-1]  # those that were written to their end
        ran = {index: (count, outputs) for index, count, outputs in map(json.loads, lines)}
        why = f"not run: {done.ended or 'the kernel ended before it'}"
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                missing = None, [failure(why)] if cell.source.strip() else []
                cell.execution_count, outputs = ran.get(index, missing)
                cell.outputs = [plain(output) for output in outputs]
        return nb, resources


def failure(why: str):
    """An output that says why a cell has none."""
    return new_output("error", ename="NotRun", evalue=why, traceback=[why])


def plain(output: NotebookNode) -> NotebookNode:
    """An output without what would run in the browser of whoever reads it."""
    if "data" in output:
        output["data"] = {kind: value for kind, value in output["data"].items() if kind in SHOWN}
    return from_dict(output)


class Discreet(ClearHiddenTests):
    """Takes hidden tests out of graded notebooks, and the lines of code out of what failed in a test."""

    def preprocess_cell(self, cell, resources, index):
        if cell.metadata.get("nbgrader", {}).get("grade"):
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return super().preprocess_cell(cell, resources, index)


def configure(c: Config) -> None:
    """Set up nbgrader's commands for a course of these lessons."""
    folders = str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = os.pathsep.join(folders)
    c.CourseDirectory.course_id = "learnable-image-encryption"
    c.ClearSolutions.code_stub = {"python": STUB}
    outputs_kept = [nbgrader.LockCells, nbgrader.ClearSolutions, QuietStub, nbgrader.CheckCellMetadata]
    saved = [nbgrader.ComputeChecksums, nbgrader.SaveCells, ClearHiddenTests, nbgrader.ComputeChecksums]
    c.GenerateAssignment.preprocessors = [*outputs_kept, *saved, nbgrader.CheckCellMetadata]
    overwritten = [nbgrader.DeduplicateIds, nbgrader.OverwriteKernelspec, nbgrader.OverwriteCells]
    c.Autograde.sanitize_preprocessors = [Restore, ClearOutput, *overwritten, nbgrader.CheckCellMetadata]
    scored = [nbgrader.LimitOutput, nbgrader.SaveAutoGrades, nbgrader.AssignLatePenalties]
    c.Autograde.autograde_preprocessors = [Execute, *scored, nbgrader.CheckCellMetadata]
    c.GenerateFeedback.preprocessors = [nbgrader.GetGrades, Discreet, CSSHTMLHeaderPreprocessor]
