"""What an attack leaves open, alike for all images, is chosen once, in the estimate's favour; use it on a
baseline as well."""

import itertools
from collections.abc import Iterable

import numpy as np

from lib.images import Images
from lib.metrics.scores import enter
from lib.symmetries import COLOURS, SIGNS, oriented

MOVES = {
    "colours": [lambda x, order=order: x[..., order] for order in COLOURS],
    "complement": [lambda x: x, lambda x: 255 - x],
    "signs": [lambda x, sign=sign: x ^ sign for sign in SIGNS],
    "mirror": [lambda x: x, lambda x: x[:, :, ::-1]],
    "turns": [lambda x, o=o: oriented(x, o) for o in range(8)],
}
"""What `nearest` can choose from: the order of the colours, negatives, a negative for each colour, mirror
images, quarter turns with mirror images (of square images; of others only those that keep the shape)."""


def nearest(estimate: Images, truth: Images, open_moves: Iterable[str] = ()) -> np.ndarray:
    """The estimate after the moves, alike for all images, that give the least squared error to the truth.

    open_moves   names out of `MOVES`, all combinations of which are tried

    >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> bool((nearest(255 - image[..., ::-1], image, ["colours", "complement"]) == image).all())
    True
    """
    return moved(estimate, choice(estimate, truth, open_moves))


def choice(estimate: Images, truth: Images, open_moves: Iterable[str] = ()) -> tuple[tuple[str, int], ...]:
    """The moves that bring the estimate nearest to the truth: (name, number) for each, as `moved` takes them.
    Made on other images than those that `ranks` then compares, it favours no pair of them."""
    (batch, _), (truth, _) = enter(estimate), enter(truth)
    best = (np.inf, ())
    for numbers in itertools.product(*(range(len(MOVES[name])) for name in open_moves)):
        tried = moved(batch, zip(open_moves, numbers))
        if tried.shape == truth.shape:
            best = min(best, (float(((tried.astype(np.int32) - truth) ** 2).sum()), numbers))
    return tuple(zip(open_moves, best[1]))


def moved(images: Images, chosen: Iterable[tuple[str, int]]) -> np.ndarray:
    """The images after the moves that `choice` found."""
    batch, single = enter(images)
    for name, number in chosen:
        batch = MOVES[name][number](batch)
    return np.ascontiguousarray(batch[0] if single else batch)
