"""Compatibility over many images: costs against slow specifications, whole blocks."""

import numpy as np
import pytest

from lib import Key
from lib.attacks.solvers.compatibility import UNIT, pair_energy
from lib.attacks.solvers.covariance_compatibility import (
    FLOOR,
    TEMPERATURE,
    edge_costs,
    edges,
    inside_fits,
    of_covariances,
)
from lib.datasets import load
from lib.schemes import EtC
from lib.symmetries import COLOUR_INVERSE, COLOURS, SIDES, oriented
from lib.tiling import cut

PHOTOS = load("photos", "test").images


def some(n, seed, side=32):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False), :side, :side]


def test_sides_against_turned_blocks():
    """A block's edges, read clockwise after it was turned and mirrored, are those the table names."""
    upright = np.random.default_rng(0).integers(0, 256, (2, 1, 4, 4, 3), np.uint8)
    before = edges(upright)
    for orientation in range(8):
        after = edges(oriented(upright[:, 0], orientation)[:, None])
        for side in range(4):
            now, backwards = SIDES[orientation, side]
            line = after[now][:, ::-1] if backwards else after[now]
            assert np.allclose(line, before[side])


def slow_cost(a, b, sign, order):
    """a, b (n, 3): how badly a = sign * b in another colour order, against two edges with nothing in
    common."""

    def spread(v):
        return np.linalg.slogdet(v.T @ v / len(v) + FLOOR * np.eye(3))[1]

    noise = np.array([p - sign * q[order] for p, q in zip(a, b)])
    return len(a) / 2 * (spread(noise) - (spread(a) + spread(b)) / 2)


def test_edge_costs_against_the_slow_specification():
    lines = edges(np.random.default_rng(1).integers(0, 256, (3, 4, 4, 4, 3), np.uint8))
    costs = edge_costs(lines)
    for a, b, alike, g in np.random.default_rng(2).integers(0, (16, 16, 2, 12), (200, 4)):
        if a // 4 == b // 4:
            assert np.isinf(costs[a, b]).all()
            continue
        p, q = (lines[each].transpose(2, 1, 0) / UNIT for each in (a, b))
        q = (q if alike else q[:, ::-1]).reshape(-1, 3)
        expected = slow_cost(p.reshape(-1, 3), q, 1 - 2 * (g // 6), COLOURS[g % 6])
        assert np.isclose(costs[a, b, alike, g], expected, atol=1e-3)


def test_edges_are_whole_numbers_of_the_extrapolated_pixels():
    blocks = np.random.default_rng(4).integers(0, 256, (2, 3, 4, 4, 3), np.uint8)
    # downwards, which is clockwise
    right = 1.4 * (blocks[..., 3, :] - 127.5) - 0.4 * (blocks[..., 2, :] - 127.5)
    assert np.allclose(edges(blocks)[1::4] / UNIT, right.transpose(1, 3, 2, 0))
    assert (edges(blocks) % 1 == 0).all()


def test_costs_are_the_same_to_the_last_bit_from_either_side():
    costs = edge_costs(edges(cut(some(3, 1), 4)))
    for g, back in enumerate([*COLOUR_INVERSE, *(6 + COLOUR_INVERSE)]):
        assert (costs[..., g] == costs[..., back].transpose(1, 0, 2)).all()


def test_facing_edges_of_a_picture_cost_least():
    costs = edge_costs(edges(cut(some(30, 0), 4)))
    # block 10 is to the right of block 9, with its left side, unmirrored, in the same state
    assert np.unravel_index(costs[4 * 9 + 1].argmin(), costs.shape[1:]) == (4 * 10 + 3, 0, 0)


def test_energies_are_minus_the_logarithm_of_both_probabilities():
    blocks = cut(some(30, 0), 4)
    costs, found = edge_costs(edges(blocks)).astype(float), of_covariances(blocks)
    chance = np.log(np.exp(-costs / TEMPERATURE).sum((1, 2, 3)))
    for p, (names, energies) in enumerate(zip(found.names, found.energies)):
        for name, energy in zip(names, energies):
            q, relation = divmod(name, 24)
            wanted = 2 * costs[p, q, relation // 12, relation % 12] / TEMPERATURE + chance[p] + chance[q]
            assert energy == pytest.approx(wanted, abs=0.15)  # likelihoods are summed in steps
            assert pair_energy(found, p, q, relation) == pytest.approx(energy, abs=1e-3)
    assert (np.diff(found.energies, axis=1) >= 0).all() and found.energies[4 * 9 + 1, 0] < 0.1


@pytest.mark.parametrize("n", [1, 5, 50])
def test_blocks_are_whole_for_their_own_size_and_its_divisors(n):
    for seed in range(10):
        images, scheme = some(n, seed), EtC(Key.from_seed(seed), block=4)
        sizes = {size: inside_fits(cut(scheme.encrypt(images), size)) for size in (2, 4, 8, 16)}
        assert sizes == {2: True, 4: True, 8: False, 16: False}
