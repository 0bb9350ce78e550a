"""Files that are whole or absent, whenever the program is stopped: written by another name, then renamed."""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from pathlib import Path

UNFINISHED = ".lie-unfinished"


@contextmanager
def whole_file(target: Path, overwrite: bool = False, mode: int = 0o666):
    """A binary file to write in, which becomes `target` once the block ends without an error. `mode` is what
    others may do with it, before the umask. FileExistsError where `target` exists, unless `overwrite`;
    OSError as raised by the file system."""
    temporary = target.with_name(f".{_short(target.name)}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            yield file
        if overwrite or not _linked(temporary, target):
            temporary.replace(target)
    except OSError as error:
        if error.filename == str(temporary):
            error.filename = str(target)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_json(target: Path, record: dict | list) -> None:
    """Write a record, indented; the file is whole, the old one or the new, at any time."""
    with whole_file(target, overwrite=True) as file:
        file.write((json.dumps(record, indent=1) + "\n").encode())


def _linked(temporary, target) -> bool:
    """Give the file its name unless that is taken; False on a file system without links."""
    try:
        os.link(temporary, target)
        return True
    except OSError:
        if os.path.lexists(target):
            raise FileExistsError("the target exists by now; is another run writing there?") from None
        if not temporary.exists():
            raise
        return False


def is_done(target: Path, overwrite: bool, proof: Callable[[], bool], what: str) -> bool:
    """Whether `target` is there and `proof` finds it to be `what`; FileExistsError for anything else."""
    if overwrite or not os.path.lexists(target):
        return False
    if not proof():
        way = "move it away, or overwrite it (--overwrite)"
        raise FileExistsError(f"the target exists and is no {what}; {way}")
    return True


def remove_unfinished(targets: Iterable[Path]) -> int:
    """Remove what killed runs left behind for these targets, and nothing else; how many files that were."""
    pattern = re.compile(rf"\.([0-9a-f]{{16}})\.[0-9a-f]{{8}}{re.escape(UNFINISHED)}")
    known = {(target.parent, _short(target.name)) for target in targets}
    folders = {folder for folder, _ in known if folder.is_dir()}
    paths = (path for folder in folders for path in folder.iterdir())
    found = [p for p in paths if (name := pattern.fullmatch(p.name)) and (p.parent, name[1]) in known]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _short(name: str) -> str:
    """A target's name inside the names of its temporaries, which must not grow too long."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
