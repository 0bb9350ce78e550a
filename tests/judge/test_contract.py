"""What the judge says of ciphers that misbehave, and of those that do not."""

import multiprocessing

import numpy as np
import pytest

from lib.judge import contract, pictures
from lib.judge.subject import CipherError, Subject, key_of

from .ciphers import BROKEN, REUSED, SMALL, STRONG, WEAK
from .helpers import TINY, made

ERRORS = {
    "raises": ["raises", "raises_bare", "raises_the_unshowable", "recurses", "wants_too_much_memory",
               "leaves", "interrupts", "ends_its_process", "raises_later", "raises_much_later", "no_factory",
               "no_cipher", "NoEncrypt", "NotToBeCalled", "Property"],
    "hangs": ["hangs", "sleeps", "hangs_in_c", "hangs_on", "hangs_later", "HangingFactory"],
    "answers": ["nans", "things", "lists", "raw_bytes", "nothing", "one_short", "first_only", "Torch"],
}  # fmt: skip
"""Ciphers that cannot be judged, by the kind of error."""
FINDINGS = {
    "input": ["overwrites_input", "spoils_input"],
    "shape": ["floats", "shorts", "channels_first", "grey", "padded"],
    "determinism": ["changes_its_mind", "random_answers", "global_generator"],
    "second object": ["salted"],
    "batches": ["by_place", "by_neighbours", "chained_images", "by_number", "uses_ids_unsaid", "ids_by_place",
                "one_bit_now_and_then"],
    "image ids": ["ignores_ids"],
    "keys": ["identity", "KeylessPad", "KeylessBlock"],
    "decryption": ["WrongDecrypt", "NoDecrypt", "LossyDecrypt", "Merging", "HangingDecrypt", "global_seed"],
}  # fmt: skip
"""Ciphers that are judged, by what they are reproached with."""
HARMLESS = ["one_buffer", "NoIds", "slow", "raises_on_flat"]
"""What does no harm where each call is answered in another process, and ids go to those who want them; and
one that raises when it is asked for its structure, see test_verdict.py."""
ENDLESS = {*ERRORS["hangs"], "HangingDecrypt"}
SLOW = ENDLESS - {"hangs_on", "HangingDecrypt"} | {"Torch", "slow"}
"""What the long run looks at: some wait, and Torch takes seconds to come."""


def cases(names):
    return [pytest.param(name, marks=pytest.mark.long if name in SLOW else ()) for name in names]


def told(name, seconds=0.2, shape=TINY):
    """The contract, by name of a finding; nothing is left running, nothing printed."""
    patience = 2.0 if name in ENDLESS else 20.0
    with Subject((BROKEN | STRONG | WEAK)[name].factory, patience) as subject:
        try:
            return contract.checked(subject, shape, seconds)
        finally:
            subject.close()
            assert multiprocessing.active_children() == []


def plain(text):
    return "Traceback" not in text and "\n" not in text and len(text) < 400


def by_name(kept):
    return {finding.name: finding for finding in kept.findings}


def bad(kept):
    return {finding.name for finding in kept.findings if finding.good is False}


def test_every_cipher_that_misbehaves_is_looked_at_once():
    groups = [*ERRORS.values(), *FINDINGS.values(), HARMLESS]
    assert sorted(name for group in groups for name in group) == sorted(BROKEN)


@pytest.mark.parametrize("name", cases(name for names in ERRORS.values() for name in names))
def test_one_that_cannot_be_asked_is_an_error_of_its_kind(name, capfd):
    with pytest.raises(CipherError) as caught:
        told(name)
    assert name in ERRORS[caught.value.kind] and plain(str(caught.value))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", cases(name for names in FINDINGS.values() for name in names))
def test_one_that_misbehaves_is_told_what_it_does(name, capfd):
    kept = told(name)
    expected = next(finding for finding, names in FINDINGS.items() if name in names)
    assert expected in bad(kept)
    assert all(plain(finding.text) for finding in kept.findings) and capfd.readouterr() == ("", "")
    # and nothing else, but for what follows
    follows = {"decryption", *({"image ids"} if expected == "batches" else ())}
    follows |= {"key space"} if name == "global_seed" else set()  # 32 bits: two of 4,000 are equal
    follows |= {"shape"} if expected == "input" else set()
    assert bad(kept) <= {expected} | follows


@pytest.mark.parametrize("name", cases(HARMLESS))
def test_what_does_no_harm_is_no_reproach(name):
    assert not bad(told(name))


@pytest.mark.parametrize("name", STRONG)
def test_strong_ciphers_are_reproached_with_nothing_but_fresh_answers(name):
    kept = told(name)
    fresh = {"counter_held": {"determinism"}, "random_nonce": {"determinism"}}
    assert bad(kept) == fresh.get(name, set()) and kept.key_bits is None and kept.key_sensitive
    assert kept.own_keys == (name in ("one_time_pad", "counter_mode", "tweaked_wide_block"))
    assert kept.steady == (name not in fresh) and not kept.reused and not kept.overlap


@pytest.mark.parametrize("name, case", [each for each in WEAK.items() if each[1].structure == SMALL])
def test_small_key_spaces_are_measured(name, case):
    """By the birthday rule, from a few thousand keys; within two bits."""
    bits = {"short_key_rounds": 12, "rounded_parameter": np.log2(9999)}.get(name, 16)
    kept = told(name, seconds=0.8)
    assert abs(kept.key_bits - bits) < 2 and "key space" in bad(kept)


@pytest.mark.parametrize("name", [name for name, case in WEAK.items() if case.structure == REUSED])
def test_reused_nonces_are_found(name):
    kept = told(name)
    assert "image ids" in bad(kept) and (kept.overlap if name == "overlapping_counters" else kept.reused)
    if kept.reused:  # they do share one key
        images = np.repeat(pictures.public(TINY, 1), len(kept.reused), axis=0)
        assert len(np.unique(made(name).encrypt(images, kept.reused).reshape(len(images), -1), axis=0)) == 1
        assert len(kept.reused) > 1


def test_a_key_is_guessed_where_there_are_few():
    image, name = pictures.public(TINY, 1)[0], "short_key_rounds"
    with Subject(WEAK[name].factory) as subject:
        subject.start()
        wanted = subject.once(image[None])[0]
        number, tried = contract.guessed(subject, image, wanted, [0], 30.0)
        assert number >= 0 and 0 < tried < 60_000
    found = WEAK[name].factory(key_of(number))
    others = pictures.attacked(TINY, 5)
    np.testing.assert_array_equal(found.encrypt(others), made(name).encrypt(others))


def test_no_key_is_guessed_where_there_are_many():
    image = pictures.public(TINY, 1)[0]
    with Subject(STRONG["wide_block"].factory) as subject:
        subject.start()
        number, tried = contract.guessed(subject, image, subject.once(image[None])[0], [0], 0.5)
    assert number == -1 and tried >= 200
