"""A sweep on a full disk, and one that is killed: finished runs stay, and the next sweep does the rest."""

import signal
from pathlib import Path

from lib.atomic import UNFINISHED
from tests.cli.test_jobs import alive
from tests.faults import faulty, size_below
from tests.workbook.sweeps.books import RECORD, SQUARE, book, grid, lib, results, started, until


def snapshot(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != "sweep.json"}


def test_a_run_for_which_there_is_no_room_fails_and_the_rest_stays(tmp_path, squares, capsys):
    out = tmp_path / "out"
    assert lib("sweep", grid(tmp_path, {"side": [1]}), "--out", out, "--workers", 1) == 0
    first, path = snapshot(out), grid(tmp_path, {"side": [1, 2]})
    executed = max(map(len, first.values()))
    for room, there in ((executed // 2, 0), (executed + 200, 1)):  # no room for a notebook, and for its JSON
        sweep = started("lib", "sweep", path, "--out", out, "--workers", 1,
                        folder=tmp_path, env=faulty(room=size_below(tmp_path) + room))  # fmt: skip
        said, told = sweep.communicate(timeout=120)
        assert sweep.returncode == 1 and "finished 0, skipped 1 done before, failed 1" in said, told
        assert told.count("No space left on device") == 1 and "Traceback" not in told
        assert first.items() <= snapshot(out).items() and len(snapshot(out)) == len(first) + there
    assert lib("sweep", path, "--out", out, "--workers", 1) == 0
    assert "finished 1, skipped 1 done before, failed 0" in capsys.readouterr().out
    assert first.items() <= snapshot(out).items() and len(snapshot(out)) == 4


def test_kill_9_leaves_whole_files_and_no_process(tmp_path, squares, capsys):
    begin = (
        "import os, time\nopen(f'{os.getpid()}.pid', 'w').close()\ntime.sleep(0.1 if side < 3 else 60 * slow)"
    )
    book(squares, begin.replace("slow", "os.path.exists('slow')"), SQUARE, RECORD)
    path, out, slow = grid(tmp_path, {"side": [1, 2, 3, 4]}), tmp_path / "out", tmp_path / "slow"
    slow.touch()
    sweep = started("lib", "sweep", path, "--out", out, "--workers", 2, start_new_session=True)
    until(lambda: len(results(out)) == 2 and len(list(tmp_path.glob("*.pid"))) == 4)
    before = snapshot(out)
    sweep.send_signal(signal.SIGKILL)
    sweep.communicate(timeout=60)
    pids = [int(file.stem) for file in tmp_path.glob("*.pid")]
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), 30)
    until(lambda: not alive(sweep.pid), 30)  # nor those that the runs were spread over
    assert snapshot(out) == before and len(before) == 4
    assert not [name for name in before if UNFINISHED in name]
    slow.unlink()
    assert lib("sweep", path, "--out", out, "--workers", 1) == 0
    assert "finished 2, skipped 2 done before, failed 0" in capsys.readouterr().out
    assert before.items() <= snapshot(out).items() and len(snapshot(out)) == 8
