"""The table of applications: its lines are cells of the records, and README's are these."""

import json

from lib.workbook import applications, readme, recorded_defences
from lib.workbook.recording import RESULTS


def test_lines_are_cells_of_the_records():
    keyed = json.loads((RESULTS / "keyed.json").read_text())["networks"]
    rows = applications.rows()
    defended = sum("read from ciphertexts" in each for each in recorded_defences.recorded().networks.values())
    assert len(rows) == 3 * len(keyed) + 2 + 2 * defended + 3
    assert all(len(row) == len(applications.HEAD) for row in rows)
    for at, each in enumerate(keyed.values()):
        value = each["curve"]["0"]["shf"]["leak"][0]
        assert rows[3 * at][2].startswith(f"{value:.2f} (") and value > 0.99


def test_instahide_is_told_over_seeds():
    cells = [{"pictures": 20, "k": 6, "epochs": 100, "scores": {
        "pairs found, squares": {"value": value}, "pairs found, network": {"value": value + 0.1},
        "control: fresh pictures, pairs found": {"value": -0.001},
    }} for value in (0.5, 0.7)]  # fmt: skip
    first, second = applications._instahide([*cells, {"pictures": 20, "k": 4, "epochs": 100, "scores": {}}])
    assert first[2] == "0.60 (0.50 to 0.70)" and second[2] == "0.70 (0.60 to 0.80)"


def test_a_defence_is_told_by_the_accuracy_that_is_left():
    def measured(**accuracy):
        return recorded_defences.Measured(accuracy=accuracy, seconds=1.0)

    shf = {"clean": measured(**{"0": 0.7}), "wrong key": measured(**{"2": 0.6, "8": 0.5}),
           "read from ciphertexts": measured(**{"1": 0.2, "5": 0.01})}  # fmt: skip
    control = {"clean": measured(**{"0": 0.6}), "right key": measured(**{"8": 0.3})}
    record = recorded_defences.Defences(settings={}, data={}, device="", versions={},
                                        networks={"shf": shf, "adversarial": control})  # fmt: skip
    first, second = applications._defences(record)
    assert first[2] == "50.0% of 70.0%" and first[4] == second[4] == "30.0% of 60.0%"
    assert second[1] == "its network, ciphertexts (5)" and second[2] == "1.0% of 70.0%"


def test_neuracrypt_is_told_over_keys_of_shuffled_encodings():
    def cell(depth, value, shuffled=True):
        told = {"encodings of new pictures": {"value": value}, "control": {"value": 0.01}}
        return {"pictures": 100, "depth": depth, "shuffled": shuffled, "unseen": told}

    cells = [cell(depth, value) for depth in (3, 7, 47) for value in (0.5, 0.7)]
    first, *_, last = applications._neuracrypt([*cells, cell(3, 0, False), {"pictures": 300, "depth": 3}])
    assert first[0] == "NeuraCrypt, depth 3" and first[2] == "0.60 (0.50 to 0.70)" == last[2]
    assert first[4] == "0.01 (0.01 to 0.01)"


def test_readme_shows_what_is_recorded():
    part = readme.table(applications.HEAD, applications.rows())
    text = readme.README.read_text(encoding="utf-8")
    assert readme.with_part(text, "applications", part) == text, "python -m lib.workbook.applications"
