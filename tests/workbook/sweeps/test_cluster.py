"""`lib.workbook.sweeps.cluster`: schedulers and workers that come and go."""

import os
import shutil
import signal
import socket

from lib.workbook.sweeps import cluster, collected
from tests.workbook.sweeps.books import RECORD, ROOT, SQUARE, book, grid, lib, results, started, until


class Cluster:
    """A scheduler and workers, processes started from the shell; whatever still runs at the end is killed."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address, self.processes = f"tcp://127.0.0.1:{self.port}", []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.communicate()

    def dask(self, *words, **more):
        self.processes.append(started("dask", *words, "--no-dashboard", **more))
        return self.processes[-1]

    def answers(self):
        with socket.socket() as probe:
            return not probe.connect_ex(("127.0.0.1", self.port))

    def scheduler(self):
        return self.dask("scheduler", "--host", "127.0.0.1", "--port", self.port)

    def worker(self, **more):
        return self.dask(
            "worker", self.address, "--nthreads", 1, "--no-nanny", "--local-directory", more.pop("at"), **more
        )


def test_a_killed_worker_and_a_restarted_scheduler_cost_nothing_that_is_finished(tmp_path, squares):
    book(squares, "import time\ntime.sleep(0.3)", SQUARE, RECORD)
    path, here, there = (
        grid(tmp_path, {"side": [*range(1, 10)], "name": ["a"]}),
        tmp_path / "here",
        tmp_path / "there",
    )
    with Cluster() as made:
        scheduler, workers = made.scheduler(), [made.worker(at=tmp_path) for _ in range(3)]
        sweep = started("lib", "sweep", path, "--out", there, "--scheduler", made.address)
        until(lambda: len(results(there)) >= 2)
        workers[0].send_signal(signal.SIGKILL)
        until(lambda: len(results(there)) >= 5)
        times = {file: file.stat().st_mtime_ns for file in there.glob("*-*.json")}
        scheduler.kill()
        scheduler.wait()
        made.scheduler()
        assert sweep.poll() is None and len(results(there)) < 9, "the sweep was under way"
        workers += [made.worker(at=tmp_path) for _ in range(2)]
        out, said = sweep.communicate(timeout=300)
        assert sweep.returncode == 0, said
        assert "finished 9, skipped 0 done before, failed 0" in out
        assert "went away" in said and "Traceback" not in said, said
        assert all(file.stat().st_mtime_ns == at for file, at in times.items()), "nothing finished ran again"
    assert lib("sweep", path, "--out", here, "--workers", 1) == 0
    assert len(results(here)) == 9 and results(here) == results(there)
    assert {file.name for file in here.iterdir()} == {file.name for file in there.iterdir()}
    tables = [
        collected.collect(folder)[0].drop(columns=["seconds", "cpu_seconds"]) for folder in (here, there)
    ]
    assert tables[0].equals(tables[1])


def test_workers_that_do_not_fit_are_told_beforehand(tmp_path, squares, capsys, monkeypatch):
    """No scheduler; no workers; workers without `lib`; with other code; and then one that does fit."""
    monkeypatch.setattr(cluster, "WAIT", 2)
    path, out, (none, other) = (
        grid(tmp_path, {"side": [1]}),
        tmp_path / "out",
        (tmp_path / "none", tmp_path / "other"),
    )
    for folder in (none / "lib", other / "lib"):
        shutil.copytree(ROOT / "lib", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (none / "lib" / "__init__.py").write_text("raise ImportError('no lib here')")
    (other / "lib" / "atomic.py").open("a").write("# another line\n")
    with Cluster() as made:
        sweep = ["sweep", path, "--out", out, "--scheduler", made.address]
        assert lib(*sweep) == 1 and "start one: .venv/bin/dask scheduler" in capsys.readouterr().err
        made.scheduler()
        until(made.answers)
        assert lib(*sweep) == 1
        assert (
            f"has no worker; start workers on this checkout: .venv/bin/dask worker {made.address}"
            in capsys.readouterr().err
        )
        for folder, says in ((none, "cannot import this lib (no lib here)"), (other, "has lib 0.1.0, code ")):
            worker = made.worker(at=tmp_path, folder=folder, env=os.environ | {"PYTHONPATH": str(folder)})
            monkeypatch.setattr(cluster, "WAIT", 60)
            assert lib(*sweep) == 1 and says in capsys.readouterr().err
            worker.kill()
            worker.wait()
        assert not results(out)


def test_a_worker_has_to_see_the_folders(tmp_path):
    file = tmp_path / "sweep.json"
    file.write_text("{}")
    here = cluster.about([str(file), str(tmp_path)])
    assert cluster._wrong(here, dict(here)) is None
    assert "does not see" in cluster._wrong(here, here | {"seen": here["seen"][:1]})
    assert "does not see" in cluster._wrong(here, here | {"seen": [], "content": None})
    assert "sees another" in cluster._wrong(here, here | {"content": "0"})
    assert "raised KeyError" in cluster._wrong(here, KeyError("x"))


def test_what_takes_down_its_workers_is_a_failure_and_the_rest_goes_on(tmp_path, squares):
    """A run that kills whoever runs it, again and again: told, and left for the next time."""
    jobs = {"fine": (1,), "deadly": (0,)}
    file = tmp_path / "sweep.json"
    file.write_text("{}")
    found = dict(cluster.spread(live_or_die, jobs, None, 1, [file]))
    assert found["fine"] == 1 and found["deadly"]["status"] == "failed"
    assert "several workers were killed" in found["deadly"]["failure"]["error"]


def live_or_die(value):
    return value or os.kill(os.getpid(), signal.SIGKILL)
