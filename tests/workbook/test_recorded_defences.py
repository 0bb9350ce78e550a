"""The record of keyed defences: written as it goes, gone on with, and what it says."""

import json

import numpy as np
import pytest

from lib import datasets
from lib.workbook import defence_networks, recorded_defences
from lib.workbook import defence_tables as tables
from lib.workbook import recorded_defences as recorded

pytest.importorskip("art", reason="the extra privacy is not installed")
RECORD = recorded.recorded()
KEYED = [name for name in RECORD.networks if name in defence_networks.DEFENCES]


def at(network, attacker, spent="8"):
    return RECORD.networks[network][attacker].accuracy[spent]


@pytest.fixture
def quick(monkeypatch):
    """Networks that are there, and the two cheapest attackers."""
    cheap = {"clean": recorded.clean, "noise": recorded.by_noise}
    monkeypatch.setattr(recorded, "attackers", lambda name: cheap)
    monkeypatch.setattr(recorded.defence_networks, "main", lambda given: 0)
    monkeypatch.setattr(recorded, "PICTURES", 20)


def test_it_writes_as_it_goes_and_goes_on(quick, tmp_path, capsys):
    out = tmp_path / "defences.json"
    given = ["--data", "photos", "--out", str(out)]
    assert recorded.main([*given, "plain"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == ["plain, clean", "plain, noise"]
    assert recorded.main([*given, "plain", "shf"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == ["shf, clean", "shf, noise"]
    before = out.read_bytes()
    assert recorded.main([*given, "shf"]) == 0 and out.read_bytes() == before
    assert set(recorded.recorded(out).networks) == {"plain", "shf"}
    changed = json.loads(before) | {"settings": {}}
    out.write_text(json.dumps(changed))
    with pytest.raises(SystemExit):
        recorded.main([*given, "shf"])
    assert "other settings or data" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        recorded.main([*given, "nobody"])


def test_attackers_fit_what_they_attack():
    plain, shf, ffx = (recorded.attackers(name) for name in ("plain", "shf", "ffx"))
    assert not {"wrong key", "read from ciphertexts", "transfer, plain"} & set(plain)
    assert {"wrong key", "right key", "read from ciphertexts", "transfer, other key"} <= set(shf)
    assert "right key, straight through" in ffx and "right key, straight through" not in shf
    assert "right key, AutoPGD" in set(plain) & set(shf) and "right key, AutoPGD" not in ffx


def test_the_service_is_asked_about_pictures_that_are_not_scored(monkeypatch):
    photos = datasets.load("photos", "train"), datasets.load("photos", "test")
    bench = recorded.Bench("plain", *photos)
    monkeypatch.setattr(recorded, "PICTURES", 20)
    service, case = bench.service, bench.case
    assert len(service.images) == recorded.ASKED == len(service.decided)
    seen = {image.tobytes() for image in service.images}
    assert not any(image.tobytes() in seen for image in case.images)


def test_the_record_is_of_balanced_pictures_and_published_steps():
    assert RECORD.settings["pictures"] == 500 and RECORD.settings["epsilons"][-1] == 8
    assert RECORD.settings["steps"][-1] == 50 and RECORD.settings["step"] == 0.25


@pytest.mark.parametrize("name", KEYED)
def test_the_right_key_takes_what_a_wrong_one_leaves(name):
    assert at(name, "clean", "0") > 0.4
    assert at(name, "right key") < 0.1 and at(name, "right key") < at(name, "wrong key") - 0.3
    read = RECORD.networks[name]["read from ciphertexts"]
    last = list(read.accuracy)[-1]
    assert read.also[f"right, {last}"] > 0.99 and read.accuracy[last] < 0.1


def test_no_attacker_gains_where_a_larger_epsilon_is_allowed_and_he_sees():
    for each in RECORD.networks.values():
        values = list(each["right key"].accuracy.values())
        assert (np.diff(values) <= 0).all() and values[0] <= each["clean"].accuracy["0"]


def test_the_control_keeps_accuracy_under_the_attack_that_takes_all_others():
    assert at("adversarial", "right key") > at("plain", "right key") + 0.1


def test_tables_show_cells_of_the_record():
    head, rows = tables.at_eight(RECORD)
    assert len(rows) == len(RECORD.networks) and all(len(row) == len(head) for row in rows)
    column = head.index(tables.LINES["right key"])
    for (name, _), row in zip(tables.in_order(RECORD), rows):
        assert row[0] == tables.NAMES[name] and row[column] == f"{at(name, 'right key'):.1%}"
    _, readings = tables.readings(RECORD)
    assert {row[0] for row in readings} == {tables.NAMES[name] for name in KEYED}
    shown = tables.curves(RECORD)
    for name in KEYED:
        line = shown[tables.NAMES[name]][tables.LINES["right key"]]
        assert line["8"][0] == pytest.approx(100 * at(name, "right key"))
        assert line["0"][0] == pytest.approx(100 * at(name, "clean", "0"))


def test_an_attacker_is_measured_on_photographs(monkeypatch):
    monkeypatch.setattr(recorded, "PICTURES", 20)
    monkeypatch.setattr(recorded, "STEPS", 5)
    monkeypatch.setattr(recorded_defences, "FEW", 3)
    bench = recorded.Bench("shf", datasets.load("photos", "train"), datasets.load("photos", "test"))
    found, told = recorded.from_ciphertexts(bench)
    assert found and all(0 <= value <= 1 for value in found.values())
    assert set(told) == {f"{kind}, {count}" for count in found for kind in ("right", "least")}
    curve, also = recorded.wrong_key(bench)
    assert list(curve) == [str(epsilon) for epsilon in recorded.EPSILONS]
    assert len(also) == recorded.WRONG - 1
