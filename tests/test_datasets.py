"""`lib.datasets` and `lib.photos`: the embedded set, public sets from a stand-in, folders and npz files."""

import hashlib
import io
import itertools
import pickle
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from lib import datasets, photos
from lib.datasets import load, photo, photo_names

# -- photos --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedded():
    return {split: load("photos", split) for split in ("train", "test")}


@pytest.mark.parametrize("split, count", [("train", 300), ("test", 100)])
def test_photos_are_balanced_and_take_turns(embedded, split, count):
    data = embedded[split]
    assert data.images.shape == (10 * count, 32, 32, 3) and data.images.dtype == np.uint8
    assert data.labels.dtype == np.int64 and np.bincount(data.labels).tolist() == [count] * 10
    assert data.labels[:12].tolist() == [*range(10), 0, 1]
    assert data.classes == photo_names and len(data) == 10 * count and data.source == f"photos, {split}"


def test_photos_are_the_same_every_time(embedded):
    again = load("photos", "test")
    assert np.array_equal(again.images, embedded["test"].images)
    again.images[:] = 0  # a caller may write into its own copy
    assert load("photos", "test").images.any()


def test_photos_known_answer(embedded):
    """PNG only: decoders of JPEG may differ by a grey level between machines."""
    png = [photo_names.index(name) for name in ("astronaut", "chelsea", "coffee", "motorcycle", "tissue")]
    digests = {}
    for split, data in embedded.items():
        chosen = data.images[np.isin(data.labels, png)]
        digests[split] = hashlib.sha256(chosen.tobytes()).hexdigest()[:16]
    assert digests == KNOWN


KNOWN = {"train": "7f69bff7e37a9381", "test": "dcb7de49aba2e1ff"}


def test_patches_are_different_and_none_is_flat(embedded):
    for data in embedded.values():
        assert len({patch.tobytes() for patch in data.images}) == len(data)
        assert data.images.mean(axis=3).std(axis=(1, 2)).min() >= 8


def numbered(h, w):
    """An image whose every pixel spells its own number, scrambled so that no window is flat; and the way
    back."""
    factor, inverse = 2654435, pow(2654435, -1, 2**24)
    codes = np.arange(h * w, dtype=np.int64) * factor % 2**24
    image = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1).astype(np.uint8).reshape(h, w, 3)

    def numbers(patches):
        values = patches.astype(np.int64)
        return ((values[..., 0] << 16) + (values[..., 1] << 8) + values[..., 2]) * inverse % 2**24

    return image, numbers


# those of the ten photos
@pytest.mark.parametrize("size", [(288, 288), (288, 433), (338, 288), (288, 427)], ids=str)
def test_train_and_test_share_no_pixel(monkeypatch, size):
    image, numbers = numbered(*size)
    monkeypatch.setattr(photos, "_open", lambda name: Image.fromarray(image))
    seen = {split: numbers(photos.photo_patches("any", split)) for split in ("train", "test")}
    offsets = np.arange(32)[:, None] * size[1] + np.arange(32)
    for found in seen.values():
        assert np.array_equal(found, found[:, :1, :1] + offsets)  # each is one window of the photo, unscaled
        assert found.max() < size[0] * size[1]
    assert not set(seen["train"].ravel()) & set(seen["test"].ravel())
    for found in seen.values():  # and a beginning is already spread over the photo's height
        rows = found[:30, 0, 0] // size[1]
        assert np.ptp(rows) > 0.8 * (size[0] - 32)


def test_photo_is_the_file_of_its_package():
    import skimage.data

    assert np.array_equal(photo("chelsea"), skimage.data.chelsea())
    assert np.array_equal(photo("tissue"), skimage.data.immunohistochemistry())


def test_photo_is_cut_from_the_centre():
    whole = photo("chelsea")
    assert np.array_equal(photo("chelsea", 300), whole[:, 75:375])
    assert np.array_equal(photo("hopper", 512), photo("hopper")[44:556])
    small = photo("chelsea", 100)
    blocks = whole[:, 75:375].reshape(100, 3, 100, 3, 3).mean(axis=(1, 3))
    assert small.shape == (100, 100, 3) and small.dtype == np.uint8
    assert abs(small - blocks).mean() < 3  # not a corner, not turned


@pytest.mark.parametrize("name", photo_names)
def test_every_photo_is_there(name):
    image = photo(name)
    assert image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8 and min(image.shape[:2]) >= 288


@pytest.mark.parametrize("name, size, message", [
    ("lena", None, "unknown photo 'lena'; known: astronaut, chelsea"),
    ("chelsea", 301, "square of 1 to 300 pixels, got 301"),
    ("chelsea", 0, "got 0"),
    ("chelsea", 32.0, "got 32.0"),
    ("chelsea", True, "got True"),
])  # fmt: skip
def test_photo_refuses(name, size, message):
    with pytest.raises(ValueError, match=message):
        photo(name, size)


def test_a_photo_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(photos._PHOTOS, "moved", ("skimage", "data/moved.png"))
    monkeypatch.setitem(photos._PHOTOS, "foreign", ("no_such_package", "a.png"))
    for name, package in (("moved", "skimage"), ("foreign", "no_such_package")):
        with pytest.raises(FileNotFoundError, match=f"'{name}' lies in the package {package}"):
            photo(name)


def test_photos_import_nothing_heavy():
    heavy = "{'torch', 'torchvision', 'skimage', 'sklearn', 'matplotlib', 'scipy'}"
    code = "import sys, lib.datasets as d; d.load('photos', limit=10); "
    code += f"sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- load ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, message", [
    (("mnist",), "unknown data set 'mnist'; "
                 "known: 'photos', 'cifar10', 'cifar100', 'stl10', 'folder:PATH', 'npz:PATH'"),
    (("photos:x",), "unknown data set"),
    (("photos", "valid"), "unknown split 'valid'"),
    (("photos", "train", 0), "got 0"),
    (("photos", "train", -3), "got -3"),
    (("photos", "train", True), "got True"),
    (("photos", "train", 9.5), "got 9.5"),
])  # fmt: skip
def test_load_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        load(*arguments)


@pytest.mark.parametrize("name", ["npz:", "npz:no/such.npz", "folder:", "folder:no/such"])
def test_a_path_that_is_missing(name):
    with pytest.raises(FileNotFoundError, match="no such path"):
        load(name)


def test_limit_keeps_balance_and_order(embedded):
    whole = embedded["train"]
    part = load("photos", "train", limit=25)
    assert np.array_equal(part.images, whole.images[:25]) and np.array_equal(part.labels, whole.labels[:25])
    assert len(load("photos", "test", limit=5000)) == 1000


def test_limit_is_balanced_on_sorted_classes_and_nested():
    labels = np.repeat([0, 1, 2, 3], [50, 2, 30, 40])
    kept = {n: datasets.balanced(labels, n) for n in (1, 6, 8, 40, 121, 122, 500)}
    assert np.bincount(labels[kept[8]], minlength=4).tolist() == [2, 2, 2, 2]
    # two is all that class 1 has
    assert np.bincount(labels[kept[40]], minlength=4).tolist() == [13, 2, 13, 12]
    assert kept[6].tolist() == [0, 1, 50, 51, 52, 82]
    assert kept[500].tolist() == kept[122].tolist() == list(range(122)) and len(kept[121]) == 121
    sizes = sorted(kept)
    for small, large in itertools.pairwise(sizes):
        assert set(kept[small]) <= set(kept[large])
    mixed = np.random.default_rng(3).permutation(labels)
    assert np.all(np.diff(datasets.balanced(mixed, 40)) > 0)


# -- folders -------------------------------------------------------------------------------------------------


def pictures(n, seed, h=8, w=6):
    return np.random.default_rng(seed).integers(0, 256, (n, h, w, 3), np.uint8)


@pytest.fixture
def tree(tmp_path):
    """train: b 2 images, a 3; test: a 1, b 1. The classes' order of creation is not that of their names."""
    images = pictures(7, 5)
    names = [
        "train/b/2.png",
        "train/b/1.png",
        "train/a/10.png",
        "train/a/x/1.PNG",
        "train/a/2.png",
        "test/b/1.png",
        "test/a/1.png",
    ]
    for name, image in zip(names, images):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    (tmp_path / "train/a/notes.txt").write_text("no image")
    (tmp_path / "train/a/.hidden.png").write_text("no image")
    (tmp_path / "train/.cache").mkdir()
    return tmp_path, images


def test_folder(tree):
    root, images = tree
    train, test = load(f"folder:{root}"), load(f"folder:{root}", "test")
    assert train.classes == test.classes == ("a", "b")
    assert train.labels.tolist() == [0, 0, 0, 1, 1] and train.labels.dtype == np.int64
    assert np.array_equal(train.images, images[[2, 4, 3, 1, 0]]) and np.array_equal(
        test.images, images[[6, 5]]
    )
    assert train.source == f"folder:{root}, train"


def test_folder_limit_reads_no_more_than_it_needs(tree):
    root, images = tree
    (root / "train/a/3.png").write_bytes(b"broken")
    part = load(f"folder:{root}", limit=2)
    assert part.labels.tolist() == [0, 1] and np.array_equal(part.images, images[[2, 1]])
    with pytest.raises(ValueError, match=r"3\.png cannot be read as an image"):
        load(f"folder:{root}")


def test_folder_test_set_may_lack_a_class(tree):
    root, images = tree
    (root / "test/a/1.png").unlink()
    (root / "test/a").rmdir()
    test = load(f"folder:{root}", "test")
    assert (
        test.classes == ("a", "b")
        and test.labels.tolist() == [1]
        and np.array_equal(test.images, images[5:6])
    )


def save(image, name, **options):
    def spoil(root):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)

    return spoil


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def flatten(root):
    """The images as PATH/CLASS/x.png."""
    for name in "ab":
        (root / "train" / name).rename(root / name)
    shutil.rmtree(root / "train")


@pytest.mark.parametrize("split, spoil, message", [
    ("train", save(Image.new("RGB", (7, 9)), "train/b/9.png"),
     r"a/10\.png is 8x6 and .*b/9\.png is 9x7 \(height x width\)"),
    ("train", save(Image.new("RGB", (8, 6)), "train/b/9.png"), r"8x6 and .*b/9\.png is 6x8"),
    ("train", save(Image.new("L", (6, 8)), "train/b/9.png"),
     r"9\.png has mode L, expected RGB; .*convert\('RGB'\); or python -m lib prepare"),
    ("train", save(Image.new("RGBA", (6, 8)), "train/b/9.png"), "has mode RGBA.*alpha"),
    ("train", save(Image.new("P", (6, 8)), "train/b/9.png"), "has mode P"),
    ("train", save(Image.new("RGB", (6, 8)), "train/b/9.jpg", exif=turned()), r"9\.jpg is stored turned"),
    ("train", lambda root: (root / "train/b/9.png").write_bytes(b""), r"b/9\.png cannot be read"),
    ("train", lambda root: (root / "train/c").mkdir(), "class folder .*c holds no image"),
    ("train", flatten, r"no folder 'train'; expected .*/train/CLASS/x\.png and .*/test/CLASS/x\.png"),
    ("test", lambda root: (root / "test").rename(root / "valid"), "no folder 'test'"),
    ("test", save(Image.new("RGB", (6, 8)), "test/c/1.png"), "class 'c' is not among those of train"),
], ids=["sizes", "lying", "grey", "alpha", "palette", "turned", "empty-file", "empty-class", "flat",
        "no-test", "foreign-class"])  # fmt: skip
def test_folder_refuses(tree, split, spoil, message):
    root, _ = tree
    spoil(root)
    with pytest.raises(ValueError, match=message):
        load(f"folder:{root}", split)


def test_folder_without_classes(tmp_path):
    (tmp_path / "train").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "train/1.png")
    with pytest.raises(ValueError, match="holds no class folders"):
        load(f"folder:{tmp_path}")


def test_truncated_image_is_named(tree):
    root, _ = tree
    path = root / "train/b/1.png"
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(ValueError, match=r"b/1\.png cannot be read as an image"):
        load(f"folder:{root}")


# -- npz -----------------------------------------------------------------------------------------------------


def arrays(**changed):
    whole = {"x_train": pictures(6, 1), "y_train": np.array([[2], [0], [2], [2], [1], [0]], np.uint8),
             "x_test": pictures(3, 2), "y_test": np.array([0, 4, 1])}  # fmt: skip
    return {name: value for name, value in (whole | changed).items() if value is not None}


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_npz(tmp_path, write):
    write(tmp_path / "set.npz", **arrays())
    train, test = load(f"npz:{tmp_path}/set.npz"), load(f"npz:{tmp_path}/set.npz", "test")
    assert np.array_equal(train.images, pictures(6, 1)) and train.labels.tolist() == [2, 0, 2, 2, 1, 0]
    assert np.array_equal(test.images, pictures(3, 2)) and test.labels.tolist() == [0, 4, 1]
    assert train.labels.dtype == test.labels.dtype == np.int64
    assert train.classes == test.classes == ("0", "1", "2", "3", "4")
    part = load(f"npz:{tmp_path}/set.npz", limit=3)
    assert part.labels.tolist() == [2, 0, 1] and np.array_equal(part.images, pictures(6, 1)[[0, 1, 4]])


@pytest.mark.parametrize("changed, message", [
    ({"x_test": None}, "expected the arrays x_train, y_train, x_test, y_test, got x_train, y_train, y_test"),
    ({"x_train": pictures(6, 1) / 255}, "x_train: expected uint8 values 0..255, got float64"),
    ({"x_train": pictures(6, 1).astype(np.int32)}, "got int32"),
    ({"x_train": pictures(6, 1)[..., 0]}, r"got \(6, 8, 6\); for grey images use np.repeat"),
    ({"x_train": pictures(6, 1).transpose(0, 3, 1, 2)}, r"got \(6, 3, 8, 6\); channels come first"),
    ({"x_train": np.zeros((6, 8, 6, 4), np.uint8)}, r"expected shape \(n, h, w, 3\), got \(6, 8, 6, 4\)"),
    ({"x_train": pictures(5, 1)}, "x_train holds 5 images, y_train 6 labels"),
    ({"y_train": np.eye(6, 3)}, r"y_train: .*got float64 of shape \(6, 3\); use y_train.argmax\(1\)"),
    ({"y_train": np.zeros((6, 2), int)}, "argmax"),
    ({"y_train": np.arange(6.0)}, "expected whole numbers"),
    ({"y_train": np.array(list("abcdef"))}, "expected whole numbers"),
    ({"y_train": np.array([0, 1, -1, 0, 0, 0])}, "got -1 to 1"),
    ({"y_test": np.array([0, 1, 70000])}, "y_test: labels count from 0 to 65535"),
    ({"y_test": np.zeros(0, int), "x_test": pictures(0, 1)}, "y_test: expected whole numbers"),
    ({"x_train": np.array([None] * 6)}, "holds Python objects"),
])  # fmt: skip
def test_npz_refuses(tmp_path, changed, message):
    path = tmp_path / "set.npz"
    np.savez(path, **arrays(**changed))
    with pytest.raises(ValueError, match=message) as caught:
        load(f"npz:{path}")
    assert str(path) in str(caught.value)


def test_npz_checks_the_split_that_is_asked_for(tmp_path):
    np.savez(tmp_path / "set.npz", **arrays(x_test=pictures(2, 2)))
    assert len(load(f"npz:{tmp_path}/set.npz")) == 6
    with pytest.raises(ValueError, match="x_test holds 2 images, y_test 3 labels"):
        load(f"npz:{tmp_path}/set.npz", "test")


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('unpickled')",)


@pytest.mark.parametrize("content", ["text", "pickle", "npy", "truncated", "folder"])
def test_files_that_are_no_npz(tmp_path, content):
    path = tmp_path / "set.npz"
    buffer = io.BytesIO()
    if content == "npy":
        np.save(buffer, pictures(2, 1))
    elif content == "truncated":
        np.savez_compressed(buffer, **arrays())
    made = {
        "text": b"x_train, y_train",
        "pickle": pickle.dumps(Bomb()),
        "npy": buffer.getvalue(),
        "truncated": buffer.getvalue()[:700],
    }
    path.mkdir() if content == "folder" else path.write_bytes(made[content])
    with pytest.raises(ValueError, match=r"set\.npz"):
        load(f"npz:{path}")


# -- public sets, from a stand-in with checksums of its own --------------------------------------------------


def md5(data):
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def site(tmp_path, monkeypatch):
    """The address and folder of a server on this machine."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


@pytest.fixture
def cifar(site, tmp_path, monkeypatch):
    """A CIFAR-10 of 5 + 3 images in an archive on that server; returns torchvision's class, told of it."""
    from torchvision.datasets import CIFAR10

    images, labels = pictures(8, 9, 32, 32), [3, 1, 0, 1, 2, 2, 0, 3]
    planes = images.transpose(0, 3, 1, 2).reshape(8, -1)
    files = {
        "data_batch_1": {"data": planes[:5], "labels": labels[:5]},
        "test_batch": {"data": planes[5:], "labels": labels[5:]},
        "batches.meta": {"label_names": ["plane", "car", "bird", "cat"]},
    }
    packed = {name: pickle.dumps(fields) for name, fields in files.items()}
    archive = site[1] / CIFAR10.filename
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in packed.items():
            info = tarfile.TarInfo(f"{CIFAR10.base_folder}/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    monkeypatch.setattr(CIFAR10, "url", f"{site[0]}/{CIFAR10.filename}")
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(archive.read_bytes()))
    monkeypatch.setattr(CIFAR10, "train_list", [["data_batch_1", md5(packed["data_batch_1"])]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5(packed["test_batch"])]])
    monkeypatch.setattr(
        CIFAR10,
        "meta",
        {"filename": "batches.meta", "key": "label_names", "md5": md5(packed["batches.meta"])},
    )
    monkeypatch.setattr(datasets, "DOWNLOADS", tmp_path / "data" / "downloads")
    return CIFAR10, images, labels


def test_cifar10_is_fetched_once(cifar, monkeypatch, capsys):
    kind, images, labels = cifar
    train = load("cifar10", "train")
    assert "cifar10: fetching" in capsys.readouterr().err
    assert [p.name for p in datasets.DOWNLOADS.iterdir()] == [kind.base_folder]  # no archive, no rest
    monkeypatch.setattr(kind, "url", "http://127.0.0.1:9/gone")
    test = load("cifar10", "test")
    assert "fetching" not in capsys.readouterr().err
    assert np.array_equal(train.images, images[:5]) and train.labels.tolist() == labels[:5]
    assert np.array_equal(test.images, images[5:]) and test.labels.tolist() == labels[5:]
    assert train.classes == ("plane", "car", "bird", "cat") and train.labels.dtype == np.int64
    assert load("cifar10", limit=3).labels.tolist() == [1, 0, 2]
    assert train.images.flags.c_contiguous and train.images.dtype == np.uint8


@pytest.fixture
def silent():
    """The port of a server that takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("trouble", ["refused", "silent", "checksum", "missing", "full"])
def test_a_failed_download_says_what_to_do_and_leaves_nothing(cifar, silent, monkeypatch, trouble):
    kind, _, _ = cifar
    monkeypatch.setattr(datasets, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    if trouble == "full":
        monkeypatch.setattr(
            kind, "download", lambda self: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
    changes = {
        "refused": ("url", f"http://127.0.0.1:{closed}/x"), "silent": ("url", f"http://127.0.0.1:{silent}/x"),
        "checksum": ("tgz_md5", "0" * 32), "missing": ("url", kind.url + ".gone"), "full": ("url", kind.url),
    }  # fmt: skip
    monkeypatch.setattr(kind, *changes[trouble])
    start = time.perf_counter()
    with pytest.raises(OSError, match=r"could not be fetched .*'photos'; 'npz:PATH'.*'folder:PATH'"):
        load("cifar10")
    assert time.perf_counter() - start < 5
    assert list(datasets.DOWNLOADS.iterdir()) == []
    assert socket.getdefaulttimeout() is None


def test_an_interrupted_download_leaves_nothing(cifar, monkeypatch):
    kind, _, _ = cifar
    original = kind.download

    def interrupted(self):
        original(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(kind, "download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load("cifar10")
    assert list(datasets.DOWNLOADS.iterdir()) == [] and socket.getdefaulttimeout() is None


def test_a_changed_copy_is_named_and_kept(cifar):
    kind, _, _ = cifar
    load("cifar10")
    place = datasets.DOWNLOADS / kind.base_folder
    (place / "data_batch_1").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="does not match the checksums of cifar10; remove it"):
        load("cifar10")
    assert (place / "data_batch_1").exists()


def unpacked(monkeypatch, tmp_path, kind, files, lists):
    """A copy of a public set that somebody unpacked by hand."""
    monkeypatch.setattr(datasets, "DOWNLOADS", tmp_path)
    folder = tmp_path / kind.base_folder
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    for attribute, names in lists.items():
        monkeypatch.setattr(kind, attribute, [[name, md5(files[name])] for name in names])


def test_cifar100_has_its_fine_labels(tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR100

    images = pictures(3, 4, 32, 32)
    fields = {
        "data": images.transpose(0, 3, 1, 2).reshape(3, -1),
        "fine_labels": [2, 0, 1],
        "coarse_labels": [0, 0, 1],
    }
    files = {
        "train": pickle.dumps(fields),
        "test": pickle.dumps(fields),
        "meta": pickle.dumps({"fine_label_names": ["x", "y", "z"]}),
    }
    unpacked(monkeypatch, tmp_path, CIFAR100, files, {"train_list": ["train"], "test_list": ["test"]})
    monkeypatch.setattr(
        CIFAR100, "meta", {"filename": "meta", "key": "fine_label_names", "md5": md5(files["meta"])}
    )
    data = load("cifar100", "test")
    assert (
        data.labels.tolist() == [2, 0, 1]
        and data.classes == ("x", "y", "z")
        and np.array_equal(data.images, images)
    )


def test_stl10_is_upright_and_counts_from_zero(tmp_path, monkeypatch):
    from torchvision.datasets import STL10

    images = pictures(4, 6, 96, 96)
    columns = images.transpose(0, 3, 2, 1)  # the file runs down the columns of each plane
    files = {
        "train_X.bin": columns[:1].tobytes(), "train_y.bin": bytes([3]),
        "test_X.bin": columns[1:].tobytes(), "test_y.bin": bytes([1, 10, 2]),
        "class_names.txt": b"airplane\nbird\ncar\n",
    }  # fmt: skip
    lists = {"train_list": ["train_X.bin", "train_y.bin"], "test_list": ["test_X.bin", "test_y.bin"]}
    unpacked(monkeypatch, tmp_path, STL10, files, lists)
    train, test = load("stl10"), load("stl10", "test")
    assert np.array_equal(train.images, images[:1]) and train.labels.tolist() == [2]
    assert np.array_equal(test.images, images[1:]) and test.labels.tolist() == [0, 9, 1]
    assert test.classes == ("airplane", "bird", "car") and test.images.flags.c_contiguous
