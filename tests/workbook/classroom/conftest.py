"""An nbgrader course of one lesson, made once."""

import pytest

from lib.workbook.classroom import editions, sandbox
from lib.workbook.lessons import paths


@pytest.fixture
def needs_bubblewrap():
    """Skips where this machine has no sandbox."""
    try:
        sandbox.available()
    except sandbox.Refused as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def lesson():
    return next(path for path in paths() if path.name.startswith("02"))


@pytest.fixture(scope="session")
def made(lesson, tmp_path_factory):
    """The course's folder; lesson 05 is in it for its exercise whose answer is a value."""
    chosen = [path for path in paths() if path.name[:2] in ("02", "05")]
    return editions.assignments(chosen, tmp_path_factory.mktemp("course"))
