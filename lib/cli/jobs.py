"""Many files: which there are, work on them in several processes with a progress bar, and what became of
them.

A run that was stopped is taken up by running it again: the work itself skips what is done, see
`lib.cli.image_files`.
"""

import errno
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from lib.atomic import remove_unfinished

PLAIN = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".ppm", ".pgm", ".pbm")
CIPHER = (".png", ".jpg", ".jpeg")
# from here on, processes save more than the second that they take to start
POOL_FILES, POOL_BYTES = 300, 1 << 24
NO_USE_GOING_ON = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Job(NamedTuple):
    """A file to read and the file to write."""

    source: Path
    target: Path


class Plan(NamedTuple):
    """All jobs, and the files that are no images and are left alone."""

    jobs: list[Job]
    left: list[Path]


class Outcome(NamedTuple):
    """What became of a job: an error's text, or whether it was done before and a note."""

    job: Job
    error: str | None = None
    skipped: bool = False
    note: str | None = None
    stop: bool = False


@dataclass
class Tally:
    """What became of all jobs. `stopped` says why not all were tried."""

    done: int = 0
    skipped: int = 0
    failed: list[Outcome] = field(default_factory=list)
    notes: Counter = field(default_factory=Counter)
    stopped: str | None = None
    seconds: float = 0.0

    def add(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.failed.append(outcome)
        else:
            self.done += not outcome.skipped
            self.skipped += outcome.skipped
            self.notes.update([outcome.note] if outcome.note else [])
        self.stopped = outcome.error if outcome.stop else None


# -- which files ---------------------------------------------------------------------------------------------


def plan(source: Path, target: Path, suffix: str, taken=PLAIN) -> Plan:
    """The jobs for one file, or for a tree of files, whose structure is mirrored with `suffix` as the new
    extension.

    Errors: FileNotFoundError; ValueError where source and destination overlap, two sources would give one
    target, a single target has the wrong extension or is a folder, or nothing is there to do.
    """
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file or folder")
    _check_apart(source, target)
    if not source.is_dir():
        return Plan([Job(source, _single(source, target, suffix))], [])
    if target.exists() and not target.is_dir():
        raise ValueError(f"{source} is a folder, so the destination must be one, and {target} is a file")
    files = list(walk(source))
    images = [file for file in files if is_image(file, taken)]
    if not images:
        raise ValueError(f"{source}: no image in this folder; looked for {', '.join(taken)}")
    jobs = [Job(file, target / file.relative_to(source).with_suffix(suffix)) for file in images]
    _check_unique(jobs)
    return Plan(jobs, sorted(set(files) - set(images)))


def is_image(path: Path, taken=PLAIN) -> bool:
    """Whether a file is taken for an image: by its name, and not hidden."""
    return path.suffix.lower() in taken and not path.name.startswith(".")


def walk(folder: Path, above: tuple = ()):
    """All files below, in a fixed order; links are followed unless they lead back up. OSError for a closed
    folder."""
    real = os.path.realpath(folder)
    if real in above:
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from walk(Path(entry), (*above, real))
        else:
            yield Path(entry)


def _check_apart(source, target):
    a, b = source.resolve(), target.resolve()
    if a == b:
        raise ValueError(f"source and destination are the same, {source}; choose another destination")
    if source.is_dir() and (a in b.parents or b in a.parents):
        raise ValueError(
            f"{source} and {target} lie one inside the other; choose a destination outside the source"
        )


def _single(source, target, suffix):
    if target.is_dir():
        raise ValueError(
            f"{target} is a folder; name the file, such as {target / source.with_suffix(suffix).name}"
        )
    if target.suffix.lower() not in ({".jpg", ".jpeg"} if suffix == ".jpg" else {suffix}):
        raise ValueError(f"{target} would be written as {suffix}; name it {target.with_suffix(suffix).name}")
    return target


def _check_unique(jobs):
    sources = {}
    for job in jobs:
        if job.target in sources:
            raise ValueError(
                f"{sources[job.target]} and {job.source} would both become {job.target}; rename one"
            )
        sources[job.target] = job.source


# -- work ----------------------------------------------------------------------------------------------------


def run(work, jobs: list[Job], workers: int | None = None) -> Tally:
    """`work(source, target)` for every job; one that fails is kept in the tally, and the rest is done.

    work     picklable; returns a `lib.cli.image_files.Done`, or raises
    workers  processes; None for one per core, and a single one where there is little to do
    """
    start, tally = time.perf_counter(), Tally()
    for folder in {job.target.parent: None for job in jobs}:
        folder.mkdir(parents=True, exist_ok=True)
    remove_unfinished(job.target for job in jobs)
    bar = tqdm(total=len(jobs), unit=" files", disable=None if len(jobs) > 1 else True)
    with bar, closing(spread(partial(attempt, work), jobs, workers or pool_size(jobs))) as outcomes:
        for outcome in outcomes:
            tally.add(outcome)
            bar.update()
            if tally.stopped:
                break
    tally.seconds = time.perf_counter() - start
    return tally


def attempt(work, job: Job) -> Outcome:
    """The outcome of one job, whatever happens."""
    try:
        return Outcome(job, None, *work(*job))
    except Exception as error:  # one broken file must not end the run
        stop = isinstance(error, OSError) and error.errno in NO_USE_GOING_ON
        return Outcome(job, describe(error, job.source), stop=stop)


def describe(error: BaseException, known: Path | None = None) -> str:
    """An error in one line; the file `known` is not named again."""
    if isinstance(error, OSError) and error.strerror:
        name = error.filename
        return error.strerror if name is None or str(name) == str(known) else f"{error.strerror}: {name}"
    if isinstance(error, OSError | ValueError | RuntimeError | FloatingPointError) and str(error):
        return str(error)
    return f"{type(error).__name__}: {error}".rstrip(": ")


def pool_size(jobs: list[Job]) -> int:
    size = sum(job.source.stat().st_size for job in jobs if job.source.exists())
    if len(jobs) < 2 or (len(jobs) < POOL_FILES and size < POOL_BYTES):
        return 1
    return os.cpu_count() or 1


def spread(work, jobs: list, workers: int):
    """`work(job)` for every job, in order, over `workers` processes; in this process for one."""
    workers = min(workers, len(jobs))
    if workers <= 1:
        yield from map(work, jobs)
        return
    chunk = max(1, min(32, len(jobs) // (8 * workers)))
    context = multiprocessing.get_context("spawn")  # a fork would take along the threads of whoever calls
    with ProcessPoolExecutor(workers, context, _begin) as pool:
        try:
            yield from pool.map(work, jobs, chunksize=chunk)
        except BrokenProcessPool:
            raise RuntimeError("a process died, perhaps for lack of memory; go on with --workers 1") from None


def _begin():
    """In a new process: leave interrupts to the parent, and go when it goes, even by SIGKILL."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_go_with_parent, daemon=True).start()


def _go_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
