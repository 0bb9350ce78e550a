"""Networks that undo a cipher: blind to keys where they must be, and the published ones with their bug."""

import numpy as np
import pytest
import torch

from lib import Key
from lib.attacks.known_plaintext import inverse_networks as networks
from lib.attacks.known_plaintext.inverse import apply
from lib.schemes import SKK, BlockShuffle, EtC, ExtendedTanaka, NegativePositive, Tanaka
from lib.training import scaled
from lib.workbook.attack_matrix import pictures
from lib.workbook.prior_training import loss as prior_loss

DATA = pictures()
PUBLIC, TRUTH = DATA.others[:400], DATA.targets[:40]


def floats(images):
    return scaled(torch.from_numpy(images).permute(0, 3, 1, 2))


def test_start_finds_where_each_block_came_from():
    scheme = ExtendedTanaka(Key.from_seed(7))
    network = networks.BlockMaps(own=True, shuffled=True)
    x, y = floats(scheme.encrypt(PUBLIC)), floats(PUBLIC)
    network.start(x, y)
    assert (network.source.numpy() == np.argsort(scheme.steps((32, 32, 3))["block shuffle"].source)).all()
    network.start(x, y.roll(1, 0))  # pairs that are none
    assert (
        network.source.numpy() == np.argsort(scheme.steps((32, 32, 3))["block shuffle"].source)
    ).mean() < 0.3


def features(**options):
    return networks.BlockFeatures(width=16, depth=1, **options)


STATES = networks.PixelStates(widths=(4, 8, 8, 8, 8, 8))
IN_ORDER = networks.PixelStates(ordered=True, widths=(4, 8, 8, 8, 8, 8))
BLIND = {
    "pixel states, skk": (STATES, SKK, True),
    "pixel states, np": (IN_ORDER, NegativePositive, True),
    "block features, tanaka": (features(), Tanaka, True),
    "block features, shf": (features(bits=8, folded=False), BlockShuffle, True),
    "block features, ele": (features(placed=False), ExtendedTanaka, True),
    "block features, etc": (features(bits=8, placed=False), EtC, True),
    "pixel states in order, skk": (IN_ORDER, SKK, False),
    "block features, placed, ele": (features(), ExtendedTanaka, False),
    "block features, not folded, tanaka": (features(folded=False), Tanaka, False),
}


@pytest.mark.parametrize("name", BLIND)
def test_what_they_say_does_not_depend_on_the_key(name):
    network, make, blind = BLIND[name]
    plain = TRUTH[:4]
    answers = [
        apply(network, images) for images in (plain, *(make(Key.from_seed(k)).encrypt(plain) for k in (1, 2)))
    ]
    assert all((np.abs(answers[0].astype(int) - other) <= 1).all() for other in answers[1:]) == blind
    assert answers[0].std() > 0 or "features" in name, "and is not the same for all"


def test_the_loss_of_pixel_states_is_that_of_the_prior_on_all_pixels():
    network = networks.PixelStates(widths=(4, 8, 8, 8, 8, 8))
    network.share = 1.0
    cipher = SKK(Key.from_seed(1)).encrypt(TRUTH[:4])
    mine = network.loss(floats(cipher), floats(TRUTH[:4]), torch.Generator().manual_seed(0))
    assert mine.item() == pytest.approx(
        prior_loss(network.unet, TRUTH[:4], np.arange(4 * 1024)).item(), rel=1e-3
    )


@pytest.mark.parametrize("pixels, parameters", [(True, 43_267), (False, 31_107)])
def test_the_published_networks_have_the_published_layers(pixels, parameters):
    network = networks.Published(pixels=pixels)
    assert sum(p.numel() for p in network.parameters()) == parameters
    shapes = [tuple(m.weight.shape) for m in network if isinstance(m, torch.nn.Conv2d)]
    expected = (
        [(64, 3, 1, 1), (128, 64, 1, 1), (256, 128, 1, 1), (3, 256, 1, 1)]
        if pixels
        else [(48, 3, 4, 4), (48, 48, 1, 1), (512, 48, 1, 1), (3, 32, 1, 1)]
    )
    assert shapes == expected


def test_the_second_range_is_in_the_loss_alone():
    torch.manual_seed(0)
    network, x, y = networks.Published(), torch.rand(4, 3, 32, 32) * 2 - 1, torch.rand(4, 3, 32, 32) * 2 - 1
    out = network(x)
    assert out.min() < 0 < out.max(), "the tanh alone"
    assert network.loss(x, y, None).item() == pytest.approx((out - y).pow(2).mean().item(), rel=1e-5)
    network.double_range = True
    seen = 1 / (1 + (-out).exp())
    assert network.loss(x, y, None).item() == pytest.approx((seen - y).pow(2).mean().item(), rel=1e-5)
    assert torch.equal(network(x), out)
