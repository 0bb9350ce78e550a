"""Inverse transformation network (ITN): trained on pairs to turn ciphertexts back into pictures.

W. Sirichotedumrong, H. Kiya, "Visual Security Evaluation of Learnable Image Encryption Methods against
Ciphertext-only Attacks", arXiv:2010.06198, and the code ito-hiroki/learnable_encryption_robustness (2022).
An attacker with the *same key* has pairs under the victim's, from an oracle or from a leak; one with
*different keys* knows the algorithm, and makes pairs of public pictures, each under a new key of his own.

Where the published code differs: its networks end in tanh, and the training loop puts a sigmoid behind that,
which the program that scores leaves out (`Recipe("published", ...)` has it with and without); they read
bytes, where Tanaka's scheme moves nibbles, and one network for all blocks cannot undo keys of blocks, nor
their shuffling; they are trained with SGD for 50 epochs, ours with AdamW, the rate on one cycle.
"""

from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from lib.attacks import AttackResult, check_ciphers, measured
from lib.attacks.known_plaintext import inverse_networks as networks
from lib.attacks.solvers.belief_propagation import counts, marginals, odds, tables
from lib.attacks.solvers.pixel_state_prior import POWER, state_values
from lib.metrics import invariant
from lib.training import digest, quiet, scaled
from lib.training.steps import by_steps

NETWORKS = {
    "block maps": networks.BlockMaps,
    "pixel states": lambda side, block, bits, **o: networks.PixelStates(**o),
    "block features": networks.BlockFeatures,
    "published": lambda side, block, bits, **o: networks.Published(block, **o),
}
"""What can be trained: all take the side of the images and the cipher's block and bits, no secrets."""
START = 1000  # pairs that a network's `start` is given
Array = np.ndarray
COUNTED = 2000  # public pictures in which pairs of neighbours are counted


@dataclass(frozen=True)
class Recipe:
    """How to train: AdamW, the rate on one cycle up to `rate` and down to nothing."""

    network: str  # one of `NETWORKS`, with `options`
    options: dict = field(default_factory=dict)
    pairs: int = 50_000
    steps: int = 1000
    batch: int = 64
    rate: float = 0.01
    flip: bool = False  # half of the batches in the mirror, answers from both: where the key is not seen
    neighbours: bool = False  # settle pixel states by `lib.attacks.solvers.belief_propagation`


@measured
def inverse(plain: Array, pair_ciphers: Array, ciphers: Array, recipe: Recipe, **options) -> AttackResult:
    """Train on pairs, then turn `ciphers` (n, h, w, 3) uint8 into pictures.

    plain, pair_ciphers   (m, h, w, 3) uint8, under the key of `ciphers` or under any
    options               as for `train`
    The result's `recovered`: "network", and "losses" as `lib.training.steps.by_steps` gives them.
    """
    block = options.get("block", 1)
    ciphers, pair_ciphers, plain = (check_ciphers(each, block) for each in (ciphers, pair_ciphers, plain))
    pair_ciphers, plain = pair_ciphers[: recipe.pairs], plain[: recipe.pairs]
    shapes = [images.shape for images in (pair_ciphers, plain, ciphers)]
    if shapes[0] != shapes[1] or shapes[0][1:] != shapes[2][1:]:
        raise ValueError(f"pairs and ciphertexts are of one size, got {shapes}")
    network, losses = train(pair_ciphers, plain, recipe, **options)
    if recipe.neighbours:
        estimate = settled(network, ciphers, plain, recipe.flip)
    else:
        estimate = apply(network, ciphers, recipe.flip)
    return AttackResult(estimate, {"network": network, "losses": losses})


def train(ciphers: Array, plain: Array, recipe: Recipe, block: int = 1, bits: int = 8, seed: int = 0, **run):
    """A network trained on pairs (n, h, w, 3) uint8 of ciphers of `block` and `bits`, and its losses. run: a
    "folder" for a checkpoint, so that a killed run goes on, and "progress"."""
    x, y = (torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2) for images in (ciphers, plain))
    with quiet(seed):
        facts = {"side": x.shape[2], "block": block, "bits": bits}
        network = NETWORKS[recipe.network](**facts | recipe.options).to(memory_format=torch.channels_last)
        if hasattr(network, "start"):
            network.start(scaled(x[:START]), scaled(y[:START]))
        optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, recipe.steps, pct_start=0.1)
        network.train()

        def step(number, draws):
            part = torch.randint(len(x), (recipe.batch,), generator=draws)
            a, b = scaled(x[part]), scaled(y[part])
            if recipe.flip and number % 2:
                a, b = a.flip(3), b.flip(3)
            loss = network.loss(a, b, draws) if hasattr(network, "loss") else F.mse_loss(network(a), b)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            return {"loss": loss.detach()}

        parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
        about = asdict(recipe) | {"data": digest(ciphers, plain)}
        losses = by_steps(parts, recipe.steps, step, seed=seed, about=about, **run)
    return network.eval(), losses


@torch.no_grad()
def apply(network: nn.Module, ciphers: np.ndarray, flip: bool = False, batch: int = 100) -> np.ndarray:
    """The pictures (n, h, w, 3) uint8 that a network makes of ciphertexts."""
    network.eval()
    found = []
    for part in torch.from_numpy(ciphers).permute(0, 3, 1, 2).split(batch):
        x = scaled(part)
        out = (network(x) + network(x.flip(3)).flip(3)) / 2 if flip else network(x)
        found.append(((out.float() + 1) * 127.5).round().clamp(0, 255).byte())
    return torch.cat(found).permute(0, 2, 3, 1).contiguous().numpy()


def settled(network: nn.Module, ciphers: np.ndarray, public: np.ndarray, flip: bool = False) -> np.ndarray:
    """`apply`, but neighbours settle what the network is not sure of, as counted in public pictures.
    ValueError for a network other than `PixelStates`, or of signs alone: the field is one of 48 states."""
    if not isinstance(network, networks.PixelStates) or network.ordered:
        raise ValueError("neighbours settle states of sorted folds: neighbours=True is for such pixel states")
    pair_odds = odds(counts(public[:COUNTED]), POWER)
    found = []
    for cipher, folds in zip(ciphers, invariant(ciphers)):
        beliefs = marginals(network.chances(cipher, flip), tables(folds, pair_odds))
        found.append(np.einsum("hws,hwsc->hwc", beliefs, state_values(folds)))
    return np.stack(found).round().clip(0, 255).astype(np.uint8)
