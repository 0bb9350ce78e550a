"""The Gaussian model of pictures: correlations, weights and window covariances."""

import numpy as np
import pytest

from lib.attacks.solvers.gaussian_model import correlations, weights, window_covariance


def test_correlations_are_those_of_streams_in_a_block_and_across_its_borders():
    streams = np.random.default_rng(0).normal(2, 3, (2, 3, 4, 5)).astype(np.float32)
    scaled = (streams - streams.mean((0, 1, 2))) / streams.std((0, 1, 2))
    own, right, left, down, up = correlations(streams)
    places = [(n, y, x) for n in range(2) for y in range(3) for x in range(4)]
    for a, b in [(0, 0), (1, 4), (4, 1)]:
        assert own[a, b] == pytest.approx(np.mean([scaled[*p, a] * scaled[*p, b] for p in places]), abs=1e-4)
        beside = [scaled[n, y, x, a] * scaled[n, y, x + 1, b] for n, y, x in places if x < 3]
        below = [scaled[n, y, x, a] * scaled[n, y + 1, x, b] for n, y, x in places if y < 2]
        assert right[a, b] == left[b, a] == pytest.approx(np.mean(beside), abs=1e-4)
        assert down[a, b] == up[b, a] == pytest.approx(np.mean(below), abs=1e-4)


def test_weights_are_the_model_s_likelihood_of_a_picture():
    """The energy of correlations that follow the model is least for the right order, and neighbours must
    correlate."""
    weight = weights(2, (3, 3), 0.6, 0.4)
    assert (weight[2] == weight[1].T).all() and (weight[4] == weight[3].T).all()
    assert (
        weight[0][0, 3] < 0 and weight[1][3, 0] < weight[1][0, 3] < 0.01
    )  # red beside red; across: the nearer, the more
    assert weight[3][6, 0] < weight[3][0, 6]


def test_pictures_may_reach_further_across_than_down():
    weight = weights(2, (1.5, 6), 0.9, 0.85)
    assert weight[0][0, 3] < weight[0][0, 6] < 0
    assert np.allclose(np.abs(weight[1]).sum(), np.abs(weights(2, (6, 1.5), 0.9, 0.85)[3]).sum())


def test_window_covariance_equals_the_slow_specification():
    images = np.random.default_rng(0).normal(size=(400, 5, 6, 3)).astype(np.float32)
    images += np.roll(images, 1, 2)
    known = np.random.default_rng(1).random((5, 6)) < 0.8
    found = window_covariance(images, known, 3)
    for a, b in [(0, 0), (0, 3), (4, 16), (26, 1)]:
        pairs = []
        for y in range(3):
            for x in range(4):
                (ya, xa), (yb, xb) = ((y + at // 9, x + at // 3 % 3) for at in (a, b))
                if known[ya, xa] and known[yb, xb]:
                    pairs.append(images[:, ya, xa, a % 3] * images[:, yb, xb, b % 3])
        assert found[a, b] == pytest.approx(np.mean(pairs), abs=1e-2)
