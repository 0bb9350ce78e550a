"""Where a package of the extra is absent, the error says what to install."""

import importlib
import sys

import pytest

from lib.workbook.privacy import homomorphic, needed


def test_what_is_there_is_imported():
    assert needed("importlib") is importlib


@pytest.mark.parametrize("name", ["tenseal", "opacus.optimizers"])
def test_what_is_absent_is_an_error_that_names_the_extra(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"{name.split('.')[0]} is not installed.*\.\[privacy\]"):
        needed(name)


def test_the_modules_are_imported_without_the_packages_and_functions_say_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tenseal", None)
    again = importlib.reload(homomorphic)
    with pytest.raises(ImportError, match="privacy"):
        again.client_context()
