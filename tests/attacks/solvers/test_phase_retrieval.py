"""Phase retrieval of many pixels: each step against a slow one, signs, and the sign of the whole."""

import numpy as np
import pytest

from lib.attacks.solvers import phase_retrieval as phase
from lib.judge import pictures

SHAPE = (8, 12, 3)


def seen(count=6, epochs=15, share=0.0, seed=0, shape=SHAPE):
    """Observations of pictures, and the pictures (n, P); a share of each sum is of others."""
    rng = np.random.default_rng(seed)
    every = pictures.attacked((16, 16, 3), 300)[:, : shape[0], : shape[1]] / 60.0 - 2
    private, public = np.split(every.reshape(len(every), -1).astype(np.float32), [count])
    pairs = np.concatenate(
        [np.stack([(o := rng.permutation(count)), np.roll(o, 1)], 1) for _ in range(epochs)]
    )
    one = rng.uniform(0.35, 0.65, len(pairs)) * (1 - share)
    by = np.stack([one, 1 - share - one], 1).astype(np.float32)
    other = public[rng.integers(0, len(public), len(pairs))]
    sums = (by[:, :, None] * private[pairs]).sum(1) + share * other
    rest = np.full(len(pairs), share, np.float32)
    return phase.Observed(np.abs(sums), pairs, by, rest, 1.0, public.mean(0), public.var(0)), private


def correlations(found, true):
    return np.array([np.corrcoef(a, b)[0, 1] for a, b in zip(found, true)])


def test_regression_finds_the_products_of_every_pair():
    of, true = seen()
    own, mixed, which = phase.gram(of.excess(), of.pairs, of.coefficients, 6)
    i, j = which.T
    assert (i < j).all() and len(set(map(tuple, which))) == len(which)
    dense = np.zeros((len(of.pairs), 6))
    np.put_along_axis(dense, of.pairs, of.coefficients, axis=1)
    columns = np.concatenate([dense**2, 2 * dense[:, i] * dense[:, j]], axis=1)
    ridge = phase.RIDGE * (dense**4).sum(0).mean() * np.eye(columns.shape[1])
    slow = np.linalg.solve(columns.T @ columns + ridge, columns.T @ of.excess().astype(float))
    assert np.allclose(np.concatenate([own, mixed]), slow, atol=1e-3)
    assert np.corrcoef(own.ravel(), (true**2).ravel())[0, 1] > 0.95


def test_a_matrix_of_products_is_factored_up_to_a_sign():
    x = np.random.default_rng(1).normal(size=(5, 300)).astype(np.float32)
    i, j = np.triu_indices(5, 1)
    found = phase.factored(x**2, x[i] * x[j], np.stack([i, j], 1), 5)
    signs = np.sign((found * x).sum(0))
    assert np.allclose(found * signs, x, atol=1e-3)


@pytest.mark.parametrize("seed", [0, 1])
def test_signs_of_neighbours_are_joined_up_to_one(seed):
    _, true = seen(30, seed=seed)
    signs = np.where(np.random.default_rng(seed).random(true.shape[1]) < 0.5, -1, 1).astype(np.float32)
    found = phase.signs_by_neighbours(true * signs, SHAPE)
    assert np.allclose(np.abs(found), np.abs(true))
    agree = ((found * true).sum(0) > 0).mean()
    assert max(agree, 1 - agree) > 0.99 > 0.7 > max((signs > 0).mean(), (signs < 0).mean())


def slow_round(of, x, wide):
    """One round, pixel by pixel and observation by observation."""
    n, out = len(x), np.empty_like(x)
    for p in range(x.shape[1]):
        left, right = phase.PRIOR * np.eye(n), np.zeros(n)
        for e, (pair, by) in enumerate(zip(of.pairs, of.coefficients)):
            row = np.zeros(n)
            row[pair] = by
            spread = of.scatter * of.rest[e] ** 2 + phase.LEAST
            middle = row @ x[:, p] + of.rest[e] * of.mean[p]
            sign = np.tanh(of.sizes[e, p] * middle / (spread * of.variance[p] * wide))
            left += np.outer(row, row) / spread
            right += row / spread * (of.sizes[e, p] * sign - of.rest[e] * of.mean[p])
        out[:, p] = np.linalg.solve(left, right)
    return out


def test_a_round_is_what_the_slow_one_does():
    of, true = seen(share=0.3, shape=(4, 4, 3))
    start = true + np.random.default_rng(2).normal(0, 0.3, true.shape).astype(np.float32)
    assert np.allclose(phase.refined(of, start, 1), slow_round(of, start, phase.WIDE), atol=1e-3)


def test_the_likelihood_is_that_of_a_folded_normal():
    of, true = seen(share=0.3, shape=(4, 4, 3))

    def slow(x):
        total = 0.0
        for e, (pair, by) in enumerate(zip(of.pairs, of.coefficients)):
            middle = by @ x[pair] + of.rest[e] * of.mean
            spread = of.noise[e] * of.variance
            densities = sum(np.exp(-((of.sizes[e] - sign * middle) ** 2) / (2 * spread)) for sign in (1, -1))
            total += np.log(densities).sum()
        return total

    other = true + 0.1
    apart = phase.log_likelihood(of, true) - phase.log_likelihood(of, other)
    assert np.isclose(apart, slow(true) - slow(other), rtol=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_pictures_come_back_and_the_rest_tells_the_sign(share):
    of, true = seen(8, 30, share, shape=(16, 16, 3))
    both, fits = phase.retrieve(of, (16, 16, 3), 8)
    likes = [correlations(each, true).mean() for each in both]
    assert max(np.abs(likes)) > 0.9 and likes[0] * likes[1] < 0
    assert share == 0 or likes[int(fits.argmax())] > 0.9


def test_there_is_nothing_in_noise():
    of, true = seen(8, 30, shape=(16, 16, 3))
    noise = np.abs(np.random.default_rng(3).normal(size=of.sizes.shape)).astype(np.float32)
    empty = phase.Observed(noise, of.pairs, of.coefficients, of.rest, 1.0, of.mean, of.variance)
    both, _ = phase.retrieve(empty, (16, 16, 3), 8)
    assert np.abs(correlations(both[0], true)).mean() < 0.25
