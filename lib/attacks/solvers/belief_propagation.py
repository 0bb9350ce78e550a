"""Neighbouring pixels of an SKK image agree on their states: a Markov field, settled by belief propagation.

That two neighbours lie on the same side of 127.5 can be seen, though no key is known: where a colour passes
127.5 its fold, min(v, 255 - v), rises to the middle and falls again. So for each pair of folds a, b of
neighbours and the folds p before a and n after b on the same line (those nearest in value), the numbers 255 -
a - b, |a - b|, a - p and b - n, in steps, name one of 3,456 contexts. Public photographs are counted: in how
many a and b belong to different channels, to one channel on one side, or to one channel on two sides.

Inference: J. Pearl's belief propagation (sum-product), messages passed in raster order and back, as in sweeps
of V. Kolmogorov, IEEE TPAMI 28, 2006; exact where there is one row. States are numbered as in
`lib.symmetries`, channels of the plain side being folds in ascending order.
"""

import numba
import numpy as np

from lib.symmetries import COLOURS

_GAP = np.searchsorted([2, 5, 10, 18, 30, 50, 80, 120, 256], np.arange(256))  # upper ends of the steps
_APART = np.searchsorted([1, 3, 6, 12, 25, 128], np.arange(128))
_SLOPE = np.searchsorted([-25, -8, -2, 2, 6, 14, 30, 128], np.arange(-127, 128))
CONTEXTS = 9 * 6 * 8 * 8


def counts(images: np.ndarray) -> np.ndarray:
    """Pairs of folds of neighbours in images (n, h, w, 3) uint8, by context: (3456, 3) float64. Columns: of
    different channels; of one channel, on one side of 127.5; of one channel, on two sides."""
    low = np.minimum(images, 255 - images)
    channel = np.argsort(low, -1, kind="stable")
    folds, above = (np.take_along_axis(values, channel, -1) for values in (low, images > 127))
    found = np.zeros(3 * CONTEXTS)
    for fold, *of_image in zip(folds, channel, above):
        contexts = _contexts(fold.astype(np.int64))
        for down, here, there in ((0, np.s_[:, :-1], np.s_[:, 1:]), (1, np.s_[:-1], np.s_[1:])):
            other_channel, other_side = (x[here][..., None] != x[there][..., None, :] for x in of_image)
            kind = np.where(other_channel, 0, 1 + other_side)
            found += np.bincount((3 * contexts[here][:, :, down] + kind).ravel(), minlength=len(found))
    return found.reshape(CONTEXTS, 3)


def odds(found: np.ndarray, power: float) -> np.ndarray:
    """(3456, 2) float32: odds of one channel on one side, and on two, against different channels, to a power.
    A power below 1 makes up for evidence that is counted more than once on loops of the grid. Contexts seen
    seldom lean to the mean of all."""
    mean = found.sum(0) / found.sum()
    chances = (found + 20 * mean) / (found.sum(1, keepdims=True) + 20)
    return ((chances[:, 1:] / chances[:, :1]).clip(1e-4, 1e4) ** power).astype(np.float32)


def tables(folds: np.ndarray, pair_odds: np.ndarray) -> np.ndarray:
    """(h, w, 2, 3, 3, 2) float32: of each pixel of folds (h, w, 3), sorted, and its right and lower
    neighbour, for folds a of it and b of the other; the largest of two pixels is 1; 0 beyond the edge."""
    contexts = _contexts(folds.astype(np.int64))
    found = np.where(contexts[..., None] < 0, np.float32(0), pair_odds[contexts])
    return found / np.maximum(found.max((3, 4, 5), keepdims=True), np.float32(1e-12))


def marginals(chances: np.ndarray, pairs: np.ndarray, sweeps: int = 8) -> np.ndarray:
    """Beliefs (h, w, 48) float32, of sum 1, from chances (h, w, 48) of single pixels and `tables`."""
    chances = chances / chances.max(-1, keepdims=True)
    messages = np.full((*chances.shape[:2], 4, 48), 1 / 48, np.float32)
    _pass(chances.astype(np.float32), pairs, messages, sweeps)
    beliefs = chances * np.prod(48 * messages, axis=2)
    return (beliefs / beliefs.sum(-1, keepdims=True)).astype(np.float32)


@numba.njit(cache=True, nogil=True)
def _rise(folds, i, j, value):
    """`value` minus the fold of pixel i, j that is nearest to it; 0 outside of the image."""
    if i < 0 or j < 0 or i >= folds.shape[0] or j >= folds.shape[1]:
        return 0
    rise = value - folds[i, j, 0]
    for k in range(1, 3):
        if abs(value - folds[i, j, k]) < abs(rise):
            rise = value - folds[i, j, k]
    return rise


@numba.njit(cache=True, nogil=True)
def _contexts(folds):
    """(h, w, 2, 3, 3) int64: of each pixel and its right and lower neighbour, for folds a, b; -1 for none."""
    h, w, _ = folds.shape
    found = np.full((h, w, 2, 3, 3), -1)
    for i, j, down in np.ndindex(h, w, 2):
        across = 1 - down
        if i + down >= h or j + across >= w:
            continue
        for a in range(3):
            for b in range(3):
                first, second = folds[i, j, a], folds[i + down, j + across, b]
                before = _rise(folds, i - down, j - across, first)
                after = _rise(folds, i + 2 * down, j + 2 * across, second)
                place = _GAP[255 - first - second] * 6 + _APART[abs(first - second)]
                found[i, j, down, a, b] = (place * 8 + _SLOPE[before + 127]) * 8 + _SLOPE[after + 127]
    return found


@numba.njit(cache=True, nogil=True)
def _send(incoming, pair, turned, out, part):
    """out[t] = sum over s of incoming[s] times the pair's entries for s and t; signs by three butterflies."""
    out[:] = 0
    for o in range(6):
        for p in range(6):
            for s in range(8):
                part[s] = incoming[8 * o + s]
            for c in range(3):
                a, b = COLOURS[o, c], COLOURS[p, c]
                same, other = (pair[b, a, 0], pair[b, a, 1]) if turned else (pair[a, b, 0], pair[a, b, 1])
                for s in range(8):
                    if s & 1 << c == 0:
                        low, high = part[s], part[s | 1 << c]
                        part[s] = low * same + high * other
                        part[s | 1 << c] = low * other + high * same
            for s in range(8):
                out[8 * p + s] += part[s]
    total = out.sum()
    for s in range(48):
        out[s] = max(out[s] / total, np.float32(1e-7))


@numba.njit(cache=True, nogil=True)
def _pass(chances, pairs, messages, sweeps):
    """messages[i, j, k]: what pixel i, j was told from the left, from above, from the right, from below."""
    h, w, _ = chances.shape
    incoming, out, part = np.empty(48, np.float32), np.empty(48, np.float32), np.empty(8, np.float32)
    for sweep in range(sweeps):
        back = sweep % 2
        for step in range(h * w):
            i, j = divmod(h * w - 1 - step if back else step, w)
            for down in range(2):
                y, x = (i - down, j - 1 + down) if back else (i + down, j + 1 - down)
                if y < 0 or x < 0 or y >= h or x >= w:
                    continue
                reply = down if back else down + 2  # what the receiver said is not told to it
                for s in range(48):
                    incoming[s] = chances[i, j, s]
                for k in range(4):
                    if k != reply:
                        for s in range(48):
                            incoming[s] *= 48 * messages[i, j, k, s]
                incoming /= incoming.max()
                _send(incoming, pairs[y, x, down] if back else pairs[i, j, down], back == 1, out, part)
                messages[y, x, down + 2 if back else down] = out
