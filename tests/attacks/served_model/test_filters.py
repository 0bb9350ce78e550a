"""Served weights alone: smooth filters give the key away, filters without neighbours do not."""

import numpy as np
import pytest

from lib import Key, metrics
from lib.attacks.served_model.filters import arranged, correlation, from_filters, stationary
from lib.datasets import load
from lib.models.keyed import ServedWeights
from lib.schemes import BlockPixelPermutation, BlockShuffle, EtC, OneTimePad, Tanaka
from tests.attacks.served_model.test_checkpoint import SHAPE, under

DIM = 128
IMAGES, OTHERS = np.split(load("photos", "test").images[:240], [20])


def smooth(shape, reach=1.5, noise=0.4):
    """Covariance of places of a picture, as trained filters have: of a colour exp(-distance / reach), across
    colours less, and as much noise as said."""
    y, x, c = np.unravel_index(np.arange(np.prod(shape)), shape)
    apart = np.hypot(np.subtract.outer(y, y), np.subtract.outer(x, x))
    alike = np.where(np.equal.outer(c, c), 1, 0.4)
    return noise * np.eye(len(y)) + (1 - noise) * np.exp(-apart / reach) * alike


def network(seed, bits=8, positions=False, filters=None):
    """Weights drawn with these covariances, on atoms of so many bits."""
    rng, filters = np.random.default_rng(seed), smooth((4, 4, 3)) if filters is None else filters
    kernel = rng.multivariate_normal(np.zeros(48), filters, DIM)
    worth = np.array([2.0**shift * (2**bits - 1) / 255 for shift in range(8 - bits, -1, -bits)])
    kernel = (kernel[:, :, None] * worth).reshape(1, DIM, -1)
    code = (
        rng.multivariate_normal(np.zeros(64), smooth((8, 8, 1), reach=2, noise=0.15), DIM).T
        if positions
        else None
    )
    return ServedWeights(kernel, np.zeros(64, int), code, None if positions else np.arange(64), 4, bits)


def leak(result):
    pad = OneTimePad(Key.from_seed(1)).encrypt(IMAGES, ids=range(len(IMAGES)))
    return metrics.leak(result.estimate, pad, IMAGES, OTHERS)


@pytest.mark.parametrize(
    ("scheme", "positions"),
    [
        (BlockShuffle, False),
        (Tanaka, False),
        (EtC, False),
        (BlockPixelPermutation, True),
        (BlockShuffle, True),
    ],
)
def test_pictures_come_back_from_the_filters_of_a_network_that_nobody_knows(scheme, positions):
    its = scheme(Key.from_seed(5), block=4)
    table = its.table(SHAPE)
    served = under(table, network(1, table.bits, positions))
    result = from_filters(served, network(2, positions=positions), its.encrypt(IMAGES), starts=3)
    assert leak(result).low > 0.85 and not np.any(result.confidence)


def test_filters_without_neighbours_tell_nothing():
    its = BlockShuffle(Key.from_seed(5), block=4)
    served = under(its.table(SHAPE), network(1, filters=np.eye(48)))
    found = leak(from_filters(served, network(2), its.encrypt(IMAGES), starts=3))
    ciphertext = metrics.leak(
        its.encrypt(IMAGES), OneTimePad(Key.from_seed(1)).encrypt(IMAGES, ids=range(20)), IMAGES, OTHERS
    )
    assert found.value < ciphertext.high, "blocks in their places show what they show"


def test_signs_and_places_are_those_that_were_drawn():
    rng, plain = np.random.default_rng(3), network(1).kernels[0].T
    order, sign = rng.permutation(48), rng.choice([-1, 1], 48)
    expected = stationary(correlation(network(2).kernels[0].T), (4, 4, 3))
    found = arranged(correlation(plain[order] * sign[:, None]), expected, rng, starts=4)
    assert sorted(found.where) == list(range(48))
    places = order[found.where].reshape(4, 4, 3)  # up to a turn and an order of colours
    best = max(
        (np.rot90(x, turn)[..., colours] == np.arange(48).reshape(4, 4, 3)).mean()
        for x in (places, places.swapaxes(0, 1)) for turn in range(4)
        for colours in ([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])
    )  # fmt: skip
    agree = (found.sign * sign[found.where] > 0).mean()
    assert best > 0.9 and (agree > 0.95 or agree < 0.05)


def test_expected_correlations_are_means_over_pairs_as_far_apart():
    given = correlation(network(1).kernels[0].T)
    found, places = stationary(given, (4, 4, 3)), list(np.ndindex(4, 4, 3))
    for p, (y, x, c) in enumerate(places):
        for q, (v, u, d) in enumerate(places):
            if p % 7 == 0 and q % 5 == 0:
                apart = _apart((y, x, c), (v, u, d))
                pairs = ((i, j) for i in range(48) for j in range(48))
                like = [given[i, j] for i, j in pairs if _apart(places[i], places[j]) == apart]
                assert np.isclose(found[p, q], np.mean(like))


def _apart(a, b):
    return abs(a[0] - b[0]), abs(a[1] - b[1]), {a[2], b[2]}


def test_patches_of_two_sizes_are_refused():
    its = BlockShuffle(Key.from_seed(5), block=4)
    served = under(its.table(SHAPE), network(1))
    with pytest.raises(ValueError, match="patches of 4 pixels and of 8"):
        from_filters(served, network(2)._replace(block=8), its.encrypt(IMAGES))
