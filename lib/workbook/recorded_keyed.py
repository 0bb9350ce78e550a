"""Models that hold the key, how exact they are, and what their weights tell: `data/results/keyed.json`.

    python -m lib.workbook.recorded_keyed --data npz:cifar10.npz

Networks: those of `lib.workbook.keyed_networks`, and two small ones that are trained here in a minute each.

- exact: for every cipher that a patch map can hold, the largest difference of scores (logits) between a keyed
  model on ciphertexts and the plain one on pictures, over the test set; accuracy; with another key's model;
  of plain pictures in a keyed model.
- curve: the attack of `lib.attacks.served_model.checkpoint`, where the served weights are the public ones and
  a change of so many times their norm, in random directions; ten keys each.
- tuned: the same after fine-tuning on labelled images, at several rates, before the key is applied.
- strangers: the control. The same where patch map and position code were drawn and trained anew under the
  key, and the public checkpoint has another map.
- filters: the attack of `lib.attacks.served_model.filters`, which has no checkpoint but a network of its own,
  trained on pictures that the served one never saw; and its control, a patch map that is not trained.

`right` is the share of an image's atoms whose place and sign are read right.
"""

import argparse
import copy
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from lib import Key, metrics
from lib.atomic import write_json
from lib.attacks import AttackResult
from lib.attacks.served_model.checkpoint import beside_checkpoint
from lib.attacks.served_model.filters import from_filters
from lib.datasets import Dataset, load
from lib.models.keyed import ServedWeights, keyed, served
from lib.schemes import (
    SKK,
    BlockPixelPermutation,
    BlockScheme,
    BlockShuffle,
    CompressionFriendly,
    EtC,
    ExtendedTanaka,
    NegativePositive,
    OneTimePad,
    RestrictedPermutation,
    Scheme,
    Tanaka,
)
from lib.training import Recipe, fit, logits
from lib.workbook import keyed_networks
from lib.workbook.keyed_networks import ROWS, keep, keep_own, kept, made
from lib.workbook.recording import RESULTS, about_data, versions

OUT = RESULTS / "keyed.json"
SHAPE = 32, 32, 3
CIPHERS = (Tanaka, ExtendedTanaka, SKK, EtC, BlockShuffle, NegativePositive, BlockPixelPermutation,
           RestrictedPermutation, CompressionFriendly)  # fmt: skip
READ = BlockShuffle, EtC, Tanaka  # one kernel for all blocks, one for each kind, nibbles
ALONE = BlockShuffle, BlockPixelPermutation  # blocks that stay, blocks that move
AMOUNTS = 0, 0.5, 1, 1.5, 2, 2.5, 3, 4
KEYS, FEWER = 10, 5  # keys; those that the attack reads that searches
PICTURES, CANDIDATES = 100, 900
RATES = 1e-4, 1e-3, 1e-2, 3e-2  # of fine-tuning
TUNED = Recipe(epochs=2, batch=100, crop=2, flip=True)
SMALL = Recipe(epochs=10, batch=100, rate=3e-3, crop=2, flip=True)
LESSON = "small ConvMixer"
ANEW = 3e-3  # of a patch map that is drawn anew
Attack = Callable[[ServedWeights, np.ndarray, int, int], AttackResult]
"""(served, ciphertexts, bits of an atom, seed)."""
Networks = dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module]]]
OTHERS, SOME = 10_000, 2000  # training images for fine-tuning; test images where no exactness is asked for


def scheme_of(kind: type[Scheme], seed: int) -> Scheme:
    """A scheme whose blocks are the networks' patches, or smaller."""
    return kind(Key.from_seed(seed), **({"block": 4} if issubclass(kind, BlockScheme) else {}))


def exact(model: nn.Module, test: Dataset) -> dict:
    """Of a plain network: its accuracy, and how its keyed copies do on ciphertexts of all test images; on
    SOME of them also with another key, without one, and on plain pictures."""
    plain, found = logits(model, test.images), {}
    for kind in CIPHERS:
        scheme, other = (scheme_of(kind, seed) for seed in range(2))
        ciphers, holder = scheme.encrypt(test.images), keyed(model, scheme.table(SHAPE))
        ours = logits(holder, ciphers)
        cases = {"another key": (keyed(model, other.table(SHAPE)), ciphers), "no key": (model, ciphers)}
        cases |= {"plain pictures": (holder, test.images)}
        found[scheme.label] = {
            "difference": float(np.abs(ours - plain).max()),
            "keyed": _accuracy(ours, test),
        }
        for name, (net, seen) in cases.items():
            found[scheme.label][name] = _accuracy(logits(net, seen[:SOME]), test)
    return {"accuracy": _accuracy(plain, test), "ciphers": found}


def _accuracy(scores, test):
    return round(float((scores.argmax(1) == test.labels[: len(scores)]).mean()), 4)


def changed(model: nn.Module, amount: float, seed: int) -> nn.Module:
    """A copy whose patch map, and position code, are changed by `amount` times their norm."""
    out, draws = copy.deepcopy(model), torch.Generator().manual_seed(seed)
    for weights in parts_of(out):
        change = torch.randn(weights.shape, generator=draws)
        weights.data += amount * change * weights.data.norm() / change.norm()
    return out


def parts_of(model: nn.Module) -> Iterator[nn.Parameter]:
    """The weights that a key goes into: of the patch map, and of the position code if there is one."""
    named = dict(model.named_parameters())
    ends = "patch_embed.proj.weight", "stem.0.weight", "pos_embed"
    return (named[name] for name in named if name.endswith(ends))


def read(heir: nn.Module, attack: Attack, kind: type[Scheme], seed: int, images: np.ndarray) -> dict:
    """How much of a key the weights of `heir`, once keyed, tell."""
    scheme = scheme_of(kind, 100 + seed)
    table = scheme.table(SHAPE)
    result = attack(served(keyed(heir, table)), scheme.encrypt(images), table.bits, seed)
    right = (result.recovered["index"] == table.index) & (result.recovered["mask"] == table.mask)
    sure = result.confidence > 0.9
    told = {"right": right, "confidence": result.confidence, "sure": sure, "sure and right": sure & right}
    means = {name: float(each.mean()) for name, each in told.items()}
    return means | {"seconds": result.seconds, "estimate": result.estimate}


def over_keys(
    heirs: list[nn.Module], attack: Attack, images: np.ndarray, others: np.ndarray, kinds: tuple = READ
) -> dict:
    """`read` for each kind: one heir and one key each; means, the least, and the leak of all pictures."""
    out, count = {}, PICTURES // len(heirs)
    for kind in kinds:
        each = [read(heir, attack, kind, seed, images) for seed, heir in enumerate(heirs)]
        estimates = np.concatenate([one.pop("estimate")[:count] for one in each])
        truth = np.concatenate([images[:count]] * len(heirs))
        pad = OneTimePad(Key.from_seed(9)).encrypt(truth, ids=range(len(truth)))
        told = {name: round(float(np.mean([one[name] for one in each])), 4) for name in each[0]}
        told["least"] = round(float(min(one["right"] for one in each)), 4)
        told["leak"] = [round(value, 3) for value in metrics.leak(estimates, pad, truth, others)[:3]]
        out[scheme_of(kind, 0).label] = told
    return out


def beside(public: nn.Module) -> Attack:
    """The attack that has a plain checkpoint."""
    return lambda held, ciphers, bits, _: beside_checkpoint(held, served(public, bits), ciphers)


def alone(own: nn.Module) -> Attack:
    """The attack that has a network of its own."""
    return lambda held, ciphers, _, seed: from_filters(held, served(own), ciphers, seed=seed)


def redrawn(model: nn.Module, seed: int) -> nn.Module:
    """A copy whose patch map and position code are drawn anew, of the same norms."""
    out, draws = copy.deepcopy(model), torch.Generator().manual_seed(seed)
    for weights in parts_of(out):
        fresh = torch.randn(weights.shape, generator=draws)
        weights.data = fresh * weights.data.norm() / fresh.norm()
    return out


def measured(
    model: nn.Module, own: nn.Module, train: Dataset, test: Dataset
) -> Iterator[tuple[str, str | None, dict]]:
    """A network's record, part by part as they come: name, the part's own name if there are several."""
    pictures = test.images[:PICTURES], test.images[PICTURES : PICTURES + CANDIDATES]
    yield "exact", None, exact(model, test)
    for name, heir in (("trained", model), ("not trained", redrawn(model, 2))):
        yield "filters", name, over_keys([heir] * FEWER, alone(own), *pictures, ALONE)
    anew = fit(lambda: redrawn(model, 1), train, replace(TUNED, rate=ANEW)).model
    yield "strangers", None, over_keys([anew] * KEYS, beside(model), *pictures)
    for amount in AMOUNTS:
        heirs = [changed(model, amount, seed) for seed in range(KEYS)]
        yield "curve", str(amount), over_keys(heirs, beside(model), *pictures)
    for rate in RATES:
        heir = fit(lambda: copy.deepcopy(model), train, replace(TUNED, rate=rate)).model
        pairs = [(a.detach(), b.detach()) for a, b in zip(parts_of(heir), parts_of(model))]
        change = [float((a - b).norm() / b.norm()) for a, b in pairs]
        about = {"change": [round(each, 3) for each in change]}
        about |= {"accuracy": _accuracy(logits(heir, test.images[:SOME]), test)}
        yield "tuned", str(rate), about | {"read": over_keys([heir] * KEYS, beside(model), *pictures)}


def record(networks: Networks, train: Dataset, test: Dataset, out: Path) -> dict:
    """Measure networks by name, each with one of the attacker's own, both made when their turn comes; what is
    there is written after each part. Others that are recorded of the same data stay."""
    found = {"data": about_data(train, test), "versions": versions("torch", "scipy")}
    before = json.loads(out.read_text()) if out.exists() else {}
    found["networks"] = before["networks"] if before.get("data") == found["data"] else {}
    for network, makers in networks.items():
        parts = found["networks"][network] = {}
        both = (make() for make in makers)
        for name, own, part in tqdm(measured(*both, train, test), network, disable=not sys.stderr.isatty()):
            parts[name] = part if own is None else parts.get(name, {}) | {own: part}
            write_json(out, found)
    return found


def small(name: str, data: Dataset, seed: int) -> nn.Module:
    """A small network, trained in a minute or two."""
    return fit(lambda: made(name), data, replace(SMALL, seed=seed)).model


def main(argv: list[str] | None = None) -> int:
    """Run everything."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="by name; all if none is given")
    parser.add_argument("--data", required=True, help="as lib.datasets.load names it")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(argv)
    train, test = load(args.data, limit=OTHERS), load(args.data, "test")
    mine = slice(PICTURES + CANDIDATES, None)  # the attacker's pictures: of none that is scored
    theirs = replace(test, images=test.images[mine], labels=test.labels[mine])
    own = {name: cache(partial(small, name, theirs, 1)) for name in keyed_networks.SMALL}
    networks = {name: (partial(kept, name), own[f"small {name}"]) for name in ROWS}
    networks |= {name: (cache(partial(small, name, train, 0)), own[name]) for name in own}
    if unknown := [name for name in args.networks if name not in networks]:
        parser.error(f"no network {unknown[0]!r}; known: {', '.join(networks)}")
    for name in args.networks or networks:
        if name == LESSON:  # lesson 30 reads its key without a checkpoint
            keep(name, networks[name][0]().state_dict())
            keep_own(served(own[name]()))
    record({name: networks[name] for name in args.networks or networks}, train, test, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
