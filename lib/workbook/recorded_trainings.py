"""Recorded training runs: `make results` trains the rows of `data/results/training/rows.toml` that are not
recorded yet.

    python -m lib.workbook.recorded_trainings --data npz:cifar10.npz                  every row, first seed
    python -m lib.workbook.recorded_trainings --data npz:cifar10.npz --seeds 0 1 ele  one row, two seeds

One JSON file a run, with everything that made it: data and their origin, scheme, network, recipe, seed,
device, seconds, accuracy by epoch, versions. A stopped run goes on where it was (`build/results`). The
accuracy of a run is that of its last epoch on the test set, never the best.
"""

import json
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path

from lib.atomic import whole_file
from lib.workbook import recording

HERE = Path(__file__).resolve().parents[2]
FOLDER = HERE / "data" / "results" / "training"
README = HERE / "README.md"
MARKS = "<!-- training: written by make results -->\n", "<!-- end of training -->"


def rows(path: Path = FOLDER / "rows.toml") -> list[dict]:
    """The rows of the table, each with its column's settings filled in."""
    table = tomllib.loads(path.read_text())
    columns = table["columns"]
    return [
        columns[row["column"]] | row | {"recipe": columns[row["column"]]["recipe"] | row["recipe"]}
        for row in table["rows"]
    ]


def recorded(name: str, column: str = "cpu", folder: Path = FOLDER) -> list[dict]:
    """The recorded runs of a row, by seed."""
    runs = [json.loads(path.read_text()) for path in sorted(folder.glob(f"{column}-{name}-seed*.json"))]
    return [run for run in runs if run["row"] == name]


def summary() -> str:
    """The table of recorded runs, in Markdown: mean accuracy of the last epoch over seeds, beside what was
    published."""
    lines = [
        "| cipher | network | epochs | accuracy here, last epoch | runs | minutes a run | published, best epoch | where |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows():
        runs, published = recorded(row["name"], row["column"]), row.get("published")
        there = f"{published['accuracy']:.2f} % | {published['source']}" if published else "| none found"
        network = " + ".join(filter(None, (row.get("adaptation"), row["network"])))
        if runs:
            found = [100 * run["accuracy"] for run in runs]
            spread = f" ({min(found):.1f} to {max(found):.1f})" if len(found) > 1 else ""
            mean, minutes = sum(found) / len(found), sum(run["seconds"] for run in runs) / len(runs) / 60
            here = f"{mean:.1f} %{spread} | {len(runs)} | {minutes:.0f}"
        else:
            here = f"`make results ROWS={row['name']}` | 0 | "
        lines.append(f"| {row['cipher']} | {network} | {row['recipe']['epochs']} | {here} | {there} |")
    return "\n".join(lines) + "\n"


def with_summary(readme: str) -> str:
    """The README with its table of recorded runs made anew."""
    before, rest = readme.split(MARKS[0])
    return before + MARKS[0] + summary() + MARKS[1] + rest.split(MARKS[1])[1]


def provenance(run: dict) -> str:
    """Where a recorded accuracy comes from, in one line."""
    data, recipe = run["data"], run["recipe"]
    front = f"{run['adaptation']} + " if run["adaptation"] else ""
    return (
        f"{data['origin']}: {data['train']:,} train, {data['test']:,} test; {front}{run['network']}, "
        f"{run['parameters']:,} parameters; {recipe['epochs']} epochs, seed {run['seed']}; {run['device']}, "
        f"{run['threads']} thread{'s' * (run['threads'] > 1)}, {run['seconds'] / 60:.0f} minutes; "
        f"torch {run['versions']['torch']}"
    )


def train(row: dict, seed: int, data, test, work: Path, device: str = "cpu", progress: bool = False) -> dict:
    """Train one row; the record of the run."""
    import torch

    from lib import Key
    from lib.models import by_name
    from lib.schemes import by_name as scheme_by_name
    from lib.training import Recipe, fit, has_bfloat16

    recipe = Recipe(seed=seed, **row["recipe"])
    settings = dict(row.get("scheme", {}))
    scheme = (
        scheme_by_name(settings.pop("name"))(Key.from_seed(1000 + seed), **settings) if settings else None
    )
    block = getattr(scheme, "block", 1)
    side = data.images.shape[1]

    def make():
        options = row.get("options", {})
        return by_name(
            row["network"],
            len(data.classes),
            side=side,
            block=block,
            adaptation=row.get("adaptation"),
            **options,
        )

    run = fit(make, data, recipe, scheme=scheme, test=test, folder=work, device=device, threads=row["threads"],
              progress=progress)  # fmt: skip
    return {
        "row": row["name"],
        "column": row["column"],
        "seed": seed,
        "accuracy": run.history[-1]["test_accuracy"],
        "data": recording.about_data(data, test),
        "scheme": scheme.to_dict() | {"key": f"Key.from_seed({1000 + seed})"} if scheme else None,
        "network": row["network"],
        "adaptation": row.get("adaptation"),
        "options": row.get("options", {}),
        "parameters": sum(p.numel() for p in run.model.parameters()),
        "recipe": asdict(recipe),
        "device": recording.device_name(device),
        "threads": row["threads"],
        "bfloat16": recipe.bfloat16 and has_bfloat16(torch.device(device)),
        "seconds": round(sum(entry["seconds"] for entry in run.history)),
        "epochs": run.history,
        "versions": recording.versions(),
    }  # fmt: skip


def same(record: dict, row: dict, seed: int) -> bool:
    """Whether a record is of this row as it stands now."""
    from lib.training import Recipe

    wanted = {"recipe": asdict(Recipe(seed=seed, **row["recipe"])), "options": row.get("options", {})}
    wanted |= {name: row.get(name) for name in ("network", "adaptation", "threads")}
    scheme = row.get("scheme")
    settings = (
        {"scheme": scheme["name"]} | {k: v for k, v in scheme.items() if k != "name"} if scheme else None
    )
    there = record["scheme"] and {name: record["scheme"].get(name) for name in settings or ()}
    return there == settings and all(record[name] == value for name, value in wanted.items())


def told(record: dict) -> str:
    """A recorded run in a few words."""
    return f"accuracy {record['accuracy']:.4f}"


def main(argv=None) -> int:
    parser = recording.arguments("python -m lib.workbook.recorded_trainings", __doc__, FOLDER)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args(argv)
    asked = recording.chosen(parser, args.rows, rows())
    jobs = [
        (row, seed, args.out / f"{row['column']}-{row['name']}-seed{seed}.json")
        for seed in args.seeds
        for row in asked
    ]
    todo = recording.missing(jobs, same, told)
    from lib.datasets import load

    if todo:
        data, test = load(args.data), load(args.data, "test")
    for row, seed, path in todo:
        work = HERE / "build" / "results" / path.stem
        recording.keep(
            path, train(row, seed, data, test, work, args.device, progress=sys.stderr.isatty()), told
        )
    if args.out == FOLDER:
        text = with_summary(README.read_text(encoding="utf-8"))
        with whole_file(README, overwrite=True) as file:
            file.write(text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
