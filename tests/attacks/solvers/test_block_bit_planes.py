"""Bits below where each block has its own streams: matching against the slow specification, probabilities."""

from itertools import permutations

import numpy as np
import pytest

from lib.attacks.solvers.block_bit_planes import log_probabilities, match, shown
from lib.datasets import load
from lib.table import split
from lib.tiling import cut

PHOTOS = load("photos", "test").images


def some(n, seed, side=32):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False), :side, :side]


def slow_score(table, streams, place, atom, reverse):
    n, top = streams.shape[0], table.shape[1] // streams.shape[0] - 1
    values = [int(streams[image, atom]) for image in range(n)]
    return sum(
        table[place, image * (top + 1) + (top - v if reverse else v)] for image, v in enumerate(values)
    )


def test_matching_equals_the_slow_specification():
    rng = np.random.default_rng(4)
    table = np.log(rng.dirichlet(np.ones(4), (1, 3, 5))).astype(np.float32).reshape(1, 3, 20)
    streams = rng.integers(0, 4, (1, 5, 6), np.uint8)
    held, flips, margins = match(table, streams, np.array([[[1, 4]]]))

    def total(atoms):
        return sum(
            max(slow_score(table[0], streams[0], p, a, r) for r in (0, 1)) for p, a in enumerate(atoms)
        )

    best = max(permutations([0, 2, 3, 5], 3), key=total)
    assert tuple(held[0]) == best
    for p, a in enumerate(best):
        assert flips[0, p] == (
            slow_score(table[0], streams[0], p, a, 1) > slow_score(table[0], streams[0], p, a, 0)
        )
        others = []
        for b in (0, 2, 3, 5):
            if b != a:
                swapped = [a if x == b else x for x in best]
                swapped[p] = b
                others.append(total(best) - total(swapped))
        sign = abs(slow_score(table[0], streams[0], p, a, 1) - slow_score(table[0], streams[0], p, a, 0))
        assert margins[0, p] == pytest.approx(min([*others, sign]), abs=1e-4)


def test_probabilities_sum_to_one_and_prefer_what_is_there():
    images = some(20, 5)
    coarse = images // 16 * np.float32(16) + np.float32(7.5)
    table = log_probabilities(images.astype(np.float32), coarse, 1, 4)
    assert np.exp(table).sum(-1) == pytest.approx(1, abs=1e-4)
    values = (images % 16)[..., None].astype(int)
    right, reversed_ = (np.take_along_axis(table, each, -1).mean() for each in (values, 15 - values))
    assert right > np.log(1 / 16) + 0.3 and right > reversed_ + 1


def test_pictures_are_shown_as_far_as_they_are_known():
    images = some(3, 6)
    streams = split(cut(images, 4).reshape(3, 64, 48), 4).transpose(1, 0, 2)
    held = np.tile(np.arange(0, 96, 2), (1, 64, 1)), np.tile(np.arange(1, 96, 2), (1, 64, 1))
    right = np.zeros((1, 64, 48), bool)
    half = shown(streams, held[0], right, (8, 8), 4, 4)
    assert (half == images // 16 * 16 + 7.5).all()
    streams = np.where(np.arange(96) % 2, 15 - streams, streams).astype(np.uint8)
    both = shown(streams, np.concatenate(held), np.concatenate([right, ~right]), (8, 8), 4, 4)
    assert (both == images).all()
