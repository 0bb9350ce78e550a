"""`lib.workbook.notebooks`: the parameters of a notebook, and values for them."""

import re

import pytest

from lib.workbook import lessons, notebooks


@pytest.mark.parametrize(
    "given",
    [
        {"side": 4, "unit": 2, "name": "b", "sides": [8], "lossy": True, "quality": 90},
        {"unit": 0.5, "quality": None, "sides": []},
    ],
)
def test_values_of_the_right_types_are_no_problem(squares, given):
    assert notebooks.problems(notebooks.read(squares), given) == []


@pytest.mark.parametrize(
    "given, says",
    [
        ({"sied": 4}, r"no parameter sied; did you mean side\?"),
        ({"SIDE": 4}, r"no parameter SIDE; did you mean side\?"),
        ({"zzz": 4}, r"no parameter zzz There are side, unit, name"),
        ({"side": True}, r"side should be a valid integer, as 3 in the notebook, got True"),
        ({"side": 4.0}, "got 4.0"),
        ({"side": "4"}, "got '4'; YAML takes it for text"),
        ({"unit": "1e-3"}, "a valid number, as 1.0 in the notebook, got '1e-3'.*1.0e-3"),
        ({"unit": False}, "got False"),
        ({"name": False}, "a valid string, as 'a' in the notebook, got False; YAML reads yes, no"),
        ({"sides": 4}, r"a valid list, as \(2, 4\) in the notebook, got 4; .*\[\[1, 2\]\]"),
        ({"sides": [4, "x"]}, r"got \[4, 'x'\]"),
        ({"lossy": 1}, "lossy should be a valid boolean"),
        ({"side": None}, "got None"),
        ({"quality": "90"}, "quality should be a valid integer or null"),
    ],
)
def test_a_wrong_name_or_type_is_told(squares, given, says):
    (problem,) = notebooks.problems(notebooks.read(squares), given)
    assert re.search(says, problem), problem


def test_the_parameters_of_all_lessons_are_read():
    for path in lessons.paths() + lessons.grids():
        source = notebooks.read(path)
        (made,) = [cell for cell in notebooks.code(source) if "parameters" in notebooks.tags(cell)]
        values = {}
        exec(made["source"], values)
        assert {name: default for name, (default, _) in notebooks.parameters(source).items()} == {
            name: value for name, value in values.items() if name not in ("__builtins__", "__annotations__")
        }


def test_a_kernel_that_never_started_is_started_again_and_a_run_that_failed_is_not(
    squares, tmp_path, monkeypatch
):
    import papermill

    calls, real = [], papermill.execute_notebook

    def unlucky(node, running, *rest, **options):
        calls.append(running)
        if len(calls) < lucky:
            running.write_text(squares.read_text())
            raise RuntimeError("Kernel died before replying to kernel_info")
        return real(node, running, *rest, **options)

    monkeypatch.setattr(papermill, "execute_notebook", unlucky)
    source, target = notebooks.read(squares), tmp_path / "out.ipynb"
    for lucky, tries, ends in ((2, 2, True), (9, notebooks.STARTS, False)):  # noqa: B007  `unlucky` reads it
        calls.clear()
        failure = notebooks.execute(source, target, {"side": 3}, tmp_path)
        assert (failure is None) is ends and len(calls) == tries and target.is_file()
    assert failure.cell is None and "Kernel died before replying" in failure.error
    calls.clear()
    lucky = 1
    failing = {**source, "cells": [*source["cells"], dict(source["cells"][-1], source=["1 / 0"])]}
    assert "ZeroDivisionError" in notebooks.execute(failing, target, {"side": 3}, tmp_path).error
    assert len(calls) == 1
