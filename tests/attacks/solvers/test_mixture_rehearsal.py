"""The attacker's own mixtures follow the rule of the scheme, without a key."""

import numpy as np
import pytest

from lib import Key
from lib.attacks.solvers.mixture_rehearsal import coefficients, rehearse, scatter
from lib.subjects.instahide import InstaHide


@pytest.mark.parametrize("k", [2, 4, 6])
def test_coefficients_are_those_of_the_scheme(k):
    public = np.zeros((20, 4, 4, 3), np.uint8)
    theirs = InstaHide(Key.from_seed(1), k, public).mixture(1000, 0).coefficients
    ours = coefficients(4000, k, np.random.default_rng(0))
    assert ours.max() <= 0.65 and ours[:, :2].sum(1).min() >= 0.3 and np.allclose(ours.sum(1), 1, atol=1e-5)
    for power in (1, 2):
        assert np.allclose((ours**power).mean(0), (theirs**power).mean(0), atol=0.02)
    if k > 2:
        other = theirs[:, 2:]
        assert np.isclose(scatter(k), (other**2).sum() / (other.sum(1) ** 2).sum(), rtol=0.03)
    else:
        assert scatter(k) == 0


def test_mixtures_are_of_a_few_private_pictures_and_have_no_sign():
    pictures = np.random.default_rng(2).normal(size=(50, 4, 4, 3)).astype(np.float32)
    sizes, pairs = rehearse(pictures, 40, 2, np.random.default_rng(3), private=6)
    assert sizes.shape == (40, 4, 4, 3) and (sizes >= 0).all() and len(np.unique(pairs)) <= 6
    assert (pairs[:, 0] != pairs[:, 1]).all()
    for size, (i, j) in zip(sizes, pairs):
        c = np.linspace(0.35, 0.65, 3001)[:, None]
        sums = np.abs(c * pictures[i].ravel() + (1 - c) * pictures[j].ravel())
        assert np.abs(sums - size.ravel()).max(1).min() < 1e-3
