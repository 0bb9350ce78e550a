"""Fields, flags and files that are wrong in any way: every command ends in a message, none in a traceback."""

import hashlib
import json
import os
import shutil
import signal
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from lib.cli.image_files import FORMAT
from tests.cli.helpers import lib, photo

PATIENCE = 30  # seconds; a command that waits for longer is killed by the alarm, and with it the test
DEEP = "deep"  # stands for JSON that is nested 100,000 times
VALUES = (
    None, True, False, 0, -1, 1.5, 255, 65535, 10**30, -(10**30), 1e38, 1e308, float("nan"), float("inf"), "",
    "x", "\x00", "../x", "tanaka", [], [[]], [{}], [None, None], {}, {"a": 1}, {"": {}}, [0] * 500,
    "9" * 5000, DEEP,
)  # fmt: skip
FLAGS = ("0", "-1", "1.5", "nan", "inf", "1e38", "-1e38", str(10**12), str(10**30), "", " ", "x", "None",
         "[]", "\x00", "é", "0x10", "1_0", "--", "../..", "/dev/null", "folder", "key.json",
         "9" * 5000)  # fmt: skip
ENCRYPT = ("encrypt", "one.png", "out.png", "--scheme", "tanaka", "--key", "key.json")
TRAIN = ("train", "--data", "folder:cipher", "--model", "blocknet", "--out", "out", "--batch", "4")
COMMANDS = {
    ENCRYPT: ("--scheme", "--block", "--bits", "--jpeg", "--workers", "--key"),
    (*TRAIN, "--epochs", "1"): (
        "--adaptation", "--patch", "--limit", "--device", "--threads", "--batch", "--rate",
        "--weight-decay", "--smoothing", "--crop", "--average", "--seed", "--data", "--model",
    ),
    ("predict", "cipher/test", "out.csv", "--model", "model"): ("--model", "--device", "--threads"),
    ("decrypt", "one-cipher.png", "out.png", "--key", "key.json"): ("--key", "--scheme", "--workers"),
    ("attack", "jigsaw", "--cipher", "one-cipher.png", "--out", "out"): (
        "--cipher", "--scheme", "--block", "--oracle-key", "--truth",
    ),
    ("prepare", "plain", "out", "--size", "8"): ("--size", "--fit", "--workers"),
    ("judge", "one.png:X", "--out", "out"): ("--size", "--budget"),
    ("sweep", "grid.yaml", "--out", "out"): ("--workers", "--scheduler", "--collect"),
}  # fmt: skip
FLAGGED = [(words, flag) for words, flags in COMMANDS.items() for flag in flags]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with one of everything that was written by ourselves."""
    folder = tmp_path_factory.mktemp("whole")
    before = Path.cwd()
    os.chdir(folder)
    try:
        for split in ("train", "test"):
            for i, name in enumerate(("ape", "bee") * 2):
                photo(Path("plain") / split / name / f"{i}.png", i, (8, 8))
        photo(Path("one.png"), 9, (8, 8))
        rng = np.random.default_rng(0)
        arrays = {f"x_{split}": rng.integers(0, 256, (4, 8, 8, 3), np.uint8) for split in ("train", "test")}
        np.savez("plain.npz", y_train=np.arange(4) % 2, y_test=np.arange(4) % 2, **arrays)
        for words in (
            ("key", "new", "key.json"),
            ("encrypt", "plain", "cipher", *ENCRYPT[3:]),
            ("encrypt", "one.png", "one-cipher.png", *ENCRYPT[3:]),
            ("encrypt", "plain.npz", "cipher.npz", *ENCRYPT[3:]),
            (*TRAIN[:-4], "--out", "model", "--batch", "4", "--epochs", "1"),
        ):
            assert lib(*words) == 0
        Path("grid.yaml").write_text("notebook: none.ipynb\nparameters:\n  seed: [0]\n")
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def impatient():
    """What waits is interrupted, and fails."""
    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.signal(signal.SIGALRM, before)


def interrupt(*_):
    """Of the alarm."""
    raise AssertionError(f"still at it after {PATIENCE} s")


@pytest.fixture
def folder(whole, impatient, tmp_path, monkeypatch):
    """A copy of it, where the test may do as it likes; stays the same within a test of Hypothesis."""
    shutil.copytree(whole, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    return whole


def again(whole):
    """The folder as it was."""
    for path in Path().iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(whole, ".", dirs_exist_ok=True)


# -- files of our own: how to read and write the JSON in each, and which command takes it --------------------


def png_text():
    return Image.open("one-cipher.png").info[FORMAT]


def png_put(text):
    image, info = Image.open("one-cipher.png"), PngImagePlugin.PngInfo()
    info.add_itxt(FORMAT, text.encode("utf-8", "replace").decode())
    image.load()
    image.save("one-cipher.png", pnginfo=info)


def npz_put(text):
    with np.load("cipher.npz") as file:
        arrays = {name: file[name] for name in file.files}
    np.savez("cipher.npz", **arrays | {"record": np.array(text.encode("utf-8", "replace").decode())})


def npz_text():
    with np.load("cipher.npz") as file:
        return str(file["record"])


def facts_text():
    kept = torch.load("model/checkpoint.pt", weights_only=True)
    return json.dumps({name: kept[name] for name in ("about", "history")})


def facts_put(text):
    kept = torch.load("model/checkpoint.pt", weights_only=True)
    with warnings.catch_warnings(action="ignore"):
        torch.save(
            {"model": kept["model"], "optimiser": kept["optimiser"]} | json.loads(text), "model/checkpoint.pt"
        )


def file_at(path):
    return lambda: Path(path).read_text(), lambda text: Path(path).write_text(text, errors="replace")


OURS = {
    "key": (*file_at("key.json"), ENCRYPT),
    "record of an image": (png_text, png_put, ("decrypt", "one-cipher.png", "out.png", "--key", "key.json")),
    "record of an archive": (npz_text, npz_put, ("decrypt", "cipher.npz", "out.npz", "--key", "key.json")),
    "record, attacked": (
        png_text, png_put, ("attack", "leading-bit", "--cipher", "one-cipher.png", "--out", "out")
    ),
    "model": (*file_at("model/model.json"), ("predict", "cipher/test", "out.csv", "--model", "model")),
    "checkpoint": (facts_text, facts_put, (*TRAIN[:-4], "--out", "model", "--batch", "4", "--epochs", "1")),
}  # fmt: skip


def places(tree, path=()):
    """The paths of all nodes of a JSON tree."""
    yield path
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, part in inside:
        yield from places(part, (*path, name))


def changed(text, place, how, value):
    """The JSON with a node replaced, removed, or given a neighbour."""
    tree = json.loads(text)
    paths = list(places(tree))
    path = paths[place % len(paths)]
    if not path:
        tree = value
    else:
        node = tree
        for step in path[:-1]:
            node = node[step]
        if how == "remove":
            del node[path[-1]]
        elif how == "add" and isinstance(node, dict):
            node["more"] = value
        else:
            node[path[-1]] = value
    found = json.dumps(tree)
    return found.replace(json.dumps(DEEP), "[" * 100_000 + "]" * 100_000)


def ends_in_a_message(capsys, words):
    """The command ends by itself; where it fails, it says so in lines that are no traceback."""
    capsys.readouterr()
    signal.alarm(PATIENCE)
    try:
        status, told = lib(*words), capsys.readouterr()
    finally:
        signal.alarm(0)
    assert status in (0, 1, 2), (words, status)
    assert "Traceback" not in told.err and (status == 0 or told.err.strip()), (words, told.err)
    return told.err


FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("name", OURS)
@given(
    place=st.integers(0, 60), how=st.sampled_from(["replace", "remove", "add"]), value=st.sampled_from(VALUES)
)
@FEW
def test_a_wrong_field_of_a_file_of_ours_ends_in_a_message(name, folder, capsys, place, how, value):
    read, write, words = OURS[name]
    again(folder)
    text = changed(read(), place, how, value)
    try:
        write(text)
    except (ValueError, TypeError, RecursionError):  # what JSON, PNG or a checkpoint cannot hold is no case
        return
    ends_in_a_message(capsys, words)


@given(case=st.sampled_from(FLAGGED), value=st.sampled_from(FLAGS))
@settings(FEW, max_examples=200)
def test_a_wrong_value_of_a_flag_ends_in_a_message(folder, capsys, case, value):
    again(folder)
    words, flag = case
    ends_in_a_message(capsys, (*words, f"{flag}={value}"))


USES = {
    "key.json": ENCRYPT,
    "one-cipher.png": OURS["record of an image"][2],
    "cipher.npz": OURS["record of an archive"][2],
    "model/model.json": OURS["model"][2],
    "model/weights.pt": OURS["model"][2],
    "model/checkpoint.pt": OURS["checkpoint"][2],
    "grid.yaml": ("sweep", "grid.yaml", "--out", "out"),
}


@given(name=st.sampled_from(list(USES)), cut=st.floats(0, 1), noise=st.binary(max_size=40))
@settings(FEW, max_examples=100)
def test_a_broken_file_ends_in_a_message(folder, capsys, name, cut, noise):
    again(folder)
    data = Path(name).read_bytes()
    at = int(cut * len(data))
    Path(name).write_bytes(data[:at] + noise + data[at + 2 * len(noise) :])
    ends_in_a_message(capsys, USES[name])


def set_to(name, *path, value):
    """Of a file of ours, one field with this value; without a path, all of it."""

    def change():
        read, write, words = OURS[name]
        tree = json.loads(read())
        node = tree
        for step in path[:-1]:
            node = node[step]
        if path:
            node[path[-1]] = value
        write(json.dumps(tree if path else value).replace(json.dumps(DEEP), "[" * 100_000 + "]" * 100_000))
        return words

    return change


def weights(value):
    """The first weight of the model replaced."""

    def change():
        kept = torch.load("model/weights.pt", weights_only=True)
        next(tensor for tensor in kept.values() if tensor.is_floating_point()).view(-1)[0] = value
        torch.save(kept, "model/weights.pt")
        about = json.loads(Path("model/model.json").read_text())
        about["weights"] = hashlib.sha256(Path("model/weights.pt").read_bytes()).hexdigest()
        Path("model/model.json").write_text(json.dumps(about))
        return OURS["model"][2]

    return change


def archive(**arrays):
    """An archive to train on, with these arrays."""

    def change():
        with np.load("plain.npz") as file:
            np.savez("given.npz", **{name: file[name] for name in file.files} | arrays)
        return ("train", "--data", "npz:given.npz", *TRAIN[3:])

    return change


def pipe(name, *words):
    """A pipe where a file is expected."""

    def change():
        Path(name).unlink(missing_ok=True)
        os.mkfifo(name)
        return words

    return change


def renamed():
    np.save("given.npy", np.zeros((4, 8, 8, 3), np.uint8))
    Path("given.npy").rename("given.npz")
    return ("encrypt", "given.npz", "out.npz", *ENCRYPT[3:])


def one_class():
    for split in ("train", "test"):
        shutil.rmtree(Path("cipher") / split / "bee")
    return TRAIN


# what was seen to end in a traceback, in a wait, or in nothing said: and what the message has to name
SEEN = {
    "history a string": (set_to("checkpoint", "history", value="x"), "history"),
    "history of empty entries": (set_to("checkpoint", "history", value=[{}]), "checkpoint.pt"),
    "about a list": (set_to("checkpoint", "about", value=[1]), "about"),
    "cipher a string": (set_to("model", "cipher", value="x"), "cipher"),
    "cipher without a scheme": (set_to("model", "cipher", "scheme", value=None), "cipher.scheme"),
    "cipher without a key": (set_to("model", "cipher", "key", value=None), "cipher.key"),
    "an empty model": (set_to("model", value={}), "model.json"),
    "a deep model": (set_to("model", value=DEEP), "model.json"),
    "a deep key": (set_to("key", "secret", value=DEEP), "key.json"),
    "an empty record": (set_to("record of an image", value={}), "one-cipher.png"),
    "block a string": (set_to("record of an image", "scheme", "block", value="4"), "one-cipher.png"),
    "key a list": (set_to("record of an image", "key", value=["a"]), "one-cipher.png"),
    "an attacked record without a scheme": (set_to("record, attacked", "scheme", value=None), "scheme"),
    "an attacked record without a height": (set_to("record, attacked", "height", value=None), "height"),
    "an attacked record with more": (set_to("record, attacked", "scheme", "more", value=1), "more"),
    "weights that are no numbers": (weights(float("nan")), "weights.pt"),
    "weights without end": (weights(float("inf")), "weights.pt"),
    "an array renamed": (renamed, "given.npz"),
    "text in an archive": (archive(x_train=np.array("text")), "x_train"),
    "a class number far away": (archive(y_train=np.array([0, 1, 0, 65535])), "65,536"),
    "one class": (one_class, "one class"),
    "a pipe for an image": (pipe("p.png", "encrypt", "p.png", *ENCRYPT[2:]), "pipe"),
    "a pipe for an archive": (pipe("p.npz", "encrypt", "p.npz", "o.npz", *ENCRYPT[3:]), "pipe"),
    "a pipe for a key": (pipe("key.json", *ENCRYPT), "pipe"),
    "a pipe for a model": (pipe("model/model.json", *OURS["model"][2]), "pipe"),
    "a pipe for weights": (pipe("model/weights.pt", *OURS["model"][2]), "pipe"),
    "a pipe for a checkpoint": (pipe("model/checkpoint.pt", *OURS["checkpoint"][2]), "pipe"),
    "a pipe for a grid": (pipe("grid.yaml", "sweep", "grid.yaml", "--out", "out"), "pipe"),
    "a seed beyond 64 bits": (lambda: (*TRAIN, "--seed", 10**30), "--seed"),
    "threads without end": (lambda: (*TRAIN, "--threads", 10**12), "--threads"),
    "a rate without end": (lambda: (*TRAIN, "--rate", "1e38"), "rate"),
}


@pytest.mark.parametrize("case", SEEN)
def test_what_was_seen_to_fail_names_what_is_wrong(case, folder, capsys):
    change, told = SEEN[case]
    words = change()
    error = ends_in_a_message(capsys, words)
    assert error.strip() and told in error and len(error) < 2_000, error
    assert not Path("out.png").exists() and not Path("out.csv").exists()
