"""The tables of README.md that are made from records: each stands between two marks and is written anew.

<!-- NAME: written by make COMMAND -->
...
<!-- end of NAME -->
"""

import re
from collections.abc import Iterable
from pathlib import Path

from lib.atomic import whole_file

README = Path(__file__).resolve().parents[2] / "README.md"


def table(head: Iterable, rows: Iterable[Iterable]) -> str:
    """A table in Markdown.

    >>> print(table(["a", "b"], [[1, ""]]), end="")
    | a | b |
    |---|---|
    | 1 |  |
    """
    names, *cells = [f"| {' | '.join(map(str, row))} |" for row in (list(head), *rows)]
    return "\n".join([names, "|---" * (names.count(" | ") + 1) + "|", *cells, ""])


def with_part(text: str, name: str, part: str) -> str:
    """The text with its part of this name replaced. ValueError where it stands there not exactly once."""
    marks = re.compile(rf"(<!-- {name}: [^\n]* -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    new, count = marks.subn(lambda found: found[1] + part + found[2], text)
    if count != 1:
        raise ValueError(f"expected one part between the marks of {name!r}, found {count}")
    return new


def rewrite(name: str, part: str, path: Path = README) -> None:
    """Replace a part of the README; the file is whole, the old one or the new, at any time."""
    text = with_part(path.read_text(encoding="utf-8"), name, part)
    with whole_file(path, overwrite=True) as file:
        file.write(text.encode())
