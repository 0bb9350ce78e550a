"""Archives of arrays: `lib.cli.archives`."""

import json
import zipfile

import numpy as np
import pytest

from lib import Key
from lib.cli import archives
from lib.cli.archives import decrypt_archive, encrypt_archive
from lib.cli.image_files import FORMAT
from lib.colours import through_colour
from lib.schemes import SKK, EtC, ExtendedTanaka, FormatPreserving, GrayscaleEtC, OneTimePad

KEY, OTHER = Key.from_seed(7), Key.from_seed(8)
ETC = EtC(KEY, 4)


def images(count, height=7, width=10, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


def dataset():
    return {
        "x_train": images(9),
        "y_train": np.arange(9) % 4,
        "x_test": images(5, 8, 8, seed=1),
        "y_test": np.array([[3], [1], [0], [2], [1]]),
        "file": np.array(["a name that numpy.savez would not take"]),
    }


def write(path, arrays):
    with zipfile.ZipFile(path, "w") as out:
        for name, array in arrays.items():
            with out.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
    return path


def arrays_of(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def same(a, b):
    return list(a) == list(b) and all(a[n].dtype == b[n].dtype and np.array_equal(a[n], b[n]) for n in a)


@pytest.fixture
def plain(tmp_path):
    return write(tmp_path / "plain.npz", dataset())


@pytest.fixture
def cipher(tmp_path, plain):
    encrypt_archive(plain, tmp_path / "cipher.npz", ETC)
    return tmp_path / "cipher.npz"


@pytest.mark.parametrize(
    "scheme",
    [
        ETC,
        SKK(KEY, per_image=True),
        ExtendedTanaka(KEY, 4, per_image=True),
        OneTimePad(KEY),
        FormatPreserving(KEY, as_published=True),
    ],
    ids=lambda scheme: scheme.name,
)
def test_every_array_comes_back(tmp_path, plain, scheme, monkeypatch):
    monkeypatch.setattr(archives, "SLICE", 4)
    done = encrypt_archive(plain, tmp_path / "c.npz", scheme)
    assert not done.skipped and done.note == "copied in clear: y_train, y_test, file"
    assert not decrypt_archive(tmp_path / "c.npz", tmp_path / "b.npz", KEY).skipped
    assert same(arrays_of(tmp_path / "b.npz"), dataset())


def test_ciphertext_is_the_schemes_own_and_labels_are_kept(plain, cipher):
    arrays = arrays_of(cipher)
    padded = np.pad(dataset()["x_train"], ((0, 0), (0, 1), (0, 2), (0, 0)), mode="edge")
    assert np.array_equal(arrays["x_train"], ETC.encrypt(padded))
    assert np.array_equal(arrays["x_test"], ETC.encrypt(dataset()["x_test"]))
    assert np.array_equal(arrays["y_test"], dataset()["y_test"])
    record = json.loads(str(arrays["record"]))
    assert arrays.keys() == dataset().keys() | {"record"} == record.pop("tags").keys()
    assert len(record.pop("source")) == 32
    assert record == {
        "format": FORMAT, "version": 2, "key": KEY.fingerprint, "image": None, "scheme": ETC.to_dict(),
        "arrays": {"x_train": {"height": 7, "width": 10}, "x_test": {"height": 8, "width": 8}},
    }  # fmt: skip


def test_ids_are_kept_and_never_repeated(tmp_path, plain):
    scheme, seen = SKK(KEY, per_image=True), []
    for name in ("c1.npz", "c2.npz"):
        encrypt_archive(plain, tmp_path / name, scheme)
        arrays = arrays_of(tmp_path / name)
        seen += [*arrays["x_train_ids"], *arrays["x_test_ids"], json.loads(str(arrays["record"]))["image"]]
        assert np.array_equal(arrays["x_test"], scheme.encrypt(dataset()["x_test"], ids=arrays["x_test_ids"]))
    assert len(set(seen)) == 2 * (9 + 5 + 1) and max(seen) < 2**63 and min(map(int, seen)).bit_length() > 40
    assert encrypt_archive(plain, tmp_path / "c2.npz", scheme).skipped


def test_grey_etc_is_exact_up_to_colours(tmp_path):
    x = images(3, 8, 16)
    encrypt_archive(write(tmp_path / "a.npz", {"x": x}), tmp_path / "c.npz", GrayscaleEtC(KEY))
    assert arrays_of(tmp_path / "c.npz")["x"].shape == (3, 8, 48)
    assert "rounding" in decrypt_archive(tmp_path / "c.npz", tmp_path / "b.npz", KEY).note
    assert np.array_equal(arrays_of(tmp_path / "b.npz")["x"], through_colour(x))


def test_processes_give_what_one_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SLICE", 3)
    source = write(tmp_path / "a.npz", {"x": images(10)})
    for workers in (1, 2):
        encrypt_archive(source, tmp_path / f"c{workers}.npz", ETC, workers=workers)
    assert same(arrays_of(tmp_path / "c1.npz"), arrays_of(tmp_path / "c2.npz"))


def test_done_is_skipped_and_others_are_kept(tmp_path, plain, cipher):
    assert encrypt_archive(plain, cipher, EtC(KEY, 4)).skipped
    decrypt_archive(cipher, tmp_path / "b.npz", KEY)
    assert decrypt_archive(cipher, tmp_path / "b.npz", KEY).skipped
    for scheme in (EtC(KEY, 8), EtC(OTHER, 4)):
        with pytest.raises(FileExistsError, match="target exists"):
            encrypt_archive(plain, cipher, scheme)
    write(plain, dataset() | {"x_test": images(5, 8, 8, seed=2)})
    with pytest.raises(FileExistsError, match="target exists"):
        encrypt_archive(plain, cipher, ETC)
    assert not encrypt_archive(plain, cipher, ETC, overwrite=True).skipped
    with pytest.raises(FileExistsError, match="decrypted from this ciphertext"):
        decrypt_archive(cipher, tmp_path / "b.npz", KEY)
    decrypt_archive(cipher, tmp_path / "b.npz", KEY, overwrite=True)
    assert np.array_equal(arrays_of(tmp_path / "b.npz")["x_test"], images(5, 8, 8, seed=2))


REFUSED = {
    "no images": ({"y": np.arange(4)}, "holds no images, .* it has y"),
    "float images": (
        {"x": images(2), "z": images(2) / 255},
        r"array z, float64 \(2, 7, 10, 3\), holds neither",
    ),
    "grey images": ({"x": images(2), "z": images(2)[..., 0]}, r"array z, uint8 \(2, 7, 10\), holds neither"),
    "channels first": ({"x": np.moveaxis(images(2), -1, 1)}, "holds neither"),
    "no image in it": ({"x": images(2)[:0]}, "holds neither"),
    "array of that name": ({"x": images(2), "record": np.array("LP")}, "has an array named record"),
    "array of ids": ({"x": images(2), "x_ids": np.arange(2)}, "array named x_ids, which is where ids go"),
}


@pytest.mark.parametrize("arrays, message", REFUSED.values(), ids=REFUSED)
def test_what_would_stay_in_clear_or_get_lost_is_refused(tmp_path, arrays, message):
    source = write(tmp_path / "a.npz", arrays)
    with pytest.raises(ValueError, match=message):
        encrypt_archive(source, tmp_path / "c.npz", ETC)
    assert list(tmp_path.iterdir()) == [source]


def test_broken_archives_are_refused(tmp_path, plain, cipher):
    data = plain.read_bytes()
    bad = tmp_path / "bad.npz"
    for content, message in (
        (data[:-30], "no npz archive"),
        (b"text", "no npz archive"),
        (b"", "no npz archive"),
    ):
        bad.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            encrypt_archive(bad, tmp_path / "c.npz", ETC)
    bad.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
    with pytest.raises(ValueError, match="array x_train cannot be read"):
        encrypt_archive(bad, tmp_path / "c.npz", ETC)
    np.savez(bad, x=images(2), names=np.array([{"a": 1}], object))
    with pytest.raises(ValueError, match="array names cannot be read"):
        encrypt_archive(bad, tmp_path / "c.npz", ETC)
    assert not (tmp_path / "c.npz").exists()


def test_wrong_key_other_scheme_and_plain_archives_are_named(tmp_path, plain, cipher):
    target = tmp_path / "b.npz"
    with pytest.raises(ValueError, match="another key"):
        decrypt_archive(cipher, target, OTHER)
    with pytest.raises(ValueError, match="another scheme: etc, not skk"):
        decrypt_archive(cipher, target, KEY, name="skk")
    with pytest.raises(ValueError, match="holds no record"):
        decrypt_archive(plain, target, KEY)
    with pytest.raises(ValueError, match="is a ciphertext already"):
        encrypt_archive(cipher, target, ETC)
    assert not target.exists()


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda arrays, record: arrays.pop("x_test"), "lacks the array x_test"),
        (lambda arrays, record: arrays.pop("x_train_ids"), "lacks the array x_train_ids"),
        (lambda arrays, record: arrays.update(x_train=arrays["x_train"][:, :4]), "cannot crop 4x12 to 7x10"),
        (lambda arrays, record: arrays.update(x_train_ids=arrays["x_train_ids"][:5]), "expected one id"),
        (
            lambda arrays, record: record.pop("arrays"),
            "a record that is damaged: the field arrays is missing",
        ),
        (
            lambda arrays, record: record["arrays"].update(x_test=8),
            "is damaged: arrays.x_test is 8, expected",
        ),
        (lambda arrays, record: record.update(version=3), "version 3"),
    ],
)
def test_changed_archives_are_refused(tmp_path, plain, change, message):
    encrypt_archive(plain, tmp_path / "c.npz", EtC(KEY, 4, per_image=True))
    arrays = arrays_of(tmp_path / "c.npz")
    record = json.loads(str(arrays["record"]))
    change(arrays, record)
    write(tmp_path / "c.npz", arrays | {"record": np.array(json.dumps(record))})
    with pytest.raises(ValueError):
        decrypt_archive(tmp_path / "c.npz", tmp_path / "b.npz", KEY)
    with pytest.raises(ValueError, match=message):
        decrypt_archive(tmp_path / "c.npz", tmp_path / "b.npz", KEY, unverified=True)
    assert not (tmp_path / "b.npz").exists()
