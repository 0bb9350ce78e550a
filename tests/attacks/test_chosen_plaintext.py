"""The table reader: exact against every table, helpless against the control, within its budget."""

import numpy as np
import pytest

from lib import Key
from lib.attacks import Oracle, oracle_with_fresh_ids
from lib.attacks.chosen_plaintext import decrypt_with, queries_needed, read_table, table_reader
from lib.schemes import SKK, BlockShuffle, EtC, ExtendedTanaka, FormatPreserving, NegativePositive, OneTimePad, Tanaka

SECRET = np.random.default_rng(5).integers(0, 256, (4, 16, 24, 3), np.uint8)
TABLES = [Tanaka, ExtendedTanaka, SKK, EtC, BlockShuffle, NegativePositive]


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.name)
def test_reads_every_table_exactly(kind):
    scheme = kind(Key.from_seed(3))
    oracle = Oracle(scheme.encrypt)
    result = table_reader(oracle, scheme.encrypt(SECRET))
    assert (result.estimate == SECRET).all()
    assert result.queries == oracle.queries == queries_needed((16, 24, 3))
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
    assert (table_reader(Oracle(scheme.encrypt), scheme.encrypt(SECRET), bits=4).estimate == SECRET).mean() < 0.5


def test_the_one_time_pad_resists():
    scheme = OneTimePad(Key.from_seed(3))
    result = table_reader(oracle_with_fresh_ids(scheme), scheme.encrypt(SECRET, ids=[900, 901, 902, 903]))
    assert abs((result.estimate == SECRET).mean() - 1 / 256) < 0.01


def test_a_pad_that_is_used_twice_does_not():
    """The control fails when its key is reused: so the score can see a success on it."""
    scheme = OneTimePad(Key.from_seed(3))
    cipher = scheme.encrypt(SECRET[0], ids=[7])
    reused = Oracle(lambda images: np.stack([scheme.encrypt(image, ids=[7]) for image in images]))
    assert (table_reader(reused, cipher[None]).estimate[0] == SECRET[0]).all()


def test_a_substitution_is_no_table():
    scheme = FormatPreserving(Key.from_seed(3))
    exact = (table_reader(Oracle(scheme.encrypt), scheme.encrypt(SECRET)).estimate == SECRET).mean()
    assert 0.4 < exact < 0.6  # the half of the places that FFX leaves alone


@pytest.mark.parametrize("shape, queries", [((32, 32, 3), 5), ((256, 256, 3), 6), ((16, 24, 3), 4), ((1, 1, 3), 2)])
def test_queries_follow_from_the_number_of_atoms(shape, queries):
    assert queries_needed(shape) == queries


def test_an_oracle_counts_and_stops_at_its_budget():
    oracle = Oracle(SKK(Key.from_seed(3)).encrypt, budget=4)
    oracle(SECRET[:3])
    assert oracle.queries == 3
    with pytest.raises(PermissionError, match="3 of 4 queries are used, and 2 more"):
        oracle(SECRET[:2])
    oracle(SECRET[0])
    assert oracle.queries == 4
    with pytest.raises(PermissionError):
        table_reader(oracle, SECRET)
    assert not [name for name in dir(oracle) if isinstance(getattr(oracle, name), SKK | Key)]
