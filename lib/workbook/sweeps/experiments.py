"""Runs of notebooks over parameters: what a notebook hands out, what a run leaves behind, and many runs at
once.

A notebook hands out its results by `record`. A run leaves two files in the sweep's folder, each whole or
absent: NAME.ipynb, executed, and NAME.json, of which `lib.workbook.sweeps.collected` makes one table. NAME is
made of the notebook's code and the parameters: a finished run is not run again, but for another value, or
after a change of the code.
"""

import hashlib
import json
import math
import numbers
import os
import shutil
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lib import __version__
from lib.atomic import remove_unfinished, write_json
from lib.workbook import notebooks

MANIFEST = "sweep.json"
# in the metadata of an output: the rows that `record` hands out, as a text of JSON
KEPT = "learnable-image-encryption"
SPARE = 1 << 18  # bytes of a run's files at least


# -- in a notebook -------------------------------------------------------------------------------------------


def record(rows: dict | list[dict]) -> None:
    """Hand out results from a notebook: a row {name: value} of the sweep's table, or several.

    Values are numbers (NumPy's as well), texts, True, False and None. Outside a sweep nothing happens, but
    that a line names what was recorded.
    Errors: TypeError for other values; ValueError for NaN and infinities, which JSON cannot hold.
    """
    from IPython.display import display

    rows = [
        {str(name): _plain(name, value) for name, value in row.items()}
        for row in ([rows] if isinstance(rows, dict) else rows)
    ]
    names = list(dict.fromkeys(name for row in rows for name in row))
    count = f"{len(rows)} rows of " if len(rows) != 1 else ""
    display(_Said(f"recorded: {count}{', '.join(names)}"), metadata={KEPT: json.dumps(rows)})


class _Said:
    """A line as an output, in a notebook and anywhere else."""

    def __init__(self, line: str):
        self.line = line

    def __repr__(self) -> str:
        return self.line


def _plain(name, value):
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is {value}, which JSON cannot hold; record None, or another score")
    if value is not None and not isinstance(value, str | bool | numbers.Real):
        raise TypeError(
            f"{name} is of type {type(value).__name__}; expected a number, a text, True, False or None: record its mean, "
            "or a row for each of its values"
        )
    return value


def recorded(notebook: dict) -> list[dict]:
    """The rows that an executed notebook recorded."""
    outputs = [output for cell in notebooks.code(notebook) for output in cell["outputs"]]
    return [row for output in outputs for row in json.loads(output.get("metadata", {}).get(KEPT, "[]"))]


# -- one run -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Run:
    """A notebook, without outputs, and parameters for it."""

    path: Path
    source: dict
    parameters: dict

    @cached_property
    def name(self) -> str:
        """Of its files: the notebook's, and a hash of its code and these parameters."""
        identity = json.dumps([notebooks.digest(self.source), self.parameters], sort_keys=True)
        return f"{self.path.stem}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.parameters.items()) or self.path.stem


def carry_out(run: Run, out: Path, overwrite: bool = False) -> dict:
    """Execute a run, unless that was done before, and write its two files into `out`; what NAME.json
    holds."""
    done = finished(run, out)
    if done and not overwrite:
        return done
    started, worked, code = time.perf_counter(), worked_by_children(), code_digest()
    executed = out / f"{run.name}.ipynb"
    failure = notebooks.execute(run.source, executed, run.parameters, run.path.parent)
    rows = recorded(json.loads(executed.read_text(encoding="utf-8")))
    facts = {
        "notebook": run.path.name,
        "parameters": run.parameters,
        "status": "failed" if failure else "finished",
        "results": rows,
        "failure": failure and failure._asdict(),
        "seconds": round(time.perf_counter() - started, 2),
        "cpu_seconds": round(worked_by_children() - worked, 2),  # of this run, if it is alone in its process
        "lib": {"version": __version__, "code": code},
    }
    write_json(out / f"{run.name}.json", facts)
    return facts


def finished(run: Run, out: Path) -> dict | None:
    """What NAME.json holds, if the run came to its end and both of its files are there."""
    try:
        facts = json.loads((out / f"{run.name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    there = (out / f"{run.name}.ipynb").is_file()
    return facts if there and isinstance(facts, dict) and facts.get("status") == "finished" else None


def worked_by_children() -> float:
    """Seconds of the CPU in child processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def code_digest() -> str:
    """The SHA-256, 12 digits of it, of the code of `lib`."""
    folder, total = Path(__file__).parents[2], hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        total.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return total.hexdigest()[:12]


# -- many runs -----------------------------------------------------------------------------------------------


def sweep(
    runs: list[Run],
    out: Path,
    title: str,
    scheduler: str | None = None,
    workers: int | None = None,
    overwrite=False,
) -> list[dict]:
    """Carry out runs of one notebook or several, `workers` at a time (one a core), or on the cluster of a
    Dask scheduler.

    Finished runs are skipped, failed ones tried again, `overwrite` runs all. What NAME.json holds, run by
    run, and `before`; of a run that was lost with its worker, or could not write, only `status` and
    `failure`. Progress goes to standard error. Errors before anything starts: ValueError for a folder of
    another sweep; OSError where it cannot be written, or holds too little; RuntimeError for a cluster that
    does not answer or has other code.
    """
    done = {} if overwrite else {run.name: facts for run in runs if (facts := finished(run, out))}
    left = [run for run in runs if run.name not in done]
    prepare(out, runs, left, title)
    before = set(done)
    from lib.workbook.sweeps.cluster import spread

    with Progress(len(runs), len(done)) as progress:
        jobs = {run.name: (run, out.resolve(), overwrite) for run in left}
        seen = [out.resolve() / MANIFEST, *sorted({run.path.parent for run in left})]
        for name, facts in spread(carry_out, jobs, scheduler, workers, seen):
            done[name] = facts
            progress.tell(jobs[name][0], facts, out)
    return [done[run.name] | {"before": run.name in before} for run in runs]


def prepare(out: Path, runs: list[Run], left: list[Run], title: str) -> None:
    """Make the folder of a sweep, see that the runs that are left fit into it, and write which runs are
    its."""
    manifest, sources = out / MANIFEST, sorted({run.path.name for run in runs})
    if (
        manifest.exists()
        and (other := json.loads(manifest.read_text(encoding="utf-8"))["notebooks"]) != sources
    ):
        raise ValueError(
            f"{out} holds the runs of {', '.join(other)}; choose another folder for {', '.join(sources)}"
        )
    out.mkdir(parents=True, exist_ok=True)
    need = sum(max(2 * run.path.stat().st_size, SPARE) for run in left)
    if (free := shutil.disk_usage(out).free) < need:
        raise OSError(
            f"{out}: {len(left)} runs may need {need / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free; make room, or "
            "choose another folder"
        )
    remove_unfinished(
        [out / f"{run.name}{suffix}" for run in runs for suffix in (".ipynb", ".json")] + [manifest]
    )
    names, values = [run.name for run in runs], {}
    for run in runs:
        for name, value in run.parameters.items():
            values.setdefault(name, set()).add(json.dumps(value))
    varied = [name for name, different in values.items() if len(different) > 1]
    write_json(
        manifest,
        {"title": title, "notebooks": sources, "parameters": [*values], "varied": varied, "runs": names},
    )


class Progress:
    """A bar with the time that is left where there is a terminal, else a line for each run; failures are told
    at once."""

    def __init__(self, total: int, before: int):
        from tqdm import tqdm

        self.total, self.ended, self.before, self.started = total, before, before, time.monotonic()
        self.bar = tqdm(total=total, initial=before, unit="run", disable=not sys.stderr.isatty())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bar.close()

    def tell(self, run: Run, facts: dict, out: Path) -> None:
        self.ended += 1
        self.bar.update()
        failed = facts["status"] != "finished"
        left = (time.monotonic() - self.started) / (self.ended - self.before) * (self.total - self.ended)
        if failed:
            executed = out / f"{run.name}.ipynb"
            kept = f"; {executed}" if executed.exists() else ""
            self.bar.write(f"failed: {run}: {why(facts['failure'])}{kept}", file=sys.stderr)
        elif self.bar.disable:
            took = f"run {self.ended} of {self.total} in {facts['seconds']:.0f} s: {run}; {left:.0f} s to go"
            print(took, file=sys.stderr, flush=True)


def notes(done: list[dict]) -> list[str]:
    """What to know about finished runs: some recorded nothing, or with other code than others."""
    finished, code, said = [facts for facts in done if facts["status"] == "finished"], code_digest(), []
    if silent := sum(not facts["results"] for facts in finished):
        said.append(
            f"{silent} runs recorded no results; a notebook hands them out by lib.workbook.sweeps.experiments.record"
        )
    if older := sum(facts["lib"]["code"] != code for facts in finished):
        said.append(
            f"{older} runs were made with other code of lib than the present one; --overwrite runs all anew"
        )
    return said


def why(failure: dict) -> str:
    """A failure in one line."""
    error = " ".join(failure["error"].split())
    return f"cell [{failure['cell']}], {failure['line']}: {error}" if failure["cell"] else error
