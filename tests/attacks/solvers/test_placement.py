"""Placement: layouts and their energy, what comes back, errors."""

import numpy as np
import pytest

from lib import Key
from lib.attacks.solvers.compatibility import RELATION, of_edges, pair_energy
from lib.attacks.solvers.covariance_compatibility import of_covariances
from lib.attacks.solvers.placement import CAP, place, search
from lib.datasets import load, photo
from lib.schemes import EtC
from lib.tiling import cut

PHOTOS = load("photos", "test").images


def some(n, seed):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False)]


@pytest.mark.parametrize("compatibility", [of_edges, of_covariances])
def test_a_layout_has_every_block_once_and_its_energy_is_the_sum_over_neighbours(compatibility):
    blocks = cut(photo("coffee", 64)[None], 16)
    borders = compatibility(blocks)
    block, state, _, found = search(borders, 4, 4, tries=20)
    assert sorted(block[block >= 0].tolist()) == list(range(16))
    total = 0
    for y, x in np.argwhere(block >= 0):
        for side, v, u in ((1, y, x + 1), (2, y + 1, x)):
            if block[v, u] >= 0:
                code = RELATION[state[y, x], side, state[v, u]]
                p, q = 4 * block[y, x] + code // 96, 4 * block[v, u] + code // 24 % 4
                total += min(pair_energy(borders, p, q, code % 24), CAP)
    assert np.isclose(total, found, rtol=1e-5)


def test_laying_again_finds_no_higher_energy():
    borders = of_edges(cut(EtC(Key.from_seed(3), block=8).encrypt(photo("rocket", 128)[None]), 8))
    found = [search(borders, 16, 16, tries).energy for tries in (0, 30, 60)]
    assert found[0] > found[1] >= found[2]


@pytest.mark.parametrize("compatibility", [of_edges, of_covariances])
def test_blocks_that_are_only_shuffled_come_back_as_block_0_has_them(compatibility):
    order = np.random.default_rng(0).permutation(64)
    found = place(compatibility(cut(some(30, 5), 4)[:, order]), 8, 8)
    assert (order[found.block] == np.arange(64).reshape(8, 8)).all()
    assert not (found.orientation.any() or found.negative.any() or found.colour.any())


@pytest.mark.parametrize("shape", [(8, 8), (4, 8), (8, 4)])
def test_the_picture_comes_back_as_block_0_has_it_whatever_is_laid_first(shape):
    side = np.s_[: 4 * shape[0], : 4 * shape[1]]
    ciphers = EtC(Key.from_seed(8)).encrypt(np.ascontiguousarray(some(50, 8)[(slice(None), *side)]))
    blocks = cut(ciphers, 4)
    found = [place(each(blocks), *shape) for each in (of_edges, of_covariances)]
    assert all((a == b).all() for a, b in zip(found[0][:4], found[1][:4]))
    at = found[0].block == 0
    assert found[0].negative[at] == found[0].colour[at] == 0
    assert found[0].orientation[at] in ([0] if shape[0] == shape[1] else [0, 1])


def test_blocks_that_fit_nowhere_are_left_over():
    """Of a picture's blocks and as many of noise, the picture's are laid."""
    picture, noise = photo("coffee", 64), np.random.default_rng(3).integers(0, 256, (16, 64, 3), np.uint8)
    blocks = cut(np.concatenate([picture, noise])[None], 16)[:, np.random.default_rng(4).permutation(20)]
    found = place(of_edges(blocks), 4, 4)
    of_picture = {bytes(block) for block in cut(picture[None], 16)[0]}
    assert {bytes(block) for block in blocks[0, found.block.ravel()]} == of_picture


def test_assembling_needs_a_grid():
    with pytest.raises(ValueError, match="rows and columns, and as many blocks as places or more, 4096 at"):
        place(of_edges(cut(photo("coffee", 32)[None], 4)), 8, 9)
