"""The picture of an assignment that gets better: chosen rounds are shown and ringed, in their place."""

import numpy as np
import pytest

from lib import figures
from lib.figures import annealing

ALT = "three pictures above an energy that falls round by round"


@pytest.fixture
def drawn(monkeypatch):
    shown, rng = [], np.random.default_rng(0)
    monkeypatch.setattr(figures, "show", lambda *given: shown.append(given))
    images = {at: rng.integers(0, 256, (8, 8, 3), np.uint8) for at in (0, 2, 5)}
    annealing.progress([0.1, 0.08, 0.05, 0.03, 0.02, 0.02], [-1, -4, -6, -8, -9, -9.5], images, ALT)
    return shown[0]


def test_pictures_stand_in_a_row_with_their_round_and_temperature(drawn):
    titles = [axis.get_title() for axis in drawn[0].axes if axis.images]
    assert titles == [f"round {at}, temperature {t}" for at, t in ((0, "0.100"), (2, "0.050"), (5, "0.020"))]


def test_the_energy_is_below_and_its_shown_rounds_are_ringed(drawn):
    below = drawn[0].axes[-1]
    line, rings = (each.get_xydata().tolist() for each in below.lines)
    assert [y for _, y in line] == [-1, -4, -6, -8, -9, -9.5]
    assert rings == [[0, -1], [2, -6], [5, -9.5]]
    assert below.get_xlabel() and below.get_ylabel() == "energy"


def test_it_is_a_picture_with_its_alternative(drawn):
    assert figures.png(*drawn)[:4] == b"\x89PNG" and drawn[1] == ALT
