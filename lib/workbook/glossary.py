"""The glossary of the lessons, `notebooks/glossary.md`, and the links to it in their Markdown.

`python -m lib.workbook.glossary` puts a link at the first use of each term in each lesson that is to have
one, and writes into each entry which lesson uses it first; with `--check` it only says what is missing. Links
to entries are its own: it takes all of them out and puts them in anew, so that they follow the text.
An entry is

    ## nibble
    <!-- found as: nibble, nibbles; linked everywhere -->

    Half of a byte. Two to four sentences.

    *First used in [lesson 01](01_keys_and_tables.ipynb).*

where `found as` lists the forms of the term that count as its use, if there are others than the heading. A
form in small letters is found in capitals too. `linked everywhere` means in every lesson that uses the term,
`linked where first used` in the first of them alone.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

from lib.workbook import lessons, notebooks

ENTRY = re.compile(
    r"(?P<term>\S.*)\n<!-- (found as: (?P<forms>.+); )?linked (?P<where>everywhere|where first used) -->\n\n"
    r"(?P<text>\S.+?)\n\n\*First used in (?P<first>[^\n]+)\.\*\n",
    re.S,
)
LINK = re.compile(r"\[([^\[\]]*)\]\(glossary\.md#([^)]*)\)")
SOURCES = re.compile(r"^(## |\*\*)(Sources|Read on)\b.*", re.M | re.S)
"""Titles of papers use the terms too; no link is put into them."""
PROTECTED = re.compile(
    r"^(?P<fence>```|~~~).*?^(?P=fence)|^(?: {4}|\t).*?$|^\#.*?$"  # code, headings
    r"|<details.*?</details>|<(?P<tag>code|em|i|summary)>.*?</(?P=tag)>|<[^>]+>"  # no Markdown inside of HTML
    r"|(?P<ticks>`+).+?(?P=ticks)|\$\$.+?\$\$|\$[^$\n]+\$|\\\(.+?\\\)"
    r"|!?\[[^\]]*\]\([^)]*\)|https?://\S+",
    re.M | re.S,
)


class Entry(NamedTuple):
    """An entry: its term, the anchor of its heading, all forms of the term, whether every lesson that uses it
    links it, its sentences, and which lesson uses it first, as the glossary says."""

    term: str
    anchor: str
    forms: tuple[str, ...]
    everywhere: bool
    text: str
    first: str


class Use(NamedTuple):
    """Where a lesson uses a term first: the number of the Markdown cell, and from where to where in it."""

    cell: int
    start: int
    end: int


def entries(text: str | None = None) -> dict[str, Entry]:
    """Term: entry, in the order of the glossary, or of the text of one. ValueError where one is not written
    as it should be, out of order, or has a form that is another entry's."""
    parts = re.split(
        r"^## ", lessons.GLOSSARY.read_text(encoding="utf-8") if text is None else text, flags=re.M
    )
    found: dict[str, Entry] = {}
    owners: dict[str, str] = {}
    for part in parts[1:]:
        entry = _entry(part.rstrip("\n") + "\n")
        if found and (last := list(found)[-1]).lower() >= entry.term.lower():
            raise ValueError(f"{entry.term!r} comes after {last!r}; entries are in alphabetical order")
        for form in entry.forms:
            if (owner := owners.setdefault(form.lower(), entry.term)) != entry.term:
                raise ValueError(f"{form!r} is a form of {owner!r} and of {entry.term!r}")
        found[entry.term] = entry
    return found


def _entry(part: str) -> Entry:
    match = ENTRY.fullmatch(part)
    if not match:
        raise ValueError(f"the entry {part.splitlines()[0]!r} is not written as lib.workbook.glossary says")
    term, text = match["term"], match["text"]
    sentences = len(re.findall(r"[.?!](?=\s|$)", text))
    if not 2 <= sentences <= 4:
        raise ValueError(f"{term!r} has {sentences} sentences; an entry has two to four")
    forms = tuple((match["forms"] or term).split(", "))
    return Entry(term, _anchor(term), forms, match["where"] == "everywhere", text, match["first"])


def _anchor(term: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", term.lower()).strip().replace(" ", "-")


def first_uses(cells: list[str], known: dict[str, Entry]) -> dict[str, Use]:
    """Term: its first use in the Markdown cells of a lesson that has no links to the glossary. A longer term
    hides a shorter one in it: `key space` is no use of `key`."""
    terms = {form: term for term, entry in known.items() for form in entry.forms}
    either = "|".join(map(_pattern, sorted(terms, key=len, reverse=True)))
    pattern = re.compile(rf"(?<![\w-])(?:{either})(?![\w-])")
    lower, found = {form.lower(): term for form, term in terms.items()}, {}
    for number, cell in enumerate(cells):
        for match in pattern.finditer(_open(cell)):
            found.setdefault(lower[" ".join(match[0].lower().split())], Use(number, *match.span()))
    return found


def _pattern(form: str) -> str:
    words = r"\s+".join(map(re.escape, form.split()))
    return f"(?i:{words})" if form == form.lower() else words


def _open(cell: str) -> str:
    """A cell as long as before, with nothing left where no link may stand."""
    for closed in (SOURCES, PROTECTED):
        cell = closed.sub(lambda match: "\0" * len(match[0]), cell)
    return cell


def linked(books: list[list[str]], known: dict[str, Entry]) -> tuple[list[list[str]], dict[str, int]]:
    """The Markdown cells of all lessons with the links that belong there and no others, and for each term the
    place of the lesson that uses it first."""
    bare = [[LINK.sub(r"\1", cell) for cell in cells] for cells in books]
    uses = [first_uses(cells, known) for cells in bare]
    first: dict[str, int] = {}
    for place, found in enumerate(uses):
        for term in found:
            first.setdefault(term, place)
    for place, found in enumerate(uses):
        wanted = [term for term in found if known[term].everywhere or first[term] == place]
        for term in sorted(wanted, key=found.get, reverse=True):  # from the end, or places would move
            cell, start, end = found[term]
            text = bare[place][cell]
            link = f"[{text[start:end]}](glossary.md#{known[term].anchor})"
            bare[place][cell] = text[:start] + link + text[end:]
    return bare, first


def named(path: Path) -> str:
    """A lesson as an entry names it."""
    return f"[lesson {path.name[:2]}]({path.name})"


def read(paths: list[Path]) -> list[dict]:
    """The lessons as JSON."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def texts(notebook: dict) -> list[str]:
    """The Markdown cells of a lesson as text."""
    return ["".join(cell["source"]) for cell in notebooks.markdown(notebook)]


def link(paths: list[Path], glossary: Path) -> None:
    """Put the links into the lessons, and into each entry the lesson that uses it first. Nothing else of a
    notebook changes, and one without new links is not written."""
    books, known = read(paths), entries(glossary.read_text(encoding="utf-8"))
    new, first = linked([texts(book) for book in books], known)
    for path, book, cells in zip(paths, books, new):
        if cells != texts(book):
            for cell, text in zip(notebooks.markdown(book), cells):
                cell["source"] = text.splitlines(keepends=True)
            lessons.write(path, json.dumps(book, indent=1, ensure_ascii=False) + "\n")
    text = glossary.read_text(encoding="utf-8")
    for term, place in first.items():
        said = re.compile(rf"(?m)(^## {re.escape(term)}\n(?:(?!## ).*\n)*?\*First used in ).*(\.\*)$")
        text = said.sub(lambda match, place=place: match[1] + named(paths[place]) + match[2], text)
    lessons.write(glossary, text)


def problems(paths: list[Path], glossary: Path) -> list[str]:
    """What is wrong between lessons and glossary, a line each; none after `link`, unless no lesson uses an
    entry or a lesson uses none."""
    known = entries(glossary.read_text(encoding="utf-8"))
    books = [texts(book) for book in read(paths)]
    new, first = linked(books, known)
    found = [f"{term}: no lesson uses it" for term in known if term not in first]
    for term, place in first.items():
        if known[term].first != (lesson := named(paths[place])):
            found.append(f"{term}: first used in {lesson}, and the entry says {known[term].first}")
    for path, old, cells in zip(paths, books, new):
        found += [f"{path.stem}: {each}" for each in _misplaced(old, cells)]
    return found


def _misplaced(old: list[str], new: list[str]) -> list[str]:
    there, wanted = ([anchor for _, anchor in LINK.findall("\n".join(cells))] for cells in (old, new))
    found = [f"no link to {anchor}" for anchor in wanted if anchor not in there]
    found += [f"a link to {anchor} that does not belong there" for anchor in there if anchor not in wanted]
    if old != new and not found:
        found = ["a link stands twice, or where its term is not used first"]
    return found if wanted else [*found, "it uses no term of the glossary"]


def main() -> int:
    """Link the lessons, or check them; the exit status."""
    about = __doc__.split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m lib.workbook.glossary", description=about)
    parser.add_argument("--check", action="store_true", help="say what is missing, and write nothing")
    check = parser.parse_args().check
    try:
        if not check:
            link(lessons.paths(), lessons.GLOSSARY)
        found = problems(lessons.paths(), lessons.GLOSSARY)
    except ValueError as error:
        sys.exit(f"{lessons.GLOSSARY.name}: {error}")
    print("\n".join(found) or f"{len(entries())} entries, all linked")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
