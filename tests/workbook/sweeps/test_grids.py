"""`lib.workbook.sweeps.grids`: YAML files, checked before anything starts."""

import json

import pytest

from lib.workbook import lessons, notebooks, sweeps
from lib.workbook.sweeps import grids
from tests.workbook.sweeps.books import PARAMETERS, RECORD, SQUARE, book, grid, lib, run

GRIDS = sorted((lessons.NOTEBOOKS / "grids").glob("*.yaml"))


def test_a_grid_is_all_combinations_in_order(tmp_path, squares):
    made = grids.read_grid(grid(tmp_path, {"side": [1, 2], "name": "b", "unit": [0.5, 1]})).runs()
    assert [tuple(r.parameters.values()) for r in made] == [
        (1, "b", 0.5),
        (1, "b", 1),
        (2, "b", 0.5),
        (2, "b", 1),
    ]
    assert len({r.name for r in made}) == 4 and all(r.name.startswith("squares-") for r in made)


@pytest.mark.parametrize(
    "text, says",
    [
        (
            "title: x\nnotebook: squares.ipynb\nparameters: {sied: [1]}",
            "for squares.ipynb: no parameter sied",
        ),
        ("title: x\nnotebook: squares.ipynb\nparameters: {side: [1, 2, 1]}", "side has 1 twice"),
        ("title: x\nnotebook: squares.ipynb\nparameters: {side: []}", "no value for side"),
        (
            "title: x\nnotebook: squares.ipynb\nparameters:\n  side: 1\n  side: 2",
            "side stands there twice, line 4",
        ),
        ("title: x\nnotebook: squares.ipynb\nparameter: {side: 1}", "the field parameters is missing"),
        ("tilte: x\nnotebook: squares.ipynb\nparameters: {side: 1}", "the field tilte is unknown"),
        ("title: x\nnotebook: squares.ipynb\nparameters: [1]", "a mapping of names to values"),
        ("notebook: other.ipynb\nparameters: {side: 1}", "notebook other.ipynb is not beside it"),
        ("notebook: grid.yaml\nparameters: {side: 1}", "no notebook"),
        ("notebook: squares.ipynb\nparameters: {side: 2020-01-01}", "got datetime.date"),
        ("a: [1", "no YAML"),
        ("- 1", "is [1], expected a valid dictionary"),
    ],
)
def test_a_wrong_grid_is_told_before_anything_starts(tmp_path, squares, text, says, capsys):
    (tmp_path / "grid.yaml").write_text(text)
    assert lib("sweep", tmp_path / "grid.yaml", "--out", tmp_path / "out") == 1
    assert says in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_run_is_known_by_its_code_and_its_parameters(tmp_path, squares):
    name = run(squares, side=1, unit=2.0).name
    assert name == run(squares, unit=2.0, side=1).name
    assert name != run(squares, side=1, unit=3.0).name
    others = [
        book(tmp_path / "squares.ipynb", SQUARE, RECORD, text="Other words"),
        book(tmp_path / "squares.ipynb", SQUARE + "\n", RECORD),
        book(tmp_path / "squares.ipynb", SQUARE, RECORD, parameters=PARAMETERS + "\nmore = 1"),
    ]
    book(tmp_path / "squares.ipynb", SQUARE, RECORD, text="Other words")
    assert run(others[0], side=1, unit=2.0).name == name
    book(tmp_path / "squares.ipynb", SQUARE + "\n", RECORD)
    assert run(others[1], side=1, unit=2.0).name != name
    book(tmp_path / "squares.ipynb", SQUARE, RECORD, parameters=PARAMETERS + "\nmore = 1")
    assert run(others[2], side=1, unit=2.0).name != name


@pytest.mark.parametrize("path", GRIDS, ids=lambda path: path.stem)
def test_the_grids_of_the_lessons_fit_their_notebooks(path):
    made = grids.read_grid(path)
    all_runs = made.runs()
    assert 10 <= len(all_runs) <= 100 and f"{len(all_runs)} runs." in path.read_text()
    assert any("record(" in cell["source"] for cell in notebooks.code(all_runs[0].source))
    varied = [name for name, values in made.axes.items() if len(values) > 1]
    assert varied and all(name in notebooks.parameters(all_runs[0].source) for name in varied)


@pytest.mark.parametrize("path", lessons.grids(), ids=lambda path: path.stem)
def test_the_notebooks_of_the_grids_are_stored_as_lessons_are(path):
    cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures and all(len(output["metadata"]["image/png"]["alt"]) > 20 for output in pictures)
    assert len(sweeps.recorded({"cells": cells})) == 1
    assert any(path.name in text.read_text() for text in GRIDS)
    (made,) = [cell for cell in cells if "parameters" in notebooks.tags(cell)]
    assert all("  # " in line for line in made["source"])
