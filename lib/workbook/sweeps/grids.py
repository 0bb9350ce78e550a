"""Parameter grids: a YAML file that names a notebook and values for its parameters, checked at the start.

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
from typing import Any, ClassVar

import yaml
from pydantic import Field

from lib.files import check_file
from lib.formats import Format, check
from lib.workbook import notebooks
from lib.workbook.sweeps.runs import Run


class GridFile(Format):
    """What a grid file holds."""

    KIND: ClassVar[str] = "grid"
    WAY: ClassVar[str] = "those of the lessons stand in notebooks/grids"
    title: str | None = None
    notebook: str
    parameters: dict[str, Any] = Field(description="a mapping of names to values")


@dataclass(frozen=True)
class Grid:
    """What a grid file says: `axes`, the values of each parameter; `source`, the notebook as it was read."""

    title: str
    notebook: Path
    source: dict
    axes: dict[str, list]

    def runs(self) -> list[Run]:
        """All combinations."""
        combinations = itertools.product(*self.axes.values())
        return [Run(self.notebook, self.source, dict(zip(self.axes, values))) for values in combinations]


def read_grid(path: Path) -> Grid:
    """A grid, checked against its notebook.

    Errors: FileNotFoundError for a missing file; ValueError for what is no grid, a parameter that the
    notebook does not have, a value of another type than the notebook's, a value given twice.
    """
    if not check_file(path).is_file():
        raise FileNotFoundError(f"{path}: no such grid; {GridFile.WAY}")
    try:
        said = check(GridFile, yaml.load(path.read_text(encoding="utf-8"), _Strict), str(path))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    notebook, axes = check_file(path.parent / said.notebook).resolve(), said.parameters
    if not notebook.is_file():
        way = "give its path from there"
        raise FileNotFoundError(f"{path}: notebook {said.notebook} is not beside it; {way}")
    axes = {name: values if isinstance(values, list) else [values] for name, values in axes.items()}
    grid = Grid(said.title or path.stem, notebook, notebooks.read(notebook), axes)
    if found := dict.fromkeys(_problems(grid)):
        raise ValueError(f"{path}, for {notebook.name}: {'; '.join(found)}")
    return grid


def _problems(grid):
    for name, values in grid.axes.items():
        if not values:
            yield f"no value for {name}"
        for value in values:
            yield from notebooks.problems(grid.source, {name: value})
        texts = [json.dumps(value, default=str) for value in values]
        yield from (f"{name} has {text} twice" for text in texts if texts.count(text) > 1)


class _Strict(yaml.SafeLoader):
    """A loader to which a key given twice is an error: YAML keeps the last without a word."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        if twice := [key for key in keys if keys.count(key) > 1]:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"{twice[0]} stands there twice, line {line} and below")
        return super().construct_mapping(node, deep)
