"""A small convolutional network for two CPU cores, after the CIFAR-10 speed runs.

The shape is that of airbench94 (K. Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU",
arXiv:2404.00498), narrower: 2x2 patches whitened by the statistics of some inputs, three pairs of 3x3
convolutions that start as the identity, and pooling after the first of each pair. There is no training
schedule here; `lib.training` brings it.
"""

import torch
from torch import nn
from torch.nn.functional import conv2d, gelu, unfold


class FastNet(nn.Sequential):
    """(n, channels, side, side) floats, side from 16 on, to (n, classes). 497,792 parameters for 10 classes.

    `start(x)` is to be called with some inputs first: it sets the whitening, which is not trained.
    """

    def __init__(self, classes: int, channels: int = 3, widths: tuple[int, int, int] = (32, 128, 128)):
        stem = PatchWhitening(channels)
        pairs, into = [], stem.features
        for width in widths:
            pairs.append(_pair(into, width))
            into = width
        super().__init__(stem, *pairs, Head(into, classes))

    def start(self, x: torch.Tensor):
        """Set the first layer from some inputs."""
        self[0].start(x)


class PatchWhitening(nn.Module):
    """2x2 patches as at most 12 uncorrelated values of unit variance, each beside its negative; GELU."""

    def __init__(self, channels: int, values: int = 12, floor: float = 5e-4, bias: bool = False):
        super().__init__()
        self.values, self.floor = min(values, 4 * channels), floor
        self.features = 2 * self.values
        self.bias = nn.Parameter(torch.zeros(self.features)) if bias else None
        pixels = torch.eye(4 * channels)[: self.values].view(-1, channels, 2, 2)  # until `start` knows better
        self.register_buffer("weight", torch.cat([pixels, -pixels]))

    @torch.no_grad()
    def start(self, x: torch.Tensor):
        """Set the filters: the leading eigenvectors of the covariance of all patches of x."""
        patches = unfold(x, 2).transpose(1, 2).flatten(0, 1)
        strengths, vectors = torch.linalg.eigh((patches.T @ patches / len(patches)).double())
        filters = (vectors / (strengths + self.floor).sqrt())[:, -self.values :].T.float()
        filters = filters.view(self.values, *self.weight.shape[1:])
        self.weight.copy_(torch.cat([filters, -filters]))

    def forward(self, x: torch.Tensor):
        return gelu(conv2d(x, self.weight, self.bias))


class Head(nn.Module):
    """The largest value of each feature, then a linear map to classes, scaled down to start gently."""

    def __init__(self, features: int, classes: int):
        super().__init__()
        self.classify = nn.Linear(features, classes, bias=False)

    def forward(self, x: torch.Tensor):
        return self.classify(x.amax((2, 3))) / 3


def convolution(into: int, out: int) -> nn.Conv2d:
    """3x3, without bias; the first filters hand the input on, so a deep network starts near the identity."""
    layer = nn.Conv2d(into, out, 3, padding=1, bias=False)
    nn.init.dirac_(layer.weight[: min(into, out)])
    return layer


def _pair(into, out):
    return nn.Sequential(
        convolution(into, out), nn.MaxPool2d(2), nn.BatchNorm2d(out), nn.GELU(),
        convolution(out, out), nn.BatchNorm2d(out), nn.GELU(),
    )  # fmt: skip


class Residual(nn.Module):
    """GELU(x + f(x)) where f is two 3x3 convolutions, each normalised, GELU between."""

    def __init__(self, width: int):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip

    def forward(self, x: torch.Tensor):
        return gelu(x + self.f(x))
