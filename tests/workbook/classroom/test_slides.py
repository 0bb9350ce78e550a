"""Slides of the short path: what the rule says is on them, and no page asks anything of a network."""

import re
from html.parser import HTMLParser

import pytest

from lib.workbook.classroom import slides
from lib.workbook.classroom.plans import PLANS
from lib.workbook.lessons import paths
from lib.workbook.notebooks import stored, tags
from tests.browser import opened
from tests.workbook.classroom.test_editions import solutions, squeezed

SHORT = {number: upto or 99 for number, upto in PLANS["short"]}
PATH = [path for path in paths() if path.name[:2] in SHORT]
LESSONS = pytest.mark.parametrize("path", PATH, ids=lambda path: path.stem)
ASKING = {"src", "href", "srcset", "data", "poster", "action", "xlink:href", "data-src", "data-background"}


class Page(HTMLParser):
    """A page's requests, as attributes and styles make them; its pictures; its words."""

    def __init__(self, text):
        super().__init__()
        self.requests, self.images, self.words, self.inside = [], [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        named = dict(attributes)
        self.images += [named] if tag == "img" else []
        asked = [value or "" for name, value in attributes if name in ASKING]
        self.requests += [value for value in asked if not value.startswith(("data:", "#"))]
        self.requests += outside(named.get("style") or "")

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "style":
            self.requests += outside(data)
        elif self.inside == "script":
            self.requests += re.findall(
                r"""(?:import|fetch|require|load)\w*\(?\s*\[?\s*['"](\w+:)?//[^'"]+""", data
            )
        else:
            self.words += data


def outside(style):
    """What a style would fetch."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    return re.findall(r"@import[^;]+", style) + re.findall(r"url\(\s*['\"]?(?!data:)[^)]*", style)


def plain(text):
    """Words without marks of Markdown and blanks."""
    return re.sub(r"[\W_]+", "", re.sub(r"<[^>]+>", "", text))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slides")
    slides.write_all(paths(), folder)
    return folder


@pytest.fixture(scope="module")
def pages(folder):
    return {file.stem: Page(file.read_text(encoding="utf-8")) for file in folder.iterdir()}


def test_there_is_a_page_for_each_lesson_of_the_short_path_and_for_no_other(pages):
    assert set(pages) == {path.stem for path in PATH} and len(PATH) == len(SHORT)


@LESSONS
def test_no_page_asks_anything_of_a_network(path, pages):
    assert pages[path.stem].requests == []


def test_the_search_for_requests_finds_those_of_nbconverts_own_template(lesson):
    from nbconvert import SlidesExporter

    found = Page(SlidesExporter().from_notebook_node(slides.deck(stored(lesson), 99))[0]).requests
    assert any("reveal.css" in each for each in found) and any("mathjax" in each.lower() for each in found)
    assert outside("a { background: url(b.png) } @import 'c.css';") == ["@import 'c.css'", "url(b.png"]
    assert outside("a { background: url(data:image/png;base64,) }") == []


@LESSONS
def test_headings_predictions_verdict_and_pictures_are_on_slides(path, pages):
    page, notebook = pages[path.stem], stored(path)
    texts = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = [h for h in re.findall(r"^##? (.+)$", texts, re.M) if not h.startswith("Sources")]
    for part in [*headings, *re.findall(r"\*\*Predict\b.+", texts), *re.findall(r"\*\*Verdict.+", texts)]:
        assert plain(slides.LINK.sub(r"\1", part)) in plain(page.words), part
    outputs = [o for c in notebook.cells if "solution" not in tags(c) for o in c.get("outputs", [])]
    shown = [o.data["image/png"] for o in outputs if "image/png" in o.get("data", {})]
    assert [image["src"].split(",")[1] for image in page.images] == ["".join(png.split()) for png in shown]
    assert all(len(image["alt"]) >= 20 for image in page.images)


@LESSONS
def test_the_exercises_of_the_plan_are_on_slides_and_no_solution(path, pages):
    words, upto = plain(pages[path.stem].words), SHORT[path.name[:2]]
    for cell in stored(path).cells:
        for number, name in re.findall(r"^### (Exercise \d+)\. (.+)$", cell.source, re.M):
            assert (plain(f"{number}. {name}") in words) == (int(number.split()[1]) <= upto)
    for name, solution in solutions(path).items():
        assert squeezed(solution) not in squeezed(pages[path.stem].words), name


def test_the_rule_on_a_text_cell():
    text = (
        "## A section\nFirst. Second! Third.\n\nLeft out.\n\nAsk. **Predict.** What?\n\n"
        "<details><summary>Answer</summary>\n\nThat.</details>\n\n<details><summary>Hint</summary>no</details>\n\n"
        "### Exercise 1. One\n★☆☆, 5 minutes. Do [it](there.md).\n\n### Exercise 2. Two\n★☆☆, 5 minutes.\n\n"
        "## List\n\n- a\n- b\n\n## Sources\n\n- nothing"
    )
    assert list(slides.texts(text, 1)) == [
        ("slide", "## A section"),
        ("-", "First. Second!"),
        ("subslide", "**Predict.** What?\n\n<details><summary>Answer</summary>\n\nThat.</details>"),
        ("subslide", "### Exercise 1. One"),
        ("-", "★☆☆, 5 minutes. Do it."),
        ("slide", "## List"),
        ("-", "- a\n- b"),
    ]


def test_the_rule_on_what_a_cell_shows():
    def cell(*outputs, kind="none"):
        return type("Cell", (dict,), {"outputs": list(outputs)})(metadata={"tags": [kind]})

    picture = {"output_type": "display_data", "data": {"image/png": "", "text/plain": "x"}}
    few, many = ({"output_type": "stream", "name": "stdout", "text": "line\n" * count} for count in (3, 30))
    assert slides.shown(cell(picture, few, many), False) == [picture, few]
    assert slides.shown(cell(few), False) == [] and slides.shown(cell(few), True) == [few]
    assert slides.shown(cell(many), True) == [] and slides.shown(cell(picture, kind="solution"), True) == []


def test_a_page_that_is_made_again_is_the_same(pages, folder, tmp_path):
    slides.write_all(PATH[:1], tmp_path)
    name = f"{PATH[0].stem}.html"
    assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_in_a_browser_every_page_is_a_deck_that_loads_nothing(browser, folder):
    for file in sorted(folder.iterdir()):
        with opened(browser) as seen:
            seen.page.goto(file.as_uri())
            seen.page.wait_for_function("window.Reveal && Reveal.isReady()")
            count = seen.page.evaluate("Reveal.getTotalSlides()")
            for _ in range(count):
                seen.page.evaluate("Reveal.next()")
            assert count >= 15 and seen.page.evaluate("Reveal.isLastSlide()")
            assert not seen.complaints and not seen.requests_outside(file.as_uri())
