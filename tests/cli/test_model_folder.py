"""Trained networks in folders: `lib.cli.model_folder`."""

import json
import os
import re

import pytest
import torch

from lib.cli import model_folder, predictions


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


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda folder: (folder / "model.json").unlink(), "holds no model.json"),
        (lambda folder: os.truncate(folder / "model.json", 100), "is no model: it is not whole JSON"),
        (lambda folder: (folder / "model.json").write_text("[1]"), "is no model: its format field is not"),
        (edited(format="another"), "is no model: its format field is not"),
        (edited(version=2), "is a model of version 2, this package reads 1"),
        (edited(side="gone"), "is damaged: the field side is missing; restore it, or train again"),
        (
            edited(network={"name": "alexnet", "side": 8, "block": 4, "adaptation": None}),
            "unknown network 'alexnet'",
        ),
        (
            edited(network={"name": "blocknet", "side": 8, "block": 2, "adaptation": None}),
            "does not fit the network",
        ),
        (edited(network={}), "the field network.name is missing"),
        (
            lambda folder: os.truncate(folder / "weights.pt", 1000),
            "is not whole, or not the one of model.json",
        ),
        (other_weights, "is not whole, or not the one of model.json"),
        (garbage_of_that_digest, "does not fit the network"),
    ],
)
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
    answers, _ = predictions.predict(model, ready.parent / "plain.npz")
    assert torch.get_num_threads() == 2 and torch.equal(torch.random.get_rng_state(), state)
    torch.set_num_threads(threads)
    assert len(answers) == 165 and not model.network.training and model.facts.classes == ["0", "1", "2"]
