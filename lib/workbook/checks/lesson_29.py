"""Checks of lesson 29: a discriminator's loss, the key nearest to a pixel's map, the truth's rank."""

import numpy as np

from lib.symmetries import COLOURS
from lib.workbook.checks import GIVEN, exercise, number, triples


@exercise
def hinge(answer):
    """`answer(real, fake)`: the loss of a discriminator that says (n,) floats of pictures and of outputs."""
    rng = np.random.default_rng(28)
    drawn = [("verdicts of all sizes", *rng.normal(0, 1.5, (2, 50)))]
    drawn += [("more outputs than pictures", rng.normal(0, 1.5, 10), rng.normal(0, 1.5, 40))]
    for told, real, fake in GIVEN["hinge"]["cases"] + drawn:
        real, fake = np.array(real), np.array(fake)
        got = number(answer(real.copy(), fake.copy()))
        expected = np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + fake).mean()
        assert np.isclose(got, expected), f"{told}: you say {got:.3f}, not {expected:.3f}"


@exercise
def nearest_key(answer):
    """`answer(weights)`: (channels, flips) of a pixel's map, weights[i, j] of cipher channel i in plain j."""
    rng = np.random.default_rng(29)
    for told, noise in (("an exact map", 0.0), ("a map that is nearly there", 0.25)):
        for order in COLOURS:
            flips = rng.choice([0, 255], 3)
            weights = np.zeros((3, 3))
            weights[order, np.arange(3)] = np.where(flips, -1.0, 1.0)
            weights = 0.8 * weights + noise * rng.uniform(-1, 1, (3, 3))
            _compare(answer, weights, order, flips, told)
    # the largest weights share a channel
    pulled = np.array([[0.9, 0.8, 0.0], [0.7, 0.1, 0.0], [0.0, 0.0, -0.6]])
    _compare(answer, pulled, np.array([1, 0, 2]), np.array([0, 0, 255]), "two colours want the same channel")


def _compare(answer, weights, order, flips, told):
    channels, signs = triples(answer(weights.copy()), "channels and flips")
    said = f"{told}: you say channels {channels.tolist()}"
    assert (channels == order).all(), f"{said}; other ones have larger weights"
    assert (signs == flips).all(), f"{told}: channels are right; you say flips {signs.tolist()}"


@exercise
def rank(answer):
    """`answer(similar, own)`: the place of candidate `own` by (n,) similarities; equal ones share a mean."""
    rng = np.random.default_rng(30)
    drawn = [(f"candidate {i} of 20", rng.permutation(20) / 10 - 1, i) for i in (0, 7, 19)]
    drawn += [(f"candidate {i}, with ties", rng.integers(-3, 3, 20) / 4, i) for i in (2, 11)]
    for told, similar, own in GIVEN["rank"]["cases"] + drawn:
        similar = np.asarray(similar, float)
        got = number(answer(similar.copy(), own))
        better, equal = (similar > similar[own]).sum(), (similar == similar[own]).sum()
        expected = 1 + better + (equal - 1) / 2
        assert got == expected, f"{told}: you say {got:g}, not {expected:g}"
