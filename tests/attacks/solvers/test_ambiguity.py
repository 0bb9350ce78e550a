"""What ciphertexts leave open: pictures seen otherwise."""

import numpy as np
import pytest

from lib.attacks.solvers.ambiguity import view
from lib.attacks.solvers.assembly import Assembly, picture, rebased


@pytest.mark.parametrize("option", [(0, 0, 0), (1, 0, 0), (4, 1, 3), (7, 0, 4), (2, 1, 5)])
def test_rebasing_isviewing_the_picture_otherwise(option):
    r = np.random.default_rng(3)
    blocks = r.integers(0, 256, (2, 6, 4, 4, 3), np.uint8)
    parts = (r.permutation(6), r.integers(0, 8, 6), r.integers(0, 2, 6), r.integers(0, 6, 6), r.random(6))
    found = Assembly(*(part.reshape(2, 3) for part in parts))
    assert (picture(blocks, rebased(found, *option)) == view(picture(blocks, found), *option)).all()
