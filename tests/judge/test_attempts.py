"""Attacks that fit a structure: which are run, what they are given, and how they are scored."""

from types import SimpleNamespace

import numpy as np
import pytest

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.judge import pictures
from lib.judge.attempts import Case, _one_by_one, attempts, smoothest_plane
from lib.judge.served import SERVED
from lib.judge.structure import Found, found

from .helpers import SMALLER, TINY, drawn, inquiry, made


def case(name, shape=TINY, own_keys=False, structure=None, **options):
    """A cipher under attack, with pictures for a second's work."""
    cipher, first = made(name), [1000]

    def encrypt(images):
        first[0] += len(images)
        return cipher.encrypt(images, range(first[0], first[0] + len(images)) if own_keys else None)

    several = pictures.attacked(shape, 400)
    answer = encrypt(several[:1])
    facts = {"learn": 150, "seconds": 2.0} | options
    return Case(encrypt, encrypt, shape, answer.shape[1:], str(answer.dtype), own_keys, structure or Found(),
                several[:60], several[60:], **facts)  # fmt: skip


def slowly_smoothest(image):
    """The plane whose bits agree most, or least, with those to the right and below."""
    best = None
    h, w, c = image.shape
    for bit in range(8):
        plane = (image >> bit) & 1
        down = np.mean([plane[y, x, k] == plane[y + 1, x, k] for y, x, k in np.ndindex(h - 1, w, c)])
        right = np.mean([plane[y, x, k] == plane[y, x + 1, k] for y, x, k in np.ndindex(h, w - 1, c)])
        if best is None or abs(down + right - 1) > best[0]:
            best = abs(down + right - 1), plane * 255
    return best[1]


def test_the_smoothest_plane_as_slowly():
    images = pictures.attacked(TINY, 12) ^ (drawn(12, *TINY) & 127)
    images[3:6] = np.rot90(images[3:6] >> 1, axes=(1, 2))
    np.testing.assert_array_equal(smoothest_plane(images), np.stack([slowly_smoothest(x) for x in images]))


def test_all_attacks_on_a_table_beside_a_pad():
    structure = found(inquiry("negative_pixels"), TINY)
    mine = case("negative_pixels", structure=structure)
    tried = list(attempts(mine))
    assert {each.threat for each in tried} == {CHOSEN, PAIRS, MANY, ONE, SERVED}
    by_name = {each.attack: each for each in tried}
    assert by_name["read as table of bytes"].leak.low == 1 == by_name["read as table of bytes"].exact
    assert by_name["pairs-skk"].leak.low > 0.9 and by_name["pairs-skk"].needs == {"pairs": 32}
    held = by_name["weights beside a checkpoint"]
    assert held.leak.low == 1 == held.exact and held.pad_exact < 0.05
    assert held.needs == {"served models": 1, "checkpoints": 1}
    assert by_name["pairs-skk"].pad_exact < 0.05 and by_name["pairs-skk"].source == "here"
    assert by_name["one-key-skk"].leak.low > 0.1 and by_name["likeliest"].threat == ONE
    assert set(mine.shown) == {each.threat for each in tried if each.leak}
    best = max((each for each in tried if each.threat == PAIRS and each.leak), key=lambda each: each.leak.low)
    assert mine.shown[PAIRS][0] == best.leak.low


def test_who_has_a_key_for_each_image_has_no_other_pairs():
    tried = list(attempts(case("counter_mode", own_keys=True)))
    assert tried and {each.threat for each in tried} == {ONE}
    assert max(each.leak.low for each in tried) < 0.05


def test_the_same_cipher_with_one_key_falls_to_pairs():
    tried = {each.attack: each for each in attempts(case("pad_twice"))}
    assert tried["histories of bits and bytes"].exact == 1 and tried["histograms by position"].leak.low > 0.1
    assert "read as table of bytes" not in tried  # nobody asked


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_ciphertexts_of_numbers_meet_attacks_for_numbers(kind):
    mine = case("one_sbox")
    whole = mine.encrypt
    encrypts = [lambda images: whole(images).astype(kind)] * 2
    rest = TINY, TINY, kind.__name__, False, Found(), mine.truth, mine.candidates, 150, 2.0
    mine = Case(*encrypts, *rest)
    pad = mine.pad(500, "a")
    assert pad.dtype == kind and pad.shape == (500, *TINY)
    assert abs(pad.mean() - mine.ciphers.mean()) < 20
    assert {each.attack for each in attempts(mine)} == {
        "learner, pairs under the key", "learner, pairs under other keys"
    }  # fmt: skip


def test_a_pad_is_noise_of_the_shape_of_an_answer():
    mine = case("one_sbox", SMALLER)
    pad = mine.pad(30, "a")
    assert pad.shape == (30, *SMALLER) and pad.dtype == np.uint8
    np.testing.assert_array_equal(pad, mine.pad(30, "a"))
    assert (pad != mine.pad(30, "b")).mean() > 0.99


def test_scores_are_zero_for_noise_and_one_for_the_truth():
    mine = case("one_sbox")
    facts = {"attack": "a", "threat": ONE, "source": "here", "needs": {}, "seconds": 0.0}
    right = mine.scored(facts, mine.truth.copy(), None)
    assert right.leak.value == right.leak.low == 1 and right.exact == 1 and right.pad_exact < 0.05
    noise = mine.scored(facts, drawn(*mine.truth.shape), drawn(*mine.truth.shape, seed=1))
    assert noise.leak.low < 0.05 and noise.exact < 0.02
    assert mine.shown[ONE][0] == 1 and (mine.shown[ONE][1] == mine.truth).all()


@pytest.mark.parametrize("cost, read", [(0, 100), (0.3, 10), (5, 1)], ids=["fast", "slow", "much too slow"])
def test_a_least_number_of_single_ciphertexts_is_read_unless_that_takes_far_too_long(cost, read, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.process_time", lambda: clock[0])

    def run(known, **options):
        clock[0] += cost
        return SimpleNamespace(estimate=known.ciphers)

    ciphers = np.zeros((150, 8, 8, 3), np.uint8)
    assert len(_one_by_one(SimpleNamespace(run=run), ciphers, {}, {}, 1.0)) == read
