"""`lib.workbook.sweeps.runs`: what one run leaves behind."""

import json

from lib.workbook.sweeps import runs
from tests.workbook.sweeps.books import RECORD, SQUARE, book, run


def test_a_changed_notebook_runs_again_and_a_damaged_record_too(tmp_path, squares):
    out, one = tmp_path / "out", run(squares, side=5)
    out.mkdir()
    first = runs.carry_out(one, out)
    assert first["results"] == [{"area": 25.0, "known": True}] and runs.finished(one, out) == first
    (out / f"{one.name}.json").write_text("{")
    assert runs.finished(one, out) is None
    (out / f"{one.name}.json").write_text(json.dumps(first))
    assert runs.finished(one, out)
    (out / f"{one.name}.ipynb").unlink()
    assert runs.finished(one, out) is None
    book(squares, SQUARE.replace("**2", "**3"), RECORD)
    assert runs.finished(run(squares, side=5), out) is None


def test_a_kernel_that_dies_is_a_failure_with_its_cell(tmp_path, squares):
    book(squares, "print('so far')", "import os\nos.kill(os.getpid(), 9)")
    facts = runs.carry_out(run(squares, side=1), tmp_path)
    assert facts["status"] == "failed" and facts["failure"]["cell"] == 4
    assert "the kernel died" in facts["failure"]["error"] and facts["failure"]["line"] == "import os"
    assert "so far" in (tmp_path / f"{run(squares, side=1).name}.ipynb").read_text()
