"""The results of a sweep as one table, CSV and Parquet, and a figure: `python -m lib sweep --collect DIR`."""

import io
import json
from pathlib import Path

from lib.atomic import whole_file
from lib.workbook.sweeps.experiments import MANIFEST, notes

PANELS = 6  # numbers that a figure has room for


def collect(out: Path) -> tuple:
    """(table, notes): a row for each recorded row of each finished run, parameters first; and what is not in
    it.

    FileNotFoundError for a folder without a sweep; ValueError for a sweep of which no run is finished.
    """
    manifest = read_manifest(out)
    found = {
        name: json.loads(file.read_text(encoding="utf-8"))
        for name in manifest["runs"]
        if (file := out / f"{name}.json").exists()
    }
    finished = {name: facts for name, facts in found.items() if facts["status"] == "finished"}
    if not finished:
        raise ValueError(
            f"{out}: no run is finished; python -m lib sweep GRID.yaml --out {out} runs what is left"
        )
    rows = [row for name, facts in finished.items() for row in rows_of(name, facts)]
    return _frame(rows), list(_notes(manifest, found, finished))


def read_manifest(out: Path) -> dict:
    path = out / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: {out} is not the folder of a sweep")
    return json.loads(path.read_text(encoding="utf-8"))


def rows_of(name: str, facts: dict) -> list[dict]:
    """Parameters, what was recorded, seconds and the run's name; a list among the parameters as its JSON."""
    given = {
        key: json.dumps(value) if isinstance(value, list | dict) else value
        for key, value in facts["parameters"].items()
    }
    last = {"seconds": facts["seconds"], "cpu_seconds": facts["cpu_seconds"], "run": name}
    rows = facts["results"] or [{}]
    return [
        given | {f"recorded {key}" if key in given | last else key: row[key] for key in row} | last
        for row in rows
    ]


def _frame(rows):
    import pandas

    return pandas.DataFrame(rows).convert_dtypes()  # whole numbers stay whole where a row has none


def _notes(manifest, found, finished):
    if missing := len(manifest["runs"]) - len(found):
        yield f"{missing} of {len(manifest['runs'])} runs are not there yet"
    if failed := len(found) - len(finished):
        yield f"{failed} of {len(manifest['runs'])} runs failed"
    yield from notes(list(finished.values()))


def write(out: Path, table) -> list[Path]:
    """Write table.csv, table.parquet and, where there is something to draw, figure.png; each file whole."""
    manifest = read_manifest(out)
    files = {"table.csv": table.to_csv(index=False).encode(), "table.parquet": _parquet(table)}
    for name, content in files.items():
        with whole_file(out / name, overwrite=True) as file:
            file.write(content)
    drawn = draw(table, manifest, out / "figure.png")
    return [out / name for name in files] + ([out / "figure.png"] if drawn else [])


def _parquet(table):
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


def measured(table, parameters: list[str]) -> list[str]:
    """The columns of recorded numbers."""
    import pandas

    others = {*parameters, "run", "seconds", "cpu_seconds"}
    return [name for name in table if name not in others and pandas.api.types.is_numeric_dtype(table[name])]


def curves(table, x: str, lines: str | None, y: str) -> dict[str, dict]:
    """Line: {value of x: (mean, least, most) of y over all other parameters}, both in the grid's order."""
    found = {}
    for at, of, value in zip(table[x], table[lines] if lines else [y] * len(table), table[y]):
        if value == value and value is not None and str(value) != "<NA>":
            found.setdefault(f"{lines} {_name(of)}" if lines else y, {}).setdefault(_name(at), []).append(
                float(value)
            )
    return {
        line: {at: (sum(values) / len(values), min(values), max(values)) for at, values in points.items()}
        for line, points in found.items()
    }


def _name(value) -> str:
    return (
        "none"
        if str(value) in ("None", "<NA>", "nan")
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )


def draw(table, manifest: dict, path: Path) -> str | None:
    """Write a figure with a panel for each recorded number; what is to be seen in it, in words. None: there
    is no such thing.

    The first parameter that varies is the x axis, a line stands for each value of the second, seeds left out.
    A point is the mean over all others, its bar reaches from the least to the most.
    """
    x, *others = (
        [name for name in manifest["varied"] if name.lower() != "seed"] or manifest["varied"] or [None]
    )
    shown = measured(table, manifest["parameters"])[:PANELS]
    if x is None or not shown:
        return None
    from lib import figures

    ticks = list(dict.fromkeys(map(_name, table[x])))
    panels = {y: curves(table, x, others[0] if others else None, y) for y in shown}
    alt = f"{manifest['title']}. Means over {x} ({', '.join(ticks)}). " + " ".join(
        f"{y}: {'; '.join(_told(line, points) for line, points in lines.items())}."
        for y, lines in panels.items()
    )
    figures.save(figures.panels(panels, x, ticks, manifest["title"]), path, alt)
    return alt


def _told(line, points):
    first, *_, last = [*points, *points]
    return f"{line} from {points[first][0]:.3g} at {first} to {points[last][0]:.3g} at {last}"
