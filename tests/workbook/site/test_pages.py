"""The site's pages as files: links, pictures, texts, nothing of a network. `test_in_browser.py` opens
them."""

import html
import itertools
import json
import posixpath
import re
from types import SimpleNamespace

import nbformat
import pytest

from lib.workbook import glossary, lessons
from lib.workbook.classroom.plans import PLANS
from lib.workbook.site import build, conf

TAG = re.compile(r"<[^>]+>")
NAMES = {path: f"notebooks/{path.stem}.html" for path in lessons.paths()}


def plain(text):
    return " ".join(html.unescape(TAG.sub("", text)).split())


def outputs(path):
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]


def target(name, link):
    """(page or file, anchor) that a link on a page leads to, or None for one that leaves the site."""
    if re.match(r"(https?|mailto):", link):
        return None
    path, _, anchor = link.partition("#")
    path = path.partition("?")[0]
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name, anchor


def test_sphinx_complains_of_nothing(built):
    assert built.warnings == []


def test_there_is_a_page_for_each_lesson_and_each_module(texts):
    modules = [path for path in (lessons.ROOT / "lib").rglob("*.py") if path.stem != "__main__"]
    names = {".".join(path.relative_to(lessons.ROOT).with_suffix("").parts) for path in modules}
    names = {name.removesuffix(".__init__") for name in names if "lesson_" not in name}
    wanted = {f"reference/{name}.html" for name in names - {"lib.workbook.site.conf"}}
    assert wanted == {name for name in texts if name.startswith("reference/")}
    assert {"index.html", "search.html", "README.html", "notebooks/glossary.html", *NAMES.values()} <= set(
        texts
    )


def test_every_internal_link_and_anchor_leads_somewhere(pages, built):
    anchors = {name: {given["id"] for _, given in page.tags if "id" in given} for name, page in pages.items()}
    links = 0
    for name, page in pages.items():
        for link in {each["href"] for each in page.all("a") if "href" in each}:
            if found := target(name, link):
                path, anchor = found
                links += 1
                assert (built.folder / path).is_file(), f"{name}: {link}"
                assert not anchor or path not in anchors or anchor in anchors[path], f"{name}: {link}"
    assert links > 5000


def test_the_glossary_has_an_anchor_for_each_entry(pages):
    anchors = {given["id"] for _, given in pages["notebooks/glossary.html"].tags if "id" in given}
    assert {entry.anchor for entry in glossary.entries().values()} <= anchors


def test_the_first_page_has_one_picture_the_short_path_and_every_lesson_with_a_thumbnail(pages):
    page = pages["index.html"]
    linked = [found[0] for link in page.shown("a") if (found := target("index.html", link.get("href", "")))]
    names = [name for name in linked if name in NAMES.values()]
    short = [NAMES[path] for path in lessons.paths() if path.name[:2] in dict(PLANS["short"])]
    assert names[-len(NAMES) :] == list(NAMES.values()) and names[-len(NAMES) - 3 : -len(NAMES)] == short
    pictures = [image["src"] for image in page.shown("img")]
    assert "story.png" in pictures[0] and len(pictures) == 1 + len(NAMES) == len(set(pictures))


def test_lessons_lead_to_their_neighbours(pages):
    for (path, name), (_, after) in itertools.pairwise(NAMES.items()):
        nexts = [target(name, link["href"]) for link in pages[name].all("link") if link.get("rel") == "next"]
        prevs = [
            target(after, link["href"]) for link in pages[after].all("link") if link.get("rel") == "prev"
        ]
        assert nexts == [(after, "")] and prevs == [(name, "")], path.name


def test_pictures_are_those_of_the_lessons_with_their_alternatives(pages):
    for path, name in NAMES.items():
        stored = [output for output in outputs(path) if "image/png" in output.get("data", {})]
        alternatives = [output.metadata["image/png"]["alt"] for output in stored]
        assert [image["alt"] for image in pages[name].shown("img")] == alternatives, name
    for name, page in pages.items():
        assert all(len(image.get("alt", "")) >= 20 for image in page.shown("img")), name


def test_nothing_is_loaded_from_elsewhere(pages, built):
    for name, page in pages.items():
        loaded = [
            given.get("src") or given.get("href", "")
            for given in page.all("script", "link", "img", "iframe", "source")
        ]
        assert not [address for address in loaded if re.match(r"(https?:)?//", address)], name
    for path in built.folder.rglob("*.css"):
        asked = re.findall(
            r"@import[^;]*//|url\(\s*['\"]?(?!data:)(?:https?:)?//", path.read_text(encoding="utf-8")
        )
        assert not asked, path.name


def test_each_page_has_a_title_of_its_own_and_headings_in_order(texts, pages):
    assert len({re.search("<title>(.*?)</title>", text, re.S)[1] for text in texts.values()}) == len(texts)
    for name, page in pages.items():
        assert page.all("html")[0]["lang"] == "en"
        levels = [int(tag[1]) for tag, _ in page.main if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1 and levels[0] == 1, name
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), f"{name}: {levels}"


def test_each_lesson_says_its_measured_minutes_and_gives_its_notebook_as_stored(pages, texts, built):
    seconds = json.loads(lessons.MINUTES.read_text(encoding="utf-8"))
    for path, name in NAMES.items():
        assert conf.runs_in(seconds[path.stem]) in texts[name]
        files = [target(name, link["href"])[0] for link in pages[name].shown("a") if "download" in link]
        given = [file for file in files if file.endswith(path.name)]
        assert [(built.folder / file).read_bytes() for file in given] == [path.read_bytes()], name
    assert conf.runs_in(86.0) == "Runs in 1.4 minutes (86 s, measured)."


def test_what_a_lesson_printed_stands_on_its_page_and_solutions_are_folded(texts):
    folded = 0
    for path, name in NAMES.items():
        text = plain(texts[name])
        for output in outputs(path):
            assert " ".join(output.get("text", "").split()) in text, name
            if "text/html" in output.get("data", {}):
                assert plain(output.data["text/html"]) in text, name
        outside = plain(re.sub(r"<details class=\"admonition hide.*?</details>", "", texts[name], flags=re.S))
        for cell in nbformat.read(path, as_version=4).cells:
            if "solution" in cell.metadata.get("tags", []):
                solution = " ".join(re.sub(r" *### (BEGIN|END) SOLUTION", "", cell.source).split())
                assert solution in text and solution not in outside, name
                folded += 1
        assert "### BEGIN SOLUTION" not in text
    assert folded > 50


def test_prose_holds_no_marks_that_were_not_rendered(pages):
    """A backtick or TeX in a text would be shown as it is: nothing here sets mathematics, lessons write it in
    Unicode."""
    for name, page in pages.items():
        assert not (
            found := re.findall(r".{0,40}(?:`|\$[^$\n]+\$|\\\(|\\begin|(?<!\w)\*\*\w).{0,40}", page.prose)
        ), (name, found)


def test_lessons_and_reference_link_to_each_other(pages):
    tanaka = "reference/lib.schemes.tanaka.html"
    lesson = [
        target(NAMES[lessons.paths()[2]], link["href"])
        for link in pages[NAMES[lessons.paths()[2]]].shown("a")
    ]
    assert (tanaka, "lib.schemes.tanaka.Tanaka") in lesson
    reference = {found[0] for link in pages[tanaka].shown("a") if (found := target(tanaka, link["href"]))}
    assert {NAMES[lessons.paths()[2]], "reference/lib.schemes.base.html"} <= reference
    for name in NAMES.values():
        linked = [target(name, link["href"]) for link in pages[name].shown("a")]
        assert [each for each in linked if each and each[0].startswith("reference/")], name


def test_the_reference_has_what_docstrings_say_of_shapes_and_errors(texts):
    jigsaw = plain(texts["reference/lib.attacks.one_ciphertext.jigsaw.html"])
    assert "Put EtC ciphertexts (n, h, w, 3) uint8 with one key together" in jigsaw
    assert "Errors: ValueError for sizes that do not fit the block" in jigsaw
    assert re.search(r"tries\s*how often parts are laid again at most", jigsaw)


def test_a_lesson_just_run_is_shown_as_it_ran_and_a_link_to_nothing_is_said(tmp_path):
    first = lessons.paths()[0]
    changed = nbformat.read(first, as_version=4)
    changed.cells[0].source += "\n\nJust run; see [99](99_none.ipynb)."
    nbformat.write(changed, tmp_path / "run.ipynb")
    few = {
        "include_patterns": [f"notebooks/{first.name}"],
        "apidoc_modules": [],
        "root_doc": f"notebooks/{first.stem}",
    }
    made = build.build(tmp_path / "site", instead={first: tmp_path / "run.ipynb"}, **few)
    assert "Just run; see 99." in plain((made.folder / NAMES[first]).read_text(encoding="utf-8"))
    assert [warning for warning in made.warnings if "99_none.ipynb" in warning]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


# -- docstrings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "doc, wanted",
    [
        ("a, b   what it is,\n       and more", "\n`a`, `b`\n    what it is, and more"),
        ("Text of `two\nwords` and x*y.", "\nText of `two words` and x\\*y."),
        ("Text:\n- one\n- two_", "\nText:\n\n- one\n\n- two\\_"),
        ("Shows.\n>>> f(1)\n2", "\nShows.\n\n>>> f(1)\n2"),
        ("So:\n\n    x = *y", "\nSo:\n\n::\n\n    x = *y"),
        ("See arXiv:1804.00490.", "\nSee `arXiv:1804.00490 <https://arxiv.org/abs/1804.00490>`__."),
    ],
)
def test_docstrings_become_restructured_text(doc, wanted):
    lines = doc.split("\n")
    conf.docstring(None, "function", "f", None, SimpleNamespace(), lines)
    assert "\n".join(lines) == wanted
