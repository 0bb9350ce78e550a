"""Seams are where blocks moved, and nowhere in pictures."""

import numpy as np
import pytest

from lib import Key, datasets
from lib.attacks.many_ciphertexts.ffx import ffx_one_key
from lib.attacks.many_ciphertexts.skk import pixels_one_key
from lib.attacks.one_ciphertext.tanaka import blocks_one_key
from lib.attacks.solvers.seams import has_seams
from lib.schemes import CompressionFriendly, EtC
from lib.tiling import assembled, cut

PICTURES = datasets.load("photos", "test", 300).images


def moved(images, block):
    """Their blocks in another order, the same for all."""
    blocks = cut(images, block)
    order = np.random.default_rng(block).permutation(blocks.shape[1])
    grid = tuple(side // block for side in images.shape[1:3])
    return assembled(blocks[:, order].reshape(len(images), *grid, -1), block)


@pytest.mark.parametrize("count", [1, 5, 40])
@pytest.mark.parametrize("block", [1, 4])
def test_pictures_have_none(count, block):
    found = [has_seams(PICTURES[at : at + count], block) for at in range(0, 300, 20)]
    assert sum(found) == 0


@pytest.mark.parametrize("name", datasets.photo_names)
def test_photographs_have_none(name):
    assert not has_seams(datasets.photo(name, 128)[None])


@pytest.mark.parametrize("block", [2, 4, 8])
def test_blocks_that_moved_leave_them(block):
    images = moved(PICTURES[:20], block)
    assert has_seams(images) and has_seams(images, block)
    assert not has_seams(images, 10), "these lines are no edges of blocks"


PIECES, FRIENDLY = EtC(Key.from_seed(3)), CompressionFriendly(Key.from_seed(3))
RUNS = [
    (blocks_one_key, FRIENDLY),
    *((each, of) for each in (pixels_one_key, ffx_one_key) for of in (PIECES, FRIENDLY)),
]


@pytest.mark.parametrize(
    "attack, scheme", RUNS, ids=lambda part: getattr(part, "__name__", None) or part.name
)
def test_attacks_on_blocks_that_stay_are_not_sure_of_blocks_that_move(attack, scheme):
    """They undo what was done inside of a block, and were sure of it: the pictures are wrong all the same."""
    assert np.max(attack(scheme.encrypt(PICTURES[::15])).confidence) == 0
