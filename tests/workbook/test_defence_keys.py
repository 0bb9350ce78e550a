"""Keys of defences read from ciphertexts, and settled by what the service decided."""

import pytest
import torch
from torch import nn

from lib import Key, datasets
from lib.models.defended import TableFront, ValuesFront, front_of
from lib.schemes import BlockShuffle, FormatPreserving, NegativePositive, OneTimePad
from lib.training import predict
from lib.workbook import defence_keys as keys
from lib.workbook.defence_keys import Service
from lib.workbook.defence_networks import kept

PHOTOS = datasets.load("photos", "train").images
SOME = PHOTOS[::150]
SETTINGS = Key.from_seed(0)  # of nobody


class Behind(nn.Module):
    """The plain network, made to read ciphertexts of a table."""

    def __init__(self, table):
        super().__init__()
        self.back, self.network = TableFront(table.inverse()), kept("plain")

    def forward(self, x):
        return self.network(2 * self.back((x + 1) / 2) - 1)


def service_of(network, scheme, images):
    ciphers = images if scheme is None else scheme.encrypt(images)
    return Service(network, images, predict(network, ciphers))


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


@pytest.mark.parametrize("kind", [BlockShuffle, NegativePositive], ids=lambda kind: kind.name)
def test_the_service_settles_which_of_them_it_is(kind):
    scheme, own = kind(Key.from_seed(12), block=4), PHOTOS[7::60]
    service = service_of(Behind(scheme.table((32, 32, 3))), scheme, own)
    front = keys.from_ciphertexts(service, kind(SETTINGS, block=4), scheme.encrypt(SOME))
    assert keys.right(front, scheme) == 1 and keys.agreement(service, front) == 1
    other = kind(Key.from_seed(13), block=4)
    assert keys.right(front, other) < 0.7 and keys.agreement(service, front_of(other)) < 0.7


def test_ffx_is_read_and_its_front_is_the_true_one():
    scheme = FormatPreserving(Key.from_seed(12), block=4)
    service = service_of(kept("plain"), None, SOME[:5])
    front = keys.from_ciphertexts(service, FormatPreserving(SETTINGS, block=4), scheme.encrypt(SOME))
    assert isinstance(front, ValuesFront) and keys.right(front, scheme) > 0.9
    x = torch.from_numpy(SOME[:2]).permute(0, 3, 1, 2) / 255
    assert (front(x) != front_of(scheme)(x)).float().mean() < 0.05


def test_the_pad_gives_nothing_away():
    scheme = NegativePositive(Key.from_seed(12), block=4)
    noise = OneTimePad(Key.from_seed(1)).encrypt(SOME, ids=range(len(SOME)))
    service = service_of(Behind(scheme.table((32, 32, 3))), scheme, SOME)
    front = keys.from_ciphertexts(service, NegativePositive(SETTINGS, block=4), noise)
    assert keys.right(front, scheme) < 0.2
