"""Places are found from their likeness alone, in one of eight orientations, and not in noise."""

import numpy as np
import pytest

from lib.attacks.solvers.place_likeness import likeness, orders
from lib.symmetries import orientation_orders

RNG = np.random.default_rng(6)


def smooth(count, side, d=3):
    """Vectors of places of a grid: sums of waves, so that neighbours are alike, brighter to one side."""
    y, x = np.mgrid[:side, :side].reshape(2, -1) / side
    waves = RNG.normal(size=(count, 8, d))
    forms = [np.cos(np.pi * (a * x + b * y)) for a in range(3) for b in range(3)][1:]
    return (
        np.einsum("nwd,wp->npd", waves, np.array(forms))
        + 0.4 * RNG.normal(size=(count, side**2, d)) * (1 + 2 * x)[:, None]
    )


def test_likeness_is_correlation_made_standard():
    vectors = RNG.normal(size=(30, 4, 2))
    slow = np.empty((4, 4))
    rest = vectors - vectors.mean(0)
    for p, q in np.ndindex(4, 4):
        one, other = rest[:, p].ravel(), rest[:, q].ravel()
        slow[p, q] = one @ other / (one @ one) ** 0.5 / (other @ other) ** 0.5
    off = [slow[p, q] for p, q in np.ndindex(4, 4) if p != q]
    wanted = (slow - np.mean(off)) / np.std(off)
    found = likeness(vectors)
    assert (found.diagonal() == 0).all()
    assert all(np.isclose(found[p, q], wanted[p, q]) for p, q in np.ndindex(4, 4) if p != q)


def test_places_are_found_without_a_matched_pair_in_one_of_the_orientations():
    ours, shuffle = smooth(200, 5), RNG.permutation(25)
    theirs = smooth(200, 5)[:, shuffle]  # other pictures
    found = orders(ours, theirs)
    right = np.argsort(shuffle)
    assert len(found) == 32 and all(sorted(order) == list(range(25)) for order in found)
    assert max((order == right).mean() for order in found) > 0.9


def test_all_orientations_of_an_order_are_tried():
    first = orders(smooth(50, 4), smooth(50, 4))[:8]
    turned = [first[0][each] for each in orientation_orders(4, channels=1)]
    assert {tuple(each) for each in turned} == {tuple(each) for each in first}


def test_in_noise_nothing_is_found():
    ours, shuffle = smooth(200, 5), RNG.permutation(25)
    noise = RNG.normal(size=ours.shape)[:, shuffle]
    assert max((order == np.argsort(shuffle)).mean() for order in orders(ours, noise)) < 0.5


def test_places_of_no_square_are_refused():
    with pytest.raises(ValueError, match="places of a square, got 6"):
        orders(RNG.normal(size=(5, 6, 2)), RNG.normal(size=(5, 6, 2)))
