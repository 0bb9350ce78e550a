"""`python -m lib predict`: `lib.cli.predictions`."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lib import models
from lib.cli import model_folder
from lib.datasets import load
from lib.schemes import Tanaka
from lib.training import Recipe, fit, predict, scores
from tests.cli.helpers import KEY, OTHER, PLAIN, TANAKA, TRAIN, facts, lib, rows, save_folder, stripes


def test_predictions_are_those_of_the_trainer(ready, labelled):
    cipher = Tanaka(KEY).encrypt(stripes(620, 9)[0])  # more than are read at once
    save_folder("cipher", cipher, np.zeros(620, int), "some")
    assert lib("predict", "cipher", "new/answers.csv", "--model", ready, "--device", "cpu") == 0
    answers = rows("new/answers.csv")
    order = [int(Path(row["file"]).stem) for row in answers]
    assert [f"{i}" for i in order] == sorted(f"{i}" for i in range(620))
    images, model = cipher[order], model_folder.load(ready).network
    assert [row["class"] for row in answers] == [str(label) for label in predict(model, images)]
    assert [row["probability"] for row in answers] == [
        f"{share:.6f}" for share in scores(model, images).max(1)
    ]
    run = fit(
        lambda: models.by_name("blocknet", 3, side=8),
        load("npz:plain.npz"),
        Recipe(8, 20, 0.01),
        scheme=Tanaka(KEY),
    )
    assert (predict(run.model, images) == predict(model, images)).all()


def test_one_image(ready, labelled, capsys):
    Image.fromarray(Tanaka(KEY).encrypt(stripes(3, 9)[0][0])).save("some.png")
    assert lib("predict", "some.png", "answers.csv", "--model", ready) == 0
    assert [row["file"] for row in rows("answers.csv")] == ["some.png"]
    assert "accuracy" not in capsys.readouterr().out


def test_archive_with_labels(ready, labelled, capsys):
    assert lib("encrypt", "plain.npz", "cipher.npz", *TANAKA) == 0
    capsys.readouterr()
    assert lib("predict", "cipher.npz", "answers.csv", "--model", ready) == 0
    out, err = capsys.readouterr()
    answers, y = rows("answers.csv"), np.load("plain.npz")
    for split, count, at in (("train", 120, 0), ("test", 45, 120)):
        part = answers[at : at + count]
        assert [row["file"] for row in part] == [f"x_{split}[{i}]" for i in range(count)]
        share = np.mean([int(row["class"]) for row in part] == y[f"y_{split}"])
        assert f"x_{split}: accuracy {share:.4f} on {count} images" in out
    assert len(answers) == 165 and err == ""
    assert round(facts(ready)["history"]["test_accuracy"], 4) == round(share, 4) > 0.7


@pytest.mark.parametrize(
    "labels", [None, np.array([0, 1, 3]), np.array([0, -1, 2]), np.arange(4), np.zeros(3)], ids=str
)
def test_labels_that_are_none_of_the_model_give_no_accuracy(ready, labelled, capsys, labels):
    arrays = {"x": Tanaka(KEY).encrypt(stripes(3, 9)[0])} | ({} if labels is None else {"y": labels})
    np.savez("some.npz", **arrays)
    assert lib("predict", "some.npz", "answers.csv", "--model", ready) == 0
    assert "accuracy" not in capsys.readouterr().out and len(rows("answers.csv")) == 3


def test_classes_are_known_by_the_first_folder_named_like_one(labelled, capsys):
    lib(*TRAIN, "--data", "folder:plain", "--out", "model")
    for path in ("any/test/bee/old/cow/1.png", "any/test/wasp/2.png", "any/3.png", "any/cow/4.png"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(stripes(3, 9)[0][0]).save(path)
    Path("any/readme.txt").touch()
    capsys.readouterr()
    assert lib("predict", "any", "answers.csv", "--model", "model") == 0
    out, err = capsys.readouterr()
    answer = rows("answers.csv")[0]["class"]
    assert f"accuracy {(('bee', 'cow').count(answer)) / 2:.4f} on 2 images of known class" in out
    assert [row["file"][-5] for row in rows("answers.csv")] == ["3", "4", "1", "2"]
    assert "1 other file left alone, such as any/readme.txt" in err


def test_images_of_another_kind_are_warned_of(ready, labelled, capsys):
    images = stripes(4, 9)[0]
    save_folder("right", Tanaka(KEY).encrypt(images), [0, 1, 2, 0])
    kinds = (
        "tanaka --key key.json",
        "tanaka --key other.json",
        "etc --key key.json",
        "tanaka --key key.json --bits 8",
    )
    for number, kind in enumerate(kinds):
        assert lib("encrypt", "plain", f"mixed/{number}", "--scheme", *kind.split()) == 0
    save_folder("mixed/4", images, [0, 1, 2, 0])
    capsys.readouterr()
    assert lib("predict", "mixed/0", "a.csv", "--model", ready) == 0
    assert capsys.readouterr().err == ""
    assert lib("predict", "mixed", "b.csv", "--model", ready) == 0
    lines = capsys.readouterr().err.splitlines()
    wanted = f"each image in training was a ciphertext of tanaka (block 4, bits 4), key {KEY.fingerprint[:8]}"
    assert len(lines) == 4 and all(line.startswith("warning: ") and line.endswith(wanted) for line in lines)
    for line, number, text in zip(lines, (30, 30, 30, 4), (
        f"mixed/1/train/ape/10.png is a ciphertext of tanaka (block 4, bits 4), key {OTHER.fingerprint[:8]}",
        f"2/train/ape/10.png is a ciphertext of etc (block 4), key {KEY.fingerprint[:8]}",
        f"3/train/ape/10.png is a ciphertext of tanaka (block 4, bits 8), key {KEY.fingerprint[:8]}",
        "4/train/ape/0.png is plain",
    )):  # fmt: skip
        assert f"{number} of 124 images" in line and text.removeprefix("mixed/") in line


def test_ciphertexts_for_a_network_of_plain_images_are_warned_of(labelled, capsys):
    lib(*PLAIN)
    lib("encrypt", "plain.npz", "cipher.npz", *TANAKA)
    capsys.readouterr()
    assert lib("predict", "plain.npz", "a.csv", "--model", "model") == 0
    assert capsys.readouterr().err == ""
    assert lib("predict", "cipher.npz", "b.csv", "--model", "model") == 0
    err = capsys.readouterr().err
    assert "x_train[0] is a ciphertext of tanaka" in err and err.endswith(
        "each image in training was plain\n"
    )
    assert "165 of 165 images" in err


def test_answers_are_not_overwritten_unasked(ready, labelled, capsys):
    words = ("predict", "plain", "a.csv", "--model", ready)
    Path("a.csv").write_text("mine")
    assert lib(*words) == 1
    assert Path("a.csv").read_text() == "mine"
    assert lib(*words, "--overwrite") == 0
    first = Path("a.csv").read_bytes()
    assert first.startswith(b"file,class,probability\ntrain/ape/")
    assert lib(*words, "--overwrite") == 0
    assert Path("a.csv").read_bytes() == first
    assert [path.name for path in Path().glob("*a.csv*")] == ["a.csv"]
