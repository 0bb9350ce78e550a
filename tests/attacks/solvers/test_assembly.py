"""An assembly gives its picture block by block, and block 0 decides how the whole is shown."""

import numpy as np
import pytest

from lib.attacks.solvers.assembly import Assembly, as_block_0, picture, rebased
from lib.symmetries import COLOURS, oriented


def some(rows=2, columns=3):
    """Six blocks of two images, and an assembly of them in some states."""
    r, count = np.random.default_rng(3), rows * columns
    parts = (r.permutation(count), *(r.integers(0, k, count) for k in (8, 2, 6)), r.random(count))
    return r.integers(0, 256, (2, count, 4, 4, 3), np.uint8), Assembly(
        *(x.reshape(rows, columns) for x in parts)
    )


def test_a_picture_undoes_the_state_of_each_block():
    blocks, found = some()
    shown = picture(blocks, found)
    for y, x in np.ndindex(2, 3):
        own, orientation, negative, colour = (int(part[y, x]) for part in found[:4])
        upright = shown[:, 4 * y : 4 * y + 4, 4 * x : 4 * x + 4]
        again = oriented(upright, orientation)[..., COLOURS[colour]]
        assert ((255 - again if negative else again) == blocks[:, own]).all()


@pytest.mark.parametrize("rows, columns, left", [(3, 3, [0]), (2, 3, [0, 1])], ids=["square", "oblong"])
def test_block_0_is_upright_or_nearest_to_it(rows, columns, left):
    blocks, found = some(rows, columns)
    shown = as_block_0(rebased(found, 2, 1, 3))
    assert shown.block.shape == (rows, columns)
    at = shown.block == 0
    assert shown.orientation[at] in left and shown.negative[at] == shown.colour[at] == 0
    assert sorted(shown.block.ravel()) == list(range(len(blocks[0])))
