"""DP-SGD: a step by hand against Opacus, the budget, and what is left as it was."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lib import datasets
from lib.workbook.privacy import private_training as private
from lib.workbook.privacy.networks import GroupNet

pytest.importorskip("opacus", reason="the extra privacy is not installed")


@pytest.fixture(scope="module")
def some():
    torch.manual_seed(1)
    return GroupNet(10, 8), *private.tensors(datasets.load("photos", "test", 12))


def by_hand(gradients):
    """The specification: one picture after the other."""
    total = np.zeros(gradients.shape[1])
    for gradient in gradients:
        length = sum(value**2 for value in gradient) ** 0.5
        total += gradient / max(1.0, length / private.BOUND)
    return total


def test_gradients_add_up_to_that_of_the_batch(some):
    model, x, y = some
    loss = torch.nn.functional.cross_entropy(model(x), y, reduction="sum")
    whole = torch.autograd.grad(loss, list(model.parameters()))
    flat = np.concatenate([part.numpy().ravel() for part in whole])
    assert np.abs(private.gradients(model, x, y).sum(0) - flat).max() < 1e-4 < np.abs(flat).max()


def test_opacus_clips_as_by_hand(some):
    model, x, y = some
    expected = by_hand(private.gradients(model, x, y))
    got = private.opacus_sum(model, x, y, noise=0.0)
    assert np.abs(got - expected).max() < 1e-5 < np.abs(expected).max()
    assert np.linalg.norm(got) < len(x) * private.BOUND
    assert all(p.grad is None for p in model.parameters()), "the model is left as it was"


def test_the_noise_is_a_multiple_of_the_bound(some):
    model, x, y = some
    clean = private.opacus_sum(model, x, y, noise=0.0)
    noise = private.opacus_sum(model, x, y, noise=3.0, seed=4) - clean
    assert abs(noise.std() / 3 - 1) < 5 / np.sqrt(2 * noise.size) and abs(noise.mean()) < 0.2


def test_a_run_keeps_its_budget_and_is_repeated_by_its_seed():
    data = datasets.load("photos", "train", 200)
    budget = private.Budget(epsilon=5.0, epochs=1, batch=10)
    state = torch.get_rng_state()
    first, second = (private.fit_privately(lambda: GroupNet(10, 8), data, budget, 1) for _ in range(2))
    assert 4.9 < first.epsilon <= 5.01 and first.noise > 0.3 and first.steps == 20
    for one, other in zip(first.model.parameters(), second.model.parameters()):
        assert torch.equal(one, other)
    less = replace(budget, epsilon=2.0)
    third = private.fit_privately(lambda: GroupNet(10, 8), data, less, 2)
    assert third.noise > first.noise
    assert not torch.equal(next(first.model.parameters()), next(third.model.parameters()))
    assert torch.equal(state, torch.get_rng_state())


def test_a_network_that_mixes_pictures_is_refused():
    data = datasets.load("photos", "train", 50)

    def mixing():
        return torch.nn.Sequential(torch.nn.BatchNorm2d(3), torch.nn.Flatten(), torch.nn.Linear(3072, 10))

    with pytest.raises(Exception, match="BatchNorm"):
        private.fit_privately(mixing, data, private.Budget(8.0, epochs=1, batch=5))
