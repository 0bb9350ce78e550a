"""Ciphertexts are authentic: what was changed is refused, and told. `lib.cli.records`, through files."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lib import Key
from lib.cli.archives import decrypt_archive, encrypt_archive
from lib.cli.image_files import decrypt_file, encrypt_file
from lib.cli.records import FORMAT, ArchiveRecord
from lib.schemes import SKK, EtC, GrayscaleEtC
from tests.cli.helpers import DECRYPT, KEY, OTHER, lib, photo, pixels
from tests.specification import stream
from tests.test_known_answers import KEYS, cases, cipher_of, digest, shown, stored, tagged_archive

RNG_SEED = 20
SCHEME = SKK(KEY, per_image=True)
JPEG = {"quality": 90, "subsampling": "4:2:0"}


@pytest.fixture
def files(tmp_path):
    """A PNG, a JPEG and an .npz under `KEY`, and another PNG of the same size."""
    encrypt_file(photo(tmp_path / "a.png", 1, mode="RGBA"), tmp_path / "c.png", SCHEME)
    encrypt_file(photo(tmp_path / "b.png", 2, mode="RGBA"), tmp_path / "d.png", SCHEME)
    encrypt_file(photo(tmp_path / "e.png", 3, (16, 16)), tmp_path / "c.jpg", EtC(KEY, 8), JPEG)
    x = np.random.default_rng(3).integers(0, 256, (3, 5, 6, 3), np.uint8)
    days = np.array(["2026-11-30", "2026-12-01", "2026-12-02"], "datetime64[D]")
    np.savez(tmp_path / "a.npz", x=x, y=np.array([[2], [0], [1]], ">i4"), days=days, none=np.zeros((0, 2)))
    encrypt_archive(tmp_path / "a.npz", tmp_path / "c.npz", SCHEME)
    return tmp_path


def parts_of(path):
    """The record, as text, and the arrays that are beside it."""
    if path.suffix == ".npz":
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return str(arrays.pop("record")), arrays
    image = Image.open(path)
    text = image.info["comment"].decode() if path.suffix == ".jpg" else image.info[FORMAT]
    return text, {"pixels": np.array(image)}


def joined(path, text, arrays):
    """Write the file anew with this record and these arrays."""
    if path.suffix == ".npz":
        np.savez(path, **arrays, record=np.array(text))
    elif path.suffix == ".jpg":
        Image.fromarray(arrays["pixels"]).save(path, comment=text.encode(), **JPEG)
    else:
        info = PngInfo()
        info.add_text(FORMAT, text)
        Image.fromarray(arrays["pixels"]).save(path, pnginfo=info, compress_level=1)


def decrypt(path, **options):
    work, suffix = (decrypt_archive, ".npz") if path.suffix == ".npz" else (decrypt_file, ".png")
    return work(path, path.with_name("back").with_suffix(suffix), KEY, overwrite=True, **options)


def refusal(path):
    """Why the file is refused, None where it is not."""
    try:
        decrypt(path)
    except ValueError as error:
        return str(error)
    return None


# -- a thousand places ---------------------------------------------------------------------------------------


def a_value(rng, text, arrays):
    """One bit of one value of one array."""
    filled = [name for name in arrays if arrays[name].size]
    name = filled[rng.integers(len(filled))]
    raw = np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8).copy()
    raw[rng.integers(raw.size)] ^= 1 << rng.integers(8)
    return text, arrays | {name: raw.view(arrays[name].dtype).reshape(arrays[name].shape)}


def a_character(rng, text, arrays):
    """One character of the record, but no space between fields."""
    place = rng.choice([i for i, c in enumerate(text) if c != " "])
    other = rng.choice([c for c in '0123456789abcdef"{},:-.' if c != text[place]])
    return text[:place] + other + text[place + 1 :], arrays


OTHERS = {
    "version": 1, "image": 4, "height": 3, "width": 8, "mode": "RGB", "source": "0" * 32, "jpeg": JPEG,
    "key": OTHER.fingerprint, "scheme": EtC(KEY, 2).to_dict(), "arrays": {"x": {"height": 5, "width": 5}},
    "tags": {},
}  # fmt: skip


def a_field(rng, text, arrays):
    """One field of the record, into another that could be."""
    record = json.loads(text)
    name = rng.choice([name for name in OTHERS if name in record])
    more = {"parts": ["colour"]} if name == "mode" else {}
    return json.dumps(record | {name: OTHERS[name]} | more), arrays


def a_field_and_a_value(rng, text, arrays):
    """Both."""
    return a_field(rng, *a_value(rng, text, arrays))


@pytest.mark.parametrize("change", [a_value, a_character, a_field, a_field_and_a_value])
@pytest.mark.parametrize("suffix", [".png", ".npz"])
def test_a_change_at_any_of_a_thousand_places_is_refused(files, suffix, change):
    rng, path, passed = np.random.default_rng(RNG_SEED), files / f"c{suffix}", []
    was = parts_of(path)
    for _ in range(125):
        now = change(rng, *was)
        joined(path, *now)
        if refusal(path) is None:
            passed.append(now)
    assert not passed
    joined(path, *was)
    assert refusal(path) is None  # what `joined` writes is well, but for the change


@pytest.mark.parametrize("suffix", [".png", ".npz"])
def test_a_changed_byte_of_the_file_is_refused_or_changes_nothing(files, suffix):
    path, rng = files / f"c{suffix}", np.random.default_rng(RNG_SEED)
    decrypt(path)
    data, wanted, refused = path.read_bytes(), seen(path), 0
    for place in rng.permutation(len(data))[:400]:
        path.write_bytes(data[:place] + bytes([data[place] ^ 1 << rng.integers(8)]) + data[place + 1 :])
        try:
            decrypt(path)
        except Exception:  # zipfile raises many kinds
            refused += 1
        else:
            assert seen(path) == wanted, place
    assert refused > 200


def seen(path):
    """What `decrypt` wrote, by name: type, shape and values."""
    back = path.with_name("back" + path.suffix)
    arrays = np.load(back) if path.suffix == ".npz" else {"": pixels(back)}
    return {name: (array.dtype, array.shape, array.tobytes()) for name, array in dict(arrays).items()}


# -- what is told --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["c.png", "c.npz"])
def test_record_and_pixels_are_told_apart(files, name):
    text, arrays = parts_of(files / name)
    other_text, array = json.dumps(json.loads(text) | {"image": 4}), "pixels" if name == "c.png" else "x"
    other = arrays | {array: arrays[array] ^ 1}
    for changed, told in (
        ((text, other), array),
        ((other_text, arrays), "record"),
        ((other_text, other), f"record, {array}"),
    ):
        joined(files / name, *changed)
        message = f"was changed since it was encrypted: no fitting tag of {told}; get the unchanged file, or"
        assert refusal(files / name).startswith(message)
        assert decrypt(files / name, unverified=True).warning in message


@pytest.mark.parametrize("name", ["x", "y", "days", "x_ids", "none"])
def test_the_changed_array_is_named(files, name):
    text, arrays = parts_of(files / "c.npz")
    rest = {key: array for key, array in arrays.items() if key != name}
    for other in ({}, {name: np.zeros((0, 3))}, {name: np.roll(arrays[name], 1, axis=0)}):
        if name == "none" and other and other[name].shape == arrays[name].shape:
            continue  # nothing to roll
        joined(files / "c.npz", text, rest | other)
        assert f"no fitting tag of {name};" in refusal(files / "c.npz")
    joined(files / "c.npz", text, arrays | {"more": np.arange(3)})
    assert "no fitting tag of more;" in refusal(files / "c.npz")


def test_an_array_read_as_another_type_is_no_longer_that_array(files):
    text, arrays = parts_of(files / "c.npz")
    joined(files / "c.npz", text, arrays | {"y": arrays["y"].view("<i4")})
    assert "no fitting tag of y;" in refusal(files / "c.npz")
    joined(files / "c.npz", text, arrays | {"y": arrays["y"].reshape(-1)})
    assert "no fitting tag of y;" in refusal(files / "c.npz")
    joined(files / "c.npz", text, arrays | {"x": np.asfortranarray(arrays["x"])})
    assert refusal(files / "c.npz") is None  # the same values, in another order of the file


def test_records_and_pixels_of_two_files_do_not_go_together(files):
    (text, _), (other, pixels_of_other) = parts_of(files / "c.png"), parts_of(files / "d.png")
    joined(files / "c.png", text, pixels_of_other)
    assert "no fitting tag of pixels;" in refusal(files / "c.png")
    mixed = json.loads(text)
    mixed["tags"]["pixels"] = json.loads(other)["tags"]["pixels"]
    joined(files / "c.png", json.dumps(mixed), pixels_of_other)
    assert "no fitting tag of record;" in refusal(files / "c.png")


def test_tags_that_were_taken_out_are_missed(files):
    for name in ("c.png", "c.npz", "c.jpg"):
        text, arrays = parts_of(files / name)
        for tags in (None, {}, {"record": json.loads(text)["tags"]["record"]}):
            if name == "c.jpg" and tags:
                continue
            joined(files / name, json.dumps(json.loads(text) | {"tags": tags}), arrays)
            assert "no fitting tag of " in refusal(files / name)
        record = json.loads(text)
        del record["tags"]
        joined(files / name, json.dumps(record), arrays)
        assert "no fitting tag of record" in refusal(files / name)
        joined(files / name, json.dumps(json.loads(text) | {"version": 1}), arrays)
        assert "no fitting tag of record;" in refusal(files / name)


def test_without_tags_and_as_version_1_it_passes_for_an_old_file_and_that_is_said(files):
    for name in ("c.png", "c.npz"):
        text, arrays = parts_of(files / name)
        record = json.loads(text) | {"version": 1}
        del record["tags"]
        joined(files / name, json.dumps(record), arrays)
        assert "carries no tag" in decrypt(files / name).note


def test_a_jpeg_has_a_tag_of_its_record_alone(files):
    text, arrays = parts_of(files / "c.jpg")
    assert json.loads(text)["tags"].keys() == {"record"}
    joined(files / "c.jpg", text, {"pixels": arrays["pixels"][::-1]})
    assert "no tag covers them" in decrypt(files / "c.jpg").note
    joined(files / "c.jpg", json.dumps(json.loads(text) | {"height": 15}), arrays)
    assert "no fitting tag of record;" in refusal(files / "c.jpg")
    with pytest.raises(ValueError, match="another key"):
        decrypt_file(files / "c.jpg", files / "back.png", OTHER)


def test_a_key_changed_in_the_record_is_told_from_another_key(files):
    for name in ("c.png", "c.npz"):
        text, arrays = parts_of(files / name)
        joined(files / name, json.dumps(json.loads(text) | {"key": OTHER.fingerprint}), arrays)
        assert "no fitting tag of record;" in refusal(files / name)
        assert "no fitting tag of record" in decrypt(files / name, unverified=True).warning
        joined(files / name, text, arrays)
    with pytest.raises(ValueError, match="another key"):
        decrypt_file(files / "c.png", files / "back.png", OTHER, unverified=True)


# -- what is done before -------------------------------------------------------------------------------------


def test_a_changed_ciphertext_is_not_taken_for_done(files):
    for name, work in (("c.png", encrypt_file), ("c.npz", encrypt_archive)):
        text, arrays = parts_of(files / name)
        plain = files / f"a{name[1:]}"
        assert work(plain, files / name, SCHEME).skipped
        joined(files / name, *a_value(np.random.default_rng(0), text, arrays))
        with pytest.raises(FileExistsError, match="is no ciphertext of this source"):
            work(plain, files / name, SCHEME)


def test_what_was_decrypted_unverified_is_not_skipped_without(files):
    joined(files / "c.png", *a_value(np.random.default_rng(0), *parts_of(files / "c.png")))
    for skipped in (False, True):
        done = decrypt_file(files / "c.png", files / "back.png", KEY, unverified=True)
        assert done.skipped == skipped and "no fitting tag of pixels" in done.warning
    with pytest.raises(ValueError, match="no fitting tag of pixels"):
        decrypt_file(files / "c.png", files / "back.png", KEY)


def test_grey_ciphertexts_have_tags_too(files):
    encrypt_file(files / "e.png", files / "g.png", GrayscaleEtC(KEY, 8))
    assert refusal(files / "g.png") is None
    text, arrays = parts_of(files / "g.png")
    info, image = PngInfo(), Image.fromarray(arrays["pixels"])
    info.add_text(FORMAT, text)
    image.putpalette(bytes(range(255, -1, -1)) * 3)  # the same numbers, shown in other colours
    image.save(files / "g.png", pnginfo=info)
    assert "P and was" in refusal(files / "g.png")


def test_the_shell_refuses_and_decrypts_unverified_with_a_warning(tree, capsys):
    for name in ("a", "b"):
        photo(tree / f"plain/{name}.png", 4)
    lib("encrypt", "plain", "cipher", "--key", "key.json", "--scheme", "skk")
    path = tree / "cipher/a.png"
    joined(path, *a_value(np.random.default_rng(0), *parts_of(path)))
    capsys.readouterr()
    assert lib(*DECRYPT) == 1
    out, err = capsys.readouterr()
    assert "failed: cipher/a.png: was changed since it was encrypted: no fitting tag of pixels; " in err
    assert "failed 1" in out and not (tree / "back/a.png").exists() and (tree / "back/b.png").exists()
    assert lib(*DECRYPT, "--unverified") == 0
    out, err = capsys.readouterr()
    assert "warning: cipher/a.png: was changed since" in err and err.count("warning") == 1
    assert (pixels("back/a.png") != pixels("plain/a.png")).sum() == 1


# -- the tag itself ------------------------------------------------------------------------------------------


def slow_hmac(secret: bytes, message: bytes) -> str:
    """HMAC-SHA-256 by RFC 2104, section 2."""
    key = secret + bytes(64 - len(secret))
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + message).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


@pytest.mark.parametrize("name", KEYS)
def test_a_tag_is_the_hmac_that_the_module_says(name):
    key, known = KEYS[name], stored("tags.json")[name]
    secret = bytes(stream(key._secret, "files/tag", None, 0, 32))
    fields, arrays = tagged_archive(key)
    about = {"x": '["array", "x", "|u1", [2, 4, 6, 3]]', "y": '["array", "y", "<i8", [2, 1]]'}
    tags = {n: slow_hmac(secret, about[n].encode() + b"\n" + arrays[n].tobytes()) for n in arrays}
    record = json.dumps(["record", fields | {"tags": tags}], sort_keys=True)
    tags["record"] = slow_hmac(secret, record.encode() + b"\n")
    assert tags == known["tags"] and fields == known["record"] and secret.hex() == known["key of the tags"]


def test_a_tag_needs_the_key():
    fields, arrays = tagged_archive(KEY)
    record = ArchiveRecord(**fields).tagged(KEY, arrays)
    assert record.changed(KEY, arrays) == [] and record.changed(OTHER, arrays) == ["record", "x", "y"]
    assert digest(arrays["x"]) not in record.model_dump_json()


@pytest.mark.parametrize("fields", cases(), ids=shown)
def test_no_scheme_draws_from_a_stream_of_files(fields, monkeypatch):
    drawn, head = set(), Key._head
    monkeypatch.setattr(Key, "_head", lambda key, label: drawn.add(label) or head(key, label))
    cipher_of(fields)
    assert drawn and not [label for label in drawn if label.startswith("files/")]
