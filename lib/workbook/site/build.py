"""Writes the site: all pages in one folder, pictures and copies of files beside them, and what they share."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from lib.workbook import lessons
from lib.workbook.site import notebook, search
from lib.workbook.site.pages import Site

FOLDER = lessons.BUILD / "site"
SHARED = "style.css", "site.js", "search.js"
UNLISTED = "search.html"


class Built(NamedTuple):
    """Where the site lies, how many pages it has, and the links that led nowhere: (folder of the text,
    target)."""

    folder: Path
    pages: int
    lost: list[tuple[str, str]]


def build(folder: Path = FOLDER, instead: dict[Path, Path] | None = None) -> Built:
    """Write the site into `folder`, whole: what was there before is replaced once all is written.

    instead   {lesson: a notebook to show in its place}, such as one that has just been run
    """
    site = Site(instead or {})
    pages, pictures = site.pages()
    texts = {url: site.whole(url, page) for url, page in pages.items()}
    index = search.script({url: (pages[url].title, text) for url, text in texts.items() if url != UNLISTED})
    written = {name: text.encode() for name, text in (texts | {"search-index.js": index}).items()}
    copied = {notebook.TEMPLATE / name: name for name in SHARED} | site.links.copies
    _replace(folder, written | pictures | {name: source.read_bytes() for source, name in copied.items()})
    return Built(folder, len(pages), site.links.lost)


def _replace(folder, files):
    """Make `folder` hold these files and nothing else: {path below it: content}."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".site-") as temporary:
        new = Path(temporary) / "site"
        for name, content in files.items():
            target = new / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
