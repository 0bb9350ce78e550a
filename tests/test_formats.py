"""Files of JSON as models: what is read, what is refused, and the one line that says why."""

import json
import re
import subprocess
import sys
from typing import ClassVar, Literal

import pytest
from pydantic import Field, field_validator

from lib.formats import Format, check, parse, read


class Part(Format):
    width: int = Field(ge=1)


class Note(Format):
    KIND: ClassVar[str] = "note"
    WAY: ClassVar[str] = "write another"
    format: Literal["a note of the tests"]
    version: Literal[3]
    text: str
    stars: int = Field(0, ge=0, le=5, description="stars, from 0 to 5")
    weight: float = 1.0
    parts: dict[str, Part] = {}
    secret: str = Field("00", pattern="^[0-9a-f]*$", description="hex digits", repr=False)

    @field_validator("text")
    @classmethod
    def _not_shouted(cls, text):
        if text.isupper():
            raise ValueError("the text is shouted")
        return text


GOOD = {"format": "a note of the tests", "version": 3, "text": "hello"}


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "note.json"
    path.write_text(json.dumps(GOOD | {"stars": 4, "weight": 2, "parts": {"a": {"width": 7}}}))
    note = read(Note, path)
    assert (note.text, note.stars, note.weight, note.parts["a"].width) == ("hello", 4, 2.0, 7)
    path.write_text(json.dumps(note.model_dump()))
    assert read(Note, path) == note == check(Note, note.model_dump(), "it")
    assert Note.new(text="hello") == parse(Note, json.dumps(GOOD), "it")
    with pytest.raises(FileNotFoundError):
        read(Note, tmp_path / "lost.json")


WRONG = {
    '{"text"': r"it is no note: it is not whole JSON \(EOF while .*\); write another",
    "": "is no note: it is not whole JSON",
    b"\xff\xfe": "is no note: it is not whole JSON",
    "[3]": "is no note: its format field is not 'a note of the tests'; write another",
    "null": "is no note: its format field",
    "{}": "is no note: its format field",
    '{"format": "a letter", "version": 2}': "is no note: its format field",
    '{"format": "a note of the tests", "words": 5}': "is a note of version None, this package reads 3",
}
FIELDS = {
    "another version": ({"version": 2}, "is a note of version 2, this package reads 3; write another"),
    "none": ({"text": None}, "is damaged: text is None, expected a valid string"),
    "an unknown field": ({"stras": 4}, "is damaged: the field stras is unknown here"),
    "text for a number": ({"stars": "4"}, "is damaged: stars is '4', expected stars, from 0 to 5"),
    "a float for a whole number": ({"stars": 4.0}, "stars is 4.0, expected stars, from 0 to 5"),
    "too many": ({"stars": 6}, "stars is 6, expected stars, from 0 to 5"),
    "truth for a number": ({"weight": True}, "weight is True, expected a valid number"),
    "no number": ({"weight": float("nan")}, "weight is nan, expected a finite number"),
    "infinity": ({"weight": float("inf")}, "weight is inf, expected a finite number"),
    "a part": ({"parts": {"a": {"width": 0}}}, "parts.a.width is 0, expected greater than or equal to 1"),
    "a part's field": ({"parts": {"a": {}}}, "the field parts.a.width is missing"),
    "what a validator says": ({"text": "HELLO"}, "is damaged: the text is shouted; write another"),
    "much": ({"stars": "4" * 500}, "stars is '4444.*44..., expected"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_such_file_is_said_so(tmp_path, text):
    with pytest.raises(ValueError, match=f"^it {WRONG[text].removeprefix('it ')}") as caught:
        parse(Note, text, "it")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FIELDS)
def test_a_wrong_field_is_named_with_what_came_and_what_is_expected(tmp_path, name):
    changed, message = FIELDS[name]
    path = tmp_path / "note.json"
    path.write_text(json.dumps(GOOD | changed))
    for act, said in (
        (lambda: read(Note, path), str(path)),
        (lambda: check(Note, GOOD | changed, "it"), "it"),
    ):
        with pytest.raises(ValueError, match=message) as caught:
            act()
        text = str(caught.value)
        assert text.startswith(f"{said} is ") and "\n" not in text and len(text) < 300


def test_what_may_not_show_does_not(tmp_path):
    with pytest.raises(ValueError, match="secret is not right, expected hex digits") as caught:
        parse(Note, json.dumps(GOOD | {"secret": "deadbeeg"}), "it")
    assert "dead" not in str(caught.value)
    assert "c0ffee" not in repr(parse(Note, json.dumps(GOOD | {"secret": "c0ffee"}), "it"))


def test_the_package_is_imported_without_it():
    code = "import lib, lib.schemes, sys; print('pydantic' in sys.modules, 'lib.formats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch("False False\n", done.stdout)
