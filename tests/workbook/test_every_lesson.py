"""What every lesson must be, beyond running: nbval does not ask for it."""

import ast
import json
import re

import nbformat
import pytest

from lib.workbook import lessons
from lib.workbook.classroom.editions import asked
from lib.workbook.notebooks import words

PATHS = lessons.paths()
LESSONS = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
MACHINE = re.compile(r"(?<![\w.])/(home|root|Users|work|opt|tmp/(?!ipykernel))")


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code" and cell.source.strip()]


def tags(cell):
    return cell.metadata.get("tags", [])


def test_there_are_lessons_and_their_numbers_are_their_own():
    numbers = [path.name[:2] for path in PATHS]
    assert numbers[0] == "00" and len(numbers) == len(set(numbers))


@LESSONS
def test_is_valid_ran_in_order_and_kept_its_outputs(path):
    notebook = read(path)
    nbformat.validate(notebook)
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) >= len(cells) / 3, (
        "most cells of a lesson show something"
    )
    errors = [
        o
        for cell in cells
        if "raises-exception" not in tags(cell)
        for o in cell.outputs
        if o.output_type == "error"
    ]
    assert not errors
    assert notebook.metadata.kernelspec.name == "python3"


@LESSONS
def test_has_one_cell_of_parameters_each_with_a_comment(path):
    cells = [cell for cell in code_cells(path) if "parameters" in tags(cell)]
    assert len(cells) == 1
    for line in cells[0].source.splitlines():
        assert line.startswith("#") or re.fullmatch(r"\w+ = .+  # .+", line), line


@LESSONS
def test_pictures_have_alternatives_and_stand_beside_a_number(path):
    pictures = 0
    for cell in code_cells(path):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                pictures += 1
                assert len(output.metadata["image/png"]["alt"]) >= 20
    assert pictures >= 1
    printed = [
        o
        for cell in code_cells(path)
        for o in cell.outputs
        if re.search(r"\d", str(o.get("text", o.get("data", {}).get("text/plain", ""))))
    ]
    assert len(printed) >= min(pictures, 3)


def unseen(source):
    """Lines where a table is made and nobody sees it: a notebook shows what a cell ends with, no more."""
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and node is not tree.body[-1]]
    return [node.lineno for node in calls if ast.unparse(node.value).startswith("figures.table(")]


def test_a_table_that_nobody_sees_is_found():
    assert unseen("figures.table(a, b)\nprint(1)") == [1] and unseen("for x in y:\n    figures.table(x)") == [
        2
    ]
    assert not unseen("x = 1\nfigures.table(a, b)") and not unseen("display(figures.table(a))\nprint(1)")


@LESSONS
def test_a_table_is_seen(path):
    assert not [line for cell in code_cells(path) for line in unseen(cell.source)]


@LESSONS
def test_a_picture_comes_early(path):
    early = read(path).cells[:6]
    assert any(
        "image/png" in o.get("data", {}) for cell in early if cell.cell_type == "code" for o in cell.outputs
    )


@LESSONS
def test_is_of_a_size_that_is_read(path):
    notebook = read(path)
    assert 15 <= len(notebook.cells) <= 55
    assert 700 <= words(notebook) <= 2400
    assert path.stat().st_size < 1_000_000


@LESSONS
def test_names_no_place_of_a_machine(path):
    for cell in read(path).cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("image/png", None)  # base64 spells anything
        assert not MACHINE.search(json.dumps([cell.source, cell.get("outputs", [])]))


@LESSONS
def test_each_stub_is_its_solution_with_lines_removed(path):
    cells = code_cells(path)
    stubs = [i for i, cell in enumerate(cells) if "exercise" in tags(cell)]
    assert len(stubs) == sum("solution" in tags(cell) for cell in cells) >= 1
    for i in stubs:
        solution = cells[i + 1]
        assert "solution" in tags(solution) and solution.metadata["jupyter"]["source_hidden"]
        assert re.search(r"not solved yet", str(cells[i].outputs)), "a stub is quiet"
        printed = "".join(output.get("text", "") for output in solution.outputs)
        assert f"{asked(solution.source)[0]}: correct" in printed.splitlines()
        removed = re.sub(
            r"\n( *)### BEGIN SOLUTION\n.*?### END SOLUTION",
            r"\n\1raise NotImplementedError  # your code here",
            solution.source,
            flags=re.S,
        )
        values = re.sub(r"\n### BEGIN SOLUTION\n.*?\n### END SOLUTION", "", solution.source, flags=re.S)
        assert cells[i].source in (removed, values)


@LESSONS
def test_links_to_other_lessons_lead_somewhere(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert (path.parent / target).exists(), target


def test_the_stored_seconds_are_of_these_lessons():
    seconds = json.loads(lessons.MINUTES.read_text())
    assert set(seconds) == {path.stem for path in PATHS}
    assert all(0 < value <= 120 for value in seconds.values())
