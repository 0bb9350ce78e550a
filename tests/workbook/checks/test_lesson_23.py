"""The exercises of lesson 23: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib import Key
from lib.schemes import SKK
from lib.table import join, split
from lib.tiling import assembled, cut
from lib.workbook.checks import lesson_23 as check


def canonical(history, top):
    return min(tuple(history), tuple(top - v for v in history))


def upside_down(history, top):
    """As good: the first value decides."""
    return tuple(top - v for v in history) if 2 * history[0] > top else tuple(history)


def in_place(history, top):
    if 2 * history[0] > top:
        history[:] = [top - v for v in history]
    return tuple(history)


def expected_open(places, levels, blocks):
    return places * (1 - (1 - 2 / levels**blocks) ** (places - 1))


def roughness(image):
    values = image.astype(int)
    return abs(np.diff(values, axis=0)).sum() + abs(np.diff(values, axis=1)).sum()


def nibbles(image):
    return split(cut(image[None], 4).reshape(-1, 48), 4)


def read_any_mask(plain, cipher, secret, name=lambda h: tuple(h ^ h[0]), masked=True, inverse=False):
    before, after = nibbles(plain), nibbles(cipher)
    place = {name(history): i for i, history in enumerate(before.T)}
    index = np.array([place.get(name(history), 0) for history in after.T])
    mask = before[0, index] ^ after[0] if masked else np.uint8(0)
    values = nibbles(secret)
    found = np.zeros_like(values)
    found[:, index] = values ^ mask
    found = (values ^ mask)[:, index] if inverse else found
    h, w, _ = secret.shape
    return assembled(join(found, 4).reshape(1, h // 4, w // 4, 48), 4)[0]


def roughnesses(cipher, seeds):
    return np.array([roughness(SKK(Key.from_seed(n)).decrypt(cipher)) for n in seeds])


def seed_of(cipher, seeds, away=8, least=1, start=None):
    rough = least * roughnesses(cipher, seeds)
    others = np.delete(rough, rough.argmin())
    found = rough.min() < others.mean() - away * others.std()
    return (seeds[0] if start is None else start) + int(rough.argmin()) if found else None


SOLUTIONS = [
    (check.canonical, canonical),
    (check.canonical, upside_down),
    (check.expected_open, expected_open),
    (check.roughness, roughness),
    (check.roughness, lambda image: float(roughness(image))),
    (check.expected_open, check.open_in_noise),
    (check.read_any_mask, read_any_mask),
    (check.seed_of, seed_of),
    (check.seed_of, lambda cipher, seeds: seed_of(cipher, seeds, away=20)),
]

WRONG = {
    "as it is": (check.canonical, lambda history, top: tuple(history)),
    "each value folded": (check.canonical, lambda history, top: tuple(min(v, top - v) for v in history)),
    "sorted": (
        check.canonical,
        lambda history, top: min(tuple(sorted(history)), tuple(sorted(top - v for v in history))),
    ),
    "differences": (check.canonical, lambda history, top: tuple(abs(a - history[0]) for a in history)),
    "a list": (check.canonical, lambda history, top: min(list(history), [top - v for v in history])),
    "the middle at 8": (
        check.canonical,
        lambda history, top: tuple(top - v for v in history) if history[0] > 8 else tuple(history),
    ),
    "changed in place": (check.canonical, in_place),
    "no complement": (check.expected_open, lambda n, levels, k: n * (1 - (1 - 1 / levels**k) ** (n - 1))),
    "with itself": (check.expected_open, lambda n, levels, k: n * (1 - (1 - 2 / levels**k) ** n)),
    "pairs of places": (check.expected_open, lambda n, levels, k: n * (n - 1) / levels**k),
    "certain ones": (check.expected_open, lambda n, levels, k: n * (1 - 2 / levels**k) ** (n - 1)),
    "a share": (check.expected_open, lambda n, levels, k: expected_open(n, levels, k) / n),
    "levels times blocks": (
        check.expected_open,
        lambda n, levels, k: n * (1 - (1 - 2 / (levels * k)) ** (n - 1)),
    ),
    "bytes wrap": (
        check.roughness,
        lambda image: abs(np.diff(image, axis=0)).sum() + abs(np.diff(image, axis=1)).sum(),
    ),
    "no absolute value": (
        check.roughness,
        lambda image: np.diff(image.astype(int), axis=0).sum() + np.diff(image.astype(int), axis=1).sum(),
    ),
    "to the right only": (check.roughness, lambda image: abs(np.diff(image.astype(int), axis=1)).sum()),
    "across colours": (check.roughness, lambda image: abs(np.diff(image.astype(int).ravel())).sum()),
    "mean": (check.roughness, lambda image: roughness(image) / image.size),
    "each pixel": (check.roughness, lambda image: abs(np.diff(image.astype(int), axis=0))),
    "variance": (check.roughness, lambda image: image.var()),
    "signs alone": (
        check.read_any_mask,
        lambda *given: read_any_mask(*given, name=lambda h: min(tuple(h), tuple(15 - h))),
    ),
    "differences of history": (
        check.read_any_mask,
        lambda *given: read_any_mask(*given, name=lambda h: tuple(abs(h.astype(int) - h[0]))),
    ),
    "masks kept": (check.read_any_mask, lambda *given: read_any_mask(*given, masked=False)),
    "order the other way": (check.read_any_mask, lambda *given: read_any_mask(*given, inverse=True)),
    "the ciphertext": (check.read_any_mask, lambda plain, cipher, secret: secret.copy()),
    "the known picture": (check.read_any_mask, lambda plain, cipher, secret: plain[:48].copy()),
    "always the smoothest": (check.seed_of, lambda cipher, seeds: seed_of(cipher, seeds, away=0)),
    "two deviations": (check.seed_of, lambda cipher, seeds: seed_of(cipher, seeds, away=2)),
    "a place in the list": (check.seed_of, lambda cipher, seeds: seed_of(cipher, seeds, start=0)),
    "the roughest": (check.seed_of, lambda cipher, seeds: seed_of(cipher, seeds, away=-9, least=-1)),
    "too careful": (check.seed_of, lambda cipher, seeds: seed_of(cipher, seeds, away=1e4)),
}
