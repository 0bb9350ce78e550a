"""The results of a sweep as one table, CSV and Parquet, and a figure: `python -m lib sweep --collect DIR`."""

import json
from pathlib import Path

import pandas

from lib.atomic import whole_file
from lib.workbook.sweeps.experiments import MANIFEST, notes

PANELS = 6  # numbers that a figure has room for


def collect(out: Path) -> tuple[pandas.DataFrame, list[str]]:
    """(table, notes): a row for each recorded row of each finished run, parameters first.

    FileNotFoundError for a folder without a sweep; ValueError for a sweep of which no run is finished.
    """
    names = read_manifest(out)["runs"]
    files = {name: out / f"{name}.json" for name in names}
    found = {name: json.loads(file.read_text("utf-8")) for name, file in files.items() if file.exists()}
    finished = {name: facts for name, facts in found.items() if facts["status"] == "finished"}
    if not finished:
        way = f"python -m lib sweep GRID.yaml --out {out} runs what is left"
        raise ValueError(f"{out}: no run is finished; {way}")
    said = [f"{len(names) - len(found)} of {len(names)} runs are not there yet"] * (len(found) < len(names))
    if failed := len(found) - len(finished):
        said.append(f"{failed} of {len(names)} runs failed")
    table = pandas.DataFrame([row for name, facts in finished.items() for row in rows_of(name, facts)])
    # whole numbers stay whole where a row has none
    return table.convert_dtypes(), said + notes(list(finished.values()))


def read_manifest(out: Path) -> dict:
    """Which runs are a sweep's, and over which parameters. FileNotFoundError for a folder without a sweep."""
    path = out / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: {out} is not the folder of a sweep")
    return json.loads(path.read_text(encoding="utf-8"))


def rows_of(name: str, facts: dict) -> list[dict]:
    """Parameters, what was recorded, seconds and the run's name; a list among the parameters as its JSON."""
    given = dict(facts["parameters"])
    given |= {key: json.dumps(value) for key, value in given.items() if isinstance(value, list | dict)}
    last = {"seconds": facts["seconds"], "cpu_seconds": facts["cpu_seconds"], "run": name}
    taken, rows = given | last, facts["results"] or [{}]
    named = [{f"{'recorded ' * (key in taken)}{key}": row[key] for key in row} for row in rows]
    return [given | row | last for row in named]


def write(out: Path, table: pandas.DataFrame) -> list[Path]:
    """Write table.csv, table.parquet and, where there is something to draw, figure.png; each file whole."""
    files = {"table.csv": table.to_csv(index=False).encode(), "table.parquet": table.to_parquet(index=False)}
    for name, content in files.items():
        with whole_file(out / name, overwrite=True) as file:
            file.write(content)
    drawn = draw(table, read_manifest(out), out / "figure.png")
    return [out / name for name in (*files, *["figure.png"] * bool(drawn))]


def measured(table: pandas.DataFrame, parameters: list[str]) -> list[str]:
    """The columns of recorded numbers."""
    others = {*parameters, "run", "seconds", "cpu_seconds"}
    return [name for name in table if name not in others and pandas.api.types.is_numeric_dtype(table[name])]


def curves(table: pandas.DataFrame, x: str, lines: str | None, y: str) -> dict[str, dict]:
    """Line: {value of x: (mean, least, most) of y over all other parameters}, both in the grid's order."""
    known = table[table[y].notna()]
    line = known[lines].map(lambda value: f"{lines} {_name(value)}") if lines else [y] * len(known)
    grouped = known[y].astype(float).groupby([line, known[x].map(_name)], sort=False)
    found = {}
    for (of, at), *numbers in grouped.agg(["mean", "min", "max"]).itertuples():
        found.setdefault(of, {})[at] = tuple(numbers)
    return found


def _name(value) -> str:
    if str(value) in ("None", "<NA>", "nan"):
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def draw(table: pandas.DataFrame, manifest: dict, path: Path) -> str | None:
    """Write a figure with a panel for each recorded number; what it shows, in words. None: there is none.

    The first parameter that varies is the x axis, a line stands for each value of the second, seeds left out.
    A point is the mean over all others, its bar reaches from the least to the most.
    """
    varied = manifest["varied"]
    x, *others = [name for name in varied if name.lower() != "seed"] or varied or [None]
    shown = measured(table, manifest["parameters"])[:PANELS]
    if x is None or not shown:
        return None
    from lib import figures

    ticks = list(dict.fromkeys(map(_name, table[x])))
    panels = {y: curves(table, x, others[0] if others else None, y) for y in shown}
    alt = f"{manifest['title']}. Means over {x} ({', '.join(ticks)})."
    for y, lines in panels.items():
        ends = [(line, *next(iter(points.items())), *[*points.items()][-1]) for line, points in lines.items()]
        told = [f"{line} from {a[0]:.3g} at {at} to {b[0]:.3g} at {to}" for line, at, a, to, b in ends]
        alt += f" {y}: {'; '.join(told)}."
    figures.save(figures.panels(panels, x, ticks, manifest["title"]), path, alt)
    return alt
