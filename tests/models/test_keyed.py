"""Keyed models: the plain scores on ciphertexts, and the sum over values that makes it so."""

import numpy as np
import pytest
import torch

from lib import Key
from lib.models import by_name
from lib.models.inputs import scaled
from lib.models.keyed import keyed, moves, served
from lib.schemes import SKK, BlockPixelPermutation, BlockShuffle, EtC, Tanaka
from lib.schemes import by_name as scheme_by_name
from lib.table import Table

SHAPE = 32, 32, 3
PARTS = Table(SHAPE, block=4, masks=[[1] * 48])
NETWORKS = {
    "vit": {"dim": 24},
    "convmixer": {"dim": 24, "depth": 2},
    "vit, a bag": {"dim": 24, "positions": False},
}
SCHEMES = "tanaka", "ele", "skk", "etc", "shf", "np", "block-pixel", "restricted", "cfe"


def network(name, **facts):
    model = by_name(name.split(",")[0], 10, **NETWORKS[name], **facts)
    if getattr(model[0], "pos_embed", None) is not None:
        torch.nn.init.normal_(model[0].pos_embed)
    return model.eval()


def images(shape=SHAPE, count=4):
    return np.random.default_rng(1).integers(0, 256, (count, *shape), dtype=np.uint8)


def scheme(name, seed=3):
    made = scheme_by_name(name)
    return made(Key.from_seed(seed)) if name == "skk" else made(Key.from_seed(seed), block=4)


@torch.no_grad()
def scores(model, x):
    return model(scaled(torch.from_numpy(x).permute(0, 3, 1, 2)))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("cipher", SCHEMES)
def test_ciphertexts_get_the_scores_of_their_pictures(name, cipher):
    model, its = network(name), scheme(cipher)
    plain, table = scores(model, images()), its.table(SHAPE)
    found = scores(keyed(model, table), its.encrypt(images()))
    assert (found - plain).abs().max() < 1e-5
    assert (scores(model, images()) == plain).all(), "the plain network is left as it was"
    other = scores(keyed(model, scheme(cipher, seed=4).table(SHAPE)), its.encrypt(images()))
    assert (other - plain).abs().max() > 1e-3, "another key reads something else"


@pytest.mark.parametrize("name", NETWORKS)
def test_any_rectangle_of_whole_patches(name):
    shape, its = (16, 24, 3), EtC(Key.from_seed(1), block=8)
    model = network(name, side=shape[:2], block=8)
    found = scores(keyed(model, its.table(shape)), its.encrypt(images(shape)))
    assert torch.allclose(found, scores(model, images(shape)), atol=1e-5)


@pytest.mark.parametrize(
    "its", [Tanaka(Key.from_seed(2)), EtC(Key.from_seed(2), block=4), SKK(Key.from_seed(2))]
)
def test_a_token_is_the_plain_sum_over_values(its):
    """The patch map, value by value: kernels times the atoms of a cipher patch, against the plain map."""
    model, x = network("vit"), images(count=1)
    keys, cipher = served(keyed(model, its.table(SHAPE))), its.encrypt(x)[0]
    weight = model[0].patch_embed.proj.weight.detach().numpy()
    top, parts = 2**keys.bits - 1, 8 // keys.bits
    source = moves(its.table(SHAPE), 4)[2]
    for patch in (0, 9, 63):
        y, x0 = 4 * (patch // 8), 4 * (patch % 8)
        values = [(int(v) >> shift) & top for v in cipher[y : y + 4, x0 : x0 + 4].ravel()
                  for shift in range(8 - keys.bits, -1, -keys.bits)]  # fmt: skip
        assert len(values) == 48 * parts
        ours = sum(keys.kernels[keys.kinds[patch], :, j] * (2 * v - top) / top for j, v in enumerate(values))
        v, u = 4 * (source[patch] // 8), 4 * (source[patch] % 8)
        theirs = sum(weight[:, c, i, j] * (2 * int(x[0, v + i, u + j, c]) - 255) / 255
                     for c in range(3) for i in range(4) for j in range(4))  # fmt: skip
        assert np.allclose(ours, theirs, atol=1e-5)


def test_one_kernel_where_all_blocks_are_treated_alike_and_one_for_each_kind():
    assert (
        served(keyed(network("vit"), BlockShuffle(Key.from_seed(1), block=4).table(SHAPE))).kernels.shape[0]
        == 1
    )
    table = EtC(Key.from_seed(1), block=4).table(SHAPE)
    kinds = {(tuple(order), tuple(sign)) for order, sign in zip(*moves(table, 4)[:2])}
    assert len(served(keyed(network("vit"), table)).kernels) == len(kinds) > 20


def test_what_a_server_is_told_of_moved_blocks():
    """A transformer gets its position code in another order, a ConvMixer the order itself."""
    table = BlockPixelPermutation(Key.from_seed(1), block=4).table(SHAPE)
    plain, mixer = network("vit"), network("convmixer")
    held = served(keyed(plain, table))
    assert held.places is None and (held.positions == served(plain).positions[table.source]).all()
    assert (served(keyed(mixer, table)).places == table.source).all()
    assert (served(mixer).places == np.arange(64)).all()


@pytest.mark.parametrize(
    ("network_", "table", "error", "words"),
    [
        (("resnet18", {}), EtC(Key.from_seed(1), block=4).table(SHAPE), TypeError, "got ResNet18"),
        (("vit", {}), EtC(Key.from_seed(1), block=4).table((16, 32, 3)), ValueError, "reads 32x32"),
        (("vit", {}), EtC(Key.from_seed(1), block=2).table(SHAPE), ValueError, "tears patches"),
        (("vit", {}), BlockShuffle(Key.from_seed(1), block=8).table(SHAPE), ValueError, "tears patches"),
        (("vit", {}), PARTS, ValueError, "parts of atoms"),
    ],
)  # fmt: skip
def test_what_no_patch_map_can_hold_is_refused(network_, table, error, words):
    with pytest.raises(error, match=words):
        keyed(by_name(network_[0], 10, **network_[1]), table)
