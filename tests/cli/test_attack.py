"""Attacks from the shell: what they are given, what they write, what they refuse."""

import json

import numpy as np
import pytest
from PIL import Image

from lib.__main__ import main
from lib.datasets import load

PHOTOS = load("photos", "test", limit=6).images


@pytest.fixture
def folder(tmp_path):
    """Plain pictures, a key, and ciphertexts of Tanaka's scheme and of SKK."""
    save(tmp_path / "plain", PHOTOS)
    main(["key", "new", str(tmp_path / "key.json")])
    for scheme in ("tanaka", "skk"):
        shell(tmp_path, f"encrypt plain {scheme} --scheme {scheme} --key key.json --workers 1")
    return tmp_path


def save(to, images):
    to.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(to / f"{i}.png")


def shell(folder, line):
    words = line.split()
    known = {"plain", "tanaka", "skk", "key.json", "other.json", "out", "one", "one-cipher", "bare", "mixed"}
    return main(
        [
            str(folder / word) if word in known and words[i - 1] != "--scheme" else word
            for i, word in enumerate(words)
        ]
    )


def test_an_oracle_reads_a_folder(folder, capsys):
    assert (
        shell(folder, "attack table-reader --cipher tanaka --oracle-key key.json --out out --truth plain")
        == 0
    )
    assert "6 images, 5 queries" in capsys.readouterr().out
    for i, photo in enumerate(PHOTOS):
        assert (np.asarray(Image.open(folder / "out" / f"{i}.png")) == photo).all()
    facts = json.loads((folder / "out" / "result.json").read_text())
    assert facts["scores"]["exact"] == 1.0 and facts["scores"]["psnr"] is None and facts["confidence"] == 1.0
    assert len(facts["recovered"]["mask"]) == 3072 and "key" not in json.dumps(facts)


def test_pairs_go_by_name_and_one_picture_may_be_attacked(folder):
    save(folder / "one", PHOTOS[:1])
    (folder / "one-cipher").mkdir()
    (folder / "tanaka" / "0.png").rename(folder / "one-cipher" / "0.png")
    assert shell(folder, "attack pairs-tanaka --cipher tanaka --pairs one one-cipher --out out") == 0
    assert (np.asarray(Image.open(folder / "out" / "3.png")) == PHOTOS[3]).all()
    assert not (folder / "out" / "0.png").exists()


def test_padding_is_cropped_again(tmp_path):
    save(tmp_path / "plain", PHOTOS[:, :30, :29])
    main(["key", "new", str(tmp_path / "key.json")])
    shell(tmp_path, "encrypt plain tanaka --scheme tanaka --key key.json --workers 1")
    assert (
        shell(tmp_path, "attack table-reader --cipher tanaka --oracle-key key.json --out out --truth plain")
        == 0
    )
    assert (np.asarray(Image.open(tmp_path / "out" / "2.png")) == PHOTOS[2, :30, :29]).all()


@pytest.mark.parametrize(
    "line, says",
    [
        (
            "attack table-reader --cipher tanaka --out out",
            "name the key that it encrypts with (--oracle-key)",
        ),
        (
            "attack pairs-tanaka --cipher tanaka --out out",
            "needs plain images and their ciphertexts (--pairs",
        ),
        (
            "attack pairs-skk --cipher tanaka --pairs plain tanaka --out out",
            "is no attack on tanaka; it is made for skk",
        ),
        (
            "attack table-reader --cipher tanaka --oracle-key other.json --out out",
            "encrypted with another key",
        ),
        (
            "attack table-reader --cipher mixed --oracle-key key.json --out out",
            "ciphertexts of 2 schemes or settings",
        ),
        ("attack leading-bit --cipher nothing --out out", "no such file or folder"),
    ],
)
def test_what_cannot_be_done_is_said(folder, capsys, line, says):
    main(["key", "new", str(folder / "other.json")])
    (folder / "mixed").mkdir()
    for i, scheme in enumerate(("tanaka", "skk")):
        (folder / scheme / f"{i + 4}.png").rename(folder / "mixed" / f"{i}.png")
    assert shell(folder, line) == 1
    assert says in capsys.readouterr().err and not (folder / "out").exists()


def test_ciphertexts_of_other_programs_need_a_scheme(folder, capsys):
    save(folder / "bare", PHOTOS)
    with pytest.raises(SystemExit):
        shell(folder, "attack leading-bit --cipher bare --out out")
    assert "name it with --scheme" in capsys.readouterr().err
    assert shell(folder, "attack leading-bit --cipher bare --scheme skk --out out") == 0
    assert (np.asarray(Image.open(folder / "out" / "1.png")) == np.minimum(PHOTOS[1], 255 - PHOTOS[1])).all()


def test_nothing_is_overwritten_unasked(folder, capsys):
    line = "attack leading-bit --cipher skk --out out"
    assert shell(folder, line) == 0 and shell(folder, line) == 1
    assert "exists; choose another folder" in capsys.readouterr().err
    assert shell(folder, f"{line} --overwrite") == 0


def test_pictures_of_several_sizes_are_refused(folder, capsys):
    Image.fromarray(PHOTOS[0][:16]).save(folder / "plain" / "small.png")
    assert shell(folder, "attack leading-bit --cipher plain --scheme skk --out out") == 1
    assert "images of 2 sizes (16x32, 32x32)" in capsys.readouterr().err
