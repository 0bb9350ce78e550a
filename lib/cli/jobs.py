"""Many files: which there are, work on them in several processes with a progress bar, and what is printed of
them. The work itself skips what is done, so a run that was stopped is taken up by running it again.
"""

import argparse
import errno
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from lib.atomic import remove_unfinished
from lib.files import Found, below, check_file, formats, note_each, note_left

CIPHER = (".png", ".jpg", ".jpeg")
# from here on, processes save more than the second that they take to start
POOL_FILES, POOL_BYTES = 300, 1 << 24
NO_USE_GOING_ON = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class Job(NamedTuple):
    """A file to read and the file to write."""

    source: Path
    target: Path


class Outcome(NamedTuple):
    """What became of a job: an error's text, or whether it was done before, a note and a warning; whether to
    `stop`."""

    job: Job
    error: str | None = None
    skipped: bool = False
    note: str | None = None
    warning: str | None = None
    stop: bool = False


# -- which files ---------------------------------------------------------------------------------------------


def plan(source: Path, target: Path, suffix: str, taken: tuple | None = None) -> tuple[list[Job], Found]:
    """The jobs for a file, or a tree of files, mirrored with the new `suffix`; and what was found there.

    Errors: FileNotFoundError; ValueError where source and destination overlap, two sources would give one
    target, a single target has the wrong extension or is a folder, or nothing is there to do.
    """
    found = images_in(source, taken)
    a, b = source.resolve(), target.resolve()
    if a == b:
        raise ValueError(f"source and destination are the same, {source}; choose another destination")
    if not source.is_dir():
        return [Job(source, _single(source, target, suffix))], found
    if a in b.parents or b in a.parents:
        way = "choose a destination outside the source"
        raise ValueError(f"{source} and {target} lie one inside the other; {way}")
    if target.exists() and not target.is_dir():
        raise ValueError(f"{source} is a folder, so the destination must be one, and {target} is a file")
    jobs = {}
    for image in found.images:
        job = Job(image, target / image.relative_to(source).with_suffix(suffix))
        if other := jobs.get(job.target):
            raise ValueError(f"{other.source} and {image} would both become {job.target}; rename one")
        jobs[job.target] = job
    return list(jobs.values()), found


def images_in(source: Path, taken: tuple | None = None) -> Found:
    """What `lib.files.below` finds in a folder; or a file by itself, whatever its ending.

    Errors: FileNotFoundError; OSError for a closed folder; ValueError for one without images, and for a pipe,
    a socket or a device.
    """
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such file or folder")
    if not source.is_dir():
        return Found([check_file(source)])
    found = below(source, taken)
    found.check_some(f"{source}: no image in this folder; looked for {', '.join(taken or formats()[1])}")
    return found


def _single(source, target, suffix):
    if target.is_dir():
        example = target / source.with_suffix(suffix).name
        raise ValueError(f"{target} is a folder; name the file, such as {example}")
    if target.suffix.lower() not in ({".jpg", ".jpeg"} if suffix == ".jpg" else {suffix}):
        raise ValueError(f"{target} would be written as {suffix}; name it {target.with_suffix(suffix).name}")
    return target


# -- work ----------------------------------------------------------------------------------------------------


def run(work: Callable[[Path, Path], Any], jobs: list[Job], workers: int | None = None) -> list[Outcome]:
    """`work(source, target)` for every job; what became of them, in order, until none would fare better.

    work     picklable; returns a `lib.cli.image_files.Done`, or raises
    workers  processes; None for one per core, and a single one where there is little to do
    """
    for folder in {job.target.parent: None for job in jobs}:
        folder.mkdir(parents=True, exist_ok=True)
    remove_unfinished(job.target for job in jobs)
    done, attempts = [], spread(partial(attempt, work), jobs, workers or pool_size(jobs))
    with tqdm(total=len(jobs), unit=" files", disable=len(jobs) < 2 or None) as bar, closing(attempts):
        for outcome in attempts:
            done.append(outcome)
            bar.update()
            if outcome.stop:
                break
    return done


def attempt(work: Callable, job: Job) -> Outcome:
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
    """How many processes pay."""
    size = sum(job.source.stat().st_size for job in jobs if job.source.exists())
    if len(jobs) < 2 or (len(jobs) < POOL_FILES and size < POOL_BYTES):
        return 1
    return os.cpu_count() or 1


def spread(work: Callable[[Any], Any], jobs: list, workers: int) -> Iterator[Any]:
    """`work(job)` for every job, in order, over `workers` processes; in this process for one."""
    workers = min(workers, len(jobs))
    if workers <= 1:
        yield from map(work, jobs)
        return
    chunk = max(1, min(32, len(jobs) // (8 * workers)))
    context = multiprocessing.get_context("spawn")  # a fork would take along the threads of whoever calls
    with ProcessPoolExecutor(workers, context, _begin, (work,)) as pool:
        try:
            yield from pool.map(_work, jobs, chunksize=chunk)
        except BrokenProcessPool:
            raise RuntimeError("a process died, perhaps for lack of memory; go on with --workers 1") from None


_kept = {}  # in a process of a pool: its work, with the tables of a scheme once they are made


def _begin(work):
    """In a new process: leave interrupts to the parent, and go when it goes, even by SIGKILL."""

    def go_with_parent():
        multiprocessing.parent_process().join()
        os._exit(1)

    _kept["work"] = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=go_with_parent, daemon=True).start()


def _work(job):
    return _kept["work"](job)


# -- what is printed -----------------------------------------------------------------------------------------


def work_through(verb: str, args: argparse.Namespace, plan: tuple, work: Callable) -> int:
    """Do all jobs of a `plan`, and print what became of them; the exit status."""
    (todo, found), start = plan, time.perf_counter()
    done = run(work, todo, args.workers)
    failed = [outcome for outcome in done if outcome.error is not None]
    note_each(outcome.note for outcome in done)
    for outcome in done:
        if outcome.warning:
            print(f"warning: {outcome.job.source}: {outcome.warning}", file=sys.stderr)
    note_left(found)
    if len(failed) == len(todo) > 10 and len({outcome.error for outcome in failed}) == 1:
        print(f"failed: all {len(todo):,} files: {failed[0].error}", file=sys.stderr)
    else:
        for outcome in failed:
            print(f"failed: {outcome.job.source}: {outcome.error}", file=sys.stderr)
    if failed and failed[-1].stop:
        why = "stopped, for no other file would fare better; run the same command again to go on"
        print(f"error: {why}", file=sys.stderr)
    skipped, seconds = sum(outcome.skipped for outcome in done), time.perf_counter() - start
    made, lost = len(done) - len(failed) - skipped, len(failed)
    print(f"{verb} {made:,}, skipped {skipped:,} done before, failed {lost:,}, in {seconds:.1f} s")
    return 1 if failed else 0
