"""Scores of test images, their mirror images added, plain or encrypted."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lib.schemes import SKK, GrayscaleEtC, Tanaka
from lib.training import TEST_IDS, Recipe, encrypted, evaluate, fit, predict, quiet, scaled, scores
from tests.training.runs import KEY, TEST, TRAIN, Conv, equal, labelled, tiny, weights, with_images


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


def test_before_the_last_epoch_the_image_alone_is_shown():
    recipe, seen = Recipe(epochs=2, flip_test=True), []
    networks = []

    def kept():
        networks.append(tiny())
        return networks[0]

    def alone(entry):
        seen.append(evaluate(networks[0], TEST))

    run = fit(kept, TRAIN, recipe, test=TEST, progress=alone)
    assert run.history[0]["test_accuracy"] == seen[0]
    assert run.history[1]["test_accuracy"] == evaluate(run.model, TEST, flips=True)


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


@pytest.mark.parametrize("side", ["before", "after"])
def test_six_views_are_the_image_and_two_shifts_at_half_the_weight_each_with_its_mirror_image(side):
    scheme = SKK(KEY, per_image=True)
    padded = np.pad(TEST.images, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    three = [(2, padded[:, 1:-1, 1:-1]), (1, padded[:, 2:, 2:]), (1, padded[:, :-2, :-2])]
    if side == "after":
        cipher = np.pad(encrypted(scheme, TEST.images, TEST_IDS), ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
        three = [(2, cipher[:, 1:-1, 1:-1]), (1, cipher[:, 2:, 2:]), (1, cipher[:, :-2, :-2])]
    six = three + [(weight, x[:, :, ::-1]) for weight, x in three]
    if side == "before":
        plain = [(weight, np.ascontiguousarray(x)) for weight, x in six]
        six = [(w, encrypted(scheme, x, TEST_IDS + i * len(TEST))) for i, (w, x) in enumerate(plain)]
    with quiet(4):  # a network that two views make change its mind on a third of the images
        model = tiny()
    expected = sum(weight * scores(model, np.ascontiguousarray(x)) for weight, x in six).argmax(1)
    data = replace(TEST, labels=expected)
    assert evaluate(model, data, scheme=scheme, flips=True, flip=side, shifts=True) == 1
    assert evaluate(model, data, scheme=scheme, flips=True, flip=side) < 1
