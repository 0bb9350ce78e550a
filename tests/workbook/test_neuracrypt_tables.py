"""Figures and tables of NeuraCrypt's record: each number is one of the record's."""

import numpy as np

from lib.workbook import neuracrypt_tables as tables
from lib.workbook.recorded_neuracrypt import CELLS, Cell, Copy, Leak, NeuraCryptRecord

VALUES = {"encodings of new pictures": 0.75, "control: a key for each picture": -0.001}
SHOWN = {
    name: Leak(value=value, low=0.0, high=1.0, images=2.0, correlation=0.25) for name, value in VALUES.items()
}


def cell(count, depth, shuffled, seed, rate):
    rates = {"some, each place by itself": 0.1, "all, places agree": rate / 2, "all, by the decoder": rate,
             "baseline: ranks of contrast": 0.03}  # fmt: skip
    rates |= {"control: a key for each picture": 0.01} if count == 100 else {}
    return Cell(pictures=count, depth=depth, shuffled=shuffled, seed=seed, rates=rates, seconds=1.0,
                unseen=SHOWN if count == 100 else {})  # fmt: skip


CELL = [cell(*at, seed, 0.5 + 0.1 * seed) for at in CELLS for seed in (1, 2, 3)]
COPIES = [Copy(depth=3, seed=1, steps=1, seconds=1.0, again=0.9, unseen=0.8, candidates=9)]
RECORD = NeuraCryptRecord(rehearsals={}, cells=CELL, copies=COPIES, versions={})


def test_rates_are_of_the_last_step_or_of_what_is_named():
    assert np.allclose(tables.rates(RECORD, 100, 3, True), [0.6, 0.7, 0.8])
    assert np.allclose(tables.rates(RECORD, 100, 3, True, tables.PUBLISHED), [0.3, 0.35, 0.4])
    assert tables.rates(RECORD, 300, 3, True, "control: a key for each picture") == []
    assert tables.rates(RECORD, 50, 3, False) == []


def test_panels_have_mean_least_and_most():
    found = tables.panels(RECORD)
    assert list(found) == ["100 pictures", "300 pictures", "1,000 pictures"]
    assert np.allclose(found["300 pictures"]["shuffled"]["7"], (0.7, 0.6, 0.8))
    assert "not shuffled" not in found["1,000 pictures"]


def test_a_row_for_each_challenge():
    head, rows = tables.table(RECORD)
    assert len(rows) == len(CELLS) and all(len(row) == len(head) for row in rows)
    row = next(row for row in rows if row[0] == "100 pictures, depth 3, shuffled")
    assert row[1:] == ["1.0 %", "70 % (60 to 80)", "35 % (30 to 40)", "3 % (3 to 3)", "1 % (1 to 1)"]
    assert next(row for row in rows if row[0].startswith("300"))[-1] == ""


def test_new_pictures():
    head, rows = tables.unseen(RECORD)
    assert rows[0] == ["3", "0.75", "0.00", "0.25", "80 % (80 to 80)"] and rows[1][-1] == "not tried"
    assert len(head) == len(rows[0])
