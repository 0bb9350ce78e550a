"""Blocks cut and joined, against loops over them."""

import numpy as np
import pytest
import torch

from lib.tiling import assembled, cut, grid, places

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 6, 9, 2), np.uint8)


def slow_blocks(images, block):
    """One block after another, along the rows."""
    _, h, w, _ = images.shape
    corners = [(y, x) for y in range(0, h, block) for x in range(0, w, block)]
    return np.stack([images[:, y : y + block, x : x + block] for y, x in corners], axis=1)


@pytest.mark.parametrize("block", [1, 3])
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy], ids=["numpy", "torch"])
def test_blocks_are_those_of_a_loop_and_go_back_where_they_were(kind, block):
    images, expected = kind(IMAGES), slow_blocks(IMAGES, block)
    blocks = cut(images, block)
    assert type(blocks) is type(images) and np.array_equal(np.asarray(blocks), expected)
    rows, columns = 6 // block, 9 // block
    assert np.array_equal(
        np.asarray(grid(images, block)), expected.reshape(2, rows, columns, block, block, 2)
    )
    for again in (grid(images, block), blocks.reshape(2, rows, columns, -1)):
        assert np.array_equal(np.asarray(assembled(again, block)), IMAGES)


def test_places_are_where_a_blocks_values_lie_in_a_flat_image():
    image = np.arange(6 * 9 * 2).reshape(1, 6, 9, 2)
    assert np.array_equal(places((6, 9, 2), 3), slow_blocks(image, 3).reshape(6, 18))
    assert places((6, 9, 2), 3).dtype == np.int64
