"""Generative attack: ciphertexts under one key and public pictures, no pair between them, no label, no key.

After Madono et al., "SIA-GAN", IEEE Access 9, 129385-129393, 2021: a generator turns ciphertexts into
pictures, a discriminator is trained to tell these from public pictures, and the generator to leave it no way
(hinge loss, Adam with betas 0 and 0.9, batches of 64, as published). Ours:

- the generator may be a linear map of each block's atoms, which is all that a key does (`KeyMaps`), with up
  to a hundred times the published rate, for its weights have far to go; the longer it trains, the more it is
  held to what keys can do;
- what paints and what judges has a thirtieth of the published weights or less, rates fall along a cosine, and
  the generator returned is a running mean. We leave out the classifier that the published code trains beside
  both, and so the labels.

A discriminator says whether an output looks like a picture, never whether it is the right one:
`lib.metrics.ranks` does.
"""

import copy
import inspect
from dataclasses import asdict, dataclass, field

import torch
from torch import nn
from torch.nn import functional as F

from lib.attacks import AttackResult, catalogue, check_ciphers, measured
from lib.attacks.known_plaintext.inverse import apply
from lib.attacks.many_ciphertexts.generative_networks import Discriminator, KeyMaps, Painter
from lib.training import CPU, TEST_IDS, digest, encrypted, has_bfloat16, quiet, scaled
from lib.training.steps import by_steps
from lib.workbook import recording
from lib.workbook.recorded_attacks import scheme_of
from lib.workbook.trials import Trial, with_key

GENERATORS = {"key maps": KeyMaps, "painter": Painter}
"""What can be trained: all take the side of the images and the cipher's block and bits, which are no
secret."""
START, OTHERS = 4096, 500  # ciphertexts for a generator's `start`, and to settle what an attack leaves open


@dataclass(frozen=True)
class Recipe:
    """How to train.

    generator            one of `GENERATORS`, with `options`
    rate, judge_rate     of Adam, for the generator and for the discriminator
    width                of the discriminator
    tie                  what `KeyMaps.strain` counts in the last step; in the first it counts nothing
    average              decay of the running mean of the generator's weights
    """

    generator: str = "key maps"
    options: dict = field(default_factory=dict)
    steps: int = 3000
    batch: int = 64
    rate: float = 1e-2
    judge_rate: float = 4e-4
    width: int = 24
    tie: float = 1.0
    average: float = 0.99


@measured
def generative(
    ciphers, public, recipe: Recipe, *, block=1, bits=8, seed=0, folder=None, progress=False
) -> AttackResult:
    """Train on `ciphers` (n, h, w, 3) uint8, images square, and `public` pictures of their size, then decrypt
    the former.

    block, bits   of the cipher, which everybody knows
    folder        for a checkpoint, so that a killed run goes on
    The result's `recovered`: "generator", "losses" as `lib.training.steps.by_steps` gives them, and of
    `KeyMaps` the nearest key, "index" and "mask". `confidence` is 0, for nothing in the attack says whether
    an output is right.
    """
    ciphers = check_ciphers(ciphers, block)
    generator, losses = train(
        ciphers, public, recipe, block=block, bits=bits, seed=seed, folder=folder, progress=progress
    )
    key = generator.key() if hasattr(generator, "key") else {}
    recovered = {"generator": generator, "losses": losses, **key}
    return AttackResult(apply(generator, ciphers), recovered)


def train(
    ciphers, public, recipe: Recipe, *, block=1, bits=8, seed=0, folder=None, progress=False
) -> tuple[nn.Module, list[dict]]:
    """The generator, a running mean over its training, and the losses of both networks."""
    ciphers, public = check_ciphers(ciphers, block), check_ciphers(public, block)
    if ciphers.shape[1:] != public.shape[1:] or ciphers.shape[1] != ciphers.shape[2]:
        raise ValueError(
            f"expected square images of one size, got ciphertexts {ciphers.shape[1:3]} and public pictures {public.shape[1:3]}"
        )
    x, y = (torch.from_numpy(images).permute(0, 3, 1, 2) for images in (ciphers, public))
    with quiet(seed):
        generator = GENERATORS[recipe.generator](
            **{"side": x.shape[2], "block": block, "bits": bits} | recipe.options
        )
        judge = Discriminator(recipe.width)
        if hasattr(generator, "start"):
            generator.start(scaled(x[:START]))
        duel = Duel(
            generator.to(memory_format=torch.channels_last),
            judge.to(memory_format=torch.channels_last),
            recipe,
        )

        def step(number, draws):
            fake, real, more = (
                scaled(images[torch.randint(len(images), (recipe.batch,), generator=draws)])
                for images in (x, y, x)
            )
            return {"judge": duel.judged(real, fake), "generator": duel.answered(more, number)}

        about = asdict(recipe) | {"block": block, "bits": bits, "data": digest(ciphers, public)}
        losses = by_steps(
            duel.parts(), recipe.steps, step, seed=seed, folder=folder, about=about, progress=progress
        )
    return duel.mean.eval(), losses


class Duel:
    """Generator and discriminator with their optimisers, and the running mean of the generator."""

    def __init__(self, generator, judge, recipe):
        self.generator, self.judge, self.recipe, self.mean = (
            generator,
            judge,
            recipe,
            copy.deepcopy(generator),
        )
        self.optimisers, self.schedules = {}, {}
        for name, network, rate in (
            ("generator", generator, recipe.rate),
            ("judge", judge, recipe.judge_rate),
        ):
            optimiser = torch.optim.Adam(network.parameters(), rate, betas=(0.0, 0.9))
            self.optimisers[name] = optimiser
            self.schedules[name] = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps)

    def parts(self):
        """All that a step changes, by name."""
        parts = {"generator": self.generator, "judge": self.judge, "mean": self.mean}
        for kind, each in (("optimiser", self.optimisers), ("schedule", self.schedules)):
            parts |= {f"{kind} of {name}": part for name, part in each.items()}
        return parts

    def judged(self, real, ciphers):
        """A step of the discriminator: pictures above 1, outputs below -1. The loss; 2 where it cannot tell
        them apart."""
        with torch.no_grad():
            fake = self.generator(ciphers)
        loss = F.relu(1 - self.judge(real)).mean() + F.relu(1 + self.judge(fake)).mean()
        self._step("judge", loss)
        return loss.detach()

    def answered(self, ciphers, number):
        """A step of the generator: outputs that the discriminator rates high. The loss, without what ties it
        to keys."""
        self.judge.requires_grad_(False)
        loss = -self.judge(self.generator(ciphers)).mean()
        tie = self.recipe.tie * number / self.recipe.steps
        strain = self.generator.strain() if tie and hasattr(self.generator, "strain") else 0.0
        self._step("generator", loss + tie * strain)
        self.judge.requires_grad_(True)
        self._follow(max(1 - self.recipe.average, 1 / (number + 1)))
        return loss.detach()

    def _step(self, name, loss):
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()
        self.schedules[name].step()

    @torch.no_grad()
    def _follow(self, share):
        for mean, now in zip(self.mean.parameters(), self.generator.parameters()):
            mean.lerp_(now, share)
        for mean, now in zip(self.mean.buffers(), self.generator.buffers()):
            mean.copy_(now)


# -- recorded runs -------------------------------------------------------------------------------------------


def run(row: dict, seed: int, data, test, folder, progress: bool = False) -> dict:
    """Record a row of `lib.workbook.recorded_attacks`: half of the data are public, the others the victim's,
    of which ciphertexts are known.

    In the row: "recipe", "told" (the block and bits that the attacker reckons with; for the control these are
    of another scheme), and "beside", an attack out of `lib.attacks.catalogue` to compare with, which gets as
    many ciphertexts as it asks for. Scores are of `test`: "attack", "nearest key", "beside", "ciphertext",
    "mean", and ranks of "shuffled" ciphertexts.
    """
    recipe, victim, half = Recipe(**row["recipe"]), scheme_of(row, seed), len(data) // 2
    public, theirs = data.images[:half], data.images[half:]
    ciphers = encrypted(victim, theirs)
    generator, losses = train(
        ciphers, public, recipe, **row["told"], seed=seed, folder=folder, progress=progress
    )
    trial = Trial(encrypted(victim, test.images, TEST_IDS), test.images, (ciphers[:OTHERS], theirs[:OTHERS]))
    beside = catalogue.by_name(row["beside"])
    return {
        "network": f"{type(generator).__name__} against {Discriminator.__name__}",
        "parameters": sum(p.numel() for p in generator.parameters()),
        "judge_parameters": sum(p.numel() for p in Discriminator(recipe.width).parameters()),
        "recipe": asdict(recipe),
        "bfloat16": has_bfloat16(CPU),
        "seconds": round(sum(entry["seconds"] for entry in losses)),
        "losses": losses,
        "ciphertexts": {"attack": len(ciphers), "beside": beside.images},
        "scores": _scores(trial, generator, beside, public, row["told"]),
    }


def _scores(trial, generator, beside, public, told):
    """Of the generator, of what it is compared with, and of those that know nothing."""
    attacks = {"attack": lambda x: apply(generator, x), "ciphertext": lambda x: x}
    if hasattr(generator, "key"):
        attacks["nearest key"] = with_key(**generator.key(), **told)
    attacks["beside"] = _beside(beside, trial.ciphers, public, told)
    scores = {name: trial.scores(attack, beside.moves) for name, attack in attacks.items()}
    scores["mean"] = trial.scores(lambda x: recording.mean_picture(public, len(x)))
    return scores | {"shuffled": trial.shuffled(attacks["attack"], beside.moves)}


def _beside(attack, ciphers, public, told):
    """The other attack as a function; one that reads a key does so once, from as many ciphertexts as it asks
    for."""
    options = {
        name: value for name, value in told.items() if name in inspect.signature(attack.function).parameters
    }

    def found(some):
        return attack.run(catalogue.Known(some, public=public), **options)

    if attack.threat == catalogue.ONE:
        return lambda x: found(x).estimate
    key = found(ciphers[: attack.images]).recovered
    return with_key(key["index"], key["mask"], **told)
