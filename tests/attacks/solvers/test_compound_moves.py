"""Compound moves: orders of places."""

import numpy as np
import pytest

from lib.attacks.solvers.compound_moves import moves, turns


@pytest.mark.parametrize("colours", [1, 3])
@pytest.mark.parametrize("block", [2, 4, 8])
def test_moves_and_turns_are_orders_of_places_and_most_differ(block, colours):
    for kind in (moves, turns):
        found = list(kind(block, colours))
        assert all((np.sort(order) == np.arange(colours * block**2)).all() for order in found)
        assert len({tuple(order) for order in found}) > 0.5 * len(found)
    assert all((order != np.arange(len(order))).any() for order in moves(block, colours))


def test_turns_are_the_eight_of_a_square_in_all_colours_or_one():
    picture = np.random.default_rng(0).random((4, 4, 3))
    found = {tuple(picture.ravel()[order]) for order in turns(4)}
    wanted = set()
    for colours in ([0, 1, 2], [0], [1], [2]):
        for mirrored in (picture, picture.swapaxes(0, 1)):
            for quarter in range(4):
                each = picture.copy()
                each[..., colours] = np.rot90(mirrored, quarter)[..., colours]
                wanted.add(tuple(each.ravel()))
    assert found == wanted


def test_moves_exchange_lines_in_one_colour():
    wanted = np.arange(48).reshape(4, 4, 3)
    wanted[..., 1] = wanted[[2, 3, 0, 1], :, 1]
    assert any((order == wanted.ravel()).all() for order in moves(4))


@pytest.mark.parametrize("down", [False, True])
def test_moves_part_two_colours_that_share_rows_or_columns(down):
    """Red has 0, 1 of both in its row, blue has 2, 3: taken apart, each colour has its own again."""
    pixels = np.arange(48).reshape(4, 4, 3)
    if down:
        pixels = pixels.swapaxes(0, 1)
    mixed = pixels.copy()
    r, b = pixels[..., 0], pixels[..., 2]
    mixed[..., 0] = np.stack([r[:, 0], b[:, 0], b[:, 1], r[:, 1]], 1)
    mixed[..., 2] = np.stack([r[:, 2], b[:, 2], b[:, 3], r[:, 3]], 1)
    mixed, pixels = (each.swapaxes(0, 1) if down else each for each in (mixed, pixels))
    assert any((mixed.ravel()[order] == pixels.ravel()).all() for order in moves(4))
