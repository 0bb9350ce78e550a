"""What the search finds: one record for each section of each page."""

import json
import re
from html.parser import HTMLParser


class _Sections(HTMLParser):
    """Splits a page's main part at headings with an anchor; leaves out code, outputs and navigation, keeps
    alternatives."""

    SKIP = {"nav", "script", "style", "summary"}
    HEADINGS = {"h1", "h2", "h3"}

    def __init__(self):
        super().__init__()
        self.found: list[list[str]] = []  # anchor, heading, text
        self.depth, self.heading, self.inside = 0, False, False

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.inside |= tag == "main"
        self.depth += tag in self.SKIP
        if tag in self.HEADINGS and given.get("id") and self.inside and not self.depth:
            self.found.append([given["id"], "", ""])
            self.heading = True
        elif tag == "img" and self.found and self.inside:
            self.found[-1][2] += f" {given.get('alt', '')} "

    def handle_endtag(self, tag):
        self.depth -= tag in self.SKIP
        self.inside &= tag != "main"
        if tag in self.HEADINGS:
            self.heading = False
        if self.found and tag in ("p", "li", "td", "th", "dd", "dt", "div"):
            self.found[-1][2] += " "

    def handle_data(self, data):
        if self.inside and self.found and not self.depth:
            self.found[-1][1 if self.heading else 2] += data


def sections(page: str) -> list[tuple[str, str, str]]:
    """(anchor, heading, text) of each section of a page.

    >>> sections('<main><h1 id="a">A <code>b</code></h1><p>One.</p><pre>x</pre></main>')
    [('a', 'A b', 'One.')]
    """
    parser = _Sections()
    parser.feed(re.sub(r"<pre\b.*?</pre>", "", page, flags=re.S))
    return [
        (anchor, " ".join(heading.split()), " ".join(text.split())) for anchor, heading, text in parser.found
    ]


def script(pages: dict[str, tuple[str, str]]) -> str:
    """The index as a script that assigns a constant, so that it works from a file as well. `pages`: {url:
    (title, HTML)}."""
    records = [
        [f"{url}#{anchor}", title, heading, text]
        for url, (title, page) in pages.items()
        for anchor, heading, text in sections(page)
    ]
    return f"const SEARCH_INDEX = {json.dumps(records, ensure_ascii=False, separators=(',', ':'))};\n"
