"""Run a notebook once for each combination of the values in GRID.yaml: in processes of this machine, or on
the cluster of a Dask scheduler whose machines see DIR under the same path. Names and types of parameters, DIR
and workers are checked before anything starts. DIR gets an executed notebook and a JSON for each run.
Finished runs are skipped, failed ones run again: to take up a sweep that was stopped, run it again. --collect
makes DIR/table.csv, DIR/table.parquet and DIR/figure.png.
"""

import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from lib.cli.options import count, usage
from lib.files import note

HELP = "run a notebook over parameters"


def arguments(parser: ArgumentParser) -> None:
    """A command of the shell, see `lib.cli.commands`."""
    add = parser.add_argument
    add("grid", nargs="?", type=Path, metavar="GRID.yaml", help="such as those in notebooks/grids")
    add("--out", type=Path, metavar="DIR", help="for the runs")
    add("--scheduler", metavar="tcp://HOST:PORT", help="of a Dask cluster that runs already")
    add("--workers", type=count, metavar="N", help="processes on this machine; one a core if not given")
    add("--overwrite", action="store_true", help="run anew what is finished")
    add("--collect", type=Path, metavar="DIR", help="make a table and a figure of the runs in DIR")


def run(args: Namespace) -> int:
    """Sweep, or collect what a sweep left; the exit status."""
    if args.collect:
        if args.grid or args.out or args.scheduler or args.workers or args.overwrite:
            raise usage("--collect DIR stands alone")
        return collect(args.collect)
    if not args.grid or not args.out:
        raise usage("expected GRID.yaml and --out DIR, or --collect DIR")
    if args.scheduler and args.workers:
        raise usage("--workers is for this machine; a cluster has as many as were started")
    from lib.workbook.sweeps import experiments, grids

    grid, started = grids.read_grid(args.grid), time.monotonic()
    runs = grid.runs()
    print(f"{grid.title}: {len(runs)} runs of {grid.notebook.name}", file=sys.stderr)
    done = experiments.sweep(runs, args.out, grid.title, args.scheduler, args.workers, args.overwrite)
    failed = sum(facts["status"] != "finished" for facts in done)
    before = sum(facts["before"] for facts in done)
    for text in experiments.notes(done):
        note(text)
    figures = f"finished {len(done) - failed - before}, skipped {before} done before, failed {failed}"
    way = f"python -m lib sweep --collect {args.out} makes a table"
    print(f"{args.out}: {figures}, in {time.monotonic() - started:.1f} s; {way}")
    return 1 if failed else 0


def collect(folder: Path) -> int:
    """Make table and figure of the runs in a folder; the exit status."""
    from lib.workbook.sweeps import collected

    table, notes = collected.collect(folder)
    for text in notes:
        note(text)
    for path in collected.write(folder, table):
        print(path)
    print(f"{len(table)} rows, {', '.join(table)}")
    return 0
