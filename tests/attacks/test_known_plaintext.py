"""Known plaintext: what is certain is right, what is not is said, and pairs of no such scheme are answered with no confidence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import Key, datasets
from lib.attacks import known_plaintext as known
from lib.schemes import SKK, BlockShuffle, EtC, ExtendedTanaka, FormatPreserving, NegativePositive, OneTimePad, Tanaka

KNOWN = datasets.load("photos", "train", limit=40).images
TARGET = datasets.load("photos", "test", limit=20).images
ATTACKS = {
    "tanaka": (Tanaka, known.shared_blocks, {}, 1),
    "tanaka bits=2": (lambda key: Tanaka(key, bits=2), known.shared_blocks, {"bits": 2}, 4),
    "tanaka block=8": (lambda key: Tanaka(key, block=8), known.shared_blocks, {"block": 8}, 4),
    "tanaka as published": (lambda key: Tanaka(key, as_published=True), known.shared_blocks, {}, 1),
    "shf": (BlockShuffle, known.shared_blocks, {"bits": 8}, 1),
    "np": (NegativePositive, known.shared_blocks, {"bits": 8}, 1),
    "ele": (ExtendedTanaka, known.own_blocks, {}, 32),
    "skk": (SKK, known.pixels, {}, 3),
    "etc": (lambda key: EtC(key, block=4), known.oriented_blocks, {}, 2),
    "ffx": (FormatPreserving, known.substitution, {}, 40),
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
    result = known.shared_blocks(plain, scheme.encrypt(plain), scheme.encrypt(target))
    index, truth = result.recovered["index"], scheme.table((4, 4, 3)).index
    certain = index >= 0
    assert (index[certain] == truth[certain]).all() and certain.sum() == 96 - result.recovered["ambiguous"]
    assert 0 < certain.sum() < 96
    assert (result.confidence[certain] == 1).all() and (result.confidence[~certain] <= 0.5).all()


def match_by_hand(plain, cipher, top):
    """For each cipher atom the set of plain atoms whose history it has, or the complement of it."""
    return [
        {i for i, p in enumerate(plain) if (p == c).all() or (top - p == c).all()} for c in cipher.astype(int)
    ]  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 4, 8]), st.integers(1, 4), st.integers(2, 30))
def test_matching_is_that_of_the_slow_specification(seed, bits, length, atoms):
    rng = np.random.default_rng(seed)
    plain = rng.integers(0, 2**bits, (atoms, length), np.uint8)
    index, flips = rng.permutation(atoms), rng.integers(0, 2, atoms, np.uint8)
    cipher = plain[index] ^ (flips * np.uint8(2**bits - 1))[:, None]
    found, flipped, choices = known.match(plain, cipher, bits)
    sets = match_by_hand(plain.astype(int), cipher, 2**bits - 1)
    assert choices.tolist() == [len(each) for each in sets]
    assert sorted(found) == list(range(atoms)) and all(f in each for f, each in zip(found, sets))
    assert (plain[found] ^ (flipped.astype(np.uint8) * np.uint8(2**bits - 1))[:, None] == cipher).all()


@given(st.integers(0, 2**32 - 1))
def test_what_does_not_go_together_has_no_choice(seed):
    rng = np.random.default_rng(seed)
    plain = rng.permutation(128)[:20].astype(np.uint8)[:, None]
    cipher = plain.copy()
    cipher[4] = np.setdiff1d(np.arange(128), plain)[0]
    choices = known.match(plain, cipher, 8)[2]
    assert choices[4] == 0 and choices.sum() == 19


@CASES
def test_the_control_resists_and_nothing_is_claimed(make, attack, options, pairs):
    pad = OneTimePad(Key.from_seed(5))
    result = attack(KNOWN[:4], pad.encrypt(KNOWN[:4], ids=range(4)), pad.encrypt(TARGET, ids=range(50, 70)), **options)
    assert abs((result.estimate == TARGET).mean() - 1 / 256) < 0.01 and result.confidence.max() == 0


@pytest.mark.parametrize("other", ["ele", "etc", "skk"])
def test_pairs_of_another_scheme_give_no_confidence(other):
    scheme = ATTACKS[other][0](Key.from_seed(2))
    result = known.shared_blocks(KNOWN[:8], scheme.encrypt(KNOWN[:8]), scheme.encrypt(TARGET))
    assert result.confidence.max() == 0


def test_a_flat_image_tells_next_to_nothing():
    scheme = Tanaka(Key.from_seed(2))
    flat = np.full((1, 32, 32, 3), 90, np.uint8)
    result = known.shared_blocks(flat, scheme.encrypt(flat), scheme.encrypt(TARGET))
    assert result.recovered["ambiguous"] == 96 and result.confidence.max() < 0.05
    assert (result.estimate == TARGET).mean() < 0.5


def test_pairs_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="each plain image needs its ciphertext"):
        known.pixels(KNOWN[:3], KNOWN[:2], TARGET)
    with pytest.raises(ValueError, match="pairs are 16x32 and the ciphertexts under attack 32x32"):
        known.pixels(KNOWN[:3, :16], KNOWN[:3, :16], TARGET)
    with pytest.raises(ValueError, match="not a multiple of block 5"):
        known.oriented_blocks(KNOWN, KNOWN, TARGET, block=5)
