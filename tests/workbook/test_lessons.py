"""The runner of lessons, and the comparison of stored outputs that the top-level conftest.py adds to
nbval."""

import base64
import io
import re

import nbformat
import numpy as np
import pytest
from PIL import Image

import conftest
from lib.workbook import lessons, readme


def picture(level, size=(6, 8)):
    buffer = io.BytesIO()
    Image.fromarray(np.full((*size, 3), level, np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def stream(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}]


@pytest.mark.parametrize(
    "stored, new",
    [("0.81234", "0.812340001"), ("1,234.5", "1,234.50001"), ("a 2.5 b -1e-3", "a 2.50001 b -1.00000001e-3")],
)
def test_the_last_digits_of_a_float_do_not_matter(stored, new):
    settled, problem = conftest.settle(stream(stored), stream(new))
    assert settled == stream(stored) and not problem


@pytest.mark.parametrize(
    "stored, new",
    [("0.81234", "0.81300"), ("42", "43"), ("1.5 2.5", "1.5"), ("x 1.0", "y 1.0"), ("-0.5", "0.5")],
)
def test_everything_else_does(stored, new):
    settled, _ = conftest.settle(stream(stored), stream(new))
    assert settled != stream(stored)


def test_pictures_are_compared():
    kept = [{"output_type": "display_data", "data": {"image/png": picture(100)}}]
    for level, size, differs in (
        (100, (6, 8), False),
        (101, (6, 8), False),
        (104, (6, 8), True),
        (100, (6, 9), True),
    ):
        new = [{"output_type": "display_data", "data": {"image/png": picture(level, size)}}]
        assert bool(conftest.settle(kept, new)[1]) == differs


@pytest.mark.parametrize("text", ["took 0.0106 s", "90 it/s", "<Line2D at 0x7f1234567890>", "[00:05<00:01"])
def test_what_changes_from_run_to_run_is_masked(text):
    assert any(re.search(pattern, text) for pattern in conftest.VARIABLE)
    assert not any(re.search(pattern, "accuracy 0.93 of 12 classes") for pattern in conftest.VARIABLE)


def test_the_readme_lists_the_lessons_with_their_measured_seconds():
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.with_part(text, "lessons", lessons.table())
    assert all(f"notebooks/{path.name}" in text for path in lessons.paths())
    assert lessons.PICTURE.read_bytes() == lessons.first_picture(lessons.paths()[0])


def test_a_stored_lesson_keeps_the_picture_of_a_widget_and_drops_the_widget(tmp_path):
    data = {"text/plain": "a page", "image/png": "AAAA", lessons.WIDGET: {}}
    source = f"from IPython.display import display\ndisplay({data}, raw=True)"
    path = tmp_path / "widget.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), path)
    lessons.execute(path)
    data = nbformat.read(path, as_version=4).cells[0].outputs[0].data
    assert set(data) == {"text/plain", "image/png"}
