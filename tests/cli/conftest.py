"""Working folders for the tests of the shell."""

import pytest

from lib import Key
from lib.cli import training
from lib.schemes import Tanaka
from tests.cli.helpers import KEY, OTHER, photo, save_folder, save_npz, stripes


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """The working folder: two keys, and a tree of images with other files in it."""
    monkeypatch.chdir(tmp_path)
    Key.generate().save("key.json")
    Key.generate().save("other.json")
    photo(tmp_path / "plain/a.png", 1)
    photo(tmp_path / "plain/dogs/b.bmp", 2, (5, 12))
    photo(tmp_path / "plain/dogs/c.PNG", 3, mode="LA")
    photo(tmp_path / "plain/dogs/old/d.tif", 4, mode="1")
    for name in ("labels.csv", ".hidden.png", "dogs/e.txt"):
        (tmp_path / "plain" / name).write_text("no image")
    return tmp_path


@pytest.fixture
def labelled(tmp_path, monkeypatch):
    """The working folder: two keys, a plain data set as npz, and as a tree without test images."""
    monkeypatch.chdir(tmp_path)
    KEY.save("key.json")
    OTHER.save("other.json")
    save_npz("plain.npz")
    save_folder("plain", *stripes(30, 3))
    return tmp_path


@pytest.fixture(scope="session")
def ready(tmp_path_factory):
    """Trained once for all tests that only look at it: on `plain.npz`, encrypted with Tanaka and KEY."""
    folder = tmp_path_factory.mktemp("ready")
    save_npz(folder / "plain.npz")
    options = {"epochs": 8, "batch": 20, "rate": 0.01}
    training.train(f"npz:{folder / 'plain.npz'}", folder / "model", "blocknet", options, scheme=Tanaka(KEY))
    return folder / "model"
