"""Challenges of InstaHide with known truth: encryptions in any order, controls, and the score of a recovery.

The truth and the secret mixtures are here and never with the attack: it gets what `Challenge` publishes.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from lib import Key, metrics
from lib.attacks.many_ciphertexts.instahide import Recovery
from lib.datasets import Dataset
from lib.subjects.instahide import InstaHide, normalised, pixels

Array = np.ndarray
CLASSES = 10


@dataclass(frozen=True)
class Challenge:
    """Published: images, labels, k, and how many private pictures there are. Secret: the truth (n, h, w, 3)
    uint8, numbered by class, and the pairs (N, 2), the one with the larger coefficient first."""

    images: Array
    labels: Array
    k: int
    truth: Array
    pairs: Array


def challenge(pool: Dataset, public: Array, count: int, k: int, epochs: int, seed: int,
              fresh: bool = False) -> Challenge:  # fmt: skip
    """`epochs` encryptions of each of `count` pictures of the pool, shuffled; with `fresh` every epoch has
    other pictures of the same classes, so that no encryption of one is like one of another, and there is
    nothing to recover; the truth is then the first epoch's."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pool))[:count]
    chosen = chosen[np.argsort(pool.labels[chosen], kind="stable")]
    labels, hide = pool.labels[chosen], InstaHide(Key.from_seed(seed), k, public)
    parts = []
    for epoch in range(epochs):
        images = pool.images[_others(pool, labels, rng) if fresh and epoch else chosen]
        mixture = hide.mixture(count, epoch)
        order = np.argsort(-mixture.coefficients[:, :2], axis=1)
        pairs = np.take_along_axis(mixture.pictures[:, :2], order, 1)
        parts.append((*hide.encrypt(images, labels, CLASSES, epoch), pairs))
    images, mixed, pairs = (np.concatenate(each) for each in zip(*parts))
    order = rng.permutation(len(images))
    return Challenge(images[order], mixed[order], k, pool.images[chosen], pairs[order])


def _others(pool, labels, rng):
    """A picture of the pool for each label."""
    return np.array([rng.choice(np.flatnonzero(pool.labels == label)) for label in labels])


def noise(given: Challenge, seed: int) -> Challenge:
    """The pad: normal numbers of the mean square that each value has, and the labels as they are."""
    deviation = np.sqrt((given.images**2).mean(0))
    drawn = np.random.default_rng(seed).normal(size=given.images.shape).astype(np.float32)
    return replace(given, images=drawn * deviation)


def matched(given: Challenge, found: Recovery) -> tuple[Array, float]:
    """The recovered pictures (n, h, w, 3) float32 in the truth's order, and the share of encryptions that
    were used with the right pair. A cluster is the picture that most of its encryptions are of."""
    count, known = len(given.truth), found.pairs[:, 0] >= 0
    together = np.zeros((count, count))
    for column in (0, 1):
        np.add.at(together, (given.pairs[known, column], found.pairs[known, column]), 1)
    _, which = linear_sum_assignment(-together)
    same = (which[given.pairs] == found.pairs).all(1)
    return found.pictures[which], float(same[found.used].mean())


def scores(given: Challenge, found: Recovery, pad: Array, candidates: Array) -> dict[str, float]:
    """Leakage with its interval, the mean correlation with the truth, and the share of right pairs. `pad` is
    what the attack made of `noise`, (n, h, w, 3) float32, matched."""
    values, right = matched(given, found)
    leak = metrics.leak(pixels(values), pixels(pad), given.truth, candidates)
    return leak._asdict() | {"correlation": correlation(values, given.truth), "pairs": right}


def correlation(values: Array, truth: Array) -> float:
    """The mean over pictures of the correlation of normalised values with uint8 truth; 0 for one of one
    colour."""
    pairs = zip(values, normalised(truth))
    return float(np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] if np.ptp(a) else 0 for a, b in pairs]))


def brightest(given: Challenge) -> Array:
    """(n, h, w, 3) float32, a baseline: for each picture the size of the encryption in which its
    coefficient is largest, told which that is."""
    by = np.sort(given.labels, axis=1)[:, -1] * ((given.labels > 0).sum(1) == 2)
    first = [np.where(given.pairs[:, 0] == i, by, -1).argmax() for i in range(len(given.truth))]
    return np.abs(given.images[first])
