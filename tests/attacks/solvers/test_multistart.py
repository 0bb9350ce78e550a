"""Multistart local search: what replaces streams, and what makes a picture rough."""

import numpy as np

from lib.attacks.solvers.compound_moves import moves
from lib.attacks.solvers.gaussian_model import correlations, weights
from lib.attacks.solvers.multistart import Search, replaced
from lib.attacks.solvers.quadratic_assignment import Assignment
from lib.datasets import photo
from lib.table import split
from lib.tiling import cut


def blocks_of(images, block):
    n, h, w, _ = images.shape
    return cut(images, block).reshape(n, h // block, w // block, -1)


def test_descent_only_improves_and_replacing_finds_streams_and_signs():
    atoms = split(blocks_of(photo("chelsea", 64)[None], 2), 4).astype(np.float32)
    correlation, upper = correlations(atoms), np.arange(0, 24, 2)
    weight = weights(2, (3, 3), 0.8, 0.65)
    part = Assignment(weight, correlation[:, upper[:, None], upper])
    start = np.random.default_rng(1).permutation(12)
    assert part.energy(part.descended(start)) < part.energy(start)
    spoiled, sign = upper.copy(), np.ones(12)
    spoiled[3], sign[7] = 1, -1.0  # a lower half where an upper one belongs, and a wrong sign
    order, sign = replaced(weight, correlation, spoiled, sign)
    assert (order == upper).all() and (sign == 1).all()


def test_the_right_order_is_less_rough_than_any_move_of_it():
    search = Search(split(blocks_of(photo("coffee", 64)[None], 4), 4), 4, 4)
    upper, sign = np.arange(0, 96, 2), np.ones(48)
    right, others = (
        search.candidate(upper, sign),
        [move for move in moves(4) if (move != np.arange(48)).any()],
    )
    assert all(search.candidate(upper[move], sign).roughness > right.roughness for move in others)
