"""Networks: shapes, parameter counts, gradients, and equality with slow specifications of their papers' layers."""

import re

import pytest
import torch
from torch import nn

from lib.models import BlockNet, adaptation, shake_pyramid
from lib.models.adaptation import ELEAdaptNet, LEAdaptNet, PixelAdaptation, TanakaAdaptation
from lib.models.shake_pyramid import PyramidBlock, ShakeDrop, ShakePyramidNet

ADAPTATIONS = [TanakaAdaptation, LEAdaptNet, ELEAdaptNet, PixelAdaptation]
COUNTED = [*ADAPTATIONS, lambda: ShakePyramidNet(10), lambda: BlockNet(10)]


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        yield


@pytest.mark.parametrize("make", COUNTED, ids=lambda make: getattr(make, "__name__", ""))
def test_parameters_are_as_many_as_the_docstring_says(make):
    model = make()
    stated = re.search(r"([\d,]+) parameters", type(model).__doc__)[1]
    assert f"{sum(p.numel() for p in model.parameters()):,}" == stated


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
    """Move a block and its features move along: what one block becomes depends neither on its place nor on the others."""
    model = kind(block).eval()
    x = torch.rand(1, 3, 16, 16)
    swapped = x.clone()
    swapped[..., :block, :block], swapped[..., -block:, -block:] = x[..., -block:, -block:], x[..., :block, :block]
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
    """Against 4 separate modules of torch, as the published code has them: spectral norm, batch norm, LeakyReLU."""
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
            nn.functional.leaky_relu(bn(linear(x[:, :, row : row + 4, column : column + 4].reshape(5, -1))), 0.2)
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
    assert torch.allclose(torch.linalg.matrix_norm(model._spectrally_normalised(), ord=2), torch.ones(4), atol=1e-3)
    before = model.left.clone()
    model.eval()._spectrally_normalised()
    assert torch.equal(model.left, before)


def test_the_penalty_is_least_for_a_permutation_and_for_a_smooth_output():
    model = ELEAdaptNet(side=8, block=4, features=1)
    model.mixing.data = torch.eye(4)[[2, 0, 3, 1]]
    assert model.penalty(1, 0) == 0
    model.mixing.data = torch.full((4, 4), 0.25)
    assert torch.isclose(model.penalty(1, 0), torch.tensor(8 * (1 - 0.5) / 16))  # every row and column: sum 1, norm 1/2
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


# -- ShakeDrop ----------------------------------------------------------------------------------------------------------


def test_shake_drop_scales_an_image_between_minus_one_and_one_and_its_gradient_otherwise():
    layer, x = ShakeDrop(keep=0.0), torch.ones(4000, 1, 1, 1, requires_grad=True)
    out = layer(x)
    out.sum().backward()
    a, c = out.detach().flatten(), x.grad.flatten()
    assert -1 <= a.min() < -0.98 and 0.98 < a.max() <= 1 and abs(a.mean()) < 0.05
    assert 0 <= c.min() < 0.02 and 0.98 < c.max() <= 1 and abs(c.mean() - 0.5) < 0.03
    assert abs(torch.corrcoef(torch.stack([a, c]))[0, 1]) < 0.06


def test_shake_drop_draws_its_gate_once_a_batch():
    layer, x = ShakeDrop(keep=0.7), torch.ones(3, 2, 2, 2)
    kept = [bool((layer(x) == 1).all()) for _ in range(2000)]
    assert abs(sum(kept) / 2000 - 0.7) < 0.04
    assert torch.equal(layer.eval()(x), 0.7 * x)


def test_a_pyramid_block_pools_and_pads_its_shortcut():
    block = PyramidBlock(3, 5, stride=2, keep=1.0).eval()
    nn.init.zeros_(block.branch[-2].weight)  # the last norm: the branch is silent
    x = torch.rand(2, 3, 4, 4)
    out = block(x)
    for r in range(2):
        for c in range(2):
            assert torch.allclose(out[:, :3, r, c], x[:, :, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean(dim=(2, 3)))
    assert (out[:, 3:] == 0).all()


def test_the_pyramid_widens_by_alpha_and_drops_more_the_deeper():
    model = ShakePyramidNet(10)
    blocks = list(model.blocks)
    assert len(blocks) == 54 and model.classify.in_features == 16 + 270
    assert [i for i, block in enumerate(blocks) if isinstance(block.shrink, nn.AvgPool2d)] == [18, 36]
    keeps = [block.branch[-1].keep for block in blocks]
    assert keeps == sorted(keeps, reverse=True) and keeps[-1] == 0.5 and keeps[0] == pytest.approx(1 - 0.5 / 54)


def test_a_small_pyramid_runs_behind_an_adaptation_network():
    front = LEAdaptNet()
    model = nn.Sequential(front, ShakePyramidNet(10, depth=20, alpha=24, into=front.features)).eval()
    out = model(torch.rand(2, 3, 32, 32))
    out.sum().backward()
    assert out.shape == (2, 10) and all(p.grad is not None for p in model.parameters())
    with pytest.raises(ValueError, match=r"6 n \+ 2"):
        ShakePyramidNet(10, depth=21)


def test_every_docstring_names_its_source():
    for module in (adaptation, shake_pyramid):
        assert "arXiv" in module.__doc__
