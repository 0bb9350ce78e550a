"""The pages of the site, each a title and a main part: lessons, documents, reference, contents, search."""

import json
import re
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader

from lib.workbook import lessons
from lib.workbook.notebooks import stored
from lib.workbook.site import docstrings, notebook, reference
from lib.workbook.site.markdown import Links, Renderer

NAME = "Learnable image encryption: a workbook"
DOCUMENTS = {"README.md": "How to run it", "data/README.md": "The data", "notebooks/glossary.md": "Glossary"}
PARTS = {"0": "Schemes", "1": "Training on ciphertexts", "2": "Attacks", "3": "Neighbours", "4": "Verdict"}
TEMPLATES = Environment(loader=FileSystemLoader(notebook.TEMPLATE), autoescape=True)


class Page(NamedTuple):
    """A page's title and main part; `before` and `after` are the lessons beside it, (url, title)."""

    title: str
    main: str
    before: tuple[str, str] | None = None
    after: tuple[str, str] | None = None


class Lesson(NamedTuple):
    """A lesson: its file, notebook, number, title, page, and the seconds that it was measured to run, or
    None."""

    path: Path
    notebook: object
    number: str
    title: str
    url: str
    seconds: float | None


class Site:
    """All that the pages are made of. `instead`: {lesson: a notebook to show in its place}.

    documents   {page: title} of the texts that are pages
    links       where the texts' links lead, once the pages are made
    """

    def __init__(self, instead: dict[Path, Path]):
        seconds = json.loads(lessons.MINUTES.read_text(encoding="utf-8"))
        self.lessons = [_lesson(path, instead.get(path, path), seconds) for path in lessons.paths()]
        self.modules = docstrings.modules(lessons.ROOT / "lib")
        self.names = docstrings.Names(self.modules)
        texts = {
            lessons.ROOT / name: name.replace("/", ".").removesuffix(".md") + ".html" for name in DOCUMENTS
        }
        self._texts = {path: url for path, url in texts.items() if path.exists()}
        self.documents = {
            url: DOCUMENTS[path.relative_to(lessons.ROOT).as_posix()] for path, url in self._texts.items()
        }
        sources = {_source(name): module.url for name, module in self.modules.items()}
        notebooks = {lesson.path: lesson.url for lesson in self.lessons}
        self.links = Links(lessons.ROOT, self._texts | sources | notebooks)
        self._uses = {lesson.url: notebook.used(lesson.notebook, self.names) for lesson in self.lessons}

    def pages(self) -> tuple[dict[str, Page], dict[str, bytes]]:
        """{url: page}, and {path below the site: PNG} of the lessons' pictures."""
        pages, pictures = {}, {}
        for place, lesson in enumerate(self.lessons):
            main, shown = self._main(lesson)
            pictures |= shown
            before = self.lessons[place - 1] if place else None
            after = self.lessons[place + 1] if place + 1 < len(self.lessons) else None
            pages[lesson.url] = Page(
                _titled(lesson), main, *(other and (other.url, _titled(other)) for other in (before, after))
            )
        return pages | self._of_texts() | self._reference() | self._contents(), pictures

    def _main(self, lesson):
        render = self._renderer(lesson.path.parent, notebook.aliases(lesson.notebook))
        body, pictures = notebook.render(lesson.notebook, lesson.path.stem, render)
        head, end, rest = body.partition("</h1>")
        used = [(name, self.names.url(name)) for name in self._uses[lesson.url]]
        told = {"measured": runs_in(lesson.seconds), "used": used, "parts": sections(rest)}
        return _filled("lesson", head=head + end, body=rest, **told), pictures

    def _renderer(self, folder, aliases):
        return Renderer(self.names, self.links, folder, aliases).render

    def _of_texts(self):
        return {
            url: Page(self.documents[url], self._renderer(path.parent, {})(path.read_text(encoding="utf-8")))
            for path, url in self._texts.items()
        }

    def _reference(self):
        users: dict[str, list[tuple[str, str]]] = {}
        for lesson in self.lessons:
            for name in self._uses[lesson.url]:
                users.setdefault(name, []).append((lesson.url, lesson.number))
        pages = {
            module.url: Page(name, reference.page(module, self.names, users))
            for name, module in self.modules.items()
        }
        main = _filled("reference", overview=reference.overview(self.modules, self.names))
        return pages | {"reference.html": Page("Reference", main)}

    def _contents(self):
        parts = [
            (name, [each for each in self.lessons if each.number[0] == tens]) for tens, name in PARTS.items()
        ]
        told = {"parts": [part for part in parts if part[1]], "name": NAME, "documents": self.documents}
        return {
            "index.html": Page(NAME, _filled("index", **told)),
            "search.html": Page("Search", _filled("search")),
        }

    def whole(self, url: str, page: Page) -> str:
        """A page with head, navigation and foot."""
        return _filled("page", page=page, url=url, name=NAME, documents=self.documents)


def _lesson(path, shown, seconds):
    read = stored(shown)
    return Lesson(path, read, path.name[:2], lessons.title(path), f"{path.stem}.html", seconds.get(path.stem))


def _titled(lesson):
    return f"{lesson.number}. {lesson.title}"


def _source(name):
    path = lessons.ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _filled(template, **values):
    return TEMPLATES.get_template(f"{template}.html.j2").render(values)


def runs_in(seconds: float | None) -> str:
    """What a lesson takes to run, in words.

    >>> runs_in(15.4), runs_in(None)
    ('Runs in 0.3 minutes (15 s, measured).', 'Its minutes are not measured yet.')
    """
    if seconds is None:
        return "Its minutes are not measured yet."
    return f"Runs in {seconds / 60:.1f} minutes ({seconds:.0f} s, measured)."


def sections(body: str) -> list[tuple[str, str]]:
    """(anchor, HTML without links) of a page's headings of the second level.

    >>> sections('<h2 id="a">A <a href="b"><code>b</code></a></h2>')
    [('a', 'A <code>b</code>')]
    """
    found = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', body)
    return [(anchor, re.sub(r"</?a\b[^>]*>", "", text)) for anchor, text in found]
