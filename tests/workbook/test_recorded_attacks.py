"""Recorded trained attacks: rows that can be run, records that say what they are of, scores beside baselines,
and no stale record."""

import json

import numpy as np
import pytest

from lib import datasets, metrics
from lib.attacks import catalogue
from lib.formats import check, read
from lib.schemes import OneTimePad, Tanaka
from lib.workbook import recorded_attacks
from lib.workbook.recorded_attacks import AttackRow, TrainedAttack, trained_attacks
from lib.workbook.recording import VICTIM, Job, baselines, label_of, mean_picture, scheme_of

ROWS = {row.name: row for row in trained_attacks.rows()}
PATHS = sorted(trained_attacks.folder.glob("*.json"))
SMALL = {
    "name": "small",
    "attack": "inverse",
    "scheme": {"name": "tanaka", "block": 4},
    "assumption": "same key",
    "recipe": {"network": "block maps", "pairs": 200, "steps": 20},
}
SIDE = 12


def row(**changes):
    return check(AttackRow, SMALL | changes, "the row")


@pytest.fixture(scope="module")
def data():
    return datasets.load("photos", limit=200), datasets.load("photos", "test", limit=20)


def small(split, count):
    found = datasets.load("photos", split, limit=count)
    images = found.images[:, :SIDE, :SIDE].copy()
    return datasets.Dataset(images, found.labels, found.classes, found.source)


def test_the_control_stands_in_the_table_of_every_kind_and_assumption():
    for kind in {(row.attack, row.assumption) for row in ROWS.values()}:
        labels = [label_of(row.scheme) for row in ROWS.values() if (row.attack, row.assumption) == kind]
        assert any(label.startswith("otp") for label in labels), kind


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_of_what_there_is(name):
    one = ROWS[name]
    assert scheme_of(one.scheme, 0).name == one.scheme["name"]
    if one.attack == "generative":
        assert catalogue.by_name(one.beside) and set(one.told) == {"block", "bits"}


@pytest.mark.parametrize("change", [{"attack": "nosuch"}, {"asumption": "same key"}, {"recipe": 3}])
def test_a_wrong_row_names_its_field(change):
    with pytest.raises(ValueError, match=f"the row is damaged: .*{next(iter(change))}"):
        row(**change)


def test_victim_and_attacker_have_other_keys_and_the_attacker_one_for_each_image():
    victim, attacker = scheme_of(row().scheme, VICTIM + 3), recorded_attacks.attackers_scheme(row(), 3)
    assert isinstance(victim, Tanaka) and not victim.per_image and attacker.per_image
    assert victim.key.fingerprint != attacker.key.fingerprint
    assert scheme_of(row().scheme, VICTIM + 4).key.fingerprint != victim.key.fingerprint
    assert isinstance(scheme_of({"name": "otp"}, 0), OneTimePad) and scheme_of(None, 0) is None
    assert label_of({"name": "skk", "per_image": True}) == "skk per image"


def test_scores_are_those_of_the_metrics_beside_both_baselines(data):
    truth, public = data[1].images, data[0].images
    ciphers = 255 - truth
    mean = np.stack([public.mean(0).round().astype(np.uint8)] * len(truth))
    assert (mean_picture(public, len(truth)) == mean).all()
    found = baselines(truth, ciphers, mean, truth, moves=("complement",))
    assert found["attack"]["exact"] == found["ciphertext"]["exact"] == 1, "the open move is given to both"
    assert baselines(truth, ciphers, mean, truth)["ciphertext"]["exact"] < 0.1
    assert found["mean"]["psnr"] == pytest.approx(metrics.psnr(mean, truth), abs=1e-4)
    assert found["attack"]["psnr"] == 99, "JSON has no infinity"


def test_an_attack_is_handed_no_key_and_no_scheme(data, monkeypatch):
    from lib.attacks.known_plaintext import inverse

    seen = []
    monkeypatch.setattr(inverse, "inverse", lambda *given, **told: seen.append((given, told)) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        recorded_attacks.run(row(), 2, Job(*data))
    (plain, pair_ciphers, ciphers, recipe), told = seen[0]
    victim = scheme_of(row().scheme, VICTIM + 2)
    assert (plain == data[0].images).all() and (pair_ciphers == victim.encrypt(plain)).all()
    assert (ciphers == victim.encrypt(data[1].images)).all() and recipe.steps == 20
    assert told == {"block": 4, "bits": 4, "seed": 2, "folder": None, "progress": False}


def test_a_run_with_pairs_has_all_that_made_it(data, tmp_path):
    made = recorded_attacks.run(row(), 2, Job(*data, tmp_path))
    assert made["row"] == row() and "victim's key" in made["needs"]
    assert made["scheme"]["scheme"] == "tanaka" and made["scheme"]["key"] == "Key.from_seed(1002)"
    assert made["recipe"]["steps"] == 20 and made["recipe"]["batch"] == 64, "defaults too"
    assert made["parameters"] == 96 * 48 and made["network"] == "BlockMaps"
    assert made["losses"][-1]["step"] == 20 and set(made["scores"]) == {"attack", "ciphertext", "mean"}
    assert (tmp_path / "checkpoint.pt").exists()


def test_a_run_of_pixel_states_has_one_image_attacks_and_photographs_beside(monkeypatch):
    monkeypatch.setattr(recorded_attacks.photographs, "__defaults__", (16,))
    recipe = {"network": "pixel states", "options": {"widths": (4, 8, 8, 8, 8, 8)}, "steps": 2, "pairs": 40}
    told = {"scheme": {"name": "skk", "per_image": True}, "assumption": "different keys"}
    few = datasets.load("photos", limit=40), datasets.load("photos", "test", limit=20)
    made = recorded_attacks.run(row(**told, recipe=recipe | {"neighbours": True}), 0, Job(*few))
    assert set(made["photographs"]) == {"attack", "minimum difference", "likeliest"} <= set(made["scores"])
    assert all(set(each) == set(datasets.photo_names) for each in made["photographs"].values())
    assert "photographs" not in recorded_attacks.run(row(**told, recipe=recipe), 0, Job(*few))


def test_a_run_without_pairs_stands_beside_an_attack_of_the_catalogue(tmp_path):
    one = row(
        attack="generative", scheme={"name": "skk"}, assumption="unpaired", told={"block": 1, "bits": 8},
        beside="one-key-skk", recipe={"options": {"own": True}, "steps": 2, "batch": 4, "width": 4},
    )  # fmt: skip
    made = recorded_attacks.run(one, 2, Job(small("train", 100), small("test", 100), tmp_path))
    scores = made["scores"]
    assert set(scores) == {"attack", "nearest key", "beside", "ciphertext", "mean", "shuffled"}
    assert scores["beside"]["exact"] == 1 and scores["beside"]["mean"] == 1 and scores["mean"]["mean"] == 50.5
    assert scores["attack"]["exact"] < 0.5 and made["ciphertexts"] == {"attack": 50, "beside": 20}
    assert made["parameters"] == 9 * SIDE**2 and made["recipe"]["judge_rate"] == 4e-4
    assert (tmp_path / "checkpoint.pt").exists()


# -- what is committed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_recorded_run_is_read_whole_and_of_its_row_as_it_stands(path):
    run = read(TrainedAttack, path)
    assert run.model_dump(exclude_unset=True) == json.loads(path.read_text())
    assert run.is_of(ROWS[run.row.name], run.seed)
    assert path == trained_attacks.file(run.row, run.seed)
    assert run.data.train == 50_000 and run.data.test == 1000 and "CIFAR-10" in run.data.origin
    assert run.scheme["key"] == f"Key.from_seed({1000 + run.seed})"
    assert run.losses and run.seconds <= 45 * 60
    if run.row.scheme["name"] == "otp":
        got, mean = run.scores["attack"], run.scores["mean"]
        assert abs(got["edge_correlation"]) < 0.1 and got["exact"] < 0.02, "the control resists"
        assert got["psnr"] < mean["psnr"] + 0.1 and got["ssim"] < mean["ssim"] + 0.03


def test_a_control_is_recorded():
    """Rows without a record are `make results` to come."""
    assert any(path.stem.startswith("otp") for path in PATHS)
