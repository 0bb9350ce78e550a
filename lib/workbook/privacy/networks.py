"""Two small networks for 32x32 pictures, and what the first one computes, written out in NumPy.

`SquareNet` has additions and products alone, so it can be evaluated on ciphertexts and on shares: filters of
8x8 pixels, the square of what they give, a linear layer (the idea of CryptoNets, Gilad-Bachrach et al., ICML
2016). `GroupNet` is trained by DP-SGD, which needs the gradient of each picture by itself;
so it has group instead of batch normalisation, and few parameters, for each gets noise.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn

SIDE, FILTER, STRIDE, PAD = 32, 8, 4, 2
ACROSS = 8  # windows in a row: (SIDE + 2 * PAD - FILTER) / STRIDE + 1
WINDOWS = ACROSS * ACROSS
VALUES = 3 * FILTER * FILTER  # of a window


class SquareNet(nn.Module):
    """(n, 3, 32, 32) floats to (n, classes). 26,666 parameters for 10 classes and 32 filters."""

    def __init__(self, classes: int, filters: int = 32):
        super().__init__()
        self.filters = nn.Conv2d(3, filters, FILTER, stride=STRIDE, padding=PAD)
        self.classify = nn.Linear(filters * WINDOWS, classes)

    def forward(self, x: torch.Tensor):
        return self.classify(self.filters(x).square().flatten(1))


class GroupNet(nn.Sequential):
    """(n, 3, 32, 32) floats to (n, classes). 20,682 parameters for 10 classes."""

    def __init__(self, classes: int, width: int = 32):
        super().__init__(
            nn.Conv2d(3, width, FILTER, stride=STRIDE, padding=PAD), nn.GroupNorm(8, width), nn.Tanh(),
            nn.Conv2d(width, width, 3, padding=1), nn.GroupNorm(8, width), nn.Tanh(), nn.AvgPool2d(2),
            nn.Flatten(), nn.Linear(width * WINDOWS // 4, classes),
        )  # fmt: skip


@dataclass(frozen=True)
class SquareWeights:
    """The numbers of a `SquareNet`, float64.

    filters    (VALUES, f): a column each, values of a window in the order colour, row, column
    offsets    (f,)
    linear     (WINDOWS, f, classes)
    bias       (classes,)
    """

    filters: np.ndarray
    offsets: np.ndarray
    linear: np.ndarray
    bias: np.ndarray

    @classmethod
    def of(cls, net: SquareNet) -> "SquareWeights":
        """Those of a trained network."""
        filters, offsets, linear, bias = (p.detach().double().numpy() for p in net.parameters())
        linear = linear.reshape(len(bias), len(offsets), WINDOWS).transpose(2, 1, 0)
        return cls(filters.reshape(len(offsets), VALUES).T, offsets, np.ascontiguousarray(linear), bias)


def values(images: np.ndarray) -> np.ndarray:
    """uint8 as float64 from -1 to 1, as networks read them (`lib.training.scaled`)."""
    return (2 * images.astype(np.float64) - 255) / 255


def windows(pictures: np.ndarray) -> np.ndarray:
    """(..., 32, 32, 3) of any numbers to (..., WINDOWS, VALUES): every window that a filter sees, the border
    filled with zeros. It only copies, so shares and encodings of pictures go through it like pictures."""
    around = [(0, 0)] * (pictures.ndim - 3) + [(PAD, PAD), (PAD, PAD), (0, 0)]
    cut = sliding_window_view(np.pad(pictures, around), (FILTER, FILTER), axis=(-3, -2))
    every = cut[..., ::STRIDE, ::STRIDE, :, :, :]
    return every.reshape(*pictures.shape[:-3], WINDOWS, VALUES)


def scores(weights: SquareWeights, images: np.ndarray) -> np.ndarray:
    """(n, classes) float64 of (n, 32, 32, 3) uint8: what the network says, without torch."""
    hidden = (windows(values(images)) @ weights.filters + weights.offsets) ** 2
    return np.einsum("nwf,wfc->nc", hidden, weights.linear) + weights.bias
