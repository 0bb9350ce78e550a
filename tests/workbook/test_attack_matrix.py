"""The matrix: attacks get what they declare, verdicts follow from scores, a cheat is found out, and what is
recorded is shown."""

import json

import numpy as np
import pytest

from lib.attacks import AttackResult
from lib.attacks.catalogue import CATALOGUE, MANY, THREATS, Attack, Known, by_name, names
from lib.schemes import NO_KEY, OneTimePad
from lib.schemes import names as schemes
from lib.workbook import attack_matrix


@pytest.fixture(scope="module")
def data():
    return attack_matrix.pictures()


def any_scheme(scheme):
    return True


def scores(exact=0.0, edges=0.0):
    return {"exact": exact, "edge_correlation": edges}


@pytest.mark.parametrize(
    "attack, ciphertext, control, expected",
    [
        (scores(1.0, 1.0), scores(), scores(), "broken"),
        (scores(0.1, 0.6), scores(edges=0.1), scores(), "broken"),
        (scores(0.1, 0.6), scores(edges=0.5), scores(), "not broken"),
        (scores(0.4, 0.3), scores(), scores(), "not broken"),
        (scores(1.0, 1.0), scores(), scores(1.0, 1.0), "void"),
        (scores(1.0, 1.0), scores(), scores(0.0, 0.7), "void"),
    ],
)
def test_a_verdict_follows_from_the_scores(attack, ciphertext, control, expected):
    found = {"attack": attack, "ciphertext": ciphertext, "mean": scores(), "control": control}
    assert attack_matrix.verdict(found) == expected


def test_an_attack_that_reads_the_truth_is_void(data):
    """A planted leak: the attack gets at the plain images, and so 'breaks' the one-time pad as well."""
    cheat = Attack("cheat", MANY, lambda _: AttackResult(attack_matrix.targets(cheat, data, 0)), any_scheme)
    assert attack_matrix.cell(cheat, "skk", data, 0)["verdict"] == "void"
    honest = Attack("honest", MANY, lambda ciphers: AttackResult(ciphers), any_scheme)
    assert attack_matrix.cell(honest, "skk", data, 0)["verdict"] == "not broken"


def test_an_attack_is_handed_what_it_declares_and_no_more(data):
    seen = {}

    def spy(*given, **options):
        seen.update(given=given, options=options)
        return AttackResult(given[-1] if isinstance(given[-1], np.ndarray) else given[0])

    for threat, needs in THREATS.items():
        attack_matrix.cell(Attack("spy", threat, spy, any_scheme, ("block",), images=3), "tanaka", data, 0)
        assert len(seen["given"]) == len(needs) and seen["options"] == {"block": 4}
    with pytest.raises(ValueError, match="with known plaintext: it needs plain and pair_ciphers"):
        by_name("pairs-skk").run(Known(data.targets[:2]))


def test_targets_pairs_and_public_pictures_share_no_photograph(data):
    photos = [attack_matrix.datasets.photo(name) for name in attack_matrix.SEVERAL]
    assert len(data.targets) >= 200 and len(data.others) >= 800 and len(photos) == attack_matrix.KEYS
    train = attack_matrix.datasets.load("photos", "train", limit=2000)
    attacked = {train.classes.index(name) for name in attack_matrix.SEVERAL}
    kept = np.concatenate([train.images[train.labels == label] for label in attacked])
    rows = {image.tobytes() for image in kept}
    assert not any(image.tobytes() in rows for image in data.others)


def test_every_scheme_and_attack_has_a_cell_or_a_reason(data):
    cells = {name: attack_matrix.row(by_name(name), data, 1) for name in ("helper-pixels", "pairs-etc")}
    for row in cells.values():
        assert set(row) == {*schemes, "skk per image"}
        assert all("reason" in cell or cell["verdict"] for cell in row.values())
    found = cells["pairs-etc"]["etc"]
    assert found["verdict"] == "broken" and found["scores"]["attack"]["exact"] == 1
    assert cells["helper-pixels"]["skk per image"]["verdict"] == "not broken"
    assert "made for etc" in cells["pairs-etc"]["skk"]["reason"]
    lines = attack_matrix.table({"cells": cells}).splitlines()
    run = sum("scores" in cell for row in cells.values() for cell in row.values())
    assert len(lines) == 1 + run and run >= 3
    assert any("pairs-etc" in line and "1.000" in line for line in lines)


def test_the_mean_colour_is_one_colour(data):
    mean = attack_matrix.mean_colour(data.others[:3], (2, 4, 4, 3))
    assert mean.shape == (2, 4, 4, 3) and len(np.unique(mean.reshape(-1, 3), axis=0)) == 1
    assert (abs(mean[0, 0, 0] - data.others[:3].reshape(-1, 3).mean(0)) <= 0.5).all()


def test_names_are_their_own_and_unknown_ones_are_refused():
    assert len(set(names)) == len(names)
    with pytest.raises(ValueError, match="unknown attack 'nosuch'; known: table-reader"):
        by_name("nosuch")
    rows = [make(NO_KEY) for make in attack_matrix.SCHEMES.values()]
    assert all(any(attack.fits(row) for row in rows) for attack in CATALOGUE)
    assert not any(attack.fits(OneTimePad(NO_KEY)) for attack in CATALOGUE), (
        "no attack is made for the control"
    )


def test_the_control_is_a_pad():
    assert OneTimePad.name not in attack_matrix.SCHEMES, "the control is run in every cell, not as a row"


# -- what is committed ---------------------------------------------------------------------------------------


def test_one_attack_is_run_again_and_the_others_are_kept(tmp_path, capsys):
    path = tmp_path / "attacks.json"
    old = json.loads(attack_matrix.OUT.read_text())
    old["cells"]["leading-bit"] = {}
    path.write_text(json.dumps(old))
    assert attack_matrix.main(["--only", "leading-bit", "--keys", "1", "--out", str(path)]) == 0
    new = json.loads(path.read_text())
    assert new["cells"]["leading-bit"]["skk"]["keys"] == 1
    assert list(new["cells"]) == list(json.loads(attack_matrix.OUT.read_text())["cells"])
    assert all(new["cells"][name] == old["cells"][name] for name in old["cells"] if name != "leading-bit")
    path.write_text(json.dumps(old | {"data": "others"}))
    with pytest.raises(SystemExit):
        attack_matrix.main(["--only", "leading-bit", "--out", str(path)])
    assert "others" in capsys.readouterr().err


def test_one_scheme_is_run_again_and_the_others_are_kept(tmp_path):
    path, old = tmp_path / "attacks.json", json.loads(attack_matrix.OUT.read_text())
    old["cells"]["leading-bit"]["np"] = {}
    path.write_text(json.dumps(old))
    given = ["--only", "leading-bit", "--schemes", "np", "--keys", "1", "--out", str(path)]
    assert attack_matrix.main(given) == 0
    new = json.loads(path.read_text())["cells"]["leading-bit"]
    assert list(new) == list(attack_matrix.SCHEMES) and new.pop("np")["keys"] == 1
    kept = old["cells"]["leading-bit"]  # which a scheme dropped in is not among
    assert all(new[label] == kept[label] for label in kept if label != "np")


RECORD = json.loads(attack_matrix.OUT.read_text())


@pytest.mark.parametrize("name", RECORD["cells"])
def test_a_recorded_row_is_of_an_attack_and_no_control_fell(name):
    """Row by row: attacks and schemes that are new have no cell yet, which is `make attacks` to come."""
    for label, cell in RECORD["cells"][name].items():
        if by_name(name).fits(attack_matrix.SCHEMES[label](NO_KEY)):
            assert cell["verdict"] in ("broken", "not broken"), label
            assert cell["scores"]["control"]["exact"] < 0.02, label
        else:
            assert cell["reason"], label


@pytest.mark.parametrize(
    "name, label", [("helper-blocks", "tanaka"), ("pairs-skk", "skk"), ("leading-bit", "ele")]
)
def test_a_recorded_cell_is_what_the_attack_gives_today(name, label, data):
    cells = [attack_matrix.cell(by_name(name), label, data, seed) for seed in range(attack_matrix.KEYS)]
    made, kept = attack_matrix.combined(cells), RECORD["cells"][name][label]
    assert RECORD["data"] == data.origin and set(made) == set(kept)
    assert {k: v for k, v in made.items() if k != "seconds"} == {
        k: v for k, v in kept.items() if k != "seconds"
    }
