"""Recorded trainings: rows that can be trained, records that say what they are of, and no record of a row
that has changed."""

import json

import numpy as np
import pytest

from lib import datasets
from lib.formats import check, read
from lib.training import Recipe
from lib.workbook import readme, recorded_trainings
from lib.workbook.recorded_trainings import Training, TrainingRow, train, trainings
from lib.workbook.recording import Job, Kind

ROWS = {row.name: row for row in trainings.rows()}
PATHS = sorted(trainings.folder.glob("*.json"))
SMALL = {
    "name": "small",
    "column": "cpu",
    "cipher": "EtC",
    "threads": 1,
    "scheme": {"name": "etc", "block": 8},
    "network": "blocknet",
    "recipe": {"epochs": 2, "batch": 64, "crop": 1},
}


def row(**changes):
    return check(TrainingRow, SMALL | changes, "the row")


@pytest.fixture(scope="module")
def data():
    return datasets.load("photos", limit=200), datasets.load("photos", "test", limit=100)


@pytest.fixture(scope="module")
def record(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    return Kind(folder / "new", TrainingRow, Training, train).keep(row(), 3, Job(*data, folder))


def test_a_row_overrides_its_column_and_a_name_is_given_once(tmp_path):
    text = (
        '[columns.c]\nthreads = 2\nrecipe = { epochs = 3, rate = 0.1 }\n'
        '[[rows]]\nname = "a"\ncolumn = "c"\ncipher = ""\nnetwork = "fast"\nrecipe = { epochs = 5 }\n'
    )  # fmt: skip
    kind = Kind(tmp_path, TrainingRow, Training, train)
    (tmp_path / "rows.toml").write_text(text)
    (found,) = kind.rows()
    assert found.recipe == {"epochs": 5, "rate": 0.1} and found.threads == 2 and found.stem == "c-a"
    (tmp_path / "rows.toml").write_text(text + text[text.index("[[rows]]") :])
    with pytest.raises(ValueError, match="'a' is the name of two rows"):
        kind.rows()
    (tmp_path / "rows.toml").write_text(text.replace("network", "netwrok"))
    with pytest.raises(ValueError, match=r"rows.toml, row 'a', is damaged: .*netw"):
        kind.rows()


def test_a_run_is_recorded_with_all_that_made_it(record):
    assert record.accuracy == record.epochs[-1]["test_accuracy"] and len(record.epochs) == 2
    assert record.scheme["block"] == 8 and record.scheme["key"] == "Key.from_seed(1003)"
    assert record.recipe["seed"] == record.seed == 3 and record.recipe["crop"] == 1
    assert (record.data.train, record.data.test, record.data.origin) == (200, 100, "photos")
    assert record.parameters == sum(  # of BlockNet with blocks of 8
        np.prod(shape) for shape in [(16, 192, 16), (16, 16), (256, 128), (128,), (128, 10), (10,)]
    )
    told = record.provenance()
    assert "200 train, 100 test; blocknet" in told and "seed 3" in told and "0 minutes" in told


def test_the_seed_decides_key_and_training(data, record, tmp_path):
    again, other = (
        train(row(), seed, Job(*data, tmp_path / str(seed)))["epochs"][1]["loss"] for seed in (3, 2)
    )
    assert again == record.epochs[1]["loss"] != other


@pytest.mark.parametrize(
    "change",
    [
        {"network": "resnet18"}, {"adaptation": "orbit"}, {"options": {"features": 8}}, {"threads": 2},
        {"recipe": SMALL["recipe"] | {"epochs": 3}}, {"scheme": {"name": "etc", "block": 4}},
        {"scheme": {"name": "ele", "block": 8}}, {"scheme": None},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_record_is_of_a_row_until_the_row_changes(record, change):
    assert record.is_of(row(), 3) and not record.is_of(row(), 1) and not record.is_of(row(**change), 3)


# -- what is committed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROWS)
def test_a_row_has_a_recorded_run(name):
    assert Recipe(**ROWS[name].recipe).batch == 512 and trainings.recorded(name)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_recorded_run_is_read_whole_and_of_its_row_as_it_stands(path):
    run = read(Training, path)
    assert run.model_dump(exclude_unset=True) == json.loads(path.read_text())
    assert run.is_of(ROWS[run.row], run.seed) and path == trainings.file(ROWS[run.row], run.seed)
    assert len(run.epochs) == run.recipe["epochs"] and run.accuracy == run.epochs[-1]["test_accuracy"]
    assert run.data.train == 50_000 and run.data.test == 10_000 and "CIFAR-10" in run.data.origin
    assert run.seconds * run.threads <= 2 * 30 * 60, "the column's promise: half an hour of two cores"
    if run.scheme:
        assert run.scheme["key"] == f"Key.from_seed({1000 + run.seed})"


def test_the_readme_shows_what_is_recorded():
    text, summary = readme.README.read_text(encoding="utf-8"), recorded_trainings.summary()
    assert text == readme.with_part(text, "training", summary) and "make results ROWS=" not in summary
