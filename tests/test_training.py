"""The small trainer: it learns what can be learnt, nothing else, the same way each time."""

import numpy as np
import torch

from lib import Key
from lib.models import BlockNet
from lib.schemes import SKK, OneTimePad
from lib.training import evaluate, fit, predict, scaled


def stripes(count, seed):
    """8x8 pictures of three classes: bright rows at a place that is the class, in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    images = rng.integers(0, 160, (count, 8, 8, 3), np.uint8)
    for image, label in zip(images, labels):
        image[2 * label : 2 * label + 2] += 90
    return images, labels


def tiny():
    return BlockNet(3, side=8, block=4, features=8, hidden=32)


TRAIN, TEST = stripes(600, 1), stripes(300, 2)


def test_learns_pictures_and_ciphertexts_under_one_key():
    scheme = SKK(Key.from_seed(6))
    for encrypt in (lambda images: images, scheme.encrypt):
        model = fit(tiny, encrypt(TRAIN[0]), TRAIN[1], epochs=6, seed=0)
        assert evaluate(model, encrypt(TEST[0]), TEST[1]) > 0.9


def test_learns_nothing_from_a_one_time_pad():
    pad = OneTimePad(Key.from_seed(6))
    model = fit(tiny, pad.encrypt(TRAIN[0], ids=range(600)), TRAIN[1], epochs=6, seed=0)
    assert evaluate(model, pad.encrypt(TEST[0], ids=range(600, 900)), TEST[1]) < 0.5


def test_a_network_for_one_key_does_not_read_another():
    model = fit(tiny, SKK(Key.from_seed(6)).encrypt(TRAIN[0]), TRAIN[1], epochs=6, seed=0)
    assert evaluate(model, SKK(Key.from_seed(7)).encrypt(TEST[0]), TEST[1]) < 0.6


def test_the_seed_decides_and_the_callers_generator_is_left_alone():
    before = torch.random.get_rng_state()
    weights = [fit(tiny, *TRAIN, epochs=1, seed=seed).maps for seed in (3, 3, 4)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_predictions_do_not_depend_on_the_batch():
    model = fit(tiny, *TRAIN, epochs=1, seed=0)
    assert (predict(model, TEST[0]) == predict(model, TEST[0], batch=7)).all()
    assert predict(model, TEST[0]).shape == (300,)


def test_a_complement_becomes_a_change_of_sign():
    x = torch.arange(256, dtype=torch.uint8)
    assert torch.allclose(scaled(255 - x), -scaled(x), atol=1e-6)
    assert scaled(x).min() == -1 and scaled(x).max() == 1


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
