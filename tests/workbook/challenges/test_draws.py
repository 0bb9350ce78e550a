"""What is drawn from a secret: uniform numbers, parts of photographs that lie inside of them, flags where
they fit."""

import numpy as np

from lib import Key
from lib.workbook.challenges.draws import SHOWN, Draw
from lib.workbook.challenges.letters import plate

SECRET = Key.from_seed(341)


def test_numbers_below_a_bound_are_uniform_and_depend_on_challenge_and_purpose():
    found = [Draw(SECRET, 1).below(7, f"{i}") for i in range(700)]
    assert set(found) == set(range(7)) and max(np.bincount(found)) < 150
    assert len({Draw(SECRET, number).below(1 << 30, what) for number in range(5) for what in "ab"}) == 10


def test_every_challenge_has_a_key_a_flag_and_a_salt_of_its_own():
    draws = [Draw(secret, number) for secret in (SECRET, Key.from_seed(342)) for number in range(11)]
    for part in ("key", "other_key", "flag", "salt"):
        assert len({getattr(draw, part) for draw in draws}) == len(draws), part
    assert all(draw.key != draw.other_key and draw.key != draw.secret for draw in draws)


def test_a_crop_is_of_its_size_and_hardly_twice_the_same():
    draw = Draw(SECRET, 1)
    crops = [draw.crop(24, (0.2, 0.9), f"{i}") for i in range(12)]
    assert all(crop.shape == (24, 24, 3) and crop.dtype == np.uint8 and crop.std() > 2 for crop in crops)
    assert len({crop.tobytes() for crop in crops}) == 12


def test_a_crop_is_the_part_that_was_drawn(monkeypatch):
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (100, 200, 3)).copy()
    monkeypatch.setattr("lib.datasets.photo", lambda name: ramp)
    drawn = {"x photo": 0, "x side": 1 << 29, "x left": 1 << 29, "x top": 0}
    draw = Draw(SECRET, 1)
    monkeypatch.setattr(draw, "below", lambda bound, what: drawn[what])
    crop = draw.crop(50, (0.4, 0.6), "x")  # 50 pixels of the short side, 75 to the left and right
    assert (crop[0, :, 0] == np.arange(75, 125)).all()


def test_a_scene_has_the_flag_and_patches_have_it_a_few_times():
    draw = Draw(SECRET, 3)
    letters = plate(draw.flag, 2)
    windows = np.lib.stride_tricks.sliding_window_view(draw.scene(96, 2)[0], letters.shape, axis=(0, 1))
    assert ((windows >= 128) == letters).all((2, 3, 4)).sum() == 1
    patches = draw.patches(9)
    windows = np.lib.stride_tricks.sliding_window_view(patches, plate(draw.flag).shape, axis=(1, 2))
    assert patches.shape == (9, 32, 32, 3)
    assert ((windows >= 128) == plate(draw.flag)).all((3, 4, 5)).sum() == SHOWN
