"""Checks of lesson 23: histories up to complement, places that noise leaves open, a picture's roughness."""

from itertools import pairwise

import numpy as np

from lib.workbook.checks import called, exercise, number


@exercise
def canonical(answer):
    """`answer(history, top)`: a tuple, the same for a list of 0 to top and for its complement only."""
    cases = ([3, 12, 0, 15], 15), ([7], 15), ([0, 0, 255], 255), ([1, 0, 1, 1, 0], 1), ([2, 1, 1], 3)
    for history, top in cases:
        turned = [top - value for value in history]
        got, other = called(answer, history, top), answer(list(turned), top)
        assert isinstance(got, tuple), f"expected a tuple, got {type(got).__name__}"
        assert got == other, f"{history} and its complement {turned} give {got} and {other}"
    for first, second, top in _DIFFERENT:
        told = f"{list(first)} and {list(second)} (top {top}) are not each other's complement"
        assert answer(list(first), top) != answer(list(second), top), f"{told}, but they give the same"


_DIFFERENT = (
    ((3, 12, 0), (3, 3, 0), 15),  # one value alone complemented
    ((3, 12, 0), (12, 3, 0), 15),  # another order
    ((1, 2, 3), (2, 3, 4), 15),  # the same differences
    ((1, 2, 3), (3, 2, 1), 15),  # backwards
    ((5,), (6,), 15),
    ((9, 4), (9, 9), 15),
    ((0, 1, 1), (0, 0, 1), 1),
)


@exercise
def expected_open(answer):
    """`answer(places, levels, blocks)`: how many places share a history, up to complement, in noise."""
    cases = (96, 16, 2), (96, 16, 3), (48, 256, 1), (192, 4, 5), (12, 2, 4), (96, 16, 1)
    for places, levels, blocks in cases:
        got = number(answer(places, levels, blocks))
        case = f"{places} places of {levels} levels, {blocks} blocks"
        assert 0 <= got <= places, f"{case}: {got:,.2f} is no number of places out of {places}"
        expected = places * (1 - (1 - 2 / levels**blocks) ** (places - 1))
        assert abs(got - expected) < 0.002 * max(1.0, expected), (
            f"{case}: {got:,.2f}; how many different histories are there, a history and its complement "
            "counted once? With how many other places can a place coincide? Is a place counted once?"
        )


@exercise
def roughness(answer):
    """`answer(image)`: sum of |difference| to the right and lower neighbour, (h, w, 3) uint8, by colour."""
    rng = np.random.default_rng(5)
    for shape in ((2, 2, 3), (5, 3, 3), (8, 12, 3)):
        image = rng.integers(0, 256, shape, np.uint8)
        got = number(called(answer, image))
        right, below = (_total(image, axis) for axis in (1, 0))
        assert got != right and got != below, f"{shape}: one of the two neighbours is not counted"
        assert abs(got - right - below) < 0.5, (
            f"{shape}: {got:,.0f} instead of {right + below:,}; can your numbers become negative, and should "
            "they count then? Is each neighbour of the same colour?"
        )


def _total(image, axis):
    lines = image.swapaxes(0, axis).reshape(image.shape[axis], -1).tolist()
    return sum(abs(a - b) for line, following in pairwise(lines) for a, b in zip(line, following))
