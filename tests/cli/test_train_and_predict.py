"""`python -m lib train` and `predict`, with `lib.cli.model_folder` and `lib.cli.predictions` under them."""

import csv
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lib import Key, models
from lib.atomic import UNFINISHED, _short
from lib.cli import model_folder, predictions
from lib.cli.commands import RECIPE, build_parser, main
from lib.datasets import load
from lib.schemes import SKK, EtC, Tanaka
from lib.training import Recipe, evaluate, fit, predict, scores

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ("ape", "bee", "cow")
KEY, OTHER = Key.from_seed(6), Key.from_seed(7)
BLOCKNET = {"name": "blocknet", "adaptation": None, "block": None}


def stripes(count, seed, side=8):
    """Noise, a little brighter in some rows: which ones is the class. Hard: nothing gets all of them
    right."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 3)
    images = rng.integers(0, 160, (count, side, side, 3), np.uint8)
    for image, label in zip(images, labels):
        image[2 * label : 2 * label + 2] += 30
    return images, labels


def save_folder(root, images, labels, split="train"):
    for i, (image, label) in enumerate(zip(images, labels)):
        path = Path(root, split, CLASSES[label], f"{i}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)


def save_npz(path, side=8, train=120, test=45):
    arrays = [*stripes(train, 1, side), *stripes(test, 2, side)]
    np.savez(path, **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays)))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The working folder: two keys, a plain data set as npz, and as a tree without test images."""
    monkeypatch.chdir(tmp_path)
    KEY.save("key.json")
    OTHER.save("other.json")
    save_npz("plain.npz")
    save_folder("plain", *stripes(30, 3))
    return tmp_path


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """Trained once for all tests that only look at it: on `plain.npz`, encrypted with Tanaka and KEY."""
    folder = tmp_path_factory.mktemp("ready")
    save_npz(folder / "plain.npz")
    options = {"epochs": 8, "batch": 20, "rate": 0.01}
    model_folder.train(f"npz:{folder / 'plain.npz'}", BLOCKNET, folder / "model", options, scheme=Tanaka(KEY))
    return folder / "model"


def lib(*words):
    """`python -m lib` with these words: the exit status."""
    try:
        return main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code


def environment():
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def weights(folder):
    return torch.load(Path(folder, "weights.pt"), weights_only=True)


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def facts(folder):
    return json.loads(Path(folder, "model.json").read_text())


def rows(path):
    return list(csv.DictReader(Path(path).read_text().splitlines()))


def snapshot(folder):
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


TRAIN = ("train", "--model", "blocknet", "--device", "cpu", "--batch", "20", "--epochs", "2")
PLAIN = (*TRAIN, "--data", "npz:plain.npz", "--out", "model")
TANAKA = ("--scheme", "tanaka", "--key", "key.json")


# -- from folder to answers ----------------------------------------------------------------------------------


def test_the_lines_of_the_readme_on_a_folder_of_ones_own(tmp_path):
    save_folder(tmp_path / "pets", *stripes(300, 1, 16))
    save_folder(tmp_path / "pets", *stripes(60, 2, 16), "test")
    section = (ROOT / "README.md").read_text().split("## Train on your own ciphertexts")[1].split("\n## ")[0]
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.S)).split("\n")
    commands = [shlex.split(line) for line in lines if line]
    assert [command[3] for command in commands] == ["key", "encrypt", "train", "predict", "train"]
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
def test_encrypted_before_or_while_training_is_one(place, words, side):
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


def test_a_tree_and_its_ciphertexts_give_the_same_weights(place):
    assert lib("encrypt", "plain", "cipher", *TANAKA) == 0
    assert lib(*TRAIN, "--data", "folder:plain", "--out", "while", *TANAKA) == 0
    assert lib(*TRAIN, "--data", "folder:cipher", "--out", "before") == 0
    assert same(weights("while"), weights("before"))
    assert facts("before")["classes"] == list(CLASSES) and "test_accuracy" not in facts("before")["history"]


def test_predictions_are_those_of_the_trainer(ready, place):
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


def test_one_image(ready, place, capsys):
    Image.fromarray(Tanaka(KEY).encrypt(stripes(3, 9)[0][0])).save("some.png")
    assert lib("predict", "some.png", "answers.csv", "--model", ready) == 0
    assert [row["file"] for row in rows("answers.csv")] == ["some.png"]
    assert "accuracy" not in capsys.readouterr().out


def test_archive_with_labels(ready, place, capsys):
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
def test_labels_that_are_none_of_the_model_give_no_accuracy(ready, place, capsys, labels):
    arrays = {"x": Tanaka(KEY).encrypt(stripes(3, 9)[0])} | ({} if labels is None else {"y": labels})
    np.savez("some.npz", **arrays)
    assert lib("predict", "some.npz", "answers.csv", "--model", ready) == 0
    assert "accuracy" not in capsys.readouterr().out and len(rows("answers.csv")) == 3


def test_classes_are_known_by_the_first_folder_named_like_one(place, capsys):
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


# -- resume --------------------------------------------------------------------------------------------------


DYING = """
import os, signal, sys
from torch.nn import functional
from lib.cli.commands import main

steps, real = int(sys.argv[1]), functional.cross_entropy

def loss(*given, **more):
    global steps
    steps -= 1
    return real(*given, **more) if steps else os.kill(os.getpid(), signal.SIGKILL)

functional.cross_entropy = loss
main(sys.argv[2:])
"""


def test_killed_twice_in_mid_epoch_ends_in_the_same_weights(place):
    # 6 steps an epoch
    words = (*PLAIN, "--epochs", "5", "--crop", "1", "--flip", "--average", "0.9", *TANAKA, "--out")
    for steps, epochs in ((10, 1), (15, 3)):
        command = [sys.executable, "-c", DYING, str(steps), *words, "killed"]
        done = subprocess.run(command, cwd=place, env=environment(), capture_output=True, text=True)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert len(Path("killed/log.jsonl").read_text().splitlines()) == epochs
    assert not Path("killed/model.json").exists()
    left_over = place / f"killed/.{_short('weights.pt')}.0123abcd{UNFINISHED}"
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


def test_a_finished_run_says_so_and_is_left_alone(place, capsys):
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
def test_what_was_lost_of_a_finished_run_is_written_again(place, capsys, lost, how):
    lib(*PLAIN)
    before = weights("model")
    how(Path("model", lost))
    assert lib(*PLAIN) == 0
    assert "model: finished, 2 epochs" in capsys.readouterr().out
    assert same(weights("model"), before) and model_folder.load("model").facts == facts("model")


def test_another_run_is_not_taken_up(place, capsys):
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


# -- options -------------------------------------------------------------------------------------------------


def test_options_reach_recipe_network_and_data(place):
    words = ("--epochs", "1", "--batch", "7", "--rate", "2e-3", "--weight-decay", "0.1", "--smoothing", "0.2", "--crop", "1",
             "--flip", "--augment", "after", "--average", "0.5", "--flip-test", "--bfloat16", "--seed", "3", "--limit", "60",
             "--patch", "2", "--adaptation", "pixel", *TANAKA, "--bits", "8")  # fmt: skip
    assert lib(*PLAIN, *words) == 0
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


def test_the_shell_has_every_field_of_the_recipe_and_tells_its_defaults():
    assert tuple(field.name for field in fields(Recipe)) == RECIPE
    training = build_parser()._subparsers._group_actions[0].choices["train"]
    told = {action.dest: action.help for action in training._actions}
    for name in ("epochs", "batch", "rate", "weight_decay", "smoothing", "crop", "seed"):
        assert f"{getattr(Recipe(), name):g} if not given" in told[name]
    assert "before encryption (if not given)" in told["augment"] and Recipe().augment == "before"
    assert "none if not given" in told["average"] and Recipe().average == 0


def test_help_lists_networks_and_the_first_help_needs_no_torch(capsys):
    assert lib("train", "--help") == 0
    words = set(re.findall(r"[\w-]+", capsys.readouterr().out))
    assert {*models.names, *models.adaptations} <= words
    code = "import sys; from lib.cli.commands import build_parser; build_parser().format_help(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_blocks_of_the_network_are_those_of_the_cipher_unless_told(place):
    for out, words in (
        ("a", ["--scheme", "etc", "--block", "2"]),
        ("b", ["--scheme", "skk"]),
        ("c", ["--scheme", "shf"]),
    ):
        assert lib(*PLAIN, *words, "--key", "key.json", "--out", out) == 0
    lib("encrypt", "plain.npz", "cipher.npz", "--scheme", "etc", "--block", "2", "--key", "key.json")
    assert lib(*TRAIN, "--data", "npz:cipher.npz", "--out", "d") == 0
    assert [facts(out)["network"]["block"] for out in "abcd"] == [2, 4, 4, 2]


def test_ciphertexts_are_augmented_after_encryption(place, capsys):
    lib("encrypt", "plain.npz", "cipher.npz", "--scheme", "skk", "--key", "key.json")
    words = (*TRAIN, "--data", "npz:cipher.npz", "--crop", "1", "--flip", "--flip-test")
    assert lib(*words, "--out", "a") == 0
    assert lib(*TRAIN, "--data", "npz:plain.npz", "--out", "b", "--scheme", "skk", "--key", "key.json", "--crop", "1",
               "--flip", "--flip-test", "--augment", "after") == 0  # fmt: skip
    assert facts("a")["recipe"] == facts("b")["recipe"] and same(weights("a"), weights("b"))
    capsys.readouterr()
    assert lib(*words, "--out", "c", "--augment", "before") == 1
    assert "npz:cipher.npz is encrypted already; what is augmented is ciphertexts" in capsys.readouterr().err


def test_a_key_for_every_image(place):
    assert lib("encrypt", "plain", "cipher", "--scheme", "skk", "--per-image", "--key", "key.json") == 0
    assert lib(*TRAIN, "--data", "folder:cipher", "--out", "model") == 0
    assert facts("model")["cipher"]["scheme"]["per_image"] is True


# -- what went in --------------------------------------------------------------------------------------------


def test_images_of_another_kind_are_warned_of(ready, place, capsys):
    images = stripes(4, 9)[0]
    save_folder("right", Tanaka(KEY).encrypt(images), [0, 1, 2, 0])
    for words in (TANAKA, ("--scheme", "tanaka", "--key", "other.json"), ("--scheme", "etc", "--key", "key.json"),
                  ("--scheme", "tanaka", "--key", "key.json", "--bits", "8")):  # fmt: skip
        assert lib("encrypt", "plain", f"mixed/{len(list(Path().glob('mixed/*')))}", *words) == 0
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


def test_ciphertexts_for_a_network_of_plain_images_are_warned_of(place, capsys):
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


@pytest.mark.parametrize("words, message", [
    (None, "is plain"),
    (["--scheme", "tanaka", "--key", "other.json"], f"key {OTHER.fingerprint[:8]}; encrypt all"),
    (["--scheme", "etc", "--key", "key.json"], "is a ciphertext of etc (block 4)"),
], ids=["plain", "key", "scheme"])  # fmt: skip
def test_training_on_a_mixture_is_refused(place, capsys, words, message):
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


def test_a_limit_reads_no_more_records_than_images(place):
    for name in CLASSES:
        Path(f"plain/train/{name}/zebra.png").write_bytes(b"broken")
    assert model_folder.cipher_of_data("folder:plain", 3) is None
    with pytest.raises(ValueError, match=r"zebra\.png holds no image"):
        model_folder.cipher_of_data("folder:plain")


# -- wrong calls ---------------------------------------------------------------------------------------------

T, P = ("train", "--out", "model", "--model", "blocknet"), ("predict", "cipher.png", "a.csv")
NPZ, K = ("--data", "npz:plain.npz"), ("--key", "key.json")
WRONG = [
    (2, ("train", *NPZ, "--model", "blocknet"), "--out"),
    (2, ("train", *NPZ, "--out", "model"), "--model"),
    (2, ("train", "--out", "model", "--model", "blocknet"), "--data"),
    (2, ("train", *NPZ, "--out", "model", "--model", "alexnet"), "invalid choice: 'alexnet' (choose from 'blocknet'"),
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
    (1, (*T, *NPZ, "--scheme", "etc", "--key", "lost.json"), "lost.json: no such key file; python -m lib key new"),
    (1, (*T, "--data", "mnist"), "unknown data set 'mnist'"),
    (1, (*T, "--data", "npz:lost.npz"), "no such path: lost.npz"),
    (1, (*T, "--data", "folder:lost"), "no such path: lost"),
    (1, (*T, "--data", "npz:broken.npz"), "broken.npz is no npz archive, or a broken one"),
    (1, (*T, "--data", "folder:oblong"), "folder:oblong, train: images of 8x12, and networks here read squares"),
    (1, (*T, "--data", "folder:uneven"), "uneven, test: images of 12x12, and those to train on are 8x8"),
    (1, (*T, "--data", "folder:plain", "--limit", "2"), "folder:plain, train: no image of class cow"),
    (1, (*T, *NPZ, "--patch", "3"), "side 8 is not a multiple of block 3"),
    (1, (*T, *NPZ, "--scheme", "etc-gray", *K), "ciphertexts of etc-gray (block 8) are none"),
    (1, (*T, *NPZ, "--scheme", "ffx", *K, "--as-published"), "ciphertexts of ffx (block 4, as published block_transform) are none"),
    (1, (*T, "--data", "npz:grey.npz"), "ciphertexts of etc-gray (block 8) are none"),
    (1, (*T, "--data", "npz:cipher.npz", "--scheme", "etc", *K), "npz:cipher.npz is encrypted already, as a ciphertext of"),
    (1, (*T, "--data", "folder:ciphers", "--scheme", "etc", *K), "ciphers is encrypted already, as a ciphertext of tanaka"),
    (1, ("train", *NPZ, "--model", "blocknet", "--out", "key.json"), "key.json"),
    (2, ("predict", "cipher.png", "a.csv"), "--model"),
    (2, (*P, "--model", "ready", *K), "unrecognized arguments: --key key.json"),
    (2, ("predict", "cipher.png", "a.txt", "--model", "ready"), "DST is a table; name it a.csv"),
    (1, ("predict", "cipher.png", "there.csv", "--model", "ready"), "there.csv exists; choose another name, or overwrite"),
    (1, ("predict", "lost", "a.csv", "--model", "ready"), "lost: no such file or folder"),
    (1, ("predict", "empty", "a.csv", "--model", "ready"), "empty: no image in this folder; looked for .png"),
    (1, ("predict", "sizes", "a.csv", "--model", "ready"), "sizes/b.png is 12x8, and the network reads 8x8"),
    (1, ("predict", "large.npz", "a.csv", "--model", "ready"), "large.npz: x is 12x12, and the network reads 8x8"),
    (1, ("predict", "labels.npz", "a.csv", "--model", "ready"), "labels.npz: holds no images, uint8 (n, h, w, 3); it has y"),
    (1, ("predict", "broken.npz", "a.csv", "--model", "ready"), "broken.npz is no npz archive, or a broken one"),
    (1, ("predict", "grey.png", "a.csv", "--model", "ready"), "grey.png has mode L, expected RGB"),
    (1, ("predict", "key.json", "a.csv", "--model", "ready"), "key.json cannot be read as an image"),
    (1, ("predict", "damaged.png", "a.csv", "--model", "ready"), "damaged.png has a damaged record (scheme or key)"),
    (1, (*P, "--model", "lost"), "lost holds no model.json: name the folder that training wrote"),
    (1, (*P, "--model", "begun"), "begun holds no model.json: its training has not ended; train again, and it goes on"),
]  # fmt: skip


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


def test_no_gpu_and_no_finite_loss_are_one_clear_line(place, capsys, monkeypatch):
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


def test_answers_are_not_overwritten_unasked(ready, place, capsys):
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


# -- load ----------------------------------------------------------------------------------------------------


def edited(**fields):
    def edit(folder):
        path = folder / "model.json"
        path.write_text(
            json.dumps({k: v for k, v in (json.loads(path.read_text()) | fields).items() if v != "gone"})
        )

    return edit


def other_weights(folder):
    torch.save({}, folder / "weights.pt")


def garbage_of_that_digest(folder):
    import hashlib

    (folder / "weights.pt").write_bytes(b"garbage")
    edited(weights=hashlib.sha256(b"garbage").hexdigest())(folder)


@pytest.mark.parametrize("damage, message", [
    (lambda folder: (folder / "model.json").unlink(), "holds no model.json"),
    (lambda folder: os.truncate(folder / "model.json", 100), "is not whole JSON"),
    (lambda folder: (folder / "model.json").write_text("[1]"), "describes no model of this workbook"),
    (edited(format="another"), "describes no model of this workbook"),
    (edited(version=2), "is of version 2, this package reads 1"),
    (edited(side="gone"), "lacks the field side"),
    (edited(network={"name": "alexnet", "side": 8, "block": 4, "adaptation": None}), "unknown network 'alexnet'"),
    (edited(network={"name": "blocknet", "side": 8, "block": 2, "adaptation": None}), "does not fit the network"),
    (edited(network={}), "does not fit the network"),
    (lambda folder: os.truncate(folder / "weights.pt", 1000), "is not whole, or not the one of model.json"),
    (other_weights, "is not whole, or not the one of model.json"),
    (garbage_of_that_digest, "does not fit the network"),
])  # fmt: skip
def test_a_damaged_folder_says_what_is_wrong(ready, tmp_path, damage, message):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("model.json", "weights.pt"):
        (folder / name).write_bytes((ready / name).read_bytes())
    model_folder.load(folder)
    damage(folder)
    with pytest.raises((OSError, ValueError), match=re.escape(message)) as caught:
        model_folder.load(folder)
    assert "\n" not in str(caught.value)


def test_missing_weights_are_named(ready, tmp_path):
    (tmp_path / "model.json").write_bytes((ready / "model.json").read_bytes())
    with pytest.raises(FileNotFoundError, match=r"weights\.pt"):
        model_folder.load(tmp_path)


def test_loading_leaves_the_callers_generator_and_threads_alone(ready):
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    model = model_folder.load(ready)
    torch.set_num_threads(2)
    answers = predictions.predict(model, ready.parent / "plain.npz")
    assert torch.get_num_threads() == 2 and torch.equal(torch.random.get_rng_state(), state)
    torch.set_num_threads(threads)
    assert len(answers.rows) == 165 and not model.network.training and model.classes == ("0", "1", "2")


@pytest.mark.parametrize(
    "scheme", [SKK(KEY, per_image=True), EtC(KEY, 8), Tanaka(OTHER)], ids=lambda scheme: scheme.name
)
def test_a_cipher_in_words_is_told_from_another(scheme):
    cipher = model_folder.cipher_of({"scheme": scheme.to_dict(), "key": scheme.key.fingerprint, "image": 5})
    text = model_folder.described(cipher)
    assert scheme.name in text and scheme.key.fingerprint[:8] in text and scheme.key.fingerprint not in text
    assert ("per image True" in text) == scheme.per_image and ("block 8" in text) == (scheme.block == 8)
    assert cipher == {"scheme": scheme.to_dict(), "key": scheme.key.fingerprint}
    with pytest.raises(ValueError, match="damaged record"):
        model_folder.cipher_of({"scheme": scheme.to_dict()})
