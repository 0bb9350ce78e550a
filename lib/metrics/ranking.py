"""Retrieval: does each estimate show its own picture, or only a plausible one?"""

import numpy as np

from lib.images import Images
from lib.metrics.scores import LUMA, pair

ALIKE = 1e-9  # correlations that differ by less are equal: the last bits depend on how a library adds up


def ranks(estimates: Images, candidates: Images) -> np.ndarray:
    """(n,) float64: where image i comes when all n candidates are sorted by how well estimate i shows them.

    estimates, candidates   (n, h, w, 3) uint8, n from 2 on; candidate i is the truth of estimate i
    1 is first, n last. What counts is the correlation of the two images' luma, pixel by pixel, whatever the
    brightness or contrast; an image of one colour correlates by 0 with every other. Candidates that are
    equally good share the mean of their places. Estimates that have nothing to do with the truth have the
    mean rank (n + 1) / 2, and that mean varies by n / sqrt(12 n) at most (standard error).
    """
    estimates, candidates = pair(estimates, candidates)
    if len(candidates) < 2:
        raise ValueError(f"a rank needs 2 or more candidates, got {len(candidates)}")
    similar = _standard_luma(estimates) @ _standard_luma(candidates).T
    own = similar.diagonal()[:, None]
    better, equal = similar > own + ALIKE, np.abs(similar - own) <= ALIKE
    return 1 + better.sum(1) + (equal.sum(1) - 1) / 2


def retrieval(estimates: Images, candidates: Images) -> dict[str, float]:
    """ "median" and "mean" of `ranks`, and "top", the share of images in the first hundredth of places."""
    found = ranks(estimates, candidates)
    top = (found <= max(1, len(found) // 100)).mean()
    return {"median": float(np.median(found)), "mean": float(found.mean()), "top": float(top)}


def _standard_luma(images):
    """(n, h w) float64: luma, its mean taken away, of length 1; all 0 for an image of one luma."""
    luma = (images @ LUMA).reshape(len(images), -1)
    centred = luma - luma.mean(1, keepdims=True)
    flat = luma.min(1) == luma.max(1)
    return centred / np.where(flat, np.inf, np.linalg.norm(centred, axis=1))[:, None]
