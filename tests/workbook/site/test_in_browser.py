"""Pages of the site opened in Chromium, from files, 360 pixels wide: console, requests, width, axe-core, Tab.

Each page is opened once, and all is asked of it then. Skipped where no Chromium is installed.
"""

import re
from typing import NamedTuple

import pytest

from tests.browser import opened, tabbed, violations

NARROW = 360
UNFOLD = "for (const each of document.querySelectorAll('details')) each.open = true"
OVERFLOW = "document.documentElement.scrollWidth"
BOXES = "[...document.querySelectorAll('pre')].filter((box) => box.scrollWidth > box.clientWidth).length"
CONTRAST = ["color-contrast", "link-in-text-block"]
START, TANAKA = "notebooks/00_start_here.html", "reference/lib.schemes.tanaka.html"
KINDS = "index.html", START, "notebooks/40_scoreboard.html", "README.html", TANAKA, "search.html"
# pages of the reference are alike: one in ten is opened; Tab goes through one lesson in three
REFERENCE = "reference/"
TABBED = re.compile(r"notebooks/\d[0369]_|(?!notebooks|reference)|" + re.escape(TANAKA))


class Look(NamedTuple):
    """What one page showed."""

    complaints: list[str]
    outside: list[str]
    width: int
    boxes: int
    violations: list[str]
    stops: tuple[int, int, list[str]] | None


@pytest.fixture(scope="module")
def base(built):
    return built.folder.resolve().as_uri() + "/"


def look(seen, base, name):
    seen.forget()
    seen.page.goto(base + name)
    seen.page.evaluate(UNFOLD)
    seen.page.evaluate("new Promise(requestAnimationFrame)")  # what follows from unfolding
    width, boxes = seen.page.evaluate(OVERFLOW), seen.page.evaluate(BOXES)
    stops = tabbed(seen.page) if TABBED.match(name) else None
    complaints, outside = [*seen.complaints], seen.requests_outside(base)
    return Look(complaints, outside, width, boxes, violations(seen.page), stops)


@pytest.fixture(scope="module")
def looks(browser, base, texts):
    with opened(browser, NARROW) as seen:
        alike = [name for name in texts if name.startswith(REFERENCE)]
        chosen = {*texts} - {*alike} | {*alike[::10], TANAKA}
        return {name: look(seen, base, name) for name in sorted(chosen)}


def test_no_page_complains_or_asks_for_anything_outside(looks):
    assert {name: each.complaints for name, each in looks.items() if each.complaints} == {}
    assert {name: each.outside for name, each in looks.items() if each.outside} == {}


def test_no_page_is_wider_than_a_small_screen(looks):
    assert {name: each.width for name, each in looks.items() if each.width > NARROW} == {}
    assert sum(each.boxes for each in looks.values()) > 100, "wide code scrolls in its box"


def test_tab_comes_to_everything_and_one_sees_where_one_is(looks):
    tried = {name: each.stops for name, each in looks.items() if each.stops}
    assert {name: (there, came) for name, (there, came, _) in tried.items() if there != came} == {}
    assert {name: unseen for name, (_, _, unseen) in tried.items() if unseen} == {}
    assert sum(there for there, _, _ in tried.values()) > 1000


def test_axe_finds_nothing_serious(looks):
    assert {name: each.violations for name, each in looks.items() if each.violations} == {}


def test_colours_have_contrast_in_the_dark(browser, base):
    with opened(browser, color_scheme="dark") as seen:
        for name in KINDS:
            seen.page.goto(base + name)
            seen.page.evaluate(UNFOLD)
            assert violations(seen.page, CONTRAST) == [], name
            assert seen.page.get_attribute("html", "data-theme") == "dark"


def test_the_search_finds_a_word_and_leads_to_it_by_keyboard_alone(browser, base):
    from playwright.sync_api import expect

    with opened(browser) as seen:
        page, results = seen.page, seen.page.locator("#search-results li a")
        page.goto(base + TANAKA)
        page.keyboard.press("Control+k")
        expect(page.locator("dialog input[name=q]")).to_be_focused()
        page.keyboard.type("HOSPITAL wants")
        page.keyboard.press("Enter")
        expect(page.locator("#search-results .search-summary")).to_contain_text("finished")
        expect(results.and_(page.locator(f"[href*='{START}']")).first).to_be_visible()
        results.and_(page.locator(f"[href*='{START}']")).first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("article")).to_contain_text("A hospital wants to train a network")
        page.goto(base + "search.html?q=%3Cimg%20src%3Dx%3E")
        expect(page.locator("#search-results .search-summary")).to_contain_text("did not match")
        assert page.query_selector("article img") is None
        page.goto(base + "search.html?q=lib.attacks.one_ciphertext.jigsaw")
        expect(results.first).to_have_attribute(
            "href", re.compile(r"lib\.attacks\.one_ciphertext\.jigsaw\.html")
        )
        assert not seen.complaints and not seen.requests_outside(base)


def test_solutions_are_folded_until_opened_by_keyboard(browser, base):
    with opened(browser) as seen:
        seen.page.goto(base + START)
        solution = seen.page.locator("details.hide").first
        assert not solution.locator("pre").first.is_visible()
        solution.locator("summary").focus()
        seen.page.keyboard.press("Enter")
        assert solution.locator("pre").first.is_visible() and "255 - v if flag" in solution.inner_text()


FAULTY = """<!DOCTYPE html><html><head><title>t</title>
<style>a { outline: none !important } p { color: #bbb }</style>
<script>console.error("broken")</script></head>
<body><p>pale</p><img src="{other}x.png"><a href="#a">no outline</a>
<button tabindex="-1">cannot be reached</button><div style="width: 500px">wide</div></body></html>"""


def test_a_faulty_page_is_found_out(browser, base, tmp_path):
    (tmp_path / "faulty.html").write_text(FAULTY.replace("{other}", (tmp_path / "elsewhere").as_uri()))
    with opened(browser, NARROW) as seen:
        seen.page.goto((tmp_path / "faulty.html").as_uri())
        there, came, unseen = tabbed(seen.page)
        found = " ".join(violations(seen.page))
        assert there == 2 and came == 1 and "no outline" in unseen[0]
        assert all(rule in found for rule in ("image-alt", "color-contrast", "html-has-lang"))
        assert "broken" in seen.complaints and any("not loaded" in each for each in seen.complaints)
        assert len(seen.requests_outside(base)) == 2 and seen.page.evaluate(OVERFLOW) > NARROW
