"""What a learner makes of pairs of ciphertexts and pictures that know nothing of the cipher.

Kernel ridge regression (C. Saunders, A. Gammerman and V. Vovk, 1998) from views of a ciphertext to the
picture: its values, how far they are from the nearer end (which a complement does not change), their bits,
and what a block or a pixel keeps when its parts are exchanged: sorted values, means and spreads. A network
could do more; this takes seconds, has no randomness, and finds whatever is nearly linear in these.
"""

import numpy as np

Array = np.ndarray
STRENGTHS = 10.0 ** np.arange(-4, 3)  # of the ridge, over the mean of the kernel's diagonal
HELD_BACK = 0.2  # of the pairs, to choose the strength
WINDOWS = 2, 4, 8
CHUNK = 256


class Learner:
    """Fitted to pairs: `ciphers` (n, ...) of any shape and dtype, `plain` (n, h, w, 3) uint8."""

    def __init__(self, ciphers: Array, plain: Array):
        self.shape = plain.shape[1:]
        views = _views(ciphers)
        self.centre, self.scale = views.mean(0), _spread(views)
        self.known = (views - self.centre) / self.scale
        targets = plain.reshape(len(plain), -1).astype(np.float32)
        self.mean = targets.mean(0)
        kernel, aside = self.known @ self.known.T, max(1, int(len(plain) * HELD_BACK))
        size = float(np.trace(kernel)) / len(kernel)
        fit, wait = slice(0, len(plain) - aside), slice(len(plain) - aside, None)
        values, axes = np.linalg.eigh(kernel[fit, fit])
        turned, across = axes.T @ (targets[fit] - self.mean), kernel[wait, fit] @ axes
        misses = [
            ((across @ (turned / (values + s * size)[:, None]) + self.mean - targets[wait]) ** 2).mean()
            for s in STRENGTHS
        ]
        ridge = STRENGTHS[int(np.argmin(misses))] * size
        kernel[np.diag_indices(len(kernel))] += ridge
        self.weights = np.linalg.solve(kernel, targets - self.mean)

    def estimate(self, ciphers: Array) -> Array:
        """(n, h, w, 3) uint8 of further ciphertexts."""
        out = np.empty((len(ciphers), *self.shape), np.uint8)
        for at in range(0, len(ciphers), CHUNK):
            views = (_views(ciphers[at : at + CHUNK]) - self.centre) / self.scale
            values = (views @ self.known.T) @ self.weights + self.mean
            out[at : at + CHUNK] = np.clip(np.rint(values), 0, 255).reshape(-1, *self.shape)
        return out


def _spread(views):
    """Of each value; what hardly changes at all says nothing, and is not blown up."""
    spread = views.std(0)
    return np.maximum(spread, 1e-3 * max(float(spread.max()), 1e-9)) * views.shape[1] ** 0.5


def _views(ciphers):
    """(n, d) float32: all that the learner looks at."""
    flat = ciphers.reshape(len(ciphers), -1).astype(np.float32)
    if ciphers.dtype != np.uint8:
        return np.concatenate([flat, np.abs(flat)], axis=1)
    folded = np.minimum(flat, 255 - flat)
    bits = np.unpackbits(ciphers.reshape(len(ciphers), -1), axis=1).astype(np.float32) * 32
    views = [flat, folded, bits, _histogram(ciphers)]
    if ciphers.ndim == 4:
        sides = [side for side in WINDOWS if not (ciphers.shape[1] % side or ciphers.shape[2] % side)]
        pixels = folded.reshape(ciphers.shape)
        views.append(np.sort(pixels, axis=-1).reshape(len(ciphers), -1))
        views += [
            2 * part.reshape(len(ciphers), -1) for side in sides for part in _windows(ciphers, pixels, side)
        ]
    return np.concatenate(views, axis=1)


def _windows(ciphers, folded, side):
    """Of every window: the mean and spread of its values, and of how far they are from the nearer end."""
    n, h, w, c = ciphers.shape
    for values in (ciphers.astype(np.float32), folded):
        cut = values.reshape(n, h // side, side, w // side, side * c)
        yield from (cut.mean((2, 4)), cut.std((2, 4)))


def _histogram(ciphers):
    """Of the whole image, in 32 steps, as counts."""
    steps = (ciphers.reshape(len(ciphers), -1) >> 3).astype(np.int64) + 32 * np.arange(len(ciphers))[:, None]
    return np.bincount(steps.ravel(), minlength=32 * len(ciphers)).reshape(-1, 32).astype(np.float32)
