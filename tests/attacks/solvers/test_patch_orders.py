"""Shuffled vectors come into one order where places differ, and not where they do not."""

from itertools import permutations

import numpy as np

from lib.attacks.solvers.patch_orders import closest, common_order

RNG = np.random.default_rng(5)


def shuffled(vectors):
    """Each picture's vectors in an order of its own, and these orders."""
    orders = np.argsort(RNG.random(vectors.shape[:2]), 1)
    return np.take_along_axis(vectors, orders[:, :, None], 1), orders


def test_closest_is_the_best_of_all_orders():
    for _ in range(20):
        target, own = RNG.normal(size=(2, 5, 3))
        costs = {order: ((target - own[list(order)]) ** 2).sum() for order in permutations(range(5))}
        assert tuple(closest(target, own)) == min(costs, key=costs.get)


def test_places_that_add_their_own_are_found():
    vectors = RNG.normal(size=(30, 12, 20)) + 3 * RNG.normal(size=(12, 20))
    sent, orders = shuffled(vectors)
    found = np.take_along_axis(orders, common_order(sent), 1)
    assert (found == found[0]).all()


def test_the_mean_does_better_than_one_picture():
    vectors = RNG.normal(size=(80, 16, 24)) + 0.9 * RNG.normal(size=(16, 24))
    sent, orders = shuffled(vectors)

    def agree(order):
        places = np.take_along_axis(orders, order, 1)
        return np.mean([np.bincount(column).max() for column in places.T]) / len(sent)

    first = agree(np.stack([closest(sent[0], own) for own in sent]))
    assert agree(common_order(sent)) > first + 0.1


def test_without_positions_nothing_is_found():
    sent, orders = shuffled(RNG.normal(size=(40, 12, 20)))
    found = np.take_along_axis(orders, common_order(sent), 1)
    assert (found == found[0]).mean() < 0.35
