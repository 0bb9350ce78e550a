"""Markdown as HTML: as Jupyter shows it, with links and code spans led to pages of the site.

A link to a lesson, a module or a document leads to its page; to another file of the repository, to a copy of
it; and what leads nowhere becomes plain text, which `Links.lost` lists.
"""

import html
import re
from pathlib import Path

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from lib.workbook.site.docstrings import Names

OUTSIDE = re.compile(r"^(https?|mailto):")


class Links:
    """Where links of the repository's texts lead on the site.

    pages    {file in the repository: page}
    copies   {file in the repository: its place on the site}, filled as links ask for them
    lost     (text's folder, target) of each link that leads nowhere
    """

    def __init__(self, root: Path, pages: dict[Path, str]):
        self.root, self.pages = root.resolve(), {path.resolve(): page for path, page in pages.items()}
        self.copies: dict[Path, str] = {}
        self.lost: list[tuple[str, str]] = []

    def target(self, link: str, folder: Path) -> str | None:
        """The new target of a link in a text that lies in `folder`; None where there is nothing."""
        if OUTSIDE.match(link) or link.startswith("#"):
            return link
        name, _, anchor = link.partition("#")
        path = (folder / name).resolve()
        if path in self.pages:
            return self.pages[path] + (f"#{anchor}" if anchor else "")
        if path.is_file() and path.is_relative_to(self.root):
            return self.copies.setdefault(path, f"files/{path.relative_to(self.root).as_posix()}")
        self.lost.append((folder.name, link))
        return None


class Renderer(IPythonRenderer):
    """Renders the texts of one page; the headings' anchors are its own."""

    def __init__(self, names: Names, links: Links, folder: Path, aliases: dict[str, str]):
        super().__init__(escape=False, exclude_anchor_links=True)
        self.names, self.links, self.folder, self.aliases = names, links, folder, aliases
        self.anchors: set[str] = set()

    def heading(self, text: str, level: int, **attrs) -> str:
        """A heading with an anchor made of its words, as GitHub makes them."""
        anchor = slug(text, self.anchors)
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def codespan(self, text: str) -> str:
        """A code span; a link where it names something in the reference."""
        return code(text, self.names, self.aliases)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """A link; its text where it leads nowhere. A link's code spans are no links of their own."""
        text = re.sub(r"</?a\b[^>]*>", "", text)
        target = self.links.target(url, self.folder)
        return text if target is None else super().link(text, target, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture of the repository, copied."""
        return super().image(text, self.links.target(url, self.folder) or url, title)

    def table(self, text: str) -> str:
        """A table in a box that scrolls."""
        return f'<div class="scroll"><table>\n{text}</table></div>\n'

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        """A cell; a heading says that it heads a column."""
        tag, scope = ("th", ' scope="col"') if head else ("td", "")
        style = f' style="text-align:{align}"' if align else ""
        return f"<{tag}{scope}{style}>{text}</{tag}>\n"

    def render(self, source: str) -> str:
        """Markdown as HTML."""
        return MarkdownWithMath(renderer=self).render(source)


def slug(text: str, taken: set[str]) -> str:
    """An anchor for a heading given as HTML, other than those `taken`, which it joins.

    >>> slug("What it <em>is</em>: a table!", set())
    'what-it-is-a-table'
    """
    plain = html.unescape(re.sub(r"<[^>]*>", "", text)).lower()
    base = re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-") or "section"
    anchor, number = base, 0
    while anchor in taken:
        number += 1
        anchor = f"{base}-{number}"
    taken.add(anchor)
    return anchor


def code(text: str, names: Names, aliases: dict[str, str]) -> str:
    """A code span as HTML."""
    span = f"<code>{html.escape(text, quote=False)}</code>"
    url = names.url_of_span(text, aliases)
    return f'<a href="{html.escape(url)}">{span}</a>' if url else span
