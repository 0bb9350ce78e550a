"""The fast network: its whitening against plain linear algebra, and a start near the identity."""

import numpy as np
import pytest
import torch

from lib import datasets
from lib.models import FastNet
from lib.models.fast import Head, PatchWhitening, convolution
from lib.training import scaled


@pytest.fixture(scope="module")
def photos():
    return scaled(torch.from_numpy(datasets.load("photos", limit=60).images).permute(0, 3, 1, 2))


def slow_covariance(x):
    """E[p p'] over all 2x2 patches p, channel by channel, row by row: patch after patch."""
    total, count = np.zeros((12, 12)), 0
    for image in x.double().numpy():
        for row in range(image.shape[1] - 1):
            for column in range(image.shape[2] - 1):
                patch = image[:, row : row + 2, column : column + 2].reshape(-1)
                total, count = total + np.outer(patch, patch), count + 1
    return total / count


def test_patches_come_out_uncorrelated_with_unit_variance_unless_there_is_next_to_none(photos):
    stem = PatchWhitening(3, floor=0.0)
    stem.start(photos)
    filters = stem.weight[:12].flatten(1).double().numpy()
    assert np.allclose(
        filters @ slow_covariance(photos[:10]) @ filters.T, np.eye(12), atol=1.0
    )  # other images, roughly
    assert np.allclose(filters @ slow_covariance(photos) @ filters.T, np.eye(12), atol=1e-3)


def test_every_filter_has_its_negative_and_the_floor_damps_the_weakest(photos):
    stem, bare = PatchWhitening(3), PatchWhitening(3, floor=0.0)
    stem.start(photos)
    bare.start(photos)
    assert torch.equal(stem.weight[:12], -stem.weight[12:]) and stem(photos[:2]).shape == (2, 24, 31, 31)
    shrunk = stem.weight.flatten(1).norm(dim=1) / bare.weight.flatten(1).norm(dim=1)
    assert (shrunk < 1).all() and shrunk[0] == shrunk.min() and shrunk[11] > 0.99  # eigenvalues rise


def test_of_many_channels_the_strongest_twelve_directions_are_kept():
    x = torch.randn(40, 5, 16, 16, generator=torch.Generator().manual_seed(1)) * torch.tensor(
        [9, 1, 7, 1, 5.0]
    ).view(5, 1, 1)
    stem = PatchWhitening(5)
    stem.start(x)
    weight = stem.weight[:12].abs().sum((0, 2, 3))
    assert stem.features == 24 and weight[[0, 2, 4]].min() > 5 * weight[[1, 3]].max()


def test_a_convolution_starts_as_the_identity_on_the_channels_that_it_has():
    x = torch.rand(2, 5, 6, 6)
    assert torch.allclose(convolution(5, 8)(x)[:, :5], x) and torch.allclose(convolution(5, 3)(x), x[:, :3])
    assert convolution(5, 8)(x)[:, 5:].std() > 0


def test_the_head_reads_the_largest_value_of_each_feature():
    head, x = Head(4, 3), torch.rand(2, 4, 5, 5)
    moved = torch.roll(x, (2, 1), (2, 3))
    assert torch.allclose(head(x), head(moved)) and torch.allclose(
        3 * head(x), head.classify(x.flatten(2).max(2).values)
    )


def test_the_whitening_is_no_parameter_but_is_saved(photos):
    model = FastNet(10)
    assert "0.weight" in model.state_dict() and "0.weight" not in dict(model.named_parameters())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.start(photos)
    changed = [name for name, value in model.state_dict().items() if not torch.equal(value, before[name])]
    assert changed == ["0.weight"]
