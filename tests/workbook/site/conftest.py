"""The site, built once, and its pages as lists of tags."""

from html.parser import HTMLParser

import pytest

from lib.workbook.site.build import build


class Tags(HTMLParser):
    """A page's tags with their attributes, in order, those inside `main` apart, and its text there outside of
    code."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.main: list[tuple[str, dict]] = []
        self.prose, self._code, self._main = "", 0, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self._main |= tag == "article"
        self.tags.append((tag, dict(attributes)))
        self.main += [self.tags[-1]] if self._main else []
        self._code += tag in ("pre", "code", "dt")

    def handle_endtag(self, tag):
        self._main &= tag != "article"
        self._code -= tag in ("pre", "code", "dt")

    def handle_data(self, data):
        self.prose += data if self._main and not self._code else ""

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]

    def shown(self, *names):
        return [attributes for tag, attributes in self.main if tag in names]


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("build") / "site")


@pytest.fixture(scope="session")
def texts(built) -> dict[str, str]:
    """{page: HTML}."""
    found = {path.relative_to(built.folder).as_posix(): path for path in built.folder.rglob("*.html")}
    found = {name: path for name, path in found.items() if not name.startswith("_")}
    return {name: found[name].read_text(encoding="utf-8") for name in sorted(found)}


@pytest.fixture(scope="session")
def pages(texts) -> dict[str, Tags]:
    return {name: Tags(text) for name, text in texts.items()}
