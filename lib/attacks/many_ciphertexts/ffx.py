"""Ciphertexts only, FFX with one key for many images: the substitution, by the company that values keep.

1. FFX leaves half of a block's places alone. Brightness runs through these and no other: the leading
   eigenvector of the correlations between places tells the two halves apart.
2. What stands at a replaced place is predicted from the plain values around it (least squares, from public
   photographs).
3. Every cipher value thus collects predictions, and an assignment of the 256 cipher values to the 256 plain
   ones makes all of them likeliest together.
4. With the values found, predictions use the replaced places too, and are better: again from 3.

Linear assignment on counts of pairs for language: J. Jakobsen, "A fast method for cryptanalysis of
substitution ciphers", Cryptologia 19, 1995.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.optimize import linear_sum_assignment

from lib.attacks import MANY, AttackResult, attack, check_ciphers, on
from lib.attacks.solvers.seams import has_seams
from lib.datasets import load
from lib.table import Structure
from lib.tiling import cut

REACH = 2  # pixels from a value to those it is predicted from, in each direction
SIDE = 2 * REACH + 1
ROUNDS = 4
STRAY = 0.02  # the share of predictions that say nothing
TEMPERATURE = 4.0  # nats of likelihood to a nat of evidence: neighbouring predictions go wrong together
Array = np.ndarray
SAMPLES = 20_000  # windows of public photographs


@attack("one-key-ffx", MANY, fits=on(Structure.VALUES), told=("block",), images=100, public=True, rank=5)
def ffx_one_key(ciphers: np.ndarray, block: int = 4, public: np.ndarray | None = None) -> AttackResult:
    """Decrypt FFX ciphertexts (n, h, w, 3) uint8 that share one key; 20 of 32x32 give nearly all values.

    public   (m, h', w', 3) uint8 photographs of the attacker's own; None: the embedded ones
    Recovered: "places" (block, block, 3) bool, where values are replaced; "substitution" (256,) uint8, what
    replaces each. Confidence (256,): how likely each plain value's replacement is exactly right.
    Errors: ValueError for sizes that do not fit the block, sides below 8 pixels, or images of one colour.
    """
    _check(ciphers, block)
    moments = window_moments(load("photos").images if public is None else public)
    places = replaced_places(ciphers, block)
    back, known = np.arange(256), ~places
    for _ in range(ROUNDS):
        likelihoods = predictions(ciphers, decrypt(ciphers, places, back), places, known, moments)
        back, known = linear_sum_assignment(likelihoods, maximize=True)[1], np.ones_like(places)
    substitution = np.argsort(back).astype(np.uint8)
    recovered = {"places": places, "substitution": substitution}
    estimate = decrypt(ciphers, places, back)
    confidence = _confidence(likelihoods, back)[substitution] * (not has_seams(estimate, block))
    return AttackResult(estimate, recovered, confidence)


def _check(ciphers, block):
    n, h, w, _ = check_ciphers(ciphers, block).shape
    if block < 2:
        raise ValueError(f"expected blocks of 2 pixels or more, got {block}; smaller have no neighbours left")
    if min(h, w) < max(8, 2 * block):
        raise ValueError(f"expected sides of 8 pixels and 2 blocks or more, got {h}x{w}, blocks of {block}")
    blocks = cut(ciphers, block)[0]
    if n == 1 and (blocks == blocks[0]).all():
        raise ValueError("all blocks are alike; expected pictures, whose blocks differ")


def replaced_places(ciphers: np.ndarray, block: int) -> np.ndarray:
    """(block, block, 3) bool: the half of the places that take least part in the brightness of a block."""
    values = cut(ciphers, block).reshape(-1, 3 * block**2)
    values = values - values.mean(axis=0)
    values = values / np.maximum(values.std(axis=0), 1e-9)
    part = np.abs(np.linalg.eigh(values.T @ values / len(values))[1][:, -1])
    return (part < np.sort(part)[len(part) // 2]).reshape(block, block, 3)


def window_moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (75,) and covariance (75, 75) of windows of photographs: spread evenly, and mirrored too."""
    views = sliding_window_view(images, (SIDE, SIDE), axis=(1, 2))
    count = np.prod(views.shape[:3])
    chosen = np.unravel_index(np.linspace(0, count - 1, min(count, SAMPLES)).astype(int), views.shape[:3])
    windows = views[chosen].astype(float)
    windows = np.concatenate([windows, windows[..., ::-1]]).reshape(-1, 3 * SIDE * SIDE)
    return windows.mean(axis=0), np.cov(windows.T)


def predictions(ciphers: Array, estimate: Array, places: Array, known: Array, moments: tuple) -> Array:
    """(256, 256): the log-likelihood that a cipher value (row) stands for a plain one (column) at all places.

    estimate   images whose values are right where `known` (block, block, 3) says so
    moments    of windows of photographs, which say how to predict and how well
    """
    block, total = len(places), np.zeros((256, 256))
    grey = np.arange(256)
    for y, x, c in np.argwhere(places):
        use = _at(np.tile(known, (SIDE, SIDE, 1))[None], y, x, block)[0, 0, 0].flatten()
        centre = (c * SIDE + REACH) * SIDE + REACH
        use[centre] = False
        weights, constant, scale = _regression(*moments, use, centre)
        seen = _at(estimate, y, x, block).reshape(-1, 3 * SIDE * SIDE)
        guess = np.clip(np.rint(seen[:, use] @ weights + constant), 0, 255).astype(int)
        value = _at(ciphers, y, x, block)[..., c, REACH, REACH].ravel().astype(int)
        counts = np.bincount(value * 256 + guess, minlength=1 << 16).reshape(256, 256)
        near = np.exp(-np.abs(grey[:, None] - grey) / scale) / (2 * scale)
        total += counts @ np.log((1 - STRAY) * near + STRAY / 256)
    return total


def _at(images, y, x, block):
    """(n, rows, columns, 3, SIDE, SIDE): the windows around one place of all blocks, inside the image."""
    views = sliding_window_view(images, (SIDE, SIDE), axis=(1, 2))
    return views[:, (y - REACH) % block :: block, (x - REACH) % block :: block]


def _regression(mean, covariance, use, centre):
    """Weights of the window's used values, a constant, and the mean size, Laplacian, of what they miss by."""
    weights = np.linalg.solve(covariance[np.ix_(use, use)] + np.eye(use.sum()), covariance[use, centre])
    missed = covariance[centre, centre] - weights @ covariance[use, centre]
    return weights, mean[centre] - weights @ mean[use], max(missed / 2, 1.0) ** 0.5


def _confidence(likelihoods, plain):
    """(256,): of each cipher value, the probability of the plain one it was given beside all others."""
    own = likelihoods[np.arange(256), plain][:, None]
    return 1 / np.exp(np.minimum((likelihoods - own) / TEMPERATURE, 600)).sum(axis=1)


def decrypt(ciphers: np.ndarray, places: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Images with `back[value]` for each value at the replaced places."""
    block = len(places)
    everywhere = np.tile(places, (ciphers.shape[1] // block, ciphers.shape[2] // block, 1))
    return np.where(everywhere, back[ciphers], ciphers).astype(np.uint8)
