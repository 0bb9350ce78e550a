"""Run lessons: the tour of `make run`, all of `make course`, the stored outputs of `make lessons`."""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from lib.atomic import whole_file
from lib.workbook import notebooks
from lib.workbook.sweeps import experiments

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS, BUILD = ROOT / "notebooks", ROOT / "build"
MINUTES = ROOT / "data" / "results" / "lessons.json"
README, PICTURE = ROOT / "README.md", ROOT / "data" / "pictures" / "start.png"
WIDGET = "application/vnd.jupyter.widget-view+json"
MARKS = "<!-- lessons: written by make lessons -->\n", "<!-- end of lessons -->"


def paths() -> list[Path]:
    """All lessons, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def grids() -> list[Path]:
    """The notebooks that are there for sweeps only, beside their grids."""
    return sorted((NOTEBOOKS / "grids").glob("*.ipynb"))


def tour() -> int:
    """Run lesson 00 into `build/`, print the table it records, and build the site with it; the exit
    status."""
    from lib.workbook.site.build import build

    started = time.perf_counter()
    lesson = paths()[0]
    BUILD.mkdir(exist_ok=True)
    done = BUILD / lesson.name
    failure = notebooks.execute(notebooks.read(lesson), done, {}, NOTEBOOKS, progress=True)
    page = build(instead={lesson: done}).folder / f"{lesson.stem}.html"
    if failure:
        print(f"failed: {experiments.why(failure._asdict())}; {os.path.relpath(page)}", file=sys.stderr)
        return 1
    print(f"\n{'scheme':<18}{'accuracy on ciphertexts':>25}   what the attack recovered")
    for row in experiments.recorded(json.loads(done.read_text(encoding="utf-8"))):
        print(f"{row['scheme']:<18}{row['accuracy']:>24.1%}    {row['recovered']}")
    print(f"\nThe lesson as a page: {os.path.relpath(page)}   ({time.perf_counter() - started:.0f} s)")
    return 0


def store(chosen: list[Path]) -> None:
    """Execute notebooks in place, outputs and all, and record the seconds each lesson took in
    `data/results/lessons.json`.

    Seconds are those that the lesson's processes worked, so that other programs do not count.
    """
    import nbformat
    from nbclient import NotebookClient
    from tqdm import tqdm

    for path in tqdm(chosen, unit="lesson", disable=not sys.stderr.isatty()):
        notebook = nbformat.read(path, as_version=4)
        started = experiments.worked_by_children()
        client = NotebookClient(
            notebook,
            timeout=600,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,  # or what a cell prints is one output or two, as time has it
            resources={"metadata": {"path": str(path.parent)}},
        )
        client.execute()
        taken = round(experiments.worked_by_children() - started, 1)
        for output in (each for cell in notebook.cells for each in cell.get("outputs", [])):
            # where no kernel runs, the picture beside it is what can be shown
            output.get("data", {}).pop(WIDGET, None)
        notebook.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        write(path, nbformat.writes(notebook) + "\n")
        if path in paths():
            MINUTES.parent.mkdir(parents=True, exist_ok=True)
            seconds = (json.loads(MINUTES.read_text()) if MINUTES.exists() else {}) | {path.stem: taken}
            write(MINUTES, json.dumps(dict(sorted(seconds.items())), indent=1) + "\n")
        print(f"{path.stem}: {taken} s")
    README.write_text(with_lessons(README.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_bytes(first_picture(paths()[0]))


def title(path: Path) -> str:
    """A lesson's title, without its number."""
    first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
    return "".join(first).splitlines()[0].split(". ", 1)[1]


def with_lessons(readme: str) -> str:
    """The README with its table of lessons made anew."""
    seconds = json.loads(MINUTES.read_text())
    rows = [
        f"| [{path.name[:2]}](notebooks/{path.name}) | {title(path)} | {seconds[path.stem]:.0f} s |\n"
        for path in paths()
        if path.stem in seconds
    ]
    before, rest = readme.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    return (
        before + MARKS[0] + "| no. | lesson | runs in |\n|---|---|---|\n" + "".join(rows) + MARKS[1] + after
    )


def first_picture(path: Path) -> bytes:
    """The first PNG among a lesson's outputs."""
    import base64

    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return base64.b64decode("".join(output["data"]["image/png"]))
    raise ValueError(f"{path.name} shows no picture")


def write(path: Path, text: str) -> Path:
    """Write a text; the file is whole, the old one or the new, at any time."""
    with whole_file(path, overwrite=True) as file:
        file.write(text.encode())
    return path


def main() -> int:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # for the kernels; see the Makefile
    parser = argparse.ArgumentParser(prog="python -m lib.workbook.lessons", description=__doc__)
    parser.add_argument("what", choices=("tour", "course", "store"))
    parser.add_argument(
        "lessons", nargs="*", help="numbers, as 02, or names of notebooks in grids; all where none is given"
    )
    arguments = parser.parse_args()
    wanted = [name.zfill(2) for name in arguments.lessons]
    every = paths() + (grids() if arguments.what == "store" else [])
    chosen = [path for path in every if not wanted or path.name[:2] in wanted or path.stem in wanted]
    if not chosen:
        parser.error(f"no such lesson; there are {', '.join(path.name[:2] for path in paths()) or 'none'}")
    if arguments.what == "tour":
        return tour()
    if arguments.what == "course":
        from lib.workbook.course import course

        return course(chosen)
    store(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
