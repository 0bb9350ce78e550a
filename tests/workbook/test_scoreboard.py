"""The scoreboard: every cipher has a row; accuracies, leaks, front and verdicts follow from what was
recorded, and nothing is written by hand."""

import json
from itertools import product

import pytest

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.judge.verdict import Attempt, Leakage, Verdict, outcome_of
from lib.workbook import readme, scoreboard
from lib.workbook.recorded_trainings import Training, TrainingRow
from lib.workbook.recorded_verdicts import SUBJECTS

STORED = json.loads(scoreboard.OUT.read_text())["rows"]


@pytest.fixture(scope="module")
def fresh():
    return {row["name"]: row for row in scoreboard.rows()}


def test_every_subject_has_a_row(fresh):
    assert {*fresh} == {*SUBJECTS} >= {row["name"] for row in STORED}


@pytest.mark.parametrize("stored", STORED, ids=lambda row: row["name"])
def test_a_stored_row_is_what_the_records_say(stored, fresh):
    """Row by row: a cipher that is new, and has no row yet, is `make scoreboard` to come."""
    assert stored == fresh[stored["name"]]


def test_the_readme_shows_what_is_stored():
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.with_part(text, "scoreboard", scoreboard.table(STORED))


def learned(name, scheme, *accuracies, **facts):
    """A row of trainings and its runs."""
    facts = {"tier": "table", "kind": "as published", "cipher": "", "network": "fast", "threads": 1} | facts
    row = TrainingRow(name=name, recipe={}, scheme=scheme, **facts)
    return row, [Training.model_construct(accuracy=value) for value in accuracies]


PLAIN = learned("plain", None, 0.92, 0.94, kind="plain")
LE, MANY_KEYS = {"name": "tanaka", "block": 4}, {"name": "skk", "per_image": True}


def judged(*leaks, outcome=None):
    """A verdict on attacks (threat, value, half of the interval), whose names are their numbers."""
    attempts = [
        Attempt(attack=f"{i}", threat=threat, source="", needs={"ciphertexts": i + 1}, seconds=1.0, exact=0.0,
                pad_exact=0.0, leak=Leakage(value=value, low=value - half, high=value + half, images=9))
        for i, (threat, value, half) in enumerate(leaks)
    ]  # fmt: skip
    return Verdict.model_construct(attempts=attempts, outcome=outcome or outcome_of(attempts, []))


def board(verdicts=None, learned=()):
    return {row["name"]: row for row in scoreboard.board(verdicts or {}, learned)}


def test_an_accuracy_is_the_mean_of_the_first_recorded_row_of_its_kind():
    rows = [learned("none yet", LE), learned("first", LE, 0.5, 0.7), learned("second", LE, 0.9)]
    rows += [
        learned("sorted", LE, 0.8, kind="by statistics"),
        learned("jigsaw", LE, 0.9, kind="attack first"),
    ]
    found = board(learned=[*rows, PLAIN])["tanaka-4"]
    assert {kind: facts["row"] for kind, facts in found["accuracy"].items()} == {
        "as published": "first", "by statistics": "sorted", "attack first": "jigsaw",
    }  # fmt: skip
    first = found["accuracy"]["as published"]
    assert (first["mean"], first["cost"], first["runs"]) == (0.6, 0.33, [0.5, 0.7])
    assert first["told"] == "60.0 % (50.0 to 70.0)"
    # The best of who does not attack first, though attacking first gives more.
    assert (scoreboard.fair(found)["row"], scoreboard.fair(found)["kind"]) == ("sorted", "by statistics")


def test_other_tiers_do_not_count_and_nothing_does_without_plain_pictures():
    large, here = learned("large", LE, 0.95, tier="gpu"), learned("here", LE, 0.7)
    assert board(learned=[PLAIN, large])["tanaka-4"]["accuracy"] == {}
    found = board(learned=[PLAIN, large, here])["tanaka-4"]["accuracy"]["as published"]
    assert (found["row"], found["cost"]) == ("here", 0.23)
    assert board(learned=[here])["tanaka-4"]["accuracy"] == {}


@pytest.mark.parametrize("scheme, name", [
    (LE, "tanaka-4"), (MANY_KEYS, "skk-per-image"), ({"name": "skk"}, "skk"),
    ({"name": "etc", "block": 4, "per_image": True}, "etc-4-per-image"), ({"name": "otp"}, "one-time-pad"),
    ({"name": "etc", "block": 8}, None), ({"name": "etc", "block": 16}, None),
], ids=str)  # fmt: skip
def test_a_training_is_of_the_cipher_with_its_settings_and_size(scheme, name):
    rows = board(learned=[PLAIN, learned("it", scheme, 0.5)])
    assert {each for each, row in rows.items() if row["accuracy"]} - {"plain"} == {name} - {None}


def test_those_that_cost_least_come_first_and_those_without_a_training_last():
    rows = [learned("a", LE, 0.87), learned("b", MANY_KEYS, 0.9), PLAIN]
    names = [row["name"] for row in scoreboard.board({}, rows)]
    assert names[:3] == ["plain", "skk-per-image", "tanaka-4"] and len(names) == len(SUBJECTS)


def test_a_leak_is_that_of_the_attack_with_the_highest_low_end_under_its_threat_model():
    verdict = judged((ONE, 0.6, 0.5), (ONE, 0.4, 0.1), (MANY, 0.2, 0.1), (CHOSEN, 1.0, 0.0))
    found = board({"etc-4": verdict})["etc-4"]
    leaks = {threat: leak and (leak["attack"], leak["value"]) for threat, leak in found["leak"].items()}
    assert leaks == {ONE: ("1", 0.4), MANY: ("2", 0.2), PAIRS: None, CHOSEN: ("3", 1.0)}
    assert scoreboard.alone(found)["attack"] == "1" and found["outcome"] == "broken"
    assert {*board()["etc-4"]["leak"].values()} == {None} and board()["etc-4"]["outcome"] is None


@pytest.mark.parametrize("leaks, outcome, kind", [
    ([(ONE, 0.95, 0.1)], None, "whole"), ([(MANY, 0.95, 0.1), (ONE, 0.0, 0.01)], None, "whole"),
    ([(ONE, 0.5, 0.1), (PAIRS, 1.0, 0.0)], None, "part"), ([(ONE, 0.1, 0.04)], None, "part"),
    ([(ONE, 0.1, 0.06), (PAIRS, 1.0, 0.0)], None, "pairs"), ([(CHOSEN, 0.2, 0.1)], None, "pairs"),
    ([(ONE, 0.1, 0.06), (CHOSEN, 0.0, 0.1)], None, "open"), ([(ONE, 0.0, 0.1)], "broken", "keys"),
    ([(ONE, 0.0, 0.1)], "leaks", "told"), ([(ONE, 0.5, 0.1)], "leaks", "part"),
    ([], "cannot be judged", "unknown"),
], ids=lambda given: given if isinstance(given, str) else None)  # fmt: skip
def test_the_verdict_follows_from_what_leaks(leaks, outcome, kind):
    found = board({"etc-4": judged(*leaks, outcome=outcome), "one-time-pad": judged(*leaks)})
    assert found["etc-4"]["verdict"] == scoreboard.VERDICTS[kind]
    assert found["etc-16"]["verdict"] == scoreboard.VERDICTS["unknown"]
    assert found["one-time-pad"]["verdict"] == scoreboard.VERDICTS["control"]
    assert found["plain"]["verdict"] == scoreboard.VERDICTS["plain"]


def placed(name, cost, low, high):
    """A row with what the front asks for."""
    leak = {"value": (low + high) / 2, "low": low, "high": high}
    return {"name": name, "leak": {ONE: None, MANY: leak}, "accuracy": {"by statistics": {"cost": cost}}}


@pytest.mark.parametrize("other, beaten", [
    ((0.106, 0.4, 0.6), True), ((0.104, 0.4, 0.6), False),  # costs differ clearly, or not
    ((0.100, 0.61, 0.7), True), ((0.100, 0.59, 0.7), False),  # leaks differ clearly, or not
    ((0.104, 0.61, 0.7), True), ((0.096, 0.61, 0.7), True), ((0.094, 0.61, 0.7), False),
    ((0.106, 0.0, 0.39), False), ((0.106, 0.0, 0.41), True), ((0.1, 0.4, 0.6), False),
])  # fmt: skip
def test_a_cipher_beats_another_if_it_is_clearly_better_in_one_and_clearly_worse_in_none(other, beaten):
    assert scoreboard.beats(placed("it", 0.1, 0.4, 0.6), placed("other", *other)) == beaten


def test_the_front_is_who_is_beaten_by_nobody(fresh):
    def beats(a, b):
        """The slow specification, in whole words."""
        a_cost, b_cost = (min(facts["cost"] for kind, facts in row["accuracy"].items()
                              if kind != "attack first") for row in (a, b))  # fmt: skip
        a_leak, b_leak = (max((row["leak"][threat] for threat in (ONE, MANY) if row["leak"][threat]),
                              key=lambda leak: leak["low"]) for row in (a, b))  # fmt: skip
        cheaper, dearer = a_cost < b_cost - 0.005, a_cost > b_cost + 0.005
        tighter, looser = a_leak["high"] < b_leak["low"], a_leak["low"] > b_leak["high"]
        return (cheaper or tighter) and not dearer and not looser

    on_it = [row for row in fresh.values() if scoreboard.point(row)]
    for a, b in product(on_it, on_it):
        assert scoreboard.beats(a, b) == beats(a, b)
    for row in fresh.values():
        assert row["front"] == (row in on_it and not any(beats(other, row) for other in on_it))
    assert fresh["plain"]["front"] and fresh["one-time-pad"]["front"]
    assert any(not row["front"] for row in on_it)


def test_plain_pictures_and_the_pad_are_the_ends_of_both_axes(fresh):
    (best, all_of_it), (chance, nothing) = (
        scoreboard.point(fresh[name]) for name in ("plain", "one-time-pad")
    )
    assert all_of_it == 1 and abs(nothing) < 0.05 and abs(chance - 0.1) < 0.02
    assert all(facts["cost"] > -scoreboard.CLEAR for name, row in fresh.items() if name != "plain"
               for facts in row["accuracy"].values())  # fmt: skip
    assert fresh["plain"]["accuracy"]["plain"]["cost"] == 0 and best > 0.9


def test_the_table_says_what_is_not_tried():
    rows = [PLAIN, learned("it", LE, 0.8, kind="by statistics")]
    head, lines = scoreboard.cells([*board({"tanaka-4": judged((MANY, 0.5, 0.1))}, rows).values()])
    plain, le = (dict(zip(head, next(line for line in lines if line[0] == title)))
                 for title in ("plain pictures", "LE, blocks of 4"))  # fmt: skip
    assert le["by statistics"] == "80.0 %" and le["as published"] == ""
    assert le["leak, ciphertexts under one key"] == "0.50 (0.40 to 0.60)"
    assert le["leak, one ciphertext"] == "not tried" and plain["leak, one ciphertext"] == "not judged"
    assert plain["as published"] == "93.0 % (92.0 to 94.0)" and le["front"] == "yes"


def test_a_point_of_the_figure_has_the_kind_in_its_name():
    rows = [PLAIN, learned("it", LE, 0.8, kind="by statistics"), learned("b", MANY_KEYS, 0.9)]
    verdicts = {name: judged((ONE, 0.5, 0.1)) for name in ("plain", "tanaka-4", "etc-4")}
    found = scoreboard.points([*board(verdicts, rows).values()])
    assert found == {
        "plain pictures": (0.5, 0.4, 0.6, 93.0, True),
        "LE, blocks of 4: by statistics": (0.5, 0.4, 0.6, 80.0, False),
    }
