"""Recorded runs: rows that can be trained, records that say what they are of, and no record of a row that has
changed."""

import json

import numpy as np
import pytest

from lib import datasets
from lib.training import Recipe
from lib.workbook import recorded_trainings

ROWS = recorded_trainings.rows()
SMALL = {
    "name": "small",
    "column": "cpu",
    "threads": 1,
    "scheme": {"name": "etc", "block": 8},
    "network": "blocknet",
    "recipe": {"epochs": 2, "batch": 64, "crop": 1},
}


@pytest.fixture(scope="module")
def data():
    return datasets.load("photos", limit=200), datasets.load("photos", "test", limit=100)


def records():
    return [json.loads(path.read_text()) for path in sorted(recorded_trainings.FOLDER.glob("*.json"))]


def test_rows_have_names_of_their_own_and_the_settings_of_their_column():
    names = [(row["column"], row["name"]) for row in ROWS]
    assert len(set(names)) == len(names) and {"plain", "le", "skk", "skk-per-image", "etc", "ele"} <= {
        n for _, n in names
    }
    for row in ROWS:
        assert Recipe(**row["recipe"]).batch == 512 and row["threads"] >= 1


def test_a_row_overrides_its_column(tmp_path):
    (tmp_path / "rows.toml").write_text(
        '[columns.c]\nthreads = 2\nrecipe = { epochs = 3, rate = 0.1 }\n'
        '[[rows]]\nname = "a"\ncolumn = "c"\nnetwork = "fast"\nrecipe = { epochs = 5 }\n'
    )  # fmt: skip
    (row,) = recorded_trainings.rows(tmp_path / "rows.toml")
    assert row["recipe"] == {"epochs": 5, "rate": 0.1} and row["threads"] == 2


def test_a_run_is_recorded_with_all_that_made_it(data, tmp_path):
    record = recorded_trainings.train(SMALL, 3, *data, tmp_path)
    assert record["accuracy"] == record["epochs"][-1]["test_accuracy"] and len(record["epochs"]) == 2
    assert record["scheme"]["block"] == 8 and record["scheme"]["key"] == "Key.from_seed(1003)"
    assert record["recipe"]["seed"] == record["seed"] == 3 and record["recipe"]["crop"] == 1
    assert (
        record["data"]["train"] == 200
        and record["data"]["test"] == 100
        and record["data"]["origin"] == "photos"
    )
    assert record["parameters"] == sum(  # of BlockNet with blocks of 8
        np.prod(shape) for shape in [(16, 192, 16), (16, 16), (256, 128), (128,), (128, 10), (10,)]
    )
    assert "200 train, 100 test; blocknet" in recorded_trainings.provenance(
        record
    ) and "seed 3" in recorded_trainings.provenance(record)
    assert json.loads(json.dumps(record)) == record


def test_the_seed_decides_key_and_training(data, tmp_path):
    losses = [
        recorded_trainings.train(SMALL, seed, *data, tmp_path / str(n))["epochs"][1]["loss"]
        for n, seed in enumerate((1, 1, 2))
    ]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize(
    "change",
    [{"network": "resnet18"}, {"adaptation": "orbit"}, {"options": {"features": 8}}, {"threads": 2},
     {"recipe": SMALL["recipe"] | {"epochs": 3}}, {"scheme": {"name": "etc", "block": 4}}, {"scheme": {"name": "ele", "block": 8}}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_record_is_of_a_row_until_the_row_changes(data, tmp_path, change):
    record = recorded_trainings.train(SMALL, 0, *data, tmp_path)
    assert recorded_trainings.same(record, SMALL, 0)
    assert not recorded_trainings.same(record, SMALL, 1) and not recorded_trainings.same(
        record, SMALL | change, 0
    )


def test_what_is_recorded_is_skipped_and_what_changed_is_trained_anew(tmp_path, monkeypatch, capsys):
    row, trained = dict(SMALL), []

    def train(row, seed, data, test, work, device, progress):
        trained.append(seed)
        return {**fake(row, seed), "accuracy": 0.5, "seconds": 1}

    def fake(row, seed):
        return {"row": row["name"], "recipe": results_recipe(row, seed), "options": {}, "network": row["network"],
                "adaptation": None, "threads": 1, "scheme": {"scheme": "etc", "block": 8}}  # fmt: skip

    def results_recipe(row, seed):
        from dataclasses import asdict

        return asdict(Recipe(seed=seed, **row["recipe"]))

    monkeypatch.setattr(recorded_trainings, "rows", lambda: [row])
    monkeypatch.setattr(recorded_trainings, "train", train)
    run = ["--data", "photos", "--out", str(tmp_path / "new" / "folder"), "--seeds", "0", "1"]
    assert recorded_trainings.main(run) == recorded_trainings.main(run) == 0 and trained == [0, 1]
    assert capsys.readouterr().out.count("recorded, accuracy 0.5000") == 2
    row["recipe"] = SMALL["recipe"] | {"rate": 0.01}
    recorded_trainings.main(run)
    assert trained == [0, 1, 0, 1]
    with pytest.raises(SystemExit):
        recorded_trainings.main([*run, "nosuch"])


# -- what is committed ---------------------------------------------------------------------------------------


def test_every_row_has_a_recorded_run():
    assert {(row["column"], row["name"]) for row in ROWS} <= {
        (run["column"], run["row"]) for run in records()
    }


@pytest.mark.parametrize("run", records(), ids=lambda run: f"{run['column']}-{run['row']}-{run['seed']}")
def test_a_recorded_run_is_of_the_row_as_it_stands(run):
    row = {(row["column"], row["name"]): row for row in ROWS}[run["column"], run["row"]]
    assert recorded_trainings.same(run, row, run["seed"])
    assert (
        len(run["epochs"]) == run["recipe"]["epochs"]
        and run["accuracy"] == run["epochs"][-1]["test_accuracy"]
    )
    assert (
        run["data"]["train"] == 50_000
        and run["data"]["test"] == 10_000
        and "CIFAR-10" in run["data"]["origin"]
    )
    assert run["seconds"] * run["threads"] <= 2 * 30 * 60, (
        "the promise of the column: half an hour of two cores"
    )
    if run["scheme"]:
        assert run["scheme"]["key"] == f"Key.from_seed({1000 + run['seed']})"


def test_the_readme_shows_what_is_recorded():
    readme = recorded_trainings.README.read_text(encoding="utf-8")
    assert readme == recorded_trainings.with_summary(readme)
    assert readme.count(recorded_trainings.MARKS[0]) == 1 and "make results ROWS=" not in readme
