"""Attacks of the explorer: which are offered, what they are told, that a pad resists, that a slow one is
stopped."""

import time
from dataclasses import replace

import numpy as np
import pytest

from lib.attacks import AttackResult, catalogue
from lib.schemes import NO_KEY, by_name
from lib.workbook.explorer import (
    SCHEMES,
    Choice,
    Outcome,
    attack,
    attacks,
    in_words,
    outcome,
    pictures,
    sentence,
    strongest,
    with_control,
)
from lib.workbook.explorer.outcome import album

SMALL = {"size": 32, "block": 4}


def test_attacks_offered_are_made_for_the_scheme():
    for scheme in SCHEMES:
        choice = Choice(scheme=scheme, block=1 if scheme in ("skk", "otp") else 4)
        for name in attacks(choice):
            made = catalogue.by_name(name)
            assert made.made_for(by_name(scheme)) and (scheme == "otp" or made.fits(by_name(scheme)(NO_KEY)))
        assert all(catalogue.by_name(name).threat != catalogue.MANY for name in attacks(choice)), (
            "minutes at 96x96"
        )
    assert "one-key-etc" in attacks(Choice(scheme="etc", **SMALL))
    assert attacks(Choice(scheme="etc-gray", size=32)) == ("jigsaw-grey", "one-key-grey")
    assert strongest(Choice()) == "one-photograph" and strongest(Choice(scheme="etc")) == "jigsaw"
    with pytest.raises(ValueError, match="jigsaw is not for tanaka here; there are leading-bit"):
        attack(Choice(), "jigsaw")


@pytest.mark.parametrize(
    "scheme, name",
    [
        ("tanaka", "one-photograph"), ("shf", "one-photograph"), ("np", "one-photograph"),
        ("skk", "one-key-skk"), ("etc", "pairs-etc"), ("ele", "table-reader"), ("ffx", "fewest-ffx"),
        ("block-pixel", "pairs-ele"), ("restricted", "fewest-ele"), ("cfe", "one-key-etc"),
    ],
)  # fmt: skip
def test_every_scheme_that_is_attacked_falls_to_somebody_and_the_pad_to_nobody(scheme, name):
    choice = Choice("chelsea", 32, scheme, 1 if scheme == "skk" else 4, seed=2)
    done = with_control(choice, attack(choice, name))
    assert done.verdict == "broken" and done.scores["attack"]["exact"] > 0.99
    assert (done.estimate == pictures(choice)[0]).mean() > 0.99, "what is shown is the picture of the choice"
    assert done.scores["control"]["exact"] < 0.05 and abs(done.scores["control"]["edge_correlation"]) < 0.3
    told = in_words(choice, done)
    assert (
        name in told
        and "Verdict: broken" in told
        and f"{done.scores['attack']['exact']:.1%} of the bytes exact" in told
    )


@pytest.mark.parametrize("name", ["likeliest", "table-reader", "pairs-skk"])
def test_the_pad_gives_nothing_up_when_it_is_chosen_either(name):
    choice = Choice("hopper", 32, "otp", 1)
    done = with_control(choice, attack(choice, name))
    assert done.verdict == "not broken" and done.scores["attack"]["exact"] < 0.05


@pytest.mark.parametrize("steps", [("shuffle",), ("reverse",)])
def test_parts_of_a_key_are_attacked_as_they_are(steps):
    choice = Choice("chelsea", 64, "tanaka", 4, steps)
    assert attack(choice, "one-photograph").scores["attack"]["exact"] == 1


def test_an_attack_is_told_the_steps_and_declines_in_words():
    turned = Choice(scheme="etc", block=16, steps=("rotate and mirror",))
    declined = attack(turned, "jigsaw")
    assert declined.estimate is None and "permute" in declined.reason
    assert in_words(turned, declined).startswith("jigsaw gives no picture: expected steps out of permute")
    assert with_control(turned, declined) is declined
    signs = Choice(scheme="skk", block=1, steps=("negative-positive",))
    all_told = attack(signs, "minimum-difference").scores["attack"]["exact"]
    assert (
        all_told > attack(Choice(scheme="skk", block=1), "minimum-difference").scores["attack"]["exact"] + 0.2
    )


def test_no_photograph_is_both_attacked_and_known():
    data = album("hopper", 32)
    assert len(data.targets) >= 100 and len(data.others) >= 32
    seen = {image.tobytes() for image in data.targets}
    assert len(seen) == len(data.targets) and not seen & {image.tobytes() for image in data.others}


def test_an_attack_sees_neither_key_nor_picture(monkeypatch):
    given = {}

    def spy(*args, **options):
        given.update(args=args, options=options)
        return AttackResult(args[-1])

    made = catalogue.by_name("one-photograph")
    monkeypatch.setattr(catalogue, "CATALOGUE", (replace(made, function=spy, public=False, moves=()),))
    choice = Choice(**SMALL)
    done = attack(choice, "one-photograph")
    plain, cipher = pictures(choice)
    assert (
        len(given["args"]) == 1
        and (given["args"][0] == cipher[None]).all()
        and given["options"] == {"block": 4, "bits": 4}
    )
    assert done.scores["attack"]["exact"] == pytest.approx((plain == cipher).mean(), abs=1e-4)


def test_a_slow_attack_is_stopped_and_the_page_says_so(monkeypatch):
    def slow(ciphers, **options):
        while hangs:
            time.sleep(0.01)
        return AttackResult(ciphers)

    hangs = [True]
    made = catalogue.Attack("slow", catalogue.ONE, slow, lambda scheme: True)
    monkeypatch.setattr(catalogue, "CATALOGUE", (made,))
    monkeypatch.setattr(outcome, "CATALOGUE", (made,))
    stopped = attack(Choice(**SMALL), "slow", patience=0.2)
    assert stopped.estimate is None and stopped.reason == "it was stopped after 0.2 seconds, unfinished"
    hangs.clear()
    assert attack(Choice(**SMALL), "slow", patience=60).estimate is not None, "the next one runs"


def test_a_control_that_does_not_end_leaves_no_verdict(monkeypatch):
    choice = Choice(**SMALL)
    done = attack(choice, "one-photograph")
    monkeypatch.setattr(outcome, "_run", lambda *_: (None, "it was stopped after 3 seconds, unfinished"))
    unsure = with_control(choice, done)
    assert unsure.verdict == "" and in_words(choice, unsure).endswith(
        "On a one-time pad: it was stopped after 3 seconds, unfinished; so no verdict."
    )


def test_words_describe_the_picture():
    choice = Choice(scheme="etc", block=16, steps=("permute",))
    plain, _ = pictures(choice)
    text = sentence(choice)
    top = f"{np.bincount(plain.ravel()).max() / plain.size:.1%}"
    assert f"share of {top} in the plain picture and of {top} in the ciphertext" in text, "bytes only moved"
    assert "hopper, 96x96" in text and "without rotate and mirror, negative-positive, colour shuffle" in text
    assert text.endswith("No attack was run.") and "in grey" in sentence(Choice(scheme="etc-gray"))
    many = Outcome(
        "one-key-etc",
        plain,
        scores={who: {"exact": 0, "ssim": 0, "edge_correlation": -0.001} for who in ("attack", "ciphertext")},
        ciphers=50,
    )
    assert "with 50 ciphertexts under one key: 0.0% of the bytes exact, SSIM 0.00, edges 0.00" in in_words(
        choice, many
    )
