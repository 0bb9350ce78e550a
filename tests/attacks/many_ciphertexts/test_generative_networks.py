"""Generators and discriminator: maps that can be any key and tell it, sizes, and what sees no positions."""

import numpy as np
import pytest
import torch

from lib import Key, datasets
from lib.attacks.known_plaintext.inverse import apply
from lib.attacks.many_ciphertexts.generative_networks import Discriminator, KeyMaps, Painter
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.schemes import SKK, EtC, ExtendedTanaka, Tanaka
from lib.table import join
from lib.training import quiet, scaled
from lib.workbook import retrieval_trials

KEY = Key.from_seed(28)
SIDE = 12
IMAGES = np.ascontiguousarray(datasets.load("photos", "test", limit=120).images[:, :SIDE, :SIDE])
SCHEMES = {
    "skk": (SKK(KEY), {"block": 1, "bits": 8, "own": True}),
    "tanaka": (Tanaka(KEY, block=4), {"block": 4, "bits": 4}),
    "tanaka, 2 bits": (Tanaka(KEY, block=4, bits=2), {"block": 4, "bits": 2}),
    "etc": (EtC(KEY, block=4), {"block": 4, "bits": 8, "own": True, "blocks": "learnt"}),
    "ele": (ExtendedTanaka(KEY, block=4), {"block": 4, "bits": 4, "own": True, "blocks": "learnt"}),
}
EACH = pytest.mark.parametrize("scheme, options", SCHEMES.values(), ids=SCHEMES)


def value_of(channel, part, row, column, block, parts):
    """Where an atom stands among the inputs of a map: by channel, part, row, column."""
    return ((channel * parts + part) * block + row) * block + column


def set_to_key(maps, scheme):
    """Give the maps the key, atom by atom from the scheme's own table: no reshape."""
    table, block, bits = scheme.table((SIDE, SIDE, 3)), maps.block, maps.bits
    parts, across = 8 // bits, SIDE // block
    index, mask = table.index, table.mask
    number = -1
    with torch.no_grad():
        maps.maps.zero_()
        if maps.mixing is not None:
            maps.mixing.zero_()
        for row, column, channel, part in np.ndindex(SIDE, SIDE, 3, parts):
            number += 1
            cipher_place = (row // block) * across + column // block
            plain_byte, plain_part = divmod(int(index[number]), parts)
            plain_pixel, plain_channel = divmod(plain_byte, 3)
            y, x = divmod(plain_pixel, SIDE)
            place = (y // block) * across + x // block
            weight = 2 ** (8 - bits * (plain_part + 1)) * (2**bits - 1) / 255 * (-1 if mask[number] else 1)
            into = value_of(channel, part, row % block, column % block, block, parts)
            out = value_of(plain_channel, 0, y % block, x % block, block, 1)
            maps.maps[cipher_place % len(maps.maps), into, out] = weight
            if maps.mixing is not None:
                maps.mixing[place, cipher_place] = 1


@EACH
def test_maps_do_nothing_at_first(scheme, options):
    maps = KeyMaps(SIDE, **options)
    assert (apply(maps, IMAGES) == IMAGES).all() and float(maps.strain().detach()) < 1e-9
    key = maps.key()
    assert (key["index"] == np.arange(len(key["index"]))).all() and not key["mask"].any()


@EACH
def test_maps_can_be_any_key_and_tell_it(scheme, options):
    maps, ciphers = KeyMaps(SIDE, **options), scheme.encrypt(IMAGES)
    set_to_key(maps, scheme)
    assert (apply(maps, ciphers) == IMAGES).all() and float(maps.strain().detach()) < 1e-9
    with torch.no_grad():  # the key is read off maps that are not quite there
        maps.maps += 0.002 * torch.randn(maps.maps.shape, generator=torch.Generator().manual_seed(0))
    key, table = maps.key(), scheme.table((SIDE, SIDE, 3))
    assert (key["index"] == table.index).all() and (key["mask"] == join(table.mask, maps.bits)).all()
    assert (apply(maps, ciphers) != IMAGES).any() and float(maps.strain().detach()) > 1e-6
    assert (retrieval_trials.with_key(**key, block=maps.block, bits=maps.bits)(ciphers) == IMAGES).all()


def test_a_negative_in_the_mixing_is_a_negative_of_the_key():
    maps = KeyMaps(SIDE, 4, 8, own=True, blocks="learnt")
    with torch.no_grad():
        maps.mixing[:2, :2] = torch.tensor([[0.0, -0.9], [0.8, 0.1]])
    key, swapped = maps.key(), IMAGES[:, :4].copy()
    swapped[:, :, :4], swapped[:, :, 4:8] = 255 - IMAGES[:, :4, 4:8], IMAGES[:, :4, :4]
    assert (decrypt_with(IMAGES, **key, bits=8)[:, :4] == swapped).all()


def test_a_key_of_a_block_serves_all_blocks():
    scheme = Tanaka(KEY, block=4)
    table, ciphers = scheme.table((4, 4, 3)), scheme.encrypt(IMAGES)
    assert (retrieval_trials.with_key(table.index, table.mask, 4, 4)(ciphers) == IMAGES).all()


def test_the_strain_is_that_of_a_loop():
    maps = KeyMaps(4, 2, 4, own=True)
    with torch.no_grad():
        maps.maps += 0.3 * torch.randn(maps.maps.shape, generator=torch.Generator().manual_seed(1))
    size, total = (240 / 255) ** 2 + (15 / 255) ** 2, 0.0
    weights = maps.maps.detach().numpy().astype(float)
    for block, a, b in np.ndindex(4, 12, 12):
        total += (weights[block, :, a] @ weights[block, :, b] - size * (a == b)) ** 2
    assert float(maps.strain().detach()) == pytest.approx(total / (4 * 12), rel=1e-5)


def test_blocks_are_placed_up_to_a_turn_or_mirror():
    rng = np.random.default_rng(0)
    coarse = rng.normal(size=(1500, 5, 5)).cumsum(1).cumsum(2)  # neighbours are alike, and nothing else is
    coarse += (
        rng.normal(size=coarse.shape).cumsum(1)[:, ::-1] + rng.normal(size=coarse.shape).cumsum(2)[:, :, ::-1]
    )
    coarse = (coarse - coarse.mean()) / coarse.std()
    images = (
        128 + 40 * coarse.repeat(4, 1).repeat(4, 2)[..., None] + 5 * rng.normal(size=(1500, 20, 20, 3))
    ).clip(0, 255)
    ciphers = EtC(KEY, block=4).encrypt(images.astype(np.uint8))
    maps = KeyMaps(20, 4, 8, own=True, blocks="placed")
    maps.start(scaled(torch.from_numpy(ciphers).permute(0, 3, 1, 2)))
    number = np.arange(25).repeat(16).reshape(25, 4, 4).reshape(5, 5, 4, 4).swapaxes(1, 2).reshape(20, 20)
    true = (
        EtC(KEY, block=4).table((20, 20, 3)).index.reshape(20, 20, 3)[2::4, 2::4, 0] // 3
    )  # plain pixel by cipher block
    came_from = number.ravel()[true.ravel()]
    found = came_from[maps.source.numpy()].reshape(5, 5)
    plain = np.arange(25).reshape(5, 5)
    views = [np.rot90(view, k) for view in (plain, plain[:, ::-1]) for k in range(4)]
    assert max((found == view).mean() for view in views) > 0.9 > (came_from.reshape(5, 5) == plain).mean()


@pytest.mark.parametrize("options, count", [
    ({"block": 1, "bits": 8, "own": True}, 9_216), ({"block": 4, "bits": 4}, 4_608),
    ({"block": 4, "bits": 8, "own": True}, 147_456), ({"block": 4, "bits": 4, "own": True}, 294_912),
    ({"block": 4, "bits": 4, "own": True, "blocks": "learnt"}, 294_912 + 4_096),
], ids=str)  # fmt: skip
def test_sizes_are_those_of_the_docstring(options, count):
    assert sum(p.numel() for p in KeyMaps(32, **options).parameters()) == count


def test_the_other_networks_are_small():
    with quiet(0):
        pixels, blocks, judge = Painter(pixels=True), Painter(), Discriminator()
        x = torch.rand(3, 3, 32, 32) * 2 - 1
        counts = [sum(p.numel() for p in network.parameters()) for network in (pixels, blocks, judge)]
        painted = [sum(p.numel() for p in network.paint.parameters()) for network in (pixels, blocks)]
        assert painted == [28_659, 25_203] and counts == [1_312 + 28_659, 839_680 + 25_203, 56_497]
        for painter in (pixels, blocks):
            out = painter(x)
            assert out.shape == x.shape and out.dtype == torch.float32 and out.abs().max() <= 1
        assert judge(x).shape == (3, 1, 8, 8)


def test_blocks_that_stand_nowhere_are_refused():
    with pytest.raises(ValueError, match="'kept', 'learnt' or 'placed', got 'found'"):
        KeyMaps(SIDE, blocks="found")


def test_the_discriminator_sees_no_positions():
    with quiet(0):
        judge = Discriminator(8).eval()
        x = torch.zeros(1, 3, 48, 48)
        x[..., 16:24, 16:24] = torch.rand(3, 8, 8)
        moved = x.roll((4, 8), (2, 3))
        inside = judge(x)[..., 3:8, 3:7], judge(moved)[..., 4:9, 5:9]
    assert torch.allclose(*inside, atol=1e-2) and inside[0].std() > 1e-4
