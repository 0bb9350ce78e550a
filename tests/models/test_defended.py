"""Fronts give what `scheme.encrypt` gives on bytes, and gradients pass them as they should."""

import numpy as np
import pytest
import torch
from torch import nn

from lib import Key, datasets
from lib.models.defended import SLOPES, Defended, TableFront, ValuesFront, front_of
from lib.models.inputs import scaled
from lib.schemes import BlockShuffle, FormatPreserving, NegativePositive, Tanaka
from lib.table import Table

IMAGES = datasets.load("photos", "test", 6).images
KINDS = BlockShuffle, NegativePositive, FormatPreserving
SHAPE = 32, 32, 3


def floats(images):
    return torch.from_numpy(images).permute(0, 3, 1, 2) / 255


def slowly(image, index, mask):
    """The specification: each cipher byte is one plain byte, complemented or not."""
    plain = image.ravel().tolist()
    return [255 - plain[i] if flip else plain[i] for i, flip in zip(index.tolist(), mask.tolist())]


@pytest.mark.parametrize("block", [2, 4, 8])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_front_encrypts_as_its_scheme_does(kind, block):
    scheme = kind(Key.from_seed(31), block=block)
    ours = front_of(scheme)(floats(IMAGES))
    assert torch.equal(
        (ours * 255).round().byte(), torch.from_numpy(scheme.encrypt(IMAGES)).permute(0, 3, 1, 2)
    )
    assert (ours - floats(scheme.encrypt(IMAGES))).abs().max() < 1e-6
    other = kind(Key.from_seed(32), block=block)
    assert (front_of(other)(floats(IMAGES)) - ours).abs().max() > 0.1


@pytest.mark.parametrize("kind", KINDS[:2], ids=lambda kind: kind.name)
def test_a_table_front_is_the_slow_specification(kind):
    table = kind(Key.from_seed(5), block=4).table(SHAPE)
    cipher = TableFront(table)(floats(IMAGES[:1]))[0].permute(1, 2, 0) * 255
    assert cipher.round().int().flatten().tolist() == slowly(IMAGES[0], table.index, table.mask)


def test_a_network_behind_no_front_sees_scaled_bytes():
    seen = Defended(nn.Identity())(floats(IMAGES))
    assert (seen - scaled(torch.from_numpy(IMAGES)).permute(0, 3, 1, 2)).abs().max() < 1e-6
    assert front_of(None) is None


@pytest.mark.parametrize("kind", KINDS[:2], ids=lambda kind: kind.name)
def test_gradients_pass_a_table_exactly(kind):
    front = front_of(kind(Key.from_seed(5), block=4))
    x = torch.rand(1, 3, 32, 32, dtype=torch.double, requires_grad=True)
    weights = torch.rand(1, 3, 32, 32, dtype=torch.double)
    (front(x) * weights).sum().backward()
    for place in ((0, 0, 0, 0), (0, 2, 7, 5), (0, 1, 30, 31)):
        moved = x.detach().clone()
        moved[place] += 1e-4
        slope = ((front(moved) - front(x.detach())) * weights).sum() / 1e-4
        assert slope.item() == pytest.approx(x.grad[place].item(), abs=1e-6)


@pytest.mark.parametrize("slope", SLOPES)
def test_replaced_values_have_the_slope_that_was_chosen(slope):
    scheme = FormatPreserving(Key.from_seed(5), block=4)
    x = floats(IMAGES[:2]).requires_grad_()
    front_of(scheme, slope=slope)(x).sum().backward()
    replaced = torch.from_numpy(scheme.places(SHAPE)).permute(2, 0, 1).expand_as(x)
    assert (x.grad[replaced] == slope).all() and (x.grad[~replaced] == 1).all()


def test_between_bytes_a_replaced_value_is_that_of_the_nearest():
    scheme = FormatPreserving(Key.from_seed(5), block=4)
    front = ValuesFront(scheme.substitution(), scheme.places(SHAPE))
    x = floats(IMAGES[:1])
    replaced = torch.from_numpy(scheme.places(SHAPE)).permute(2, 0, 1)[None]
    assert torch.equal(front(x + 0.4 / 255)[replaced], front(x)[replaced])
    assert not torch.equal(front((x + 1 / 255).clamp(0, 1))[replaced], front(x)[replaced])


@pytest.mark.parametrize("table", [
    Tanaka(Key.from_seed(1), block=4).table(SHAPE),
    Table(SHAPE, 4, masks=np.arange(48, dtype=np.uint8) % 3),
], ids=["nibbles", "a part of a byte"])  # fmt: skip
def test_parts_of_bytes_are_refused(table):
    with pytest.raises(ValueError, match="parts of bytes"):
        TableFront(table)
