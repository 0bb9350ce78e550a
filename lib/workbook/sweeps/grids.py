"""Parameter grids: a YAML file that names a notebook and values for its parameters, checked before anything
starts.

Lists are tried in all combinations; anything else is the same in every run.

    title: What is left of a jigsaw after JPEG
    notebook: jpeg_quality.ipynb       # beside this file
    parameters:
      quality: [null, 95, 85]          # the first with several values is the figure's x axis,
      block: [16, 32]                  # the second one names its lines,
      photo: [coffee, hopper]          # and over all others, and any called seed, the figure takes means
"""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

from lib.workbook import notebooks
from lib.workbook.sweeps.experiments import Run

KEYS = ("title", "notebook", "parameters")


@dataclass(frozen=True)
class Grid:
    """What a grid file says: axes are the values of each parameter, in the file's order; source, the notebook
    as it was read."""

    title: str
    notebook: Path
    source: dict
    axes: dict[str, list]

    def runs(self) -> list[Run]:
        """All combinations."""
        return [
            Run(self.notebook, self.source, dict(zip(self.axes, values)))
            for values in itertools.product(*self.axes.values())
        ]


def read_grid(path: Path) -> Grid:
    """A grid, checked against its notebook.

    Errors: FileNotFoundError for a missing file; ValueError for what is no grid, a parameter that the
    notebook does not have, a value of another type than the notebook's, a value given twice.
    """
    grid = _parse(path)
    found = [
        problem
        for name, values in grid.axes.items()
        for value in values
        for problem in notebooks.problems(grid.source, {name: value})
    ]
    for name, values in grid.axes.items():
        texts = [json.dumps(value, default=str) for value in values]
        found += [f"{name} has {text} twice" for text in dict.fromkeys(texts) if texts.count(text) > 1]
    if found:
        raise ValueError(f"{path}, for {grid.notebook.name}: {'; '.join(dict.fromkeys(found))}")
    return grid


def _parse(path):
    import yaml

    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such grid; those of the lessons stand in notebooks/grids")
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), _strict_loader(yaml))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(said, dict) or set(said) - set(KEYS) or not isinstance(said.get("parameters"), dict):
        got = ", ".join(map(str, said)) if isinstance(said, dict) else type(said).__name__
        raise ValueError(
            f"{path}: expected {', '.join(KEYS)}, the last one a mapping of names to values; got {got}"
        )
    notebook = path.parent / str(said.get("notebook"))
    if not notebook.is_file():
        raise FileNotFoundError(
            f"{path}: notebook {said.get('notebook')} is not beside it; give its path from there"
        )
    axes = {
        str(name): values if isinstance(values, list) else [values]
        for name, values in said["parameters"].items()
    }
    if empty := [name for name, values in axes.items() if not values]:
        raise ValueError(f"{path}: no value for {', '.join(empty)}")
    return Grid(
        str(said.get("title", path.stem)), notebook.resolve(), notebooks.read(notebook.resolve()), axes
    )


def _strict_loader(yaml):
    """A loader to which a key given twice is an error: YAML keeps the last, and half a grid would go
    unnoticed."""

    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            keys = [key.value for key, _ in node.value]
            if twice := [key for key in keys if keys.count(key) > 1]:
                raise yaml.YAMLError(
                    f"{twice[0]} stands there twice, line {node.start_mark.line + 1} and below"
                )
            return super().construct_mapping(node, deep)

    return Strict
