"""Many runs of notebooks at once, in one folder: `python -m lib sweep`."""

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lib.atomic import remove_unfinished, write_json
from lib.workbook.sweeps.cluster import spread
from lib.workbook.sweeps.runs import Run, carry_out, code_digest, finished, why

MANIFEST = "sweep.json"
SPARE = 1 << 18  # bytes of a run's files at least


def sweep(runs: list[Run], out: Path, title: str, scheduler: str | None = None, workers: int | None = None,
          overwrite: bool = False, spread: Callable = spread) -> list[dict]:  # fmt: skip
    """Carry out runs of notebooks, `workers` at a time (one a core), or on the cluster of a Dask scheduler.

    Finished runs are skipped, failed ones tried again, `overwrite` runs all. What NAME.json holds, run by
    run, and `before`; of a run that was lost with its worker, or could not write, only `status` and
    `failure`. Progress goes to standard error. Errors before anything starts: ValueError for a folder of
    another sweep; OSError where it cannot be written, or holds too little; RuntimeError for a cluster that
    does not answer or has other code.
    """
    done = {} if overwrite else {run.name: facts for run in runs if (facts := finished(run, out))}
    left, before = [run for run in runs if run.name not in done], set(done)
    prepare(out, runs, left, title)
    jobs = {run.name: (run, out.resolve(), overwrite) for run in left}
    seen = [out.resolve() / MANIFEST, *sorted({run.path.parent for run in left})]
    with Progress(len(runs), len(done)) as progress:
        for name, facts in spread(carry_out, jobs, scheduler, workers, seen):
            done[name] = facts
            progress.tell(jobs[name][0], facts, out)
    return [done[run.name] | {"before": run.name in before} for run in runs]


def prepare(out: Path, runs: list[Run], left: list[Run], title: str) -> None:
    """Make the folder of a sweep, see that the runs that are left fit, and write which runs are its."""
    manifest, sources = out / MANIFEST, sorted({run.path.name for run in runs})
    other = json.loads(manifest.read_text(encoding="utf-8"))["notebooks"] if manifest.exists() else sources
    if other != sources:
        way = f"choose another folder for {', '.join(sources)}"
        raise ValueError(f"{out} holds the runs of {', '.join(other)}; {way}")
    out.mkdir(parents=True, exist_ok=True)
    need = sum(max(2 * run.path.stat().st_size, SPARE) for run in left)
    if (free := shutil.disk_usage(out).free) < need:
        told = f"{len(left)} runs may need {need / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free"
        raise OSError(f"{out}: {told}; make room, or choose another folder")
    files = [out / f"{run.name}{suffix}" for run in runs for suffix in (".ipynb", ".json")]
    remove_unfinished([*files, manifest])
    values = {}
    for name, value in (item for run in runs for item in run.parameters.items()):
        values.setdefault(name, set()).add(json.dumps(value))
    varied = [name for name, different in values.items() if len(different) > 1]
    facts = {"title": title, "notebooks": sources, "parameters": [*values], "varied": varied}
    write_json(manifest, facts | {"runs": [run.name for run in runs]})


class Progress:
    """A bar where there is a terminal, else a line for each run; failures are told at once."""

    def __init__(self, total: int, before: int):
        from tqdm import tqdm

        self.total, self.ended, self.before, self.started = total, before, before, time.monotonic()
        self.bar = tqdm(total=total, initial=before, unit="run", disable=not sys.stderr.isatty())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.bar.close()

    def tell(self, run: Run, facts: dict, out: Path) -> None:
        """A run has ended."""
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
        said.append(f"{silent} runs recorded no results; a notebook does so by lib.workbook.sweeps.record")
    if older := sum(facts["lib"]["code"] != code for facts in finished):
        said.append(f"{older} runs were made with other code of lib; --overwrite runs all anew")
    return said
