"""Ciphertext only, one image: SKK with a key of its own for every image, by A. Chang and B. Case, "Attacks on
Image Encryption Schemes for Privacy-Preserving Deep Neural Networks", arXiv:2004.13263, and its MATLAB code.

`leading_bit` is what negative-positive leaves in place: no complement changes it, and outlines show.
`minimum_difference` takes, pixel by pixel, the one of 48 states (6 orders, 8 sign triples) nearest to a
neighbour already decided. Where the published code differs: it has the true first pixel typed into the
program, and computes no score. Of candidates that are equally near it takes the last order in its table; so
do we.
"""

import numba
import numpy as np

from lib.attacks import ONE, AttackResult, attack, check_ciphers, in_colour, on
from lib.symmetries import COLOURS, SIGNS
from lib.table import Structure

Array = np.ndarray
SOURCE = "Chang and Case, arXiv:2004.13263"


def folded(values: np.ndarray) -> np.ndarray:
    """Values (...) uint8 as their distance from the nearer end, min(v, 255 - v): 0 to 127."""
    return np.minimum(values, 255 - values)


@attack("leading-bit", ONE, fits=in_colour, source=SOURCE, rank=0)
def leading_bit(ciphers: np.ndarray) -> AttackResult:
    """Fold every value to its distance from the nearer end, min(v, 255 - v): (n, h, w, 3) uint8, 0 to 127.

    All that negative-positive alone leaves, exactly; the order of colours stays as each ciphertext pixel has
    it. No confidence is reported, nor by `minimum_difference`.

    >>> leading_bit(np.array([[[[200, 10, 130]]]], np.uint8)).estimate.tolist()
    [[[[55, 10, 125]]]]
    """
    return AttackResult(folded(check_ciphers(ciphers)))


@attack("minimum-difference", ONE, fits=on(Structure.PIXELS), source=SOURCE, rank=1)
def minimum_difference(
    ciphers: Array, first: Array | None = None, colour_shuffle: bool = True
) -> AttackResult:
    """Walk the first row from left to right, then every column down, to the state nearest (L1) to the pixel
    before, in each of ciphertexts (n, h, w, 3) uint8.

    first           the true first pixel, (3,) or (n, 3) uint8, which the published attack assumes; None tries
                    all 48 states of the first cipher pixel and keeps the smoothest picture (least sum of
                    absolute differences of neighbours, the earliest in `all_starts` of those equal)
    colour_shuffle  False for an SKK without its second step: 8 candidates a pixel instead of 48

    `recovered["first"]`, (n, 3) uint8, is the first pixel used. ValueError for one that no key makes the
    cipher's. No value ever changes its side of 127.5: with f = min(v, 255 - v), the candidate of v on the
    reference's side is |f - f'| away and the other one 255 - f - f', which is more. So all signs are those of
    the first pixel, and without colour shuffling the result is `leading_bit`'s, negated where the first pixel
    has a value above 127.
    """
    ciphers = check_ciphers(ciphers)
    if first is None:
        pictures = all_starts(ciphers, colour_shuffle)
        chosen = np.array([[roughness(picture) for picture in each] for each in pictures]).argmin(1)
        estimate = pictures[np.arange(len(ciphers)), chosen]
    else:
        first, orders = _checked_first(first, ciphers, colour_shuffle), COLOURS[: 6 if colour_shuffle else 1]
        walks = [_walk(folds, start, orders) for folds, start in zip(folded(ciphers), folded(first))]
        estimate = np.stack(walks) ^ np.where(first > 127, 255, 0).astype(np.uint8)[:, None, None]
    return AttackResult(estimate, {"first": estimate[:, 0, 0].copy()})


def all_starts(ciphers: np.ndarray, colour_shuffle: bool = True) -> np.ndarray:
    """What `minimum_difference` makes of every state of the first pixel: (n, 48, h, w, 3), or (n, 8, h, w, 3)
    without shuffle, by state of `lib.symmetries`, as in the published table."""
    folds, orders = folded(check_ciphers(ciphers)), COLOURS[: 6 if colour_shuffle else 1]
    walks = np.array([[_walk(each, each[0, 0, order], orders) for order in orders] for each in folds])
    pictures = walks[:, :, None] ^ SIGNS[:, None, None]
    return pictures.reshape(len(folds), -1, *folds.shape[1:])


def roughness(image: np.ndarray) -> int:
    """The sum of absolute differences between neighbours, across and down, of one image (h, w, 3) uint8."""
    image = image.astype(np.int16)
    return int(abs(np.diff(image, axis=0)).sum() + abs(np.diff(image, axis=1)).sum())


@numba.njit(cache=True, nogil=True)
def _walk(folds, first, orders):
    """Minimum difference among folds (h, w, 3) uint8, from `first` (3,) uint8 on; orders (k, 3) int64."""
    out = np.empty_like(folds)
    out[0, 0] = first
    for i, j in np.ndindex(folds.shape[:2]):
        if i + j == 0:
            continue
        before = out[i - 1, j] if i else out[i, j - 1]
        least, best = 1000, 0
        for k in range(len(orders)):
            difference = 0
            for c in range(3):
                difference += abs(np.int64(before[c]) - np.int64(folds[i, j, orders[k, c]]))
            if difference <= least:  # of equal ones the last, as published
                least, best = difference, k
        for c in range(3):
            out[i, j, c] = folds[i, j, orders[best, c]]
    return out


def _checked_first(first, ciphers, colour_shuffle):
    n, first = len(ciphers), np.asarray(first)
    whole = first.dtype.kind in "iu" and first.shape in ((3,), (n, 3))
    if not whole or not ((first >= 0) & (first < 256)).all():
        raise ValueError(f"expected the first pixel as (3,) or ({n}, 3) values of 0 to 255, got {first!r}")
    first = np.broadcast_to(first.astype(np.uint8), (n, 3))
    ours, theirs = folded(first), folded(ciphers[:, 0, 0])
    if colour_shuffle:
        ours, theirs = np.sort(ours), np.sort(theirs)
    for i in np.flatnonzero((ours != theirs).any(1)):
        told = f"{first[i].tolist()} into {ciphers[i, 0, 0].tolist()}, that of ciphertext {i}"
        raise ValueError(f"no key turns the first pixel {told}; give its true plain pixel, or first=None")
    return first
