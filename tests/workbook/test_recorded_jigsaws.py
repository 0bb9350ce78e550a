"""`lib.workbook.recorded_jigsaws`: what it measures with, and what is recorded."""

import json

import numpy as np

from lib import Key, datasets
from lib.schemes import EtC
from lib.workbook import recorded_jigsaws

IMAGE = datasets.photo("coffee", 64)


def test_all_steps_are_the_scheme_and_lose_nothing():
    cipher, truth = recorded_jigsaws.encrypted(IMAGE, 16, recorded_jigsaws.ALL, None, seed=3)
    assert (cipher == EtC(Key.from_seed(3), block=16).encrypt(IMAGE[None])).all() and (truth == IMAGE).all()


def test_fewer_steps_leave_blocks_as_they_are():
    cipher, truth = recorded_jigsaws.encrypted(IMAGE, 16, recorded_jigsaws.PERMUTED, None, seed=3)
    assert (truth == IMAGE).all() and (cipher != IMAGE).any()
    assert (np.sort(cipher.ravel()) == np.sort(IMAGE.ravel())).all()


def test_after_jpeg_the_truth_is_what_the_owner_gets():
    cipher, truth = recorded_jigsaws.encrypted(IMAGE, 16, recorded_jigsaws.ALL, 60, seed=3)
    assert (EtC(Key.from_seed(3), block=16).decrypt(cipher) == truth).all()
    error = np.abs(truth.astype(int) - IMAGE)
    assert 0 < error.mean() < 15


def test_pictures_come_from_embedded_photographs_and_a_folder(tmp_path):
    from PIL import Image

    Image.fromarray(datasets.photo("china")).save(tmp_path / "one.png")
    assert len(recorded_jigsaws.pictures(None, 64)) == 10
    more = recorded_jigsaws.pictures(tmp_path, 64)
    assert len(more) == 13 and {x.shape for x in more} == {(64, 64, 3)}
    assert (more[11] == datasets.photo("china")[:64, :64]).all()
    assert len(recorded_jigsaws.spread(more, 4)) == 4 and recorded_jigsaws.spread(more, 20) is more


def test_a_point_has_medians_and_the_lowest():
    public = datasets.load("photos", "train", limit=100).images
    point, pairs = recorded_jigsaws.point((64, 32, recorded_jigsaws.ALL, None, 2), None, public)
    assert point["pieces"] == 4 and point["pictures"] == 2 == len(pairs)
    assert point["median"]["neighbours"] == 1, "four pieces are no puzzle"
    assert point["lowest"]["direct"] <= point["median"]["direct"] == np.median([right for _, right in pairs])


def test_grey_scores_are_of_luma_and_the_picture_under_attack_teaches_nothing(monkeypatch):
    seen, attack = [], recorded_jigsaws.grey_jigsaw
    monkeypatch.setattr(
        recorded_jigsaws,
        "grey_jigsaw",
        lambda c, block, public: seen.append(public) or attack(c, block, public),
    )
    scores = recorded_jigsaws.solved_grey(image := datasets.photo("chelsea", 64), 32, 0)
    assert (
        all(not np.array_equal(other, image) for other in seen[0])
        and len(seen[0]) == len(datasets.photo_names) - 1
    )
    assert scores["told apart"] >= 0.75 and scores["seconds"] > 0


def test_groups_of_confidence_by_hand():
    groups = recorded_jigsaws.reliability([(0.01, 0.0), (0.03, 0.2), (0.99, 1.0)])
    assert groups == [
        {"pictures": 2, "said": 0.02, "right": 0.1},
        {"pictures": 1, "said": 0.99, "right": 1.0},
    ]


RECORD = json.loads(recorded_jigsaws.OUT.read_text())


def test_what_is_recorded_covers_all_settings_and_no_control_fell():
    assert list(RECORD["curves"]) == list(recorded_jigsaws.SETTINGS)
    for name, settings in recorded_jigsaws.SETTINGS.items():
        points = [(p["side"], p["block"], tuple(p["steps"]), p["quality"]) for p in RECORD["curves"][name]]
        assert points == [setting[:4] for setting in settings]
    assert [row["ciphertexts"] for row in RECORD["shared"]] == list(recorded_jigsaws.SHARED)
    assert [row["ciphertexts"] for row in RECORD["shared grey"]] == list(recorded_jigsaws.SHARED_GREY)
    sizes = [(p["side"], p["block"]) for p in RECORD["grey"]]
    assert sizes == [setting[:2] for setting in recorded_jigsaws.GREY]
    assert all(control["confidence"] < 0.05 for control in RECORD["control grey"])
    for control in RECORD["control"]:
        assert control["neighbours"] < 0.05 and control["ssim"] < 0.1 and control["confidence"] < 0.05
    points = sum(map(len, recorded_jigsaws.SETTINGS.values())) + len(recorded_jigsaws.GREY)
    assert recorded_jigsaws.table(RECORD).count("\n") == points


def test_what_is_recorded_is_what_the_attack_does_today():
    """Solvers may come out a little otherwise, never much worse."""
    public = datasets.load("photos", "train", limit=600).images
    kept = {row["ciphertexts"]: row for row in RECORD["shared"]}[5]
    made = recorded_jigsaws.shared(5, public)
    assert made["median"] >= kept["median"] - 0.05 and set(made) == set(kept)
    made, kept = recorded_jigsaws.control(128, 16, public), RECORD["control"][0]
    assert made["confidence"] < 0.05 and made["neighbours"] < 0.05 and set(made) == set(kept)


def test_some_curves_are_measured_anew_and_the_others_kept(tmp_path, capsys):
    out, name = tmp_path / "jigsaw.json", "block, everything, 256x256"
    out.write_text(json.dumps(RECORD))
    curves = recorded_jigsaws.SETTINGS | {name: [(64, 32, recorded_jigsaws.ALL, None, 1)]}
    assert recorded_jigsaws.main(["--only", name, "--out", str(out)], curves) == 0
    new = json.loads(out.read_text())
    assert [point["side"] for point in new["curves"][name]] == [64]
    assert {**new["curves"], name: 0} == {**RECORD["curves"], name: 0} and new["grey"] == RECORD["grey"]
    assert new["reliability"] == RECORD["reliability"]
