"""One run of a notebook, and the two files that it leaves in the sweep's folder, each whole or absent.

NAME.ipynb is the executed notebook, and NAME.json what it recorded. NAME is made of the notebook's code and
the parameters: a finished run is not run again, but for another value, or after a change of the code.
"""

import hashlib
import json
import os
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lib import __version__
from lib.atomic import write_json
from lib.workbook import notebooks
from lib.workbook.sweeps import recorded


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
    """Execute a run, unless that was done, and write its files into `out`; what NAME.json holds."""
    done = finished(run, out)
    if done and not overwrite:
        return done
    started, worked, code = time.perf_counter(), worked_by_children(), code_digest()
    executed = out / f"{run.name}.ipynb"
    failure = notebooks.execute(run.source, executed, run.parameters, run.path.parent)
    rows = recorded(json.loads(executed.read_text(encoding="utf-8")))
    facts = {"notebook": run.path.name, "parameters": run.parameters}
    facts |= {"status": "failed" if failure else "finished", "results": rows}
    facts |= {"failure": failure and failure._asdict(), "seconds": round(time.perf_counter() - started, 2)}
    facts["cpu_seconds"] = round(worked_by_children() - worked, 2)  # of this run, if alone in its process
    facts["lib"] = {"version": __version__, "code": code}
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


def why(failure: dict) -> str:
    """A failure in one line."""
    error = " ".join(failure["error"].split())
    return f"cell [{failure['cell']}], {failure['line']}: {error}" if failure["cell"] else error
