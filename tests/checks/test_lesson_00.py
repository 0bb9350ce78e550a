"""Lesson 00's checks pass the solution, reject what a learner might well write, and are quiet about the stub."""

import numpy as np
import pytest

from lib.checks import lesson_00 as check


def not_tried(*arguments):
    raise NotImplementedError


def in_place(values, flags):
    for i, flag in enumerate(flags):
        values[i] = 255 - values[i] if flag else values[i]
    return values


def test_solutions_pass():
    assert check.complement(lambda values, flags: [255 - v if f else v for v, f in zip(values, flags)])
    assert check.read_mask(lambda oracle: oracle(np.zeros((4, 4, 3), np.uint8)))


@pytest.mark.parametrize(
    "wrong, said",
    [
        (lambda v, f: [x if g else 255 - x for x, g in zip(v, f)], "backwards"),
        (lambda v, f: [256 - x if g else x for x, g in zip(v, f)], "range"),
        (lambda v, f: [-x if g else x for x, g in zip(v, f)], "range"),
        (lambda v, f: [255 - x for x in v], "flag 0"),
        (in_place, "changed the list"),
        (lambda v, f: None, "return"),
        (lambda v, f: [255 - x for x, g in zip(v, f) if g], "came out"),
    ],
)
def test_wrong_complements_are_told(wrong, said, capsys):
    assert not check.complement(wrong)
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong, said",
    [
        (lambda oracle: oracle(np.full((4, 4, 3), 255, np.uint8)), "complement"),
        (lambda oracle: oracle(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)), "of 48"),
        (lambda oracle: np.zeros((4, 4, 3), np.uint8), "without asking"),
        (lambda oracle: oracle(np.zeros((2, 4, 4, 3), np.uint8)), "PermissionError"),
        (lambda oracle: oracle(np.zeros((4, 4, 3), np.uint8)).ravel(), "shape"),
    ],
)
def test_wrong_masks_are_told(wrong, said, capsys):
    assert not check.read_mask(wrong)
    assert said in capsys.readouterr().out


def test_stubs_are_quiet(capsys):
    assert not check.complement(not_tried) and not check.read_mask(not_tried)
    assert capsys.readouterr().out.splitlines() == ["complement: not solved yet", "read_mask: not solved yet"]
