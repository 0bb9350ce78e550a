"""The table reader: exact against every table, helpless against the control; no attack with an oracle is sure
of a wrong key."""

import numpy as np
import pytest

from lib import Key, datasets
from lib.attacks import Oracle, oracle_for
from lib.attacks.chosen_plaintext import fewest_queries
from lib.attacks.chosen_plaintext.helper_images import chang_case_blocks, chang_case_pixels
from lib.attacks.chosen_plaintext.table_reader import queries_needed, read_table, table_reader
from lib.attacks.solvers.recovered_table import decrypt_with
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

PICTURES = datasets.load("photos", "test", 10).images
SECRET = np.ascontiguousarray(PICTURES[:4, :16, :24])
TABLES = [Tanaka, ExtendedTanaka, SKK, EtC, BlockShuffle, NegativePositive]


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_reads_every_table_exactly(kind):
    scheme = kind(Key.from_seed(3))
    oracle = Oracle(scheme.encrypt)
    result = table_reader(oracle, scheme.encrypt(SECRET))
    assert (result.estimate == SECRET).all()
    assert result.queries == oracle.queries == queries_needed((16, 24, 3))
    assert result.confidence == 1.0
    table = scheme.table((16, 24, 3))
    assert (result.recovered["mask"] == table.byte_mask).all()


@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_reads_every_split_of_tanaka(bits):
    scheme = Tanaka(Key.from_seed(4), bits=bits)
    index, mask = read_table(Oracle(scheme.encrypt), (16, 24, 3), bits=min(bits, 4))
    assert (decrypt_with(scheme.encrypt(SECRET), index, mask, min(bits, 4)) == SECRET).all()
    if bits <= 4:
        assert (index == scheme.table((16, 24, 3)).index).all()


def test_atoms_coarser_than_the_table_are_not_enough():
    scheme = Tanaka(Key.from_seed(4), bits=2)
    assert (
        table_reader(Oracle(scheme.encrypt), scheme.encrypt(SECRET), bits=4).estimate == SECRET
    ).mean() < 0.5


def test_the_one_time_pad_resists():
    scheme = OneTimePad(Key.from_seed(3))
    result = table_reader(oracle_for(scheme), scheme.encrypt(SECRET, ids=[900, 901, 902, 903]))
    assert abs((result.estimate == SECRET).mean() - 1 / 256) < 0.01 and result.confidence == 0.0


def test_a_pad_that_is_used_twice_does_not():
    """The control fails when its key is reused: so the score can see a success on it."""
    scheme = OneTimePad(Key.from_seed(3))
    cipher = scheme.encrypt(SECRET[0], ids=[7])
    reused = Oracle(lambda images: np.stack([scheme.encrypt(image, ids=[7]) for image in images]))
    assert (table_reader(reused, cipher[None]).estimate[0] == SECRET[0]).all()


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_ciphertexts_of_another_key_are_read_with_no_confidence(kind):
    oracle, other = (Oracle(kind(Key.from_seed(seed)).encrypt) for seed in (3, 4))
    result = table_reader(oracle, other.encrypt(SECRET))
    assert (result.estimate != SECRET).any() and result.confidence == 0.0


def test_a_substitution_is_no_table():
    scheme = FormatPreserving(Key.from_seed(3))
    exact = (table_reader(Oracle(scheme.encrypt), scheme.encrypt(SECRET)).estimate == SECRET).mean()
    assert 0.4 < exact < 0.6  # the half of the places that FFX leaves alone


@pytest.mark.parametrize(
    "shape, queries", [((32, 32, 3), 5), ((256, 256, 3), 6), ((16, 24, 3), 4), ((1, 1, 3), 2)]
)
def test_queries_follow_from_the_number_of_atoms(shape, queries):
    assert queries_needed(shape) == queries


ATTACKS = {
    "read a table": table_reader,
    "read a table of bytes": lambda oracle, ciphers: table_reader(oracle, ciphers, bits=8),
    "chang and case, blocks": chang_case_blocks,
    "chang and case, pixels": chang_case_pixels,
    "fewest, nibbles": fewest_queries.tanaka,
    "fewest, bytes": lambda oracle, ciphers: fewest_queries.tanaka(oracle, ciphers, bits=8),
    "fewest, 2 bits": lambda oracle, ciphers: fewest_queries.tanaka(oracle, ciphers, bits=2),
    "fewest, blocks of 8": lambda oracle, ciphers: fewest_queries.tanaka(oracle, ciphers, block=8),
    "fewest, etc": fewest_queries.etc,
    "fewest, etc of 8": lambda oracle, ciphers: fewest_queries.etc(oracle, ciphers, block=8),
    "fewest, ele": fewest_queries.ele,
    "fewest, bytes of ele": lambda oracle, ciphers: fewest_queries.ele(oracle, ciphers, bits=8),
    "fewest, ffx": fewest_queries.ffx,
}
SCHEMES = [
    (Tanaka, {}),
    (Tanaka, {"bits": 8}),
    (Tanaka, {"bits": 2}),
    (ExtendedTanaka, {}),
    (ExtendedTanaka, {"bits": 8}),
    (SKK, {}),
    (SKK, {"colour_shuffle": False}),
    (EtC, {"block": 4}),
    (EtC, {"block": 8}),
    (BlockShuffle, {}),
    (NegativePositive, {}),
    (FormatPreserving, {}),
]


@pytest.mark.parametrize("per_image", [False, True], ids=["one key", "a key each"])
@pytest.mark.parametrize("kind, settings", SCHEMES, ids=lambda part: getattr(part, "name", None) or str(part))
def test_no_attack_is_sure_of_a_wrong_key(kind, settings, per_image):
    """Attacks meet schemes that they are not for, and keys that are not those of the ciphertexts."""
    right = 0
    for seed in (0, 1):
        scheme = kind(Key.from_seed(seed), per_image=per_image, **settings)
        ciphers = scheme.encrypt(PICTURES, ids=range(900, 910) if per_image else None)
        for name, attack in ATTACKS.items():
            try:
                result = attack(oracle_for(scheme), ciphers)
            except ValueError as error:  # a question of one small block
                assert "is not a multiple of block 8" in str(error)
                continue
            exact = bool((result.estimate == PICTURES).all())
            assert exact or result.confidence == 0.0, name
            right += exact and result.confidence == 1.0
    assert (right > 0) == (not per_image), "every key that serves all images is read by some attack, surely"


def test_one_image_is_refused():
    with pytest.raises(ValueError, match=r"a batch.*\(16, 24, 3\)"):
        table_reader(oracle_for(SKK(Key.from_seed(3))), SECRET[0])
