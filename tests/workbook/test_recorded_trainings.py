"""Recorded trainings: rows that can be trained, records that say what they are of, and no record of a row
that has changed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lib import datasets, metrics
from lib.attacks import catalogue
from lib.formats import check, read
from lib.training import Recipe
from lib.workbook import readme, recorded_trainings
from lib.workbook.recorded_trainings import Training, TrainingRow, attacked, train, trainings
from lib.workbook.recording import VICTIM, Job, Kind, scheme_of

ROWS = {row.stem: row for row in trainings.rows()}
PATHS = sorted(trainings.folder.glob("*.json"))
SMALL = {
    "name": "small",
    "tier": "table",
    "kind": "as published",
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


TIERS = """[tiers.table]
threads = 2
network = "fast"
recipe = { epochs = 3, rate = 0.1 }
[tiers.night]
threads = 1
network = "vit"
recipe = { epochs = 9 }
"""
ROW = """[[rows]]
name = "a"
tiers = { night = 1, table = 3 }
kind = "plain"
cipher = ""
recipe = { rate = 0.2 }
"""


def test_a_row_stands_in_each_of_its_tiers_with_their_settings_and_its_name_is_given_once(tmp_path):
    kind = Kind(tmp_path, TrainingRow, Training, train)
    (tmp_path / "rows.toml").write_text(TIERS + ROW)
    table, night = kind.rows()
    assert table.recipe == {"epochs": 3, "rate": 0.2} and table.threads == 2 and table.stem == "table-a"
    assert night.recipe == {"epochs": 9, "rate": 0.2} and night.network == "vit" and night.seeds == 1
    assert [(row.tier, seed) for row, seed in kind.missing([night, table])] == [
        ("table", 0), ("table", 1), ("table", 2), ("night", 0)
    ]  # fmt: skip
    (tmp_path / "rows.toml").write_text(TIERS + ROW + ROW)
    with pytest.raises(ValueError, match="'a' is the name of two rows"):
        kind.rows()
    (tmp_path / "rows.toml").write_text(TIERS + ROW.replace("cipher", "cypher"))
    with pytest.raises(ValueError, match=r"rows.toml, row 'a', is damaged: .*cipher"):
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
    assert record.front == 0 and record.attack is record.confidence is None


def test_the_seed_decides_key_and_training(data, record, tmp_path):
    again, other = (
        train(row(), seed, Job(*data, tmp_path / str(seed)))["epochs"][1]["loss"] for seed in (3, 2)
    )
    assert again == record.epochs[1]["loss"] != other


@pytest.mark.parametrize(
    "change",
    [
        {"network": "resnet18"}, {"adaptation": "orbit"}, {"options": {"features": 8}},
        {"recipe": SMALL["recipe"] | {"epochs": 3}}, {"scheme": {"name": "etc", "block": 4}},
        {"scheme": {"name": "ele", "block": 8}}, {"scheme": None}, {"attack": "one-key-etc"},
        {"kind": "by statistics"}, {"tier": "night"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_record_is_of_a_row_until_the_row_changes(record, change):
    assert record.is_of(row(), 3) and not record.is_of(row(), 1) and not record.is_of(row(**change), 3)


@pytest.mark.parametrize("name, scheme", [
    ("one-key-tanaka", {"name": "tanaka", "block": 4}), ("one-key-tanaka", {"name": "np", "block": 4}),
    ("one-key-etc", {"name": "etc", "block": 8}), ("one-key-skk", {"name": "skk"}),
    ("one-key-ffx", {"name": "ffx", "block": 4}),
], ids=lambda given: given if isinstance(given, str) else given["name"])  # fmt: skip
def test_what_an_attack_got_back_is_the_plain_pictures_for_training_and_for_test(name, scheme):
    data = datasets.load("photos", limit=600), datasets.load("photos", "test", limit=100)
    found, confidence = attacked(name, scheme_of(scheme, VICTIM), *data)
    moves = catalogue.by_name(name).moves
    for plain, back in zip(data, found):
        assert back.classes == plain.classes and (back.labels == plain.labels).all()
        best = metrics.nearest(back.images, plain.images, moves)
        assert metrics.exact(best, plain.images) > 0.95
    assert confidence > 0.9


def test_of_the_one_time_pad_an_attack_gets_nothing_back():
    data = datasets.load("photos", limit=600)
    (found,), confidence = attacked("one-key-skk", scheme_of({"name": "otp"}, VICTIM), data)
    assert metrics.exact(found.images, data.images) < 0.02 and confidence < 0.2


def test_a_row_that_attacks_first_trains_on_what_came_back(data, tmp_path):
    changes = {"kind": "attack first", "attack": "one-key-etc", "adaptation": "pixel"}
    fields = train(row(**changes), 0, Job(*data, tmp_path))
    assert fields["attack"] == "one-key-etc" and 0 <= fields["confidence"] <= 1 and fields["front"] == 1312


# -- what is committed ---------------------------------------------------------------------------------------


def test_tiers_are_the_speed_run_in_three_sizes():
    for row in ROWS.values():
        batch = 500 if row.kind == "as published" else 2000  # steps are worth more where a cipher is learned
        recipe = replace(Recipe(**row.recipe), augment="before")
        if row.adaptation == "ele":  # its own layers for each block are learned better at a third of the rate
            recipe = replace(recipe, rate=3 * recipe.rate)
        if row.network == "airbench" and row.tier in ("table", "fast94"):
            assert replace(recipe, epochs=8) == Recipe.speed_run(batch=batch), row.name
        elif row.network == "airbench" and row.seeds:
            deep = Recipe.speed_run(epochs=recipe.epochs, crop=4, cutout=12, microbatch=recipe.microbatch)
            assert recipe == replace(deep, batch=batch) and row.options["deep"] and recipe.epochs > 20


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_recorded_run_is_read_whole_and_of_its_row_as_it_stands(path):
    run = read(Training, path)
    (row,) = (row for row in trainings.rows() if (row.name, row.tier) == (run.row, run.tier))
    assert run.model_dump(exclude_unset=True) == json.loads(path.read_text())
    assert run.is_of(row, run.seed) and path == trainings.file(row, run.seed)
    assert len(run.epochs) == run.recipe["epochs"] and run.accuracy == run.epochs[-1]["test_accuracy"]
    assert run.data.train == 50_000 and run.data.test == 10_000
    assert run.data.origin == "CIFAR-10, bit for bit"
    assert run.tier != "table" or run.core_hours < 2 / 3, "the tier's promise, of two cores"
    if run.scheme:
        assert run.scheme["key"] == f"Key.from_seed({1000 + run.seed})"


@pytest.mark.parametrize("path", sorted(trainings.folder.glob("tries/*.json")), ids=lambda path: path.stem)
def test_what_was_tried_is_another_recipe_for_a_row_that_misses_its_goal(path):
    run = read(Training, path)
    (row,) = (row for row in trainings.rows() if (row.name, row.tier) == (run.row, run.tier))
    changed = row.model_copy(update={"recipe": row.recipe | {
        name: value for name, value in run.recipe.items() if name in ("batch", "microbatch", "rate", "epochs")
    }})  # fmt: skip
    assert run.is_of(changed, run.seed) and not run.is_of(row, run.seed)
    assert 100 * run.accuracy < row.goals[row.tier] and path.name.startswith(f"{row.stem}-")


@pytest.mark.parametrize(
    "found, shown", [(0.7666, [["small", "80 %", "76.7 %", "rate 0.5: 70.0 %"]]), (0.8, [])]
)
def test_a_row_below_its_goal_stands_there_with_what_else_was_tried(
    found, shown, record, tmp_path, monkeypatch
):
    given, run = row(goals={"table": 80, "night": 1}), record.model_copy(update={"accuracy": found})
    other = record.model_copy(update={"accuracy": 0.7, "recipe": record.recipe | {"rate": 0.5}})
    monkeypatch.setattr(recorded_trainings, "trainings", replace(trainings, folder=tmp_path))
    monkeypatch.setattr(recorded_trainings, "recorded_rows", lambda tier: [(given, [run])])
    (tmp_path / "tries").mkdir()
    (tmp_path / "tries" / "table-small-rate.json").write_text(other.model_dump_json())
    (tmp_path / "tries" / "table-smaller.json").write_text("not read")
    assert recorded_trainings.below_goal()[1] == shown


def test_the_readme_shows_what_is_recorded():
    text, summary = readme.README.read_text(encoding="utf-8"), recorded_trainings.summary()
    assert text == readme.with_part(text, "training", summary)


def test_an_attacked_row_stands_beside_plain_pictures_of_its_seed(record, monkeypatch):
    def runs(*accuracies):
        return [record.model_copy(update={"seed": i, "accuracy": each}) for i, each in enumerate(accuracies)]

    rows = {"plain": runs(0.9, 0.8), "etc-attacked": runs(0.895, 0.825, 0.7)}
    kept = [(name, rows[name]) for name in rows]
    monkeypatch.setattr(recorded_trainings, "recorded_rows", lambda names, tier: [
        each for each in kept if each[0] in names])  # fmt: skip
    found = recorded_trainings.against_plain(["etc-attacked", "ele-attacked"])
    assert [run.seed for run, _ in found] == [0, 1], "seed 2 of plain is not recorded"
    assert [points for _, points in found] == pytest.approx([-0.5, 2.5])


def test_a_record_on_the_jpeg_copy_is_shown_where_there_is_one(record, tmp_path, monkeypatch):
    monkeypatch.setattr(recorded_trainings, "trainings", replace(trainings, folder=tmp_path))
    assert recorded_trainings.on_jpeg_copy() is None
    (tmp_path / "jpeg").mkdir()
    path = tmp_path / "jpeg" / "table-plain-seed0.json"
    path.write_text(record.model_dump_json(exclude_unset=True))
    assert recorded_trainings.on_jpeg_copy() == record


def test_a_row_is_shown_in_every_tier_that_has_a_record_of_it(record, tmp_path, monkeypatch):
    (tmp_path / "rows.toml").write_text((trainings.folder / "rows.toml").read_text())
    monkeypatch.setattr(recorded_trainings, "trainings", replace(trainings, folder=tmp_path))
    assert recorded_trainings.in_every_tier(["plain"])[1] == []
    for stem in ("table-plain", "night-plain", "table-shf"):
        (tmp_path / f"{stem}-seed0.json").write_text(record.model_dump_json(exclude_unset=True))
    head, lines = recorded_trainings.in_every_tier(["plain"])
    assert [line[:2] for line in lines] == [["table", "plain"], ["night", "plain"]]
    assert all(len(line) == len(head) for line in lines)
