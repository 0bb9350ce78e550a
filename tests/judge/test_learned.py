"""The learner from pairs: the ridge that it is, what it finds, and that it finds nothing in a pad."""

import numpy as np
import pytest

from lib.judge import pictures
from lib.judge.learned import HELD_BACK, STRENGTHS, Learner

from .helpers import SMALLER, TINY, drawn, made


def ridge_in_the_open(ciphers, plain, fresh):
    """Ridge regression by its normal equations, for floats: views are the values and their sizes. For each
    strength, what it makes of fresh ciphertexts, and its miss on the pairs that are held back."""
    x, more = (np.concatenate([each, np.abs(each)], axis=1).astype(float) for each in (ciphers, fresh))
    centre, spread = x.mean(0), x.std(0)
    spread = np.maximum(spread, 1e-3 * spread.max()) * x.shape[1] ** 0.5
    x, more = (x - centre) / spread, (more - centre) / spread
    y, mean = plain.reshape(len(plain), -1).astype(float), plain.reshape(len(plain), -1).mean(0)
    size, kept = (x**2).sum() / len(x), len(x) - int(len(x) * HELD_BACK)

    def solved(rows, strength):
        left = x[rows].T @ x[rows] + strength * size * np.eye(x.shape[1])
        return np.linalg.solve(left, x[rows].T @ (y[rows] - mean))

    for strength in STRENGTHS:
        miss = ((x[kept:] @ solved(slice(0, kept), strength) + mean - y[kept:]) ** 2).mean()
        yield miss, more @ solved(slice(None), strength) + mean


def test_it_is_the_ridge_of_the_best_strength():
    plain, rng = pictures.public(TINY, 150), np.random.default_rng(2)
    way = rng.normal(size=(192, 12))
    ciphers, fresh = (
        (each.reshape(-1, 192) @ way + rng.normal(0, 40, (len(each), 12))).astype(np.float32)
        for each in (plain, pictures.attacked(TINY, 20))
    )
    ways = list(ridge_in_the_open(ciphers, plain, fresh))
    best = min(range(len(ways)), key=lambda i: ways[i][0])
    assert 0 < best < len(ways) - 1
    expected = np.clip(np.rint(ways[best][1]), 0, 255)
    found = Learner(ciphers, plain).estimate(fresh).reshape(20, -1).astype(float)
    assert np.abs(found - expected).max() <= 1
    other = np.clip(np.rint(ways[-1][1]), 0, 255)
    assert np.abs(found - other).mean() > 2


def misses(name, ids=None, count=500, shape=TINY):
    """The learner's mean distance from the truth, over that of the mean picture."""
    plain, truth = pictures.public(shape, count), pictures.attacked(shape, 100)
    encrypt = made(name).encrypt
    if ids is None:
        ciphers, fresh = encrypt(plain), encrypt(truth)
    else:
        ciphers, fresh = encrypt(plain, range(len(plain))), encrypt(truth, range(10_000, 10_100))
    found = Learner(ciphers, plain).estimate(fresh)
    assert found.shape == truth.shape and found.dtype == np.uint8
    mean = np.abs(plain.mean(0) - truth).mean()
    return np.abs(found.astype(float) - truth).mean() / mean


@pytest.mark.parametrize("name", ["shuffled_bytes", "pad_twice", "tanaka", "shuffled_bits"])
def test_it_learns_what_one_key_does(name):
    assert misses(name) < 0.7


@pytest.mark.parametrize("name", ["small_noise", "fresh_block_order", "one_colour_left", "top_plane_left"])
def test_it_learns_what_other_keys_leave(name):
    assert misses(name, ids=True, shape=SMALLER) < 0.93


@pytest.mark.parametrize("name", ["one_time_pad", "counter_mode", "tweaked_wide_block"])
def test_it_learns_nothing_from_pads(name):
    assert 0.99 < misses(name, ids=True) < 1.1


@pytest.mark.parametrize("shape", [(24, 8), (8, 8, 4), (50,)], ids=str)
def test_ciphertexts_may_have_any_shape(shape):
    plain = pictures.public(TINY, 60)
    for ciphers in (
        drawn(60, *shape),
        drawn(60, *shape).astype(np.float64),
        drawn(60, *shape).astype(np.int16),
    ):
        assert Learner(ciphers, plain).estimate(ciphers[:7]).shape == (7, *TINY)
