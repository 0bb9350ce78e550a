"""From the highest bits to those below: predictions, levels and their order."""

from itertools import permutations

import numpy as np
import pytest

from lib.attacks.solvers.bit_planes import in_order, next_level, picture, predicted
from lib.datasets import load, photo
from lib.table import split

PATCHES = load("photos", "test").images


def blocks_of(images, block):
    n, h, w, _ = images.shape
    cut = images.reshape(n, h // block, block, w // block, block, 3).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(n, h // block, w // block, -1)


def slow_prediction(fine, coarse, reach):
    """Every pixel's window, flattened, without the value to be predicted; ridge of one grey level squared a
    pixel."""
    n, h, w, _ = fine.shape
    centred = np.pad(
        fine - fine.mean((0, 1, 2)), ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect"
    )
    out = np.empty(fine.shape)
    for colour in range(3):
        rows = []
        for i, y, x in np.ndindex(n, h, w):
            window = centred[i, y : y + 2 * reach + 1, x : x + 2 * reach + 1].astype(float)
            rows.append(np.delete(window.ravel(), 3 * (reach * (2 * reach + 1) + reach) + colour))
        rows, target = np.array(rows), coarse[..., colour].ravel().astype(float)
        gram = rows.T @ rows + len(rows) * np.eye(rows.shape[1])
        factors = np.linalg.solve(gram, rows.T @ (target - target.mean()))
        out[..., colour] = (rows @ factors + target.mean()).reshape(n, h, w)
    return out


@pytest.mark.parametrize("reach", [1, 2])
def test_predictions_equal_the_slow_specification(reach):
    fine = PATCHES[:2, :16, :20].astype(np.float32)
    coarse = fine // 16 * 16 + 7.5
    assert np.abs(predicted(fine, coarse, reach) - slow_prediction(fine, coarse, reach)).max() < 0.2


def test_lower_bits_follow_from_the_higher_ones_signs_included():
    rng, plain = np.random.default_rng(0), photo("coffee", 64)[None]
    atoms = split(blocks_of(plain, 4), 2)
    order, reverse = rng.permutation(192), rng.random(192) < 0.5
    streams, place = atoms[..., order] ^ (reverse * np.uint8(3)), np.argsort(order).reshape(48, 4).T
    held, flips = place[:1], reverse[place[:1]]
    assert np.abs(picture(streams, held, flips, 4, 2) - plain.astype(float)).max() <= 31.5
    for level in (1, 2, 3):
        found, flip, sure = next_level(streams, held, flips, 4, 2)
        assert (found == place[level]).all() and (flip == reverse[found]).all() and sure.min() > 0.7
        held, flips = np.concatenate([held, found[None]]), np.concatenate([flips, flip[None]])
    assert (picture(streams, held, flips, 4, 2) == plain).all()


def test_levels_that_were_taken_for_each_other_are_put_in_order():
    plain = photo("coffee", 64)[None]
    streams, place = split(blocks_of(plain, 4), 2), np.arange(192).reshape(48, 4).T
    for order in permutations((1, 2, 3)):
        wrong = place[[0, *order]], np.array([False, True, False, True])[:, None] & np.ones(48, bool)
        held, flips = in_order(streams, *wrong, 4, 2)
        assert (held == place).all() and not flips.any()
