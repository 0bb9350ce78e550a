"""Training: it learns what can be learnt, nothing else, the same way each time, killed or not, and says what
is wrong."""

import itertools
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lib import Key
from lib.atomic import UNFINISHED
from lib.datasets import Dataset
from lib.models import BlockNet
from lib.schemes import SKK, EtC, GrayscaleEtC, OneTimePad, Tanaka
from lib.training import (
    TEST_IDS,
    CheckpointError,
    Recipe,
    encrypted,
    evaluate,
    fit,
    generator,
    has_bfloat16,
    predict,
    scaled,
    scores,
)

ROOT = Path(__file__).resolve().parents[2]
KEY = Key.from_seed(6)


def stripes(count, seed, height=8, width=8):
    """Pictures of three classes: bright rows at a place that is the class, in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 3)
    images = rng.integers(0, 160, (count, height, width, 3), np.uint8)
    for image, label in zip(images, labels):
        image[2 * label : 2 * label + 2] += 90
    return Dataset(images, labels, ("top", "middle", "low"), f"stripes {seed}")


def tiny():
    return BlockNet(3, side=8, block=4, features=8, hidden=32)


class Conv(nn.Sequential):
    """A tiny network with what makes resuming hard: dropout, and a batch norm with its running means."""

    def __init__(self, channels=3):
        convolutions = [nn.Conv2d(channels, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.3)]
        super().__init__(*convolutions, nn.AdaptiveAvgPool2d((4, 1)), nn.Flatten(), nn.Linear(32, 3))


class Recorder(nn.Module):
    """Keeps what it is trained on, uint8 and channels last, and learns nothing of use."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(3))
        self.seen, self.threads, self.bfloat16, self.layouts = [], [], [], []

    def forward(self, x):
        if self.training:
            self.seen.append(((x * 255 + 255) / 2).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
            self.threads.append(torch.get_num_threads())
            self.bfloat16.append(torch.is_autocast_enabled("cpu"))
            self.layouts.append(x.is_contiguous(memory_format=torch.channels_last))
        return self.bias + 0 * x.mean((2, 3))


TRAIN, TEST = stripes(600, 1), stripes(300, 2)
SMALL = stripes(50, 3, 8, 12)


def with_images(data, images):
    return replace(data, images=images)


def weights(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# -- what is learnt ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", [None, SKK(KEY), Tanaka(KEY)], ids=["plain", "skk", "tanaka"])
def test_learns_pictures_and_ciphertexts_under_one_key(scheme):
    run = fit(tiny, TRAIN, Recipe(epochs=12), scheme=scheme)
    assert evaluate(run.model, TEST, scheme=scheme) > 0.9
    if scheme:  # ciphertexts as they are: no key
        assert (predict(run.model, scheme.encrypt(TEST.images)) == TEST.labels).mean() > 0.9


def test_learns_nothing_from_a_one_time_pad():
    pad = OneTimePad(KEY)
    run = fit(tiny, TRAIN, Recipe(epochs=20), scheme=pad, test=TEST)
    assert run.history[-1]["train_accuracy"] > 0.45  # it tries: it begins to learn them by heart
    assert run.history[-1]["test_accuracy"] == evaluate(run.model, TEST, scheme=pad) < 0.45


def test_a_network_for_one_key_does_not_read_another():
    run = fit(tiny, TRAIN, Recipe(epochs=6), scheme=SKK(KEY))
    assert evaluate(run.model, TEST, scheme=SKK(Key.from_seed(7))) < 0.6


def test_ciphertexts_made_before_train_the_same_network():
    scheme, recipe = Tanaka(KEY), Recipe(epochs=2)
    here = fit(tiny, TRAIN, recipe, scheme=scheme, test=TEST)
    before = [with_images(data, scheme.encrypt(data.images)) for data in (TRAIN, TEST)]
    there = fit(tiny, before[0], recipe, test=before[1])
    assert equal(weights(here.model), weights(there.model))
    assert here.history[-1]["test_accuracy"] == there.history[-1]["test_accuracy"]


# -- what decides --------------------------------------------------------------------------------------------


def test_the_seed_decides_and_the_callers_generator_is_left_alone():
    before = torch.random.get_rng_state()
    three = [fit(Conv, TRAIN, Recipe(epochs=1, seed=seed)).model for seed in (3, 3, 4)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert equal(weights(three[0]), weights(three[1])) and not equal(weights(three[0]), weights(three[2]))
    torch.rand(5)  # nor does what the caller drew matter
    assert equal(weights(three[0]), weights(fit(Conv, TRAIN, Recipe(epochs=1, seed=3)).model))


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_as_asked_in_training_and_as_before_after_it(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        run = fit(Recorder, SMALL, Recipe(epochs=1), threads=threads)
        assert set(run.model.threads) == {threads} and torch.get_num_threads() == 3
        with pytest.raises(FloatingPointError):
            fit(tiny, TRAIN, Recipe(rate=1e30), threads=threads)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_predictions_do_not_depend_on_the_batch_and_are_made_without_dropout():
    model = fit(tiny, TRAIN, Recipe(epochs=1)).model
    model.train()
    assert np.allclose(scores(model, TEST.images), scores(model, TEST.images, batch=7), atol=1e-6)
    assert (predict(model, TEST.images, batch=7) == predict(model, TEST.images)).all()
    assert predict(model, TEST.images).shape == (300,)
    assert np.allclose(scores(model, TEST.images).sum(1), 1, atol=1e-5)


def test_every_epoch_shows_each_image_once_in_an_order_of_its_own():
    run = fit(Recorder, SMALL, Recipe(epochs=3, batch=16))
    sizes = [len(batch) for batch in run.model.seen]
    epochs = np.concatenate(run.model.seen).reshape(3, 50, -1)
    order = [[image.tobytes() for image in epoch] for epoch in epochs]
    assert sizes == [13, 13, 12, 12] * 3
    assert sorted(order[0]) == sorted(order[1]) == sorted(image.tobytes() for image in SMALL.images)
    assert len({tuple(images) for images in order}) == 3
    assert all(run.model.layouts)


@pytest.mark.parametrize("count, batch", [(129, 128), (257, 128), (7, 3), (4, 3), (3, 128)])
def test_no_batch_is_a_single_image(count, batch):
    data = stripes(count, 4)
    run = fit(Recorder, data, Recipe(epochs=1, batch=batch))
    sizes = [len(images) for images in run.model.seen]
    assert sum(sizes) == count and 2 <= min(sizes) <= max(sizes) <= batch


def test_batch_norm_of_single_values_survives_a_remainder_of_one():
    fit(lambda: nn.Sequential(tiny(), nn.BatchNorm1d(3)), stripes(129, 4), Recipe(epochs=1, batch=128))


@pytest.mark.parametrize("wanted", [False, True])
def test_bfloat16_is_used_where_asked_for_and_there(wanted):
    run = fit(Recorder, SMALL, Recipe(epochs=1, bfloat16=wanted))
    assert set(run.model.bfloat16) == {wanted and bool(has_bfloat16(torch.device("cpu")))}


# -- the loss and the weights --------------------------------------------------------------------------------


class Penalised(nn.Module):
    """One matrix and one vector that the scores do not depend on; the penalty pulls the matrix to 3."""

    def __init__(self, pull=0.0):
        super().__init__()
        self.matrix, self.vector = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2))
        self.pull = pull

    def forward(self, x):
        level = x.mean((1, 2, 3), keepdim=False)[:, None]
        return torch.cat([level, -level, 0 * level], 1) + 0 * (self.matrix.sum() + self.vector.sum())

    def penalty(self):
        return self.pull * ((self.matrix - 3) ** 2).sum()


def test_penalty_enters_the_loss():
    pulled = fit(lambda: Penalised(1.0), SMALL, Recipe(epochs=60, rate=0.1, weight_decay=0))
    assert torch.allclose(pulled.model.matrix, torch.tensor(3.0), atol=0.1)
    assert pulled.history[0]["loss"] - 16 == pytest.approx(
        fit(Penalised, SMALL, Recipe(epochs=1)).history[0]["loss"], abs=1e-4
    )


def test_matrices_decay_and_vectors_do_not():
    model = fit(Penalised, SMALL, Recipe(epochs=3, rate=0.1, weight_decay=0.5)).model
    assert (model.matrix < 0.95).all() and (model.vector == 1).all()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_loss_and_accuracy_are_those_of_the_batches(smoothing):
    entry = fit(Penalised, SMALL, Recipe(epochs=1, batch=50, smoothing=smoothing)).history[0]
    level = (SMALL.images / 127.5 - 1).mean((1, 2, 3))
    logits = np.stack([level, -level, 0 * level], 1)
    logarithms = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    right = logarithms[np.arange(50), SMALL.labels]
    assert entry["loss"] == pytest.approx(
        -((1 - smoothing) * right + smoothing * logarithms.mean(1)).mean(), rel=1e-5
    )
    assert entry["train_accuracy"] == pytest.approx((logits.argmax(1) == SMALL.labels).mean())
    assert entry["epoch"] == 1 and entry["seconds"] >= 0 and "test_accuracy" not in entry


def test_seconds_are_those_of_work_not_of_waiting():
    class Sleepy(Penalised):
        def forward(self, x):
            time.sleep(0.3)
            return super().forward(x)

    assert fit(Sleepy, SMALL, Recipe(epochs=1, batch=50)).history[0]["seconds"] < 0.2


def test_uneven_batches_weigh_by_their_images():
    one, many = (fit(Penalised, SMALL, Recipe(epochs=1, batch=batch)).history[0] for batch in (50, 16))
    assert one["loss"] == pytest.approx(many["loss"], rel=1e-5)
    assert one["train_accuracy"] == many["train_accuracy"]


def test_average_is_the_running_mean_of_weights_and_batch_norms_after_each_step():
    class Diary(Conv):
        def __init__(self):
            super().__init__()
            self.before = []

        def forward(self, x):
            if self.training:
                self.before.append((self[0].weight.detach().clone(), self[1].running_mean.clone()))
            return super().forward(x)

    recipe = Recipe(epochs=1, batch=64, rate=0.05)
    last = fit(Diary, TRAIN, recipe).model
    after = [*last.before[1:], (last[0].weight, last[1].running_mean)]
    mean = after[0]
    for step in after[1:]:
        mean = [0.9 * m + 0.1 * s for m, s in zip(mean, step)]
    noise = with_images(TEST, np.random.default_rng(1).integers(0, 256, TEST.images.shape, np.uint8))
    run = fit(Conv, TRAIN, replace(recipe, average=0.9), test=noise)
    for value, expected, end in zip((run.model[0].weight, run.model[1].running_mean), mean, after[-1]):
        assert torch.allclose(value, expected, atol=1e-6) and not torch.allclose(end, expected, atol=1e-3)
    accuracy = run.history[-1]["test_accuracy"]
    assert accuracy == evaluate(run.model, noise) != evaluate(last, noise)  # the mean is what is evaluated


class Started(Conv):
    """Sets a weight from the inputs it is started with, and from chance."""

    calls = []

    def start(self, x):
        self.calls.append(x)
        with torch.no_grad():
            self[0].weight.mul_(1 + x.mean() + torch.rand(()))


def test_start_is_called_once_with_scaled_ciphertexts():
    Started.calls.clear()
    scheme = Tanaka(KEY)
    fit(Started, TRAIN, Recipe(epochs=2), scheme=scheme)
    (x,) = Started.calls
    assert torch.equal(x, scaled(torch.from_numpy(scheme.encrypt(TRAIN.images)).permute(0, 3, 1, 2)))
    fit(Started, TRAIN, Recipe(epochs=1, crop=2, flip=True), scheme=scheme)
    assert (
        len(Started.calls) == 2 and Started.calls[1].shape == x.shape and not torch.equal(Started.calls[1], x)
    )


def test_start_does_not_change_the_weights_of_a_run_taken_up_again(tmp_path):
    recipe = Recipe(epochs=3)
    with pytest.raises(KeyboardInterrupt):
        fit(Started, TRAIN, recipe, folder=tmp_path, progress=stop_after(2))
    again = fit(Started, TRAIN, recipe, folder=tmp_path)
    assert equal(weights(again.model), weights(fit(Started, TRAIN, recipe).model))


def stop_after(epoch):
    def progress(entry):
        if entry["epoch"] == epoch:
            raise KeyboardInterrupt

    return progress


def test_a_loss_that_is_no_number_stops_training():
    with pytest.raises(
        FloatingPointError, match=r"loss is (nan|inf) in epoch 1, step \d; lower the rate .now 1e\+30."
    ):
        fit(tiny, TRAIN, Recipe(rate=1e30))

    class Broken(Penalised):
        def penalty(self):
            return 0 * self.matrix.sum() + math.nan

    with pytest.raises(FloatingPointError, match="epoch 1, step 1;"):
        fit(Broken, SMALL, Recipe(epochs=1))


def test_progress_is_told_each_epoch_and_a_bar_is_shown_when_asked_for(capsys):
    told = []
    run = fit(tiny, TRAIN, Recipe(epochs=2), test=TEST, progress=told.append)
    assert told == run.history and [entry["epoch"] for entry in told] == [1, 2]
    assert capsys.readouterr().err == ""
    fit(tiny, TRAIN, Recipe(epochs=2), test=TEST, progress=True)
    assert re.search(r"10/10 .*step.*loss=\d.*test_accuracy=\d", capsys.readouterr().err)


# -- augmentation --------------------------------------------------------------------------------------------


def moved(images, crop, flip, generator):
    """Slowly: pad by reflection, cut out, mirror, an image at a time."""
    count, h, w, _ = images.shape
    top, left = torch.randint(2 * crop + 1, (2, count, 1), generator=generator).flatten(1).tolist()
    mirrored = (torch.rand(count, generator=generator) < 0.5).tolist() if flip else [False] * count
    out = []
    for image, row, column, mirror in zip(images, top, left, mirrored):
        padded = np.pad(image, ((crop, crop), (crop, crop), (0, 0)), "reflect")
        cut = padded[row : row + h, column : column + w]
        out.append(cut[:, ::-1] if mirror else cut)
    return np.stack(out)


def batches(data, recipe):
    """(ids, images) of every batch: ids count on from epoch to epoch."""
    for epoch in range(recipe.epochs):
        shuffler, count = generator(recipe.seed, epoch), len(data)
        for part in torch.randperm(count, generator=shuffler).tensor_split(-(-count // recipe.batch)):
            images = data.images[part.numpy()]
            yield part.numpy() + epoch * count, moved(images, recipe.crop, recipe.flip, shuffler)


@pytest.mark.parametrize("crop, flip", [(2, True), (2, False), (0, True), (7, True)])
def test_augmentation_is_that_of_the_specification(crop, flip):
    recipe = Recipe(epochs=2, batch=16, crop=crop, flip=flip, seed=5)
    seen = fit(Recorder, SMALL, recipe).model.seen
    expected = [images for _, images in batches(SMALL, recipe)]
    assert len(seen) == len(expected) and all((a == b).all() for a, b in zip(seen, expected))


def test_every_shift_and_both_sides_come_up_equally_often():
    ramp = np.zeros((300, 9, 11, 3), np.uint8)  # a pixel's value tells its row and its column
    ramp[..., 0], ramp[..., 1] = np.arange(9)[:, None] * 10, np.arange(11) * 10
    data = Dataset(ramp, np.arange(300) % 3, ("a", "b", "c"), "ramp")
    seen = np.concatenate(fit(Recorder, data, Recipe(epochs=6, crop=2, flip=True)).model.seen)
    rows, columns = seen[:, 4, 5, 0] // 10 - 4, seen[:, 4, 5, 1] // 10
    mirrored = seen[:, 4, 5, 1] > seen[:, 4, 6, 1]
    shifts = [rows.astype(np.int8), columns.astype(np.int8) - 5]
    for values, names in [(shifts[0], range(-2, 3)), (shifts[1], range(-2, 3)), (mirrored, (False, True))]:
        found, counts = np.unique(values, return_counts=True)
        assert found.tolist() == list(names)
        assert abs(counts / 1800 - 1 / len(found)).max() < 0.05
    # of its own each
    assert abs(np.corrcoef([shifts[0], shifts[1], mirrored])[np.triu_indices(3, 1)]).max() < 0.08


@pytest.mark.parametrize(
    "scheme",
    [Tanaka(KEY), SKK(KEY), EtC(KEY, 4), SKK(KEY, per_image=True)],
    ids=["tanaka", "skk", "etc", "skk-many"],
)
def test_before_means_that_the_moved_image_is_encrypted(scheme):
    recipe = Recipe(epochs=2, batch=16, crop=2, flip=True)
    run = fit(Recorder, SMALL, recipe, scheme=scheme)
    for seen, (ids, images) in zip(run.model.seen, batches(SMALL, recipe), strict=True):
        assert (seen == scheme.encrypt(images, ids if scheme.per_image else None)).all()
    assert all(run.model.layouts)


@pytest.mark.parametrize("scheme", [SKK(KEY), SKK(KEY, per_image=True)], ids=["skk", "skk-many"])
def test_after_means_that_the_ciphertext_is_moved(scheme):
    recipe = Recipe(epochs=2, batch=16, crop=2, flip=True, augment="after")
    ciphers = with_images(SMALL, encrypted(scheme, SMALL.images))
    seen = fit(Recorder, SMALL, recipe, scheme=scheme).model.seen
    assert all((a == b).all() for a, (_, b) in zip(seen, batches(ciphers, recipe), strict=True))


class Watched(SKK):
    """Keeps the ids of each call, and every picture that was encrypted under an id."""

    def __init__(self):
        super().__init__(KEY, per_image=True)
        self.calls, self.pictures = [], {}

    def encrypt(self, images, ids=None):
        array = images.permute(0, 2, 3, 1).numpy() if isinstance(images, torch.Tensor) else images
        self.calls.append(set(map(int, ids)))
        for number, image in zip(map(int, ids), array, strict=True):
            self.pictures.setdefault(number, set()).add(image.tobytes())
        return super().encrypt(images, ids)


@pytest.mark.parametrize("augment", ["before", "after"])
def test_no_key_of_an_image_ever_meets_two_pictures(augment):
    scheme = Watched()
    recipe = Recipe(epochs=3, batch=200, crop=2, flip=True, augment=augment, flip_test=True)
    fit(Started, TRAIN, recipe, scheme=scheme, test=TEST)
    assert all(len(pictures) == 1 for pictures in scheme.pictures.values())
    training = [ids for ids in scheme.calls if min(ids) < TEST_IDS]
    testing = [ids for ids in scheme.calls if min(ids) >= TEST_IDS]
    assert max(max(ids) for ids in training) < TEST_IDS
    if augment == "before":  # three epochs in three batches, and what `start` got
        assert len(training) == 10 and sum(map(len, training)) == len(set().union(*training)) == 2400
        assert len(set().union(*testing)) == 600  # as it is, and mirrored
    else:
        assert training == [set(range(600))] and len(set().union(*testing)) == 300


# -- evaluation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("scheme", [Tanaka(KEY), SKK(KEY, per_image=True)], ids=["tanaka", "skk-many"])
def test_flips_add_the_scores_of_the_mirrored_image(scheme, side):
    # what it says of an image says nothing of its mirror image
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 3))
    nn.init.normal_(model[1].weight, generator=torch.Generator().manual_seed(1))
    first, mirrored = encrypted(scheme, TEST.images, TEST_IDS), np.ascontiguousarray(TEST.images[:, :, ::-1])
    other = first[:, :, ::-1] if side == "after" else encrypted(scheme, mirrored, TEST_IDS + len(TEST))
    with torch.no_grad():
        x = [
            torch.from_numpy(np.ascontiguousarray(c)).permute(0, 3, 1, 2) / 127.5 - 1 for c in (first, other)
        ]
        expected = sum(model(part).softmax(1) for part in x).argmax(1).numpy()
    data = replace(TEST, labels=expected)
    assert evaluate(model, data, scheme=scheme, flips=True, flip=side) == 1
    assert evaluate(model, data, scheme=scheme) < 0.9
    other_side = {"before": "after", "after": "before"}[side]
    assert evaluate(model, data, scheme=scheme, flips=True, flip=other_side) < 0.9


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_recipe_with_flip_test_is_evaluated_so(side):
    scheme = Tanaka(KEY)
    run = fit(tiny, TRAIN, Recipe(epochs=1, flip_test=True, augment=side), scheme=scheme, test=TEST)
    assert run.history[0]["test_accuracy"] == evaluate(run.model, TEST, scheme=scheme, flips=True, flip=side)
    assert run.history[0]["test_accuracy"] != evaluate(run.model, TEST, scheme=scheme)


@pytest.mark.parametrize("augment", ["before", "after"])
def test_grey_ciphertexts_go_through(augment):
    scheme = GrayscaleEtC(KEY, 4)
    recipe = Recipe(epochs=1, crop=1, flip=True, augment=augment, flip_test=True)
    run = fit(lambda: Conv(1), TRAIN, recipe, scheme=scheme, test=TEST)
    assert (
        evaluate(run.model, TEST, scheme=scheme, flips=True, flip=augment) == run.history[0]["test_accuracy"]
    )
    ciphers = scheme.encrypt(TEST.images)
    assert ciphers.shape == (300, 8, 24) and predict(run.model, ciphers).shape == (300,)
    made_before = with_images(TRAIN, scheme.encrypt(TRAIN.images))
    if augment == "after":
        assert equal(weights(fit(lambda: Conv(1), made_before, recipe).model), weights(run.model))


def test_a_complement_becomes_a_change_of_sign():
    x = torch.arange(256, dtype=torch.uint8)
    assert torch.allclose(scaled(255 - x), -scaled(x), atol=1e-6)
    assert scaled(x).min() == -1 and scaled(x).max() == 1 and (scaled(x).diff() > 0).all()


# -- going on ------------------------------------------------------------------------------------------------

LONG = Recipe(
    epochs=5, batch=128, rate=0.01, smoothing=0.1, crop=2, flip=True, average=0.8, flip_test=True, seed=9
)


def long_run(folder=None, dies_at_step=0, dies_at_file=0, **options):
    """Everything at once that has a state; kills its own process at a training step, or half-way through a
    file."""

    class Mortal(Conv):
        steps = 0

        def forward(self, x):
            self.steps += self.training
            if self.training and self.steps == dies_at_step:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().forward(x)

    def save(what, file):
        if next(files) == dies_at_file:
            file.write(b"half of it")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        true_save(what, file)

    files, true_save, torch.save = itertools.count(1), torch.save, save
    try:
        return fit(Mortal, TRAIN, LONG, scheme=SKK(KEY, per_image=True), test=TEST, folder=folder, **options)
    finally:
        torch.save = true_save


def in_another_process(call):
    code = f"from tests.training.test_fit import *\n{call}"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def log_of(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def timeless(history):
    return [{name: value for name, value in entry.items() if name != "seconds"} for entry in history]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, long_run(folder)


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
    whole_folder, whole = uninterrupted
    # in the second epoch, after the third
    for death, epochs_logged in (("dies_at_step=8", 1), ("dies_at_file=2", 3)):
        killed = in_another_process(f"long_run({str(tmp_path)!r}, {death})")
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert timeless(log_of(tmp_path)) == timeless(whole.history)[:epochs_logged]
    assert len(kept(tmp_path)["history"]) == 2 and list(tmp_path.glob(f".*{UNFINISHED}"))
    run = long_run(tmp_path)
    assert equal(weights(run.model), weights(whole.model)) and same_state(tmp_path, whole_folder)
    assert timeless(run.history) == timeless(whole.history) == timeless(log_of(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.pt", "log.jsonl"]


@pytest.mark.parametrize("epoch", [1, 4])
def test_a_run_that_was_stopped_between_epochs_goes_on(uninterrupted, tmp_path, epoch):
    with pytest.raises(KeyboardInterrupt):
        long_run(tmp_path, progress=stop_after(epoch))
    told = []
    run = long_run(tmp_path, progress=told.append)
    assert [entry["epoch"] for entry in told] == list(range(epoch + 1, 6))  # none is trained twice
    assert equal(weights(run.model), weights(uninterrupted[1].model)) and same_state(
        tmp_path, uninterrupted[0]
    )


def test_a_run_that_ended_is_read_not_trained(uninterrupted):
    folder, whole = uninterrupted
    before = (folder / "checkpoint.pt").stat().st_mtime_ns
    run = long_run(folder, dies_at_step=1)
    assert equal(weights(run.model), weights(whole.model)) and run.history == whole.history
    assert not run.model.training and (folder / "checkpoint.pt").stat().st_mtime_ns == before


def test_the_folder_does_not_change_the_run_and_the_log_is_a_line_an_epoch(uninterrupted):
    folder, whole = uninterrupted
    assert log_of(folder) == whole.history and [entry["epoch"] for entry in whole.history] == [1, 2, 3, 4, 5]
    without = long_run()
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
        CheckpointError, match=r"checkpoint\.pt (cannot be read \(.+\)|is no checkpoint).*; remove it"
    ):
        fit(tiny, **SHORT, folder=tmp_path)
    path.unlink()
    fit(tiny, **SHORT, folder=tmp_path)


# -- what is refused -----------------------------------------------------------------------------------------

NONSENSE = {
    "epochs": [0, -1, 1.5, True, "10"], "batch": [0, 2.0], "rate": [0, -1e-3, math.nan, math.inf, "fast"],
    "weight_decay": [-0.1, math.inf], "smoothing": [-0.1, 1, 1.5, math.nan, True], "crop": [-1, 0.5],
    "average": [-0.1, 1, 1.1], "seed": [-1, 0.5, None], "augment": ["during", None],
}  # fmt: skip


@pytest.mark.parametrize(
    "name, value", [(name, value) for name, values in NONSENSE.items() for value in values]
)
def test_a_recipe_refuses_nonsense(name, value):
    with pytest.raises(ValueError, match=rf"^{name} is .*, got {re.escape(repr(value))}$"):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", ["flip", "flip_test", "bfloat16"])
def test_a_recipe_takes_no_word_for_a_flag(name):
    with pytest.raises(TypeError, match=f"{name} is True or False, got 'no'"):
        Recipe(**{name: "no"})


def test_a_recipe_of_numpy_numbers_can_be_kept_and_read(tmp_path):
    recipe = Recipe(
        epochs=np.int64(2), rate=np.float64(0.01), average=np.float32(0.5), flip=np.True_, seed=np.uint8(3)
    )
    assert recipe == Recipe(epochs=2, rate=0.01, average=0.5, flip=True, seed=3)
    for _ in range(2):
        fit(tiny, TRAIN, recipe, folder=tmp_path)


def labelled(data, labels):
    return replace(data, labels=np.asarray(labels))


REFUSED = {
    "a label too many": (labelled(TEST, [0, 1, 3] * 100), None, ValueError, "labels run from 0 to 3, .* 3 classes; number them from 0 to 2"),
    "a label below 0": (labelled(TEST, [0, -1, 2] * 100), None, ValueError, "labels run from -1 to 2"),
    "labels from 1": (labelled(TEST, [1, 2, 3] * 100), None, ValueError, "labels run from 1 to 3"),
    "too few labels": (labelled(TEST, [0, 1, 2] * 99), None, ValueError, r"300 images and labels of shape \(297,\)"),
    "one-hot labels": (labelled(TEST, np.eye(3, dtype=int)[TEST.labels]), None, ValueError, r"labels of shape \(300, 3\)"),
    "labels as floats": (labelled(TEST, [0.0, 1.0, 2.0] * 100), None, TypeError, "whole numbers, got float64"),
    "no images": (replace(TEST, images=TEST.images[:0], labels=TEST.labels[:0]), None, ValueError, r"got \(0, 8, 8, 3\)"),
    "floats": (with_images(TEST, TEST.images / 255), None, TypeError, "uint8 values 0..255, got float64"),
    "a tensor": (with_images(TEST, torch.from_numpy(TEST.images)), None, TypeError, "NumPy array .* got torch.uint8"),
    "no axis for images": (with_images(TEST, TEST.images.reshape(300, -1)), None, ValueError, r"got \(300, 192\)"),
    "other size": (with_images(TEST, TEST.images[:, :4]), "test", ValueError, "are 4x8x3, those of stripes 1 8x8x3"),
    "other channels": (with_images(TEST, TEST.images[..., :1]), "test", ValueError, "are 8x8x1, those of stripes 1 8x8x3"),
    "other classes": (replace(TEST, classes=("low", "middle", "top")), "test", ValueError, "low, middle, top; those .* top, middle, low"),
    "an empty class": (labelled(TRAIN, [0, 2] * 300), "train", ValueError, "no image of class middle; add"),
    "an empty last class": (labelled(TRAIN, [0, 1] * 300), "train", ValueError, "no image of class low; add"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_data_that_do_not_fit_are_refused(what):
    data, only, kind, text = REFUSED[what]
    if only != "test":
        with pytest.raises(kind, match=f"{data.source}: .*{text}"):
            fit(tiny, data, test=TEST)
    if only != "train":
        with pytest.raises(kind, match=f"{data.source}: .*{text}"):
            fit(tiny, TRAIN, test=data)


def test_a_test_set_may_lack_a_class():
    part = replace(TEST, images=TEST.images[TEST.labels < 2], labels=TEST.labels[TEST.labels < 2])
    assert fit(tiny, TRAIN, Recipe(epochs=1), test=part).history[0]["test_accuracy"] > 0


@pytest.mark.parametrize("crop", [8, 9, 20])
def test_a_shift_beyond_the_image_is_refused(crop):
    with pytest.raises(ValueError, match=f"images of 8x12 reflect at most 7 pixels, got crop={crop}"):
        fit(tiny, SMALL, Recipe(crop=crop))


def test_prediction_and_evaluation_refuse_what_they_would_misread():
    model = tiny()
    with pytest.raises(TypeError, match=r"uint8 values 0\.\.255, got float32"):
        predict(model, (TEST.images / 255).astype(np.float32))
    with pytest.raises(ValueError, match=r"expected shape \(n, h, w, channels\)"):
        predict(model, TEST.images[0, 0])
    with pytest.raises(ValueError, match="flip is 'before' or 'after' encryption, got 'sideways'"):
        evaluate(model, TEST, flips=True, flip="sideways")
    with pytest.raises(ValueError, match="300 images and labels of shape"):
        evaluate(model, labelled(TEST, [0]))


def test_labels_of_any_whole_kind_will_do():
    whole = fit(tiny, TRAIN, Recipe(epochs=1)).model
    small = fit(tiny, replace(TRAIN, labels=TRAIN.labels.astype(np.uint8)), Recipe(epochs=1)).model
    assert equal(weights(whole), weights(small))


# -- the tiny network ----------------------------------------------------------------------------------------


def test_every_block_has_a_map_of_its_own_and_every_parameter_a_gradient():
    model = tiny().eval()
    x = torch.rand(2, 3, 8, 8)
    slow = []
    for image in x:  # a block at a time: its values in the order channel, row, column
        blocks = [image[:, r : r + 4, c : c + 4].reshape(-1) for r in (0, 4) for c in (0, 4)]
        slow.append(torch.stack([block @ model.maps[b] + model.offsets[b] for b, block in enumerate(blocks)]))
    assert torch.allclose(model(x), model.classify(torch.stack(slow)), atol=1e-5)
    model(x).sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
