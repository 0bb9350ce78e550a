"""The numbers of colour orders, signs, orientations and states, against what each of them does."""

from itertools import permutations

import numpy as np
import pytest

from lib import symmetries as numbers

SQUARE = np.arange(16).reshape(4, 4)


def turned_left(grid):
    """A quarter turn: the last column becomes the first row."""
    return np.array([[row[-1 - y] for row in grid] for y in range(len(grid[0]))])


def turned_and_mirrored(grid, orientation):
    for _ in range(orientation % 4):
        grid = turned_left(grid)
    return np.array([row[::-1] for row in grid]) if orientation >= 4 else np.array(grid)


def pixel_in_state(pixel, state):
    """First colours, then signs, the lowest bit that of the first channel."""
    order, signs = sorted(permutations(range(3)))[state // 8], state % 8
    return [255 - pixel[order[c]] if signs >> c & 1 else pixel[order[c]] for c in range(3)]


def test_colour_orders_are_all_six_in_ascending_order_and_signs_count_from_the_first_channel():
    assert numbers.COLOURS.tolist() == [list(order) for order in sorted(permutations(range(3)))]
    assert [(mask > 0) @ [1, 2, 4] for mask in numbers.SIGNS] == list(range(8))
    assert set(numbers.SIGNS.ravel().tolist()) == {0, 255} and numbers.SIGNS.dtype == np.uint8


@pytest.mark.parametrize("orientation", range(8))
def test_an_orientation_turns_to_the_left_and_mirrors_then(orientation):
    expected = turned_and_mirrored(SQUARE, orientation)
    assert (numbers.oriented(SQUARE[None, :, :, None], orientation)[0, :, :, 0] == expected).all()
    order = numbers.orientation_orders(4, 1)[orientation]
    assert (SQUARE.ravel()[order] == expected.ravel()).all()


def test_pixels_are_put_in_their_states_colours_first():
    pixels, states = (
        np.random.default_rng(1).integers(0, 256, (2, 6, 8, 3), np.uint8),
        np.arange(48).reshape(6, 8),
    )
    found = numbers.in_states(pixels, states)
    for n, y, x in np.ndindex(2, 6, 8):
        pixel, state = pixels[n, y, x].tolist(), int(states[y, x])
        assert found[n, y, x].tolist() == pixel_in_state(pixel, state)
        assert (numbers.PIXEL_STATES[state] @ (pixels[n, y, x] - 127.5) + 127.5 == found[n, y, x]).all()


def test_block_orders_are_orientation_then_colours():
    block = np.random.default_rng(2).permutation(27).reshape(3, 3, 3)
    orders = numbers.block_orders(3)
    assert orders.shape == (48, 27) and len({tuple(order) for order in orders}) == 48
    for state, order in enumerate(orders):
        planes = [turned_and_mirrored(block[:, :, c], state // 6) for c in numbers.COLOURS[state % 6]]
        assert (block.ravel()[order] == np.stack(planes, axis=2).ravel()).all()


DOES = {
    "COLOUR": (6, lambda x, c: x[..., numbers.COLOURS[c]]),
    "ORIENTATION": (8, lambda x, o: numbers.oriented(x[None], o)[0]),
    "PIXEL": (48, lambda x, s: numbers.in_states(x[None], np.full(x.shape[:2], s))[0]),
}


@pytest.mark.parametrize("kind", DOES)
def test_a_product_is_the_second_first_and_an_inverse_undoes(kind):
    count, does = DOES[kind]
    product, inverse = getattr(numbers, f"{kind}_PRODUCT"), getattr(numbers, f"{kind}_INVERSE")
    x = np.random.default_rng(3).permutation(48).astype(np.uint8).reshape(4, 4, 3)
    assert (does(x, 0) == x).all() and product.shape == (count, count)
    for a in range(count):
        assert (does(does(x, a), inverse[a]) == x).all()
        for b in range(count):
            assert (does(does(x, b), a) == does(x, product[a, b])).all()


def sides(grid):
    """Top, right, bottom, left, clockwise."""
    return [grid[0], grid[:, -1], grid[-1, ::-1], grid[::-1, 0]]


def test_sides_say_where_a_side_went_and_which_way_it_runs():
    for orientation in range(8):
        now = sides(turned_and_mirrored(SQUARE, orientation))
        for side, line in enumerate(sides(SQUARE)):
            at, backwards = numbers.SIDES[orientation, side]
            assert (now[at] == (line[::-1] if backwards else line)).all()
