"""Checks of lesson 23: histories up to complement, places that noise leaves open, a picture's roughness."""

import numpy as np

from lib.workbook.checks import GIVEN, called, exercise, number


@exercise
def canonical(answer):
    """`answer(history, top)`: a tuple, the same for a list of 0 to top and for its complement only."""
    for history, top in GIVEN["canonical"]["cases"]:
        turned = [top - value for value in history]
        got, other = called(answer, history, top), answer(list(turned), top)
        assert isinstance(got, tuple), f"expected a tuple, got {type(got).__name__}"
        assert got == other, f"{history} and its complement {turned} give {got} and {other}"
    for first, second, top in GIVEN["canonical"]["different"]:
        told = f"{first} and {second} (top {top}) are not each other's complement"
        assert answer(list(first), top) != answer(list(second), top), f"{told}, but they give the same"


@exercise
def expected_open(answer):
    """`answer(places, levels, blocks)`: how many places share a history, up to complement, in noise."""
    for places, levels, blocks in GIVEN["expected_open"]["cases"]:
        got = number(answer(places, levels, blocks))
        case = f"{places} places of {levels} levels, {blocks} blocks"
        assert 0 <= got <= places, f"{case}: {got:,.2f} is no number of places out of {places}"
        expected = places * (1 - (1 - 2 / levels**blocks) ** (places - 1))
        near = abs(got - expected) < 0.002 * max(1.0, expected)
        assert near, f"{case}: {got:,.2f}; {GIVEN['expected_open']['hint']}"


@exercise
def roughness(answer):
    """`answer(image)`: sum of |difference| to the right and lower neighbour, (h, w, 3) uint8, by colour."""
    rng = np.random.default_rng(5)
    for shape in ((2, 2, 3), (5, 3, 3), (8, 12, 3)):
        image = rng.integers(0, 256, shape, np.uint8)
        got = number(called(answer, image))
        right, below = (abs(np.diff(image.astype(int), axis=axis)).sum() for axis in (1, 0))
        assert got != right and got != below, f"{shape}: one of the two neighbours is not counted"
        told = f"{shape}: {got:,.0f} instead of {right + below:,}"
        assert abs(got - right - below) < 0.5, f"{told}; {GIVEN['roughness']['hint']}"
