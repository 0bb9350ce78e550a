"""Networks that learn from ciphertexts. One line to choose one; parameter counts stand in the docstrings and are tested."""

import torch
from torch import nn


class BlockNet(nn.Module):
    """A tiny network for ciphertexts under one key: a linear map of its own for every block, then two dense layers.

    One key does the same to every image, block by block, so a map for each block can learn to live with any of the
    schemes: the idea of ELE-AdaptNet (Madono et al., arXiv:2001.07761), without what makes that one large.

    Takes (n, 3, side, side) floats; gives (n, classes). 182,666 parameters for 10 classes at 32x32 with blocks of 4.
    """

    def __init__(self, classes: int, side: int = 32, block: int = 4, features: int = 16, hidden: int = 128):
        super().__init__()
        blocks, size = (side // block) ** 2, 3 * block * block
        self.cut = nn.Unfold(block, stride=block)
        self.maps = nn.Parameter(torch.randn(blocks, size, features) / size**0.5)
        self.offsets = nn.Parameter(torch.zeros(blocks, features))
        self.classify = nn.Sequential(
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(blocks * features, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x):
        blocks = self.cut(x).transpose(1, 2)
        return self.classify(torch.einsum("nbs,bsf->nbf", blocks, self.maps) + self.offsets)
