"""Tables of lesson 34: what was measured here, what protects whom, what others published."""

from collections.abc import Sequence

import numpy as np

from lib.attacks import MANY, ONE
from lib.workbook import recorded_verdicts
from lib.workbook.recorded_privacy import Privacy

JUDGED = {"LE": "tanaka-4", "EtC": "etc-4", "SKK, a key per image": "skk-per-image",
          "one-time pad": "one-time-pad"}  # fmt: skip
"""The judge's verdict on each cipher of the record."""
HEAD = ["way", "test accuracy, %", "same network without it, %", "training, s", "client, ms a picture",
        "server, ms a picture", "bytes sent", "bytes back"]  # fmt: skip

PUBLISHED = (
    ("learnable encryption: LE, ShakePyramidNet, CIFAR-10", "94.49 % (plain 96.70 %)",
     "Madono et al., arXiv:2001.07761, table 3, LE-AdaptNet; plain without one"),
    ("learnable encryption: EtC, ShakePyramidNet, CIFAR-10", "89.09 %",
     "the same table, ELE-AdaptNet"),
    ("homomorphic: LoLa, MNIST", "2.0 s a picture", "Brutzkus et al., microsoft/CryptoNets, README"),
    ("homomorphic: LoLa, CIFAR-10", "76.31 %, about 750 s a picture", "microsoft/CryptoNets, README"),
    ("homomorphic: Concrete ML, ternary VGG, CIFAR-10", "88.7 % becomes 86.0 %, 40 s on 128 cores",
     "zama-ai/concrete-ml, its CIFAR-10 use case"),
    ("homomorphic: OpenFHE, ResNet-20, CIFAR-10", "under 5 min, 10 to 15 GB, on an M1 Pro",
     "narger-ef/LowMemoryFHEResNet20, README"),
    ("homomorphic: OpenFHE, ResNet-20, CIFAR-10", "83.8 %, 1,145 s", "arXiv:2508.11575, abstract"),
    ("homomorphic and two-party: Flash, CIFAR-100", "0.02 min, 0.07 GB", "arXiv:2401.16732, abstract"),
    ("DP-SGD, CIFAR-10, no other data", "81.4 % at epsilon 8", "De et al., arXiv:2204.13650, abstract"),
    ("trusted hardware: H100, language models", "under 7 % of time for most queries",
     "arXiv:2409.03992, abstract"),
)  # fmt: skip
"""(what, figure, where it stands)."""


def bill(record: Privacy) -> tuple[list[str], list[list[str]]]:
    """Head and rows of what was measured; an accuracy is a mean, with least and most of several seeds."""
    plain, square, linear = (record.ciphers["plain pictures"], record.encrypted["network"],
                             record.encrypted["linear"])  # fmt: skip
    rows = [["plain pictures", *_accuracies(plain), *_seconds(plain), "3,072", "40"]]
    for name in JUDGED:
        runs = record.ciphers[name]
        rows.append([name, *_accuracies(runs, plain), *_seconds(runs), "3,072", "40"])
    for name, runs in (("linear model", linear), ("small network", square)):
        done = [run["homomorphic"] for run in runs.values()]
        rows.append([f"homomorphic, {name}", *_accuracies(runs, runs), *_seconds(runs, done), *_bytes(done)])
    shared = [run["shares"] for run in square.values()]
    sent = shared[0]["up"] + shared[0]["between"] + shared[0]["dealt"]
    rows.append(["secret shares, small network", *_accuracies(square, square), _mean(square, "training"),
                 "", _milliseconds(shared, "server"), f"{sent:,.0f}", "160"])  # fmt: skip
    without = record.private["without"]
    for name, runs in record.private.items():
        if name != "without":
            row = [f"DP-SGD, {name}", *_accuracies(runs, without), _mean(runs, "training"), "0"]
            rows.append([*row, _milliseconds(without.values(), "server"), "3,072", "40"])
    return HEAD, rows


def agreements(record: Privacy) -> str:
    """How far results on ciphertexts and on shares were compared with the plain network, in a line each."""
    lines = []
    for name, part in (("linear", "homomorphic"), ("network", "homomorphic"), ("network", "shares")):
        found = [run[part] for run in record.encrypted[name].values()]
        pictures = sum(int(each["images"]) for each in found)
        same = sum(round(each["agree"] * each["images"]) for each in found)
        error = max(each["error"] for each in found)
        lines.append(
            f"{part}, {name}: {same} of {pictures} answers as in plain; scores off by at most {error:.1g}"
        )
    return "\n".join(lines)


def _accuracies(runs, without=None):
    return [told([run["accuracy"] for run in runs.values()]),
            "" if without is None else told([run["accuracy"] for run in without.values()])]  # fmt: skip


def told(accuracies: Sequence[float]) -> str:
    """Mean, and least to most of several, in per cent.

    >>> told([0.5, 0.52]), told([0.481])
    ('51.0 (50.0 to 52.0)', '48.1')
    """
    found = [100 * each for each in accuracies]
    spread = f" ({min(found):.1f} to {max(found):.1f})" if len(found) > 1 else ""
    return f"{np.mean(found):.1f}{spread}"


def _mean(runs, name):
    return f"{np.mean([run[name] for run in runs.values()]):.0f}"


def _milliseconds(found, name):
    value = 1000 * np.mean([each.get(name, 0.0) for each in found])
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _seconds(runs, found=None):
    found = list(runs.values()) if found is None else found
    return [_mean(runs, "training"), _milliseconds(found, "client"), _milliseconds(found, "server")]


def _bytes(found):
    return [f"{np.mean([each[name] for each in found]):,.0f}" for name in ("up", "down")]


def protections() -> tuple[list[str], list[list[str]]]:
    """Head and rows: what each way is meant to protect, what an attacker gets, by the judge's record or by
    definition, and what has to be trusted."""
    verdicts, rows = recorded_verdicts.recorded(), []
    for name, file in JUDGED.items():
        tried = [each for each in (MANY, ONE) if recorded_verdicts.best(verdicts[file], each)]
        leaks = [f"{threat}: {recorded_verdicts.told(verdicts[file], threat)}" for threat in tried]
        pad = name == "one-time pad"
        meant = "pictures; nothing can be learned" if pad else "pictures, in training and later"
        trusted = "that no key serves twice" if pad else "that nobody finds the key: no proof"
        rows.append([name, meant, f"judged: {'; '.join(leaks)}", trusted])
    return ["way", "meant to protect", "an attacker gets (leak: 0 pad, 1 plain)", "has to be trusted"], [
        *rows,
        ["homomorphic", "pictures and scores at inference, from the server",
         "by definition: nothing but sizes, if scores are not shown to the server",
         "hardness of ring learning with errors, 128 bits; the server computes what it should"],
        ["secret shares", "pictures, weights and scores at inference, from each server",
         "by definition: noise; everything if the two servers join",
         "that the servers do not join and follow the protocol; the dealer"],
        ["DP-SGD", "each training picture, from whoever has the network",
         "by definition: odds change by e^epsilon at most; later pictures are not hidden at all",
         "the trainer, who sees every picture"],
    ]  # fmt: skip
