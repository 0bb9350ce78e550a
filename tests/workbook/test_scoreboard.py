"""The scoreboard: every scheme has a row, the front and the verdicts follow from what was recorded, nothing
is written by hand."""

import json

import pytest

from lib import schemes
from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.formats import check
from lib.workbook import readme, scoreboard
from lib.workbook.recorded_attacks import AttackRow, TrainedAttack
from lib.workbook.recorded_trainings import Training, TrainingRow

STORED = json.loads(scoreboard.OUT.read_text())["rows"]


def attack(threat, scheme, score, verdict="not broken", exact=0.0, control=0.01, images=1, queries=0):
    """A record of the matrix with a single cell."""
    scores = {"ssim": score, "edge_correlation": score, "exact": exact}
    cell = {"scores": {"attack": scores, "control": {"ssim": control, "edge_correlation": 0.0, "exact": 0.0}},
            "verdict": verdict, "images": images, "queries": queries}  # fmt: skip
    return {
        "attacks": {"it": {"threat": threat}},
        "cells": {"it": {scheme: cell, "other": {"reason": "not made for it"}}},
    }


def of(board, scheme):
    return next(row for row in board if row["scheme"] == scheme)


def test_every_scheme_plain_and_control_have_a_row(fresh):
    assert {*schemes.names, "skk per image", "none", "otp"} == set(fresh) >= {row["scheme"] for row in STORED}


@pytest.fixture(scope="module")
def fresh():
    return {row["scheme"]: row for row in scoreboard.rows()}


@pytest.mark.parametrize("stored", STORED, ids=lambda row: row["scheme"])
def test_a_stored_row_is_what_the_records_say(stored, fresh):
    """Row by row: a scheme that is new, and has no row yet, is `make scoreboard` to come."""
    assert stored == fresh[stored["scheme"]]


def test_the_readme_shows_what_is_stored():
    text = readme.README.read_text(encoding="utf-8")
    assert text == readme.with_part(text, "scoreboard", scoreboard.table(STORED))


def learned(name, scheme, *accuracies, **facts):
    facts = {"tier": "table", "kind": "as published", "cipher": "", "network": "fast", "threads": 1} | facts
    row = TrainingRow(name=name, recipe={}, scheme=scheme, **facts)
    return row, [Training.model_construct(accuracy=value) for value in accuracies]


def board(attacks=None, trained=(), learned=()):
    return scoreboard.board(attacks or {"attacks": {}, "cells": {}}, trained, learned)


def test_accuracy_is_the_mean_of_the_first_row_and_a_missing_run_names_its_command():
    many = {"name": "skk", "per_image": True}
    rows = [learned("a", many, 0.5, 0.7), learned("b", many, 0.9), learned("etc", {"name": "etc"})]
    found = board(learned=rows)
    best = of(found, "skk per image")
    assert best["accuracy"] == 0.6 and best["runs"] == [0.5, 0.7] and best["row"] == "a"
    assert of(found, "etc")["command"] == "make results ROWS='etc'" and of(found, "etc")["accuracy"] is None
    assert "rows.toml" in of(found, "skk")["command"]
    assert best["kind"] == "as published"
    rows = [learned("a", many, 0.9, kind="by statistics"), learned("b", many, 0.8), learned("c", many, 0.7)]
    assert of(board(learned=rows), "skk per image")["row"] == "b"
    rows = [learned("a", many, 0.9, kind="attack first"), learned("b", many, 0.8, kind="by statistics")]
    stands_in = of(board(learned=[*rows, learned("c", many)]), "skk per image")
    assert (stands_in["row"], stands_in["kind"]) == ("b", "by statistics")
    assert found[0] is best and all(row["accuracy"] is None for row in found[1:])


@pytest.mark.parametrize(
    "threat, verdict, exact, score, kind",
    [
        (ONE, "broken", 1.0, 0.7, "whole"), (MANY, "broken", 0.95, 0.7, "whole"),
        (ONE, "broken", 0.2, 0.7, "outlines"), (MANY, "broken", 0.2, 0.85, "whole"),
        (PAIRS, "broken", 1.0, 0.7, "pairs"), (CHOSEN, "broken", 1.0, 0.7, "pairs"),
        (ONE, "not broken", 0.1, 0.7, "open"), (CHOSEN, "not broken", 0.1, 0.7, "open"),
        (ONE, "void", 1.0, 0.7, "unknown"),
    ],
)  # fmt: skip
def test_the_verdict_follows_from_what_the_attacks_got(threat, verdict, exact, score, kind):
    found = board(attack(threat, "etc", score, verdict, exact))
    assert of(found, "etc")["verdict"] == scoreboard.VERDICTS[kind]
    assert of(found, "tanaka")["verdict"] == scoreboard.VERDICTS["unknown"]
    assert of(found, "otp")["verdict"] == scoreboard.VERDICTS["control"]


def trained(assumption, score, **scheme):
    """A record of `lib.workbook.recorded_attacks`, all scores the same."""
    scores = dict.fromkeys(("ssim", "edge_correlation", "exact"), score)
    nothing = dict.fromkeys(scores, 0.0)
    row = {"name": f"net {assumption}", "attack": "inverse", "assumption": assumption, "scheme": scheme}
    return TrainedAttack.model_construct(
        row=check(AttackRow, row | {"recipe": {}}, "the row"),
        scores={"attack": scores, "ciphertext": nothing, "mean": nothing},
    )


def test_trained_attacks_count_by_what_they_need_and_the_median_of_their_seeds():
    runs = [trained("different keys", score, name="skk", per_image=True) for score in (0.3, 0.6, 0.7)]
    runs += [trained("same key", 0.9, name="etc"), trained("unpaired", 0.2, name="otp")]
    found = board(attack(ONE, "skk per image", 0.4), runs)
    leak = of(found, "skk per image")["leak"]["ciphertexts only"]
    assert (leak["attack"], leak["ssim"], leak["broken"]) == ("inverse net different keys", 0.6, True)
    assert of(found, "etc")["leak"]["ciphertexts only"] is None
    assert of(found, "etc")["leak"]["any attacker"]["ssim"] == 0.9
    assert of(found, "otp")["leak"]["ciphertexts only"]["attack"] == "inverse net unpaired"


def test_the_leak_is_that_of_the_best_attack_who_may_see_so_much():
    record = attack(MANY, "etc", 0.4, images=50)
    for name, threat, score, queries in (
        ("weak", ONE, 0.2, 0),
        ("asks", CHOSEN, 0.9, 1),
        ("asks more", CHOSEN, 0.9, 5),
    ):
        more = attack(threat, "etc", score, queries=queries)
        record["attacks"][name], record["cells"][name] = more["attacks"]["it"], more["cells"]["it"]
    leak = of(board(record), "etc")["leak"]
    assert (leak["ciphertexts only"]["attack"], leak["ciphertexts only"]["needs"]) == ("it", "50 ciphertexts")
    assert (leak["any attacker"]["attack"], leak["any attacker"]["needs"]) == ("asks", "1 query")


def test_the_control_shows_the_most_that_any_attack_got_from_it():
    leak = of(board(attack(ONE, "etc", 0.8, control=0.33)), "otp")["leak"]
    assert leak["ciphertexts only"]["ssim"] == leak["any attacker"]["ssim"] == 0.33


def test_the_front_is_who_is_beaten_by_nobody():
    scored = [row for row in STORED if row["accuracy"] is not None and row["leak"]["ciphertexts only"]]
    points = {row["scheme"]: (row["accuracy"], -row["leak"]["ciphertexts only"]["ssim"]) for row in scored}
    for row in STORED:
        mine = points.get(row["scheme"])
        better = [p for p in points.values() if mine and p != mine and p[0] >= mine[0] and p[1] >= mine[1]]
        assert row["front"] == (mine is not None and not better)
    assert any(row["front"] for row in STORED)
