"""Networks of lesson 31, narrow ones: behind each keyed defence, without one, and then trained adversarially.
Plain pictures and SHF have the speed run's body and recipe. These did not learn NP in minutes (23 % of the
training pictures after 4 epochs, 10 % with LE-AdaptNet in front), so NP and FFX have `FastNet` and AdamW, and
FFX has Tanaka's adaptation layer in front.

    python -m lib.workbook.defence_networks --data npz:cifar10.npz

Weights of the five that the lesson attacks are kept in `data/models`, rounded to 16 bits. An attacker's own,
trained under another key, is made again from its seed: it lies in `build/defences`, and not in the project.
What is there is not trained again.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lib.datasets import load
from lib.models import by_name
from lib.models.adversarial import FastAdversarial
from lib.schemes import Scheme
from lib.training import Recipe, fit
from lib.workbook import kept_weights
from lib.workbook.recording import ATTACKER, RESULTS, VICTIM, scheme_of

MODELS, OWN = RESULTS.parent / "models", RESULTS.parents[1] / "build" / "defences"
WIDTHS, CLASSES = (24, 48, 64), 10
RECIPES = {
    "airbench": Recipe.speed_run(),
    "fast": Recipe(batch=250, rate=0.01, smoothing=0.2, crop=2, flip=True, bfloat16=True),
}
DEFENCES = {name: {"name": name, "block": 4} for name in ("shf", "np", "ffx")}


@dataclass(frozen=True)
class Trained:
    """How a network is trained: behind a defence or none, whose key and weights come from `seed`."""

    defence: dict[str, Any] | None = None
    epochs: int = 2
    body: str = "airbench"
    adaptation: str | None = None  # layers in front of it
    seed: int = 0
    adversarial: bool = False  # the plain network, trained on under attack
    own: bool = False  # the attacker's

    @property
    def scheme(self) -> Scheme | None:
        """The defence with the key that the network was trained under."""
        return scheme_of(self.defence, (ATTACKER if self.own else VICTIM) + self.seed)


NETWORKS = {"plain": Trained(epochs=7), "shf": Trained(DEFENCES["shf"], epochs=7)}
NETWORKS |= {"np": Trained(DEFENCES["np"], 2, "fast"), "ffx": Trained(DEFENCES["ffx"], 2, "fast", "tanaka")}
NETWORKS["adversarial"] = Trained(adversarial=True, epochs=2)
NETWORKS["own shf"] = Trained(DEFENCES["shf"], 2, "fast", seed=1, own=True)


def made(name: str) -> nn.Module:
    """The network of this name before training; weights are drawn from torch's generator."""
    how = NETWORKS[name]
    return by_name(how.body, CLASSES, block=4, adaptation=how.adaptation, widths=WIDTHS)


def path(name: str) -> Path:
    """Where the weights of a network are kept."""
    return (OWN if NETWORKS[name].own else MODELS) / f"defence-{name.replace(' ', '-')}.npz"


def kept(name: str) -> nn.Module:
    """The network of this name with its weights, in evaluation mode. OSError where it is not trained."""
    with torch.random.fork_rng(devices=[]):
        model = made(name)
    return kept_weights.load(path(name), model)


def keep(name: str, model: nn.Module) -> None:
    """Keep the weights of a trained network under this name."""
    kept_weights.save(path(name), getattr(model, "network", model).state_dict())


def train(name: str, data: str) -> None:
    """Train and keep a network."""
    how = NETWORKS[name]
    model = (lambda: FastAdversarial(kept("plain"))) if how.adversarial else (lambda: made(name))
    recipe = replace(RECIPES[how.body], epochs=how.epochs, seed=how.seed)
    run = fit(model, load(data), recipe, scheme=how.scheme, progress=sys.stderr.isatty())
    keep(name, run.model)
    right, seconds = run.history[-1]["train_accuracy"], sum(each["seconds"] for each in run.history)
    print(f"{name}: {right:.3f} of training pictures, {seconds:.0f} s", flush=True)


def main(argv: list[str] | None = None) -> int:
    """Train what is not there."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NETWORK", help="by name; all if none is given")
    parser.add_argument("--data", required=True, help="as lib.datasets.load names it")
    args = parser.parse_args(argv)
    if unknown := [name for name in args.names if name not in NETWORKS]:
        parser.error(f"no network {unknown[0]!r}; known: {', '.join(NETWORKS)}")
    for name in args.names or NETWORKS:
        if not path(name).exists():
            train(name, args.data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
