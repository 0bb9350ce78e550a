"""Faults of a machine, see `sitecustomize` beside this."""

from pathlib import Path

from tests.cli.helpers import environment

FOLDER = Path(__file__).parent


def size_below(folder: Path | str) -> int:
    """Bytes of all files below a folder, what a full disk is counted from."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


def faulty(**fault: object) -> dict[str, str]:
    """The environment of processes that meet with this fault."""
    settings = environment()
    given = {f"FAULT_{name.upper()}": str(value) for name, value in fault.items()}
    return settings | given | {"PYTHONPATH": f"{FOLDER}:{settings['PYTHONPATH']}"}
