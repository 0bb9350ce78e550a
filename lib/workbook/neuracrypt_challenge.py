"""Challenges of NeuraCrypt with known truth: encodings in any order, a control, a baseline, and scores.

The truth and the key are here and never with the attack: it gets what `Challenge` publishes, and pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lib import Key, metrics
from lib.attacks.many_ciphertexts.neuracrypt import Matching
from lib.attacks.solvers.patch_decoder import decoder
from lib.attacks.solvers.patch_orders import closest
from lib.subjects.instahide import normalised, pixels
from lib.subjects.neuracrypt import LINEAR, NeuraCrypt, patches
from lib.tiling import assembled

Array = np.ndarray
PATCH, WIDTH = 4, 384  # 8 values a vector for each value of a patch, as published
OWN = 1 << 20  # keys of the control are seeds from here on


@dataclass(frozen=True)
class Challenge:
    """Published: `plain` (n, patches, size) float32, normalised, and `hidden` (n, patches, width) float32, in
    another order. Secret: `truth` (n,), for each encoding whose it is."""

    plain: Array
    hidden: Array
    truth: Array
    depth: int
    shuffled: bool


def challenge(images: Array, depth: int, seed: int, shuffled: bool = True, own_keys: bool = False,
              width: int = WIDTH) -> Challenge:  # fmt: skip
    """Encodings of pictures (n, h, w, 3) uint8 under the key of this seed; with `own_keys` each has a key of
    its own, so that what is learned from one tells nothing of the others."""
    if own_keys:
        sent = np.concatenate(list(_each(images, depth, seed, shuffled, width)))
    else:
        sent = NeuraCrypt(Key.from_seed(seed), depth, PATCH, width, shuffled).encrypt(images)
    order = np.random.default_rng(seed).permutation(len(images))
    return Challenge(plain(images), sent[order], order, depth, shuffled)


def _each(images, depth, seed, shuffled, width) -> Iterator[Array]:
    for i in range(len(images)):
        key = Key.from_seed(OWN * seed + i)
        yield NeuraCrypt(key, depth, PATCH, width, shuffled).encrypt(images[i : i + 1])


def plain(images: Array) -> Array:
    """(n, patches, size) float32: pictures (n, h, w, 3) uint8 as an attack takes them."""
    return patches(normalised(images), PATCH)


def rate(found: Array, truth: Array) -> float:
    """The share of encodings that were given a picture and that have the right one."""
    return float((found == truth)[found >= 0].mean())


def noise(given: Challenge, seed: int) -> Challenge:
    """The control that has nothing to find: normal numbers with the mean and deviation that each number of a
    vector has over all encodings, the rest as it is."""
    drawn = np.random.default_rng(seed).normal(size=given.hidden.shape).astype(np.float32)
    return replace(given, hidden=given.hidden.mean(0) + drawn * given.hidden.std(0))


def by_contrast(given: Challenge) -> Array:
    """(n,): the baseline. The encoding with the smallest deviation of its values is taken for the picture
    with the smallest, and so on."""
    ranked = [np.argsort(values.std((1, 2))) for values in (given.hidden, given.plain)]
    found = np.empty(len(given.hidden), int)
    found[ranked[0]] = ranked[1]
    return found


def shown(given: Challenge, found: Matching, sent: Array, shape: tuple[int, int, int]) -> Array:
    """(m, h, w, 3) uint8: what new encodings (m, patches, width) show, by a decoder learned from `found`."""
    vectors = placed(found, sent) if given.shuffled and given.depth != LINEAR else sent
    return images_of(decoder(given.plain[found.pictures], found.vectors)(vectors), shape)


def placed(found: Matching, sent: Array) -> Array:
    """New encodings with their patches in the pictures' order, by the mean vector of each place."""
    order = np.stack([closest(found.vectors.mean(0), own) for own in sent])
    return np.take_along_axis(sent, order[:, :, None], 1)


def images_of(values: Array, shape: tuple[int, int, int]) -> Array:
    """(n, h, w, 3) uint8 of normalised patches (n, patches, size)."""
    rows, columns = shape[0] // PATCH, shape[1] // PATCH
    return pixels(assembled(values.reshape(len(values), rows, columns, -1), PATCH))


def leak_of(estimates: Array, pad: Array, truth: Array, candidates: Array) -> dict[str, float]:
    """Leakage with its interval of uint8 pictures, and their mean correlation with the truth."""
    pairs = zip(normalised(estimates), normalised(truth))
    like = [np.corrcoef(one.ravel(), other.ravel())[0, 1] if np.ptp(one) else 0.0 for one, other in pairs]
    found = metrics.leak(estimates, pad, truth, candidates)._asdict() | {"correlation": float(np.mean(like))}
    return {name: round(float(value), 3) for name, value in found.items()}
