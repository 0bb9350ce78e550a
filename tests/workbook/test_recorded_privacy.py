"""What privacy costs: the parts on few pictures, a run that goes on, and what the record says."""

import json

import numpy as np
import pytest

from lib import datasets
from lib.workbook import recorded_privacy as recorded

RECORD = recorded.recorded()


def told(capsys):
    return [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def quick(monkeypatch):
    """The cheap parts alone, and few epochs."""
    parts = {
        "private": {"without": recorded.group_net},
        "ciphers": {name: recorded.PARTS["ciphers"][name] for name in ("plain pictures", "one-time pad")},
    }
    monkeypatch.setattr(recorded, "PARTS", parts)
    for name in ("RECIPE", "GROUP"):
        monkeypatch.setattr(recorded, name, getattr(recorded, name) | {"epochs": 1})


def test_it_writes_as_it_goes_and_goes_on(quick, tmp_path, capsys):
    out = tmp_path / "privacy.json"
    few = ["--data", "photos", "--limit", "40", "--out", str(out)]
    assert recorded.main([*few, "private", "--seeds", "0"]) == 0
    assert told(capsys) == ["private, without, seed 0"]
    assert recorded.main([*few, "--seeds", "0"]) == 0
    assert told(capsys) == ["ciphers, plain pictures, seed 0", "ciphers, one-time pad, seed 0"]
    before = out.read_bytes()
    assert recorded.main([*few, "--seeds", "0"]) == 0 and out.read_bytes() == before
    found = recorded.recorded(out)
    assert found.data["origin"] == "photos" and set(found.ciphers["one-time pad"]) == {"0"}
    with pytest.raises(SystemExit):
        recorded.main(["--data", "photos", "--limit", "50", "--out", str(out)])
    assert "other settings or data" in capsys.readouterr().err


def test_an_unknown_part_is_told(capsys):
    with pytest.raises(SystemExit):
        recorded.main(["--data", "photos", "everything"])
    assert "unknown part 'everything'; known: encrypted, private, ciphers" in capsys.readouterr().err


def test_a_linear_model_on_ciphertexts_scores_as_in_plain(monkeypatch):
    pytest.importorskip("tenseal", reason="the extra privacy is not installed")
    monkeypatch.setattr(recorded, "ENCRYPTED", 1)
    monkeypatch.setattr(recorded, "SQUARE", recorded.SQUARE | {"epochs": 1, "crop": 0})
    data, test = datasets.load("photos", "train", 100), datasets.load("photos", "test", 50)
    done = recorded.linear(data, test, 0)["homomorphic"]
    assert done["agree"] == 1 and done["error"] < 1e-3 < done["largest score"]
    assert done["up"] > 100 * test.images[0].size and done["once"] > 1e7


def test_the_record_is_of_these_settings_and_of_all_of_cifar_10():
    assert RECORD.settings == json.loads(json.dumps(recorded.settings()))
    assert RECORD.data["origin"] == "CIFAR-10, bit for bit" and RECORD.data["train"] == 50_000


def test_every_part_is_recorded_from_the_first_seed_on():
    for part, names in recorded.PARTS.items():
        found = getattr(RECORD, part)
        assert set(found) == set(names)
        for name, runs in found.items():
            assert [str(seed) for seed in range(len(runs))] == sorted(runs), (part, name)
            assert 1 <= len(runs) <= recorded.SEEDS[part], (part, name)


def mean(runs):
    return np.mean([run["accuracy"] for run in runs.values()])


def test_ciphertexts_and_shares_change_no_answer():
    for runs in RECORD.encrypted.values():
        for run in runs.values():
            assert run["homomorphic"]["agree"] == 1 and run["homomorphic"]["error"] < 1e-3
    for run in RECORD.encrypted["network"].values():
        assert run["shares"]["agree"] > 0.99 and run["shares"]["error"] < 0.05


def test_privacy_costs_accuracy():
    """Between the two budgets the difference is within the spread at so few epochs; the noise is not."""
    without, eight, three = (RECORD.private[name] for name in ("without", "epsilon 8", "epsilon 3"))
    assert mean(without) - 0.05 > max(mean(eight), mean(three)) and min(mean(eight), mean(three)) > 0.3
    for runs, epsilon in ((eight, 8), (three, 3)):
        for run in runs.values():
            assert epsilon - 0.1 < run["epsilon"] <= epsilon + 0.02 and run["delta"] == 1e-5
    assert min(run["noise"] for run in three.values()) > max(run["noise"] for run in eight.values())


def test_the_controls_hold():
    assert 0.08 < mean(RECORD.ciphers["one-time pad"]) < 0.12
    plain = mean(RECORD.ciphers["plain pictures"])
    assert all(mean(RECORD.ciphers[name]) < plain for name in RECORD.ciphers if name != "plain pictures")
