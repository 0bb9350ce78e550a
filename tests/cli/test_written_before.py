"""Ciphertexts as they were written first, one of every scheme, and the first with tags (`-tagged`), are read
and decrypted as ever."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib import Key
from lib.cli.archives import cipher_of_archive, decrypt_archive
from lib.cli.image_files import decrypt_file, encrypt_file, find_record
from lib.cli.model_folder import Facts
from lib.cli.records import described
from lib.colours import through_colour
from lib.formats import read

FILES = Path(__file__).resolve().parents[2] / "data" / "vectors" / "files"
KEY = Key.load(FILES / "key.json")
CIPHERS = sorted(
    path for path in FILES.iterdir() if path.stem.split("-")[0] != "plain" and path.suffix != ".json"
)


def says_whether_it_has_a_tag(path, note):
    return ("carries no tag" in (note or "")) != path.stem.endswith("-tagged")


def pixels(path):
    return np.asarray(Image.open(path))


def arrays(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def of(suffix):
    return [path for path in CIPHERS if path.suffix == suffix]


def test_there_is_one_of_every_scheme():
    assert Key.from_seed(7) == KEY and KEY.origin == "UNSAFE: from seed 7"
    for suffix in (".png", ".npz"):
        found = {cipher_of(path).scheme["scheme"] for path in of(suffix)}
        assert found >= {"tanaka", "ele", "skk", "etc", "etc-gray", "shf", "np", "ffx", "otp"}


def cipher_of(path):
    return cipher_of_archive(path) if path.suffix == ".npz" else find_record(Image.open(path)).cipher


@pytest.mark.parametrize("path", of(".png"), ids=lambda path: path.stem)
def test_a_png_comes_back(tmp_path, path):
    note = decrypt_file(path, tmp_path / "back.png", KEY).note
    assert says_whether_it_has_a_tag(path, note)
    plain, back = pixels(FILES / "plain.png"), pixels(tmp_path / "back.png")
    if cipher_of(path).scheme["scheme"] == "etc-gray":
        plain = np.dstack([through_colour(plain[None, ..., :3])[0], plain[..., 3]])
    assert back.shape == (9, 13, 4) and np.array_equal(back, plain)


@pytest.mark.parametrize("path", of(".npz"), ids=lambda path: path.stem)
def test_an_npz_comes_back(tmp_path, path):
    note = decrypt_archive(path, tmp_path / "back.npz", KEY).note
    assert says_whether_it_has_a_tag(path, note)
    plain, back = arrays(FILES / "plain.npz"), arrays(tmp_path / "back.npz")
    if cipher_of(path).scheme["scheme"] == "etc-gray":
        plain["x_train"] = through_colour(plain["x_train"])
    assert list(back) == list(plain)
    assert all(np.array_equal(back[name], plain[name]) for name in plain)


@pytest.mark.parametrize("path", of(".jpg"), ids=lambda path: path.stem)
def test_a_jpeg_comes_back_nearly(tmp_path, path):
    note = decrypt_file(path, tmp_path / "back.png", KEY).note
    error = pixels(tmp_path / "back.png").astype(int) - pixels(FILES / "plain-squares.png")
    assert says_whether_it_has_a_tag(path, note)
    assert "pixels are not exact" in note and 0 < np.abs(error).max() < 12


@pytest.mark.parametrize("path", of(".png"), ids=lambda path: path.stem)
def test_it_would_be_written_the_same_today(tmp_path, path):
    record = find_record(Image.open(path))
    scheme = record.scheme_with(KEY)
    encrypt_file(FILES / "plain.png", tmp_path / "now.png", scheme)
    now = find_record(Image.open(tmp_path / "now.png"))
    if not scheme.per_image:
        tagged = {"version": 2, "tags": now.tags} if record.version == 1 else {}
        assert now == record.model_copy(update=tagged) and np.array_equal(
            pixels(tmp_path / "now.png"), pixels(path)
        )
    assert encrypt_file(FILES / "plain.png", path, scheme).skipped


def test_what_was_said_of_a_model_is_read():
    facts, text = read(Facts, FILES / "model.json"), (FILES / "model.json").read_text()
    assert facts.network.name == "blocknet" and described(facts.cipher).startswith(
        "a ciphertext of etc (block 4)"
    )
    assert json.dumps(facts.model_dump(), indent=1) + "\n" == text
