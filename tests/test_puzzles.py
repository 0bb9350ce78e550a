"""`lib.puzzles`: what it measures with, and what is recorded."""

import json

import numpy as np

from lib import Key, datasets, puzzles
from lib.schemes import EtC

IMAGE = datasets.photo("coffee", 64)


def test_all_steps_are_the_scheme_and_lose_nothing():
    cipher, truth = puzzles.encrypted(IMAGE, 16, puzzles.ALL, None, seed=3)
    assert (cipher == EtC(Key.from_seed(3), block=16).encrypt(IMAGE[None])).all() and (truth == IMAGE).all()


def test_fewer_steps_leave_blocks_as_they_are():
    cipher, truth = puzzles.encrypted(IMAGE, 16, puzzles.PERMUTED, None, seed=3)
    assert (truth == IMAGE).all() and (cipher != IMAGE).any()
    assert (np.sort(cipher.ravel()) == np.sort(IMAGE.ravel())).all()


def test_after_jpeg_the_truth_is_what_the_owner_gets():
    cipher, truth = puzzles.encrypted(IMAGE, 16, puzzles.ALL, 60, seed=3)
    assert (EtC(Key.from_seed(3), block=16).decrypt(cipher) == truth).all()
    error = np.abs(truth.astype(int) - IMAGE)
    assert 0 < error.mean() < 15


def test_pictures_come_from_embedded_photographs_and_a_folder(tmp_path):
    from PIL import Image

    Image.fromarray(datasets.photo("china")).save(tmp_path / "one.png")
    assert len(puzzles.pictures(None, 64)) == 10
    more = puzzles.pictures(tmp_path, 64)
    assert len(more) == 13 and {x.shape for x in more} == {(64, 64, 3)}
    assert (more[11] == datasets.photo("china")[:64, :64]).all()
    assert len(puzzles.spread(more, 4)) == 4 and puzzles.spread(more, 20) is more


def test_a_point_has_medians_and_the_lowest():
    point, pairs = puzzles.point(64, 32, puzzles.ALL, None, 2, None, datasets.load("photos", "train", limit=100).images)
    assert point["pieces"] == 4 and point["pictures"] == 2 == len(pairs)
    assert 0 <= point["lowest"]["neighbours"] <= point["median"]["neighbours"] <= 1


def test_grey_scores_are_of_luma_and_the_picture_under_attack_teaches_nothing(monkeypatch):
    seen, attack = [], puzzles.grey_jigsaw
    monkeypatch.setattr(
        puzzles, "grey_jigsaw", lambda c, block, public: seen.append(public) or attack(c, block, public)
    )
    scores = puzzles.solved_grey(image := datasets.photo("chelsea", 64), 32, 0)
    assert all(not np.array_equal(other, image) for other in seen[0]) and len(seen[0]) == len(datasets.photo_names) - 1
    assert 0 <= scores["told apart"] <= 1 and scores["seconds"] > 0


def test_groups_of_confidence_by_hand():
    groups = puzzles.reliability([(0.01, 0.0), (0.03, 0.2), (0.99, 1.0)])
    assert groups == [{"pictures": 2, "said": 0.02, "right": 0.1}, {"pictures": 1, "said": 0.99, "right": 1.0}]


def test_what_is_recorded_covers_all_settings_and_no_control_fell():
    record = json.loads(puzzles.OUT.read_text())
    assert list(record["curves"]) == list(puzzles.SETTINGS)
    for name, settings in puzzles.SETTINGS.items():
        points = record["curves"][name]
        assert [(p["side"], p["block"], tuple(p["steps"]), p["quality"]) for p in points] == [s[:4] for s in settings]
    assert [row["ciphertexts"] for row in record["shared"]] == list(puzzles.SHARED)
    assert [(p["side"], p["block"]) for p in record["grey"]] == [setting[:2] for setting in puzzles.GREY]
    assert [row["ciphertexts"] for row in record["shared grey"]] == list(puzzles.SHARED_GREY)
    assert all(control["confidence"] < 0.05 for control in record["control grey"])
    for control in record["control"]:
        assert control["neighbours"] < 0.05 and control["ssim"] < 0.1 and control["confidence"] < 0.05
    assert (
        puzzles.table(record).count("\n")
        == sum(map(len, puzzles.SETTINGS.values())) + len(puzzles.SETTINGS) + len(puzzles.GREY) + 1
    )


def test_some_curves_are_measured_anew_and_the_others_kept(tmp_path, monkeypatch, capsys):
    out, old = tmp_path / "jigsaw.json", json.loads(puzzles.OUT.read_text())
    out.write_text(json.dumps(old))
    name = "block, everything, 256x256"
    monkeypatch.setitem(puzzles.SETTINGS, name, [(64, 32, puzzles.ALL, None, 1)])
    assert puzzles.main(["--only", name, "--out", str(out)]) == 0
    new = json.loads(out.read_text())
    assert [point["side"] for point in new["curves"][name]] == [64]
    assert {**new["curves"], name: 0} == {**old["curves"], name: 0} and new["grey"] == old["grey"]
    assert new["reliability"] == old["reliability"]
