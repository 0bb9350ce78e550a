"""A run that was killed or stopped goes on to the same weights; a checkpoint of another run is refused."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lib import Key
from lib.atomic import UNFINISHED
from lib.models import BlockNet
from lib.schemes import SKK, Tanaka
from lib.training import CheckpointError, Recipe, fit
from tests.faults import faulty
from tests.training.runs import KEY, TEST, TRAIN, Conv, equal, stop_after, tiny, weights

COMMON = {"epochs": 5, "batch": 128, "average": 0.8, "seed": 9}
LONG = {
    "adamw": Recipe(rate=0.01, smoothing=0.1, crop=2, flip=True, flip_test=True, **COMMON),
    "muon": Recipe.speed_run(**COMMON),
}
THREADS = {"adamw": 1, "muon": 2}


def long_run(recipe, folder=None, dies_at_step=0, **options):
    """Everything at once that has a state; kills its own process at a training step."""

    class Mortal(Conv):
        steps = 0

        def forward(self, x):
            self.steps += self.training
            if self.training and self.steps == dies_at_step:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().forward(x)

    options |= {
        "scheme": SKK(KEY, per_image=True),
        "test": TEST,
        "folder": folder,
        "threads": THREADS[recipe],
    }
    return fit(Mortal, TRAIN, LONG[recipe], **options)


def in_another_process(call, **fault):
    code = f"from tests.training.test_checkpoints import *\n{call}"
    return subprocess.run([sys.executable, "-c", code], env=faulty(**fault), capture_output=True, text=True)


def log_of(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def timeless(history):
    return [{name: value for name, value in entry.items() if name != "seconds"} for entry in history]


@pytest.fixture(scope="module", params=LONG)
def uninterrupted(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return request.param, folder, long_run(request.param, folder)


def kept(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)


def same_state(one, other):
    """Weights, their mean, optimiser and schedule are the same, bit for bit."""
    flat = [dict(leaves(kept(folder))) for folder in (one, other)]
    return flat[0].keys() == flat[1].keys() and all(
        torch.equal(value, flat[1][name]) if isinstance(value, torch.Tensor) else value == flat[1][name]
        for name, value in flat[0].items()
    )


def leaves(tree, path=()):
    pairs = (
        tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list | tuple) else ()
    )
    for name, value in pairs:
        if "seconds" not in (name, *path):
            yield from leaves(value, (*path, name))
    if not isinstance(tree, dict | list | tuple):
        yield path, tree


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_run_that_is_killed_twice_ends_in_the_same_weights(uninterrupted, tmp_path):
    recipe, whole_folder, whole = uninterrupted
    # in the second epoch, after the third
    for step, fault, epochs_logged in ((8, {}, 1), (0, {"kill": 4}, 3)):  # logs are files too
        killed = in_another_process(f"long_run({recipe!r}, {str(tmp_path)!r}, {step})", **fault)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert timeless(log_of(tmp_path)) == timeless(whole.history)[:epochs_logged]
    assert len(kept(tmp_path)["history"]) == 2 and list(tmp_path.glob(f".*{UNFINISHED}"))
    run = long_run(recipe, tmp_path)
    assert equal(weights(run.model), weights(whole.model)) and same_state(tmp_path, whole_folder)
    assert timeless(run.history) == timeless(whole.history) == timeless(log_of(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.pt", "log.jsonl"]


@pytest.mark.parametrize("epoch", [1, 4])
def test_a_run_that_was_stopped_between_epochs_goes_on(uninterrupted, tmp_path, epoch):
    recipe, whole_folder, whole = uninterrupted
    with pytest.raises(KeyboardInterrupt):
        long_run(recipe, tmp_path, progress=stop_after(epoch))
    told = []
    run = long_run(recipe, tmp_path, progress=told.append)
    assert [entry["epoch"] for entry in told] == list(range(epoch + 1, 6))  # none is trained twice
    assert equal(weights(run.model), weights(whole.model)) and same_state(tmp_path, whole_folder)


def test_a_run_that_ended_is_read_not_trained(uninterrupted):
    recipe, folder, whole = uninterrupted
    before = (folder / "checkpoint.pt").stat().st_mtime_ns
    run = long_run(recipe, folder, dies_at_step=1)
    assert equal(weights(run.model), weights(whole.model)) and run.history == whole.history
    assert not run.model.training and (folder / "checkpoint.pt").stat().st_mtime_ns == before


def test_the_folder_does_not_change_the_run_and_the_log_is_a_line_an_epoch(uninterrupted):
    recipe, folder, whole = uninterrupted
    assert log_of(folder) == whole.history and [entry["epoch"] for entry in whole.history] == [1, 2, 3, 4, 5]
    without = long_run(recipe)
    assert equal(weights(without.model), weights(whole.model))
    assert timeless(without.history) == timeless(whole.history)


def test_a_killed_write_of_the_log_leaves_nothing(tmp_path):
    left = tmp_path / f".{'0' * 16}.{'0' * 8}{UNFINISHED}"  # of somebody else
    left.touch()
    fit(tiny, TRAIN, Recipe(epochs=1), folder=tmp_path / "new" / "folder")
    assert left.exists() and len(log_of(tmp_path / "new" / "folder")) == 1


SHORT = {"data": TRAIN, "recipe": Recipe(epochs=1), "scheme": Tanaka(KEY), "test": TEST}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("short")
    fit(tiny, **SHORT, folder=folder)
    return folder


def other_pixel(data):
    images = data.images.copy()
    images[7, 3, 2, 1] ^= 1
    return replace(data, images=images)


OTHERS = {
    "model, by its size": (
        {"make_model": lambda: BlockNet(3, 8, 4, features=9, hidden=32)},
        "model BlockNet",
    ),
    "model, by its kind": ({"make_model": Conv}, "model BlockNet [0-9a-f]+ there, Conv [0-9a-f]+ here"),
    "model, by its dropout": ({"make_model": lambda: no_dropout(tiny())}, "model BlockNet"),
    "epochs": ({"recipe": Recipe(epochs=2)}, "epochs 1 there, 2 here"),
    "rate": ({"recipe": Recipe(epochs=1, rate=0.01)}, "rate 0.003 there, 0.01 here"),
    "seed": ({"recipe": Recipe(epochs=1, seed=4)}, "seed 0 there, 4 here"),
    "average": ({"recipe": Recipe(epochs=1, average=0.9)}, "average 0.0 there, 0.9 here"),
    "key": (
        {"scheme": Tanaka(Key.from_seed(7))},
        f"key {KEY.fingerprint} there, {Key.from_seed(7).fingerprint} here",
    ),
    "block": ({"scheme": Tanaka(KEY, block=8)}, "block 4 there, 8 here"),
    "scheme": ({"scheme": SKK(KEY)}, "scheme tanaka there, skk here"),
    "no scheme": ({"scheme": None}, "scheme tanaka there, none here"),
    "images": ({"data": other_pixel(TRAIN)}, "data [0-9a-f]{16} there"),
    "labels": ({"data": replace(TRAIN, labels=(TRAIN.labels + 1) % 3)}, "data [0-9a-f]{16} there"),
    "test images": ({"test": other_pixel(TEST)}, "test data [0-9a-f]{16} there"),
    "no test": ({"test": None}, "test data [0-9a-f]{16} there, None here"),
}


def no_dropout(model):
    model.classify[2].p = 0.1
    return model


@pytest.mark.parametrize("other", OTHERS)
def test_a_checkpoint_of_another_run_is_refused_by_what_differs(trained, other):
    change, difference = OTHERS[other]
    before = (trained / "checkpoint.pt").read_bytes()
    with pytest.raises(
        CheckpointError, match=rf"checkpoint\.pt is of another run: .*{difference}.*; take another folder"
    ):
        fit(**{"make_model": tiny} | SHORT | change, folder=trained)
    assert (trained / "checkpoint.pt").read_bytes() == before


def test_what_differs_is_all_that_is_named(trained):
    with pytest.raises(CheckpointError) as error:
        fit(tiny, **SHORT | {"recipe": Recipe(epochs=1, crop=1)}, folder=trained)
    assert "another run: crop 0 there, 1 here; take" in str(error.value)


def npz(path):
    with path.open("wb") as file:
        np.savez(file, a=np.zeros(3))


BROKEN = {
    "truncated": lambda path, whole: path.write_bytes(whole[: len(whole) // 2]),
    "a byte short": lambda path, whole: path.write_bytes(whole[:-1]),
    "empty": lambda path, whole: path.write_bytes(b""),
    "text": lambda path, whole: path.write_text("hello"),
    "npz": lambda path, whole: npz(path),
    "a module": lambda path, whole: torch.save(nn.Linear(2, 2), path),
    "weights alone": lambda path, whole: torch.save(nn.Linear(2, 2).state_dict(), path),
    "a list": lambda path, whole: torch.save(["about"], path),
    "a part missing": lambda path, whole: torch.save(less(path), path),
}


def less(path):
    return {name: value for name, value in torch.load(path, weights_only=True).items() if name != "optimiser"}


@pytest.mark.filterwarnings("ignore:.*pickle protocol")
@pytest.mark.parametrize("damage", BROKEN)
def test_a_broken_or_foreign_checkpoint_is_refused_with_a_way_out(trained, tmp_path, damage):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes((trained / "checkpoint.pt").read_bytes())
    BROKEN[damage](path, path.read_bytes())
    with pytest.raises(
        CheckpointError, match=r"checkpoint\.pt (cannot be read \(.+\)|is damaged: .+); remove it"
    ):
        fit(tiny, **SHORT, folder=tmp_path)
    path.unlink()
    fit(tiny, **SHORT, folder=tmp_path)
