"""What SKK cannot change about a pixel, whatever its keys, a key per image included."""

import torch
from torch import nn


class Orbit(nn.Module):
    """A pixel's distances from the middle grey, sorted: 3 channels, -1 to 1, from as many.

    Two pixels have the same three numbers exactly if some key turns one into the other. With a fresh random
    key a pixel, nothing else about it is left, so no network can do better than one that sees this. For
    uint8 images it is `lib.metrics.invariant`.
    """

    features = 3

    def forward(self, x: torch.Tensor):
        return 2 * x.abs().sort(dim=1).values - 1
