"""One image file: `lib.cli.image_files`, with `lib.cli.pictures` and `lib.atomic` under it."""

import errno
import io
import json
import os
import signal
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps, JpegImagePlugin
from PIL.PngImagePlugin import PngInfo

from lib import Key, atomic
from lib.atomic import UNFINISHED, remove_unfinished, whole_file
from lib.cli.image_files import FORMAT, PROOF, Done, decrypt_file, encrypt_file
from lib.cli.pictures import from_stack, to_stack
from lib.colours import through_colour
from lib.schemes import SKK, EtC, FormatPreserving, GrayscaleEtC, NotInvertibleError, OneTimePad, Tanaka

KEY, OTHER = Key.from_seed(7), Key.from_seed(8)
ETC = EtC(KEY, block=4)
CHANNELS = {"RGB": 3, "L": 1, "1": 1, "RGBA": 4, "LA": 2}


def picture(mode="RGB", width=13, height=7, seed=0):
    """A smooth picture with noise, no two rows, columns or channels alike."""
    noise = np.random.default_rng(seed).integers(0, 40, (height, width, CHANNELS[mode]))
    ramp = (
        np.arange(width)[:, None] * 5 + np.arange(height)[:, None, None] * 11 + np.arange(CHANNELS[mode]) * 30
    )
    pixels = (noise + ramp).astype(np.uint8)
    image = Image.fromarray(pixels[..., 0] if CHANNELS[mode] == 1 else pixels)
    return image.convert("1") if mode == "1" else image


def saved(path, image, **options):
    image.save(path, **options)
    return path


def same(a, b):
    return a.mode == b.mode and a.size == b.size and np.array_equal(np.asarray(a), np.asarray(b))


def record_of(path):
    return json.loads(Image.open(path).info[FORMAT])


@pytest.fixture
def plain(tmp_path):
    return saved(tmp_path / "plain.png", picture())


@pytest.fixture
def cipher(tmp_path, plain):
    encrypt_file(plain, tmp_path / "cipher.png", ETC)
    return tmp_path / "cipher.png"


# -- exact restore -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", CHANNELS)
@pytest.mark.parametrize(
    "scheme",
    [
        ETC,
        EtC(KEY, block=8, per_image=True),
        SKK(KEY),
        Tanaka(KEY, block=4),
        OneTimePad(KEY),
        FormatPreserving(KEY),
    ],
    ids=lambda scheme: f"{scheme.name}{scheme.block}",
)
def test_pixels_size_and_mode_come_back(tmp_path, scheme, mode):
    image = picture(mode)
    source = saved(tmp_path / "a.tif", image)
    assert encrypt_file(source, tmp_path / "c.png", scheme) == Done()
    assert decrypt_file(tmp_path / "c.png", tmp_path / "b.png", KEY) == Done()
    assert same(Image.open(tmp_path / "b.png"), image)


def test_ciphertext_is_the_schemes_own(plain, cipher):
    padded = np.pad(np.asarray(Image.open(plain)), ((0, 1), (0, 3), (0, 0)), mode="edge")
    assert np.array_equal(np.asarray(Image.open(cipher)), ETC.encrypt(padded))


def test_parts_are_padded_each_by_its_own_edge():
    image = picture("RGBA", width=5, height=3)
    stack, pixels = to_stack(image, 4), np.asarray(image)
    assert stack.shape == (8, 8, 3)
    assert np.array_equal(stack[3, :5], pixels[2, :, :3]) and np.array_equal(stack[:3, 7], pixels[:, 4, :3])
    assert np.array_equal(stack[4:7, :5], pixels[:, :, 3:].repeat(3, axis=2))
    assert np.array_equal(stack[7, :5, 1], pixels[2, :, 3])
    assert same(from_stack(stack, 3, 5, "RGBA"), image)


def test_alpha_is_encrypted_too(tmp_path):
    image = picture("RGBA", 8, 8)
    encrypt_file(saved(tmp_path / "a.png", image), tmp_path / "c.png", SKK(KEY))
    cipher = np.asarray(Image.open(tmp_path / "c.png"))
    assert cipher.shape == (16, 8, 3)
    alpha = np.asarray(image)[:, :, 3:].repeat(3, axis=2)
    assert 0.2 < (cipher[8:] != alpha).mean() < 0.8  # SKK changes about half of all values


@pytest.mark.parametrize(
    "transparency, mode", [(None, "RGB"), (3, "RGBA"), (bytes([0, 90, 255, 17]), "RGBA")]
)
def test_palette_comes_back_as_colours(tmp_path, transparency, mode):
    image = picture().quantize(16)
    options = {} if transparency is None else {"transparency": transparency}
    source = saved(tmp_path / "a.png", image, **options)
    encrypt_file(source, tmp_path / "c.png", ETC)
    decrypt_file(tmp_path / "c.png", tmp_path / "b.png", KEY)
    back, expected = Image.open(tmp_path / "b.png"), Image.open(source).convert(mode)
    assert same(back, expected)
    assert mode == "RGB" or np.asarray(back)[..., 3].min() < 255


@pytest.mark.parametrize("mode, colour, into", [("L", 5, "LA"), ("RGB", (5, 41, 71), "RGBA")])
def test_transparent_colour_comes_back_as_alpha(tmp_path, mode, colour, into):
    image = picture(mode)
    image.putpixel((2, 1), colour)
    source = saved(tmp_path / "a.png", image, transparency=colour)
    encrypt_file(source, tmp_path / "c.png", ETC)
    decrypt_file(tmp_path / "c.png", tmp_path / "b.png", KEY)
    back = Image.open(tmp_path / "b.png")
    assert same(back, Image.open(source).convert(into)) and back.getpixel((2, 1))[-1] == 0


def test_orientation_is_applied_and_metadata_stay_behind(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at a secret place"  # orientation; description
    source = saved(
        tmp_path / "a.jpg", picture(width=16, height=8), exif=exif, icc_profile=b"profile of my camera"
    )
    assert b"secret place" in source.read_bytes() and b"my camera" in source.read_bytes()
    encrypt_file(source, tmp_path / "c.png", ETC)
    decrypt_file(tmp_path / "c.png", tmp_path / "b.png", KEY)
    back = Image.open(tmp_path / "b.png")
    assert back.size == (8, 16) and same(back, ImageOps.exif_transpose(Image.open(source)))
    for path in (tmp_path / "c.png", tmp_path / "b.png"):
        assert b"secret place" not in path.read_bytes() and b"my camera" not in path.read_bytes()
        assert set(Image.open(path).info) <= {FORMAT, PROOF}


# -- the record ----------------------------------------------------------------------------------------------


def test_record_says_what_is_needed_and_no_more(cipher):
    record = record_of(cipher)
    assert len(record.pop("source")) == 32 and record.pop("tags").keys() == {"pixels", "record"}
    assert record == {
        "format": FORMAT, "version": 2, "key": KEY.fingerprint, "image": None, "jpeg": None,
        "scheme": {"scheme": "etc", "version": 1, "block": 4, "per_image": False, "as_published": False},
        "height": 7, "width": 13, "mode": "RGB", "parts": ["colour"],
    }  # fmt: skip


def test_key_is_never_in_a_file(cipher, tmp_path):
    decrypt_file(cipher, tmp_path / "b.png", KEY)
    for path in (cipher, tmp_path / "b.png"):
        data = path.read_bytes()
        assert KEY._secret not in data and KEY._secret.hex().encode() not in data


def test_source_is_recognised_with_the_key_only(tmp_path, plain):
    for name, key in (("c1.png", KEY), ("c2.png", OTHER), ("c3.png", KEY)):
        encrypt_file(plain, tmp_path / name, EtC(key))
    tags = [record_of(tmp_path / name)["source"] for name in ("c1.png", "c2.png", "c3.png")]
    assert tags[0] == tags[2] != tags[1]


def test_ids_are_fresh_and_hide_that_two_files_are_one(tmp_path, plain):
    scheme = SKK(KEY, per_image=True)
    for name in ("c1.png", "c2.png"):
        encrypt_file(plain, tmp_path / name, scheme)
    one, two = record_of(tmp_path / "c1.png"), record_of(tmp_path / "c2.png")
    assert one["image"] != two["image"] and one["source"] != two["source"]
    assert max(one["image"], two["image"]) > 2**50 and max(one["image"], two["image"]) < 2**63
    pixels = [np.asarray(Image.open(tmp_path / name)) for name in ("c1.png", "c2.png")]
    assert (pixels[0] != pixels[1]).mean() > 0.3


# -- what is done --------------------------------------------------------------------------------------------


def test_done_ciphertext_is_skipped(plain, cipher):
    before = cipher.read_bytes()
    assert encrypt_file(plain, cipher, EtC(KEY, block=4)) == Done(skipped=True)
    assert cipher.read_bytes() == before


def test_done_ciphertext_with_an_id_is_skipped(tmp_path, plain):
    encrypt_file(plain, tmp_path / "c.png", OneTimePad(KEY))
    assert encrypt_file(plain, tmp_path / "c.png", OneTimePad(KEY)).skipped


def _new_source(plain, cipher):
    saved(plain, picture(seed=1))


def _cut_off(plain, cipher):
    cipher.write_bytes(cipher.read_bytes()[:-12])


def _no_image(plain, cipher):
    cipher.write_text("holiday list")


def _a_plain_image(plain, cipher):
    saved(cipher, picture())


@pytest.mark.parametrize("change", [_new_source, _cut_off, _no_image, _a_plain_image])
def test_other_targets_are_kept_unless_asked(plain, cipher, tmp_path, change):
    change(plain, cipher)
    before = cipher.read_bytes()
    with pytest.raises(FileExistsError, match=r"target exists .*--overwrite"):
        encrypt_file(plain, cipher, ETC)
    assert cipher.read_bytes() == before
    assert not encrypt_file(plain, cipher, ETC, overwrite=True).skipped
    decrypt_file(cipher, tmp_path / "b.png", KEY)
    assert same(Image.open(tmp_path / "b.png"), Image.open(plain))


@pytest.mark.parametrize(
    "scheme", [EtC(KEY, 2), EtC(OTHER, 4), SKK(KEY), EtC(KEY, 4, as_published=True)], ids=repr
)
def test_ciphertext_of_another_scheme_or_key_is_not_done(plain, cipher, scheme):
    with pytest.raises(FileExistsError):
        encrypt_file(plain, cipher, scheme)


def test_done_picture_is_skipped_and_others_are_kept(tmp_path, plain, cipher):
    back = tmp_path / "b.png"
    assert not decrypt_file(cipher, back, KEY).skipped
    assert decrypt_file(cipher, back, KEY).skipped
    saved(plain, picture(seed=1))
    encrypt_file(plain, cipher, ETC, overwrite=True)
    with pytest.raises(FileExistsError, match="decrypted from this ciphertext"):
        decrypt_file(cipher, back, KEY)
    assert not decrypt_file(cipher, back, KEY, overwrite=True).skipped
    assert same(Image.open(back), picture(seed=1))


# -- errors on decryption ------------------------------------------------------------------------------------


def rewritten(cipher, change):
    """The ciphertext with a changed image or record, as another program might leave it."""
    image, record = Image.open(cipher), record_of(cipher)
    info = PngInfo()
    result = change(image, record)
    image, text = result if isinstance(result, tuple) else (image, result)
    info.add_text(FORMAT, text if isinstance(text, str) else json.dumps(text))
    image.save(cipher, pnginfo=info)


@pytest.mark.parametrize(
    "change, message",
    [
        (
            lambda image, record: json.dumps(record)[:-9],
            "has a record that is no record: it is not whole JSON",
        ),
        (lambda image, record: [record], "is no record: its format field is not 'learnable"),
        (
            lambda image, record: record | {"version": 3},
            "has a record that is a record of version 3, this package reads 2 or 1",
        ),
        (
            lambda image, record: record | {"mode": "CMYK"},
            "a record that is damaged: mode 'CMYK' with the parts",
        ),
        (
            lambda image, record: record | {"mode": "RGBA"},
            "is damaged: mode 'RGBA' with the parts .'colour'. does not exist; get the unch",
        ),
        (
            lambda image, record: record | {"height": "7"},
            "is damaged: height is '7', expected a valid integer",
        ),
        (
            lambda image, record: record | {"width": 0},
            "is damaged: width is 0, expected greater than or equal to 1",
        ),
        (lambda image, record: record | {"width": 12}, "damaged record|when encrypted"),
        (lambda image, record: record | {"width": 99}, "is 16x8 RGB and was 100x8 RGB when encrypted"),
        (
            lambda image, record: record | {"scheme": None},
            "is damaged: scheme is None, expected the settings of a scheme",
        ),
        (
            lambda image, record: record | {"scheme": record["scheme"] | {"colour": 1}},
            "scheme is none that this version knows",
        ),
        (
            lambda image, record: record | {"scheme": record["scheme"] | {"scheme": "rot13"}},
            "unknown scheme 'rot13'",
        ),
        (
            lambda image, record: record | {"scheme": record["scheme"] | {"per_image": True}},
            "damaged record: no id",
        ),
        (
            lambda image, record: (image.resize((32, 32)), record),
            "is 32x32 RGB and was 16x8 RGB when encrypted",
        ),
        (lambda image, record: (image.convert("L"), record), "is 16x8 L and was 16x8 RGB when encrypted"),
    ],
)
def test_changed_files_are_refused(cipher, tmp_path, change, message):
    rewritten(cipher, change)
    with pytest.raises(ValueError):
        decrypt_file(cipher, tmp_path / "b.png", KEY)
    with pytest.raises(ValueError, match=message):
        decrypt_file(cipher, tmp_path / "b.png", KEY, unverified=True)
    assert not (tmp_path / "b.png").exists()


def test_wrong_key_other_scheme_and_plain_files_are_named(cipher, plain, tmp_path):
    with pytest.raises(ValueError, match=f"another key: {KEY.fingerprint}, not {OTHER.fingerprint}"):
        decrypt_file(cipher, tmp_path / "b.png", OTHER)
    with pytest.raises(ValueError, match="another scheme: etc, not skk"):
        decrypt_file(cipher, tmp_path / "b.png", KEY, name="skk")
    assert decrypt_file(cipher, tmp_path / "b.png", KEY, name="etc") == Done()
    with pytest.raises(ValueError, match="holds no record: it was never encrypted"):
        decrypt_file(plain, tmp_path / "b2.png", KEY)


def test_record_behind_the_pixels_is_found(cipher, tmp_path):
    data = cipher.read_bytes()
    start = data.index(b"tEXt") - 4
    stop = start + 12 + int.from_bytes(data[start : start + 4], "big")
    cipher.write_bytes(data[:start] + data[stop:-12] + data[start:stop] + data[-12:])
    assert FORMAT not in Image.open(cipher).info
    decrypt_file(cipher, tmp_path / "b.png", KEY)
    assert same(Image.open(tmp_path / "b.png"), picture())


def test_lossy_published_variant_says_why(plain, tmp_path):
    encrypt_file(plain, tmp_path / "c.png", SKK(KEY, as_published=True))
    with pytest.raises(NotInvertibleError, match="cannot be decrypted: five of its six"):
        decrypt_file(tmp_path / "c.png", tmp_path / "b.png", KEY)


# -- what loses ----------------------------------------------------------------------------------------------


def test_grey_etc_is_exact_up_to_colours(tmp_path):
    image = picture(width=16, height=8)
    encrypt_file(saved(tmp_path / "a.png", image), tmp_path / "c.png", GrayscaleEtC(KEY))
    assert Image.open(tmp_path / "c.png").mode == "L" and Image.open(tmp_path / "c.png").size == (48, 8)
    assert "rounding" in decrypt_file(tmp_path / "c.png", tmp_path / "b.png", KEY).note
    back = np.asarray(Image.open(tmp_path / "b.png"))
    assert np.array_equal(back, through_colour(np.asarray(image)[None])[0]) and not np.array_equal(
        back, image
    )


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_etc_is_exact_for_grey(tmp_path, mode):
    encrypt_file(saved(tmp_path / "a.tif", picture(mode)), tmp_path / "c.png", GrayscaleEtC(KEY))
    assert decrypt_file(tmp_path / "c.png", tmp_path / "b.png", KEY).note is None
    assert same(Image.open(tmp_path / "b.png"), picture(mode))


@pytest.mark.parametrize("scheme", [EtC(KEY, 16), GrayscaleEtC(KEY, 8)], ids=["etc", "etc-gray"])
@pytest.mark.parametrize("mode", ["RGB", "LA"])
def test_jpeg_comes_back_nearly(tmp_path, scheme, mode):
    ramp = np.add.outer(np.arange(48), np.arange(40) * 3) + np.random.default_rng(0).integers(0, 9, (48, 40))
    planes = [ramp, ramp[::-1], 255 - ramp] if mode == "RGB" else [ramp, 255 - ramp]
    image = Image.fromarray(np.stack(planes, axis=2).astype(np.uint8))
    source, jpeg = saved(tmp_path / "a.png", image), {"quality": 95, "subsampling": "4:4:4"}
    encrypt_file(source, tmp_path / "c.jpg", scheme, jpeg)
    assert Image.open(tmp_path / "c.jpg").format == "JPEG"
    assert encrypt_file(source, tmp_path / "c.jpg", scheme, jpeg).skipped
    with pytest.raises(FileExistsError):
        encrypt_file(source, tmp_path / "c.jpg", scheme, jpeg | {"quality": 60})
    assert "pixels are not exact" in decrypt_file(tmp_path / "c.jpg", tmp_path / "b.png", KEY).note
    back = Image.open(tmp_path / "b.png")
    error = np.asarray(back).astype(int) - np.asarray(image)
    assert back.mode == mode and back.size == image.size and 0 < np.abs(error).mean() < 4


def test_black_and_white_stays_so_through_jpeg(tmp_path):
    squares = np.kron(np.random.default_rng(0).integers(0, 2, (12, 10)), np.ones((4, 4)))
    image = Image.fromarray((squares * 255).astype(np.uint8)).convert("1")
    source = saved(tmp_path / "a.png", image)
    encrypt_file(source, tmp_path / "c.jpg", EtC(KEY, 8), {"quality": 10, "subsampling": "4:2:0"})
    decrypt_file(tmp_path / "c.jpg", tmp_path / "b.png", KEY)
    assert same(Image.open(tmp_path / "b.png"), image)  # dithering would speckle it


def test_an_ordinary_comment_is_no_record(tmp_path):
    source = saved(tmp_path / "a.jpg", picture(), comment=b"sunset, beach, etc.")
    with pytest.raises(ValueError, match="holds no record"):
        decrypt_file(source, tmp_path / "b.png", KEY)
    assert encrypt_file(source, tmp_path / "c.png", ETC) == Done()


def test_jpeg_settings_are_used(tmp_path, plain):
    sizes = []
    for quality, subsampling, code in ((95, "4:4:4", 0), (95, "4:2:0", 2), (30, "4:2:0", 2)):
        target = tmp_path / f"{len(sizes)}.jpg"
        encrypt_file(plain, target, ETC, {"quality": quality, "subsampling": subsampling})
        assert JpegImagePlugin.get_sampling(Image.open(target)) == code
        sizes.append(target.stat().st_size)
    assert sizes[0] > sizes[1] > sizes[2]


def test_what_fits_no_image_is_refused(plain, tmp_path):
    with pytest.raises(ValueError, match="JPEG would destroy a ciphertext of tanaka"):
        encrypt_file(plain, tmp_path / "c.jpg", Tanaka(KEY), {"quality": 90, "subsampling": "4:4:4"})
    with pytest.raises(ValueError, match=r"values of uint16, .* \.npz"):
        encrypt_file(plain, tmp_path / "c.png", FormatPreserving(KEY, as_published=True))
    assert list(tmp_path.iterdir()) == [plain]


# -- what is no plain image ----------------------------------------------------------------------------------


def deep_png(path, colour_type, channels):
    """A PNG of 16 bits a channel, which Pillow would open as one of 8 bits."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = zlib.compress((b"\0" + bytes(range(2 * channels * 2))) * 2)
    header = struct.pack(">IIBBBBB", 2, 2, 16, colour_type, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def deep_tiff(path):
    """The header and the one pixel of an uncompressed little-endian TIFF, RGB of 16 bits a channel."""
    tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 3, 200), (259, 3, 1, 1), (262, 3, 1, 2),
            (273, 4, 1, 206), (277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 6)]  # fmt: skip
    head = (
        b"II*\0"
        + struct.pack("<IH", 8, len(tags))
        + b"".join(struct.pack("<HHII", *tag) for tag in tags)
        + bytes(4)
    )
    path.write_bytes(
        head.ljust(200, b"\0") + struct.pack("<3H", 16, 16, 16) + struct.pack("<3H", 300, 40000, 7)
    )


def two_frames(path, kind):
    picture().save(path, kind, save_all=True, append_images=[picture(seed=1)])


BROKEN = {
    "16-bit RGB png": (lambda path: deep_png(path, 2, 3), "more than 8 bits a channel"),
    "16-bit grey png": (lambda path: deep_png(path, 0, 1), "more than 8 bits a channel"),
    "16-bit grey and alpha png": (lambda path: deep_png(path, 4, 2), "more than 8 bits a channel"),
    "16-bit RGB tiff": (deep_tiff, "more than 8 bits a channel"),
    "16-bit RGB ppm": (lambda path: path.write_bytes(b"P6 1 1 65535 " + bytes(range(6))), "more than 8 bits"),
    "10-bit RGB ppm": (lambda path: path.write_text("P3 1 1 1023 7 800 90"), "more than 8 bits"),
    "float tiff": (
        lambda path: Image.fromarray(np.eye(4, dtype=np.float32)).save(path, "TIFF"),
        "more than 8 bits",
    ),
    "cmyk jpeg": (
        lambda path: picture().convert("CMYK").save(path, "JPEG"),
        "mode CMYK, .* convert it to RGB",
    ),
    "lab tiff": (lambda path: Image.new("LAB", (4, 4)).save(path, "TIFF"), "mode LAB, .* convert it to RGB"),
    "animated gif": (lambda path: two_frames(path, "GIF"), "has 2 frames"),
    "animated png": (lambda path: two_frames(path, "PNG"), "has 2 frames"),
    "tiff of two pages": (lambda path: two_frames(path, "TIFF"), "has 2 frames"),
    "text": (lambda path: path.write_text("not an image"), "holds no image of PNG"),
    "empty": (lambda path: path.write_bytes(b""), "holds no image"),
    "another format": (lambda path: picture().save(path, "ICO"), "holds no image"),
    "png cut off": (lambda path: path.write_bytes(png_bytes()[:-60]), "broken image"),
    "png with a changed byte": (
        lambda path: path.write_bytes(png_bytes().replace(b"IDAT", b"IDAT?")),
        "broken image",
    ),
    "jpeg cut off": (lambda path: path.write_bytes(jpeg_bytes()[:-60]), "broken image"),
}


def png_bytes():
    buffer = io.BytesIO()
    picture().save(buffer, "PNG")
    return buffer.getvalue()


def jpeg_bytes():
    buffer = io.BytesIO()
    picture(width=64, height=64).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize("make, message", BROKEN.values(), ids=BROKEN)
def test_what_would_not_come_back_is_refused(tmp_path, make, message):
    make(tmp_path / "a.png")
    with pytest.raises(ValueError, match=message):
        encrypt_file(tmp_path / "a.png", tmp_path / "c.png", ETC)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_ciphertext_is_not_encrypted_again(cipher, tmp_path):
    with pytest.raises(ValueError, match="is a ciphertext already"):
        encrypt_file(cipher, tmp_path / "d.png", ETC)


def test_size_limit_holds_for_both_directions(plain, tmp_path, monkeypatch):
    kept = Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr("lib.files.LARGEST", 60)
    with pytest.raises(ValueError, match="more than 60 pixels"):
        encrypt_file(plain, tmp_path / "c.png", ETC)
    assert kept == Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr("lib.cli.image_files.LARGEST", 127)
    monkeypatch.setattr("lib.files.LARGEST", 10**6)
    with pytest.raises(ValueError, match="ciphertext of more than 127 pixels"):
        encrypt_file(plain, tmp_path / "c.png", ETC)  # 91 pixels, 128 in whole blocks


def test_pictures_over_pillows_own_limit_come_back_without_a_word(plain, tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    encrypt_file(plain, tmp_path / "c.png", ETC)
    decrypt_file(tmp_path / "c.png", tmp_path / "b.png", KEY)
    assert Image.MAX_IMAGE_PIXELS == 10 and not recwarn.list


# -- whole or absent -----------------------------------------------------------------------------------------


def test_error_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), whole_file(tmp_path / "a") as file:
        file.write(b"half")
        assert len(list(tmp_path.iterdir())) == 1 and not (tmp_path / "a").exists()
        raise RuntimeError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("links", [True, False])
def test_existing_file_is_kept(tmp_path, monkeypatch, links):
    def no_links(*_):
        raise OSError(errno.EPERM, "no links here")

    if not links:
        monkeypatch.setattr(atomic.os, "link", no_links)
    with whole_file(tmp_path / "a") as file:
        file.write(b"first")
    with pytest.raises(FileExistsError, match="another run"), whole_file(tmp_path / "a") as file:
        file.write(b"second")
    assert (tmp_path / "a").read_bytes() == b"first" and len(list(tmp_path.iterdir())) == 1
    with whole_file(tmp_path / "a", overwrite=True) as file:
        file.write(b"third")
    assert (tmp_path / "a").read_bytes() == b"third" and len(list(tmp_path.iterdir())) == 1


def test_disk_full_leaves_nothing(tmp_path, plain, monkeypatch):
    class Full(io.FileIO):
        def write(self, data):
            super().write(data[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fdopen", Full)
    with pytest.raises(OSError, match="No space left"):
        encrypt_file(plain, tmp_path / "c.png", ETC)
    assert list(tmp_path.iterdir()) == [plain]


def test_error_names_the_target_not_the_temporary(tmp_path, plain):
    with pytest.raises(FileNotFoundError) as caught:
        encrypt_file(plain, tmp_path / "no folder" / "c.png", ETC)
    assert caught.value.filename == str(tmp_path / "no folder" / "c.png")


def test_kill_while_writing_leaves_no_target_and_is_cleared_up(tmp_path):
    code = """
import os, pathlib, signal, sys
from lib.atomic import whole_file
with whole_file(pathlib.Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    target, name = tmp_path / "a.png", "b" * 251 + ".png"  # the longest name there can be
    for path in (target, tmp_path / name):
        assert subprocess.run([sys.executable, "-c", code, path]).returncode == -signal.SIGKILL
    (tmp_path / f"mine{UNFINISHED}").touch()
    left = sorted(path for path in tmp_path.iterdir() if path.name.startswith("."))
    assert len(left) == 2 and left[0].read_bytes() == b"half" and not target.exists()
    assert remove_unfinished([tmp_path / "c.png"]) == 0
    assert remove_unfinished([target]) == 1
    assert remove_unfinished([target, tmp_path / name, tmp_path / "nowhere" / "a.png"]) == 1
    assert [path.name for path in tmp_path.iterdir()] == [f"mine{UNFINISHED}"]
