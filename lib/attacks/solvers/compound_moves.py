"""Compound moves of a local search: orders of the places of a block that an assignment of streams is easily
caught in, and that no exchange of two undoes, for `lib.attacks.solvers.multistart`.

Place p is colour p % colours of pixel p // colours. An order (places,) int64 says which place to take from
for each; most are pictures too, and rougher than the right one only across borders.
"""

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from lib.symmetries import orientation_orders

SMALL = 4  # side of a block whose rows are tried in every order


def turns(block: int, colours: int = 3) -> Iterator[np.ndarray]:
    """The inside of blocks turned and mirrored in all eight ways, in all colours or one."""
    return _inside(orientation_orders(block, 1), colours)


def moves(block: int, colours: int = 3) -> Iterator[np.ndarray]:
    """Rows or columns in another order, or the inside of blocks transposed, in all colours or one; and two
    colours parted of which each has half of every row, or column, of both."""
    grid, lines = np.arange(block**2).reshape(block, block), _lines(block)
    yield from _inside([grid.T, *(each for line in lines for each in (grid[line], grid[:, line]))], colours)
    if block % 2 == 0:
        for pair in combinations(range(colours), 2):
            yield from _parted(block, colours, pair)


def _lines(block):
    """Orders of rows: all, or of a large block mirrored, shifted, and with two exchanged."""
    if block <= SMALL:
        return [list(line) for line in permutations(range(block))][1:]
    lines = [np.arange(block)[::-1], *(np.roll(np.arange(block), shift) for shift in range(1, block))]
    for i, k in combinations(range(block), 2):
        lines.append(np.arange(block))
        lines[-1][[i, k]] = k, i
    return lines


def _inside(grids, colours):
    """The orders that take pixels as each grid has them, in all colours or one."""
    for chosen in [list(range(colours)), *([c] for c in range(colours if colours > 1 else 0))]:
        for grid in grids:
            order = np.arange(colours * grid.size).reshape(-1, colours)
            order[:, chosen] = order[grid.ravel()][:, chosen]
            yield order.ravel()


def _parted(block, colours, pair):
    """The pixels of one colour are outer ones of both, or every other one, along rows or along columns."""
    for half in (np.arange(block) % 4 % 3 == 0, np.arange(block) % 2 == 0):
        for down in (False, True):
            order = np.arange(colours * block**2).reshape(block, block, colours)
            view = order.swapaxes(0, 1) if down else order
            both = np.concatenate([view[..., colour] for colour in pair], axis=1)
            for colour, taken in zip(pair, (half, ~half)):
                view[..., colour] = both[:, np.r_[taken, taken]]
            yield order.ravel()
