"""NeuraCrypt's encoder as a network that can be trained, see `lib.subjects.neuracrypt` for what it is.

Its weights start as PyTorch starts layers, so that a fresh one is what an owner with another key would have.
"""

import torch
from torch import nn


class PatchEncoder(nn.Module):
    """Patches (n, patches, size) float32 to vectors (n, patches, width), in order.

    depth   1 for the linear encoder, or 3 and more, as the authors count
    Batch normalisation uses the statistics of the batch that it is given, always.
    """

    def __init__(self, depth: int, patches: int, size: int, width: int):
        super().__init__()
        self.first = nn.Linear(size, width)
        self.deeper = nn.ModuleList(nn.Linear(width, width) for _ in range(max(0, depth - 3)))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width, track_running_stats=False) for _ in self.deeper)
        self.positions = nn.Parameter(torch.randn(patches, width)) if depth > 1 else None
        self.last = nn.Linear(width, width) if depth > 1 else None

    def forward(self, plain: torch.Tensor) -> torch.Tensor:
        found = self.first(plain)
        if self.last is None:
            return found
        found = found.relu()
        for layer, norm in zip(self.deeper, self.norms):
            found = norm(layer(found).flatten(0, 1)).unflatten(0, plain.shape[:2]).relu()
        return self.last((found + self.positions).relu())


def drawn(depth: int, patches: int, size: int, width: int, seed: int) -> PatchEncoder:
    """A fresh encoder. The global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return PatchEncoder(depth, patches, size, width)
