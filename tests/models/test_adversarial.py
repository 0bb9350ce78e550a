"""Inputs are perturbed in training alone, by no more than epsilon, and so that the loss goes up."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lib.models.adversarial import FastAdversarial


@pytest.fixture
def setting():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5))
        yield FastAdversarial(network, epsilon=0.1), torch.rand(20, 3, 8, 8) * 2 - 1


def test_the_change_is_small_inside_the_range_and_raises_the_loss(setting):
    model, x = setting
    moved = model.perturbed(x)
    assert 0.05 < (moved - x).abs().max() <= 0.1 + 1e-6 and moved.abs().max() <= 1
    with torch.no_grad():
        labels = model.network(x).argmax(1)
        noisy = x + 0.1 * torch.randn_like(x).sign()
        before, ours, noise = (cross_entropy(model.network(each), labels) for each in (x, moved, noisy))
    assert ours > before + 4 * (noise - before).abs()


def test_only_training_perturbs(setting):
    model, x = setting
    assert torch.equal(model.eval()(x), model.network(x))
    assert not torch.equal(model.train()(x), model.network(x))


def test_weights_get_no_gradient_from_the_search(setting):
    model, x = setting
    model.perturbed(x)
    assert all(p.grad is None for p in model.parameters())
