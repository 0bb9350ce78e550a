"""Run what is not recorded yet: `make results`.

    python -m lib.workbook.run_missing trainings --data npz:cifar10.npz   every row, first seed
    python -m lib.workbook.run_missing attacks skk-same --seeds 0 1       one row, two seeds

`trainings` are the rows of `data/results/training/rows.toml`, `attacks`, which are trained too, those of
`data/results/learned/rows.toml`. One JSON file a run, beside the rows. A stopped run goes on where it was
(`build/`).
"""

import argparse
import atexit
import contextlib
import os
import sys
import time
from pathlib import Path

from lib.workbook import readme
from lib.workbook.recorded_attacks import trained_attacks
from lib.workbook.recorded_trainings import summary, trainings
from lib.workbook.recording import Job, Kind, Row, chosen

KINDS = {"trainings": trainings, "attacks": trained_attacks}
AUTOGROUP = Path("/proc/self/autogroup")
BUILD = readme.README.parent / "build"


class OutOfTime(Exception):
    """The time that was given is over; what was begun is kept, and goes on when called again."""


def run_missing(
    kind: Kind, rows: list[Row], seeds: list[int], data: str, device: str = "cpu", limit: float | None = None
) -> None:
    """Run rows that have no record as they stand. `data` as `lib.datasets.load` names it. OutOfTime after
    the epoch in which `limit` seconds are over."""
    from lib.datasets import load

    started = time.monotonic()

    def watch(entry):
        if time.monotonic() - started > limit:
            raise OutOfTime

    progress = sys.stderr.isatty() if limit is None else watch
    if todo := list(kind.missing(rows, seeds)):
        images, test = load(data), load(data, "test", limit=kind.test)
    for row, seed in todo:
        work = BUILD / kind.folder.name / kind.file(row, seed).stem
        kind.keep(row, seed, Job(images, test, work, device, progress))


def step_aside() -> None:
    """Let every other program go first: runs of hours are for the background."""
    os.nice(19)
    group = AUTOGROUP  # where Linux shares by sessions, nice alone does nothing
    with contextlib.suppress(OSError):  # no such file, or a session that may not change its share
        if share := group.read_text().split():  # "/autogroup-7 nice 0"; empty where the session has none
            group.write_text("19")
            atexit.register(
                _give_back, group, share[-1]
            )  # the session is the terminal's, and outlives this program


def _give_back(group, before):
    with contextlib.suppress(OSError):  # one who may not raise a rank
        group.write_text(before)


def main(argv: list[str] | None = None, kinds: dict[str, Kind] = KINDS) -> int:
    parser = argparse.ArgumentParser("python -m lib.workbook.run_missing", description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows by name; all if none is given")
    parser.add_argument("--data", default="cifar10", help="as lib.datasets.load names it (cifar10)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[], help="as many as each row says")
    parser.add_argument("--tiers", nargs="+", default=None, help="rows of these tiers alone")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="of a training; two of one thread side by side lose "
                        "less to other programs than one of two")  # fmt: skip
    parser.add_argument("--limit", type=float, help="stop after the epoch in which so many seconds are over")
    args = parser.parse_args(argv)
    kind = kinds[args.kind]
    try:
        rows = chosen(kind, args.rows)
    except ValueError as error:
        parser.error(str(error))
    if kind is not trainings and (args.tiers or args.limit or args.threads):
        parser.error("--tiers, --limit and --threads are for trainings")
    if args.tiers:
        rows = [row for row in rows if row.tier in args.tiers]
    if args.threads:
        rows = [row.model_copy(update={"threads": args.threads}) for row in rows]
    try:
        run_missing(kind, rows, args.seeds, args.data, args.device, args.limit)
    except OutOfTime:
        print("out of time; the same command goes on")
    if kind is trainings:
        readme.rewrite("training", summary())
    return 0


if __name__ == "__main__":
    step_aside()  # here alone: who calls main() keeps the rank it has
    sys.exit(main())
