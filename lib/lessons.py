"""Run lessons: the tour of `make run`, the stored outputs of `make lessons`, and HTML pages of either."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS, BUILD = ROOT / "notebooks", ROOT / "build"
MINUTES = ROOT / "data" / "results" / "lessons.json"
TEMPLATE = Path(__file__).parent / "template"


def paths() -> list[Path]:
    """All lessons, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def tour() -> None:
    """Run lesson 00 through papermill into `build/`, print its table, and render its page."""
    started = time.perf_counter()
    import papermill

    lesson = paths()[0]
    BUILD.mkdir(exist_ok=True)
    results, done = BUILD / "tour.json", BUILD / lesson.name
    results.unlink(missing_ok=True)
    papermill.execute_notebook(
        str(lesson), str(done), {"out": str(results)}, cwd=str(NOTEBOOKS), kernel_name="python3", progress_bar=True
    )
    page = render(done)
    rows = json.loads(results.read_text())
    print(f"\n{'scheme':<18}{'accuracy on ciphertexts':>25}   what the attack recovered")
    for row in rows:
        print(f"{row['scheme']:<18}{row['accuracy']:>24.1%}    {row['recovered']}")
    print(f"\nThe lesson as a page: {os.path.relpath(page)}   ({time.perf_counter() - started:.0f} s)")


def render(notebook: Path) -> Path:
    """An HTML page beside `notebook` that asks nothing of the network; text alternatives kept, solutions folded."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(template_name="lesson", extra_template_basedirs=[str(TEMPLATE)], embed_images=True)
    body, _ = exporter.from_filename(str(notebook))
    return write(notebook.with_suffix(".html"), body)


def store(chosen: list[Path]) -> None:
    """Execute lessons in place, outputs and all, and record the seconds each took in `data/results/lessons.json`."""
    import nbformat
    from nbclient import NotebookClient
    from tqdm import tqdm

    seconds = json.loads(MINUTES.read_text()) if MINUTES.exists() else {}
    for path in tqdm(chosen, unit="lesson", disable=not sys.stderr.isatty()):
        notebook = nbformat.read(path, as_version=4)
        started = time.perf_counter()
        client = NotebookClient(
            notebook, timeout=600, kernel_name="python3", record_timing=False, resources={"metadata": {"path": str(NOTEBOOKS)}}
        )
        client.execute()
        seconds[path.stem] = round(time.perf_counter() - started, 1)
        notebook.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        write(path, nbformat.writes(notebook) + "\n")
        MINUTES.parent.mkdir(parents=True, exist_ok=True)
        write(MINUTES, json.dumps(dict(sorted(seconds.items())), indent=1) + "\n")
        print(f"{path.stem}: {seconds[path.stem]} s")


def write(path: Path, text: str) -> Path:
    """Write a text to a temporary name, then give it its own."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m lib.lessons", description=__doc__)
    parser.add_argument("what", choices=("tour", "store", "pages"))
    parser.add_argument("lessons", nargs="*", help="numbers, as 02; all where none is given")
    arguments = parser.parse_args()
    chosen = [path for path in paths() if not arguments.lessons or path.name[:2] in arguments.lessons]
    if not chosen:
        parser.error(f"no such lesson; there are {', '.join(path.name[:2] for path in paths()) or 'none'}")
    if arguments.what == "tour":
        tour()
    elif arguments.what == "store":
        store(chosen)
    else:
        BUILD.mkdir(exist_ok=True)
        for path in chosen:
            copy = BUILD / path.name
            write(copy, path.read_text(encoding="utf-8"))
            print(os.path.relpath(render(copy)))


if __name__ == "__main__":
    main()
