"""Where shuffled blocks belong, from ciphertexts under one key alone: no key, no plain image, no label.

One value a block is enough, its leading principal component, which is its brightness up to sign. What a
block's brightness tells of another's, given all others, is large for neighbours only: the partial
correlations draw the grid. Distances along that graph, laid out in the plane (isomap: Tenenbaum, de Silva and
Langford, Science 290, 2000), give a first grid; a quadratic assignment settles it. Turns and mirrors of the
whole image remain open; a network does not mind.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment, quadratic_assignment
from scipy.sparse.csgraph import shortest_path

TURNS = 12  # starts of the assignment: the layout turned by 0 to 90 degrees


def place(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(rows * columns,) int: which block goes to each place of the grid, row by row.

    values   (n, blocks) floats, one value a block of n images; sign and scale of each block do not matter
    Errors: ValueError if there are fewer than 2 blocks in a row or column, or fewer than 4 images a block.
    """
    n, blocks = values.shape
    if blocks != rows * columns or min(rows, columns) < 2 or n < 4 * blocks:
        raise ValueError(
            f"expected values of {rows * columns} blocks and 4 images a block, got {blocks} and {n} images"
        )
    nearness = partial_correlations(values)
    grid = np.stack(np.divmod(np.arange(blocks), columns), axis=1)
    apart = np.linalg.norm(grid[:, None] - grid[None], axis=2)
    wanted = (apart == 1) + 0.3 * (np.abs(apart - 2**0.5) < 0.01)
    layouts = (_settle(nearness, wanted, start) for start in _starts(layout(nearness), grid))
    best = max(layouts, key=lambda to: (nearness * wanted[np.ix_(to, to)]).sum())
    return np.argsort(best)


def partial_correlations(values: np.ndarray) -> np.ndarray:
    """(blocks, blocks): how far block i tells of block j what no other block tells; 0 on the diagonal."""
    values = (values - values.mean(0)) / values.std(0)
    precision = np.linalg.inv(values.T @ values / len(values) + 0.02 * np.eye(values.shape[1]))
    scale = np.sqrt(np.diag(precision))
    partial = np.abs(precision / np.outer(scale, scale))
    np.fill_diagonal(partial, 0)
    return partial


def layout(nearness: np.ndarray) -> np.ndarray:
    """(blocks, 2): points in the plane, as far apart as the blocks are along the strongest links."""
    second, fourth = (np.sort(nearness, axis=1)[:, -k][:, None] for k in (2, 4))
    links = ((nearness >= fourth) & (nearness >= fourth.T)) | (nearness >= np.minimum(second, second.T))
    steps = shortest_path(links.astype(float), directed=False)
    steps[np.isinf(steps)] = len(nearness) ** 0.5 * 2.5
    centre = np.eye(len(steps)) - 1 / len(steps)
    strengths, axes = np.linalg.eigh(-centre @ steps**2 @ centre / 2)
    return axes[:, -2:] * np.sqrt(np.maximum(strengths[-2:], 0))


def _starts(points, grid):
    """For a dozen turns of the points: the place of the grid for each block that moves them least."""
    grid = grid - grid.mean(0)
    for angle in np.arange(TURNS) * np.pi / 2 / TURNS:
        turned = points @ [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        turned = turned / np.maximum(turned.std(0), 1e-9) * grid.std(0)
        yield linear_sum_assignment(((turned[:, None] - grid[None]) ** 2).sum(2))[1]


def _settle(nearness, wanted, start):
    """The start, improved until no exchange of two blocks brings more near ones side by side."""
    options = {"maximize": True, "rng": np.random.default_rng(0)}
    begin = 0.7 * np.eye(len(start))[start] + 0.3 / len(start)
    found = quadratic_assignment(nearness, wanted, options=options | {"P0": begin, "maxiter": 100})
    guess = np.stack([np.arange(len(start)), found.col_ind], axis=1)
    options |= {"partial_guess": guess}
    return quadratic_assignment(nearness, wanted, method="2opt", options=options).col_ind
