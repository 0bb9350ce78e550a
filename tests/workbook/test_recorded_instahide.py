"""The record of InstaHide: what it claims, what it must not, and pieces that made it."""

import json

import numpy as np
import pytest

from lib.datasets import Dataset
from lib.judge import pictures
from lib.workbook import instahide_averaging as averaging
from lib.workbook import recorded_instahide as recorded

RECORD = json.loads(recorded.OUT.read_text())


def cells(**wanted):
    found = [each["scores"] for each in RECORD["cells"] if wanted.items() <= each.items()]
    assert len(found) == len(recorded.SEEDS)
    return found


def test_the_goal_is_reached_without_any_truth():
    """Leakage of 0.8 at k = 6, each picture in 200 encryptions, pairs found."""
    for scores in cells(pictures=20, k=6, epochs=100):
        assert scores["pairs found, squares"]["value"] > 0.8 and scores["pairs found, squares"]["low"] > 0.7


@pytest.mark.parametrize(("count", "k", "epochs"), recorded.CELLS)
def test_controls_resist(count, k, epochs):
    for scores in cells(pictures=count, k=k, epochs=epochs):
        for name in ("control: fresh pictures, pairs found", "control: fresh pictures, pairs given",
                     "baseline: mean picture"):  # fmt: skip
            assert scores[name]["low"] < 0.06 and scores[name]["value"] < 0.1, name
        assert scores["pairs given"]["value"] > scores["control: fresh pictures, pairs given"]["high"]


def test_the_tree_mends_what_rows_broke():
    for each in RECORD["mended"]:
        assert each["signs along a tree, refined"] > each["signs along rows, refined"]


def test_networks_separate_better_than_squares_and_squares_better_than_sizes():
    assert {each["k"] for each in RECORD["networks"]} == {2, 4, 6}
    for each in (each["auc"] for each in RECORD["networks"] if each["k"] == 6):
        assert each["network"] > each["whitened squares"] > each["sizes"] > 0.5


def test_averages_over_encryptions_are_better():
    assert len(RECORD["averaging"]) == len(recorded.SEEDS)
    for each in RECORD["averaging"]:
        values = list(each["accuracy"].values())
        assert values[-1] > values[0] > 0.1


def test_a_training_learns_and_repeats_itself(monkeypatch):
    monkeypatch.setattr(averaging, "BATCH", 16)
    windows = pictures.attacked((32, 32, 3), 80)
    labels = np.arange(80) % 2
    images = np.where(labels[:, None, None, None], windows, 122).astype(np.uint8)
    data = Dataset(images, labels, ("flat", "picture"), "windows")
    public = np.full((4, 32, 32, 3), 122, np.uint8)
    long = averaging.measured(data, data, public, 4, 15, 0, (1, 6))["accuracy"]
    assert long["6"] > max(0.7, long["1"])
    short = [averaging.measured(data, data, public, 4, 1, 0, (1,))["accuracy"] for _ in range(2)]
    assert short[0] == short[1]


def test_signs_along_rows_join_where_nothing_is_in_the_way():
    values = np.ones((2, 12), np.float32) * np.arange(1, 13)
    signs = np.array([1, -1, 1, -1, -1, 1, 1, 1, -1, -1, 1, -1])
    assert (recorded.along_rows(values * signs, (2, 2, 3)) == values).all()


def test_the_record_lacks_nothing_and_a_second_run_would_run_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "drawn", lambda name: None)
    copy = tmp_path / "record.json"
    copy.write_text(recorded.OUT.read_text())
    assert recorded.main(["--out", str(copy)]) == 0
    assert json.loads(copy.read_text()) == RECORD
    sections = {name for name, _, _ in recorded.jobs(None)}
    assert sections == {"mended", "networks", "cells", "averaging"}


def test_what_is_missing_is_run_and_kept_at_once(tmp_path, monkeypatch):
    made = [("mended", {"seed": 1}, lambda: {"x": 1}), ("mended", {"seed": 2}, lambda: 1 / 0)]
    monkeypatch.setattr(recorded, "drawn", lambda name: None)
    monkeypatch.setattr(recorded, "jobs", lambda data: iter(made))
    copy = tmp_path / "record.json"
    with pytest.raises(ZeroDivisionError):
        recorded.main(["--out", str(copy)])
    assert json.loads(copy.read_text())["mended"] == [{"seed": 1, "x": 1}]
