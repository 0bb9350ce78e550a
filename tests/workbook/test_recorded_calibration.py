"""Whether attacks are right as often as they say: the counting, on results whose parts are known to be right
or wrong, and the record."""

import json
from functools import partial

import numpy as np
import pytest

from lib import Key, datasets
from lib.attacks import ONE, PAIRS, Attack, AttackResult
from lib.schemes import SKK, ExtendedTanaka, Tanaka
from lib.workbook import recorded_calibration as calibration
from lib.workbook.recorded_calibration import ATTACKS, OUT, Case, claims, counted, of_attack

PICTURES = datasets.load("photos", "test", 40).images
ONE_PHOTOGRAPH = {"coffee": datasets.photo("coffee", 128)}
tell = partial(Attack, "tell", PAIRS, None, lambda scheme: True)


def case(scheme, fits=True):
    return Case("", scheme, PICTURES, fits, lambda: None)


def damaged(scheme, cipher_atom, bits):
    """What comes back where one atom of the ciphertexts is wrong in all pictures."""
    ciphers = scheme.encrypt(PICTURES)
    ciphers[:, 0, 0, 0] ^= np.uint8(1 << bits - 1 if cipher_atom else 128)
    return scheme.decrypt(ciphers)


def test_one_number_speaks_of_everything():
    right = claims(case(SKK(Key.from_seed(1))), AttackResult(PICTURES, {}, 0.7), tell())
    wrong = claims(case(SKK(Key.from_seed(1))), AttackResult(PICTURES ^ np.uint8(1), {}, 0.7), tell())
    assert [x.tolist() for x in right] == [[0.7], [True]] and [x.tolist() for x in wrong] == [[0.7], [False]]


@pytest.mark.parametrize("cipher_atom", [0, 1], ids=["upper half", "lower half"])
def test_an_atom_of_a_ciphertext_block_is_wrong_and_no_other(cipher_atom):
    scheme = Tanaka(Key.from_seed(1))
    result = AttackResult(damaged(scheme, cipher_atom, 4), {}, np.linspace(0, 1, 96))
    sure, right = claims(case(scheme), result, tell(told=("block", "bits")))
    assert sure.shape == right.shape == (96,)
    assert np.flatnonzero(~right).tolist() == [cipher_atom]


def test_in_a_cipher_of_own_keys_the_block_counts_too():
    scheme = ExtendedTanaka(Key.from_seed(1))
    result = AttackResult(damaged(scheme, 1, 4), {}, np.ones((64, 96)))
    _, right = claims(case(scheme), result, tell(told=("block", "bits")))
    assert np.flatnonzero(~right).tolist() == [1]


def test_blocks_by_place_and_what_is_left_open():
    estimate = 255 - PICTURES
    estimate[3, 9, 30] ^= 1  # in the third row of blocks and the last column
    attack = Attack("tell", ONE, None, lambda scheme: True, moves=("complement",))
    _, right = claims(case(SKK(Key.from_seed(1))), AttackResult(estimate, {}, np.ones((8, 8))), attack)
    assert np.flatnonzero(~right).tolist() == [2 * 8 + 7]


def test_parts_of_a_key_that_a_cipher_has_not_are_wrong_unless_all_is_right():
    wrong, right = (AttackResult(PICTURES ^ np.uint8(flip), {}, np.ones(96)) for flip in (1, 0))
    scheme = Tanaka(Key.from_seed(1))
    assert not claims(case(scheme, fits=False), wrong, tell())[1].any()
    assert claims(case(scheme, fits=False), right, tell())[1].all()


def test_runs_count_the_same_whatever_their_parts():
    many, one = (np.full(1000, 0.95), np.ones(1000, bool)), (np.array([0.95]), np.array([False]))
    found = counted([many, one])
    assert found["sure"]["right"] == 0.5 and found["sure"]["runs"] == 2 and found["sure"]["low"] == 0.0
    assert [each["runs"] for each in found["bins"]] == [0] * 9 + [2]


def test_who_is_sure_of_everything_is_found_out_and_who_says_nothing_is_left_out():
    def boast(plain, pair_ciphers, ciphers):
        return AttackResult(ciphers, {}, 1.0)

    def keep_quiet(plain, pair_ciphers, ciphers):
        return AttackResult(ciphers)

    fits = ATTACKS["pairs-skk"].made_for
    boasting, quiet = (Attack("own", PAIRS, each, fits) for each in (boast, keep_quiet))
    assert of_attack(boasting, ONE_PHOTOGRAPH, PICTURES, 1)["sure"]["right"] == 0.0
    assert of_attack(quiet, ONE_PHOTOGRAPH, PICTURES, 1) is None


@pytest.mark.parametrize("name", ["table-reader", "pairs-skk", "helper-blocks"])
def test_attacks_keep_their_word_on_embedded_pictures(name):
    """As the record does with others."""
    found = of_attack(ATTACKS[name], ONE_PHOTOGRAPH, PICTURES, 2)
    assert found["sure"]["right"] >= 0.99 and found["sure"]["runs"] >= 2


def test_the_record_has_every_attack_that_reports_a_confidence():
    record = json.loads(OUT.read_text())
    silent = {"leading-bit", "minimum-difference", "likeliest", "one-key-topology"}
    assert set(record["attacks"]) == set(ATTACKS) - silent
    assert not set(record["photographs"]) & set(datasets.photo_names)
    for name, each in record["attacks"].items():
        assert each["sure"]["right"] is None or each["sure"]["right"] >= 0.85, name


def test_main_keeps_what_is_recorded_of_others(tmp_path, monkeypatch):
    from PIL import Image

    Image.fromarray(ONE_PHOTOGRAPH["coffee"]).save(tmp_path / "cup.png")
    out = tmp_path / "calibration.json"
    out.write_text('{"attacks": {"pairs-etc": {"sure": {"runs": 1, "right": 1.0, "low": 1.0}, "runs": 3}}}')
    options = ["--folder", str(tmp_path), "--data", "photos", "--keys", "1", "--out", str(out)]
    assert calibration.main([*options, "--only", "pairs-skk"]) == 0
    record = json.loads(out.read_text())
    assert list(record["attacks"]) == ["pairs-skk", "pairs-etc"] and record["photographs"] == ["cup"]
