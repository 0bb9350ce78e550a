"""`lib.workbook.sweeps.record`: what a notebook hands out."""

import numpy as np
import pytest

from lib.workbook import sweeps


def test_recorded_values_are_plain(capsys):
    row = {
        "a": np.float32(0.5),
        "b": np.int64(3),
        "c": np.bool_(True),
        "d": None,
        "e": "text",
        "f": np.array(2),
    }
    assert [sweeps._plain(*item) for item in row.items()] == [0.5, 3, True, None, "text", 2]
    sweeps.record(row)
    assert capsys.readouterr().out == "recorded: a, b, c, d, e, f\n"
    sweeps.record([{"a": 1}, {"a": 2, "b": 1}])
    assert capsys.readouterr().out == "recorded: 2 rows of a, b\n"


@pytest.mark.parametrize("value", [np.arange(3), [1, 2], {"a": 1}, 1j, object()])
def test_other_values_are_no_results(value):
    with pytest.raises(TypeError, match=r"score is of type .*; expected a number"):
        sweeps.record({"score": value})


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, np.float32("nan")])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match=r"psnr is -?(inf|nan), which JSON cannot hold"):
        sweeps.record({"psnr": value})
