"""`python -m lib key`, `encrypt` and `decrypt`, from words to files."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib import Key
from tests.cli.helpers import (
    DECRYPT,
    ENCRYPT,
    ETC,
    PUBLISHED,
    A,
    E,
    K,
    files_below,
    lib,
    photo,
    pixels,
    record_of,
)


def test_new_key_is_private_and_never_overwritten(tmp_path, capsys):
    path = tmp_path / "key.json"
    assert lib("key", "new", path) == 0
    key = Key.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    out = capsys.readouterr().out
    assert key.fingerprint[:8] in out and key._secret.hex() not in out
    assert lib("key", "new", path) == 1
    assert Key.load(path) == key and "never overwritten" in capsys.readouterr().err
    assert lib("key", "new", tmp_path / "no" / "key.json") == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_key_for_lessons_is_named_unsafe(tree, capsys):
    Key.from_seed(7).save("seven.json")
    assert lib("encrypt", "plain", "cipher", "--key", "seven.json", "--scheme", "etc") == 0
    assert "seven.json is unsafe" in capsys.readouterr().err


def test_tree_comes_back_in_its_structure(tree, capsys):
    assert lib(*ENCRYPT, "etc") == 0
    out, err = capsys.readouterr()
    assert out.startswith("encrypted 4, skipped 0 done before, failed 0, in ")
    assert (
        "2 other files left alone" in err and "1 hidden file or folder left alone, such as plain/.hid" in err
    )
    assert files_below(tree / "cipher") == ["a.png", "dogs/b.png", "dogs/c.png", "dogs/old/d.png"]
    assert lib(*DECRYPT, "--scheme", "etc") == 0
    assert files_below(tree / "back") == files_below(tree / "cipher")
    for source, back in (("a.png", "a.png"), ("dogs/b.bmp", "dogs/b.png"), ("dogs/c.PNG", "dogs/c.png")):
        assert np.array_equal(pixels(tree / "plain" / source), pixels(tree / "back" / back))
    assert Image.open("back/dogs/old/d.png").mode == "1"


def test_second_run_skips_what_is_done_and_does_the_rest(tree, capsys):
    lib(*ENCRYPT, "skk", "--per-image")
    before = Path("cipher/a.png").read_bytes()
    Path("cipher/dogs/b.png").unlink()
    assert lib(*ENCRYPT, "skk", "--per-image") == 0
    assert "encrypted 1, skipped 3 done before, failed 0" in capsys.readouterr().out
    assert Path("cipher/a.png").read_bytes() == before
    assert lib(*ENCRYPT, "skk", "--per-image", "--overwrite") == 0
    assert Path("cipher/a.png").read_bytes() != before  # another id
    lib(*DECRYPT)
    Path("back/a.png").unlink()
    capsys.readouterr()
    assert lib(*DECRYPT) == 0
    assert "decrypted 1, skipped 3 done before, failed 0" in capsys.readouterr().out


def test_broken_files_are_named_and_the_rest_is_done(tree, capsys):
    data = Path("plain/a.png").read_bytes()
    Path("plain/a.png").write_bytes(data[:-40])
    Path("plain/dogs/f.jpg").write_text("no image")
    Path("plain/dogs/g.png").symlink_to("nowhere.png")
    assert lib(*ENCRYPT, "etc") == 1
    out, err = capsys.readouterr()
    assert out.startswith("encrypted 3, skipped 0 done before, failed 3")
    failed = [line for line in err.splitlines() if line.startswith("failed: ")]
    assert [line.split(": ")[1] for line in failed] == ["plain/a.png", "plain/dogs/f.jpg", "plain/dogs/g.png"]
    assert "broken image" in failed[0] and "holds no image" in failed[1] and "No such file" in failed[2]
    assert "Traceback" not in err and "a.png" not in files_below(tree / "cipher")


def test_a_file_in_the_way_is_named_and_kept(tree, capsys):
    photo(tree / "cipher/a.png", 9)
    Path("cipher/dogs/b.png").mkdir(parents=True)
    before = Path("cipher/a.png").read_bytes()
    assert lib(*ENCRYPT, "etc") == 1
    err = capsys.readouterr().err
    assert err.count("the target exists and is no ciphertext of this source") == 2
    assert Path("cipher/a.png").read_bytes() == before
    assert lib(*ENCRYPT, "etc", "--overwrite") == 1
    assert (
        Path("cipher/a.png").read_bytes() != before
        and "Is a directory: cipher/dogs/b.png" in capsys.readouterr().err
    )


def test_wrong_key_for_a_tree_is_said_once(tree, capsys):
    for number in range(8):
        photo(tree / f"plain/{number}.png", number)
    lib(*ENCRYPT, "etc")
    capsys.readouterr()
    assert lib("decrypt", "cipher", "back", "--key", "other.json") == 1
    err = capsys.readouterr().err
    assert err.count("another key") == 1 and "all 12 files" in err


def test_single_image(tree, capsys):
    assert lib("encrypt", "plain/a.png", "new/folder/c.png", "--key", "key.json", "--scheme", "tanaka") == 0
    assert lib("decrypt", "new/folder/c.png", "b.png", "--key", "key.json") == 0
    assert np.array_equal(pixels("b.png"), pixels("plain/a.png"))
    assert "decrypted 1, skipped 0 done before, failed 0" in capsys.readouterr().out


def test_archive(tree, capsys):
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
    np.savez("a.npz", x_train=x, y_train=np.arange(6))
    assert lib("encrypt", "a.npz", "c.npz", "--key", "key.json", "--scheme", "ele", "--per-image") == 0
    assert "copied in clear: y_train" in capsys.readouterr().err
    assert lib("decrypt", "c.npz", "b.npz", "--key", "key.json") == 0
    with np.load("b.npz") as back:
        assert back.files == ["x_train", "y_train"] and np.array_equal(back["x_train"], x)
    assert lib("decrypt", "a.npz", "d.npz", "--key", "key.json") == 1
    assert "failed: a.npz: holds no record" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, settings",
    [
        (["etc"], {"scheme": "etc", "block": 4}),
        (["etc", "--block", "8", "--per-image"], {"block": 8, "per_image": True}),
        (["tanaka", "--bits", "2"], {"bits": 2, "block": 4, "as_published": False}),
        (["skk", "--no-colour-shuffle"], {"colour_shuffle": False}),
        (["skk"], {"colour_shuffle": True, "per_image": False}),
        (["etc", "--as-published"], {"as_published": "etc-classify"}),
        (["etc", "--as-published", PUBLISHED], {"as_published": PUBLISHED}),
        (["otp"], {"scheme": "otp", "per_image": True}),
    ],
    ids=" ".join,
)
def test_options_reach_the_scheme(tree, words, settings):
    assert lib("encrypt", "plain/a.png", "c.png", "--key", "key.json", "--scheme", *words) == 0
    assert record_of("c.png").scheme.items() >= settings.items()


def test_notes_on_loss_come_once(tree, capsys):
    assert lib(*ENCRYPT, "etc", "--jpeg", "90", "--subsampling", "4:2:0", "--block", "8") == 0
    err = capsys.readouterr().err
    assert err.count("JPEG loses") == 1 and "no multiple of 16" in err
    assert files_below(tree / "cipher") == ["a.jpg", "dogs/b.jpg", "dogs/c.jpg", "dogs/old/d.jpg"]
    assert lib(*DECRYPT) == 0
    err = capsys.readouterr().err
    assert err.count("note: ") == 1 and "4 files: went through JPEG: pixels are not exact" in err
    assert lib("encrypt", "plain", "grey", "--key", "key.json", "--scheme", "etc-gray") == 0
    assert "exact up to rounding" in capsys.readouterr().err
    assert lib("decrypt", "grey", "back2", "--key", "key.json") == 0
    assert "note: 2 files: exact up to the rounding" in capsys.readouterr().err
    assert (
        lib("encrypt", "plain", "lost", "--key", "key.json", "--scheme", "etc", "--as-published", PUBLISHED)
        == 0
    )
    assert "cannot be decrypted" in capsys.readouterr().err


WRONG = [
    (2, (), "required"),
    (2, ("draw",), "invalid choice"),
    (2, (*E, *K), "--scheme"),
    (2, (*E, *ETC), "--key"),
    (2, (*E, *K, "--scheme", "rot13"), "invalid choice: 'rot13'"),
    (2, (*E, *K, "--scheme", "skk", "--block", "4"), "skk has no --block"),
    (2, (*E, *K, *ETC, "--bits", "4"), "etc has no --bits"),
    (2, (*E, *K, *ETC, "--no-colour-shuffle"), "etc has no --no-colour-shuffle"),
    (2, (*E, *K, "--scheme", "tanaka", "--bits", "3"), "split into parts of 8, 4, 2 or 1 bits, got bits=3"),
    (2, (*E, *K, *ETC, "--block", "0"), "expected a whole number from 1 on, got '0'"),
    (2, (*E, *K, *ETC, "--block", "4.5"), "expected a whole number from 1 on, got '4.5'"),
    (2, (*E, *K, *ETC, "--workers", "-1"), "--workers"),
    (
        2,
        (*E, *K, *ETC, "--as-published", "nobody"),
        "no published variant 'nobody' of etc; known: 'etc-classify'",
    ),
    (2, (*E, *K, "--scheme", "shf", "--as-published"), "no published variant"),
    (2, (*E, *K, "--scheme", "ffx", "--as-published"), "values of uint16, which fit no image of bytes"),
    (2, (*E, *K, "--scheme", "skk", "--jpeg", "90"), "JPEG would destroy a ciphertext of skk"),
    (2, (*E, *K, *ETC, "--jpeg", "0"), "quality from 1 to 100, got '0'"),
    (2, (*E, *K, *ETC, "--jpeg", "101"), "quality from 1 to 100, got '101'"),
    (2, (*E, *K, *ETC, "--subsampling", "4:2:0"), "--subsampling needs --jpeg"),
    (2, (*E, *K, *ETC, "--jpeg", "90", "--subsampling", "4:1:1"), "invalid choice"),
    (2, ("encrypt", "a.npz", "c.npz", *K, *ETC, "--jpeg", "90"), "holds arrays"),
    (1, (*E, "--key", "lost.json", *ETC), "lost.json: no such key file; python -m lib key new lost.json"),
    (1, (*E, "--key", "plain", *ETC), "Is a directory: plain"),
    (1, (*E, "--key", "plain/labels.csv", *ETC), "no key file"),
    (1, ("encrypt", "lost", "cipher", *K, *ETC), "lost: no such file or folder"),
    (1, ("encrypt", "plain", "plain", *K, *ETC), "source and destination are the same"),
    (1, ("encrypt", "plain", "dogs/../plain", *K, *ETC), "source and destination are the same"),
    (1, ("encrypt", "plain", "plain/cipher", *K, *ETC), "one inside the other"),
    (1, ("encrypt", "plain/dogs", ".", *K, *ETC), "one inside the other"),
    (1, ("encrypt", "plain", "key.json", *K, *ETC), "the destination must be one, and key.json is a file"),
    (1, ("encrypt", "plain", "key.json/x", *K, *ETC), "Not a directory"),
    (1, ("encrypt", "empty", "cipher", *K, *ETC), "empty: no image in this folder"),
    (1, (*A, "plain/a.png", *K, *ETC), "source and destination are the same"),
    (1, (*A, "plain/dogs", *K, *ETC), "plain/dogs is a folder; name the file, such as plain/dogs/a.png"),
    (1, (*A, "c.jpg", *K, *ETC), "c.jpg would be written as .png; name it c.png"),
    (1, (*A, "c.png", *K, *ETC, "--jpeg", "90"), "c.png would be written as .jpg; name it c.jpg"),
    (1, ("encrypt", "a.npz", "c.png", *K, *ETC), "c.png would be written as .npz; name it c.npz"),
    (1, ("encrypt", "plain/labels.csv", "c.png", *K, *ETC), "holds no image"),
    (1, ("decrypt", "plain/a.png", "b.png", *K), "holds no record"),
    (1, ("decrypt", "lost.png", "b.png", *K), "lost.png: no such file or folder"),
    (2, ("decrypt", "plain", "back", *K, "--scheme", "rot13"), "invalid choice"),
]


@pytest.mark.parametrize("status, words, message", WRONG, ids=[f"{' '.join(words)}" for _, words, _ in WRONG])
def test_wrong_calls_are_one_clear_line(tree, capsys, status, words, message):
    Path("empty").mkdir()
    np.savez("a.npz", x=np.zeros((1, 4, 4, 3), np.uint8))
    before = files_below(tree)
    assert lib(*words) == status
    out, err = capsys.readouterr()
    assert message in err and "Traceback" not in out + err
    assert files_below(tree) == before
    if status == 1:
        assert len(err.splitlines()) == 1


def test_other_key_and_scheme_are_named(tree, capsys):
    lib("encrypt", "plain/a.png", "c.png", *K, *ETC)
    assert lib("decrypt", "c.png", "b.png", "--key", "other.json") == 1
    assert "failed: c.png: was encrypted with another key" in capsys.readouterr().err
    assert lib("decrypt", "c.png", "b.png", *K, "--scheme", "skk") == 1
    assert "failed: c.png: was encrypted with another scheme: etc, not skk" in capsys.readouterr().err
    lib("encrypt", "plain/a.png", "c2.png", *K, "--scheme", "skk", "--as-published")
    assert lib("decrypt", "c2.png", "b.png", *K) == 1
    assert "cannot be decrypted: five of its six" in capsys.readouterr().err
    assert not Path("b.png").exists()


def test_no_permission_to_read_is_named(tree, capsys, monkeypatch):
    real = Path.read_bytes

    def read_bytes(path):
        if path.name == "b.bmp":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert lib(*ENCRYPT, "etc") == 1
    out, err = capsys.readouterr()
    assert "encrypted 3" in out and "failed: plain/dogs/b.bmp: Permission denied\n" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission_to_write_is_named(tree, capsys):
    Path("cipher").mkdir(mode=0o555)
    assert lib("encrypt", "plain/a.png", "cipher/c.png", *K, *ETC) == 1
    assert "Permission denied: cipher/c.png" in capsys.readouterr().err
