"""What a verdict says of applications, from its attempts alone; and of recorded verdicts."""

import pytest

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.judge.applications import EXACT, applications
from lib.judge.served import SERVED
from lib.workbook.recorded_verdicts import recorded

from .test_verdict import attempt, verdict


def read(threat, exact=1.0, **needs):
    return attempt(0.9, threat=threat, attack=f"by {threat}", exact=exact, needs=needs)


def said(*attempts):
    return {each.name: each for each in applications(verdict(attempts=list(attempts)))}


def test_the_least_that_gives_the_transform_is_named():
    found = said(read(CHOSEN, queries=16), read(MANY, ciphertexts=50), read(PAIRS, pairs=1200))
    told = found["keyed defence"]
    assert told.good is False and "50 ciphertexts" in told.text and f"by {MANY}" in told.text
    assert "1,200 pairs" in said(read(CHOSEN, queries=16), read(PAIRS, pairs=1200))["keyed defence"].text


@pytest.mark.parametrize(("leak", "good"), [(0.9, None), (0.0, True)])
def test_a_transform_that_nobody_has_read(leak, good):
    low = attempt(leak, threat=PAIRS, exact=EXACT - 0.001)
    assert said(low)["keyed defence"].good is good


def test_keys_for_each_picture_are_no_defence():
    assert "one key" in said(attempt(0.6, threat=ONE, exact=0.1))["keyed defence"].text


def test_weights_tell_only_where_a_model_holds_the_key():
    assert said(read(SERVED, exact=1.0, checkpoints=1))["model that holds the key"].good is False
    assert said(read(PAIRS, pairs=32))["model that holds the key"].good is None
    assert said(read(SERVED), read(PAIRS, exact=0.5))["keyed defence"].good is not False  # other hands


def test_recorded_verdicts():
    found = {name: {one.name: one.good for one in applications(each)} for name, each in recorded().items()}
    assert found["shf-4"] == {"model that holds the key": False, "keyed defence": False}
    assert found["ffx-4"] == {"model that holds the key": None, "keyed defence": False}
    assert found["one-time-pad"] == {"model that holds the key": None, "keyed defence": None}
