"""The site, built once, and its pages as lists of tags."""

from html.parser import HTMLParser

import pytest

from lib.workbook.site.build import build


class Tags(HTMLParser):
    """A page's tags with their attributes, in order, and its text outside of code."""

    def __init__(self):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.prose, self._code = "", 0

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._code += tag in ("pre", "code")

    def handle_endtag(self, tag):
        self._code -= tag in ("pre", "code")

    def handle_data(self, data):
        self.prose += data if not self._code else ""

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def parsed(text: str) -> Tags:
    parser = Tags()
    parser.feed(text)
    return parser


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("build") / "site")


@pytest.fixture(scope="session")
def texts(built) -> dict[str, str]:
    """{page: HTML}."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(built.folder.glob("*.html"))}


@pytest.fixture(scope="session")
def pages(texts) -> dict[str, Tags]:
    return {name: parsed(text) for name, text in texts.items()}
