"""Training: it learns what can be learnt, nothing else, the same way each time, and says what is wrong."""

import math
import re
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lib import Key
from lib.schemes import SKK, OneTimePad, Tanaka
from lib.training import Recipe, evaluate, fit, has_bfloat16, predict, scaled, scores
from tests.training.runs import (
    KEY,
    SMALL,
    TEST,
    TRAIN,
    Conv,
    Penalised,
    Recorder,
    Started,
    equal,
    stop_after,
    stripes,
    tiny,
    weights,
    with_images,
)


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
    assert entry["epoch"] == 1 and "test_accuracy" not in entry


def test_seconds_are_those_of_work():
    class Busy(Penalised):
        def forward(self, x):
            end = time.process_time() + 0.3
            while time.process_time() < end:
                pass
            return super().forward(x)

    assert 0.3 <= fit(Busy, SMALL, Recipe(epochs=1, batch=50)).history[0]["seconds"] < 0.5


def test_seconds_are_not_those_of_waiting():
    class Sleepy(Penalised):
        def forward(self, x):
            time.sleep(0.3)
            return super().forward(x)

    assert fit(Sleepy, SMALL, Recipe(epochs=1, batch=50)).history[0]["seconds"] < 0.2


def test_uneven_batches_weigh_by_their_images():
    one, many = (fit(Penalised, SMALL, Recipe(epochs=1, batch=batch)).history[0] for batch in (50, 16))
    assert one["loss"] == pytest.approx(many["loss"], rel=1e-5)
    assert one["train_accuracy"] == many["train_accuracy"]


def linear():
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 12, 3))


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_a_step_over_pieces_is_that_over_the_batch_where_nothing_looks_at_a_batch(optimiser):
    recipe = Recipe(epochs=2, batch=50, rate=0.01, optimiser=optimiser)
    whole, pieces = (fit(linear, SMALL, replace(recipe, microbatch=size)) for size in (0, 16))
    assert torch.allclose(whole.model[1].weight, pieces.model[1].weight, atol=1e-5)
    assert whole.history[1]["loss"] == pytest.approx(pieces.history[1]["loss"], rel=1e-5)


def test_norms_see_a_piece_at_a_time():
    run = fit(Recorder, SMALL, Recipe(epochs=1, batch=32, microbatch=10))
    assert [len(piece) for piece in run.model.seen] == [10, 10, 5, 10, 10, 5]


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
