"""Ciphertexts under one key alone, whatever is added at each place: histograms give it away.

Where every ciphertext byte is a plain byte XORed with, or added to, a constant of its place, the values there
are the values of pictures, moved. Of 256 constants the one is taken under which the histogram over all
ciphertexts, smoothed, is likeliest by that of public pictures. A pad that is used for a few hundred pictures
falls to it. Relative: "many-time pad" attacks on texts.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

Array = np.ndarray
WIDTH = 6.0  # of the smoothing, in grey values
FAINT = 1e-4


def by_position(ciphers: Array, public: Array) -> Array:
    """Estimates of ciphertexts (n, ...) uint8 of one key, in their shape, by the better of XOR and addition.
    `public` (m, ...) uint8: pictures of the attacker's own."""
    rows = ciphers.reshape(len(ciphers), -1)
    if len(public[0].ravel()) == rows.shape[1]:
        prior = _histograms(public.reshape(len(public), -1)).sum(0)
    else:
        prior = np.bincount(public.ravel(), minlength=256).astype(float)
    prior = np.log(gaussian_filter1d(prior / prior.sum(), WIDTH, mode="nearest") + FAINT)
    seen, value = _histograms(rows), np.arange(256)
    ways = []
    for undo in (np.bitwise_xor, np.subtract):
        moved = prior[undo(value[:, None], value[None]) & 255]  # by ciphertext value and constant
        likely = seen @ moved
        best = likely.argmax(1)
        ways.append((likely.max(1).sum(), undo(rows, best.astype(np.uint8))))
    return max(ways, key=lambda way: way[0])[1].reshape(ciphers.shape)


def _histograms(rows):
    """(places, 256) counts."""
    places = rows.shape[1]
    flat = np.arange(places) * 256 + rows.astype(np.int64)
    return np.bincount(flat.ravel(), minlength=256 * places).reshape(places, 256).astype(float)
