"""The exercises of lesson 29: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations

import numpy as np

from lib.workbook.checks import lesson_29 as check


def hinge(real, fake, clip=True, margin=1.0, sign=1):
    losses = margin - sign * real, margin + sign * fake
    return sum(np.maximum(0, loss).mean() if clip else loss.mean() for loss in losses)


def nearest_key(weights, size=np.abs, axis=0, signs=(0, 255)):
    best = max(permutations(range(3)), key=lambda order: size(weights)[list(order), range(3)].sum())
    channels = np.array(best) if axis == 0 else np.argsort(best)
    return channels, np.where(weights[list(best), range(3)] < 0, signs[1], signs[0])


def rank(similar, own):
    return 1 + (similar > similar[own]).sum() + ((similar == similar[own]).sum() - 1) / 2


SOLUTIONS = [
    (check.hinge, hinge),
    (check.nearest_key, nearest_key),
    (check.nearest_key, lambda weights: tuple(map(list, nearest_key(weights)))),
    (check.rank, rank),
]

WRONG = {
    "not clipped": (check.hinge, lambda real, fake: hinge(real, fake, clip=False)),
    "the other way": (check.hinge, lambda real, fake: hinge(real, fake, sign=-1)),
    "no margin": (check.hinge, lambda real, fake: hinge(real, fake, margin=0.0)),
    "a sum": (check.hinge, lambda real, fake: np.maximum(0, 1 - real).sum() + np.maximum(0, 1 + fake).sum()),
    "one mean of all": (check.hinge, lambda real, fake: np.maximum(0, np.r_[1 - real, 1 + fake]).mean()),
    "logistic": (
        check.hinge,
        lambda real, fake: np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(fake)).mean(),
    ),
    "two numbers": (
        check.hinge,
        lambda real, fake: (np.maximum(0, 1 - real).mean(), np.maximum(0, 1 + fake).mean()),
    ),
    "signed weights": (check.nearest_key, lambda weights: nearest_key(weights, size=lambda x: x)),
    "the way back": (check.nearest_key, lambda weights: nearest_key(weights, axis=1)),
    "flips of 1": (check.nearest_key, lambda weights: nearest_key(weights, signs=(0, 1))),
    "signs turned round": (check.nearest_key, lambda weights: nearest_key(weights, signs=(255, 0))),
    "each colour by itself": (
        check.nearest_key,
        lambda weights: (
            np.abs(weights).argmax(0),
            np.where(weights[np.abs(weights).argmax(0), range(3)] < 0, 255, 0),
        ),
    ),
    "channels alone": (check.nearest_key, lambda weights: nearest_key(weights)[0]),
    "from 0": (check.rank, lambda similar, own: rank(similar, own) - 1),
    "the worst first": (check.rank, lambda similar, own: rank(-similar, own)),
    "ties come first": (check.rank, lambda similar, own: 1 + (similar > similar[own]).sum()),
    "ties come last": (check.rank, lambda similar, own: (similar >= similar[own]).sum()),
    "all ranks": (check.rank, lambda similar, own: np.argsort(np.argsort(-similar)) + 1),
}
