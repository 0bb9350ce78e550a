"""The inverse network: exact where a table is all there is, blind to keys where it must be, stopped by the
pad, and the bug shown."""

import numpy as np
import pytest

from lib import Key, datasets, metrics
from lib.attacks.known_plaintext import inverse_networks as networks
from lib.attacks.known_plaintext.inverse import NETWORKS, Recipe, apply, inverse, settled, train
from lib.attacks.solvers import pixel_state_prior
from lib.schemes import SKK, BlockShuffle, EtC, ExtendedTanaka, NegativePositive, OneTimePad, Tanaka
from lib.training import CheckpointError, encrypted
from lib.workbook.attack_matrix import pictures

DATA = pictures()
PUBLIC, TRUTH = DATA.others[:400], DATA.targets[:40]
LINEAR = {
    "tanaka": (Tanaka, {}),
    "tanaka, bytes": (lambda key: Tanaka(key, bits=8), {}),
    "ele": (ExtendedTanaka, {"own": True, "shuffled": True}),
    "etc": (lambda key: EtC(key, block=4), {"own": True, "shuffled": True}),
    "skk": (SKK, {"own": True}),
    "shf": (BlockShuffle, {}),
    "np": (NegativePositive, {}),
}


def attack(scheme, recipe, public=PUBLIC, truth=TRUTH, **options):
    facts = {"block": scheme.block, "bits": scheme.bits} | options
    return inverse(public, encrypted(scheme, public), encrypted(scheme, truth, 1 << 40), recipe, **facts)


# -- the victim's key ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LINEAR)
def test_under_the_same_key_the_pictures_come_back(name):
    make, options = LINEAR[name]
    found = attack(make(Key.from_seed(5)), Recipe("block maps", options, steps=400))
    assert metrics.exact(found.estimate, TRUTH) > 0.9 and metrics.psnr(found.estimate, TRUTH) > 45
    losses = [entry["loss"] for entry in found.recovered["losses"]]
    assert losses[-1] < losses[0] / 100 and found.queries == 0 and found.seconds > 0


PADDED = {
    "shared": ({}, {"block": 4, "bits": 4}),
    "own, shuffled": ({"own": True, "shuffled": True}, {"block": 4, "bits": 4}),
    "pixels": ({"own": True}, {"block": 1}),
}


@pytest.mark.parametrize("options, facts", PADDED.values(), ids=PADDED)
def test_the_pad_resists_the_same_networks(options, facts):
    found = attack(OneTimePad(Key.from_seed(5)), Recipe("block maps", options, steps=200), **facts)
    mean = np.broadcast_to(PUBLIC.mean(0).round().astype(np.uint8), TRUTH.shape)
    assert (
        metrics.exact(found.estimate, TRUTH) < 0.05
        and abs(metrics.edge_correlation(found.estimate, TRUTH)) < 0.1
    )
    assert metrics.psnr(found.estimate, TRUTH) < metrics.psnr(np.ascontiguousarray(mean), TRUTH) + 0.5


def test_the_weights_are_the_inverse_table():
    """One weight an output byte's upper nibble, one its lower: 240 / 255 and 15 / 255, with the sign of the
    reversal."""
    scheme = Tanaka(Key.from_seed(6))
    network = attack(scheme, Recipe("block maps", steps=400)).recovered["network"]
    table = scheme.table((4, 4, 3)).inverse()
    expected = np.zeros((96, 48))
    for byte in range(48):
        for part, weight in enumerate((240 / 255, 15 / 255)):
            sign = -1 if table.mask[2 * byte + part] else 1
            expected[_channels_first(table.index[2 * byte + part], 2), _channels_first(byte, 1)] = (
                sign * weight
            )
    assert np.abs(network.table[0].detach().numpy() - expected).max() < 0.01


def _channels_first(atom, parts):
    """The number of an atom of a 4x4 block in torch's order, (channel, part, row, column), from (row, column,
    channel, part)."""
    row, column, channel, part = np.unravel_index(atom, (4, 4, 3, parts))
    return int(np.ravel_multi_index((channel, part, row, column), (3, parts, 4, 4)))


# -- other keys ----------------------------------------------------------------------------------------------


def test_pixel_states_learn_from_other_keys_and_not_from_the_pad():
    recipe = Recipe(
        "pixel states", {"widths": (8, 16, 16, 16, 16, 16)}, steps=120, batch=32, rate=5e-3, flip=True
    )
    losses = {}
    for kind in (SKK, OneTimePad):
        maker, victim = kind(Key.from_seed(1), per_image=True), kind(Key.from_seed(2), per_image=True)
        ciphers = encrypted(victim, TRUTH, 1 << 40)
        found = inverse(PUBLIC, encrypted(maker, PUBLIC), ciphers, recipe)
        losses[kind] = found.recovered["losses"][-1]["loss"]
        edges = metrics.edge_correlation(found.estimate, TRUTH)
        assert edges > 0.3 if kind is SKK else abs(edges) < 0.05
    assert losses[SKK] < losses[OneTimePad] - 0.3


# -- as published --------------------------------------------------------------------------------------------


def test_the_second_range_hides_what_the_same_network_recovers():
    scheme, found = Tanaka(Key.from_seed(8)), {}
    for double in (False, True):
        recipe = Recipe("published", {"double_range": double}, steps=60, batch=32, rate=0.01)
        found[double] = attack(scheme, recipe).estimate
    assert metrics.psnr(found[False], TRUTH) > metrics.psnr(found[True], TRUTH) + 3
    ends = [((image < 10) | (image > 245)).mean() for image in (found[True], TRUTH)]
    assert ends[0] > 0.6 > 0.2 > ends[1], "most values are at the ends of the tanh"


# -- use -----------------------------------------------------------------------------------------------------


def test_the_seed_decides_all_and_a_killed_run_goes_on(tmp_path):
    scheme, recipe = Tanaka(Key.from_seed(1)), Recipe("published", steps=30, batch=16)
    ciphers = scheme.encrypt(PUBLIC)
    first, again, other = (
        train(ciphers, PUBLIC, recipe, block=4, bits=4, seed=seed)[1] for seed in (0, 0, 1)
    )
    assert [e["loss"] for e in first] == [e["loss"] for e in again] != [e["loss"] for e in other]
    network, losses = train(ciphers, PUBLIC, recipe, block=4, bits=4, folder=tmp_path)
    kept, same = train(ciphers, PUBLIC, recipe, block=4, bits=4, folder=tmp_path)
    assert same == losses and (apply(kept, ciphers[:3]) == apply(network, ciphers[:3])).all()
    with pytest.raises(CheckpointError, match="rate"):
        train(
            ciphers,
            PUBLIC,
            Recipe("published", steps=30, batch=16, rate=0.1),
            block=4,
            bits=4,
            folder=tmp_path,
        )


def test_only_so_many_pairs_are_used():
    noise = np.random.default_rng(0).integers(0, 256, PUBLIC.shape, np.uint8)
    mixed = np.concatenate([PUBLIC[:200], noise[:200]])
    scheme, recipe = Tanaka(Key.from_seed(1)), Recipe("block maps", pairs=200, steps=50)
    a, b = (
        inverse(plain, scheme.encrypt(PUBLIC), TRUTH, recipe, block=4, bits=4).estimate
        for plain in (PUBLIC, mixed)
    )
    assert (a == b).all()


def test_pairs_and_ciphertexts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="pairs and ciphertexts are of one size"):
        inverse(PUBLIC, PUBLIC[:3], TRUTH, Recipe("block maps"), block=4)
    with pytest.raises(ValueError, match="one size"):
        inverse(PUBLIC, PUBLIC, datasets.photo("coffee", 64)[None], Recipe("block maps"), block=4)


def test_neighbours_settle_states_and_nothing_else():
    prior, names = pixel_state_prior.stored(), ("astronaut", "coffee")
    network = networks.PixelStates(widths=(12, 32, 64, 96, 128, 24))
    network.unet.load_state_dict(prior.network.state_dict())
    ciphers = SKK(Key.from_seed(1), per_image=True).encrypt(
        np.stack([datasets.photo(name, 32) for name in names]), ids=range(2)
    )
    for cipher in ciphers:
        chances = network.chances(cipher)
        alone = np.exp(pixel_state_prior.log_probabilities(cipher[None], prior.network)[0])
        assert np.abs(chances - alone).max() < 0.05
        both = network.chances(cipher, flip=True)
        assert np.allclose(
            both[:, ::-1], network.chances(np.ascontiguousarray(cipher[:, ::-1]), flip=True), atol=0.02
        )
    estimate = settled(network, ciphers, PUBLIC)
    assert estimate.shape == ciphers.shape and not np.array_equal(estimate, apply(network, ciphers))
    # other counts of neighbours, and bfloat16
    expected = [mean for _, mean, _ in pixel_state_prior.states(ciphers, prior)]
    assert np.abs(estimate.astype(float) - np.stack(expected)).mean() < 6
    for wrong in (networks.PixelStates(ordered=True), networks.BlockFeatures()):
        with pytest.raises(ValueError, match="neighbours settle states"):
            settled(wrong, ciphers, PUBLIC)


def test_apply_averages_the_mirror_image_and_every_network_keeps_the_shape():
    for name, make in NETWORKS.items():
        network = make(
            side=32, block=4, bits=4, **({"widths": (4, 8, 8, 8, 8, 8)} if name == "pixel states" else {})
        )
        answer = apply(network, TRUTH[:3], flip=True)
        assert answer.shape == (3, 32, 32, 3) and answer.dtype == np.uint8
        mirrored = apply(network, np.ascontiguousarray(TRUTH[:3, :, ::-1]), flip=True)
        assert (np.abs(mirrored[:, :, ::-1].astype(int) - answer) <= 1).all()
