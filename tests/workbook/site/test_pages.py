"""The site's pages as files: links, pictures, texts, nothing of a network. `test_in_browser.py` opens
them."""

import html
import itertools
import json
import re

import nbformat
import pytest

from lib.workbook import glossary, lessons
from lib.workbook.site import search
from lib.workbook.site.build import build
from lib.workbook.site.docstrings import Names, module
from lib.workbook.site.markdown import Links, Renderer
from lib.workbook.site.notebook import SHOWN
from lib.workbook.site.pages import runs_in

TAG = re.compile(r"<[^>]+>")


def plain(text):
    return " ".join(html.unescape(TAG.sub("", text)).split())


def notebook(path):
    return nbformat.read(path, as_version=4)


def outputs(path):
    return [output for cell in notebook(path).cells if cell.cell_type == "code" for output in cell.outputs]


def test_there_is_a_page_for_each_lesson_each_public_module_and_the_search(texts, built):
    assert built.pages == len(texts) and built.lost == []
    assert {f"{path.stem}.html" for path in lessons.paths()} <= set(texts)
    assert {
        "index.html",
        "reference.html",
        "search.html",
        "README.html",
        "lib.html",
        "lib.schemes.tanaka.html",
    } <= set(texts)
    assert not any("__main__" in name or "lesson_" in name for name in texts)


def test_every_internal_link_and_anchor_leads_somewhere(pages, built):
    links = 0
    anchors = {name: {given["id"] for _, given in page.tags if "id" in given} for name, page in pages.items()}
    for name, page in pages.items():
        for link in page.all("a"):
            target, _, anchor = link["href"].partition("#")
            if re.match(r"https?:", target):
                continue
            links += 1
            assert not target or (built.folder / target).is_file(), f"{name}: {link['href']}"
            assert not anchor or anchor in anchors[target or name], f"{name}: {link['href']}"
    assert links > 2000


def test_the_glossary_is_a_page_with_an_anchor_for_each_entry(pages):
    anchors = [given["id"] for tag, given in pages["notebooks.glossary.html"].tags if tag == "h2"]
    assert anchors == [entry.anchor for entry in glossary.entries().values()]
    contents = pages["index.html"].all("a")
    assert sum(link["href"] == "notebooks.glossary.html" for link in contents) == 2  # in head and text


def test_every_lesson_is_linked_from_the_contents_and_from_its_neighbours(pages):
    names = [f"{path.stem}.html" for path in lessons.paths()]
    contents = [link["href"] for link in pages["index.html"].all("a")]
    assert list(dict.fromkeys(name for name in contents if name in names)) == names
    for name, after in itertools.pairwise(names):
        assert [link["href"] for link in pages[name].all("a") if link.get("rel") == "next"] == [after]
        assert [link["href"] for link in pages[after].all("a") if link.get("rel") == "prev"] == [name]


def test_pictures_are_those_of_the_lessons_with_their_alternatives(pages, built):
    for path in lessons.paths():
        stored = [output for output in outputs(path) if "image/png" in output.get("data", {})]
        shown = pages[f"{path.stem}.html"].all("img")
        assert [image["alt"] for image in shown] == [
            output.metadata["image/png"]["alt"] for output in stored
        ], path.stem
        assert all((built.folder / image["src"]).stat().st_size > 100 for image in shown)
    for name, page in pages.items():
        assert all(len(image.get("alt", "")) >= 20 for image in page.all("img")), name


def test_nothing_is_loaded_from_elsewhere(pages, built):
    for name, page in pages.items():
        loaded = [
            given.get("src") or given.get("href", "")
            for given in page.all("script", "link", "img", "iframe", "source")
        ]
        assert not [address for address in loaded if re.match(r"(https?:)?//", address)], name
    for path in [*built.folder.glob("*.css"), *built.folder.glob("si*.js"), built.folder / "search.js"]:
        assert not re.search(
            r"https?:|@import|url\(|fetch|XMLHttpRequest", path.read_text(encoding="utf-8")
        ), path.name


def test_each_page_has_one_title_and_headings_in_order(texts, pages):
    assert len({re.search("<title>(.*?)</title>", text)[1] for text in texts.values()}) == len(texts)
    for name, page in pages.items():
        assert page.tags[0] == ("html", {"lang": "en"})
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), f"{name}: {levels}"
        anchors = [given["id"] for _, given in page.tags if "id" in given]
        assert len(anchors) == len(set(anchors)), name


def test_columns_of_tables_are_headed(pages):
    tables = 0
    for name, page in pages.items():
        tables += len(page.all("table"))
        assert all(given.get("scope") in ("col", "row") for given in page.all("th")), name
    assert tables > 100


def test_each_lesson_says_its_measured_minutes(texts):
    seconds = json.loads(lessons.MINUTES.read_text(encoding="utf-8"))
    for path in lessons.paths():
        assert f">{runs_in(seconds.get(path.stem))}</p>" in texts[f"{path.stem}.html"]
    assert runs_in(86.0) == "Runs in 1.4 minutes (86 s, measured)."


def test_what_a_lesson_printed_stands_on_its_page_and_solutions_are_folded(texts):
    folded = 0
    for path in lessons.paths():
        page = texts[f"{path.stem}.html"]
        text = plain(page)
        for output in outputs(path):
            assert " ".join(output.get("text", "").split()) in text, path.stem
            assert output.output_type in ("stream", "error") or set(SHOWN) & set(output.data), path.stem
            if "text/html" in output.get("data", {}):
                assert plain(output.data["text/html"]) in text, path.stem
        outside = plain(re.sub(r'<details class="solution">.*?</details>', "", page, flags=re.S))
        for cell in notebook(path).cells:
            if "solution" in cell.metadata.get("tags", []):
                solution = " ".join(re.sub(r" *### (BEGIN|END) SOLUTION", "", cell.source).split())
                assert solution in text and solution not in outside, path.stem
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
    lesson = {link["href"] for link in pages["02_tanaka.html"].all("a")}
    assert "lib.schemes.tanaka.html#Tanaka" in lesson
    reference = {link["href"] for link in pages["lib.schemes.tanaka.html"].all("a")}
    assert {"02_tanaka.html", "lib.schemes.base.html#BlockScheme"} <= reference
    for path in lessons.paths():
        assert [link for link in pages[f"{path.stem}.html"].all("a") if link["href"].startswith("lib.")], (
            path.stem
        )


def test_the_reference_has_what_docstrings_say_of_shapes_and_errors(texts):
    jigsaw = plain(texts["lib.attacks.one_ciphertext.jigsaw.html"])
    assert "Put EtC ciphertexts (n, h, w, 3) uint8 with one key together" in jigsaw
    assert "Errors: ValueError for sizes that do not fit the block" in jigsaw
    assert (
        "<dt><code>tries</code></dt><dd>how often parts are laid again at most</dd>"
        in texts["lib.attacks.one_ciphertext.jigsaw.html"]
    )


def test_the_search_index_has_every_page_and_leads_to_anchors_that_exist(built, pages):
    text = (built.folder / "search-index.js").read_text(encoding="utf-8")
    records = json.loads(text.removeprefix("const SEARCH_INDEX = ").removesuffix(";\n"))
    anchors = {(name, given["id"]) for name, page in pages.items() for _, given in page.tags if "id" in given}
    assert {tuple(record[0].split("#")) for record in records} <= anchors
    assert {record[0].split("#")[0] for record in records} == set(pages) - {"search.html"}
    assert any("hospital" in record[3] for record in records if record[0].startswith("00_"))


def test_some_lessons_alone_make_a_site_and_one_just_run_is_shown_as_it_ran(tmp_path, monkeypatch):
    first, second = lessons.paths()[:2]
    monkeypatch.setattr(lessons, "paths", lambda: [first, second])
    changed = notebook(first)
    changed.cells[0].source += "\n\nJust run; see [01](01_keys_and_tables.ipynb), [99](99_none.ipynb)."
    nbformat.write(changed, tmp_path / "run.ipynb")
    built = build(tmp_path / "site", instead={first: tmp_path / "run.ipynb"})
    page = (built.folder / f"{first.stem}.html").read_text(encoding="utf-8")
    assert 'Just run; see <a href="01_keys_and_tables.html">01</a>, 99.' in page, (
        "what is not there is not linked"
    )
    assert built.lost == [("notebooks", "99_none.ipynb")] and not (built.folder / "02_tanaka.html").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


# -- parts ---------------------------------------------------------------------------------------------------

BASE = module("lib.base", 'class Scheme:\n    "S"\n    def encrypt(self, x): "E"\n')
OTHER = module(
    "lib.other",
    '''from lib.base import Scheme

LIMIT = 3
"""How many."""
HIDDEN = 4


class LE(Scheme):
    """LE."""
    def __init__(self, key, block: int = 4): ...

    @property
    def bits(self) -> int: 'B'

    def _own(self): ...


def _private(): ...


def read(x, *, y=1) -> int:
    'R'
''',
)
PACKAGE = module("lib", "from lib.other import LE, read as reads\n")
NAMES = Names({each.name: each for each in (PACKAGE, BASE, OTHER)})


def test_what_is_public_is_read_from_the_source():
    assert [(entry.name, entry.kind, entry.signature) for entry in OTHER.entries] == [
        ("LIMIT", "value", "LIMIT"),
        ("LE", "class", "LE(key, block: int=4)"),
        ("read", "function", "read(x, *, y=1) -> int"),
    ]
    assert [(member.name, member.kind) for member in OTHER.entries[1].members] == [("bits", "property")]


@pytest.mark.parametrize(
    "span, url",
    [
        ("lib.other", "lib.other.html"),
        ("lib/other.py", "lib.other.html"),
        ("lib.LE", "lib.other.html#LE"),
        ("lib.reads", "lib.other.html#read"),
        ("LE(key)", "lib.other.html#LE"),
        ("LE.bits", "lib.other.html#LE.bits"),
        ("LE.encrypt", "lib.base.html#Scheme.encrypt"),
        ("mine(x)", "lib.other.html#read"),
        ("read", None),
        ("LE.nothing", None),
        ("lib.nothing", None),
        ("order[i]", None),
        ("x + LE", None),
    ],
)
def test_code_spans_lead_to_what_they_name(span, url):
    assert NAMES.url_of_span(span, {"mine": "lib.other.read"}) == url


def test_links_lead_to_pages_copies_or_become_text(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("notebooks/01_a.ipynb", "data.json", "secret.txt"):
        (tmp_path / name).write_text("x")
    links = Links(tmp_path, {tmp_path / "notebooks/01_a.ipynb": "01_a.html"})
    text = "[a](01_a.ipynb#b) [d](../data.json) [gone](02_b.ipynb) [out](../../etc/passwd) "
    text += "[w](https://a.org) `LE`\n\n## B c\n\n## B c"
    shown = Renderer(NAMES, links, tmp_path / "notebooks", {}).render(text)
    assert re.findall(r'href="([^"]+)"', shown) == [
        "01_a.html#b",
        "files/data.json",
        "https://a.org",
        "lib.other.html#LE",
    ]
    assert "gone out" in plain(shown) and links.lost == [
        ("notebooks", "02_b.ipynb"),
        ("notebooks", "../../etc/passwd"),
    ]
    assert list(links.copies.values()) == ["files/data.json"]
    assert re.findall(r'<h2 id="([^"]+)">', shown) == ["b-c", "b-c-1"]


def test_the_search_leaves_out_code_and_navigation_and_keeps_alternatives():
    page = '<main><h1 id="a">A</h1><nav><h2 id="n">N</h2>links</nav>Text<pre>code</pre>'
    page += '<img alt="a cat"></main><p>foot</p>'
    assert search.sections(page) == [("a", "A", "Text a cat")]
