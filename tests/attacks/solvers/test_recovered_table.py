"""Whether an index is a permutation, and whether an estimate is smoother, held against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import datasets
from lib.attacks.solvers.recovered_table import is_permutation, is_smoother

SECRET = np.ascontiguousarray(datasets.load("photos", "test", 4).images[:, :16, :24])
NOISE = np.random.default_rng(5).integers(0, 256, (4, 16, 24, 3), np.uint8)


def roughness_by_hand(image, block):
    """The mean difference of neighbours on two sides of a border of blocks, loop by loop."""
    differences = []
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            for down, right in ((0, 1), (1, 0)):
                v, u = y + down, x + right
                same_block = (y // block, x // block) == (v // block, u // block)
                if v < image.shape[0] and u < image.shape[1] and not same_block:
                    differences += [abs(int(a) - int(b)) for a, b in zip(image[y, x], image[v, u])]
    return sum(differences) / len(differences)


@pytest.mark.parametrize("block", [1, 4, 8])
def test_smoother_means_so_much_less_rough_at_borders(block):
    for seed in range(8):
        image = NOISE[seed % 4]
        other = (image * (0.5 + seed / 40)).astype(np.uint8)
        wanted = roughness_by_hand(other, block) < 0.6 * roughness_by_hand(image, block)
        assert is_smoother(other[None], image[None], block) == wanted
    assert not wanted and is_smoother(image[None] // 2, image[None], block)


def test_a_single_block_is_looked_at_inside_and_a_pixel_says_nothing():
    assert is_smoother(SECRET[:1, :4, :4], NOISE[:1, :4, :4], 4)
    assert not is_smoother(SECRET[:1, :1, :1], NOISE[:1, :1, :1], 1)


@given(st.lists(st.integers(-2, 7), min_size=1, max_size=6))
def test_a_permutation_names_every_atom_once(index):
    assert is_permutation(np.array(index)) == (sorted(index) == list(range(len(index))))
