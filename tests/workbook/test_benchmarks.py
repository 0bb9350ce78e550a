"""The bench of training: what is trained, and that its ratios compare what was measured side by side."""

import time

import pytest

from lib.datasets import load
from lib.workbook import benchmarks


def test_every_setting_trains_on_what_its_name_says(monkeypatch):
    calls = []

    def fit(make_model, data, recipe, scheme=None):
        calls.append(
            (
                len(data),
                recipe.augment,
                recipe.crop > 0 and recipe.flip,
                scheme and (scheme.name, scheme.per_image),
            )
        )
        return type("Run", (), {"history": [{"seconds": 1.0}]})

    monkeypatch.setattr("lib.training.fit", fit)
    names = [row["scheme"] for row in benchmarks.training(20, rounds=1)]
    first = dict(zip(names, calls, strict=False))  # of the second round nothing is new
    assert calls == 2 * list(first.values()) and len(names) == 7
    assert {how[:3] for name, how in first.items() if "once" not in name} == {(20, "before", True)}
    assert first["plain"][3] is None and all(
        first[name][3] == (name, False) for name in ("tanaka", "skk", "etc", "ele")
    )
    assert first["skk, a key per image"][3] == ("skk", True)
    assert first["skk, a key per image, once"] == (20, "after", True, ("skk", True))


def test_a_ratio_is_the_median_of_rounds_and_the_first_round_does_not_count(monkeypatch):
    rounds = iter([(1, 100), (2, 4), (10, 40), (3, 9)])

    def epoch(photos, scheme, augment):
        if scheme is None:
            epoch.now = next(rounds)
        return epoch.now[scheme is not None]

    monkeypatch.setattr(benchmarks, "epoch", epoch)
    plain, *others = benchmarks.training(20, rounds=3)
    assert plain["ratio"] == 1 and plain["seconds"] == 3
    assert {(row["ratio"], row["seconds"]) for row in others} == {(3, 9)}  # 9 / 3, not 4, 2, nor 100
    assert [row["scheme"] for row in others if row.get("once_seconds", 0) > 0] == [
        "skk, a key per image, once"
    ]


def test_an_epoch_is_timed():
    assert 0 < benchmarks.epoch(load("photos", limit=20), *benchmarks.training_settings()["tanaka"]) < 60


@pytest.mark.parametrize("repeats", [1, 4])
def test_the_median_leaves_the_first_call_out(repeats):
    naps = iter([0.2] + [0.01] * repeats)  # the first is the slow one
    assert 0.01 <= benchmarks.median(lambda: time.sleep(next(naps)), repeats) < 0.2
    assert next(naps, None) is None, "as many calls as are asked for, and one"
