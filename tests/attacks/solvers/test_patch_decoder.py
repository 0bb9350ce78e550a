"""A decoder reads vectors that it did not learn from, and not where they have nothing to do with patches."""

import numpy as np

from lib.attacks.solvers.patch_decoder import decoder


def test_a_decoder_undoes_a_linear_map_and_the_means_of_places():
    rng = np.random.default_rng(3)
    plain, means = rng.normal(size=(40, 6, 4)), rng.normal(size=(6, 4)) * 5
    vectors = (plain @ rng.normal(size=(4, 9)) + 3 * rng.normal(size=(6, 9))).astype(np.float32)
    plain = (plain + means).astype(np.float32)
    read = decoder(plain[:30], vectors[:30])(vectors[30:])
    assert np.abs(read - plain[30:]).mean() < 0.1 * np.abs(plain[30:] - plain[:30].mean(0)).mean()


def test_nothing_is_read_of_noise():
    rng = np.random.default_rng(4)
    plain, vectors = rng.normal(size=(40, 6, 4)), rng.normal(size=(40, 6, 9)).astype(np.float32)
    read = decoder(plain[:30], vectors[:30])(vectors[30:])
    usual = plain[:30].mean(0)
    assert np.abs(np.corrcoef((read - usual).ravel(), (plain[30:] - usual).ravel())[0, 1]) < 0.25
