"""Recorded learned attacks: rows that can be run, records that say what they are of, scores beside baselines,
and no stale record."""

import json

import numpy as np
import pytest

from lib import datasets, metrics
from lib.schemes import OneTimePad, Tanaka
from lib.workbook import recorded_attacks
from lib.workbook.lessons import ROOT

ROWS = recorded_attacks.rows()
SMALL = {
    "name": "small",
    "attack": "inverse",
    "scheme": {"name": "tanaka", "block": 4},
    "assumption": "same key",
    "recipe": {"network": "block maps", "pairs": 200, "steps": 20},
}


@pytest.fixture(scope="module")
def data():
    return datasets.load("photos", limit=200), datasets.load("photos", "test", limit=20)


def records():
    return [json.loads(path.read_text()) for path in sorted(recorded_attacks.FOLDER.glob("*.json"))]


def test_rows_have_names_of_their_own_and_are_of_what_there_is():
    assert len({row["name"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row["attack"] in recorded_attacks.ATTACKS and row["assumption"] in recorded_attacks.ASSUMPTIONS
        assert recorded_attacks.scheme_of(row, 0).name == row["scheme"]["name"]


def test_the_control_stands_in_the_table_of_every_kind_and_assumption():
    for attack, assumption in {(row["attack"], row["assumption"]) for row in ROWS}:
        assert any(
            recorded_attacks.label_of(row).startswith("otp")
            for row in ROWS
            if (row["attack"], row["assumption"]) == (attack, assumption)
        )


def test_victim_and_attacker_have_other_keys_and_the_attacker_one_for_each_image():
    victim, attacker = (recorded_attacks.scheme_of(SMALL, 3, whose) for whose in ("victim", "attacker"))
    assert isinstance(victim, Tanaka) and not victim.per_image and attacker.per_image
    assert victim.key.fingerprint != attacker.key.fingerprint
    assert recorded_attacks.scheme_of(SMALL, 4).key.fingerprint != victim.key.fingerprint
    assert isinstance(recorded_attacks.scheme_of(SMALL | {"scheme": {"name": "otp"}}, 0), OneTimePad)
    assert recorded_attacks.label_of({"scheme": {"name": "skk", "per_image": True}}) == "skk per image"


def test_scores_are_those_of_the_metrics_beside_both_baselines(data):
    truth, public = data[1].images, data[0].images
    ciphers = 255 - truth
    found = recorded_attacks.scores(truth, ciphers, truth, public, moves=("complement",))
    assert found["attack"]["exact"] == found["ciphertext"]["exact"] == 1, "the open move is given to both"
    assert recorded_attacks.scores(truth, ciphers, truth, public)["ciphertext"]["exact"] < 0.1
    mean = np.stack([public.mean(0).round().astype(np.uint8)] * len(truth))
    assert found["mean"]["psnr"] == pytest.approx(metrics.psnr(mean, truth), abs=1e-4)
    assert found["attack"]["psnr"] == 99, "JSON has no infinity"


def test_a_run_is_recorded_with_all_that_made_it(data, tmp_path):
    record = recorded_attacks.train(SMALL, 2, *data, tmp_path)
    assert record["row"] == SMALL and record["seed"] == 2 and "victim's key" in record["needs"]
    assert record["scheme"]["scheme"] == "tanaka" and record["scheme"]["key"] == "Key.from_seed(1002)"
    assert (
        record["data"]["train"] == 200
        and record["data"]["test"] == 20
        and len(record["data"]["digest"]) == 16
    )
    assert record["recipe"]["steps"] == 20 and record["recipe"]["batch"] == 64, "defaults too"
    assert record["parameters"] == 96 * 48 and record["network"] == "BlockMaps"
    assert record["losses"][-1]["step"] == 20 and set(record["scores"]) == {"attack", "ciphertext", "mean"}
    assert (tmp_path / "checkpoint.pt").exists()
    assert json.loads(json.dumps(record)) == record and recorded_attacks.told(record).startswith("PSNR ")


@pytest.mark.parametrize("change", [{"recipe": SMALL["recipe"] | {"steps": 21}}, {"assumption": "different keys"}, {"scheme": {"name": "ele"}}])  # fmt: skip
def test_what_is_recorded_is_skipped_and_what_changed_is_run_anew(tmp_path, monkeypatch, capsys, change):
    rows, runs = [dict(SMALL)], []

    def train(row, seed, data, test, folder, progress):
        runs.append(seed)
        assert len(test) == 1000 and folder.name == f"small-seed{seed}"
        return {"row": row, "seed": seed, "seconds": 1, "scores": {"attack": {"psnr": 9.0, "ssim": 0.1, "edge_correlation": 0.2}}}  # fmt: skip

    monkeypatch.setattr(recorded_attacks, "rows", lambda: rows)
    monkeypatch.setattr(recorded_attacks, "train", train)
    run = ["--data", "photos", "--out", str(tmp_path / "new"), "--seeds", "0", "1"]
    assert recorded_attacks.main(run) == recorded_attacks.main(run) == 0 and runs == [0, 1]
    assert capsys.readouterr().out.count("recorded, PSNR 9.00 dB, SSIM 0.100, edges 0.200") == 2
    assert [each["seed"] for each in recorded_attacks.recorded("small", tmp_path / "new")] == [0, 1]
    rows[0] = SMALL | change
    recorded_attacks.main(run)
    assert runs == [0, 1, 0, 1]
    with pytest.raises(SystemExit):
        recorded_attacks.main([*run, "nosuch"])


def test_make_results_runs_both_and_each_alone():
    text = (ROOT / "Makefile").read_text()
    recipe = text.split("\nresults:")[1].split("\n\n")[0]
    assert (
        "-m lib.workbook.recorded_trainings $(ROWS)" in recipe
        and "-m lib.workbook.recorded_attacks $(LEARNED)" in recipe
    )


# -- what is committed ---------------------------------------------------------------------------------------


def test_every_record_is_of_a_row_and_a_control_is_among_them():
    """Rows without a record are `make results` to come."""
    names = {run["row"]["name"] for run in records()}
    assert names <= {row["name"] for row in ROWS}
    assert any(run["row"]["scheme"]["name"] == "otp" for run in records())


@pytest.mark.parametrize("run", records(), ids=lambda run: f"{run['row']['name']}-{run['seed']}")
def test_a_recorded_run_is_of_the_row_as_it_stands(run):
    row = {row["name"]: row for row in ROWS}[run["row"]["name"]]
    assert recorded_attacks.same(run, row, run["seed"])
    assert (
        run["data"]["train"] == 50_000 and run["data"]["test"] == 1000 and "CIFAR-10" in run["data"]["origin"]
    )
    assert run["scheme"]["key"] == f"Key.from_seed({1000 + run['seed']})"
    assert run["losses"] and run["seconds"] <= 45 * 60


@pytest.mark.parametrize("run", [run for run in records() if run["row"]["scheme"]["name"] == "otp"], ids=lambda run: run["row"]["name"])  # fmt: skip
def test_the_control_resists(run):
    got, mean = run["scores"]["attack"], run["scores"]["mean"]
    assert abs(got["edge_correlation"]) < 0.1 and got["exact"] < 0.02
    assert got["psnr"] < mean["psnr"] + 0.1 and got["ssim"] < mean["ssim"] + 0.03
