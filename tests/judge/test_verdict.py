"""The verdict: its words, its file, and the whole judge on ciphers whose end is known."""

import hashlib
import itertools
import json
import multiprocessing
from types import SimpleNamespace

import numpy as np
import pytest

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.formats import read
from lib.judge import BUDGETS, Verdict, judge
from lib.judge.verdict import BROKEN as BROKEN_FROM
from lib.judge.verdict import LEAKS, Attempt, Leakage, outcome_of, rounded
from lib.keys import Key
from lib.workbook.recording import RESULTS

from . import ciphers
from .ciphers import BROKEN, SHOWN, STRONG, WEAK
from .helpers import TINY
from .test_structure import LABELS, bare, shape_of

RECORDED = json.loads((RESULTS / "attacks.json").read_text())


def leak(low, value=0.6):
    return Leakage(value=value, low=low, high=1.0, images=200)


def attempt(low=None, threat=ONE, **fields):
    facts = {"attack": "an attack", "threat": threat, "source": "here", "needs": {"ciphertexts": 1}}
    facts |= {"seconds": 1.0, "leak": None if low is None else leak(low), "exact": 0.5, "pad_exact": 0.0}
    return Attempt(**(facts | fields))


def verdict(**fields):
    facts = {"judge": "judge 0", "cipher": "a <b>&\" cipher", "shape": (8, 16, 3), "budget": "quick",
             "outcome": "leaks", "summary": ["one"], "contract": [], "structure": ["table of bytes"],
             "properties": ["so"], "key_bits": 15.5, "attempts": [attempt(0.1), attempt(0.2, MANY)],
             "pictures": {"plain": "AAAA"}, "learnability": None, "more": "more", "seconds": 3.5}  # fmt: skip
    return Verdict.new(**(facts | fields))


# ---- Words and files


@pytest.mark.parametrize(
    "lows, extra, expected",
    [
        ([], [], "not broken by what was tried"),
        ([None, LEAKS], [], "not broken by what was tried"),
        ([-0.2, LEAKS + 0.001], [], "leaks"),
        ([LEAKS + 0.001, BROKEN_FROM], [], "leaks"),
        ([None, BROKEN_FROM + 0.001, 0.0], [], "broken"),
        ([0.0], ["reused nonce"], "broken"),
    ],
)
def test_the_outcome_follows_from_the_low_ends(lows, extra, expected):
    assert outcome_of([attempt(low) for low in lows], extra) == expected


def test_the_largest_leak_is_the_one_with_the_highest_low_end():
    wide, sure = leak(0.1, value=0.9), leak(0.4, value=0.5)
    found = verdict(attempts=[attempt(leak=wide), attempt(leak=sure), attempt(0.9, MANY), attempt()])
    assert found.leak(ONE) == sure and found.leak() == found.leak(MANY) and found.leak(CHOSEN) is None


def test_a_verdict_is_written_and_read_back(tmp_path):
    path, wrote = tmp_path / "verdict.json", verdict()
    wrote.save(path)
    assert read(Verdict, path) == wrote
    assert json.loads(path.read_text())["format"] == "learnable image encryption verdict"
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        verdict(cipher="other").save(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "field, value, said", [("outcome", 7, "outcome is 7"), ("stars", 5, "stars"), ("shape", [8, 8], "shape")]
)
def test_a_damaged_file_is_refused(tmp_path, field, value, said):
    path = tmp_path / "verdict.json"
    path.write_text(json.dumps(verdict().model_dump() | {field: value}))
    with pytest.raises(ValueError, match=f"is damaged: .*{said}"):
        read(Verdict, path)


def test_leaks_are_rounded_and_zero_has_no_sign():
    found = rounded(SimpleNamespace(value=np.float32(0.123456), low=-0.00001, high=1, images=9))
    assert found == Leakage(value=0.1235, low=0.0, high=1.0, images=9) and str(found.low) == "0.0"


# ---- The door


@pytest.mark.parametrize(
    "shape, budget, factory, error, said",
    [
        ((8, 8), "quick", dict, ValueError, "sides from 8 to 256"),
        ((8, 8, 1), "quick", dict, ValueError, "sides from 8 to 256"),
        ((7, 8, 3), "quick", dict, ValueError, "sides from 8 to 256"),
        ((8, 257, 3), "quick", dict, ValueError, "sides from 8 to 256"),
        ((8.0, 8, 3), "quick", dict, ValueError, "sides from 8 to 256"),
        ((8, 8, 3), "long", dict, ValueError, "budget is one of quick, standard, got 'long'"),
        ((8, 8, 3), "quick", "tanaka", TypeError, "expected a factory, called with a lib.Key, got str"),
    ],
)
def test_wrong_arguments_are_errors(shape, budget, factory, error, said):
    with pytest.raises(error, match=said):
        judge(factory, shape, budget)


def test_the_standard_budget_is_more_of_everything():
    quick, standard = (vars(BUDGETS[name]) for name in ("quick", "standard"))
    assert all(standard[name] >= quick[name] for name in quick)
    assert sum(standard[name] > quick[name] for name in quick) >= 6


# ---- The whole judge, small


@pytest.fixture(scope="module")
def strong():
    return judge(STRONG["counter_mode"].factory, TINY)


def test_a_strong_cipher_is_not_broken(strong):
    assert strong.outcome == "not broken by what was tried" and not strong.structure
    assert strong.leak().high < 0.1 and {each.threat for each in strong.attempts} == {ONE}
    assert strong.shape == TINY and strong.budget == "quick" and strong.key_bits is None
    assert not [finding for finding in strong.contract if finding.good is False]
    assert set(strong.pictures) >= {"plain", "encrypted"} and strong.seconds > 0


def test_a_verdict_of_the_judge_survives_its_file(strong, tmp_path):
    strong.save(tmp_path / "v.json")
    assert read(Verdict, tmp_path / "v.json") == strong


def test_a_weak_cipher_is_broken_by_each_that_should():
    found = judge(WEAK["pad_twice"].factory, TINY)
    assert found.outcome == "broken" and found.structure == ["table of bytes"]
    assert found.leak(CHOSEN).low > 0.9 and found.leak(PAIRS).low > 0.9 and found.leak(MANY).low > 0.2
    assert found.leak(ONE).low < 0.05
    lines = [line for line in found.summary if "leak 1.00" in line]
    assert any("read as table of bytes" in line for line in lines)


def test_one_ciphertext_is_enough_where_every_image_has_a_key():
    found = judge(WEAK["small_noise"].factory, TINY)
    assert found.outcome == "broken" and found.structure == [SHOWN] and found.leak(ONE).low > 0.5


@pytest.mark.parametrize("name", ["raises", "ends_its_process", "nothing", "one_short", "NoEncrypt"])
def test_what_cannot_be_judged_is_a_verdict_too(name, tmp_path, capfd):
    found = judge(BROKEN[name].factory, TINY)
    assert found.outcome == "cannot be judged" and not found.attempts and len(found.contract) == 1
    assert found.summary[0].startswith("It ") and found.contract[0].good is False
    assert "Traceback" not in found.model_dump_json() and capfd.readouterr() == ("", "")
    found.save(tmp_path / "v.json")
    assert read(Verdict, tmp_path / "v.json") == found and multiprocessing.active_children() == []


def test_one_that_raises_when_asked_for_structure_is_attacked_all_the_same():
    found = judge(BROKEN["raises_on_flat"].factory, TINY)
    assert any(
        "Asked for its structure, it raises an error: ZeroDivisionError" in f.text for f in found.contract
    )
    assert found.outcome == "not broken by what was tried" and found.attempts


def test_one_that_raises_from_then_on_has_no_outcome():
    """Nothing was tried, so nothing is said of its strength."""

    class Tired:
        def __init__(self, key):
            self.inner = STRONG["wide_block"].factory(key)
            self.calls = 0

        def encrypt(self, images, ids=None):
            self.calls += 1
            if self.calls > 10:
                raise RuntimeError("enough")
            return self.inner.encrypt(images)

    found = judge(Tired, TINY)
    assert found.outcome == "cannot be judged" and not found.attempts
    assert any(
        "Later on it raises an error: RuntimeError: enough" in finding.text for finding in found.contract
    )


@pytest.mark.long
def test_one_that_ignores_its_key_is_broken():
    found = judge(BROKEN["KeylessBlock"].factory, TINY)
    assert found.outcome == "broken" and "It does not depend on the key." in found.summary


# ---- The whole judge, as the issue asks


def under(factory, number):
    """The same cipher under other keys of the judge's."""
    return lambda key: factory(Key(hashlib.sha256(key.bytes("another", 32, image=number).tobytes()).digest()))


def keys(shape, numbers):
    return [
        pytest.param(name, number, shape, marks=pytest.mark.long if shape != TINY else ())
        for name, number in itertools.product(("counter_mode", "one_time_pad"), numbers)
    ]


@pytest.mark.parametrize("name, number, shape", [*keys(TINY, range(1))[1:], *keys((32, 32, 3), range(10))])
def test_pads_leak_nothing_in_ten_of_ten_keys(name, number, shape):
    found = judge(under(STRONG[name].factory, number), shape)
    assert found.outcome == "not broken by what was tried" and found.leak().low < 0.05
    assert all(each.leak.value < 0.05 for each in found.attempts if each.leak)


@pytest.mark.long
@pytest.mark.parametrize("factory, outcome", [
    (WEAK["etc_blocks"].factory, "broken"), (STRONG["counter_mode"].factory, "not broken by what was tried"),
], ids=["etc_blocks", "counter_mode"])  # fmt: skip
def test_the_standard_budget_is_half_an_hour_at_most(factory, outcome):
    found = judge(factory, budget="standard")
    assert found.outcome == outcome and found.budget == "standard"
    assert found.seconds < 1800 and (outcome == "broken") == (found.leak().low > 0.5)


TWENTY = ["top_plane_left", "fresh_shift", "small_noise", "all_but_edges", "pad_twice", "cat_map", "tanaka",
          "etc_blocks", "bits_in_own_order", "shuffled_bits", "sbox_of_place", "diffused", "hill_2x2",
          "turned_colours", "pixel_network", "cipher_feedback", "cipher_chaining",
          "short_key_block", "nonce_of_8_bits", "two_keys"]  # fmt: skip
UNREAD = ["block_network", "own_network", "code_book", "tweaked_code_book", "big_blocks",
          "pixel_network_moved", "chained_blocks", "shuffle_and_diffuse"]  # fmt: skip
"""Named, and not read in the time of the quick budget."""


@pytest.mark.long
def test_twenty_weak_ciphers_are_broken_and_eighteen_named():
    verdicts = {name: judge(WEAK[name].factory) for name in TWENTY}
    assert len(TWENTY) == 20 and len({WEAK[name].structure for name in TWENTY}) >= 12
    assert {name: v.outcome for name, v in verdicts.items() if v.outcome != "broken"} == {}
    named = [name for name, v in verdicts.items() if WEAK[name].structure in v.structure]
    assert len(named) >= 18, sorted(set(TWENTY) - set(named))


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, case in WEAK.items() if case.structure == SHOWN])
def test_what_one_ciphertext_shows_is_named(name):
    """Some of it, or which picture it is: a byte order of each image's own leaves but the histogram."""
    found = judge(WEAK[name].factory)
    assert SHOWN in found.structure and found.outcome in ("broken", "leaks")


def named_and_not_read(name, shape):
    found = judge(WEAK[name].factory, shape)
    assert found.structure[0] == WEAK[name].structure and found.outcome in ("broken", "leaks")


@pytest.mark.long
@pytest.mark.parametrize("name", UNREAD)
def test_what_is_named_leaks_though_it_is_not_read(name):
    """Equal blocks of two pictures, or equal beginnings, are seen."""
    named_and_not_read(name, (32, 32, 3))


def test_a_code_book_leaks():
    named_and_not_read("code_book", TINY)


def test_a_reading_is_of_the_key_that_is_used_again():
    """Of 400 ids and some others the most frequent pad is seldom that of id 0."""
    found = judge(WEAK["nonce_hashed_to_8_bits"].factory, TINY)
    assert found.structure[0] == "reused nonce" and found.leak(CHOSEN).low > 0.9


def test_a_histogram_that_stays_is_named_though_no_picture_comes_back():
    found = judge(WEAK["fresh_byte_order"].factory, TINY)
    assert found.structure == [SHOWN] and found.outcome == "leaks" and found.leak().low < LEAKS
    assert any("told from noise" in text for text in found.properties)


@pytest.mark.long
def test_a_random_orthogonal_matrix_is_no_surprise():
    """A cipher of another hand, whose ciphertexts are floats."""
    from lib.subjects.random_orthogonal import RandomOrthogonal

    found = judge(RandomOrthogonal, TINY)
    assert found.outcome == "broken" and "affine over the reals" in found.structure


def broken_in_the_matrix(label):
    """The attacks that the recorded matrix calls broken, with how strong an attacker they need."""
    threats = {name: facts["threat"] for name, facts in RECORDED["attacks"].items()}
    cells = RECORDED["cells"].items()
    return {name: threats[name] for name, row in cells if row[label].get("verdict") == "broken"}


@pytest.mark.long
@pytest.mark.parametrize("block", [4, 16])
@pytest.mark.parametrize("label", LABELS)
def test_a_scheme_gets_the_verdict_of_the_matrix(label, block):
    """Whatever breaks it there is matched by an attempt that has no more: of its threat model."""
    found = judge(bare(label, block)[0], shape_of(block))
    wanted = set(broken_in_the_matrix(label).values())
    assert wanted and found.outcome == "broken"
    assert {threat: found.leak(threat) for threat in wanted if found.leak(threat).low <= BROKEN_FROM} == {}


def test_no_cipher_of_the_tests_says_its_name_to_the_judge():
    """What `judge` goes by is no name: two of one class get other verdicts."""
    assert ciphers.WEAK["pad_twice"].factory.func is ciphers.WEAK["xor_chain"].factory.func
