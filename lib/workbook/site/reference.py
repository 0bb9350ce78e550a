"""Docstrings as HTML: one page for each public module."""

import html
import inspect
import re
from collections.abc import Callable

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from lib.workbook.site.docstrings import Entry, Module, Names
from lib.workbook.site.markdown import code

ITEM = re.compile(r"^( *)(\S+(?: \S+)*) {2,}(\S.*)$")
INLINE = re.compile(
    r"`([^`]+)`|\b(arXiv:\s?(\d{4}\.\d{4,5}))|(https?://[^\s),;]+[^\s),;.])|\b([A-Z]\w+(?:Error|Exception))\b|\*\*(\w[^*]*)\*\*|(?<![\w*])\*(\w[^*]*)\*(?![\w*])"
)
TERM = 34  # characters at most of what stands left in a list


def page(module: Module, names: Names, lessons: dict[str, list[tuple[str, str]]]) -> str:
    """A module's page, without head and navigation. `lessons`: {dotted name: (page, title) of the lessons
    that use it}."""
    inline = _inliner(names, module)
    parts = [
        f'<h1 id="top"><code>{module.name}</code></h1>\n',
        prose(module.doc, inline),
        _used(lessons.get(module.name)),
    ]
    if module.entries:
        links = (
            f'<li><a href="#{entry.name}"><code>{entry.name}</code></a></li>' for entry in module.entries
        )
        parts.append(f'<nav aria-label="On this page"><ul class="names">{"".join(links)}</ul></nav>\n')
    for entry in module.entries:
        parts.append(_entry(entry, entry.name, 2, inline))
        parts.append(_used(lessons.get(f"{module.name}.{entry.name}")))
        parts.append(_inherited(entry, names))
        for member in entry.members:
            above = next(filter(None, (names.url(f"{base}.{member.name}") for base in entry.bases)), None)
            told = (
                ""
                if member.doc or not above
                else f'<p>See <a href="{above}"><code>{_tail(above)}</code></a>.</p>\n'
            )
            parts.append(_entry(member, f"{entry.name}.{member.name}", 3, inline) + told)
    return "".join(parts)


def _tail(url):
    return url.rpartition("#")[2]


def _inherited(entry: Entry, names: Names) -> str:
    """What a class has from those that it is based on."""
    parts = []
    for base in entry.bases:
        found = names.find(base)
        if found and found[1]:
            own = {member.name for member in entry.members}
            links = [f"{base}.{member.name}" for member in found[1].members if member.name not in own]
            also = ", ".join(
                f'<a href="{names.url(link)}"><code>{link.rpartition(".")[2]}</code></a>' for link in links
            )
            parts.append(f"<p>Based on {code(base, names, {})}{': ' if also else ''}{also}.</p>\n")
    return "".join(parts)


def _entry(entry: Entry, anchor, level, inline):
    kind = "" if entry.kind in ("function", "method") else f'<span class="kind">{entry.kind}</span> '
    signature = (
        f'<pre class="signature">{_python(_folded(entry))}</pre>\n' if entry.signature != entry.name else ""
    )
    heading = f'<h{level} id="{anchor}">{kind}<code>{anchor}</code></h{level}>'
    return f"{heading}\n{signature}{prose(entry.doc, inline)}"


def _folded(entry):
    """A signature; an argument a line where it is long."""
    if len(entry.signature) <= 80 or "(" not in entry.signature:
        return entry.signature
    name, _, rest = entry.signature.partition("(")
    arguments, _, returns = rest.rpartition(")")
    return f"{name}(\n" + "".join(f"    {part},\n" for part in split_arguments(arguments)) + f"){returns}"


def split_arguments(text: str) -> list[str]:
    """The arguments of a signature, one by one.

    >>> split_arguments("a: dict[str, list[int]], b=(1, 2), *, c='x'")
    ['a: dict[str, list[int]]', 'b=(1, 2)', '*', "c='x'"]
    """
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _python(source, lexer="python"):
    return highlight(source, get_lexer_by_name(lexer), HtmlFormatter(nowrap=True)).rstrip("\n")


def _used(lessons):
    if not lessons:
        return ""
    links = ", ".join(f'<a href="{url}">{html.escape(title)}</a>' for url, title in lessons)
    return f'<p class="used">In lessons: {links}</p>\n'


def _inliner(names, module):
    own = {entry.name: f"{module.name}.{entry.name}" for entry in module.entries}
    siblings = {
        name.removeprefix(f"{module.name}."): name
        for name in names.modules
        if name.startswith(f"{module.name}.")
    }
    aliases = siblings | module.aliases | own
    return lambda text: inline(text, lambda span: code(span, names, aliases))


def inline(text: str, span: Callable[[str], str]) -> str:
    """Text as HTML: code spans by `span`; identifiers of papers, addresses and errors marked.

    >>> inline("`a < b`; ValueError", lambda text: f"<code>{html.escape(text)}</code>")
    '<code>a &lt; b</code>; <code>ValueError</code>'
    """
    parts, end = [], 0
    for match in INLINE.finditer(text):
        parts.append(html.escape(text[end : match.start()], quote=False))
        end = match.end()
        quoted, paper, number, address, error, strong, stressed = match.groups()
        if quoted or error:
            parts.append(span(quoted or error))
        elif strong or stressed:
            tag = "strong" if strong else "em"
            parts.append(f"<{tag}>{html.escape(strong or stressed)}</{tag}>")
        else:
            url = html.escape(f"https://arxiv.org/abs/{number}" if paper else address)
            parts.append(f'<a href="{url}">{html.escape(paper or address)}</a>')
    return "".join(parts) + html.escape(text[end:], quote=False)


def prose(doc: str, mark: Callable[[str], str]) -> str:
    """A docstring as HTML: paragraphs, lists of names with what they mean, points, examples, and what stands
    indented.

    mark   renders a line's text
    """
    return "".join(
        _block(block, mark) for block in re.split(r"\n\s*\n", inspect.cleandoc(doc)) if block.strip()
    )


def _block(block, mark):
    lines = block.split("\n")
    if lines[0].lstrip().startswith(">>>"):
        return f'<pre class="highlight">{_python(inspect.cleandoc(block), "pycon")}</pre>\n'
    start = next((i for i, line in enumerate(lines) if line.lstrip().startswith(">>>")), None)
    if start is not None:
        return _block("\n".join(lines[:start]), mark) + _block("\n".join(lines[start:]), mark)
    indented = all(line.startswith("    ") for line in lines)
    groups = _groups([line[4:] for line in lines] if indented else lines)
    if indented and any(term is None for term, _ in groups):
        return f"<pre>{html.escape(inspect.cleandoc(block), quote=False)}</pre>\n"
    return _html_of(groups, mark)


def _groups(lines) -> list[tuple[str | None, str]]:
    """(term, text) of each item of a list, (None, text) of each paragraph, ("", text) of each point."""
    groups: list[tuple[str | None, str]] = []
    column = 0  # where the texts of a list begin: a term that fills its column has one space behind it
    for line in lines:
        item = ITEM.match(line) or (column and re.match(rf"()(\S{{{column - 1}}}) (\S.*)$", line))
        if item and not item[1] and len(item[2]) <= TERM and not re.search(r"[=.;:]$|[(=].*[(=]", item[2]):
            groups.append((item[2], item[3]))
            column = item.start(3)
        elif line.startswith("- "):
            groups.append(("", line[2:]))
        elif groups and (line.startswith("  ") or groups[-1][0] is None):
            groups[-1] = (groups[-1][0], f"{groups[-1][1]} {line.strip()}")
        else:
            groups.append((None, line.strip()))
    return groups


def _html_of(groups, mark):
    parts, open_ = [], None
    for term, text in groups:
        wanted = None if term is None else "dl" if term else "ul"
        if wanted != open_:
            parts.append((f"</{open_}>\n" if open_ else "") + (f"<{wanted}>" if wanted else ""))
            open_ = wanted
        if wanted == "dl":
            parts.append(f"<dt>{_term(term, mark)}</dt><dd>{mark(text)}</dd>")
        else:
            parts.append(f"<li>{mark(text)}</li>" if wanted else f"<p>{mark(text)}</p>\n")
    return "".join(parts) + (f"</{open_}>\n" if open_ else "")


def _term(term, mark):
    return mark(term) if "`" in term else ", ".join(mark(f"`{name}`") for name in term.split(", "))


def overview(found: dict[str, Module], names: Names) -> str:
    """All modules with the first sentence of each, package by package."""
    packages: dict[str, list[str]] = {}
    for module in found.values():
        first = re.split(r"(?<=\.)\s", " ".join(module.doc.split()), maxsplit=1)[0].rstrip(":")
        text = inline(first, lambda span, module=module: code(span, names, module.aliases))
        package = module.name if _has_parts(module, found) else module.name.rpartition(".")[0]
        row = f'<dt><a href="{module.url}"><code>{module.name}</code></a></dt><dd>{text}</dd>\n'
        packages.setdefault(package, []).append(row)
    return "".join(
        f'<h2 id="{name}">{name}</h2>\n<dl>{"".join(rows)}</dl>\n' for name, rows in packages.items()
    )


def _has_parts(module, found):
    return any(name.startswith(f"{module.name}.") for name in found)
