"""Adaptation networks: layers in front of a classifier that learn, from labels alone, to live with a cipher.

- `TanakaAdaptation`: M. Tanaka, arXiv:1804.00490, as in the code mastnk/ICCE-TW2018: one small network reads
  every block.
- `LEAdaptNet` and `ELEAdaptNet`: Madono et al., arXiv:2001.07761, as in their code. LE-AdaptNet is their
  re-implementation of Tanaka's, a single layer; ELE-AdaptNet has a sub-network for each block and a matrix
  that learns where blocks belong.
- `PixelAdaptation`: 1x1 convolutions for SKK, arXiv:1905.01827.

All take (n, 3, side, side) floats and give `features` channels of the same height and width.
"""

import torch
from torch import nn
from torch.nn.functional import leaky_relu, normalize, pixel_shuffle, unfold


class Adapted(nn.Module):
    """An adaptation network, then a classifier of its features: (n, 3, side, side) floats to (n, classes)."""

    def __init__(self, adaptation: nn.Module, classifier: nn.Module):
        super().__init__()
        self.adaptation, self.classifier = adaptation, classifier

    def forward(self, x: torch.Tensor):
        return self.classifier(self.adaptation(x))

    @torch.no_grad()
    def start(self, x: torch.Tensor):
        """Hand some inputs to the parts that learn from their statistics before training."""
        if hasattr(self.adaptation, "start"):
            self.adaptation.start(x)
        if hasattr(self.classifier, "start"):
            self.classifier.start(self.adaptation(x))

    def penalty(self):
        """What the adaptation network wants added to the loss of the last batch; 0 where that is nothing."""
        return self.adaptation.penalty() if hasattr(self.adaptation, "penalty") else 0.0


class TanakaAdaptation(nn.Sequential):
    """A convolution of the block's size and stride, two 1x1 convolutions, pixels put back in place.

    Batch normalisation before each, ReLU after the first two; 32 features a pixel. 29,990 parameters for
    blocks of 4.
    """

    def __init__(self, block: int = 4, features: int = 32):
        size = 3 * block * block
        super().__init__(
            nn.BatchNorm2d(3), nn.Conv2d(3, size, block, stride=block), nn.ReLU(),
            nn.BatchNorm2d(size), nn.Conv2d(size, size, 1), nn.ReLU(),
            nn.BatchNorm2d(size), nn.Conv2d(size, features * block * block, 1), nn.PixelShuffle(block),
        )  # fmt: skip
        self.features = features


class LEAdaptNet(nn.Sequential):
    """One convolution for all blocks, normalised; 16 features a pixel. 12,800 parameters for blocks of 4.

    The published code runs its batch normalisation once a block, 64 times a step; we normalise over all
    blocks at once.
    """

    def __init__(self, block: int = 4, features: int = 16):
        wide = features * block * block
        super().__init__(
            nn.Conv2d(3, wide, block, stride=block, bias=False), nn.BatchNorm2d(wide), nn.LeakyReLU(0.1),
            nn.PixelShuffle(block),
        )  # fmt: skip
        self.features = features


class ELEAdaptNet(nn.Module):
    """A sub-network for each block, a learnt mixing U of the blocks, pixels put back; 16 features a pixel.

    A sub-network is a spectrally normalised linear map of its block, batch-normalised, with LeakyReLU(0.2).
    All blocks are one batched product here, where the published code makes 64 calls. `penalty()` is to be
    added to the loss. 839,680 parameters at 32x32 with blocks of 4.
    """

    def __init__(self, side: int = 32, block: int = 4, features: int = 16):
        super().__init__()
        self.blocks, size, wide = (side // block) ** 2, 3 * block * block, features * block * block
        self.side, self.block, self.features = side, block, features
        self.weight = nn.Parameter(torch.empty(self.blocks, wide, size))
        self.bias = nn.Parameter(torch.empty(self.blocks, wide))
        bound = size**-0.5  # as nn.Conv2d draws them
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.uniform_(self.bias, -bound, bound)
        self.normalise = nn.BatchNorm1d(self.blocks * wide)
        self.mixing = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(self.blocks, self.blocks)))
        self.register_buffer("left", normalize(torch.randn(self.blocks, wide, 1), dim=1))
        self.smoothness = torch.zeros(())

    def forward(self, x: torch.Tensor):
        cut = unfold(x, self.block, stride=self.block)
        features = torch.einsum("bws,nsb->nbw", self._spectrally_normalised(), cut) + self.bias
        features = leaky_relu(self.normalise(features.flatten(1)), 0.2).view(len(x), self.blocks, -1)
        placed = torch.einsum("ab,nbw->nwa", self.mixing, features)
        across = self.side // self.block
        out = pixel_shuffle(placed.reshape(len(x), -1, across, across), self.block)
        self.smoothness = out.diff(dim=2).abs().mean() + out.diff(dim=3).abs().mean()
        return out

    def _spectrally_normalised(self):
        """Every block's weights over their largest singular value, by power iteration (Miyato 2018)."""
        with torch.no_grad():
            right = normalize(self.weight.transpose(1, 2) @ self.left, dim=1)
            left = normalize(self.weight @ right, dim=1)
            if self.training:
                self.left.copy_(left)
        return self.weight / (left.transpose(1, 2) @ self.weight @ right)

    def penalty(self, for_mixing: float = 0.001, for_smoothness: float = 0.1):
        """What the paper adds to the loss: U like a permutation (equation 7), a smooth output (equation 8).

        It takes the last output's part away with it: kept, that would hold a whole batch in memory and forbid
        copies.
        """
        smoothness, self.smoothness = self.smoothness, torch.zeros(())
        spread = sum((self.mixing.abs().sum(axis) - self.mixing.norm(dim=axis)).sum() for axis in (0, 1))
        return for_mixing * spread / self.blocks**2 + for_smoothness * smoothness


class PixelAdaptation(nn.Sequential):
    """1x1 convolutions, normalised: SKK changes pixel by pixel. 32 features a pixel; 1,312 parameters."""

    def __init__(self, features: int = 32):
        super().__init__(
            nn.Conv2d(3, features, 1), nn.BatchNorm2d(features), nn.ReLU(),
            nn.Conv2d(features, features, 1), nn.BatchNorm2d(features), nn.ReLU(),
        )  # fmt: skip
        self.features = features
