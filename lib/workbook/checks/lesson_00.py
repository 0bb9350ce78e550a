"""Checks of lesson 00."""

from lib.attacks import Oracle
from lib.keys import Key
from lib.schemes import Tanaka
from lib.workbook.checks import array, called, exercise


@exercise
def complement(answer):
    """`answer(values, flags)`: the list of values, those complemented whose flag is 1."""
    values, flags = [10, 20, 30, 0, 255, 128], [1, 0, 1, 1, 0, 1]
    got = called(answer, values, flags)
    assert got is not None, "nothing came back; does your function return its list?"
    got = [int(value) for value in got]
    assert len(got) == len(values), f"{len(values)} values went in and {len(got)} came out"
    backwards = [255 - value if not flag else value for value, flag in zip(values, flags)]
    assert got != backwards, "the flags are read backwards"
    assert all(0 <= value <= 255 for value in got), f"a value left the range 0..255: {got}"
    for value, flag, new in zip(values, flags, got):
        assert new == (255 - value if flag else value), f"value {value} with flag {flag} became {new}"


@exercise
def read_mask(answer):
    """`answer(oracle)`: the (4, 4, 3) mask of bytes of Tanaka's scheme, from one query."""
    scheme = Tanaka(Key.from_seed(20), bits=8)
    truth = scheme.table((4, 4, 3)).mask.reshape(4, 4, 3)
    oracle = Oracle(scheme.encrypt, budget=1)
    got = answer(oracle)
    assert got is not None, "nothing came back; does your function return the mask?"
    got = array(got, (4, 4, 3), None)
    assert oracle.queries == 1, "the mask cannot be known without asking the oracle"
    assert not (got == 255 - truth).all(), "every value is the complement of the right one"
    right = int((got == truth).sum())
    asked = "was your picture one in which moving a value changes nothing?"
    assert right == 48, f"{right} of 48 values are right; {asked}"
