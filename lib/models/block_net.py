"""A tiny network for ciphertexts under one key: a linear map of its own for every block, two dense layers."""

import torch
from torch import nn

from lib.models.inputs import check_side


class BlockNet(nn.Module):
    """Takes (n, channels, side, side) floats; gives (n, classes).

    One key does the same to every image, block by block, so a map for each block can learn to live with any
    scheme: the idea of ELE-AdaptNet (Madono et al., arXiv:2001.07761), without what makes that one large.
    182,666 parameters for 10 classes at 32x32, blocks of 4.
    """

    def __init__(self, classes: int, side: int = 32, block: int = 4, features: int = 16, hidden: int = 128,
                 channels: int = 3):  # fmt: skip
        super().__init__()
        check_side(side, block)
        blocks, size = (side // block) ** 2, channels * block * block
        self.cut = nn.Unfold(block, stride=block)
        self.maps = nn.Parameter(torch.randn(blocks, size, features) / size**0.5)
        self.offsets = nn.Parameter(torch.zeros(blocks, features))
        dense = nn.Linear(blocks * features, hidden), nn.ReLU(), nn.Linear(hidden, classes)
        self.classify = nn.Sequential(nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), *dense)

    def forward(self, x: torch.Tensor):
        blocks = self.cut(x).transpose(1, 2)
        return self.classify(torch.einsum("nbs,bsf->nbf", blocks, self.maps) + self.offsets)
