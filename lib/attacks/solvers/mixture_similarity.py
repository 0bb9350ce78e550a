"""A small network that says whether two encryptions by InstaHide share a private picture.

As in Carlini et al. it learns from the attacker's own mixtures of other pictures, and sees sizes alone.
Theirs, a WRN-28-6, reads two encryptions at once. This one makes a vector of each, and a cosine compares
two; so N encryptions cost N passes and not N^2. Of two that share a picture, the vectors are to be alike:
logistic loss.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lib.attacks.solvers.mixture_rehearsal import rehearse

Array = np.ndarray
WIDTH, DEPTH = 24, 16  # channels of the first convolution, and of the vector's 16x16 map
BATCH, PRIVATE = 192, 32  # encryptions of a step, and how many private pictures these are of
RATE, DECAY = 3e-3, 1e-3
SCALE, SHIFT = 20.0, -2.0  # of a cosine, to begin with


class Similarity(nn.Module):
    """Sizes (N, 3, h, w) to vectors of length 1, (N, 16 h w / 4); `scale` and `shift` make a cosine a
    logit."""

    def __init__(self):
        super().__init__()
        w = WIDTH

        def step(into, out, stride=1):
            return nn.Conv2d(into, out, 3, stride, 1), nn.BatchNorm2d(out), nn.ReLU()

        layers = *step(6, w), *step(w, 2 * w, 2), *step(2 * w, 2 * w)
        self.body = nn.Sequential(*layers, nn.Conv2d(2 * w, DEPTH, 1), nn.BatchNorm2d(DEPTH), nn.Flatten())
        self.scale, self.shift = nn.Parameter(torch.tensor(SCALE)), nn.Parameter(torch.tensor(SHIFT))

    def forward(self, sizes: torch.Tensor) -> torch.Tensor:
        pair = torch.cat([sizes - 0.5, sizes**2 - 0.35], 1)  # about their means
        return functional.normalize(self.body(pair), dim=1)


def train(pictures: Array, k: int, steps: int, seed: int = 0,
          told: Callable[[int, float], None] | None = None) -> Similarity:  # fmt: skip
    """A network for mixtures of `k`, from normalised `pictures` (m, h, w, 3) float32 of the attacker's own.

    told   is called after each step with its number and the loss
    """
    rng = np.random.default_rng(seed)
    upper = torch.triu_indices(BATCH, BATCH, 1).unbind()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Similarity().train()
    groups = {"params": network.body.parameters()}, {"params": [network.scale, network.shift], "lr": 0.05}
    descent = torch.optim.AdamW(list(groups), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(descent, [RATE, 0.05], total_steps=steps)
    for step in range(steps):
        sizes, pairs = rehearse(pictures, BATCH, k, rng, private=PRIVATE)
        shared = torch.from_numpy(share(pairs))[upper].float()
        vectors = network(torch.from_numpy(sizes).permute(0, 3, 1, 2))
        logits = network.scale * (vectors @ vectors.T)[upper] + network.shift
        loss = functional.binary_cross_entropy_with_logits(logits, shared)
        descent.zero_grad()
        loss.backward()
        descent.step()
        schedule.step()
        if told:
            told(step, loss.item())
    return network.eval()


def share(pairs: Array) -> Array:
    """(N, N) bool: whether encryptions have a private picture in common, of (N, 2) numbers of pictures."""
    return (pairs[:, None, :, None] == pairs[None, :, None, :]).any((2, 3))


@torch.inference_mode()
def vectors(network: Similarity, sizes: Array) -> Array:
    """(N, d) float32 of sizes (N, h, w, 3)."""
    parts = torch.from_numpy(np.ascontiguousarray(sizes)).permute(0, 3, 1, 2).split(250)
    return torch.cat([network(part) for part in parts]).numpy()
