"""Scores of puzzles against a slow specification."""

import itertools

import numpy as np
import pytest

from lib.metrics import direct, largest_part, neighbours
from tests.metrics import noise


def states(image):
    """All 96 of an image: turned and mirrored, in another colour order, negative or not."""
    for turns, mirror, order, sign in itertools.product(
        range(4), (False, True), itertools.permutations(range(3)), (0, 255)
    ):
        turned = np.rot90(image[:, ::-1] if mirror else image, turns)
        yield turned[..., list(order)] ^ np.uint8(sign)


def slow_right_pairs(estimate, truth, block):
    """{((y, x), (v, u)): bool}: whether a pair of blocks of the estimate is one of the truth, in any
    state."""

    def pairs(image):
        rows, columns = image.shape[0] // block, image.shape[1] // block
        for y, x in itertools.product(range(rows), range(columns)):
            for v, u in ((y, x + 1), (y + 1, x)):
                if v < rows and u < columns:
                    yield ((y, x), (v, u)), image[y * block : (v + 1) * block, x * block : (u + 1) * block]

    known = {view.tobytes() for _, pair in pairs(truth) for view in states(pair) if view.shape[0] == block}
    return {
        place: (pair if pair.shape[0] == block else np.rot90(pair)).tobytes() in known
        for place, pair in pairs(estimate)
    }


def slow_largest_part(right, rows, columns):
    part = {cell: {cell} for cell in itertools.product(range(rows), range(columns))}
    for (a, b), good in right.items():
        if good and part[a] is not part[b]:
            part[a] |= part[b]
            for cell in part[b]:
                part[cell] = part[a]
    return max(len(cells) for cells in part.values()) / (rows * columns)


@pytest.mark.parametrize("seed", range(6))
def test_scores_of_puzzles_against_the_slow_specification(seed):
    """Half of the blocks are shuffled, some put in another state, and two of them are equal."""
    rng, block, rows, columns = np.random.default_rng(seed), 4, 3, 5
    truth = rng.integers(0, 256, (rows * block, columns * block, 3), np.uint8)
    truth[:block, :block] = truth[-block:, -block:]
    grid = truth.reshape(rows, block, columns, block, 3).swapaxes(1, 2).reshape(-1, block, block, 3)
    order = np.arange(len(grid))
    moved = rng.choice(len(grid), 6, replace=False)
    order[moved] = rng.permutation(moved)
    grid = grid[order]
    for b in rng.choice(len(grid), 2, replace=False):
        grid[b] = list(states(grid[b]))[rng.integers(96)]
    estimate = grid.reshape(rows, columns, block, block, 3).swapaxes(1, 2).reshape(truth.shape)
    right = slow_right_pairs(estimate, truth, block)
    assert neighbours(estimate, truth, block) == pytest.approx(np.mean(list(right.values())))
    assert largest_part(estimate, truth, block) == pytest.approx(slow_largest_part(right, rows, columns))
    same = [
        (estimate[y : y + block, x : x + block] == truth[y : y + block, x : x + block]).all()
        for y, x in itertools.product(range(0, 12, block), range(0, 20, block))
    ]
    assert direct(estimate, truth, block) == pytest.approx(np.mean(same))


def test_neighbours_see_a_picture_in_any_state_and_direct_does_not():
    truth = noise(7, 12, 12, 3)
    for view in list(states(truth))[1:]:
        assert neighbours(view, truth, 4) == largest_part(view, truth, 4) == 1 and direct(view, truth, 4) < 1
    one_negative = truth.copy()
    one_negative[:4, :4] ^= 255
    assert neighbours(one_negative, truth, 4) == 10 / 12 and largest_part(one_negative, truth, 4) == 8 / 9
    assert neighbours(noise(8, 12, 12, 3), truth, 4) == 0


def test_scores_of_puzzles_need_whole_blocks():
    for score in (direct, neighbours, largest_part):
        with pytest.raises(ValueError, match="2x2 or more whole blocks of 4, got 12x10"):
            score(noise(1, 12, 10, 3), noise(1, 12, 10, 3), 4)
