"""`lib.workbook.readme`: a marked part is written anew, and nothing else."""

import pytest

from lib.workbook import readme

TEXT = "a\n<!-- x: written by make x -->\nold\n<!-- end of x -->\nb <!-- y: -->\nkept\n<!-- end of y -->\n"


def test_a_part_is_replaced_as_it_is_given(tmp_path):
    (tmp_path / "README.md").write_text(TEXT)
    readme.rewrite("x", "new \\1\n", tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text() == TEXT.replace("old", "new \\1")


@pytest.mark.parametrize("text", [TEXT.replace("end of x", "end"), TEXT + TEXT, ""])
def test_marks_stand_there_once(text):
    with pytest.raises(ValueError, match="one part between the marks of 'x', found"):
        readme.with_part(text, "x", "new")


def test_the_readme_has_its_parts():
    text = readme.README.read_text(encoding="utf-8")
    for name in ("lessons", "training", "scoreboard", "applications"):
        assert readme.with_part(text, name, "") != text
