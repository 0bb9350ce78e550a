"""Which lessons there are, what they are called, and how their outputs are stored: `make lessons`."""

import base64
import json
import sys
from pathlib import Path

from lib.atomic import whole_file
from lib.workbook import readme
from lib.workbook.sweeps.runs import worked_by_children

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS, BUILD = ROOT / "notebooks", ROOT / "build"
GLOSSARY = NOTEBOOKS / "glossary.md"
MINUTES = ROOT / "data" / "results" / "lessons.json"
PICTURE = ROOT / "data" / "pictures" / "start.png"
WIDGET = "application/vnd.jupyter.widget-view+json"


def paths() -> list[Path]:
    """All lessons, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def grids() -> list[Path]:
    """The notebooks that are there for sweeps only, beside their grids."""
    return sorted((NOTEBOOKS / "grids").glob("*.ipynb"))


def title(path: Path) -> str:
    """A lesson's title, without its number."""
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].split(". ", 1)[1]


def table() -> str:
    """All lessons with their seconds, in Markdown."""
    seconds = json.loads(MINUTES.read_text())
    names = {f"[{path.name[:2]}](notebooks/{path.name})": path for path in paths() if path.stem in seconds}
    rows = [[name, title(path), f"{seconds[path.stem]:.0f} s"] for name, path in names.items()]
    return readme.table(["no.", "lesson", "runs in"], rows)


def first_picture(path: Path) -> bytes:
    """The first PNG among a lesson's outputs."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        if "image/png" in output.get("data", {}):
            return base64.b64decode("".join(output["data"]["image/png"]))
    raise ValueError(f"{path.name} shows no picture")


def store(chosen: list[Path]) -> None:
    """Execute notebooks in place, and record the seconds that each lesson's processes worked in
    `data/results/lessons.json`; the README's table and picture follow."""
    from tqdm import tqdm

    for path in tqdm(chosen, unit="lesson", disable=not sys.stderr.isatty()):
        started = worked_by_children()
        execute(path)
        taken = round(worked_by_children() - started, 1)
        if path in paths():
            MINUTES.parent.mkdir(parents=True, exist_ok=True)
            seconds = (json.loads(MINUTES.read_text()) if MINUTES.exists() else {}) | {path.stem: taken}
            write(MINUTES, json.dumps(dict(sorted(seconds.items())), indent=1) + "\n")
        print(f"{path.stem}: {taken} s")
    readme.rewrite("lessons", table())
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_bytes(first_picture(paths()[0]))


def execute(path: Path) -> None:
    """Execute a notebook in place. What a widget shows without a kernel is kept, the widget is not."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    # coalesced, or what a cell prints is one output or two, as time has it
    settings = {"timeout": 600, "kernel_name": "python3", "record_timing": False, "coalesce_streams": True}
    NotebookClient(notebook, **settings, resources={"metadata": {"path": str(path.parent)}}).execute()
    for output in (each for cell in notebook.cells for each in cell.get("outputs", [])):
        output.get("data", {}).pop(WIDGET, None)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    write(path, nbformat.writes(notebook) + "\n")


def write(path: Path, text: str) -> Path:
    """Write a text; the file is whole, the old one or the new, at any time."""
    with whole_file(path, overwrite=True) as file:
        file.write(text.encode())
    return path
