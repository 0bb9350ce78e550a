"""What privacy costs on one task, measured on one core: `data/results/privacy.json`, for lesson 34.

    python -m lib.workbook.recorded_privacy --data npz:cifar10.npz
    python -m lib.workbook.recorded_privacy --data npz:cifar10.npz ciphers --seeds 0

Each part trains small networks on all training pictures, and writes what it found after each run; what is
recorded is not run again. An accuracy is of the last epoch, on all test pictures.

    ciphers      learnable encryption as published: one small body, the adaptation network of each cipher in
                 front; plain pictures and a one-time pad beside them
    encrypted    a linear model and `SquareNet`, trained on plain pictures and evaluated on CKKS ciphertexts,
                 the latter on shares, too
    private      DP-SGD at two budgets, and the same network without

Seconds are those that a core worked. Rates of DP-SGD were settled on 5,000 pictures set apart from training.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from lib import Key
from lib.atomic import write_json
from lib.datasets import Dataset, load
from lib.formats import read
from lib.models import by_name
from lib.training import Recipe, Run, encrypted, fit, predict
from lib.workbook.privacy import homomorphic, private_training, shares
from lib.workbook.privacy.networks import GroupNet, SquareNet, SquareWeights, scores, values
from lib.workbook.recording import RESULTS, VICTIM, PartedRecord, scheme_of

OUT = RESULTS / "privacy.json"
SEEDS = {"encrypted": 3, "private": 3, "ciphers": 1}  # full runs of ciphers are recorded in training/
CIPHERS = {
    "plain pictures": (None, None),
    "LE": ({"name": "tanaka", "block": 4}, "tanaka"),
    "EtC": ({"name": "etc", "block": 4}, "ele"),
    "SKK, a key per image": ({"name": "skk", "per_image": True}, "pixel"),
    "one-time pad": ({"name": "otp"}, None),
}
"""Scheme and adaptation network by the name in the tables."""
WIDTHS = (16, 32, 32)  # of the body of all of them, `lib.models.FastNet`
RECIPE = {"epochs": 3, "batch": 250, "rate": 5e-3, "crop": 2, "flip": True, "augment": "after",
          "bfloat16": True}  # fmt: skip
SQUARE = {"epochs": 8, "batch": 250, "rate": 5e-3, "crop": 2, "flip": True}
GROUP = {"epochs": 10, "batch": 250, "rate": 5e-3, "crop": 2, "flip": True}
BUDGETS = 8.0, 3.0  # epsilon
ENCRYPTED, SHARED = 12, 500  # test pictures a seed, evaluated on ciphertexts and on shares
TIMED = 500  # pictures of which the seconds for one are a mean


class Privacy(PartedRecord):
    """The record: settings, data, and by part and name the runs, by seed."""

    KIND = "record of what privacy costs"
    ciphers: dict[str, dict[str, dict[str, float]]] = {}
    encrypted: dict[str, dict[str, dict[str, float | dict[str, float]]]] = {}
    private: dict[str, dict[str, dict[str, float]]] = {}


def timed(work: Callable) -> tuple[Any, float]:
    """What a call gives, and the seconds that the core worked."""
    started = time.process_time()
    return work(), time.process_time() - started


def trained(run: Run) -> dict[str, float]:
    """What is told of a training by `lib.training.fit`."""
    return {"accuracy": run.history[-1]["test_accuracy"],
            "training": round(sum(each["seconds"] for each in run.history), 1)}  # fmt: skip


def of_one(run: Run, images: np.ndarray) -> float:
    """Seconds of the server for one picture, in a batch."""
    return round(timed(lambda: predict(run.model, images))[1] / len(images), 6)


# -- the parts: {name: (train, test, seed) to a run} ---------------------------------------------------------


def by_cipher(name: str, data: Dataset, test: Dataset, seed: int) -> dict[str, float]:
    """The small body behind a cipher's adaptation network."""
    settings, adaptation = CIPHERS[name]
    scheme = scheme_of(settings, VICTIM + seed)
    options = {"block": getattr(scheme, "block", 1), "bits": getattr(scheme, "bits", 8), "widths": WIDTHS}
    run = fit(lambda: by_name("fast", 10, adaptation=adaptation, **options), data,
              Recipe(seed=seed, **RECIPE), scheme=scheme, test=test)  # fmt: skip
    some = test.images[:TIMED]
    client = timed(lambda: encrypted(scheme, some))[1] / len(some) if scheme else 0.0
    size = sum(p.numel() for p in run.model.parameters())
    return trained(run) | {"client": round(client, 6), "server": of_one(run, some),
                           "parameters": size, "up": some[0].size, "down": 40}  # fmt: skip


class Linear(nn.Sequential):
    """(n, 3, 32, 32) floats to (n, classes)."""

    def __init__(self, classes: int):
        super().__init__(nn.Flatten(), nn.Linear(3072, classes))


def on_ciphertexts(
    images: np.ndarray, encrypt: Callable, evaluate: Callable, plain: np.ndarray
) -> dict[str, float]:
    """Pictures one by one: encrypted, evaluated, decrypted; against the scores of the plain network."""
    client = homomorphic.client_context()
    public = homomorphic.public_part(client)
    server, found = homomorphic.server_context(public), []
    for image, scored in zip(images, plain):
        sent, encrypting = timed(lambda: encrypt(client, image))  # noqa: B023
        answers, evaluating = timed(lambda: evaluate(server, sent))  # noqa: B023
        got, decrypting = timed(lambda: homomorphic.received(client, answers))  # noqa: B023
        up = len(sent) if isinstance(sent, bytes) else sum(map(len, sent))
        down, error = sum(map(len, answers)), np.abs(got - scored).max()
        found.append((encrypting + decrypting, evaluating, up, down, got.argmax() == scored.argmax(), error))
    mean = dict(zip(("client", "server", "up", "down", "agree"), np.mean(found, 0)[:5].round(4).tolist()))
    worst = {"error": float(np.max(found, 0)[5]), "largest score": float(np.abs(plain).max())}
    return mean | worst | {"images": len(images), "once": len(public)}


def linear(data: Dataset, test: Dataset, seed: int) -> dict[str, float | dict[str, float]]:
    """A linear model on ciphertexts."""
    run = fit(lambda: Linear(10), data, Recipe(seed=seed, **SQUARE | {"rate": 1e-3}), test=test)
    matrix, bias = (p.detach().double().numpy() for p in run.model.parameters())
    # torch has colours first, a picture last
    matrix = matrix.reshape(10, 3, 32, 32).transpose(0, 2, 3, 1).reshape(10, 3072)
    images = test.images[:ENCRYPTED]
    plain = values(images).reshape(len(images), -1) @ matrix.T + bias
    done = on_ciphertexts(
        images, homomorphic.sent_flat,
        lambda server, sent: homomorphic.linear(server, sent, matrix, bias), plain,
    )  # fmt: skip
    return trained(run) | {"homomorphic": done}


def square_net(data: Dataset, test: Dataset, seed: int) -> dict[str, float | dict[str, float]]:
    """`SquareNet` on ciphertexts and on shares."""
    run = fit(lambda: SquareNet(10), data, Recipe(seed=seed, **SQUARE), test=test)
    weights, some = SquareWeights.of(run.model), test.images[:SHARED]
    plain = scores(weights, some)
    done = on_ciphertexts(
        some[:ENCRYPTED], homomorphic.sent_windows,
        lambda server, sent: homomorphic.network(server, sent, weights), plain[:ENCRYPTED],
    )  # fmt: skip
    costs = {"server": of_one(run, some)}
    return trained(run) | costs | {"homomorphic": done, "shares": on_shares(weights, some, plain)}


def on_shares(weights: SquareWeights, images: np.ndarray, plain: np.ndarray) -> dict[str, float]:
    """Many pictures at once for the agreement with plain scores, one for bytes and seconds."""
    many = np.concatenate([shares.network(part, weights, Key.generate()).scores
                           for part in np.array_split(images, 10)])  # fmt: skip
    one, seconds = timed(lambda: shares.network(images[:1], weights, Key.generate()))
    return {
        "agree": float((many.argmax(1) == plain.argmax(1)).mean()), "images": len(images),
        "error": float(np.abs(many - plain).max()), "largest score": float(np.abs(plain).max()),
        "server": round(seconds, 4), "up": one.sent, "between": one.between, "dealt": one.dealt,
        "rounds": one.rounds,
    }  # fmt: skip


def group_net(data: Dataset, test: Dataset, seed: int) -> dict[str, float]:
    """`GroupNet` without privacy."""
    run = fit(lambda: GroupNet(10), data, Recipe(seed=seed, **GROUP), test=test)
    return trained(run) | {"server": of_one(run, test.images[:TIMED])}


def private(epsilon: float, data: Dataset, test: Dataset, seed: int) -> dict[str, float]:
    """`GroupNet` by DP-SGD."""
    budget = private_training.Budget(epsilon)
    done, seconds = timed(lambda: private_training.fit_privately(lambda: GroupNet(10), data, budget, seed))
    right = (predict(done.model, test.images) == test.labels).mean()
    return {"accuracy": float(right), "training": round(seconds, 1), "epsilon": done.epsilon,
            "delta": budget.delta, "noise": done.noise, "steps": done.steps}  # fmt: skip


PARTS: Mapping[str, Mapping[str, Callable]] = {
    "encrypted": {"linear": linear, "network": square_net},
    "private": {"without": group_net}
    | {f"epsilon {each:g}": lambda *given, each=each: private(each, *given) for each in BUDGETS},
    "ciphers": {name: lambda *given, name=name: by_cipher(name, *given) for name in CIPHERS},
}  # fmt: skip


def settings() -> dict[str, Any]:
    """All that decides the runs, for the record."""
    ckks = {"degree": homomorphic.DEGREE, "primes": list(homomorphic.PRIMES), "scale": homomorphic.SCALE,
            "security": homomorphic.SECURITY}  # fmt: skip
    dp = asdict(private_training.Budget(max(BUDGETS))) | {"accountant": private_training.ACCOUNTANT,
                                                          "bound": private_training.BOUND}  # fmt: skip
    del dp["epsilon"]
    return {"widths": list(WIDTHS), "recipe": RECIPE, "square": SQUARE, "group": GROUP, "ckks": ckks,
            "dp-sgd": dp, "fraction": shares.FRACTION}  # fmt: skip


def recorded(path: Path = OUT) -> Privacy:
    """The record. OSError; ValueError for a damaged one."""
    return read(Privacy, path)


def main(argv: list[str] | None = None) -> int:
    """Run what is asked for and not recorded yet, and write the record after each run."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"all, or of {', '.join(PARTS)}")
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--limit", type=int, help="at most so many pictures of each split")
    parser.add_argument("--seeds", type=int, nargs="+", help="instead of as many as a part asks for")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(argv)
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"unknown part {min(unknown)!r}; known: {', '.join(PARTS)}")
    data, test = (load(args.data, split, args.limit) for split in ("train", "test"))
    try:
        record = Privacy.resumed(args.out, settings(), data, test, ("torch", "opacus", "tenseal"))
    except ValueError as error:
        parser.error(str(error))
    parts = args.parts or list(PARTS)
    every = [(seed, part) for part in parts for seed in args.seeds or range(SEEDS[part])]
    for seed, part, name in ((*each, name) for each in sorted(every) for name in PARTS[each[1]]):
        runs = record.setdefault(part, {}).setdefault(name, {})
        if str(seed) not in runs:
            runs[str(seed)], seconds = timed(lambda: PARTS[part][name](data, test, seed))  # noqa: B023
            write_json(args.out, record)
            print(f"{part}, {name}, seed {seed}: {runs[str(seed)]}, {seconds:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
