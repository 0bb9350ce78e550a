"""A lesson as HTML from its stored outputs; nothing is executed."""

import ast
import re
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lib.workbook.site.docstrings import Names, imported

TEMPLATE = Path(__file__).parent / "template"
SHOWN = "image/png", "text/html", "text/plain"
"""Kinds of output that are shown, the first that is there."""
MARK = re.compile(r"^ *### (BEGIN|END) SOLUTION(\n|$)", re.M)


class Rendered(NamedTuple):
    """A lesson's HTML, without head and navigation, and its pictures: {path below the site: PNG}."""

    body: str
    pictures: dict[str, bytes]


def render(notebook, name: str, to_html: Callable[[str], str]) -> Rendered:
    """A notebook's cells, with pictures as files named after the lesson. `to_html` renders its Markdown."""
    from nbconvert.exporters import TemplateExporter

    exporter = _exporter()
    exporter.register_filter("to_html", to_html)
    # not HTMLExporter's own, which takes as long again to parse the page for alternatives that are here
    # already
    body, resources = TemplateExporter.from_notebook_node(
        exporter, notebook, {"unique_key": name, "output_files_dir": "pictures"}
    )
    return Rendered(body, resources.get("outputs", {}))


@cache
def _exporter():
    from nbconvert import HTMLExporter
    from nbconvert.filters import Highlight2HTML
    from nbconvert.preprocessors import ExtractOutputPreprocessor
    from traitlets.config import Config

    # a widget's picture, not the widget
    config = Config({"NbConvertBase": {"display_data_priority": list(SHOWN)}})
    exporter = HTMLExporter(config=config, template_name="lesson", extra_template_basedirs=[str(TEMPLATE)])
    exporter.register_preprocessor(
        ExtractOutputPreprocessor(extract_output_types={"image/png"}), enabled=True
    )
    exporter.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3"))
    exporter.register_filter("png_size", png_size)
    exporter.register_filter("without_marks", lambda source: MARK.sub("", source))
    return exporter


def png_size(picture: bytes) -> tuple[int, int]:
    """(width, height) in pixels of a PNG."""
    return struct.unpack(">II", picture[16:24])


def code_of(notebook) -> list[ast.Module]:
    """The code cells that Python can read."""
    trees = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            try:
                trees.append(ast.parse(cell.source))
            except SyntaxError:  # a magic
                continue
    return trees


def aliases(notebook) -> dict[str, str]:
    """What a lesson's imports call things of this package."""
    return {name: dotted for tree in code_of(notebook) for name, dotted in imported(tree).items()}


def used(notebook, names: Names) -> list[str]:
    """Dotted names of all that a lesson's code uses of this package and the reference explains, sorted."""
    known, found = aliases(notebook), set()
    for tree in code_of(notebook):
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.Attribute):
                first, _, rest = ast.unparse(node).partition(".")
                if first in known and (place := names.find(".".join(filter(None, [known[first], rest])))):
                    owner, entry, _ = place
                    found.add(owner.name + (f".{entry.name}" if entry else ""))
    modules = {name for name in found if name in names.modules}
    return sorted(found - {name for name in modules if any(other.startswith(f"{name}.") for other in found)})
