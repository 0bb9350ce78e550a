"""The network of the CIFAR-10 speed runs: airbench94, airbench93 with widths 64, 128, 128, and the shape of
airbench96 with widths 128, 384, 512 and a third convolution in each group.

K. Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv:2404.00498, as in
KellerJordan/cifar10-airbench. It is trained as `lib.training.Recipe.speed_run` says.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import gelu

from lib.models.fast import PatchWhitening, convolution


class AirBench(nn.Sequential):
    """(n, channels, side, side) floats, side from 16 on, to (n, classes). 1,972,504 parameters for 10.

    2x2 patches whitened, with a bias; three pairs of 3x3 convolutions, pooling after the first of each; the
    largest value of each feature; a linear head. Norms learn their bias alone. `start(x)` comes first.

    deep        three convolutions a group, the last two around a skip connection, as in airbench96
    whitening   False behind a front that learns: there is no telling beforehand what it will give
    """

    def __init__(
        self, classes: int, channels: int = 3, widths: tuple[int, int, int] = (64, 256, 256),
        deep: bool = False, whitening: bool = True,
    ):  # fmt: skip
        # published for inputs of unit variance; ours, from -1 to 1, have about a quarter
        stem = PatchWhitening(channels, floor=5e-4 / 4, bias=True) if whitening else nn.Identity()
        into = stem.features if whitening else channels
        groups = [_group(*each, deep) for each in pairwise((into, *widths))]
        super().__init__(stem, *groups, WideHead(widths[-1], classes))

    def start(self, x: torch.Tensor):
        """Set the whitening from some inputs."""
        if isinstance(self[0], PatchWhitening):
            self[0].start(x)


class WideHead(nn.Module):
    """A linear map of each feature's largest value, weights of standard deviation 1, over the features."""

    def __init__(self, features: int, classes: int):
        super().__init__()
        self.classify = nn.Linear(features, classes, bias=False)
        with torch.no_grad():
            self.classify.weight.div_(self.classify.weight.std())

    def forward(self, x: torch.Tensor):
        return self.classify(x.amax((2, 3))) / self.classify.in_features


class Skip(nn.Sequential):
    """GELU(x + f(x)), where f is what it is made of."""

    def forward(self, x: torch.Tensor):
        return gelu(x + super().forward(x))


def _group(into, out, deep):
    first = convolution(into, out), nn.MaxPool2d(2), _norm(out), nn.GELU()
    second = convolution(out, out), _norm(out), nn.GELU()
    last = [Skip(*second, convolution(out, out), _norm(out))] if deep else second
    return nn.Sequential(*first, *last)


def _norm(width):
    layer = nn.BatchNorm2d(width, momentum=0.4)  # eps 1e-12 there, which a flat channel turns to infinity
    layer.weight.requires_grad_(False)
    return layer
