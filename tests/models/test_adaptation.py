"""Adaptation networks: shapes, gradients, and equality with slow specifications of their papers' layers."""

import pytest
import torch
from torch import nn

from lib.models.adaptation import ELEAdaptNet, LEAdaptNet, PixelAdaptation, TanakaAdaptation

ADAPTATIONS = [TanakaAdaptation, LEAdaptNet, ELEAdaptNet, PixelAdaptation]


@pytest.mark.parametrize("kind", ADAPTATIONS)
def test_adaptation_keeps_height_and_width_and_feeds_every_parameter(kind):
    model = kind()
    out = model(torch.rand(4, 3, 32, 32))
    assert out.shape == (4, model.features, 32, 32)
    out.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.parametrize("kind", [TanakaAdaptation, LEAdaptNet])
@pytest.mark.parametrize("block", [2, 4, 8])
def test_one_network_reads_every_block(kind, block):
    """Move a block and its features move along: what one block becomes depends neither on its place nor on
    the others."""
    model = kind(block).eval()
    x = torch.rand(1, 3, 16, 16)
    swapped = x.clone()
    swapped[..., :block, :block], swapped[..., -block:, -block:] = (
        x[..., -block:, -block:],
        x[..., :block, :block],
    )
    a, b = model(x), model(swapped)
    assert torch.allclose(a[..., :block, :block], b[..., -block:, -block:], atol=1e-5)
    assert torch.allclose(a[..., block:-block, :], b[..., block:-block, :], atol=1e-5)


def test_tanaka_adaptation_is_three_dense_layers_a_block():
    model = TanakaAdaptation(4, features=2).eval()
    for module in model:
        if isinstance(module, nn.BatchNorm2d):  # statistics that do something
            module.running_mean.uniform_(-1, 1)
            module.running_var.uniform_(0.5, 2)
    x = torch.rand(3, 8, 8)
    (bn0, conv0, _, bn1, conv1, _, bn2, conv2, _) = model

    def normed(values, bn):
        return (values - bn.running_mean) / (bn.running_var + bn.eps).sqrt() * bn.weight + bn.bias

    out = torch.zeros(2, 8, 8)
    for row in (0, 4):
        for column in (0, 4):
            block = normed(x[:, row : row + 4, column : column + 4].permute(1, 2, 0), bn0).permute(2, 0, 1)
            v = torch.relu(conv0.weight.reshape(48, -1) @ block.reshape(-1) + conv0.bias)
            v = torch.relu(conv1.weight[:, :, 0, 0] @ normed(v, bn1) + conv1.bias)
            v = conv2.weight[:, :, 0, 0] @ normed(v, bn2) + conv2.bias
            for feature in range(2):
                for r in range(4):
                    for c in range(4):
                        out[feature, row + r, column + c] = v[feature * 16 + r * 4 + c]
    assert torch.allclose(model(x[None])[0], out, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_ele_adaptation_is_a_network_for_each_block_then_a_mixing(training):
    """Against 4 separate modules of torch, as the published code has them: spectral norm, batch norm,
    LeakyReLU."""
    model = ELEAdaptNet(side=8, block=4, features=2).train(training)
    x = torch.rand(5, 3, 8, 8)
    left = model.left.clone()
    features = []
    for b, (row, column) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
        weight = model.weight[b].detach()
        u = left[b, :, 0]
        v = nn.functional.normalize(weight.T @ u, dim=0)
        u = nn.functional.normalize(weight @ v, dim=0)
        linear = nn.Linear(48, 32)
        linear.weight.data, linear.bias.data = weight / (u @ weight @ v), model.bias[b].detach()
        bn = nn.BatchNorm1d(32).train(training)
        features.append(
            nn.functional.leaky_relu(
                bn(linear(x[:, :, row : row + 4, column : column + 4].reshape(5, -1))), 0.2
            )
        )
    out = torch.zeros(5, 2, 8, 8)
    for a, (row, column) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
        mixed = sum(model.mixing[a, b].detach() * features[b] for b in range(4))
        out[:, :, row : row + 4, column : column + 4] = mixed.reshape(5, 2, 4, 4)
    assert torch.allclose(model(x), out, atol=1e-5)


def test_the_power_iteration_finds_the_spectral_norm_and_only_training_moves_it():
    model = ELEAdaptNet(side=8, block=4, features=1).train()
    for _ in range(100):
        model._spectrally_normalised()
    assert torch.allclose(
        torch.linalg.matrix_norm(model._spectrally_normalised(), ord=2), torch.ones(4), atol=1e-3
    )
    before = model.left.clone()
    model.eval()._spectrally_normalised()
    assert torch.equal(model.left, before)


def test_the_penalty_is_least_for_a_permutation_and_for_a_smooth_output():
    model = ELEAdaptNet(side=8, block=4, features=1)
    model.mixing.data = torch.eye(4)[[2, 0, 3, 1]]
    assert model.penalty(1, 0) == 0
    model.mixing.data = torch.full((4, 4), 0.25)
    # every row and column: sum 1, norm 1/2
    assert torch.isclose(model.penalty(1, 0), torch.tensor(8 * (1 - 0.5) / 16))
    x = torch.rand(2, 3, 8, 8)
    out = model(x)
    slow = (out[:, :, 1:] - out[:, :, :-1]).abs().mean() + (out[:, :, :, 1:] - out[:, :, :, :-1]).abs().mean()
    assert torch.isclose(model.penalty(0, 1), slow)
    model.penalty().backward()
    assert model.mixing.grad.abs().sum() > 0


def test_pixels_are_adapted_one_by_one():
    model = PixelAdaptation().eval()
    x = torch.rand(1, 3, 6, 6)
    changed = x.clone()
    changed[..., 2, 3] = 0
    different = (model(x) != model(changed)).any(dim=1)[0]
    assert different.nonzero().tolist() == [[2, 3]]
