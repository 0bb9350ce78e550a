"""ShakePyramidNet: ShakeDrop against its equations, the blocks' shortcut, widths and rates by depth."""

import numpy as np
import pytest
import torch
from torch import nn

from lib.models.adaptation import LEAdaptNet
from lib.models.shake_pyramid import PyramidBlock, ShakeDrop, ShakePyramidNet


def test_shake_drop_scales_an_image_between_minus_one_and_one_and_its_gradient_otherwise():
    layer, x = ShakeDrop(keep=0.0), torch.ones(4000, 1, 1, 1, requires_grad=True)
    out = layer(x)
    out.sum().backward()
    a, c = out.detach().flatten(), x.grad.flatten()
    assert -1 <= a.min() < -0.98 and 0.98 < a.max() <= 1 and abs(a.mean()) < 0.05
    assert 0 <= c.min() < 0.02 and 0.98 < c.max() <= 1 and abs(c.mean() - 0.5) < 0.03
    assert abs(torch.corrcoef(torch.stack([a, c]))[0, 1]) < 0.06


def shaken(branch, above, b, a, c):
    """The paper's two equations, pixel by pixel: the branch scaled, and the gradient `above` on its way back
    scaled."""
    out, below = torch.zeros_like(branch), torch.zeros_like(above)
    for place in np.ndindex(*branch.shape):
        image = place[0]
        out[place] = (b + a[image] - b * a[image]) * branch[place]
        below[place] = (b + c[image] - b * c[image]) * above[place]
    return out, below


def test_shake_drop_is_what_its_equations_say_forwards_and_backwards():
    layer, gates = ShakeDrop(keep=0.5), []
    for seed in range(12):
        branch, above = torch.randn(3, 2, 4, 5, requires_grad=True), torch.randn(3, 2, 4, 5)
        torch.manual_seed(seed)
        out = layer(branch)
        out.backward(above)
        torch.manual_seed(seed)  # its draws, in its order: the gate, then a and c for each image
        b, a, c = float(torch.rand(()) < 0.5), torch.rand(3) * 2 - 1, torch.rand(3)
        slow, below = shaken(branch.detach(), above, b, a, c)
        assert torch.allclose(out, slow, atol=1e-6) and torch.allclose(branch.grad, below, atol=1e-6)
        gates.append(b)
    assert {0.0, 1.0} == set(gates)


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
            assert torch.allclose(
                out[:, :3, r, c], x[:, :, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean(dim=(2, 3))
            )
    assert (out[:, 3:] == 0).all()


def test_the_pyramid_widens_by_alpha_and_drops_more_the_deeper():
    model = ShakePyramidNet(10)
    blocks = list(model.blocks)
    assert len(blocks) == 54 and model.classify.in_features == 16 + 270
    assert [i for i, block in enumerate(blocks) if isinstance(block.shrink, nn.AvgPool2d)] == [18, 36]
    keeps = [block.branch[-1].keep for block in blocks]
    assert (
        keeps == sorted(keeps, reverse=True) and keeps[-1] == 0.5 and keeps[0] == pytest.approx(1 - 0.5 / 54)
    )


def test_a_small_pyramid_runs_behind_an_adaptation_network():
    front = LEAdaptNet()
    model = nn.Sequential(front, ShakePyramidNet(10, depth=20, alpha=24, channels=front.features)).eval()
    out = model(torch.rand(2, 3, 32, 32))
    out.sum().backward()
    assert out.shape == (2, 10) and all(p.grad is not None for p in model.parameters())
    with pytest.raises(ValueError, match=r"6 n \+ 2"):
        ShakePyramidNet(10, depth=21)
