"""What a patch and its encoding by an unknown random network have in common: a small pair of networks says.

After Carlini et al., arXiv:2108.07256, and their code: moments of a patch's values, and of its encoding's,
each less the mean of all pictures at that place, go through two small networks. These learn from pictures of
the attacker's own, encoded by random encoders of the attacker's own: the two vectors of a patch are to be
alike, and unlike those of other patches (contrastive loss with a learned scale). One patch tells little, and
a picture has many.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lib.models.patch_encoder import drawn

Array = np.ndarray
MOMENTS = 15
HIDDEN, SIZE = 64, 8  # values of a layer, and of the vectors that are compared
ENCODERS, PICTURES = 20, 100  # of a rehearsal: random encoders, and pictures that each encodes
STEPS, BATCH, RATE = 600, 512, 3e-3


class PatchFeatures(nn.Module):
    """Two networks from moments (n, 15) to vectors (n, 8) of length 1: `plain` and `hidden`."""

    def __init__(self):
        super().__init__()
        self.plain, self.hidden = _network(), _network()
        self.scale = nn.Parameter(torch.tensor(1.0))

    def loss(self, plain: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Of moments (n, 15) each, row by row of one patch."""
        a, b = self.plain(plain), self.hidden(hidden)
        likeness = self.scale.clamp(-2, 4).exp() * functional.normalize(a) @ functional.normalize(b).T
        return functional.cross_entropy(likeness, torch.arange(len(a)))


def _network():
    sizes = MOMENTS, HIDDEN, HIDDEN, SIZE
    first, *layers = [nn.Linear(*each) for each in pairwise(sizes)]
    deeper = [part for layer in layers for part in (nn.LeakyReLU(), layer)]
    return nn.Sequential(nn.BatchNorm1d(MOMENTS, affine=False), first, *deeper)


def moments(values: Array) -> Array:
    """(n, patches, 15) float32 of values (n, patches, d), less their mean over pictures: their mean, and the
    k-th root of the size of the k-th moment about it, k from 1 to 14 (the first moment is 0)."""
    values = values - values.mean(0)
    mean = values.mean(2, keepdims=True)
    centred, power, found = values - mean, np.ones_like(values), [mean[..., 0]]
    for k in range(1, MOMENTS):
        power *= centred
        found.append(np.abs(power.mean(2)) ** (1 / k))
    return np.stack(found, 2).astype(np.float32)


@torch.inference_mode()
def rehearse(pictures: Array, depth: int, width: int, rng: np.random.Generator,
             encoders: int = ENCODERS) -> tuple[Array, Array]:  # fmt: skip
    """Moments (m, 15) of patches, and of their encodings by fresh random encoders, row by row of one patch;
    pictures (n, patches, size) float32 are the attacker's own."""
    found = []
    for _ in range(encoders):
        some = pictures[rng.permutation(len(pictures))[:PICTURES]]
        encoder = drawn(depth, *pictures.shape[1:], width, int(rng.integers(1 << 31)))
        both = some, encoder(torch.from_numpy(some)).numpy()
        found.append([moments(each).reshape(-1, MOMENTS) for each in both])
    return tuple(np.concatenate(each) for each in zip(*found))


def train(plain: Array, hidden: Array, seed: int = 0, steps: int = STEPS) -> PatchFeatures:
    """The networks, from moments (m, 15) each, as `rehearse` gives them."""
    pairs, draws = (torch.from_numpy(plain), torch.from_numpy(hidden)), torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PatchFeatures().train()
    descent = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(descent, RATE, total_steps=steps)
    for _ in range(steps):
        some = torch.randint(len(plain), (BATCH,), generator=draws)
        loss = network.loss(*(part[some] for part in pairs))
        descent.zero_grad()
        loss.backward()
        descent.step()
        schedule.step()
    return network.eval()


@torch.inference_mode()
def vectors(network: nn.Module, values: Array) -> Array:
    """(n, patches, 8) float32, of length 1, of values (n, patches, d); `network` is one of the two."""
    found = torch.from_numpy(moments(values))
    return functional.normalize(network(found.flatten(0, 1))).unflatten(0, found.shape[:2]).numpy()
