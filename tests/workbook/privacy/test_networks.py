"""What `SquareNet` computes in NumPy is what torch computes; windows are those of its filters."""

import numpy as np
import torch

from lib.training import scaled
from lib.workbook.privacy import networks
from lib.workbook.privacy.networks import GroupNet, SquareNet, SquareWeights


def pictures(count=3):
    return np.random.default_rng(5).integers(0, 256, (count, 32, 32, 3), np.uint8)


def test_windows_are_cut_one_by_one():
    """The specification: loops."""
    image = pictures(1)[0].astype(int)
    got = networks.windows(image)
    assert got.shape == (64, 192) and got.dtype == image.dtype
    for window in (0, 7, 9, 30, 63):
        top, left = (4 * at - 2 for at in divmod(window, 8))
        for colour, row, column in np.ndindex(3, 8, 8):
            y, x = top + row, left + column
            inside = 0 <= y < 32 and 0 <= x < 32
            expected = image[y, x, colour] if inside else 0
            assert got[window, 64 * colour + 8 * row + column] == expected


def test_scores_are_those_of_torch():
    torch.manual_seed(1)
    net, images = SquareNet(10, 5).double(), pictures()
    x = scaled(torch.from_numpy(images).permute(0, 3, 1, 2)).double()
    with torch.no_grad():
        expected = net(x).numpy()
    got = networks.scores(SquareWeights.of(net), images)
    assert np.abs(got - expected).max() < 1e-5 < np.abs(expected - expected[::-1]).max()


def test_sizes_are_those_of_the_docstrings():
    for net in (SquareNet(10), GroupNet(10)):
        size = sum(p.numel() for p in net.parameters())
        assert f"{size:,} parameters" in type(net).__doc__
