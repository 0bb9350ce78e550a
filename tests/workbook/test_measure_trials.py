"""`lib.workbook.measure_trials`: pairs that people order at once."""

import numpy as np
import pytest

from lib import datasets
from lib.workbook import measure_trials as trials

PICTURE = datasets.photo("coffee", 32)
OTHERS = np.stack([datasets.photo(name, 32) for name in ("china", "rocket", "tissue")])
MADE = trials.estimates(PICTURE, OTHERS, 1)


def test_a_pair_comes_once_and_never_the_other_way_round():
    pairs = trials.ordered()
    assert len(set(pairs)) == len(pairs) >= 100
    assert not {(less, more) for more, less in pairs} & set(pairs)
    assert {name for pair in pairs for name in pair} == set(MADE)
    assert not {more for more, _ in pairs} & set(trials.NOTHING), "nothing is more than nothing"


def test_the_halves_share_no_photograph_and_make_pairs_enough():
    assert not set(trials.CHOOSE) & set(trials.REPORT)
    assert set(trials.CHOOSE + trials.REPORT) == set(datasets.photo_names)
    assert len(trials.ordered()) * len(trials.REPORT) * len(trials.SIDES) >= 250


def test_estimates_are_what_their_names_say():
    assert all(each.shape == PICTURE.shape and each.dtype == np.uint8 for each in MADE.values())
    assert (MADE["exact"] == PICTURE).all() and (MADE["negative"] == 255 - PICTURE).all()
    assert (np.abs(MADE["off by one"].astype(int) - PICTURE) == 1).all()
    for ladder in trials.LADDERS[:3]:
        errors = [((MADE[name].astype(float) - PICTURE) ** 2).mean() for name in ladder]
        assert errors == sorted(errors) and errors[-1] > errors[0]
    pixels = sorted(PICTURE.reshape(-1, 3).tolist())
    for name in ("pixels shuffled", "shuffled, 2x2", "shuffled, 8x8", "mirrored"):
        assert sorted(MADE[name].reshape(-1, 3).tolist()) == pixels and (MADE[name] != PICTURE).any()
    assert len(np.unique(MADE["4 squares across"].reshape(-1, 3), axis=0)) <= 16
    assert (MADE["another picture"] == OTHERS[0]).all() and np.ptp(MADE["mean colour"], (0, 1)).max() == 0


def test_no_block_stays_in_its_place():
    numbered = np.arange(64, dtype=np.uint8).reshape(8, 8).repeat(4, 0).repeat(4, 1)
    made = trials.estimates(np.repeat(numbered[..., None], 3, 2), OTHERS, 2)
    assert (made["shuffled, 8x8"] != numbered[..., None]).all()
    assert (made["shuffled, 2x2"] != numbered[..., None]).all()


def test_outlines_are_dark_lines_on_white():
    half = np.zeros((16, 16, 3), np.uint8)
    half[:, 8:] = 200
    drawn = trials.outlines(half)
    assert drawn[:, 7:9].max() < 5 and drawn[:, :6].min() == drawn[:, 10:].min() == 255


@pytest.mark.parametrize("side", [16, 32])
def test_candidates_are_of_other_photographs_and_no_two_are_equal(side):
    (made, picture, candidates), *rest = trials.cases(("coffee",), (side,), count=30)
    assert not rest and candidates.shape == (30, side, side, 3) and (made["exact"] == picture).all()
    assert len(np.unique(candidates.reshape(30, -1), axis=0)) == 30
    assert (
        candidates == trials.windows(tuple(n for n in datasets.photo_names if n != "coffee"), side, 30, 20)
    ).all()
