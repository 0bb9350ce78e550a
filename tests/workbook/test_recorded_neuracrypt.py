"""The record of NeuraCrypt: what it claims, what it must not, and pieces that made it."""

import json

import numpy as np
import pytest

from lib.attacks.solvers import patch_features
from lib.formats import read
from lib.judge import pictures
from lib.workbook import recorded_neuracrypt as recorded

RECORD = read(recorded.NeuraCryptRecord, recorded.OUT)


def cells(**wanted):
    found = [each for each in RECORD.cells if wanted.items() <= each.model_dump().items()]
    assert len(found) == len(recorded.SEEDS)
    return found


def last(cell):
    return [rate for name, rate in cell.rates.items() if name.startswith("all")][-1]


@pytest.mark.parametrize("count", [100, 300, 1000])
def test_the_goal_is_reached_at_the_smallest_published_depth(count):
    """Ten times chance at depth 3, under every key, in far less than 20 minutes of two cores."""
    for cell in cells(pictures=count, depth=3, shuffled=True):
        assert last(cell) > 10 / count and last(cell) > 0.95
        assert cell.seconds + RECORD.rehearsals["3"] < 60


def test_places_from_likeness_go_where_the_published_start_does_not():
    for depth, least in ((7, 0.95), (47, 0.5)):
        found = cells(pictures=1000, depth=depth, shuffled=True)
        assert min(cell.rates["all, by the best start"] for cell in found) > least
        assert min(cell.rates["all, places agree"] for cell in found) < 0.05
    assert max(last(cell) for cell in cells(pictures=100, depth=47, shuffled=True)) < 0.2


@pytest.mark.parametrize(("count", "depth", "shuffled"), recorded.CELLS)
def test_controls_and_baseline_resist(count, depth, shuffled):
    found = cells(pictures=count, depth=depth, shuffled=shuffled)
    assert np.mean([cell.rates["baseline: ranks of contrast"] for cell in found]) < 1.5 / count + 0.09
    if count != recorded.CONTROLLED:
        return
    alone = np.mean([cell.rates["control: a key for each picture"] for cell in found])
    assert alone < (0.25 if depth == 47 and not shuffled else 0.08)
    if depth == 3:
        assert min(last(cell) for cell in found) > 10 * alone


def test_noise_is_named_by_chance():
    for depth in recorded.DEPTHS:
        found = [each.rate for each in RECORD.noises if each.depth == depth]
        assert len(found) == len(recorded.SEEDS) and np.mean(found) < 0.035


def test_new_pictures_are_read_at_depths_3_and_7_and_not_under_a_key_for_each():
    for depth in (3, 7):
        for cell in cells(pictures=100, depth=depth, shuffled=True):
            assert cell.unseen["encodings of new pictures"].low > 0.85
            assert abs(cell.unseen["control: a key for each picture"].value) < 0.05
    assert len(RECORD.copies) == len(recorded.STEPS) * len(recorded.SEEDS)
    assert min(each.unseen for each in RECORD.copies if each.depth == 3) > 0.9


def test_pieces_run_on_other_pictures(monkeypatch):
    windows = pictures.attacked((32, 32, 3), 600)
    monkeypatch.setattr(recorded, "CONTROLLED", 30)
    monkeypatch.setattr(recorded, "COPIED", 40)
    monkeypatch.setattr(recorded, "STEPS", {3: 10})
    monkeypatch.setattr(recorded.made, "WIDTH", 96)
    monkeypatch.setitem(recorded.ENCODERS, 3, 4)
    monkeypatch.setattr(patch_features, "STEPS", 100)
    data = recorded.Data(windows[:100], pictures.public((32, 32, 3), 200), windows[100:110], windows[110:310])
    trained, seconds = recorded.rehearsed(data, 3)
    assert seconds > 0 and recorded.rehearsed(data, 1) == (None, 0.0)
    cell = recorded.Cell(pictures=30, depth=3, shuffled=True, seed=1,
                         **recorded.cell(data, 30, 3, True, 1, trained))  # fmt: skip
    assert last(cell) > 10 / 30 and set(cell.unseen) == {
        "encodings of new pictures", "control: a key for each picture"
    }  # fmt: skip
    line = recorded.cell(data, 30, 1, True, 1, None)
    assert line["rates"]["all, by leverages"] == 1 and line["unseen"] == {}
    copy = recorded.copied(data, 3, 1, trained)
    assert copy["again"] > 0.5 and copy["candidates"] == 200
    assert recorded.noisy(data, 3, 1, trained)["rate"] < 0.2


def test_the_record_lacks_nothing_and_a_second_run_would_run_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "drawn", lambda name: None)
    copy = tmp_path / "record.json"
    copy.write_text(recorded.OUT.read_text())
    assert recorded.main(["--out", str(copy)]) == 0
    assert read(recorded.NeuraCryptRecord, copy) == RECORD


def test_what_is_missing_is_run_and_kept_at_once(tmp_path, monkeypatch):
    made = [("rehearsals", {"depth": 3}, lambda: {"3": 1.0}),
            ("noises", {"depth": 1, "seed": 1}, lambda: {"rate": 0.5}),
            ("noises", {"depth": 1, "seed": 2}, lambda: 1 / 0)]  # fmt: skip
    monkeypatch.setattr(recorded, "drawn", lambda name: None)
    monkeypatch.setattr(recorded, "jobs", lambda data: iter(made))
    copy = tmp_path / "record.json"
    with pytest.raises(ZeroDivisionError):
        recorded.main(["--out", str(copy)])
    kept = json.loads(copy.read_text())
    assert kept["noises"] == [{"depth": 1, "seed": 1, "rate": 0.5}] and kept["rehearsals"] == {"3": 1.0}
