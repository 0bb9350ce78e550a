"""A real Chromium for tests, headless: tests that ask for `browser` are skipped, with a message, where none
is installed.

    def test_a_page(browser):
        with opened(browser, width=360) as seen:
            seen.page.goto(address)
            assert not seen.complaints and not seen.requests_outside(base) and not violations(seen.page)

It is closed after each module of tests: while playwright runs, no other event loop can.
"""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

NAMES = "chromium", "chromium-browser", "google-chrome"
SERIOUS = "serious", "critical"


@pytest.fixture(scope="module")
def browser():
    """Chromium, started once a module."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.skip("no Chromium is installed, so no page is opened; on Debian: apt-get install -y chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # root has no sandbox
        chromium = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@dataclass
class Seen:
    """A page, what it wrote to the console as an error or failed to load, and the addresses that it asked
    for."""

    page: object
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def requests_outside(self, base: str) -> list[str]:
        """Addresses asked for that lie neither below `base` nor within the page."""
        return [url for url in self.requests if not url.startswith((base, "data:", "blob:"))]

    def forget(self) -> None:
        """Begin anew, for the next page."""
        self.complaints.clear()
        self.requests.clear()


@contextmanager
def opened(browser, width: int = 1280, height: int = 900, **options):
    """An empty page of that size in pixels that notes what it complains of and asks for."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    seen = Seen(context.new_page())
    seen.page.on(
        "console", lambda message: seen.complaints.append(message.text) if message.type == "error" else None
    )
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("requestfailed", lambda request: seen.complaints.append(f"not loaded: {request.url}"))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    try:
        yield seen
    finally:
        context.close()


THIN = """() => {
  const seen = {};
  for (const span of document.querySelectorAll("pre span")) {
    seen[span.className] = (seen[span.className] ?? 0) + 1;
    if (seen[span.className] > 3) span.replaceWith(...span.childNodes);
  }
}"""


def violations(page, rules: list[str] | None = None) -> list[str]:
    """What axe-core finds serious or critical, by all its rules or these alone, a line each: rule, help, the
    first element.

    Of the coloured pieces of code, three of a kind stay in the page: thousands alike would take most of the
    time.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe())
    page.evaluate(THIN)
    only = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
    found = page.evaluate(
        "options => axe.run(options)", {"resultTypes": ["violations"], "preload": False} | only
    )["violations"]
    return [
        f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]} ({len(each['nodes'])} times)"
        for each in found
        if each["impact"] in SERIOUS
    ]


def _axe() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


REACHABLE = """() => {
  const reached = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  const inside = [...document.querySelectorAll(reached)];
  return inside.filter((each) => each.checkVisibility({visibilityProperty: true}) && !each.disabled).length;
}"""
WATCH = """() => {
  window.visited = new Set();
  window.unseen = [];
  document.addEventListener("focusin", ({target}) => {
    const style = getComputedStyle(target), place = target.getBoundingClientRect();
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const inside = place.width > 0 && place.bottom > 0 && place.top < innerHeight
      && place.right > 0 && place.left < innerWidth;
    if (!outlined || !inside) unseen.push(target.outerHTML.slice(0, 100));
    visited.add(target);
  });
}"""


def tabbed(page) -> tuple[int, int, list[str]]:
    """(stops that there are, stops that Tab comes to, those where one does not see where one is), from the
    page's start."""
    expected = page.evaluate(REACHABLE)
    page.evaluate(WATCH)
    for _ in range(expected + 1):
        page.keyboard.press("Tab")
    return expected, page.evaluate("visited.size"), page.evaluate("unseen")
