"""The exercises of lesson 23: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

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


SOLUTIONS = [
    (check.canonical, canonical),
    (check.canonical, upside_down),
    (check.expected_open, expected_open),
    (check.roughness, roughness),
    (check.roughness, lambda image: float(roughness(image))),
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
}
