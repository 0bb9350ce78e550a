"""Lays out what Sphinx reads, and runs it: lessons as stored, texts, the first page with its thumbnails."""

import io
import shutil
import tempfile
from base64 import b64decode
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from lib.workbook import lessons
from lib.workbook.notebooks import stored

FOLDER = lessons.BUILD / "site"
READ = "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "data", "notebooks", "lib"
"""Texts that are pages, and what their links lead to."""
PARTS = {"0": "Schemes", "1": "Training on ciphertexts", "2": "Attacks", "3": "Applications", "4": "Verdict"}
THUMBNAIL = 640, 200
"""At most so wide and high, in pixels."""


class Built(NamedTuple):
    """Where the site lies, and what Sphinx complains of: links that lead nowhere, texts it cannot read."""

    folder: Path
    warnings: list[str]


def build(folder: Path = FOLDER, instead: dict[Path, Path] | None = None, **settings: object) -> Built:
    """Write the site into `folder`, whole: what was there before is replaced once all is written.

    instead   {lesson: a notebook to show in its place}, such as one that has just been run
    settings   of Sphinx, in place of those of `conf`
    """
    from sphinx.application import Sphinx

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".site-") as temporary:
        source, made, warnings = Path(temporary) / "source", Path(temporary) / "site", io.StringIO()
        _lay_out(source, instead or {})
        places = source, Path(__file__).parent, made, Path(temporary) / "doctrees"
        Sphinx(*places, "html", status=None, warning=warnings, parallel=2, confoverrides=settings).build()
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return Built(folder, warnings.getvalue().replace(f"{source}/", "").splitlines())


def _lay_out(source, instead):
    from jinja2 import Environment, FileSystemLoader

    for name in READ:
        copy, old = source / name, lessons.ROOT / name
        ignored = shutil.ignore_patterns("__pycache__", "downloads", ".ipynb_checkpoints")
        copy.parent.mkdir(exist_ok=True)
        shutil.copytree(old, copy, ignore=ignored) if old.is_dir() else shutil.copy2(old, copy)
    for lesson, shown in instead.items():
        shutil.copy2(shown, source / "notebooks" / lesson.name)
    (source / "thumbnails").mkdir()
    every = [_told(path, source) for path in lessons.paths()]
    parts = {name: [each for each in every if each["number"][0] == tens] for tens, name in PARTS.items()}
    short = [each for each in every if each["number"] in _short()]
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "pages"), trim_blocks=True)
    for name in pages.list_templates():
        (source / name).write_text(
            pages.get_template(name).render(parts=parts, short=short), encoding="utf-8"
        )


def _short():
    """Numbers of the lessons of the 90-minute path, which the edition of a student does not have."""
    if not find_spec("lib.workbook.classroom"):
        return ()
    from lib.workbook.classroom.plans import PLANS

    return dict(PLANS["short"])


def _told(path, source):
    """What the first page says of a lesson; its first picture, if it has been run, becomes a thumbnail."""
    told = {"number": path.name[:2], "name": path.stem, "title": lessons.title(path), "alt": ""}
    for output in (each for cell in stored(path).cells for each in cell.get("outputs", [])):
        if png := output.get("data", {}).get("image/png"):
            with Image.open(io.BytesIO(b64decode(png))) as picture:
                picture.thumbnail(THUMBNAIL)
                picture.save(source / "thumbnails" / f"{path.stem}.png")
            return told | {"alt": output.metadata["image/png"]["alt"]}
    return told
