"""`python -m lib judge`: a cipher in a file, good and bad."""

import sys

import pytest

from lib.__main__ import main
from lib.cli.commands.judge import loaded, shape
from lib.formats import read
from lib.judge import Verdict
from lib.keys import Key
from tests.cli.helpers import lib

CIPHER = """
import numpy as np
import beside

class Shift:
    def __init__(self, key):
        self.pad = key.integers("pad", 256, 192).reshape(8, 8, 3)

    def encrypt(self, images, ids=None):
        return images ^ self.pad ^ np.uint8(beside.NUMBER)

LIMIT = 3
_hidden = print
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The working folder, with a cipher that imports what lies beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # which a cipher's folder is put into
    for name in ("beside", "judged_cipher"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    (tmp_path / "cipher.py").write_text(CIPHER)
    (tmp_path / "beside.py").write_text("NUMBER = 5\n")
    (tmp_path / "wrong.py").write_text("key = 1 / 0\n")
    (tmp_path / "empty.py").write_text("_hidden = LIMIT = 3\n")
    (tmp_path / "odd.txt").write_text(CIPHER)
    return tmp_path


def test_a_cipher_is_judged_and_both_files_say_so(files, capsys):
    assert lib("judge", "cipher.py:Shift", "--out", "report/of/it", "--size", "8x8") == 0
    out = capsys.readouterr().out
    verdict = read(Verdict, "report/of/it/verdict.json")
    assert verdict.outcome == "broken" and verdict.cipher == "Shift" and verdict.shape == (8, 8, 3)
    assert verdict.structure == ["table of bytes"]
    assert out.startswith("Shift: broken\n") and out.endswith("report/of/it/index.html\n")
    assert all(line in out for line in verdict.summary)
    text = (files / "report/of/it/index.html").read_text()
    assert "Verdict on Shift" in text and text.count("<img") == len(verdict.pictures)
    assert (
        lib("judge", "cipher.py:Shift", "--out", "report/of/it") == 1
    )  # nothing is judged before it is seen
    assert "verdict.json exists; give --out another folder" in capsys.readouterr().err
    assert read(Verdict, "report/of/it/verdict.json") == verdict


@pytest.mark.parametrize(
    "cipher, said",
    [
        ("none.py:Shift", "none.py is no file; expected one of Python that defines Shift"),
        ("cipher.py", "expected FILE.py:NAME, such as cipher.py:MyCipher, got 'cipher.py'"),
        (":Shift", "expected FILE.py:NAME"),
        ("cipher.py:", "expected FILE.py:NAME"),
        ("cipher.py:Shift()", "expected FILE.py:NAME"),
        ("cipher.py:Shaft", "cipher.py has no Shaft; it has Shift"),
        ("empty.py:Shift", "empty.py has no Shift; it has nothing to call"),
        ("wrong.py:Shift", "wrong.py cannot be run: ZeroDivisionError: division by zero"),
        ("cipher.py:LIMIT", "cipher.py: LIMIT is int; expected a class or a function"),
        ("odd.txt:Shift", "odd.txt is no file of Python; its name ends in .py"),
    ],
)
def test_what_cannot_be_loaded_is_told(files, cipher, said, capsys):
    assert lib("judge", cipher, "--out", "report", "--size", "8x8") == 1
    err = capsys.readouterr().err
    assert err.startswith("error: ") and said in err and "Traceback" not in err
    assert not (files / "report").exists()


def test_a_cipher_that_raises_is_a_verdict(files, capsys):
    (files / "raises.py").write_text("def factory(key):\n    raise RuntimeError('no <cipher>')\n")
    assert lib("judge", "raises.py:factory", "--out", "report", "--size", "8x8") == 0
    out, err = capsys.readouterr()
    assert "cannot be judged" in out and "RuntimeError: no <cipher>" in out and err == ""
    assert "no &lt;cipher&gt;" in (files / "report/index.html").read_text()


@pytest.mark.parametrize("name", ["verdict.json", "index.html"])
def test_nothing_is_written_over(files, name, capsys):
    (files / "report").mkdir()
    (files / "report" / name).write_text("mine")
    assert lib("judge", "cipher.py:Shift", "--out", "report") == 1
    assert f"report/{name} exists" in capsys.readouterr().err
    assert [(p.name, p.read_text()) for p in (files / "report").iterdir()] == [(name, "mine")]


@pytest.mark.parametrize(
    "words", [["--size", "8"], ["--size", "8x"], ["--size", "axb"], ["--budget", "long"]]
)
def test_wrong_options_are_a_wrong_call(files, words, capsys):
    assert lib("judge", "cipher.py:Shift", "--out", "report", *words) == 2
    assert f"argument {words[0]}" in capsys.readouterr().err


def test_a_size_that_does_not_do_is_told(files, capsys):
    assert lib("judge", "cipher.py:Shift", "--out", "report", "--size", "4x8") == 1
    assert "sides from 8 to 256" in capsys.readouterr().err


def test_sizes_are_height_and_width():
    assert shape("16x24") == (16, 24, 3) and shape("8X9") == (8, 9, 3)


def test_help_says_what_the_file_has_to_hold(capsys):
    assert lib("judge", "--help") == 0
    out = " ".join(capsys.readouterr().out.split())
    for words in ("FILE.py:NAME", "encrypt(images, ids=None)", "per_image = True", "judge what you trust",
                  "verdict.json", "--budget", "--size HxW", "--out DIR"):  # fmt: skip
        assert words in out, words
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "judge a cipher of your own" in capsys.readouterr().out


def test_a_file_is_run_where_it_lies(files, monkeypatch):
    monkeypatch.chdir("/")
    kind = loaded(f"{files / 'cipher.py'}:Shift")
    assert kind(Key.from_seed(1)).pad.shape == (8, 8, 3)
