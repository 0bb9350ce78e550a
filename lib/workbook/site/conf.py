"""Sphinx's configuration. Hooks: a lesson's minutes, notebook and names; its solutions folded; alternatives
of its pictures; links of code spans; lists in docstrings."""

import json
import re
from functools import cache
from inspect import isclass, isfunction, ismodule
from pkgutil import resolve_name

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

from lib.workbook import lessons

project, html_title, language = "Learnable image encryption", "Learnable image encryption: a workbook", "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.apidoc", "sphinx_design", "sphinx_copybutton",
              "sphinx_togglebutton"]  # fmt: skip
include_patterns = ["*.md", "data/README.md", "notebooks/*", "reference/*"]
exclude_patterns = ["reference/modules.rst"]
nb_execution_mode, nb_code_prompt_show, nb_code_prompt_hide = "off", "Solution", "Solution"
myst_enable_extensions, myst_heading_anchors = ["colon_fence"], 3
OMITTED = [f"{lessons.ROOT}/lib/*{name}" for name in ("__main__.py", "/lesson_*.py", "/site/conf.py")]
apidoc_modules = [{"path": lessons.ROOT / "lib", "destination": "reference", "exclude_patterns": OMITTED,
                   "separate_modules": True, "module_first": True,
                   "automodule_options": {"members", "show-inheritance"}}]  # fmt: skip
autodoc_member_order, autodoc_typehints = "bysource", "signature"
default_role, add_module_names, python_maximum_signature_line_length = "py:obj", False, 80
html_theme, html_static_path, html_css_files = "pydata_sphinx_theme", ["static"], ["site.css"]
html_theme_options = {"navbar_persistent": ["search-button"], "secondary_sidebar_items": ["page-toc"],
                      "footer_start": [], "footer_end": [], "logo": {"text": "Image encryption"},
                      "collapse_navigation": True, "navigation_depth": 2}  # fmt: skip
html_context = {"default_mode": "auto"}
html_use_index = html_domain_indices = html_show_search_summary = html_copy_source = html_show_sourcelink = (
    False
)
copybutton_prompt_text, copybutton_exclude = r">>> |\.\.\. ", ".linenos, .gp, .go"
LESSONS = {f"notebooks/{path.stem}": path for path in lessons.paths()}
SECONDS = json.loads(lessons.MINUTES.read_text(encoding="utf-8"))


def lesson(app: Sphinx, docname: str, source: list[str]) -> None:
    """A lesson, and below its head what it takes, its file, and what of `lib` it uses."""
    if docname not in LESSONS:
        return
    notebook, seconds = json.loads(source[0]), SECONDS.get(LESSONS[docname].stem)
    names = ", ".join(f"{{py:obj}}`~{name}`" for name in used(notebook))
    told = f"\n\n{runs_in(seconds)} {{download}}`Download the notebook <{LESSONS[docname].name}>`."
    head, *_ = cells = notebook["cells"]
    head["source"] = "".join(head["source"]) + told + (f"\n\nUsed of the package: {names}." if names else "")
    for cell in cells:
        if "solution" in cell["metadata"].get("tags", []):
            cell["metadata"]["tags"].append("hide-cell")
            cell["source"] = re.sub(r"(?m)^ *### (BEGIN|END) SOLUTION(\n|$)", "", "".join(cell["source"]))
    source[0] = json.dumps(notebook)


def runs_in(seconds: float | None) -> str:
    """What a lesson takes to run, in words."""
    return f"Runs in {seconds / 60:.1f} minutes ({seconds:.0f} s, measured)." if seconds else "Not timed yet."


def used(notebook: dict) -> list[str]:
    """Dotted names of what a lesson imports from `lib`, and of what it calls in imported modules."""
    code = "".join(
        "".join([*cell["source"], "\n"]) for cell in notebook["cells"] if cell["cell_type"] == "code"
    )
    found = set()
    for module, names in re.findall(r"^from (lib[\w.]*) import ([\w, ]+)", code, re.M):
        for name, _, alias in (each.strip().partition(" as ") for each in names.split(",")):
            value = resolve_name(f"{module}.{name}")
            inside = re.findall(rf"\b{alias or name}\.(\w+)", code) if ismodule(value) else []
            values = [getattr(value, each, None) for each in inside] or [value]
            found |= {
                f"{each.__module__}.{each.__qualname__}"
                for each in values
                if isclass(each) or isfunction(each)
            }
    return sorted(name for name in found if name.startswith("lib.") and ".lesson_" not in name)


@cache
def users() -> dict[str, list[str]]:
    """{dotted name: links to the lessons that use it}."""
    found = {}
    for docname, path in LESSONS.items():
        for name in used(json.loads(path.read_text(encoding="utf-8"))):
            found.setdefault(name, []).append(f":doc:`{path.name[:2]} </{docname}>`")
    return found


def pictures(app: Sphinx, doctree: nodes.document) -> None:
    """The lesson's own alternatives of its pictures."""
    if path := LESSONS.get(app.env.docname):
        cells = json.loads((app.srcdir / "notebooks" / path.name).read_text(encoding="utf-8"))["cells"]
        shown = [output for cell in cells for output in cell.get("outputs", [])]
        alternatives = [
            each["metadata"]["image/png"]["alt"] for each in shown if "image/png" in each.get("data", {})
        ]
        for image, alternative in zip(doctree.findall(nodes.image), alternatives, strict=True):
            image["alt"] = alternative


def links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Code spans of lessons and texts that name a module, a class or its method lead to the reference."""
    domain = app.env.domains.python_domain
    for span in [] if docname.startswith("reference") else list(doctree.findall(nodes.literal)):
        name = span.astext().split("(")[0]
        found = ends(tuple(domain.objects)).get(name, []) if "." in name or name[:1].isupper() else []
        if len(found) == 1 and not isinstance(span.parent, nodes.reference):
            entry = domain.objects[found[0]]
            span.replace_self(
                make_refnode(app.builder, docname, entry.docname, entry.node_id, span.deepcopy())
            )


@cache
def ends(objects: tuple[str, ...]) -> dict[str, list[str]]:
    """{the end of a dotted name: the names that end so}."""
    found = {}
    for name in objects:
        parts = name.split(".")
        for place in range(len(parts)):
            found.setdefault(".".join(parts[place:]), []).append(name)
    return found


ITEM = re.compile(r" {0,4}(\S+(?: \S+)*) {2,}(\S.*)")
KEPT = re.compile(r"(`[^`]+`|\*\*?\w[^*]*\*\*?(?!\w)|https?:\S+)|([*|\\`]|_(?!\w))|arXiv:\s?(\d{4}\.\d{4,5})")


def docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Lists of names with what they mean, examples and what stands indented, as reStructuredText has them."""
    made = []  # (what it is, how far it is indented, text)
    for block in re.split(r"\n\s*\n", "\n".join(lines).strip()):
        rows, kind = block.split("\n"), "start"
        if all(row.startswith("    ") for row in rows) and not ITEM.fullmatch(rows[0]):
            kind = "example" if rows[0].lstrip().startswith(">>>") else "literal"
            made.append(("verbatim", "", "\n" if kind == "example" else "\n::\n"))
        for row in rows:
            item = ITEM.fullmatch(row)
            if kind in ("example", "literal") or row.lstrip().startswith(">>>"):
                made.append(("verbatim", "" if kind in ("example", "literal") else "\n", row))
                kind = kind if kind == "literal" else "example"
            elif item and len(item[1]) <= 34 and not re.search(r"[=.;:]$", item[1]):
                term = item[1] if "`" in item[1] else ", ".join(f"`{each}`" for each in item[1].split(", "))
                made += [("verbatim", "" if kind == "item" else "\n", term), ("item", "    ", item[2])]
                kind = "item"
            elif (
                kind == "start"
                or re.match(r"- |\d+\. ", row)
                or (kind == "item" and not row.startswith("  "))
            ):
                made.append(("text", "\n", row))
                kind = "text"
            else:
                made[-1] = (*made[-1][:2], f"{made[-1][2]} {row.strip()}")
    if name in users():
        made.append(("verbatim", "\n", f"In lessons: {', '.join(users()[name])}."))
    lines[:] = "\n".join(
        at + (text if kind == "verbatim" else marked(text)) for kind, at, text in made
    ).split("\n")


def marked(text: str) -> str:
    """What reStructuredText would take for a mark is escaped; an arXiv number is a link."""

    def escaped(at):
        if at[1]:  # a span that a letter follows at once
            return at[1] + ("\\ " if text[at.end() : at.end() + 1].isalnum() else "")
        return f"\\{at[2]}" if at[2] else f"`{at[0]} <https://arxiv.org/abs/{at[3]}>`__"

    return KEPT.sub(escaped, text)


def setup(app: Sphinx) -> None:
    """Sphinx calls this once."""
    for event, hook in {"source-read": lesson, "doctree-read": pictures, "doctree-resolved": links,
                        "autodoc-process-docstring": docstring}.items():  # fmt: skip
        app.connect(event, hook)
