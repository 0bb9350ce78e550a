"""Compatibility of borders: energies against slow specifications, relations of turned blocks."""

import numpy as np
import pytest

from lib.attacks.solvers.compatibility import (
    BEYOND,
    FREEDOM,
    NOISE,
    RELATION,
    SPREAD,
    TEMPERATURE,
    of_edges,
    pair_energy,
)
from lib.datasets import photo
from lib.symmetries import COLOURS, oriented
from lib.tiling import cut


def slow_sides(block, back):
    """(4, 2, b, 3): outer and second line of each side of one block, read clockwise, or backwards."""
    lines = [block[:2], block[:, :-3:-1].swapaxes(0, 1), block[:-3:-1, ::-1], block[::-1, :2].swapaxes(0, 1)]
    return [line[:, ::-1] if back else line for line in lines]


def slow_cost(one, other, relation):
    """The cost of two borders, each (2, b, 3) of colours read clockwise, for b <= 8; `other` already runs as
    it should."""
    sign, order = 1 - relation // 6 % 2 * 2, COLOURS[relation % 6]

    def parts(v):  # brightness, and colour at right angles to it
        bright = v.sum(-1, keepdims=True) / 3
        return 3 * bright[..., 0] ** 2, ((v - bright) ** 2).sum(-1)

    def spread(lines):
        along = np.diff(lines[0], axis=0)
        along = np.concatenate([along[:1], along])
        across, along = parts(lines[0] - lines[1]), parts(along)
        bright, colour = (a.mean() + b.mean() / 5 for a, b in zip(across, along))
        return np.array([bright + NOISE[0], colour / 2 + NOISE[1]])

    left = (1.4 * one[0] - 0.4 * one[1]) - sign * (1.4 * other[0] - 0.4 * other[1])[:, order]
    wide = (spread(one) + spread(other[:, ::-1] if relation < 12 else other)) / 2  # both clockwise
    bright, colour = parts(left)
    cost = (FREEDOM + 1) / 2 * np.log1p(bright / wide[0] / FREEDOM) + (FREEDOM + 2) / 2 * np.log1p(
        colour / wide[1] / FREEDOM
    )
    return cost.sum() + len(left) * SPREAD * (np.log(wide[0]) / 2 + np.log(wide[1]))


def slow_costs(blocks):
    """(E, E, 24): costs of all borders of blocks (count, b, b, 3), inf within one block."""
    values = blocks.astype(float) - 127.5
    out = np.full((4 * len(blocks), 4 * len(blocks), 24), np.inf)
    for a, s, b, t, relation in np.ndindex(len(blocks), 4, len(blocks), 4, 24):
        if a != b:
            one, other = slow_sides(values[a], False)[s], slow_sides(values[b], relation < 12)[t]
            out[4 * a + s, 4 * b + t, relation] = slow_cost(one, other, relation)
    return out


@pytest.mark.parametrize("block", [4, 6])
def test_energies_against_the_slow_specification(block):
    blocks = cut(photo("coffee", 60)[None, : 2 * block, : 2 * block], block)
    costs = slow_costs(blocks[0])
    chance = np.log(np.exp(-costs / TEMPERATURE).sum(axis=(1, 2)))
    wanted = 2 * costs / TEMPERATURE + chance[:, None, None] + chance[None, :, None]
    borders = of_edges(blocks)
    for p, (name, found) in enumerate(zip(borders.names, borders.energies)):
        others, relations = np.divmod(name, 24)
        assert np.allclose(found, wanted[p, others, relations], atol=0.15)  # likelihoods are summed in steps
        assert np.allclose(found, np.sort(wanted[p].ravel())[:12], atol=0.15)
        again = [pair_energy(borders, p, q, relation) for q, relation in zip(others, relations)]
        assert np.allclose(found, again, atol=1e-3)


def test_borders_of_several_images_are_one_long_border():
    both = cut(np.stack([photo(name, 64)[:16, :16] for name in ("coffee", "chelsea")]), 8)
    borders = of_edges(both)
    apart = [of_edges(images[None]) for images in both]
    assert (borders.line == np.concatenate([each.line for each in apart], axis=2)).all()
    assert (borders.spread == np.concatenate([each.spread for each in apart], axis=2)).all()


def test_relations_against_turned_blocks():
    """Whatever states two neighbours of a picture are in, their borders stand in the relation of the
    table."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1, 4, 8, 3), np.uint8)
    for _ in range(60):
        first, second = rng.integers(96, size=2)
        seen = [
            oriented(image[:, :, x : x + 4], g // 12)[..., COLOURS[g % 6]] ^ np.uint8(255 * (g // 6 % 2))
            for x, g in ((0, first), (4, second))
        ]
        code = RELATION[first, 1, second]
        own, other, relation = code // 96, code // 24 % 4, code % 24
        line = slow_sides(seen[0][0].astype(float) - 127.5, False)[own][0]
        facing = slow_sides(seen[1][0].astype(float) - 127.5, relation < 12)[other][0]
        undone = (1 - relation // 6 % 2 * 2) * facing[:, COLOURS[relation % 6]]
        plain_first, plain_second = image[0, :, 3].astype(float) - 127.5, image[0, :, 4].astype(float) - 127.5
        # undone stands to line as the second block's plain border to the first's
        assert sorted(map(tuple, undone - line)) in (
            sorted(map(tuple, s * (plain_second - plain_first)[:, order]))
            for s in (1, -1)
            for order in COLOURS
        )
        assert BEYOND[first, 1, 24 * other + relation] == second
