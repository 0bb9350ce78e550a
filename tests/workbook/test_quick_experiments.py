"""What quick experiments gave is kept, told and compared."""

import pytest

from lib.workbook import quick_experiments


@pytest.mark.parametrize("number", sorted(path.stem[-2:] for path in quick_experiments.QUICK.glob("*.json")))
def test_what_is_kept_says_with_which_parameters_it_was_measured(number):
    kept = quick_experiments.measured(number)
    assert kept["parameters"] and all(name.isupper() for name in kept["parameters"])


def test_a_mean_is_told_with_least_and_most():
    assert quick_experiments.told([50, 55, 54]) == "53 (50 to 55)"
    assert quick_experiments.told([1.25, 3], 1) == "2.1 (1.2 to 3.0)"


def test_a_run_outside_the_band_is_an_error():
    quick_experiments.in_band([50, 55], 44.0, 6)
    with pytest.raises(AssertionError, match=r"LE: 43\.9 is not between 44\.0 and 61\.0"):
        quick_experiments.in_band([50, 55], 43.9, 6, "LE")


def test_only_a_difference_of_one_sign_counts():
    values = {"whole": [90, 91], "worse": [80, 90.5], "mixed": [89, 92], "better": [91, 92], "pad": [9, 11]}
    head, rows = quick_experiments.against(values, "whole", ["pad"])
    assert len(head) == 4 and rows[1] == ["worse", "85.2 (80.0 to 90.5)", "-5.2", "down"]
    verdicts = [row[-1] for row in rows]
    assert verdicts == ["", "down", "inside the spread", "up", "control"]
