"""Bad files and values at the shell: each ends in a message, none in a traceback, none in a wait.

First those that were found by hand, with what is said of each; then many that Hypothesis makes, of fields in
our own files, of values on the command line, and of whole files.
"""

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import warnings
from collections import Counter
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lib.cli.records import FORMAT
from tests.cli.helpers import KEY, TANAKA, TRAIN, lib, save_folder, stripes

SECONDS = 8  # more than any call here takes; what takes longer waits
K = ("--key", "key.json")
READS = {  # a file of ours, and calls that read it
    "key.json": [("decrypt", "cipher.png", "x.png", *K), ("encrypt", "plain.npz", "x.npz", *K, *TANAKA[:2])],
    "model/model.json": [("predict", "cipher.png", "x.csv", "--model", "model")],
    "cipher.png": [
        ("decrypt", "cipher.png", "x.png", *K),
        ("decrypt", "cipher.png", "x.png", *K, "--unverified"),
        ("attack", "table-reader", "--cipher", "cipher.png", "--out", "x", "--oracle-key", "key.json"),
        ("predict", "cipher.png", "x.csv", "--model", "model"),
    ],
    "cipher.npz": [
        ("decrypt", "cipher.npz", "x.npz", *K),
        ("decrypt", "cipher.npz", "x.npz", *K, "--unverified"),
        ("predict", "cipher.npz", "x.csv", "--model", "model"),
        (*TRAIN, "--data", "npz:cipher.npz", "--out", "x"),
    ],
    "begun/checkpoint.pt": [(*TRAIN, "--data", "npz:plain.npz", "--out", "begun")],
    "grid.json": [("sweep", "grid.json", "--out", "x")],
}
NOTEBOOK = {
    "nbformat": 4, "nbformat_minor": 5, "metadata": {},
    "cells": [{"cell_type": "code", "id": "a", "metadata": {"tags": ["parameters"]}, "source": "side = 4",
               "outputs": [], "execution_count": None}],
}  # fmt: skip


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """One good file of every kind."""
    folder = tmp_path_factory.mktemp("origin")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(io.StringIO()):
        patch.chdir(folder)
        KEY.save("key.json")
        images, labels = stripes(12, 3)
        save_folder("plain", images, labels)
        np.savez("plain.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
        assert lib("encrypt", "plain.npz", "cipher.npz", *TANAKA) == 0
        assert lib("encrypt", "plain/train/ape/0.png" if Path("plain/train/ape/0.png").exists()
                   else next(Path("plain").rglob("*.png")), "cipher.png", *TANAKA) == 0  # fmt: skip
        assert lib(*TRAIN, "--data", "npz:cipher.npz", "--out", "model") == 0
        assert lib(*TRAIN, "--data", "npz:plain.npz", "--out", "begun") == 0
        for name in ("model.json", "weights.pt"):
            Path("begun", name).unlink()
        Path("notebook.ipynb").write_text(json.dumps(NOTEBOOK))
        Path("grid.json").write_text(json.dumps({"notebook": "notebook.ipynb", "parameters": {"side": [4]}}))
        Path("cipher.py").write_text("def make(key): return key")
    return folder


@pytest.fixture(scope="module")
def place(origin, tmp_path_factory):
    """A folder to work in, which `clean` makes like `origin` again."""
    folder = tmp_path_factory.mktemp("place") / "here"
    with pytest.MonkeyPatch.context() as patch:
        shutil.copytree(origin, folder)
        patch.chdir(folder)
        yield folder


def clean(origin, place):
    """The same files as in the beginning."""
    for path in place.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    shutil.copytree(origin, place, dirs_exist_ok=True)


def ended(words):
    """Exit status and what was printed, of a call that neither raises nor waits."""

    def late(*_):
        raise AssertionError(f"waits: {words}")

    out, err, before = io.StringIO(), io.StringIO(), signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            status = lib(*words)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    told = err.getvalue()
    assert status in (0, 1, 2) and "Traceback" not in told
    assert status == 0 or any(f"{word}: " in told for word in ("error", "failed")), told
    return status, told


# -- fields --------------------------------------------------------------------------------------------------


def fields_of(path):
    """What a file of ours says, as JSON would hold it."""
    if path.suffix == ".png":
        return json.loads(Image.open(path).text[FORMAT])
    if path.suffix == ".npz":
        return json.loads(str(np.load(path)["record"]))
    if path.suffix == ".pt":
        return torch.load(path, weights_only=True)
    return json.loads(path.read_text())


def put(path, fields):
    """Write them in place of those in the file."""
    if path.suffix == ".png":
        info, image = PngInfo(), Image.open(path)
        image.load()
        info.add_text(FORMAT, json.dumps(fields))
        image.save(path, pnginfo=info)
    elif path.suffix == ".npz":
        arrays = dict(np.load(path))
        np.savez(path, **arrays | {"record": np.array(json.dumps(fields))})
    elif path.suffix == ".pt":
        torch.save(fields, path)
    else:
        path.write_text(json.dumps(fields))


def places_in(fields, path=()):
    """The paths to all that is in nested dictionaries and lists."""
    yield path
    inner = (
        fields.items() if isinstance(fields, dict) else enumerate(fields) if isinstance(fields, list) else ()
    )
    for name, value in inner:
        yield from places_in(value, (*path, name))


GONE = "<gone>"


def changed(fields, path, value):
    """The fields with another value at `path`, or without it."""
    if not path:
        return None if value == GONE else value
    fields = deepcopy(fields)
    inner = fields
    for name in path[:-1]:
        inner = inner[name]
    if value == GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return fields


def nested(depth):
    return "[" * depth + "]" * depth


VERSION_1 = {"version": 1, "tags": None}
FIELDS = [  # the file, where in it, what comes there, what is said
    ("begun/checkpoint.pt", ("history",), "none", "history is 'none', expected a valid list"),
    ("begun/checkpoint.pt", ("history",), [{}, {}], "history.0"),
    ("begun/checkpoint.pt", ("optimiser",), {}, "optimiser"),
    ("begun/checkpoint.pt", ("optimiser",), None, "optimiser"),
    ("begun/checkpoint.pt", ("model",), {}, "model"),
    ("begun/checkpoint.pt", ("about",), [], "about is [], expected a valid dictionary"),
    ("begun/checkpoint.pt", (), {}, "about is missing"),
    ("model/model.json", ("cipher",), "tanaka", "cipher is 'tanaka'"),
    ("model/model.json", ("cipher", "scheme"), None, "cipher.scheme is None"),
    ("model/model.json", ("cipher",), {}, "cipher.scheme is missing"),
    ("model/model.json", (), {}, "is no model: its format field"),
    ("model/model.json", ("network", "block"), "4", "network.block is '4'"),
    ("model/model.json", ("extra",), 1, "extra is unknown here"),
    ("cipher.png", ("scheme",), None, "scheme is None"),
    ("cipher.png", ("scheme",), GONE, "scheme is missing"),
    ("cipher.png", ("scheme", "block"), "4", "a record that is damaged: scheme is none"),
    ("cipher.png", ("scheme",), {}, "a record that is damaged: scheme is none"),
    ("cipher.png", ("key",), None, "key is None"),
    ("cipher.png", ("key",), ["a"], "key is ['a']"),
    ("cipher.png", ("key",), GONE, "key is missing"),
    ("cipher.png", ("height",), GONE, "height is missing"),
    ("cipher.png", ("height",), 10**30, "height is 1000000"),
    ("cipher.png", ("extra",), 1, "extra is unknown here"),
    ("cipher.npz", ("arrays",), {}, "arrays is {}"),
    ("cipher.npz", ("arrays", "x_train", "height"), "8", "arrays.x_train.height is '8'"),
    ("cipher.npz", ("scheme",), None, "scheme is None"),
    ("key.json", ("secret",), ["a"], "secret is not right"),
    ("key.json", (), [], "is no key file"),
    ("key.json", ("origin",), None, "origin is None"),
    ("grid.json", (), {}, "notebook is missing"),
    ("grid.json", (), ["a"], "grid.json is damaged: it is ['a']"),
    ("grid.json", ("parameters",), "side", "parameters is 'side', expected a mapping"),
    ("grid.json", ("parameters", "side"), [10**30, None, {}], "side"),
]  # fmt: skip


@pytest.mark.parametrize(
    "name, path, value, says", FIELDS, ids=[f"{n} {p} {str(v)[:9]}" for n, p, v, _ in FIELDS]
)
def test_a_wrong_field_is_named(origin, place, name, path, value, says):
    for words in READS[name]:
        clean(origin, place)
        file = Path(name)
        fields = fields_of(file)
        if file.name.startswith("cipher") and "--unverified" in words:  # else it ends before
            fields |= VERSION_1
        put(file, changed(fields, path, value))
        status, told = ended(words)
        assert status == 1 and (says in told or "was changed since" in told), told
        assert file.name in told or "begun" in told


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FREE = {"recipe", "versions", "history", "data", "device", "limit", "images", "origin", "weights", "classes"}
COUNTS = Counter()


@settings(max_examples=200, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(st.data())
def any_field_may_hold_anything(origin, place, data):
    name = data.draw(st.sampled_from(sorted(READS)))
    words = data.draw(st.sampled_from(READS[name]))
    clean(origin, place)
    fields = fields_of(Path(name))
    if "--unverified" in words and data.draw(st.booleans()):
        fields |= VERSION_1
    path = data.draw(st.sampled_from([path for path in places_in(fields) if len(path) < 4]))
    value = data.draw(st.just(GONE) | JSON)
    put(Path(name), changed(fields, path, value))
    status, _ = ended(words)
    COUNTS["fields"] += status != 0
    if name == "key.json" and path != ("origin",):
        assert status == 1


# -- values on the command line ------------------------------------------------------------------------------

NPZ = (*TRAIN, "--data", "npz:plain.npz", "--out", "x")
ENCODE = ("encrypt", "plain.npz", "x.npz", *TANAKA)
NUMBERS = [  # a call, the option that is added, whether any number is too many
    (NPZ, ("--seed", "--threads", "--rate", "--batch", "--epochs", "--limit", "--crop", "--cutout", "--patch",
           "--microbatch", "--weight-decay", "--smoothing", "--average", "--block", "--bits")),
    (ENCODE, ("--block", "--bits", "--workers", "--jpeg")),
    (("predict", "cipher.png", "x.csv", "--model", "model"), ("--threads",)),
    (("prepare", "plain", "x", "--size", "8"), ("--size", "--workers")),
    (("judge", "cipher.py:make", "--out", "x"), ("--size",)),
    (("attack", "table-reader", "--cipher", "cipher.png", "--out", "x"), ("--block",)),
    (("sweep", "grid.json", "--out", "x"), ("--workers",)),
]  # fmt: skip
HUGE = (
    str(10**30),
    "1e999",
    "-1",
    "-1e38",
    "nan",
    "",
    " ",
    "0x10",
    "1e38",
    str(-(10**30)),
    "1,5",
    "½",
    "9" * 5000,
)


@pytest.mark.parametrize("words, option, value", [
    (NPZ, "--seed", str(10**30)), (NPZ, "--threads", str(10**12)), (NPZ, "--rate", "1e38"),
    (NPZ, "--batch", str(10**30)), (NPZ, "--crop", str(10**30)), (NPZ, "--cutout", str(10**30)),
    (NPZ, "--epochs", str(10**30)), (NPZ, "--microbatch", str(10**30)), (NPZ, "--weight-decay", "1e300"),
    (NPZ, "--limit", str(10**30)), (NPZ, "--patch", str(10**30)), (ENCODE, "--block", str(10**30)),
    (ENCODE, "--workers", str(10**30)),
    (("judge", "cipher.py:make", "--out", "x"), "--size", "9" * 30 + "x8"),
    (("predict", "cipher.png", "x.csv", "--model", "model"), "--threads", str(10**12)),
])  # fmt: skip
def test_numbers_beyond_all_bounds_get_the_message_of_their_option(origin, place, words, option, value):
    clean(origin, place)
    status, told = ended((*words, option, value))
    assert status == 2 and f"argument {option}: expected " in told, told


@settings(max_examples=150, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(st.data())
def any_option_may_be_given_anything(origin, place, data):
    words, options = data.draw(st.sampled_from(NUMBERS))
    option = data.draw(st.sampled_from(options))
    value = data.draw(
        st.sampled_from(HUGE)
        | st.text(st.characters(exclude_categories=["Nd"], exclude_characters="\0"), max_size=6)
    )
    clean(origin, place)
    status, _ = ended((*words, f"{option}={value}"))
    COUNTS["values"] += status != 0


# -- whole files ---------------------------------------------------------------------------------------------


def special(kind, path):
    """A pipe, a socket, a device or a folder in place of a file."""
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as there:
            there.bind(path.name)
    else:
        path.symlink_to("/dev/zero")


FILES = [
    *((name, words) for name in READS for words in READS[name]),
    ("model/weights.pt", ("predict", "cipher.png", "x.csv", "--model", "model")),
    ("plain.npz", ENCODE), ("plain.npz", NPZ),
    ("cipher.png", ("prepare", "cipher.png", "x.png", "--size", "8")),
    ("notebook.ipynb", ("sweep", "grid.json", "--out", "x")),
    ("cipher.py", ("judge", "cipher.py:make", "--out", "x")),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
@pytest.mark.parametrize("name, words", FILES, ids=[f"{name} {words[0]}" for name, words in FILES])
def test_what_would_be_waited_for_is_refused_by_name(origin, place, name, words, kind):
    clean(origin, place)
    special(kind, Path(name))
    status, told = ended(words)
    assert status == 1 and Path(name).name in told and kind in told, told


def test_a_target_that_is_a_pipe_is_not_read(origin, place):
    clean(origin, place)
    for name, words in (("x.png", ("encrypt", "plain/train/ape/p.png", "x.png", *TANAKA)), ("x.npz", ENCODE)):
        shutil.copy(next(Path("plain").rglob("*.png")), "plain/train/ape/p.png")
        os.mkfifo(name)
        status, told = ended(words)
        assert status == 1 and "the target exists" in told, told


def text_member(path):
    np.savez(path, **dict(np.load("plain.npz")), note=np.array("hello"), other=np.array(["a", None], object))


def one_class(path):
    images, labels = stripes(12, 3)
    np.savez(path, x_train=images, y_train=labels * 0, x_test=images, y_test=labels * 0)


def far_class(path):
    images, labels = stripes(12, 3)
    np.savez(path, x_train=images, y_train=np.where(labels, labels, 65_535), x_test=images, y_test=labels)


def deep(path):
    path.write_text(nested(100_000))


def npy(path):
    with path.open("wb") as file:
        np.save(file, stripes(12, 3)[0])


def not_finite(path):
    weights = torch.load(path, weights_only=True)
    next(iter(weights.values())).view(-1)[0] = float("nan")
    torch.save(weights, path)
    import hashlib

    facts = json.loads(Path("model/model.json").read_text())
    facts["weights"] = hashlib.sha256(path.read_bytes()).hexdigest()
    Path("model/model.json").write_text(json.dumps(facts))


def not_finite_kept(path):
    kept = torch.load(path, weights_only=True)
    next(iter(kept["model"].values())).view(-1)[0] = float("inf")
    torch.save(kept, path)


WHOLE = [
    ("plain.npz", npy, ENCODE, "no npz"),
    ("plain.npz", npy, NPZ, "no npz"),
    ("plain.npz", text_member, ENCODE, "array other cannot be read"),
    ("plain.npz", one_class, NPZ, "one class"),
    ("plain.npz", far_class, NPZ, "and 65,513 more of 65,536"),
    ("key.json", deep, READS["key.json"][0], "key.json is no key file"),
    ("model/model.json", deep, READS["model/model.json"][0], "is no model"),
    ("grid.json", deep, READS["grid.json"][0], "grid.json"),
    ("notebook.ipynb", deep, READS["grid.json"][0], "notebook.ipynb"),
    ("model/weights.pt", not_finite, READS["model/model.json"][0], "not finite"),
    ("begun/checkpoint.pt", not_finite_kept, READS["begun/checkpoint.pt"][0], "not finite"),
]  # fmt: skip


@pytest.mark.parametrize("name, spoil, words, says", WHOLE, ids=[f"{w[0]} {i}" for i, w in enumerate(WHOLE)])
def test_a_file_that_will_not_do_says_why(origin, place, name, spoil, words, says):
    clean(origin, place)
    spoil(Path(name))
    status, told = ended(words)
    assert status == 1 and says in told and len(told) < 2000, told


@settings(max_examples=200, deadline=None, derandomize=True, database=None,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(st.data())
def any_file_may_hold_anything(origin, place, data):
    name, words = data.draw(st.sampled_from(FILES))
    clean(origin, place)
    path, whole = Path(name), Path(name).read_bytes()
    how = data.draw(st.sampled_from(["cut", "bytes", "other file", "noise", "nested", "folder"]))
    if how == "cut":
        path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    elif how == "bytes":
        spoiled = bytearray(whole)
        for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20)):
            spoiled[at] ^= data.draw(st.integers(1, 255))
        path.write_bytes(spoiled)
    elif how == "other file":
        path.write_bytes(Path(data.draw(st.sampled_from([n for n, _ in FILES if n != name]))).read_bytes())
    elif how == "noise":
        path.write_bytes(data.draw(st.binary(max_size=300)))
    elif how == "nested":
        path.write_text(nested(data.draw(st.sampled_from([500, 5000, 100_000]))))
    else:
        path.unlink()
        path.mkdir()
    if name == "cipher.py" and how == "bytes":
        return  # a program that is changed may do anything
    status, _ = ended(words)
    COUNTS["files"] += status != 0


def test_more_than_300_of_those_that_hypothesis_makes_are_refused(origin, place):
    COUNTS.clear()
    for many in (any_field_may_hold_anything, any_option_may_be_given_anything, any_file_may_hold_anything):
        many(origin, place)
    print(dict(COUNTS))
    assert len(COUNTS) == 3 and sum(COUNTS.values()) >= 300
