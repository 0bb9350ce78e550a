"""`lib.workbook.sweeps.experiments`: folders, and many runs on this machine."""

import json
import os
import shutil
import signal
from collections import namedtuple
from pathlib import Path

import pytest

from lib.atomic import UNFINISHED
from lib.workbook.sweeps import experiments, grids
from tests.workbook.sweeps.books import RECORD, SQUARE, book, grid, lib, results, run, started, until
from tests.workbook.sweeps.test_collected import collected_twice


def test_a_folder_of_another_sweep_is_left_alone(tmp_path, squares, capsys):
    experiments.prepare(tmp_path / "out", [run(squares)], [], "Squares")
    other = book(tmp_path / "other.ipynb", "1")
    with pytest.raises(ValueError, match="holds the runs of squares"):
        experiments.prepare(tmp_path / "out", [run(other)], [], "Others")


def test_a_full_disk_is_told_beforehand(tmp_path, squares, monkeypatch, capsys):
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: namedtuple("Usage", "total used free")(9, 8, 300_000)
    )
    assert lib("sweep", grid(tmp_path, {"side": [1, 2]}), "--out", tmp_path / "out") == 1
    assert "2 runs may need 1 MB, and 0 MB are free" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


def test_a_file_in_the_folders_place_is_told(tmp_path, squares, capsys):
    (tmp_path / "out").write_text("")
    assert lib("sweep", grid(tmp_path, {"side": [1]}), "--out", tmp_path / "out") == 1
    assert "out" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, says",
    [
        (["grid.yaml"], "expected GRID.yaml and --out DIR"),
        (["--out", "x"], "expected GRID.yaml and --out DIR"),
        (["--collect", "x", "--out", "y"], "stands alone"),
        (
            ["grid.yaml", "--out", "x", "--scheduler", "tcp://a:1", "--workers", "2"],
            "--workers is for this machine",
        ),
    ],
)
def test_a_wrong_call_is_told(words, says, capsys):
    assert lib("sweep", *words) == 2
    assert says in capsys.readouterr().err


def test_what_is_no_sweep_cannot_be_collected(tmp_path, squares, capsys):
    assert lib("sweep", "--collect", tmp_path) == 1
    assert "is not the folder of a sweep" in capsys.readouterr().err
    experiments.prepare(tmp_path / "out", [run(squares)], [], "Squares")
    assert lib("sweep", "--collect", tmp_path / "out") == 1
    assert "no run is finished" in capsys.readouterr().err


def test_a_sweep_leaves_two_files_a_run_skips_what_is_done_and_retries_what_failed(tmp_path, squares, capsys):
    path, out = grid(tmp_path, {"side": [1, 2], "bad": 2, "quality": [None, 80]}), tmp_path / "out"
    assert lib("sweep", path, "--out", out, "--workers", 2) == 1
    said = capsys.readouterr()
    assert "finished 2, skipped 0 done before, failed 2" in said.out and "run 1 of 4 in" in said.err
    assert (
        "cell [3], raise ValueError(f'no square of side {side}'): ValueError: no square of side 2" in said.err
    )
    assert "to go" in said.err
    made = grids.read_grid(path).runs()
    assert {p.name for p in out.iterdir()} == {"sweep.json"} | {
        f"{r.name}{s}" for r in made for s in (".json", ".ipynb")
    }
    wrong = json.loads((out / f"{made[2].name}.ipynb").read_text())
    assert "so far" in json.dumps(wrong["cells"]), "what the failed cell printed is kept"
    right = json.loads((out / f"{made[1].name}.json").read_text())
    assert right["results"] == [{"area": 1.0, "known": True}] and right["parameters"]["quality"] == 80
    times = {r.name: (out / f"{r.name}.json").stat().st_mtime_ns for r in made}
    assert lib("sweep", path, "--out", out) == 1
    assert "finished 0, skipped 2 done before, failed 2" in capsys.readouterr().out
    again = {r.name: (out / f"{r.name}.json").stat().st_mtime_ns for r in made}
    assert [again[r.name] == times[r.name] for r in made] == [True, True, False, False]
    assert lib("sweep", "--collect", out) == 0
    collected_twice(out, capsys.readouterr())


def test_ctrl_c_leaves_whole_files_and_no_process(tmp_path, squares):
    book(
        squares,
        "import os, time\nopen(f'{os.getpid()}.pid', 'w').close()\ntime.sleep(0.1 if side == 1 else 60)",
        SQUARE,
        RECORD,
    )
    out = tmp_path / "out"
    sweep = started(
        "lib",
        "sweep",
        grid(tmp_path, {"side": [1, 2, 3]}),
        "--out",
        out,
        "--workers",
        1,
        start_new_session=True,
    )
    until(lambda: results(out) and len(list(tmp_path.glob("*.pid"))) == 2)
    os.killpg(sweep.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    assert sweep.wait(60) == 130
    said = sweep.stderr.read()
    assert "stopped; run the same command again" in said and "Traceback" not in said, said
    assert len(list(out.glob("*-*.json"))) == len(list(out.glob("*.ipynb"))) == 1
    assert not [path for path in out.iterdir() if UNFINISHED in path.name]
    pids = [int(path.stem) for path in tmp_path.glob("*.pid")]
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 30)
