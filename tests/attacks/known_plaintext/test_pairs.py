"""Known plaintext: what is certain is right, what is not is said, and pairs of no such scheme are answered
with no confidence."""

import numpy as np
import pytest

from lib import Key, datasets
from lib.attacks.known_plaintext.history_matching import (
    oriented_blocks,
    own_blocks,
    pixels,
    shared_blocks,
    substitution,
)
from lib.schemes import (
    SKK,
    BlockShuffle,
    EtC,
    ExtendedTanaka,
    FormatPreserving,
    NegativePositive,
    OneTimePad,
    Tanaka,
)
from lib.symmetries import block_orders
from lib.table import split

KNOWN = datasets.load("photos", "train", limit=40).images
TARGET = datasets.load("photos", "test", limit=20).images
ATTACKS = {
    "tanaka": (Tanaka, shared_blocks, {}, 1),
    "tanaka bits=2": (lambda key: Tanaka(key, bits=2), shared_blocks, {"bits": 2}, 4),
    "tanaka block=8": (lambda key: Tanaka(key, block=8), shared_blocks, {"block": 8}, 4),
    "tanaka as published": (lambda key: Tanaka(key, as_published=True), shared_blocks, {}, 1),
    "shf": (BlockShuffle, shared_blocks, {"bits": 8}, 1),
    "np": (NegativePositive, shared_blocks, {"bits": 8}, 1),
    "ele": (ExtendedTanaka, own_blocks, {}, 32),
    "skk": (SKK, pixels, {}, 3),
    "etc": (lambda key: EtC(key, block=4), oriented_blocks, {}, 2),
    "ffx": (FormatPreserving, substitution, {}, 40),
}  # fmt: skip
CASES = pytest.mark.parametrize("make, attack, options, pairs", ATTACKS.values(), ids=ATTACKS)


@CASES
def test_enough_pairs_give_everything(make, attack, options, pairs):
    for seed in range(5):
        scheme, rng = make(Key.from_seed(seed)), np.random.default_rng(seed)
        plain = KNOWN[rng.permutation(len(KNOWN))[:pairs]]
        result = attack(plain, scheme.encrypt(plain), scheme.encrypt(TARGET), **options)
        assert result.queries == 0 and result.confidence.min() >= 0
        assert (result.estimate == TARGET).mean() > 0.99
        if result.recovered["ambiguous"] == 0:
            assert (result.estimate == TARGET).all() and (result.confidence == 1).all()


@pytest.mark.parametrize("pairs", [1, 2])
def test_the_index_is_right_wherever_it_is_given(pairs):
    """Two blocks of noise are too few for 96 nibbles: some are certain, and those are right."""
    scheme = Tanaka(Key.from_seed(3))
    plain = np.random.default_rng(1).integers(0, 256, (1, 4, 4 * (pairs + 1), 3), np.uint8)
    target = TARGET[:, :4, : plain.shape[2]]
    result = shared_blocks(plain, scheme.encrypt(plain), scheme.encrypt(target))
    index, truth = result.recovered["index"], scheme.table((4, 4, 3)).index
    certain = index >= 0
    assert (index[certain] == truth[certain]).all() and certain.sum() == 96 - result.recovered["ambiguous"]
    assert 0 < certain.sum() < 96
    assert (result.recovered["mask"][certain] == scheme.table((4, 4, 3)).mask[certain]).all()
    assert (result.confidence[certain] == 1).all() and (result.confidence[~certain] <= 0.5).all()


def truth_of(name, scheme):
    """What the attack on a 32x32 image recovers, read from the key instead."""
    table = scheme.table((32, 32, 3))
    orders, masks = (choice.rows[choice.of] for choice in (table.orders, table.masks))
    if name == "ele":
        return {"source": table.source, "index": orders, "mask": split(masks, 4)}
    every = block_orders(scheme.block)[: 6 if name == "skk" else 48]
    order = np.array([np.flatnonzero((every == row).all(axis=1))[0] for row in orders])
    if name == "skk":
        return {"order": order, "sign": (masks == 255) @ [1, 2, 4]}
    return {"source": table.source, "state": order, "negative": masks[:, 0] == 255}


@pytest.mark.parametrize("name, pairs", [("ele", 8), ("skk", 1), ("etc", 1)])
def test_what_is_given_is_right_and_the_rest_is_not_given(name, pairs):
    """Half of the pictures is flat or grey, so that much stays open."""
    make, attack, options, _ = ATTACKS[name]
    plain = KNOWN[:pairs].copy()
    plain[:, :12], plain[:, 12:20] = 77, plain[:, 12:20, :, :1]
    for seed in range(3):
        scheme = make(Key.from_seed(seed))
        found = attack(plain, scheme.encrypt(plain), scheme.encrypt(TARGET), **options).recovered
        for part, truth in truth_of(name, scheme).items():
            certain = found[part] >= 0
            assert (found[part][certain] == truth[certain]).all() and 0.1 < certain.mean() < 0.9, part


def test_confidence_is_how_often_an_atom_is_right():
    expected, right = [], []
    for seed in range(60):
        scheme, rng = Tanaka(Key.from_seed(seed)), np.random.default_rng(seed)
        plain = rng.integers(0, 256, (2, 4, 4, 3), np.uint8)
        target = rng.integers(0, 256, (40, 4, 4, 3), np.uint8)
        result = shared_blocks(plain, scheme.encrypt(plain), scheme.encrypt(target))
        atoms = [split(x.reshape(40, 48), 4) for x in (result.estimate, target)]
        back = np.argsort(scheme.table((4, 4, 3)).index)  # where each plain atom is in the cipher
        expected.append(result.confidence[back]), right.append((atoms[0] == atoms[1]).all(axis=0))
    expected, right = np.concatenate(expected), np.concatenate(right)
    for choices in (1, 2, 3):
        some = np.isclose(expected, 1 / choices)
        assert (
            some.sum() > 300
            and abs(right[some].mean() - 1 / choices) < 4 * some.sum() ** -0.5 * (choices > 1) + 1e-9
        )


def test_grey_pairs_place_the_blocks_of_etc_and_leave_the_order_of_colours_open():
    scheme = EtC(Key.from_seed(3), block=4)
    grey = KNOWN[:2].mean(axis=3, keepdims=True).astype(np.uint8).repeat(3, axis=3)
    result = oriented_blocks(grey, scheme.encrypt(grey), scheme.encrypt(TARGET))
    assert (result.recovered["source"] == scheme.table((32, 32, 3)).source).all()
    assert (result.recovered["state"] == -1).all() and np.allclose(result.confidence, 1 / 6)
    again = oriented_blocks(grey, scheme.encrypt(grey), scheme.encrypt(grey))
    assert (again.estimate == grey).all()


@pytest.mark.parametrize("name", ["tanaka", "shf", "ffx"])
def test_where_blocks_share_a_key_pairs_of_another_size_do(name):
    make, attack, options, _ = ATTACKS[name]
    scheme = make(Key.from_seed(8))
    plain = np.random.default_rng(4).integers(0, 256, (9, 8, 24, 3), np.uint8)
    result = attack(plain, scheme.encrypt(plain), scheme.encrypt(TARGET), **options)
    assert (result.estimate == TARGET).all() and result.recovered["ambiguous"] == 0


def test_the_last_value_of_a_substitution_is_the_one_left():
    scheme = FormatPreserving(Key.from_seed(8))
    plain = np.random.default_rng(4).integers(0, 256, (9, 8, 24, 3), np.uint8)
    for missing, open_ in (((100,), 0), ((100, 3), 2)):
        few = np.where(np.isin(plain, missing), 55, plain).astype(np.uint8)
        found = substitution(few, scheme.encrypt(few), scheme.encrypt(TARGET)).recovered
        assert found["ambiguous"] == open_
        assert (found["substitution"] == scheme.substitution()).sum() == 256 - open_


@CASES
def test_the_control_resists_and_nothing_is_claimed(make, attack, options, pairs):
    pad = OneTimePad(Key.from_seed(5))
    result = attack(
        KNOWN[:4], pad.encrypt(KNOWN[:4], ids=range(4)), pad.encrypt(TARGET, ids=range(50, 70)), **options
    )
    assert abs((result.estimate == TARGET).mean() - 1 / 256) < 0.01 and result.confidence.max() == 0
    claims = [part for name, part in result.recovered.items() if name not in ("ambiguous", "places")]
    assert all((part == -1).all() for part in claims) or attack is substitution


@pytest.mark.parametrize("other", ["ele", "etc", "skk"])
def test_pairs_of_another_scheme_give_no_confidence(other):
    scheme = ATTACKS[other][0](Key.from_seed(2))
    result = shared_blocks(KNOWN[:8], scheme.encrypt(KNOWN[:8]), scheme.encrypt(TARGET))
    assert result.confidence.max() == 0


@CASES
def test_ciphertexts_of_another_key_than_the_pairs_give_no_confidence(make, attack, options, pairs):
    scheme, other = make(Key.from_seed(2)), make(Key.from_seed(3))
    result = attack(KNOWN[:40], scheme.encrypt(KNOWN[:40]), other.encrypt(TARGET), **options)
    assert (result.estimate == TARGET).mean() < 0.5 and result.confidence.max() == 0
    claims = attack(KNOWN[:40], scheme.encrypt(KNOWN[:40]), scheme.encrypt(TARGET), **options)
    assert claims.confidence.max() == 1, "of the same key, it is sure"
    assert all(np.array_equal(part, claims.recovered[name]) for name, part in result.recovered.items()), (
        "of the pairs"
    )


def test_a_flat_image_tells_next_to_nothing():
    scheme = Tanaka(Key.from_seed(2))
    flat = np.full((1, 32, 32, 3), 90, np.uint8)
    result = shared_blocks(flat, scheme.encrypt(flat), scheme.encrypt(TARGET))
    assert result.recovered["ambiguous"] == 96 and result.confidence.max() < 0.05
    assert (result.estimate == TARGET).mean() < 0.5


def test_pairs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="each plain image needs its ciphertext"):
        pixels(KNOWN[:3], KNOWN[:2], TARGET)
    with pytest.raises(ValueError, match="pairs are 16x32 and the ciphertexts under attack 32x32"):
        pixels(KNOWN[:3, :16], KNOWN[:3, :16], TARGET)
    with pytest.raises(ValueError, match="not a multiple of block 5"):
        oriented_blocks(KNOWN, KNOWN, TARGET, block=5)
