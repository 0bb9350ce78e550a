"""Attacks that ask no more than the information bound, against every scheme and variant, and against what
they do not fit."""

import math

import pytest

from lib import Key, datasets
from lib.attacks import oracle_for
from lib.attacks.chosen_plaintext import fewest_queries as fewest
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

SECRET = datasets.load("photos", "test", 3).images
KEY = Key.from_seed(8)
CASES = [
    *(
        (Tanaka(KEY, block=b, bits=bits), fewest.tanaka, {"block": b, "bits": bits})
        for b in (2, 4, 8)
        for bits in (8, 4, 2, 1)
    ),
    (Tanaka(KEY, block=16), fewest.tanaka, {"block": 16}),
    (Tanaka(KEY, as_published=True), fewest.tanaka, {}),
    (BlockShuffle(KEY), fewest.tanaka, {"bits": 8}),
    (NegativePositive(KEY), fewest.tanaka, {"bits": 8}),
    (EtC(KEY, block=4), fewest.etc, {}),
    (EtC(KEY, block=8), fewest.etc, {"block": 8}),
    (ExtendedTanaka(KEY), fewest.ele, {}),
    (ExtendedTanaka(KEY, as_published=True), fewest.ele, {}),
    (ExtendedTanaka(KEY, block=8), fewest.ele, {"block": 8}),
    (FormatPreserving(KEY), fewest.ffx, {}),
]  # fmt: skip


def name(case):
    return f"{case[0].name}-{case[0].as_published or ''}{case[2]}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_reads_the_key_exactly_at_the_bound(case):
    scheme, attack, options = case
    result = attack(oracle_for(scheme), scheme.encrypt(SECRET), **options)
    assert (result.estimate == SECRET).all() and result.confidence == 1.0
    assert result.queries == fewest.bound(scheme.key_bits(SECRET.shape[1:]), SECRET.shape[1:])


@pytest.mark.parametrize("seed", range(12))
def test_any_key_will_do(seed):
    for kind, attack in (
        (Tanaka, fewest.tanaka),
        (ExtendedTanaka, fewest.ele),
        (FormatPreserving, fewest.ffx),
    ):
        scheme = kind(Key.from_seed(seed))
        assert (attack(oracle_for(scheme), scheme.encrypt(SECRET)).estimate == SECRET).all()
    scheme = EtC(Key.from_seed(seed), block=4)
    assert (fewest.etc(oracle_for(scheme), scheme.encrypt(SECRET)).estimate == SECRET).all()


def test_the_bound_counts_bits():
    assert fewest.bound(1, (4, 4, 3)) == fewest.bound(4 * 4 * 24, (4, 4, 3)) == 1
    assert fewest.bound(4 * 4 * 24 + 1, (4, 4, 3)) == 2
    assert fewest.bound(64 * (math.lgamma(97) / math.log(2) + 96), (32, 32, 3)) == 2  # ELE


@pytest.mark.parametrize(
    "attack", [fewest.tanaka, fewest.etc, fewest.ele, fewest.ffx], ids=lambda attack: attack.__name__
)
def test_the_one_time_pad_resists_and_no_attack_is_sure(attack):
    scheme = OneTimePad(KEY)
    result = attack(oracle_for(scheme), scheme.encrypt(SECRET, ids=range(900, 903)))
    assert abs((result.estimate == SECRET).mean() - 1 / 256) < 0.01 and result.confidence == 0.0


WRONG = [
    (SKK(KEY), fewest.tanaka, {}),
    (EtC(KEY, block=4), fewest.tanaka, {}),
    (Tanaka(KEY, bits=2), fewest.tanaka, {}),
    (Tanaka(KEY), fewest.etc, {}),
    (EtC(KEY, block=8), fewest.etc, {}),
    (EtC(KEY, block=4), fewest.ele, {}),
    (ExtendedTanaka(KEY, block=8), fewest.ele, {}),
    (Tanaka(KEY), fewest.ffx, {}),
]


@pytest.mark.parametrize("case", WRONG, ids=name)
def test_another_scheme_or_block_is_not_answered_with_confidence(case):
    scheme, attack, options = case
    result = attack(oracle_for(scheme), scheme.encrypt(SECRET), **options)
    exact = (result.estimate == SECRET).mean()
    assert result.confidence == 0.0 or exact == 1.0


def test_a_question_of_too_few_pixels_is_refused_by_the_scheme():
    scheme = Tanaka(KEY, block=8)
    with pytest.raises(ValueError, match="4x8 is not a multiple of block 8"):
        fewest.tanaka(oracle_for(scheme), scheme.encrypt(SECRET), block=4)
