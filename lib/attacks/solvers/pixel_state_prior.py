"""What photographs are like, learned for one question: which of its 48 states is an SKK pixel in?

SKK leaves the sorted folds of a pixel, `lib.metrics.invariant`, under every key. So a network is trained on
public photographs alone, by `lib.workbook.prior_training`, and no key is ever drawn. A state, numbered as in
`lib.symmetries`, says which of the three folds each colour has, and on which side of 127.5.

The network is a small U-Net (O. Ronneberger, P. Fischer, T. Brox, MICCAI 2015) with residual blocks at a half
to a sixteenth of the size; only its last two layers work on single pixels. Beside its weights lie the counts
of `lib.attacks.solvers.belief_propagation`, and how often a state was right that was thought so likely, in
the worst quarter of images that were not trained on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from lib.attacks.solvers.belief_propagation import marginals, odds, tables
from lib.metrics import invariant
from lib.symmetries import COLOURS, PIXEL_STATES, SIGNS

WEIGHTS = Path(__file__).resolve().parents[3] / "data" / "models" / "orbit_prior.npz"
POWER = 0.06  # of the odds of neighbours; chosen on training images of CIFAR-10

TURN, SHIFT = PIXEL_STATES.astype(np.float32), np.tile(SIGNS, (6, 1)).astype(np.float32)
"""State s makes TURN[s] @ folds + SHIFT[s] of sorted folds."""
MAPS = torch.from_numpy(np.concatenate([TURN.reshape(48, 9), SHIFT], 1))


def state_values(folds: np.ndarray) -> np.ndarray:
    """All states of sorted folds (..., 3): (..., 48, 3) float32, whole numbers."""
    return np.einsum("scj,...j->...sc", TURN, folds.astype(np.float32)) + SHIFT


def states_of(images: np.ndarray) -> np.ndarray:
    """The state of each pixel of plain images (..., 3) uint8, int64; of equal folds the first counts as less.

    >>> states_of(np.array([[10, 20, 30], [30, 235, 10]], np.uint8))
    array([ 0, 42])
    """
    place = np.argsort(np.argsort(np.minimum(images, 255 - images), -1, kind="stable"), -1)
    order = np.searchsorted(COLOURS @ [9, 3, 1], place @ [9, 3, 1])  # colour orders ascend
    return 8 * order + ((images > 127) * np.array([1, 2, 4])).sum(-1)


class _Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a, self.b = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.b.weight)
        nn.init.zeros_(self.b.bias)

    def forward(self, x):
        return x + self.b(F.relu(self.a(F.relu(x))))


class OrbitPrior(nn.Module):
    """Sorted folds (n, 3, h, w) float, 0 to 127, to logits of states (n * h * w, 48), or of `pixels`."""

    def __init__(self, fine: int = 12, widths: tuple[int, ...] = (32, 64, 96, 128), up: int = 24):
        super().__init__()
        half, quarter, eighth, least = widths
        self.stem = nn.Conv2d(3, fine, 3, padding=1)
        self.d1 = nn.Conv2d(12, half, 3, padding=1)
        self.d2, self.r2 = nn.Conv2d(half, quarter, 2, 2), _Residual(quarter)
        self.d3, self.r3 = nn.Conv2d(quarter, eighth, 2, 2), _Residual(eighth)
        self.d4, self.r4 = nn.Conv2d(eighth, least, 2, 2), _Residual(least)
        self.g = nn.Linear(least, least)
        self.u3, self.q3 = nn.Conv2d(least, eighth, 1), _Residual(eighth)
        self.u2, self.q2 = nn.Conv2d(eighth, quarter, 1), _Residual(quarter)
        self.u1, self.q1 = nn.Conv2d(quarter, half, 1), nn.Conv2d(half, half, 3, padding=1)
        self.u0 = nn.Conv2d(half, 4 * up, 1)
        self.h, self.out = nn.Linear(up + fine, 48), nn.Linear(48, 48)

    def forward(self, folds: torch.Tensor, pixels: torch.Tensor | None = None):
        h, w = folds.shape[-2:]
        x = F.pad(folds, (0, -w % 16, 0, -h % 16), mode="replicate") / 64 - 1
        x = x.contiguous(memory_format=torch.channels_last)
        x0, x1 = self.stem(x), self.d1(F.pixel_unshuffle(x, 2))
        x2 = self.r2(self.d2(F.relu(x1)))
        x3 = self.r3(self.d3(F.relu(x2)))
        x4 = self.r4(self.d4(F.relu(x3)))
        x4 = x4 + self.g(F.relu(x4).mean((2, 3)))[:, :, None, None]
        y = self.q3(x3 + F.interpolate(self.u3(F.relu(x4)), scale_factor=2))
        y = self.q2(x2 + F.interpolate(self.u2(F.relu(y)), scale_factor=2))
        y = x1 + F.interpolate(self.u1(F.relu(y)), scale_factor=2)
        y = y + self.q1(F.relu(y))
        y = torch.cat([x0, F.pixel_shuffle(self.u0(F.relu(y)), 2)], 1)
        y = y[..., :h, :w].permute(0, 2, 3, 1).flatten(0, 2)
        y = y if pixels is None else y[pixels]
        return self.out(F.relu(self.h(F.relu(y))))


@dataclass(frozen=True, eq=False)
class Prior:
    """The network, and the counts of neighbours (3456, 3)."""

    network: OrbitPrior
    neighbours: np.ndarray


@cache
def stored(path: Path = WEIGHTS) -> Prior:
    """The prior of a file, by default this repository's; FileNotFoundError that says how to make it."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there; python -m lib.workbook.prior_training makes it")
    with np.load(path, allow_pickle=False) as arrays:
        found = {name: arrays[name].astype(np.float32) for name in arrays}
    neighbours = found.pop("neighbours")
    network = OrbitPrior()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in found.items()})
    return Prior(network.eval().to(memory_format=torch.channels_last), neighbours)


def states(images: np.ndarray, prior: Prior) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each of images or ciphertexts (n, h, w, 3) uint8, no key matters: (picture, mean, chance).

    picture   (h, w, 3) uint8, each pixel in its likeliest state, so with the invariant of the input
    mean      (h, w, 3) uint8, the mean over states: the least squared error that can be expected
    chance    (h, w) float32, by the network alone, of all states that are the same colour as the one chosen,
              times `likeness`: in noise there is nothing to be sure of, whatever the network says
    """
    pair_odds = odds(prior.neighbours, POWER)
    for folds, logs in zip(invariant(images), log_probabilities(images, prior.network)):
        alone = np.exp(logs)
        beliefs = marginals(alone, tables(folds, pair_odds))
        values = state_values(folds)
        picture = np.take_along_axis(values, beliefs.argmax(-1)[..., None, None], 2)[:, :, 0]
        mean = np.einsum("hws,hwsc->hwc", beliefs, values)
        chance = (alone * (values == picture[:, :, None]).all(-1)).sum(-1) * likeness(folds)
        yield picture.astype(np.uint8), np.clip(mean.round(), 0, 255).astype(np.uint8), chance


def likeness(folds: np.ndarray) -> float:
    """How much more alike neighbours are than any two pixels, 0 (noise, one colour) to 1; folds (h, w, 3)."""
    folds = folds.astype(np.float32)
    pixels = folds.reshape(-1, 3)
    far = abs(pixels - np.random.default_rng(0).permutation(pixels)).mean()
    near = [abs(np.diff(folds, axis=axis)).mean() for axis in (0, 1) if folds.shape[axis] > 1]
    return max(0.0, 1 - float(np.mean(near) / far)) if near and far else 0.0


def log_probabilities(images: np.ndarray, network: OrbitPrior) -> np.ndarray:
    """By the network alone: of each pixel's 48 states, (n, h, w, 48) float32; images (n, h, w, 3) uint8."""
    found = []
    for folds in invariant(images):  # one by one: memory stays small
        with torch.inference_mode():
            logits = network(torch.from_numpy(folds).float().permute(2, 0, 1)[None])
            found.append(logits.log_softmax(1).reshape(*folds.shape[:2], 48).numpy())
    return np.stack(found)


def state_loss(logits: torch.Tensor, folds: torch.Tensor, plain: np.ndarray) -> torch.Tensor:
    """The loss of logits (p, 48), or (p, 8) of signs, for pixels of folds (p, 3) and colours (p, 3) uint8."""
    logs = logits.float().log_softmax(1)
    states = torch.from_numpy(states_of(plain) % logs.shape[1])
    error = (mean_colours(logs.exp(), folds) - torch.from_numpy(plain).float()) / 64
    return F.nll_loss(logs, states) + 2 * error.pow(2).mean()


def mean_colours(chances: torch.Tensor, folds: torch.Tensor) -> torch.Tensor:
    """(p, 3) floats: the mean colour of pixels of folds (p, 3) over states of such chances (p, 48 or 8)."""
    mixed = chances @ MAPS[: chances.shape[1]]
    return (mixed[:, :9].view(-1, 3, 3) * folds[:, None]).sum(-1) + mixed[:, 9:]
