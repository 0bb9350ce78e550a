"""The runner: what is recorded is skipped, what changed is run anew, and `make results` runs both kinds."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lib import datasets
from lib.workbook import readme, recorded_trainings, run_missing
from lib.workbook.recording import Job, Kind, Record, Row, chosen

FIELDS = {"scheme": None, "network": "n", "parameters": 1, "bfloat16": False, "seconds": 1}


class Small(Record):
    row: str

    def is_of(self, row, seed):
        return self.recipe == row.recipe and self.seed == seed

    def told(self):
        return f"{self.row} of {self.recipe['steps']} steps"


@pytest.fixture
def kind(tmp_path):
    ran = []

    def run(row, seed, job):
        ran.append((row.name, seed))
        assert len(job.test) == 30 and job.folder.name == f"{row.name}-seed{seed}" and job.device == "cpu"
        return FIELDS | {"row": row.name, "recipe": row.recipe}

    made = Kind(tmp_path, Row, Small, run, test=30)
    object.__setattr__(made, "ran", ran)
    return made


def write(kind, steps=2):
    rows = [f'[[rows]]\nname = "{name}"\nrecipe = {{ steps = {steps} }}\n' for name in "ab"]
    (kind.folder / "rows.toml").write_text("".join(rows))


def test_what_is_recorded_is_skipped_and_what_changed_is_run_anew(kind, capsys):
    write(kind)
    words = ["small", "a", "--data", "photos", "--seeds", "0", "1"]
    assert run_missing.main(words, {"small": kind}) == 0 and kind.ran == [("a", 0), ("a", 1)]
    assert capsys.readouterr().out == "a-seed0.json: a of 2 steps, 1 s\na-seed1.json: a of 2 steps, 1 s\n"
    assert run_missing.main(words, {"small": kind}) == 0 and len(kind.ran) == 2
    assert capsys.readouterr().out.count("recorded, a of 2 steps") == 2
    assert [run.seed for run in kind.recorded("a")] == [0, 1] and kind.recorded("b") == []
    write(kind, steps=3)
    run_missing.main(["small", "--data", "photos"], {"small": kind})
    assert kind.ran[2:] == [("a", 0), ("b", 0)], "all rows where none is named"
    with pytest.raises(SystemExit):
        run_missing.main(["small", "nosuch"], {"small": kind})
    assert "no row 'nosuch'; known: a, b" in capsys.readouterr().err


def test_the_command_steps_aside_and_a_call_of_main_does_not(kind):
    write(kind)
    rank = os.nice(0)
    run_missing.main(["small", "a", "--data", "photos"], {"small": kind})
    assert os.nice(0) == rank
    line = "import os; from lib.workbook.run_missing import step_aside; step_aside(); print(os.nice(0))"
    group = Path("/proc/self/autogroup")
    before = group.exists() and group.read_text()
    assert subprocess.check_output([sys.executable, "-c", line], text=True) == "19\n"
    assert os.geteuid() or before == (group.exists() and group.read_text()), "the session has its rank again"


def test_a_session_without_a_share_of_its_own_steps_aside_by_rank_alone(tmp_path):
    empty, shared = tmp_path / "empty", tmp_path / "shared"
    empty.write_text("")
    shared.write_text("/autogroup-7 nice 3\n")
    line = """if True:
        import os, sys
        from pathlib import Path
        from lib.workbook import run_missing
        run_missing.AUTOGROUP = Path(sys.argv[1])
        run_missing.step_aside()
        print(os.nice(0), Path(sys.argv[1]).read_text() if Path(sys.argv[1]).exists() else None)"""
    for file, during, after in [(empty, "", ""), (shared, "19", "3"), (tmp_path / "none", None, None)]:
        told = subprocess.check_output([sys.executable, "-c", line, file], text=True)
        assert told == f"19 {during}\n" and (file.read_text() if file.exists() else None) == after


def test_threads_are_of_the_machine_and_make_no_record_old(monkeypatch):
    rows = []
    monkeypatch.setattr(run_missing, "run_missing", lambda kind, given, *rest: rows.extend(given))
    monkeypatch.setattr(readme, "rewrite", lambda *_: None)
    run_missing.main(["trainings", "plain", "--tiers", "table", "--threads", "3"])
    (row,) = rows
    assert row.threads == 3
    (recorded, *_) = run_missing.trainings.records(row)
    assert recorded.threads != 3 and recorded.is_of(row, recorded.seed)
    with pytest.raises(SystemExit):
        run_missing.main(["attacks", "skk-same", "--threads", "1"])


def test_a_damaged_record_names_file_and_field(kind):
    write(kind)
    (row,) = chosen(kind, ["a"])
    kind.file(row, 0).write_text('{"seed": "0"}')
    with pytest.raises(ValueError, match=r"a-seed0\.json is damaged: .*; remove the file, and make results"):
        list(kind.missing([row], [0]))


def test_a_run_that_gives_no_record_is_told(kind):
    write(kind)
    (row,) = chosen(kind, ["a"])
    object.__setattr__(kind, "run", lambda *_: FIELDS | {"row": "a"})
    from lib import datasets

    data = datasets.load("photos", limit=20)
    with pytest.raises(ValueError, match="the run is damaged: the field recipe is missing"):
        kind.keep(row, 0, Job(data, data))
    assert not kind.file(row, 0).exists()


def test_make_results_runs_both_and_each_alone():
    recipe = (readme.README.parent / "Makefile").read_text().split("\nresults:")[1].split("\n\n")[0]
    assert set(run_missing.KINDS) == {"trainings", "attacks"}
    assert "run_missing trainings $(ROWS)" in recipe and "run_missing attacks $(LEARNED)" in recipe


SHAKE = "le-shake-pyramid"
GPU = [row for row in recorded_trainings.trainings.rows() if row.tier == "gpu"]
SMALL_BODIES = {"airbench": {"widths": [8, 8, 8], "deep": True}, "shake-pyramid": {"depth": 20, "alpha": 24}}


@pytest.mark.parametrize("row", [
    pytest.param(row, id=row.name, marks=() if row.name in ("plain", SHAKE) else pytest.mark.long)
    for row in GPU
])  # fmt: skip
def test_every_row_of_the_gpu_tier_trains_in_pieces_at_a_hundredth_of_its_size(row, tmp_path, monkeypatch):
    recipe = row.recipe | {"epochs": 2, "batch": 100}
    small = row.model_copy(update={"recipe": recipe, "options": SMALL_BODIES[row.network]})
    kind = replace(recorded_trainings.trainings, folder=tmp_path)
    monkeypatch.setattr(run_missing, "BUILD", tmp_path / "build")
    load = datasets.load
    monkeypatch.setattr(
        datasets, "load", lambda name, split="train", limit=None: load(name, split, limit=300)
    )
    with pytest.raises(run_missing.OutOfTime):
        run_missing.run_missing(kind, [small], [0], "photos", limit=0)
    assert not kind.file(small, 0).exists()
    run_missing.run_missing(kind, [small], [0], "photos", limit=600)
    (record,) = kind.records(small)
    assert len(record.epochs) == 2 and record.tier == "gpu" and record.is_of(small, 0)
    wanted = {
        "plain",
        "le-statistics",
        "le-shake-pyramid",
        "skk-per-image-pixel",
        "etc-statistics",
        "ele-statistics",
    }
    assert {each.name for each in GPU} == wanted
