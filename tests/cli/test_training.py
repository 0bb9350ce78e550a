"""`python -m lib train`: `lib.cli.training`, and the wrong calls of train and predict."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lib import models
from lib.atomic import UNFINISHED, _short
from lib.cli import model_folder, training
from lib.cli.commands.train import SQUARES
from lib.datasets import load
from lib.schemes import Tanaka
from lib.training import Recipe, evaluate
from tests.cli.helpers import (
    CLASSES,
    KEY,
    OTHER,
    PLAIN,
    ROOT,
    TANAKA,
    TRAIN,
    environment,
    facts,
    lib,
    rows,
    same,
    save_folder,
    save_npz,
    snapshot,
    stripes,
    weights,
)


def test_the_lines_of_the_readme_on_a_folder_of_ones_own(tmp_path):
    save_folder(tmp_path / "photographs", *stripes(300, 1, 16))
    save_folder(tmp_path / "photographs", *stripes(60, 2, 16), "test")
    section = (ROOT / "README.md").read_text().split("## Train on your own ciphertexts")[1].split("\n## ")[0]
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.S)).split("\n")
    commands = [shlex.split(line) for line in lines if line]
    assert [command[3] for command in commands] == ["prepare", "key", "encrypt", "train", "predict", "train"]
    for command in commands:
        assert command[:3] == [".venv/bin/python", "-m", "lib"]
        done = subprocess.run(
            [sys.executable, *command[1:]], cwd=tmp_path, env=environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stderr
        if command[3] == "predict":
            accuracy = float(re.search(r"accuracy (0\.\d+) on 60 images", done.stdout)[1])
    assert 0.5 < accuracy < 1  # a third is chance; keys are fresh, and one gave 0.58
    assert round(facts(tmp_path / "pets-model")["history"]["test_accuracy"], 4) == accuracy
    answers = rows(tmp_path / "pets.csv")
    right = [Path(row["file"]).parent.name == row["class"] for row in answers]
    assert round(np.mean(right), 4) == accuracy and len(right) == 60
    assert facts(tmp_path / "pets-model-2")["recipe"]["augment"] == "before"
    secret = json.loads((tmp_path / "pets-key.json").read_text())["secret"]
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("pets-model*/*"))
    assert secret.encode() not in kept and bytes.fromhex(secret) not in kept


@pytest.mark.parametrize("side", [8, 10], ids=["whole blocks", "padded"])
@pytest.mark.parametrize("words", [["tanaka"], ["skk"], ["etc", "--block", "2"]], ids=lambda words: words[0])
def test_encrypted_before_or_while_training_is_one(labelled, words, side):
    save_npz("plain.npz", side)
    key = ("--scheme", *words, "--key", "key.json")
    assert lib("encrypt", "plain.npz", "cipher.npz", *key) == 0
    assert lib(*TRAIN, "--patch", 2, "--data", "npz:plain.npz", "--out", "while", *key) == 0
    assert lib(*TRAIN, "--patch", 2, "--data", "npz:cipher.npz", "--out", "before") == 0
    assert same(weights("while"), weights("before"))
    one, other = facts("while"), facts("before")
    assert one["cipher"] == other["cipher"] and one["cipher"]["key"] == KEY.fingerprint
    assert (one["encrypted"], other["encrypted"]) == ("while training", "before")
    assert one["history"]["test_accuracy"] == other["history"]["test_accuracy"]


def test_a_tree_and_its_ciphertexts_give_the_same_weights(labelled):
    assert lib("encrypt", "plain", "cipher", *TANAKA) == 0
    assert lib(*TRAIN, "--data", "folder:plain", "--out", "while", *TANAKA) == 0
    assert lib(*TRAIN, "--data", "folder:cipher", "--out", "before") == 0
    assert same(weights("while"), weights("before"))
    assert facts("before")["classes"] == list(CLASSES) and "test_accuracy" not in facts("before")["history"]


DYING = """
import os, signal, sys
from torch.nn import functional
from lib.__main__ import main

steps, real = int(sys.argv[1]), functional.cross_entropy

def loss(*given, **more):
    global steps
    steps -= 1
    return real(*given, **more) if steps else os.kill(os.getpid(), signal.SIGKILL)

functional.cross_entropy = loss
main(sys.argv[2:])
"""


def test_killed_twice_in_mid_epoch_ends_in_the_same_weights(labelled):
    # 6 steps an epoch
    words = (*PLAIN, "--epochs", "5", "--crop", "1", "--flip", "--average", "0.9", *TANAKA, "--out")
    for steps, epochs in ((10, 1), (15, 3)):
        command = [sys.executable, "-c", DYING, str(steps), *words, "killed"]
        done = subprocess.run(command, cwd=labelled, env=environment(), capture_output=True, text=True)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert len(Path("killed/log.jsonl").read_text().splitlines()) == epochs
    assert not Path("killed/model.json").exists()
    left_over = labelled / f"killed/.{_short('weights.pt')}.0123abcd{UNFINISHED}"
    left_over.touch()
    assert lib(*words, "killed") == 0
    assert lib(*words, "whole") == 0
    assert same(weights("killed"), weights("whole"))
    one, other = (
        [json.loads(line) for line in Path(out, "log.jsonl").read_text().splitlines()]
        for out in ("killed", "whole")
    )
    assert [entry | {"seconds": 0} for entry in one] == [entry | {"seconds": 0} for entry in other]
    assert len(one) == 5 and not left_over.exists()


def test_a_finished_run_says_so_and_is_left_alone(labelled, capsys):
    assert lib(*PLAIN) == 0
    out, err = capsys.readouterr()
    assert out.startswith("model: finished, 2 epochs, test accuracy 0.")
    assert re.findall(
        r"^epoch (\d) of 2: loss \d\.\d{4}, test accuracy 0\.\d{4}; \d+ s to go$", err, re.M
    ) == ["1", "2"]
    before = snapshot("model")
    assert lib(*PLAIN) == 0
    out, err = capsys.readouterr()
    assert out.startswith("model: was finished before, 2 epochs, test accuracy 0.") and err == ""
    assert snapshot("model") == before


@pytest.mark.parametrize("lost", ["weights.pt", "model.json"])
@pytest.mark.parametrize("how", [Path.unlink, lambda path: os.truncate(path, 200)], ids=["gone", "truncated"])
def test_what_was_lost_of_a_finished_run_is_written_again(labelled, capsys, lost, how):
    lib(*PLAIN)
    before = weights("model")
    how(Path("model", lost))
    assert lib(*PLAIN) == 0
    assert "model: finished, 2 epochs" in capsys.readouterr().out
    assert same(weights("model"), before) and model_folder.load("model").facts.model_dump() == facts("model")


def test_another_run_is_not_taken_up(labelled, capsys):
    lib(*PLAIN)
    capsys.readouterr()
    before = snapshot("model")
    for words, message in (
        (["--epochs", "3"], "epochs 2 there, 3 here"),
        (["--rate", "0.5"], "rate 0.003 there, 0.5 here"),
        (TANAKA, "scheme none there, tanaka here"),
        (["--adaptation", "pixel"], "model"),
    ):
        assert lib(*PLAIN, *words) == 1
        (line,) = re.findall("^error: .*", capsys.readouterr().err, re.M)
        assert "checkpoint.pt is of another run" in line and message in line
    Path("model/checkpoint.pt").unlink()
    assert lib(*PLAIN) == 1
    assert "model holds log.jsonl, but no checkpoint.pt to go on from" in capsys.readouterr().err
    assert snapshot("model").items() <= before.items()


def test_options_reach_recipe_network_and_data(labelled):
    words = (
        "--epochs 1 --batch 7 --rate 2e-3 --weight-decay 0.1 --smoothing 0.2 --crop 1 --flip --augment after "
        "--average 0.5 --flip-test --bfloat16 --seed 3 --limit 60 --patch 2 --adaptation pixel --bits 8"
    )
    assert lib(*PLAIN, *words.split(), *TANAKA) == 0
    made = facts("model")
    recipe = Recipe(1, 7, 2e-3, 0.1, 0.2, 1, True, "after", 0.5, True, True, 3)
    assert Recipe(**made["recipe"]) == recipe
    assert made["network"] == {"name": "blocknet", "adaptation": "pixel", "block": 2, "side": 8}
    assert made["images"] == 60 and made["data"] == "npz:plain.npz, train" and made["limit"] == 60
    assert made["cipher"] == {"scheme": Tanaka(KEY, bits=8).to_dict(), "key": KEY.fingerprint}
    assert made["channels"] == 3 and made["side"] == 8 and made["versions"]["torch"] == torch.__version__
    test = load("npz:plain.npz", "test", 60)
    again = evaluate(
        model_folder.load("model").network, test, scheme=Tanaka(KEY, bits=8), flips=True, flip="after"
    )
    assert abs(again - made["history"]["test_accuracy"]) <= 2 / len(test)  # there in bfloat16


def test_images_that_are_no_squares_are_read_by_the_networks_that_the_help_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for split, count in (("train", 60), ("test", 30)):
        images, labels = stripes(count, count, 16)
        save_folder(Path("wide"), images[:, :8], labels, split)
    words = ("train", "--data", "folder:wide", "--epochs", "1", "--patch", "8", "--batch", "30")
    assert lib(*words, "--model", "convmixer", "--out", "model") == 0
    assert facts("model")["side"] == facts("model")["network"]["side"] == [8, 16]
    assert lib("predict", "wide/test", "answers.csv", "--model", "model") == 0
    assert len(rows(Path("answers.csv"))) == 30
    assert set(SQUARES) == set(models.names) - set(models.rectangles)


def test_blocks_of_the_network_are_those_of_the_cipher_unless_told(labelled):
    for out, words in (
        ("a", ["--scheme", "etc", "--block", "2"]),
        ("b", ["--scheme", "skk"]),
        ("c", ["--scheme", "shf"]),
    ):
        assert lib(*PLAIN, *words, "--key", "key.json", "--out", out) == 0
    lib("encrypt", "plain.npz", "cipher.npz", "--scheme", "etc", "--block", "2", "--key", "key.json")
    assert lib(*TRAIN, "--data", "npz:cipher.npz", "--out", "d") == 0
    assert [facts(out)["network"]["block"] for out in "abcd"] == [2, 4, 4, 2]


def test_ciphertexts_are_augmented_after_encryption(labelled, capsys):
    lib("encrypt", "plain.npz", "cipher.npz", "--scheme", "skk", "--key", "key.json")
    words = (*TRAIN, "--data", "npz:cipher.npz", "--crop", "1", "--flip", "--flip-test")
    assert lib(*words, "--out", "a") == 0
    here = (
        "--data npz:plain.npz --out b --scheme skk --key key.json --crop 1 --flip --flip-test --augment after"
    )
    assert lib(*TRAIN, *here.split()) == 0
    assert facts("a")["recipe"] == facts("b")["recipe"] and same(weights("a"), weights("b"))
    capsys.readouterr()
    assert lib(*words, "--out", "c", "--augment", "before") == 1
    assert "npz:cipher.npz is encrypted already; what is augmented is ciphertexts" in capsys.readouterr().err


def test_a_key_for_every_image(labelled):
    assert lib("encrypt", "plain", "cipher", "--scheme", "skk", "--per-image", "--key", "key.json") == 0
    assert lib(*TRAIN, "--data", "folder:cipher", "--out", "model") == 0
    assert facts("model")["cipher"]["scheme"]["per_image"] is True


@pytest.mark.parametrize(
    "words, message",
    [
        (None, "is plain"),
        (["--scheme", "tanaka", "--key", "other.json"], f"key {OTHER.fingerprint[:8]}; encrypt all"),
        (["--scheme", "etc", "--key", "key.json"], "is a ciphertext of etc (block 4)"),
    ],
    ids=["plain", "key", "scheme"],
)
def test_training_on_a_mixture_is_refused(labelled, capsys, words, message):
    lib("encrypt", "plain", "cipher", *TANAKA)
    if words is None:
        save_folder("cipher", *stripes(3, 5), "test")
    else:
        lib("encrypt", "plain/train/cow", "cipher/test/cow", *words)
    assert lib(*TRAIN, "--data", "folder:cipher", "--out", "model") == 1
    err = capsys.readouterr().err
    assert (
        "cipher/train/ape/10.png is a ciphertext of tanaka" in err and message in err and "cipher/test" in err
    )
    assert not Path("model").exists()


def test_each_file_is_opened_once(labelled, monkeypatch):
    opened, real = Counter(), Path.read_bytes
    lib("encrypt", "plain", "cipher", *TANAKA)

    def count(path):
        if path.suffix == ".png":
            opened[path] += 1
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", count)
    assert lib(*TRAIN, "--data", "folder:cipher", "--out", "model") == 0
    assert len(opened) == 30 and set(opened.values()) == {1}
    assert lib("predict", "cipher", "answers.csv", "--model", "model") == 0
    assert len(opened) == 30 and set(opened.values()) == {2}


def test_a_limit_reads_no_more_files_than_images(labelled):
    for name in CLASSES:
        Path(f"plain/train/{name}/zebra.png").write_bytes(b"broken")
    assert lib(*TRAIN, "--data", "folder:plain", "--out", "model", "--limit", 3) == 0
    with pytest.raises(ValueError, match=r"zebra\.png cannot be read as an image"):
        training.train("folder:plain", Path("more"), "blocknet", {})


T, P = ("train", "--out", "model", "--model", "blocknet"), ("predict", "cipher.png", "a.csv")


NPZ, K = ("--data", "npz:plain.npz"), ("--key", "key.json")


WRONG = [
    (2, ("train", *NPZ, "--model", "blocknet"), "--out"),
    (2, ("train", *NPZ, "--out", "model"), "--model"),
    (2, ("train", "--out", "model", "--model", "blocknet"), "--data"),
    (
        2,
        ("train", *NPZ, "--out", "model", "--model", "alexnet"),
        "invalid choice: 'alexnet' (choose from 'blocknet'",
    ),
    (2, (*T, *NPZ, "--adaptation", "none"), "invalid choice: 'none' (choose from 'tanaka'"),
    (2, (*T, *NPZ, *K), "--key needs --scheme; data that are encrypted already need neither"),
    (2, (*T, *NPZ, "--no-colour-shuffle"), "--no-colour-shuffle needs --scheme"),
    (2, (*T, *NPZ, "--per-image"), "--per-image needs --scheme"),
    (2, (*T, *NPZ, "--scheme", "etc"), "--scheme needs --key; python -m lib key new KEY.json makes one"),
    (2, (*T, *NPZ, "--scheme", "skk", *K, "--block", "4"), "skk has no --block"),
    (2, (*T, *NPZ, "--epochs", "0"), "expected a whole number from 1 on, got '0'"),
    (2, (*T, *NPZ, "--seed", "-1"), "--seed"),
    (2, (*T, *NPZ, "--crop", "1.5"), "expected a whole number from 0 on, got '1.5'"),
    (2, (*T, *NPZ, "--rate", "nan"), "expected a number from 0 on, got 'nan'"),
    (2, (*T, *NPZ, "--smoothing", "1"), "expected a number from 0 to less than 1, got '1'"),
    (2, (*T, *NPZ, "--average", "2"), "expected a number from 0 to less than 1, got '2'"),
    (2, (*T, *NPZ, "--augment", "never"), "invalid choice: 'never'"),
    (2, (*T, *NPZ, "--device", "tpu"), "invalid choice: 'tpu'"),
    (1, (*T, *NPZ, "--rate", "0"), "rate is a number above 0, got 0.0"),
    (
        1,
        (*T, *NPZ, "--scheme", "etc", "--key", "lost.json"),
        "lost.json: no such key file; python -m lib key new",
    ),
    (1, (*T, "--data", "mnist"), "unknown data set 'mnist'"),
    (1, (*T, "--data", "npz:lost.npz"), "no such path: lost.npz"),
    (1, (*T, "--data", "folder:lost"), "no such path: lost"),
    (1, (*T, "--data", "npz:broken.npz"), "broken.npz is no npz archive, or a broken one"),
    (1, (*T, "--data", "folder:oblong"), "blocknet reads squares, got 8x12; fast, resnet18, convmixer, vit"),
    (1, (*T, "--data", "folder:uneven"), "uneven, test: images of 12x12, and those to train on are 8x8"),
    (1, (*T, "--data", "folder:plain", "--limit", "2"), "folder:plain, train: no image of class cow"),
    (1, (*T, *NPZ, "--patch", "3"), "side 8 is not a multiple of block 3"),
    (
        1,
        (*T, *NPZ, "--scheme", "etc-gray", *K),
        "networks here read RGB images of bytes, and a ciphertext of etc-gray (block 8), key",
    ),
    (
        1,
        (*T, *NPZ, "--scheme", "ffx", *K, "--as-published"),
        "and a ciphertext of ffx (block 4, as published block_transform), key",
    ),
    (
        1,
        (*T, "--data", "npz:grey.npz"),
        "networks here read RGB images of bytes, and a ciphertext of etc-gray (block 8), key",
    ),
    (
        1,
        (*T, "--data", "npz:cipher.npz", "--scheme", "etc", *K),
        "npz:cipher.npz is encrypted already, as a ciphertext of",
    ),
    (
        1,
        (*T, "--data", "folder:ciphers", "--scheme", "etc", *K),
        "ciphers is encrypted already, as a ciphertext of tanaka",
    ),
    (1, ("train", *NPZ, "--model", "blocknet", "--out", "key.json"), "key.json"),
    (2, ("predict", "cipher.png", "a.csv"), "--model"),
    (2, (*P, "--model", "ready", *K), "unrecognized arguments: --key key.json"),
    (2, ("predict", "cipher.png", "a.txt", "--model", "ready"), "DST is a table; name it a.csv"),
    (
        1,
        ("predict", "cipher.png", "there.csv", "--model", "ready"),
        "there.csv exists; choose another name, or overwrite",
    ),
    (1, ("predict", "lost", "a.csv", "--model", "ready"), "lost: no such file or folder"),
    (1, ("predict", "empty", "a.csv", "--model", "ready"), "empty: no image in this folder; looked for .png"),
    (1, ("predict", "sizes", "a.csv", "--model", "ready"), "sizes/b.png is 12x8, and the network reads 8x8"),
    (
        1,
        ("predict", "large.npz", "a.csv", "--model", "ready"),
        "large.npz: x is 12x12, and the network reads 8x8",
    ),
    (
        1,
        ("predict", "labels.npz", "a.csv", "--model", "ready"),
        "labels.npz: holds no images, uint8 (n, h, w, 3); it has y",
    ),
    (
        1,
        ("predict", "broken.npz", "a.csv", "--model", "ready"),
        "broken.npz is no npz archive, or a broken one",
    ),
    (1, ("predict", "grey.png", "a.csv", "--model", "ready"), "grey.png has mode L, expected RGB"),
    (1, ("predict", "key.json", "a.csv", "--model", "ready"), "key.json cannot be read as an image"),
    (
        1,
        ("predict", "damaged.png", "a.csv", "--model", "ready"),
        "damaged.png has a record that is damaged: scheme is 'etc', expected the settings of a scheme",
    ),
    (1, (*P, "--model", "lost"), "lost holds no model.json: name the folder that training wrote"),
    (
        1,
        (*P, "--model", "begun"),
        "begun holds no model.json: its training has not ended; train again, and it goes on",
    ),
]


@pytest.fixture(scope="module")
def things(ready, tmp_path_factory):
    """A folder with everything that the wrong calls name. They write nothing, so one serves all."""
    from lib.cli.image_files import FORMAT

    folder = tmp_path_factory.mktemp("things")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        KEY.save("key.json")
        save_npz("plain.npz")
        images, labels = stripes(6, 3)
        save_folder("plain", images, labels)
        save_folder("oblong", np.pad(images, ((0, 0), (0, 0), (0, 4), (0, 0))), labels)
        save_folder("uneven", images, labels)
        save_folder("uneven", *stripes(6, 3, 12), "test")
        Path("ready").symlink_to(ready)
        for name in ("empty", "begun", "sizes"):
            Path(name).mkdir()
        Path("begun/checkpoint.pt").touch()
        Path("there.csv").touch()
        Path("broken.npz").write_bytes(Path("plain.npz").read_bytes()[:-60])
        np.savez("large.npz", x=stripes(3, 4, 12)[0])
        np.savez("labels.npz", y=labels)
        Image.fromarray(images[0]).convert("L").save("grey.png")
        Image.fromarray(images[0]).save("sizes/a.png")
        Image.fromarray(np.pad(images[0], ((0, 4), (0, 0), (0, 0)))).save("sizes/b.png")
        lib("encrypt", "plain/train/ape/0.png", "cipher.png", *TANAKA)
        lib("encrypt", "plain.npz", "cipher.npz", *TANAKA)
        lib("encrypt", "plain", "ciphers", *TANAKA)
        lib("encrypt", "plain.npz", "grey.npz", "--scheme", "etc-gray", *K)
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text(FORMAT, json.dumps({"format": FORMAT, "version": 1, "scheme": "etc"}))
        Image.fromarray(images[0]).save("damaged.png", pnginfo=info)
    return folder


@pytest.mark.parametrize("status, words, message", WRONG, ids=[" ".join(words) for _, words, _ in WRONG])
def test_wrong_calls_are_one_clear_line(things, monkeypatch, capsys, status, words, message):
    monkeypatch.chdir(things)
    before = {path for path in things.rglob("*") if path.is_file()}
    assert lib(*words) == status
    out, err = capsys.readouterr()
    err = "".join(line for line in err.splitlines(True) if not line.startswith("note: key.json is unsafe"))
    assert message in err and "Traceback" not in out + err
    assert {path for path in things.rglob("*") if path.is_file()} == before
    if status == 1:
        assert len(err.splitlines()) == 1


def test_no_gpu_and_no_finite_loss_are_one_clear_line(labelled, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert model_folder.device_of("auto").type == model_folder.device_of("cpu").type == "cpu"
    assert lib(*PLAIN, "--device", "cuda") == 1
    assert "error: no CUDA device is to be had here" in capsys.readouterr().err
    assert lib(*PLAIN, "--rate", "1e30") == 1
    assert re.search(
        r"^error: the loss is (nan|inf) in epoch \d, step \d; lower the rate", capsys.readouterr().err, re.M
    )
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert model_folder.device_of("auto").type == model_folder.device_of("cuda").type == "cuda"
    assert model_folder.device_of("cpu").type == "cpu"
