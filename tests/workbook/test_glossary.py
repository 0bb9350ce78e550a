"""`lib.workbook.glossary`: entries are whole and in order, links stand where they belong and nowhere else."""

import json
import re
import shutil

import pytest

from lib.workbook import glossary, lessons
from lib.workbook.notebooks import words

SMALL = """# Glossary

## key
<!-- found as: key, keys; linked where first used -->

A secret. It is drawn at random.

*First used in lesson 99.*

## key space
<!-- linked everywhere -->

All keys. They are counted in bits.

*First used in lesson 99.*

## PSNR
<!-- linked everywhere -->

A score. It is in decibels.

*First used in lesson 99.*
"""
SMALL_ENTRIES = glossary.entries(SMALL)


def together(paths=None):
    """The Markdown of all lessons as they are stored, and as it is with the links that belong there."""
    books = [glossary.texts(book) for book in glossary.read(paths or lessons.paths())]
    return books, *glossary.linked(books, glossary.entries())


# -- the glossary ------------------------------------------------------------------------------------------


def test_every_entry_is_whole_in_order_and_used_by_a_lesson():
    known = glossary.entries()
    assert 60 <= len(known) <= 150
    assert list(known) == sorted(known, key=str.lower)
    assert len({entry.anchor for entry in known.values()}) == len(known)
    assert set(together()[2]) == set(known), "an entry that no lesson uses"


def test_every_lesson_has_links_and_none_drowns_in_them():
    counts = [len(glossary.LINK.findall("\n".join(cells))) for cells in together()[1]]
    assert min(counts) >= 1 and max(counts) <= 22 and sum(counts) / len(counts) <= 12


@pytest.mark.parametrize(
    "right, wrong, said",
    [
        ("## key space", "## a key space", "alphabetical order"),
        ("linked where first used", "linked sometimes", "not written as"),
        ("<!-- linked everywhere -->\n\nA score", "\nA score", "not written as"),
        ("A score. It is in decibels.", "", "not written as"),
        ("A score. It is in decibels.", "A score in decibels.", "1 sentences"),
        ("A score. It is in decibels.", "A. B. C. D. E.", "5 sentences"),
        ("*First used in lesson 99.*\n\n## PSNR", "## PSNR", "not written as"),
        ("## key space\n<!-- ", "## key space\n<!-- found as: Keys; ", "a form of 'key' and of 'key space'"),
        ("## PSNR", "## Key space", "alphabetical order"),
    ],
)
def test_a_broken_glossary_is_refused(right, wrong, said):
    assert right in SMALL
    with pytest.raises(ValueError, match=said):
        glossary.entries(SMALL.replace(right, wrong, 1))


# -- where a link belongs ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cells, expected",
    [
        (["A key, a key."], ["A [key](glossary.md#key), a key."]),
        (["**Keys** last."], ["**[Keys](glossary.md#key)** last."]),
        (
            ["Its key\nspace, its key"],
            ["Its [key\nspace](glossary.md#key-space), its [key](glossary.md#key)"],
        ),
        (["# A key\n\n## Key space\nno"], None),
        (["`key` and ``a `key` ``, lib.key_bits, key-value, monkey, keyboard, psnr"], None),
        (["```\nkey\n```\n\n    key = 1\n"], None),
        (["[the key](02.ipynb), ![key](key.png), https://a.org/key <b title='key'>"], None),
        (["$key$ and $$\nkey\n$$ and \\(key\\)"], None),
        (["<details><summary>Which key?</summary>The key.\n\nThe key.</details>"], None),
        (["## Sources\n\n- *The key to it*, PSNR."], None),
        (["**Sources**\n\n- *The key to it*"], None),
        (["`key`\n\nThe key"], ["`key`\n\nThe [key](glossary.md#key)"]),
        (["# key", "keys"], ["# key", "[keys](glossary.md#key)"]),
        (["[x](glossary.md) and [old](glossary.md#gone)"], ["[x](glossary.md) and old"]),
    ],
)
def test_the_first_use_in_open_text_is_linked(cells, expected):
    assert glossary.linked([cells], SMALL_ENTRIES)[0] == [expected or cells]


def test_a_term_is_linked_in_every_lesson_or_in_the_first():
    books = [["no word"], ["a key, its PSNR"], ["a key, its PSNR"]]
    new, first = glossary.linked(books, SMALL_ENTRIES)
    assert first == {"key": 1, "PSNR": 1}
    assert new[1] == ["a [key](glossary.md#key), its [PSNR](glossary.md#psnr)"]
    assert new[2] == ["a key, its [PSNR](glossary.md#psnr)"]


def test_links_move_with_the_text_and_change_nothing_else():
    for old, new in zip(*together()[:2]):
        assert [glossary.LINK.sub(r"\1", cell) for cell in new] == [
            glossary.LINK.sub(r"\1", cell) for cell in old
        ]
        anchors = [anchor for _, anchor in glossary.LINK.findall("\n".join(new))]
        assert len(anchors) == len(set(anchors)), "one link a term"
        assert set(anchors) <= {entry.anchor for entry in glossary.entries().values()}
    _, once, _ = together()
    assert glossary.linked(once, glossary.entries())[0] == once


# -- files -------------------------------------------------------------------------------------------------


@pytest.fixture
def copies(tmp_path):
    """Copies of four lessons and a small glossary."""
    chosen = [path for path in lessons.paths() if path.name[:2] in ("00", "01", "02", "08")]
    paths = [tmp_path / path.name for path in chosen]
    for path, copy in zip(chosen, paths):
        shutil.copy(path, copy)
    (tmp_path / "glossary.md").write_text(SMALL)
    return paths, tmp_path / "glossary.md"


def test_the_command_links_once_and_leaves_all_else_as_it_is(copies):
    paths, small = copies
    before = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    layout = [glossary.LINK.sub(r"\1", path.read_text(encoding="utf-8")) for path in paths]
    assert any("no link to key" in each for each in glossary.problems(paths, small))
    glossary.link(paths, small)
    assert glossary.problems(paths, small) == []
    text, linked = small.read_text(), [path.read_bytes() for path in paths]
    assert "*First used in [lesson 00](00_start_here.ipynb).*" in text and "lesson 99" not in text
    for path, was, old in zip(paths, layout, before):
        assert glossary.LINK.sub(r"\1", path.read_text(encoding="utf-8")) == was, "the JSON is written alike"
        new = json.loads(path.read_text(encoding="utf-8"))
        assert words(new) == words(old)
        assert [c for c in new["cells"] if c["cell_type"] == "code"] == [
            c for c in old["cells"] if c["cell_type"] == "code"
        ]
    glossary.link(paths, small)
    assert [path.read_bytes() for path in paths] == linked and small.read_text() == text


@pytest.mark.parametrize(
    "pattern, instead, said",
    [
        (r"\[(keys?)\]\(glossary.md#key\)", r"\1", "no link to key"),
        (r"glossary.md#key\)", "glossary.md#kez)", "a link to kez that does not belong there"),
        (r"(?s)(\[keys?\]\(glossary.md#key\)(.*?)) key ", r"\1 [key](glossary.md#key) ", "stands twice"),
    ],
)
def test_what_is_missing_or_too_many_is_found(copies, pattern, instead, said):
    paths, small = copies
    glossary.link(paths, small)
    text, count = re.subn(pattern, instead, paths[0].read_text(encoding="utf-8"), count=1)
    paths[0].write_text(text, encoding="utf-8")
    found = glossary.problems(paths, small)
    assert count == 1 and any(said in each for each in found), found


def test_an_entry_that_nobody_uses_and_a_wrong_first_lesson_are_found(copies):
    paths, small = copies
    glossary.link(paths, small)
    added = "\n## quasar\n<!-- linked everywhere -->\n\nA star. It is far.\n\n*First used in lesson 02.*\n"
    small.write_text(small.read_text().replace("00_start", "01_start") + added)
    found = glossary.problems(paths, small)
    assert "quasar: no lesson uses it" in found and any("the entry says" in each for each in found)


def test_the_lessons_are_linked_as_the_glossary_says():
    """Where this fails, run `python -m lib.workbook.glossary`."""
    assert glossary.problems(lessons.paths(), lessons.GLOSSARY) == []
