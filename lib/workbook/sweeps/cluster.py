"""Work spread over processes by Dask: of this machine, or the workers of a scheduler that runs already.

Before work starts, workers must have this `lib`, and see and may write the folder that results go to. Work
writes its own results, so whatever is finished stays. A killed worker's work goes to another one; work lost
with the scheduler is handed out again once scheduler and workers are back.
"""

import hashlib
import logging
import os
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import dask
from distributed import CancelledError, Client, Future, KilledWorker, LocalCluster, as_completed

from lib import __version__
from lib.cli.jobs import describe
from lib.workbook.sweeps.runs import code_digest

# seconds that a scheduler and a worker of it have to answer at first, and to come back
WAIT, WAIT_AGAIN = 15, 60
ABOUT = "__import__('lib.workbook.sweeps.cluster', fromlist=['about']).about({seen!r})"
START = "start workers on this checkout: .venv/bin/dask worker {scheduler} --nthreads 1"


def spread(work: Callable, jobs: dict, scheduler: str | None, workers: int | None, seen: list[Path]):
    """Yield (name, `work(*arguments)`) for the jobs {name: arguments} as they end, in whatever order.

    scheduler   address such as tcp://10.0.0.1:8786; None for `workers` processes of this machine
    seen        what every worker has to see: a file, in a folder that it may write in; and folders
    Where work raises, or takes down several workers with it: {"status": "failed", "failure": {...}}.
    Errors: RuntimeError for a scheduler that does not answer, or stays away, has no workers, or unfit ones.
    """
    left, wait = dict(jobs), WAIT
    while left:
        with connected(scheduler, min(workers or os.cpu_count() or 1, len(left)), wait) as client:
            if scheduler:
                check_workers(client, scheduler, list(map(str, seen)))
            futures = {client.submit(work, *arguments, pure=False): name for name, arguments in left.items()}
            for future in as_completed(futures):
                if (facts := outcome(future)) is None:
                    print(f"note: the scheduler at {scheduler} went away; waiting for it", file=sys.stderr)
                    wait = WAIT_AGAIN
                    break
                del left[futures[future]]
                yield futures[future], facts


@contextmanager
def connected(scheduler: str | None, workers: int, wait: float):
    """A client of a cluster that has a worker at least."""
    if scheduler is None:
        settings = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
        # saturation: no run waits behind another's worker
        with (
            dask.config.set({"distributed.scheduler.worker-saturation": 1.0}),
            LocalCluster(workers, threads_per_worker=1, **settings) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    # a scheduler that goes away is told here
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(scheduler, timeout=wait)
    except (OSError, ValueError) as error:
        way = "start one: .venv/bin/dask scheduler"
        raise RuntimeError(f"no scheduler answers at {scheduler} ({error}); {way}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=wait)
        except TimeoutError:
            start = START.format(scheduler=scheduler)
            raise RuntimeError(f"the scheduler at {scheduler} has no worker; {start}") from None
        yield client


def outcome(future: Future) -> dict | None:
    """What work returned, or a failure in its place; None for what was lost with the scheduler."""
    try:
        error = future.exception()
        if error is None:
            return future.result()
    except (CancelledError, OSError):  # a result that was there, and could not be fetched any more
        return None
    if isinstance(error, CancelledError):
        return None
    lost = "several workers were killed while they ran it, perhaps for lack of memory"
    said = lost if isinstance(error, KilledWorker) else describe(error)
    return {"status": "failed", "failure": {"cell": None, "line": "", "error": said}}


def check_workers(client: Client, scheduler: str, seen: list[str]) -> None:
    """RuntimeError that names a worker without this `lib`, or that does not see what it has to."""
    for address, there in client.run(eval, ABOUT.format(seen=seen), on_error="return").items():
        if wrong := _wrong(about(seen), there):
            raise RuntimeError(f"the worker at {address} {wrong}; {START.format(scheduler=scheduler)}")


def about(seen: list[str]) -> dict:
    """What a worker has: its `lib`, and of a file, its folder and other folders those that are there."""
    file, *folders = map(Path, seen)
    there = file.is_file() and os.access(file.parent, os.W_OK)
    return {
        "lib": f"{__version__}, code {code_digest()}",
        "seen": [str(file)] * there + [str(folder) for folder in folders if folder.is_dir()],
        "content": hashlib.sha256(file.read_bytes()).hexdigest() if there else None,
    }


def _wrong(here, there) -> str | None:
    if isinstance(there, ImportError | AttributeError):
        return f"cannot import this lib ({there})"
    if isinstance(there, Exception):
        return f"raised {type(there).__name__}: {there}"
    if there["lib"] != here["lib"]:
        return f"has lib {there['lib']}, here it is {here['lib']}"
    if missing := [path for path in here["seen"] if path not in there["seen"]]:
        return f"does not see {missing[0]}, or may not write there; use folders that all machines share"
    if there["content"] != here["content"]:
        return f"sees another {here['seen'][0]} than this machine; use a folder that all machines share"
    return None
