"""`python -m lib prepare`, and what the shell does with files as people have them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.helpers import DECRYPT, ENCRYPT, TRAIN, files_below, lib, photo, pixels
from tests.test_files import HIDDEN, phone, real_tree


def halves(path, size=(40, 20), **options):
    """Left red, right blue."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    image.save(path, **options)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_become_upright_rgb_of_one_size(folder, capsys):
    turned = Image.Exif()
    turned[0x0112] = 6
    halves(folder / "src/wide.png")
    halves(folder / "src/sub/turned.jpg", exif=turned, quality=95)
    Image.new("LA", (5, 9), (10, 0)).save("src/glass.png")
    Image.new("CMYK", (8, 8), (0, 255, 0, 0)).save("src/print.jpg", quality=95)
    (folder / "src/phone.jpg").write_bytes(phone())
    assert lib("prepare", "src", "dst", "--size", 12) == 0
    out, err = capsys.readouterr()
    assert "prepared 5, skipped 0 done before, failed 0" in out and "1 file: a photograph with further" in err
    assert files_below(folder / "dst") == [
        "glass.png",
        "phone.png",
        "print.png",
        "sub/turned.png",
        "wide.png",
    ]
    for path in (folder / "dst").rglob("*.png"):
        image = Image.open(path)
        assert (image.format, image.mode, image.size) == ("PNG", "RGB", (12, 12)) and not image.getexif()
    assert (pixels("dst/glass.png") == 255).all()
    wide, upright = pixels("dst/wide.png").astype(int), pixels("dst/sub/turned.png").astype(int)
    assert (wide[:, :4, 0] > 200).all() and (wide[:, 8:, 2] > 200).all()
    assert (upright[:4, :, 0] > 200).all() and (upright[8:, :, 2] > 200).all()  # left has become top
    assert lib("prepare", "src", "dst", "--size", 12) == 0
    assert "prepared 0, skipped 5 done before" in capsys.readouterr().out
    assert lib("prepare", "src", "dst", "--size", 13) == 1  # another size is not done


def test_pad_keeps_all_of_it(folder):
    halves(folder / "a.png")
    assert lib("prepare", "a.png", "b.png", "--size", 16, "--fit", "pad") == 0
    b = pixels("b.png")
    assert b.shape == (16, 16, 3) and (b[:4] == 0).all() and (b[12:] == 0).all() and b[4:12].max(-1).all()
    assert (b[5:11, 0] == (255, 0, 0)).all() and (b[5:11, -1] == (0, 0, 255)).all()


def test_a_ciphertext_and_an_animation_are_refused(folder, capsys):
    lib("key", "new", "key.json")
    photo(folder / "plain/a.png", 1)
    assert lib(*ENCRYPT, "etc") == 0
    assert lib("prepare", "cipher/a.png", "b.png", "--size", 8) == 1
    assert "is a ciphertext, which another size would destroy" in capsys.readouterr().err
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save("a.gif", save_all=True, append_images=frames[1:])
    assert lib("prepare", "a.gif", "b.png", "--size", 8) == 1
    assert "a.gif: has 2 frames" in capsys.readouterr().err and not Path("b.png").exists()


def test_errors_about_sizes_name_it(folder, capsys, ready):
    for i, size in enumerate([(8, 8), (9, 8)]):
        photo(folder / f"data/train/{'ab'[i]}/x.png", i, size)
    wrong = (*TRAIN, "--data", "folder:data", "--out", "model")
    for words in (wrong, ("predict", "data", "a.csv", "--model", ready),
                  ("attack", "table-reader", "--cipher", "data", "--out", "read")):  # fmt: skip
        assert lib(*words) == 1
        assert "python -m lib prepare SRC DST --size N" in capsys.readouterr().err
    assert lib("prepare", "data", "same", "--size", 8) == 0
    assert lib(*TRAIN, "--data", "folder:same", "--out", "model") == 0


def test_hidden_files_are_left_alone_and_counted_alike(folder, capsys, ready):
    lib("key", "new", "key.json")
    for name in ("plain/train/ape", "plain/train/bee"):
        real_tree(folder / name)
        photo(folder / name / "x.png", 3, (8, 8))
        photo(folder / name / "sub/y.jpg", 4, (8, 8))
    capsys.readouterr()
    counted = f"{2 * len(HIDDEN)} hidden files or folders left alone"
    for words in ((*ENCRYPT, "etc"), ("predict", "plain", "a.csv", "--model", ready),
                  (*TRAIN, "--data", "folder:plain", "--out", "model")):  # fmt: skip
        assert lib(*words) == 0
        err = capsys.readouterr().err
        assert counted in err and "2 pipes, sockets or devices left alone" in err and "z.heic" in err
    assert len(files_below(folder / "cipher")) == 4


def test_a_photograph_of_a_phone_comes_back(folder, capsys):
    lib("key", "new", "key.json")
    (folder / "plain").mkdir()
    (folder / "plain/phone.jpg").write_bytes(phone())
    assert lib(*ENCRYPT, "etc") == 0 and "taken by its first" in capsys.readouterr().err
    assert lib(*DECRYPT) == 0
    assert np.array_equal(pixels("back/phone.png"), pixels("plain/phone.jpg"))
