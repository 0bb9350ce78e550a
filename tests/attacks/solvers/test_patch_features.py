"""Moments beside slow ones; features that learn from the attacker's own encoders and hold for another."""

import numpy as np
import torch

from lib.attacks.solvers import patch_features as features
from lib.judge import pictures
from lib.workbook import neuracrypt_challenge as made

OTHERS = made.plain(pictures.public((32, 32, 3), 300))


def slow_moments(values):
    n, places, d = values.shape
    out = np.empty((n, places, 15))
    for p in range(places):
        usual = [sum(values[i, p, j] for i in range(n)) / n for j in range(d)]
        for i in range(n):
            rest = [values[i, p, j] - usual[j] for j in range(d)]
            mean = sum(rest) / d
            out[i, p, 0] = mean
            for k in range(1, 15):
                out[i, p, k] = abs(sum((r - mean) ** k for r in rest) / d) ** (1 / k)
    return out


def test_moments_are_the_slow_ones():
    values = np.random.default_rng(1).normal(size=(4, 3, 20)).astype(np.float32)
    own, slow = features.moments(values.copy()), slow_moments(values.astype(float))
    keep = np.arange(15) != 1  # the first moment is rounding
    assert np.allclose(own[..., keep], slow[..., keep], atol=1e-2) and np.abs(own[..., 1]).max() < 1e-6


def test_features_know_patches_of_an_encoder_they_never_saw():
    rng = np.random.default_rng(2)
    trained = features.train(*features.rehearse(OTHERS, 3, 96, rng, encoders=5), steps=200)
    untrained = features.train(*features.rehearse(OTHERS, 3, 96, rng, encoders=1), steps=1)
    windows = pictures.attacked((32, 32, 3), 80)
    given = made.challenge(windows, 3, 9, shuffled=False, width=96)
    own = made.plain(windows)[given.truth]

    def better(network):
        a, b = (features.vectors(net, v) for net, v in ((network.plain, own), (network.hidden, given.hidden)))
        assert np.allclose((a**2).sum(2), 1, atol=1e-4) and a.shape == (80, 64, 8)
        return ((a * b).sum(2) > (a * np.roll(b, 1, 0)).sum(2)).mean()

    assert better(trained) > 0.7 > 0.6 > better(untrained)


def test_a_training_repeats_itself_and_leaves_the_global_generator_alone():
    state = torch.get_rng_state()
    pairs = features.rehearse(OTHERS[:100], 3, 32, np.random.default_rng(3), encoders=1)
    one, two = (features.train(*pairs, seed=4, steps=5) for _ in range(2))
    assert all((a == b).all() for a, b in zip(one.parameters(), two.parameters()))
    assert (torch.get_rng_state() == state).all()
