"""Keys of defences read from ciphertexts, and settled by what a network is sure of."""

import numpy as np
import pytest
import torch
from torch import nn

from lib import Key, datasets
from lib.models.defended import TableFront, ValuesFront, front_of
from lib.schemes import BlockShuffle, FormatPreserving, NegativePositive, OneTimePad
from lib.workbook import defence_keys as keys

PHOTOS = datasets.load("photos", "train").images
SOME = PHOTOS[::50]
SETTINGS = Key.from_seed(0)  # of nobody


class Smooth(nn.Module):
    """Is surer of its first class the redder a smooth picture is: a stand-in for a trained network."""

    def forward(self, x):
        rough = (x[..., 1:] - x[..., :-1]).abs().mean((1, 2, 3))
        red = (x[:, 0] - x[:, 2]).mean((1, 2)) + 0.3 * x.mean((1, 2, 3))
        return torch.stack([20 * (red - rough), torch.zeros_like(red)], 1)


@pytest.mark.parametrize("kind", [BlockShuffle, NegativePositive], ids=lambda kind: kind.name)
def test_the_true_table_is_among_those_left_open(kind):
    scheme = kind(Key.from_seed(12), block=4)
    block, every = scheme.table((4, 4, 3)), scheme.table((32, 32, 3))
    open_ = keys.left_open(block.index, block.mask, 4)
    assert len({(each.index.tobytes(), each.mask.tobytes()) for each in open_}) == 12
    same = [(each.index == every.index).all() and (each.mask == every.mask).all() for each in open_]
    assert sum(same) == 1
    plain = [each.inverse().apply_batch(scheme.encrypt(SOME[:2])) for each in open_]
    assert any((each == SOME[:2]).all() for each in plain)
    assert any((each == 255 - SOME[:2]).all() for each in plain)


def test_a_network_settles_which_of_them_it_is():
    reds = PHOTOS[(PHOTOS[..., 0].astype(int) - PHOTOS[..., 2]).mean((1, 2)) > 40][:40]
    scheme = BlockShuffle(Key.from_seed(12), block=4)
    block = scheme.table((4, 4, 3))

    class Behind(nn.Module):
        def __init__(self):
            super().__init__()
            self.back = TableFront(scheme.table((32, 32, 3)).inverse())

        def forward(self, x):
            return Smooth()(2 * self.back((x + 1) / 2) - 1)

    front = keys.settled(Behind(), keys.left_open(block.index, block.mask, 4), reds)
    assert keys.right(front, scheme) == 1
    other = BlockShuffle(Key.from_seed(13), block=4)
    assert keys.right(front, other) < 0.2


def test_ffx_is_read_and_its_front_is_the_true_one():
    scheme = FormatPreserving(Key.from_seed(12), block=4)
    front = keys.from_ciphertexts(Smooth(), FormatPreserving(SETTINGS, block=4), scheme.encrypt(SOME), SOME)
    assert isinstance(front, ValuesFront) and keys.right(front, scheme) > 0.9
    x = torch.from_numpy(SOME[:2]).permute(0, 3, 1, 2) / 255
    assert (front(x) != front_of(scheme)(x)).float().mean() < 0.05


def test_the_pad_gives_nothing_away():
    scheme = NegativePositive(Key.from_seed(12), block=4)
    noise = OneTimePad(Key.from_seed(1)).encrypt(SOME, ids=range(len(SOME)))
    front = keys.from_ciphertexts(Smooth(), NegativePositive(SETTINGS, block=4), noise, SOME[:10])
    assert keys.right(front, scheme) < 0.2


def test_sureness_is_a_mean_probability():
    dark, red = np.zeros((1, 32, 32, 3), np.uint8), np.zeros((1, 32, 32, 3), np.uint8)
    red[..., 0] = 255
    sure = [keys.sureness(Smooth(), None, each) for each in (dark, red, np.concatenate([dark, red]))]
    assert 0.5 <= min(sure) and max(sure) <= 1 and sure[2] == pytest.approx((sure[0] + sure[1]) / 2)
