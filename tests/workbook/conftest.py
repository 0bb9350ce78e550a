import pytest

from tests.workbook.sweeps.books import RECORD, SQUARE, book


@pytest.fixture
def squares(tmp_path):
    return book(tmp_path / "squares.ipynb", SQUARE, RECORD)
