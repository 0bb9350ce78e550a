"""Served weights beside a plain checkpoint: the key comes back, after fine-tuning as well; not from another
network's weights."""

import numpy as np
import pytest

from lib import Key
from lib.attacks.served_model.checkpoint import beside_checkpoint, matched
from lib.models.keyed import ServedWeights, moves
from lib.schemes import SKK, EtC, ExtendedTanaka, NegativePositive, Tanaka
from lib.table import split

SHAPE, DIM = (32, 32, 3), 96
SCHEMES = [Tanaka(Key.from_seed(5)), ExtendedTanaka(Key.from_seed(5)), SKK(Key.from_seed(5)),
           EtC(Key.from_seed(5), block=4), NegativePositive(Key.from_seed(5))]  # fmt: skip
IMAGES = np.random.default_rng(2).integers(0, 256, (3, *SHAPE), dtype=np.uint8)


def weights(rng, bits, places=None):
    """A patch map on bytes as on atoms, and a position code: of normal numbers, as a network starts with."""
    worth = np.tile([2.0**shift * (2**bits - 1) / 255 for shift in range(8 - bits, -1, -bits)], 48)
    kernel = np.repeat(rng.normal(size=(DIM, 48)), 8 // bits, axis=1) * worth
    return ServedWeights(kernel[None], np.zeros(64, int), rng.normal(size=(64, DIM)), places, 4, bits)


def under(table, plain):
    """What `lib.models.keyed` makes of weights, by the definition alone: a kernel for each patch."""
    orders, signs, source = moves(table, 4)
    each, kinds = np.unique(np.concatenate([orders, signs], 1), axis=0, return_inverse=True)
    orders, signs = np.split(each, 2, 1)
    kernels = np.stack([plain.kernels[0][:, order.astype(int)] * sign for order, sign in zip(orders, signs)])
    positions = None if plain.positions is None else plain.positions[source]
    places = None if plain.places is None else source
    return ServedWeights(kernels, kinds, positions, places, 4, table.bits)


def tuned(plain, amount, rng):
    """Weights after a change of `amount` times their norm, in all directions alike."""
    bits, parts = plain.bits, 8 // plain.bits
    change = weights(rng, bits)
    mixed = [
        a + amount * b for a, b in ((plain.kernels, change.kernels), (plain.positions, change.positions))
    ]
    assert mixed[0].shape == (1, DIM, 48 * parts)
    return plain._replace(kernels=mixed[0], positions=mixed[1])


def right(result, table):
    return (result.recovered["index"] == table.index) & (result.recovered["mask"] == table.mask)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.label)
@pytest.mark.parametrize("amount", [0, 1])
def test_the_key_comes_back_after_fine_tuning_by_as_much_as_the_weights(scheme, amount):
    rng, table = np.random.default_rng(1), scheme.table(SHAPE)
    plain = weights(rng, table.bits)
    result = beside_checkpoint(under(table, tuned(plain, amount, rng)), plain, scheme.encrypt(IMAGES))
    assert right(result, table).all() and result.confidence.min() > 0.9
    assert (result.estimate == IMAGES).all() and result.queries == 0


def test_a_network_that_is_no_heir_gives_nothing_and_no_confidence():
    rng, scheme = np.random.default_rng(3), EtC(Key.from_seed(5), block=4)
    table = scheme.table(SHAPE)
    for _ in range(3):
        served = under(table, weights(rng, 8))
        result = beside_checkpoint(served, weights(rng, 8), scheme.encrypt(IMAGES))
        assert right(result, table).mean() < 0.02 and result.confidence.mean() < 0.02


def test_confidences_are_right_as_often_as_they_say_where_fine_tuning_went_far():
    found, sure = [], []
    for seed in range(12):
        rng, scheme = np.random.default_rng(seed), NegativePositive(Key.from_seed(seed))
        table, plain = scheme.table(SHAPE), weights(rng, 8)
        result = beside_checkpoint(under(table, tuned(plain, 2.5, rng)), plain, scheme.encrypt(IMAGES))
        found.append(right(result, table)), sure.append(result.confidence)
    found, sure = np.concatenate(found), np.concatenate(sure)
    assert 0.3 < (sure > 0.9).mean() < 0.7, "neither all nor none of them are sure"
    assert found[sure > 0.9].mean() > 0.95 and sure.mean() < found.mean() < 1


def test_where_nothing_tells_the_order_of_blocks_they_stay_without_confidence():
    rng, scheme = np.random.default_rng(1), EtC(Key.from_seed(5), block=4)
    plain = weights(rng, 8)._replace(positions=None)
    result = beside_checkpoint(under(scheme.table(SHAPE), plain), plain, scheme.encrypt(IMAGES))
    assert (result.recovered["sources"] == np.arange(64)).all() and not result.confidence.any()
    told = plain._replace(places=np.arange(64))
    result = beside_checkpoint(under(scheme.table(SHAPE), told), told, scheme.encrypt(IMAGES))
    assert (result.estimate == IMAGES).all() and result.confidence.min() > 0.9


def test_the_match_is_the_best_of_all_small_assignments():
    from itertools import permutations

    rng = np.random.default_rng(7)
    for _ in range(5):
        ours, theirs = rng.normal(size=(2, 5, 6))
        best = max(
            permutations(range(5)), key=lambda order: np.abs((ours * theirs[list(order)]).sum(1)).sum()
        )
        found = matched(ours, theirs)
        assert tuple(found.order) == best
        assert (np.sign((ours * theirs[found.order]).sum(1)) == found.sign).all()


def test_what_does_not_fit_is_refused():
    rng, scheme = np.random.default_rng(1), EtC(Key.from_seed(5), block=4)
    plain = weights(rng, 8)
    served = under(scheme.table(SHAPE), plain)
    with pytest.raises(ValueError, match="two architectures"):
        beside_checkpoint(served, plain._replace(kernels=plain.kernels[:, :50]), scheme.encrypt(IMAGES))
    with pytest.raises(ValueError, match="64 patches, not ciphertexts of 16x32"):
        beside_checkpoint(served, plain, scheme.encrypt(IMAGES)[:, :16])


def test_masks_are_whole_atoms():
    table = Tanaka(Key.from_seed(5)).table(SHAPE)
    assert set(np.unique(split(table.byte_mask, 4))) == {0, 15}
