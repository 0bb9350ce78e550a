"""Checks of lesson 00."""

import numpy as np

from lib.attacks import Oracle
from lib.keys import Key
from lib.schemes import Tanaka
from lib.workbook.checks import exercise


@exercise
def complement(answer):
    values, flags = [10, 20, 30, 0, 255, 128], [1, 0, 1, 1, 0, 1]
    kept = list(values)
    got = answer(values, flags)
    assert got is not None, "nothing came back; does your function return its list?"
    assert values == kept, "your function changed the list that it was given"
    got = [int(value) for value in got]
    assert len(got) == len(values), f"{len(values)} values went in and {len(got)} came out"
    assert got != [255 - value if not flag else value for value, flag in zip(values, flags)], (
        "the flags are read backwards"
    )
    assert all(0 <= value <= 255 for value in got), f"a value left the range 0..255: {got}"
    wrong = next((i for i, (v, f) in enumerate(zip(values, flags)) if got[i] != (v ^ 255 * f)), None)
    assert wrong is None, f"value {values[wrong]} with flag {flags[wrong]} became {got[wrong]}"


@exercise
def read_mask(answer):
    scheme = Tanaka(Key.from_seed(20), bits=8)
    truth = scheme.table((4, 4, 3)).mask.reshape(4, 4, 3)
    oracle = Oracle(scheme.encrypt, budget=1)
    got = answer(oracle)
    assert got is not None, "nothing came back; does your function return the mask?"
    assert np.shape(got) == (4, 4, 3), f"expected shape (4, 4, 3), got {np.shape(got)}"
    assert oracle.queries == 1, "the mask cannot be known without asking the oracle"
    assert not (np.asarray(got) == 255 - truth).all(), "every value is the complement of the right one"
    right = int((np.asarray(got) == truth).sum())
    assert right == 48, (
        f"{right} of 48 values are right; was your picture one in which moving a value changes nothing?"
    )
