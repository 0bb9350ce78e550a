"""Slides of the 90-minute path, made from its lessons by nbconvert for reveal.js. No page asks a network.

What comes onto a slide is said by a rule, not by hand:

- each heading begins a slide, with the first two sentences below it, or the list that follows it at once;
- a prediction, the goals, the verdict and an exercise of the plan have a slide of their own below it;
- so has a cell that shows a picture or a table of up to `MOST` lines, and what is printed after a prediction.
  Code is left to the notebook.

reveal.js lies in `template/slides/static` (5.2.1, MIT licence): no package that we know of brings it without
a generator of sites, and nbconvert's own template fetches it when a page is opened.
"""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

from lib.workbook.classroom.plans import PLANS
from lib.workbook.lessons import title, write
from lib.workbook.notebooks import stored, tags

TEMPLATE = Path(__file__).with_name("template")
MOST = 12
"""Lines of text that fit beside a picture."""
SHOWN = "image/png", "text/html", "text/plain"
OWN_SLIDE = re.compile(r"\*\*(Predict|What you will be able to do|Verdict)\b")
LINK = re.compile(r"\[([^\]]+)\]\([^)\s]+\)")


def write_all(chosen: list[Path], folder: Path) -> None:
    """Write a page of slides for each of these lessons that is in the 90-minute path."""
    upto, here = dict(PLANS["short"]), [path for path in chosen if path.name[:2] in dict(PLANS["short"])]
    folder.mkdir(parents=True, exist_ok=True)
    for path in here:
        write(folder / f"{path.stem}.html", page(stored(path), title(path), upto[path.name[:2]]))


def page(notebook: dict, name: str, exercises: int = 0) -> str:
    """A lesson's slides as one HTML page, with its first `exercises`; 0 for all of them."""
    from nbconvert import SlidesExporter
    from traitlets.config import Config

    config = Config({"NbConvertBase": {"display_data_priority": list(SHOWN)}})
    exporter = SlidesExporter(config=config, template_name="slides", extra_template_basedirs=[str(TEMPLATE)])
    exporter.exclude_anchor_links = True
    slides = deck(notebook, exercises or 99)
    slides.metadata.title = name
    return exporter.from_notebook_node(slides)[0]


def deck(notebook: dict, exercises: int) -> dict:
    """The notebook whose cells are slides: texts, and cells of code that show what they showed."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    cells, predicted = [], False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for kind, text in texts(cell.source, exercises):
                cells.append(new_markdown_cell(text, metadata=_kind(kind)))
                predicted = text.startswith("**Predict")
        elif outputs := shown(cell, predicted):
            cells.append(new_code_cell(outputs=outputs, metadata=_kind("subslide")))
            predicted = False
    for place, cell in enumerate(cells):
        cell.id = f"slide-{place}"  # the same page each time
    return new_notebook(cells=cells)


def _kind(name: str) -> dict:
    return {"slideshow": {"slide_type": name}}


def shown(cell: dict, predicted: bool) -> list[dict]:
    """What of a cell's outputs comes onto its slide: all that fits, if one is a picture or a table, or if the
    slide before has a prediction; else nothing."""
    if {"exercise", "solution"} & set(tags(cell)):
        return []
    outputs = [copy.deepcopy(output) for output in cell.outputs if fits(output)]
    seen = any({"image/png", "text/html"} & set(output.get("data", {})) for output in outputs)
    return outputs if seen or predicted else []


def fits(output: dict) -> bool:
    """Whether an output has a place on a slide: a picture, or text or a table of few lines."""
    data = output.get("data", {})
    text = output.get("text") or data.get("text/plain", "")
    return "image/png" in data or 0 < len(text.strip().splitlines()) <= MOST


def texts(source: str, exercises: int) -> Iterator[tuple[str, str]]:
    """(kind of slide, Markdown) for what comes onto slides of a text cell; "-" goes on with the last one."""
    after = ""
    for block in blocks(source):
        level = len(re.match("#*", block)[0])
        if number := re.match(r"### Exercise (\d+)", block):
            after = "exercise" if int(number[1]) <= exercises else "left out"
        elif level:
            after = "left out" if block.startswith("## Sources") else "heading"
        if after == "left out" or (not level and block.startswith("<details")):
            continue
        if level:
            yield "slide" if level < 3 else "subslide", block
        elif found := OWN_SLIDE.search(block):
            yield "subslide", block[found.start() :]
            after = ""
        elif after == "exercise":
            yield "-", block
        elif after == "heading":
            yield "-", opening(block)
            after = ""


def blocks(source: str) -> list[str]:
    """A text cell's paragraphs, lists and headings; what is folded is whole, answers stay with predictions.

    >>> blocks("# A\\nb\\n\\n**Predict.** c?\\n\\n<details><summary>Answer</summary>\\n\\nd</details>")[1:]
    ['b', '**Predict.** c?\\n\\n<details><summary>Answer</summary>\\n\\nd</details>']
    """
    found: list[str] = []
    for block in re.split(r"\n{2,}", re.sub(r"^(#+ .*)\n", r"\1\n\n", LINK.sub(r"\1", source), flags=re.M)):
        before = found[-1] if found else ""
        folded = before.count("<details") > before.count("</details>")
        answer = "**Predict" in before and block.startswith("<details><summary>Answer")
        promised = before.startswith("**What you will be able to do") and "\n\n" not in before
        if folded or answer or promised:
            found[-1] = f"{before}\n\n{block}"
        elif block.strip():
            found.append(block.strip("\n"))
    return found


def opening(block: str) -> str:
    """The first two sentences of a paragraph; a list is kept whole, and of a table or code nothing."""
    if re.match(r"[-*] |\d+\. ", block):
        return block
    if re.match(r"\||```|    |<", block):
        return ""
    return re.match(r"(.*?[.!?](?= |$)){1,2}|.*", " ".join(block.split()))[0]
