"""`lib.workbook.recorded_measures`: the measure in use orders pairs best, and the record is of today."""

import json
from collections import Counter

import numpy as np
import pytest

from lib import datasets, metrics
from lib.workbook import measure_trials as trials
from lib.workbook import recorded_measures as measures

RECORD = json.loads(measures.OUT.read_text())
REPORTED = {name: each["report"]["misordered"] for name, each in RECORD["measures"].items()}


def test_what_is_recorded_says_that_the_measure_orders_best():
    assert RECORD["chosen"] == measures.CHOSEN and min(RECORD["pairs"].values()) >= 250
    chosen = REPORTED[measures.CHOSEN]
    assert chosen < 0.5 * REPORTED["edges"] < 0.5 * min(REPORTED["SSIM"], REPORTED["PSNR"])
    assert all(chosen <= other for other in REPORTED.values())
    assert RECORD["photographs"] == {"choose": list(trials.CHOOSE), "report": list(trials.REPORT)}
    assert len(measures.table(RECORD).splitlines()) == 1 + len(REPORTED)


def test_what_is_recorded_is_what_comes_out_today():
    """One side of the half that is reported, without the networks."""
    found = measures.counted(trials.REPORT, {}, 32)
    assert set(found) == {name for name in REPORTED if "network" not in name}
    for name, wrong in found.items():
        kept = RECORD["measures"][name]["report"]["by side"]["32"]
        assert wrong.total() == pytest.approx(kept, abs=2), name
    assert found[measures.CHOSEN].total() < 0.5 * min(
        found[name].total() for name in ("PSNR", "SSIM", "edges")
    )


def test_the_chosen_measure_is_what_is_shown():
    picture, others = datasets.photo("coffee", 32), datasets.load("photos", limit=40).images
    estimates = np.stack([picture, 255 - picture, others[0], np.full_like(picture, 7), picture // 2 + 9])
    found = measures.measured(estimates, picture, others, {})
    truth = np.repeat(picture[None], 5, 0)
    assert found[measures.CHOSEN] == pytest.approx(metrics.shown(estimates, truth, others), abs=1e-5)
    for i in range(5):
        rank = metrics.ranks(
            np.concatenate([estimates[i : i + 1], others]), np.concatenate([picture[None], others])
        )
        assert found["retrieval"][i] == -rank[0]


def test_misordered_pairs_by_hand():
    values = {"a": 3.0, "b": 1.0, "c": 1.0, "d": float("inf")}
    pairs = [("a", "b"), ("b", "a"), ("b", "c"), ("a", "d"), ("d", "d")]
    assert measures.misordered(values, pairs) == {
        ("b", "a"): 1,
        ("b", "c"): 0.5,
        ("a", "d"): 1,
        ("d", "d"): 0.5,
    }
    told = measures.told({32: Counter({("b", "a"): 1, ("b", "c"): 0.5}), 64: Counter({("b", "a"): 1})})
    assert told["misordered"] == 2.5 and told["by side"] == {32: 1.5, 64: 1}
    assert told["too low"] == {"b": 2.5} and told["too high"] == {"a": 2, "c": 0.5}


def test_a_network_tells_a_picture_from_noise_and_training_changes_it():
    picture, noise = (
        datasets.photo("coffee", 32),
        np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8),
    )
    estimates = np.stack([picture, picture ^ 1, noise])
    found = [measures._distances(measures.network(steps), estimates, picture[None]) for steps in (0, 10)]
    assert all(each[0] < 1e-6 < each[1] < each[2] for each in found)
    assert not np.allclose(*found)


def test_a_small_record_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measures, "network", lambda steps: lambda images: [])
    monkeypatch.setattr(measures, "_distances", lambda features, estimates, picture: np.zeros(len(estimates)))
    out = tmp_path / "measures.json"
    assert measures.main(["--out", str(out)], sides=(32,), count=20) == 0
    made = json.loads(out.read_text())
    assert set(made) == set(RECORD) and set(made["measures"]) == set(RECORD["measures"])
    assert made["measures"]["network, trained"]["report"]["misordered"] == made["pairs"]["report"] / 2
    assert "SSIM" in capsys.readouterr().out
