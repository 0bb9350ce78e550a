"""Run what is not recorded yet: `make results`.

    python -m lib.workbook.run_missing trainings --data npz:cifar10.npz   every row, first seed
    python -m lib.workbook.run_missing attacks skk-same --seeds 0 1       one row, two seeds

`trainings` are the rows of `data/results/training/rows.toml`, `attacks`, which are trained too, those of
`data/results/learned/rows.toml`. One JSON file a run, beside the rows. A stopped run goes on where it was
(`build/`).
"""

import argparse
import sys

from lib.workbook import readme
from lib.workbook.recorded_attacks import trained_attacks
from lib.workbook.recorded_trainings import summary, trainings
from lib.workbook.recording import Job, Kind, Row, chosen

KINDS = {"trainings": trainings, "attacks": trained_attacks}
BUILD = readme.README.parent / "build"


def run_missing(kind: Kind, rows: list[Row], seeds: list[int], data: str, device: str = "cpu") -> None:
    """Run rows that have no record as they stand. `data` as `lib.datasets.load` names it."""
    from lib.datasets import load

    if todo := list(kind.missing(rows, seeds)):
        images, test = load(data), load(data, "test", limit=kind.test)
    for row, seed in todo:
        work = BUILD / kind.folder.name / kind.file(row, seed).stem
        kind.keep(row, seed, Job(images, test, work, device, sys.stderr.isatty()))


def main(argv: list[str] | None = None, kinds: dict[str, Kind] = KINDS) -> int:
    parser = argparse.ArgumentParser("python -m lib.workbook.run_missing", description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=kinds)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows by name; all if none is given")
    parser.add_argument("--data", default="cifar10", help="as lib.datasets.load names it (cifar10)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(argv)
    kind = kinds[args.kind]
    try:
        rows = chosen(kind, args.rows)
    except ValueError as error:
        parser.error(str(error))
    run_missing(kind, rows, args.seeds, args.data, args.device)
    if kind is trainings:
        readme.rewrite("training", summary())
    return 0


if __name__ == "__main__":
    sys.exit(main())
