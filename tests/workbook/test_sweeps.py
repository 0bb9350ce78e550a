"""`lib.workbook.notebooks`, `lib.workbook.sweeps.experiments`, `lib.workbook.sweeps.grids`,
`lib.workbook.sweeps.collected`, `lib.workbook.course`: sweeps over tiny notebooks."""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from lib.atomic import UNFINISHED
from lib.__main__ import main
from lib.workbook import course, lessons, notebooks
from lib.workbook.sweeps import cluster, collected, experiments, grids

ROOT = Path(__file__).resolve().parents[2]
GRIDS = sorted((lessons.NOTEBOOKS / "grids").glob("*.yaml"))
PARAMETERS = "side = 3  # of a square\nunit = 1.0\nname = 'a'\nsides = (2, 4)\nlossy = False\nquality: int | None = None\nbad = 0"
SQUARE = "if side == bad:\n    print('so far')\n    raise ValueError(f'no square of side {side}')\narea = unit * side**2"
RECORD = "from lib.workbook.sweeps.experiments import record\nrecord({'area': area, 'known': name == 'a'})"


def cell(source, *tags, kind="code"):
    made = {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def book(
    path, *sources, parameters=PARAMETERS, text="# 90. Squares\n\n**Verdict.** They are square. Always."
):
    """A notebook file: a text, the cell of parameters, and cells of code."""
    cells = [cell(text, kind="markdown"), cell(parameters, "parameters"), *map(cell, sources)]
    for number, made in enumerate(cells):
        made["id"] = f"c{number}"
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}))
    return path


@pytest.fixture
def squares(tmp_path):
    return book(tmp_path / "squares.ipynb", SQUARE, RECORD)


def grid(tmp_path, parameters, name="grid.yaml", more=""):
    path = tmp_path / name
    path.write_text(f"title: Squares\nnotebook: squares.ipynb\nparameters: {json.dumps(parameters)}\n{more}")
    return path


def run(squares, **parameters):
    return experiments.Run(squares, notebooks.read(squares), parameters)


def lib(*words):
    """`python -m lib` with these words: the exit status."""
    try:
        return main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code


# -- what a notebook hands out -------------------------------------------------------------------------------


def test_recorded_values_are_plain(capsys):
    row = {
        "a": np.float32(0.5),
        "b": np.int64(3),
        "c": np.bool_(True),
        "d": None,
        "e": "text",
        "f": np.array(2),
    }
    assert [experiments._plain(*item) for item in row.items()] == [0.5, 3, True, None, "text", 2]
    experiments.record(row)
    assert capsys.readouterr().out == "recorded: a, b, c, d, e, f\n"
    experiments.record([{"a": 1}, {"a": 2, "b": 1}])
    assert capsys.readouterr().out == "recorded: 2 rows of a, b\n"


@pytest.mark.parametrize("value", [np.arange(3), [1, 2], {"a": 1}, 1j, object()])
def test_other_values_are_no_results(value):
    with pytest.raises(TypeError, match=r"score is of type .*; expected a number"):
        experiments.record({"score": value})


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, np.float32("nan")])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match=r"psnr is -?(inf|nan), which JSON cannot hold"):
        experiments.record({"psnr": value})


# -- parameters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"side": 4, "unit": 2, "name": "b", "sides": [8], "lossy": True, "quality": 90},
        {"unit": 0.5, "quality": None, "sides": []},
    ],
)
def test_values_of_the_right_types_are_no_problem(squares, given):
    assert notebooks.problems(notebooks.read(squares), given) == []


@pytest.mark.parametrize(
    "given, says",
    [
        ({"sied": 4}, r"no parameter sied; did you mean side\?"),
        ({"SIDE": 4}, r"no parameter SIDE; did you mean side\?"),
        ({"zzz": 4}, r"no parameter zzz There are side, unit, name"),
        ({"side": True}, r"side should be a whole number, as 3 in the notebook, got True"),
        ({"side": 4.0}, "got 4.0"),
        ({"side": "4"}, "got '4'; YAML takes it for text"),
        ({"unit": "1e-3"}, "a number, as 1.0 in the notebook, got '1e-3'.*1.0e-3"),
        ({"unit": False}, "got False"),
        ({"name": False}, "text, as 'a' in the notebook, got False; YAML reads yes, no"),
        ({"sides": 4}, r"a list, as \(2, 4\) in the notebook, got 4; .*\[\[1, 2\]\]"),
        ({"sides": [4, "x"]}, r"got \[4, 'x'\]"),
        ({"lossy": 1}, "lossy should be true or false"),
        ({"side": None}, "got None"),
        ({"quality": "90"}, r"quality should be nothing \(null\) or a whole number"),
    ],
)
def test_a_wrong_name_or_type_is_told(squares, given, says):
    (problem,) = notebooks.problems(notebooks.read(squares), given)
    assert re.search(says, problem), problem


def test_the_parameters_of_all_lessons_are_read():
    for path in lessons.paths() + lessons.grids():
        source = notebooks.read(path)
        (made,) = [cell for cell in notebooks.code(source) if "parameters" in notebooks.tags(cell)]
        values = {}
        exec(made["source"], values)
        assert {name: examples[0] for name, examples in notebooks.parameters(source).items()} == {
            name: value for name, value in values.items() if name not in ("__builtins__", "__annotations__")
        }


# -- grids ---------------------------------------------------------------------------------------------------


def test_a_grid_is_all_combinations_in_order(tmp_path, squares):
    made = grids.read_grid(grid(tmp_path, {"side": [1, 2], "name": "b", "unit": [0.5, 1]})).runs()
    assert [tuple(r.parameters.values()) for r in made] == [
        (1, "b", 0.5),
        (1, "b", 1),
        (2, "b", 0.5),
        (2, "b", 1),
    ]
    assert len({r.name for r in made}) == 4 and all(r.name.startswith("squares-") for r in made)


@pytest.mark.parametrize(
    "text, says",
    [
        (
            "title: x\nnotebook: squares.ipynb\nparameters: {sied: [1]}",
            "for squares.ipynb: no parameter sied",
        ),
        ("title: x\nnotebook: squares.ipynb\nparameters: {side: [1, 2, 1]}", "side has 1 twice"),
        ("title: x\nnotebook: squares.ipynb\nparameters: {side: []}", "no value for side"),
        (
            "title: x\nnotebook: squares.ipynb\nparameters:\n  side: 1\n  side: 2",
            "side stands there twice, line 4",
        ),
        ("title: x\nnotebook: squares.ipynb\nparameter: {side: 1}", "expected title, notebook, parameters"),
        ("title: x\nnotebook: squares.ipynb\nparameters: [1]", "a mapping of names to values"),
        ("notebook: other.ipynb\nparameters: {side: 1}", "notebook other.ipynb is not beside it"),
        ("notebook: grid.yaml\nparameters: {side: 1}", "no notebook"),
        ("notebook: squares.ipynb\nparameters: {side: 2020-01-01}", "got datetime.date"),
        ("a: [1", "no YAML"),
        ("- 1", "got list"),
    ],
)
def test_a_wrong_grid_is_told_before_anything_starts(tmp_path, squares, text, says, capsys):
    (tmp_path / "grid.yaml").write_text(text)
    assert lib("sweep", tmp_path / "grid.yaml", "--out", tmp_path / "out") == 1
    assert says in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_run_is_known_by_its_code_and_its_parameters(tmp_path, squares):
    name = run(squares, side=1, unit=2.0).name
    assert name == run(squares, unit=2.0, side=1).name
    assert name != run(squares, side=1, unit=3.0).name
    others = [
        book(tmp_path / "squares.ipynb", SQUARE, RECORD, text="Other words"),
        book(tmp_path / "squares.ipynb", SQUARE + "\n", RECORD),
        book(tmp_path / "squares.ipynb", SQUARE, RECORD, parameters=PARAMETERS + "\nmore = 1"),
    ]
    book(tmp_path / "squares.ipynb", SQUARE, RECORD, text="Other words")
    assert run(others[0], side=1, unit=2.0).name == name
    book(tmp_path / "squares.ipynb", SQUARE + "\n", RECORD)
    assert run(others[1], side=1, unit=2.0).name != name
    book(tmp_path / "squares.ipynb", SQUARE, RECORD, parameters=PARAMETERS + "\nmore = 1")
    assert run(others[2], side=1, unit=2.0).name != name


@pytest.mark.parametrize("path", GRIDS, ids=lambda path: path.stem)
def test_the_grids_of_the_lessons_fit_their_notebooks(path):
    made = grids.read_grid(path)
    runs = made.runs()
    assert 10 <= len(runs) <= 100 and f"{len(runs)} runs." in path.read_text()
    assert any("record(" in cell["source"] for cell in notebooks.code(runs[0].source))
    varied = [name for name, values in made.axes.items() if len(values) > 1]
    assert varied and all(name in notebooks.parameters(runs[0].source) for name in varied)


@pytest.mark.parametrize("path", lessons.grids(), ids=lambda path: path.stem)
def test_the_notebooks_of_the_grids_are_stored_as_lessons_are(path):
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures and all(len(output["metadata"]["image/png"]["alt"]) > 20 for output in pictures)
    assert len(experiments.recorded({"cells": cells})) == 1
    assert any(path.name in text.read_text() for text in GRIDS)
    (made,) = [cell for cell in cells if "parameters" in notebooks.tags(cell)]
    assert all("  # " in line for line in made["source"])


# -- the folder ----------------------------------------------------------------------------------------------


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


# -- runs on this machine ------------------------------------------------------------------------------------


def results(out):
    """Parameters: results of all finished runs in a folder."""
    found = [json.loads(path.read_text()) for path in out.glob("*-*.json")]
    return {
        json.dumps(facts["parameters"]): facts["results"] for facts in found if facts["status"] == "finished"
    }


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


def collected_twice(out, said):
    """The table of `--collect`, as CSV and as Parquet, and its figure."""
    import pandas
    from PIL import Image

    assert "2 of 4 runs failed" in said.err
    table = pandas.read_parquet(out / "table.parquet")
    text = pandas.read_csv(out / "table.csv")
    assert (
        list(table)
        == list(text)
        == ["side", "bad", "quality", "area", "known", "seconds", "cpu_seconds", "run"]
    )
    for each in (table, text):
        assert each["side"].tolist() == [1, 1] and each["area"].tolist() == [1, 1]
        assert each["quality"].isna().tolist() == [True, False]
    alt = Image.open(out / "figure.png").info["Description"]
    assert "area: quality none from 1 at 1 to 1 at 1; quality 80 from 1 at 1 to 1 at 1." in alt


def test_the_figure_takes_means_over_seeds_and_all_that_has_no_line(tmp_path):
    import pandas

    rows = [
        {"seed": seed, "block": block, "quality": quality, "score": block + seed, "text": "no number"}
        for seed, block, quality in itertools.product((0, 3), (4, 8), (None, 90))
    ]
    table = pandas.DataFrame(rows).convert_dtypes()
    assert collected.measured(table, ["seed", "block", "quality"]) == ["score"]
    assert collected.curves(table, "block", None, "score") == {"score": {"4": (5.5, 4, 7), "8": (9.5, 8, 11)}}
    by_quality = collected.curves(table, "block", "quality", "score")
    assert list(by_quality) == ["quality none", "quality 90"] and by_quality["quality 90"]["8"] == (
        9.5,
        8,
        11,
    )
    names = ["seed", "block", "quality"]
    alt = collected.draw(
        table, {"title": "Scores", "parameters": names, "varied": names}, tmp_path / "figure.png"
    )
    assert alt == (
        "Scores. Means over block (4, 8). "
        "score: quality none from 5.5 at 4 to 9.5 at 8; quality 90 from 5.5 at 4 to 9.5 at 8."
    )
    assert (
        collected.draw(table, {"title": "Scores", "parameters": names, "varied": []}, tmp_path / "no.png")
        is None
    )
    assert not (tmp_path / "no.png").exists()


def test_a_changed_notebook_runs_again_and_a_damaged_record_too(tmp_path, squares):
    out, one = tmp_path / "out", run(squares, side=5)
    out.mkdir()
    first = experiments.carry_out(one, out)
    assert first["results"] == [{"area": 25.0, "known": True}] and experiments.finished(one, out) == first
    (out / f"{one.name}.json").write_text("{")
    assert experiments.finished(one, out) is None
    (out / f"{one.name}.json").write_text(json.dumps(first))
    assert experiments.finished(one, out)
    (out / f"{one.name}.ipynb").unlink()
    assert experiments.finished(one, out) is None
    book(squares, SQUARE.replace("**2", "**3"), RECORD)
    assert experiments.finished(run(squares, side=5), out) is None


def test_a_kernel_that_dies_is_a_failure_with_its_cell(tmp_path, squares):
    book(squares, "print('so far')", "import os\nos.kill(os.getpid(), 9)")
    facts = experiments.carry_out(run(squares, side=1), tmp_path)
    assert facts["status"] == "failed" and facts["failure"]["cell"] == 4
    assert "the kernel died" in facts["failure"]["error"] and facts["failure"]["line"] == "import os"
    assert "so far" in (tmp_path / f"{run(squares, side=1).name}.ipynb").read_text()


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


# -- all lessons ---------------------------------------------------------------------------------------------


def in_this_process(work, jobs, *_):
    return ((name, work(*arguments)) for name, arguments in jobs.items())


def test_the_course_tells_minutes_checks_and_verdicts(tmp_path, squares, capsys, monkeypatch):
    monkeypatch.setattr(cluster, "spread", in_this_process)
    checked = "def check(answer):\n    print('area: correct' if answer else 'area: not yet')\n"
    texts = ["# 90. Good\n\n**Verdict.** It holds. Yes.", "# 91. Bad", "# 92. Wrong"]
    ends = ["assert area == 9\ncheck(True)", "assert area == 8, 'eight'", "check(False)"]
    paths = [tmp_path / f"{90 + i}_{name}.ipynb" for i, name in enumerate(("good", "bad", "wrong"))]
    for path, text, end in zip(paths, texts, ends):
        book(path, SQUARE, checked, end, text=text)
        made = json.loads(path.read_text())
        made["cells"][-1]["metadata"]["tags"] = ["solution"]
        path.write_text(json.dumps(made))
    assert course.course(paths, tmp_path / "course") == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    assert lines[1].startswith("90   Good") and lines[1].split()[-4:] == ["1", "of", "1", "holds"]
    assert lines[2].strip() == "It holds."
    assert lines[3].endswith("FAILED") and "AssertionError: eight" in lines[4]
    assert lines[5].endswith("FAILED") and lines[6].strip() == "a solution was not found correct"
    assert lines[7].startswith("3 lessons in") and "2 failures" in lines[7]
    assert course.course(paths[:1], tmp_path / "course") == 0 and "no failure. As" in capsys.readouterr().out


def test_every_lesson_has_a_verdict_and_its_solutions_are_correct():
    for path in lessons.paths():
        notebook = json.loads(path.read_text(encoding="utf-8"))
        _, correct, solutions = course.checked(notebook)
        assert correct == solutions >= 1 and course.verdict(notebook) != "no verdict in words", path


# -- a cluster -----------------------------------------------------------------------------------------------


def started(*words, folder=ROOT, **more):
    """A process of `python -m ...`, from `folder`, with this code unless `env` says otherwise."""
    env = more.pop("env", os.environ | {"PYTHONPATH": str(ROOT)})
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def until(what, seconds=180):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


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
