"""Ciphertexts under one key alone, whatever is added at each place: histograms give it away.

Where every ciphertext byte is a plain byte XORed with, or added to, a constant of its place, the values there
are the values of pictures, moved. Of 256 constants the one is taken under which the histogram over all
ciphertexts, smoothed, is likeliest by that of public pictures. A pad that is used for a few hundred pictures
falls to it. Relative: "many-time pad" attacks on texts.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

Array = np.ndarray
LAGS = 1024  # distances at which bytes are compared
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


def by_pairs(plain: Array, pair_ciphers: Array, ciphers: Array) -> Array:
    """Estimates of ciphertexts (n, ...) uint8 from pairs (m, ...) under their key, whatever moves and
    replaces single bits, or single bytes: each has its history over all pairs, and is found again by it.

    Bits keep their history or its complement; bytes keep which of their values are equal. What stands for a
    value that no pair shows is filled in as a constant XORed or added would have it.
    """
    rows = [each.reshape(len(each), -1) for each in (plain, pair_ciphers, ciphers)]
    of_bits = _moved_bits(*rows)
    return (_replaced_bytes(*rows) if of_bits is None else of_bits).reshape(len(ciphers), *plain.shape[1:])


def _moved_bits(plain, pair_ciphers, ciphers):
    """None unless nearly all bits of the ciphertexts are found again."""
    there, here, more = (np.unpackbits(each, axis=1) for each in (plain, pair_ciphers, ciphers))
    place = {row.tobytes(): i for i, row in enumerate(np.packbits(there ^ there[0], axis=0).T.copy())}
    source = np.array([place.get(row.tobytes(), -1) for row in np.packbits(here ^ here[0], axis=0).T.copy()])
    found = np.flatnonzero(source >= 0)
    if len(found) < 0.9 * len(source):
        return None
    bits = np.zeros((len(ciphers), there.shape[1]), np.uint8)
    bits[:, source[found]] = (more ^ here[0] ^ there[0][np.maximum(source, 0)])[:, found]
    return np.packbits(bits, axis=1)


def _replaced_bytes(plain, pair_ciphers, ciphers):
    place = {row.tobytes(): i for i, row in enumerate(_equalities(plain))}
    out = np.full((len(ciphers), plain.shape[1]), 128, np.uint8)
    value = np.arange(256, dtype=np.uint8)
    for j, pattern in enumerate(_equalities(pair_ciphers)):
        i = place.get(pattern.tobytes())
        if i is None:
            continue
        p, c = plain[:, i], pair_ciphers[:, j]
        added, constant = p ^ c, p - c  # as arrays: single numbers of NumPy warn when they overflow
        back = value ^ added[0] if (added == added[0]).all() else value + constant[0]
        back[c] = p
        out[:, i] = back[ciphers[:, j]]
    return out


def _equalities(rows):
    """(places, n) uint16: for each place, which earlier image has the same value there first."""
    out = np.empty(rows.T.shape, np.uint16)
    for to, values in zip(out, rows.T):
        _, first, which = np.unique(values, return_index=True, return_inverse=True)
        to[:] = first[which]
    return out


def off_noise(ciphers: Array) -> Array:
    """(n,) float64: by how many standard deviations each ciphertext (n, ...) uint8 is no noise. The larger
    of two: chi-square of its bytes, and how often bytes are equal at the distance at which most are. Noise of
    a thousand bytes has about 4."""
    rows = ciphers.reshape(len(ciphers), -1)
    counts = np.stack([np.bincount(row, minlength=256) for row in rows])
    even = rows.shape[1] / 256
    found = ((counts - even) ** 2 / even).sum(1)
    found = (found - 255) / np.sqrt(2 * 255)
    for lag in range(1, min(LAGS, rows.shape[1] // 2)):
        equal, expected = (rows[:, lag:] == rows[:, :-lag]).sum(1), (rows.shape[1] - lag) / 256
        found = np.maximum(found, (equal - expected) / np.sqrt(max(expected, 1)))
    return found
