"""Files as people have them: what a folder holds, and what an image file is taken for."""

import io
import os
import socket
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin, features

from lib import datasets, files
from lib.files import below, check_file, check_single, open_image
from tests.specification import picture

HIDDEN = (".ipynb_checkpoints/x-checkpoint.png", "._x.png", "@eaDir/x.png", "__MACOSX/._x.png", "Thumbs.db")
needs_avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")


def image(seed=0, size=(6, 9)):
    return Image.fromarray(picture((*size, 3), seed))


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def real_tree(root):
    """Two images, and all that people's folders hold besides."""
    for name in ("x.png", "sub/y.jpg", *HIDDEN, "notes.txt", "z.heic", "w.jxl"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image(7).save(path, "PNG")
    os.mkfifo(root / "pipe.png")
    return root


def phone(seed=0):
    """A JPEG with a second frame, as phones write it (MPO)."""
    return saved(image(seed), "MPO", save_all=True, append_images=[image(seed + 1)])


# -- folders -------------------------------------------------------------------------------------------------


def test_a_folder_is_told_apart(tmp_path):
    found = below(real_tree(tmp_path))
    names = {
        kind: [path.relative_to(tmp_path).as_posix() for path in paths] for kind, paths in vars(found).items()
    }
    assert names == {
        "images": ["sub/y.jpg", "x.png"], "other": ["notes.txt"], "unread": ["w.jxl", "z.heic"],
        "hidden": ["._x.png", ".ipynb_checkpoints", "@eaDir", "Thumbs.db", "__MACOSX"],
        "special": ["pipe.png"],
    }  # fmt: skip
    told = "\n".join(found.notes())
    assert "5 hidden files or folders left alone, such as" in told
    assert f"{tmp_path / 'w.jxl'}, {tmp_path / 'z.heic'}; export them" in told
    assert "1 other file left alone" in told and "1 pipe, socket or device left alone" in told


def test_many_unread_files_are_not_all_named(tmp_path):
    for i in range(files.SHOWN + 3):
        (tmp_path / f"{i:02}.heic").touch()
    (line,) = below(tmp_path).notes()
    assert "19.heic and 3 more" in line and "20.heic" not in line


def test_what_would_be_waited_for_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as there:
        there.bind(str(tmp_path / "socket"))
    for path, kind in (
        (tmp_path / "pipe", "pipe"),
        (tmp_path / "socket", "socket"),
        (Path(os.devnull), "device"),
    ):
        with pytest.raises(ValueError, match=f"{path.name} is a {kind}; expected a file"):
            check_file(path)
    assert check_file(tmp_path / "none") == tmp_path / "none"  # whoever opens it says so


def test_data_sets_leave_alone_what_encryption_does(tmp_path, capsys):
    for name in ("ape", "bee"):
        real_tree(tmp_path / "train" / name)
    image().save(tmp_path / "train/@eaDir.png")
    (tmp_path / "train/.ipynb_checkpoints").mkdir()
    data = datasets.load(f"folder:{tmp_path}")
    assert len(data) == 4 and data.classes == ("ape", "bee")
    err = capsys.readouterr().err
    assert "note: 11 hidden files or folders left alone" in err and err.count("z.heic") == 2


# -- images --------------------------------------------------------------------------------------------------


def test_a_photograph_of_a_phone_is_taken_by_its_first_frame():
    data = phone()
    opened = open_image(data)
    assert opened.n_frames == 2
    assert "further frames" in check_single(opened, data)
    first = Image.open(io.BytesIO(saved(image(), "JPEG")))
    assert np.array_equal(np.asarray(opened), np.asarray(first))
    plain = saved(image(), "JPEG")
    assert check_single(open_image(plain), plain) is None


def test_a_gain_map_is_a_further_frame():
    xmp = b'<x:xmpmeta><rdf:Description hdrgm:Version="1.0"/></x:xmpmeta>'
    data = saved(image(), "MPO", save_all=True, append_images=[image(1)], xmp=xmp)
    opened = open_image(data)
    assert opened.format == "JPEG" and "further frames" in check_single(opened, data)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", pytest.param("AVIF", marks=needs_avif)])
def test_animations_are_refused(tmp_path, kind):
    data = saved(image(), kind, save_all=True, append_images=[image(1), image(2)])
    with pytest.raises(ValueError, match="has 3 frames"):
        check_single(open_image(data), data)
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.png cannot be read .*has 3 frames"):
        datasets.read_image(tmp_path / "a.png")


def with_text(size):
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "n" * size, zip=True)
    return saved(image(), "PNG", pnginfo=info)


def with_profile(size):
    return saved(image(), "PNG", icc_profile=bytes(size))


@pytest.mark.parametrize("make", [with_text, with_profile])
def test_much_text_is_no_broken_image_within_a_limit(make, monkeypatch):
    kept = PngImagePlugin.MAX_TEXT_CHUNK
    data = make(3 << 20)
    opened = open_image(data)
    with files.reading():
        opened.load()
    assert np.array_equal(np.asarray(opened), np.asarray(image()))
    assert kept == PngImagePlugin.MAX_TEXT_CHUNK
    monkeypatch.setattr(files, "LARGEST_TEXT", 2 << 20)
    with pytest.raises(ValueError, match="more than 2 MiB of text or colour profile"), files.reading():
        open_image(data).load()


def test_a_bomb_of_text_is_refused():
    def chunk(name, data):
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    plain = with_text(1)
    bomb = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(files.LARGEST_TEXT + 1)))
    with pytest.raises(ValueError, match="more than 64 MiB of text or colour profile"):
        open_image(plain[:33] + bomb + plain[33:])


@needs_avif
def test_avif_is_read_and_a_deep_one_is_refused():
    data = saved(image(), "AVIF", quality=100)
    opened = open_image(data)
    assert check_single(opened, data) is None
    assert np.abs(np.asarray(opened).astype(int) - np.asarray(image())).mean() < 60
    at = data.find(b"av1C") + 6
    deep = data[:at] + bytes([data[at] | 0x40]) + data[at + 1 :]
    with pytest.raises(ValueError, match="more than 8 bits"):
        check_single(opened, deep)


@pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow reads no JPEG 2000")
def test_jpeg_2000_is_read_and_a_deep_one_is_refused(tmp_path):
    data = saved(image(), "JPEG2000", irreversible=False)
    opened = open_image(data)
    assert check_single(opened, data) is None and np.array_equal(np.asarray(opened), np.asarray(image()))
    deep = saved(Image.fromarray(np.arange(48, dtype=np.uint16).reshape(6, 8) * 999), "JPEG2000")
    with pytest.raises(ValueError, match="more than 8 bits"):
        check_single(open_image(deep), deep)


def test_heic_is_told_what_is_read_here():
    with pytest.raises(ValueError, match="holds no image of PNG, JPEG"):
        open_image(b"\0\0\0\x18ftypheic" + bytes(40))
