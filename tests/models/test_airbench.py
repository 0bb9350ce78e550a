"""The network of the speed runs, written down step by step."""

import pytest
import torch
from torch.nn.functional import conv2d, gelu, max_pool2d

from lib.models import AirBench


def norm(layer, x):
    mean, variance = layer.running_mean[:, None, None], layer.running_var[:, None, None]
    return (x - mean) / (variance + layer.eps).sqrt() + layer.bias[:, None, None]


def conv(layer, x):
    return conv2d(x, layer.weight, padding=1)


@pytest.mark.parametrize("deep", [False, True])
def test_it_does_what_was_published_step_by_step(deep):
    torch.manual_seed(3)
    model, x = AirBench(5, widths=(8, 12, 16), deep=deep), torch.rand(20, 3, 16, 20) * 2 - 1
    model.start(x)
    model(x)  # the norms learn what to expect
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.uniform_(-0.3, 0.3)  # but the norms' weights, which are 1
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.fill_(1)
    model.eval()
    out = gelu(conv2d(x, model[0].weight, model[0].bias))
    for group in list(model)[1:4]:
        out = gelu(norm(group[2], max_pool2d(conv(group[0], out), 2)))
        if deep:
            f = gelu(norm(group[4][1], conv(group[4][0], out)))
            out = gelu(out + norm(group[4][4], conv(group[4][3], f)))
        else:
            out = gelu(norm(group[5], conv(group[4], out)))
    scores = out.amax((2, 3)) @ model[4].classify.weight.T / 16
    assert torch.allclose(model(x), scores, atol=1e-5)


def test_sizes_are_those_that_are_told():
    sizes = {(64, 256, 256): 1_972_504, (64, 128, 128): 569_368}
    for widths, size in sizes.items():
        assert sum(p.numel() for p in AirBench(10, widths=widths).parameters()) == size
    assert all(
        not m.weight.requires_grad for m in AirBench(10).modules() if isinstance(m, torch.nn.BatchNorm2d)
    )


def test_behind_a_front_that_learns_nothing_is_whitened():
    model, x = AirBench(4, channels=7, widths=(8, 8, 8), whitening=False), torch.rand(2, 7, 16, 16)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.start(x)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model[1][0].in_channels == 7 and model.eval()(x).shape == (2, 4)
