"""Clips of a moving window: what they are, how they are scored, and what the record says."""

import json

import numpy as np
import pytest

from lib import Key
from lib.schemes import CompressionFriendly, OneTimePad
from lib.workbook import recorded_clips as clips


def test_a_window_moves_and_comes_back_and_frames_have_noise_of_their_own():
    still, moving = clips.clip("coffee", 0, 3, 1), clips.clip("coffee", 4, 3, 1)
    assert still.shape == moving.shape == (3, clips.SIDE, clips.SIDE, 3)
    apart = np.abs(still[0].astype(int) - still[1]).mean()
    assert 1 < apart < 5, "noise alone"
    shifted = np.abs(moving[1, :, :-4].astype(int) - moving[0, :, 4:]).mean()
    assert shifted < 5 < np.abs(moving[1].astype(int) - moving[0]).mean()
    long = clips.clip("coffee", 64, 40, 1)
    assert long.shape[0] == 40


def test_windows_are_of_different_photographs():
    found = clips.windows("coffee", 12, 0)
    assert len(found) == 12
    apart = [np.abs(a.astype(int) - b).mean() for i, a in enumerate(found) for b in found[:i]]
    assert min(apart) > 5


def test_the_score_is_of_whole_sub_blocks():
    scheme = CompressionFriendly(Key.from_seed(1), own_keys=False)
    truth = clips.windows("coffee", 8, 1)[:, :64, :64].copy()
    assert clips.read(truth, scheme)["right"] > 0.9
    assert clips.read(truth[:2], OneTimePad(Key.from_seed(1)))["right"] == 0


@pytest.mark.parametrize("kind", ["V1", "V2"])
def test_frames_that_are_alike_count_for_less(kind):
    """The record: as many frames of other pictures are worth more than a clip's; a pad gives nothing."""
    curves = json.loads(clips.OUT.read_text())["curves"]
    slow, fast, others = (
        curves[f"{kind}, {of}"] for of in ("0 pixels a frame", "4 pixels a frame", "other pictures")
    )
    few = str(clips.FRAMES[2])
    assert slow[few]["right"] <= fast[few]["right"] <= others[few]["right"]
    assert curves["one-time pad, 1 pixels a frame"][str(clips.FRAMES[-1])]["right"] == 0
