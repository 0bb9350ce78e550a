"""Generative attack: ciphertexts under one key and public pictures, no pair between them, no label, no key.

After Madono et al., "SIA-GAN", IEEE Access 9, 129385-129393, 2021: a generator turns ciphertexts into
pictures, a discriminator is trained to tell these from public pictures, and the generator to leave it no way
(hinge loss, Adam with betas 0 and 0.9, batches of 64, as published). Ours may be a linear map of each block's
atoms, which is all that a key does (`KeyMaps`), with up to a hundred times the published rate, and ever more
held to what keys can do. What paints and what judges has a thirtieth of the published weights or less, rates
fall along a cosine, the generator returned is a running mean, and there is no classifier beside both, and so
no label. A discriminator says whether an output looks like a picture; `lib.metrics.ranks`, which one.
"""

import copy
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from lib.attacks import AttackResult, check_ciphers, measured
from lib.attacks.known_plaintext.inverse import apply
from lib.attacks.many_ciphertexts.generative_networks import Discriminator, KeyMaps, Painter
from lib.training import digest, quiet, scaled
from lib.training.steps import by_steps

GENERATORS = {"key maps": KeyMaps, "painter": Painter}
"""What can be trained: all take the side of the images and the cipher's block and bits, no secrets."""
Array = np.ndarray
START = 4096  # ciphertexts for a generator's `start`


@dataclass(frozen=True)
class Recipe:
    """How to train."""

    generator: str = "key maps"  # one of `GENERATORS`, with `options`
    options: dict = field(default_factory=dict)
    steps: int = 3000
    batch: int = 64
    rate: float = 1e-2  # of Adam
    judge_rate: float = 4e-4  # of Adam, for the discriminator
    width: int = 24  # of the discriminator
    tie: float = 1.0  # what `KeyMaps.strain` counts in the last step; in the first it counts nothing
    average: float = 0.99  # decay of the running mean of the generator's weights


@measured
def generative(ciphers: np.ndarray, public: np.ndarray, recipe: Recipe, **options) -> AttackResult:
    """Train on `ciphers` (n, h, w, 3) uint8, images square, and `public` pictures of their size, then decrypt
    the former; options as for `train`. The result's `recovered`: "generator", "losses" as of
    `lib.training.steps.by_steps`, and of `KeyMaps` the nearest key, "index" and "mask"."""
    ciphers = check_ciphers(ciphers, options.get("block", 1))
    generator, losses = train(ciphers, public, recipe, **options)
    key = generator.key() if hasattr(generator, "key") else {}
    recovered = {"generator": generator, "losses": losses, **key}
    return AttackResult(apply(generator, ciphers), recovered)


def train(ciphers: Array, public: Array, recipe: Recipe, block: int = 1, bits: int = 8, seed: int = 0, **run):
    """The generator, a running mean over its training, and the losses of both networks; block and bits of the
    cipher. run: a "folder" for a checkpoint, so that a killed run goes on, and "progress"."""
    ciphers, public = check_ciphers(ciphers, block), check_ciphers(public, block)
    if ciphers.shape[1:] != public.shape[1:] or ciphers.shape[1] != ciphers.shape[2]:
        sizes = f"ciphertexts {ciphers.shape[1:3]} and public pictures {public.shape[1:3]}"
        raise ValueError(f"expected square images of one size, got {sizes}")
    x, y = (torch.from_numpy(images).permute(0, 3, 1, 2) for images in (ciphers, public))
    with quiet(seed):
        facts = {"block": block, "bits": bits}
        generator = GENERATORS[recipe.generator](**{"side": x.shape[2]} | facts | recipe.options)
        judge = Discriminator(recipe.width)
        if hasattr(generator, "start"):
            generator.start(scaled(x[:START]))
        duel = Duel(generator, judge, recipe)

        def step(number, draws):
            def some(images):
                return scaled(images[torch.randint(len(images), (recipe.batch,), generator=draws)])

            fake, real, more = some(x), some(y), some(x)
            return {"judge": duel.judged(real, fake), "generator": duel.answered(more, number)}

        about = asdict(recipe) | facts | {"data": digest(ciphers, public)}
        losses = by_steps(duel.parts(), recipe.steps, step, seed=seed, about=about, **run)
    return duel.mean.eval(), losses


class Duel:
    """Generator and discriminator with their optimisers, and the running mean of the generator."""

    def __init__(self, generator: nn.Module, judge: nn.Module, recipe: Recipe):
        self.recipe, self.optimisers, self.schedules = recipe, {}, {}
        self.generator, self.judge = (net.to(memory_format=torch.channels_last) for net in (generator, judge))
        self.mean = copy.deepcopy(self.generator)
        for name, rate in (("generator", recipe.rate), ("judge", recipe.judge_rate)):
            optimiser = torch.optim.Adam(getattr(self, name).parameters(), rate, betas=(0.0, 0.9))
            self.optimisers[name] = optimiser
            self.schedules[name] = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)

    def parts(self) -> dict:
        """All that a step changes, by name."""
        parts = {"generator": self.generator, "judge": self.judge, "mean": self.mean}
        for kind, each in (("optimiser", self.optimisers), ("schedule", self.schedules)):
            parts |= {f"{kind} of {name}": part for name, part in each.items()}
        return parts

    def judged(self, real: torch.Tensor, ciphers: torch.Tensor) -> torch.Tensor:
        """A step of the discriminator: pictures above 1, outputs below -1. The loss; 2 if all look alike."""
        with torch.no_grad():
            fake = self.generator(ciphers)
        loss = F.relu(1 - self.judge(real)).mean() + F.relu(1 + self.judge(fake)).mean()
        self._step("judge", loss)
        return loss.detach()

    def answered(self, ciphers: torch.Tensor, number: int) -> torch.Tensor:
        """A step of the generator: outputs that the discriminator rates high. The loss, without the tie."""
        self.judge.requires_grad_(False)
        loss = -self.judge(self.generator(ciphers)).mean()
        tie = self.recipe.tie * number / self.recipe.steps
        strain = self.generator.strain() if tie and hasattr(self.generator, "strain") else 0.0
        self._step("generator", loss + tie * strain)
        self.judge.requires_grad_(True)
        with torch.no_grad():
            for mean, now in zip(self.mean.parameters(), self.generator.parameters()):
                mean.lerp_(now, max(1 - self.recipe.average, 1 / (number + 1)))
            for mean, now in zip(self.mean.buffers(), self.generator.buffers()):
                mean.copy_(now)
        return loss.detach()

    def _step(self, name, loss):
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()
        self.schedules[name].step()
