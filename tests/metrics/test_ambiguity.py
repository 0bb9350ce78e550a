"""What an attack leaves open is chosen once for all images, and nothing else is."""

import numpy as np
import pytest

from lib import metrics
from tests.metrics import noise

RED = np.uint8([255, 0, 0])


@pytest.mark.parametrize(
    "moves, change",
    [
        (["colours"], lambda x: x[..., [2, 0, 1]]),
        (["complement"], lambda x: 255 - x),
        (["signs"], lambda x: x ^ np.array([0, 255, 0], np.uint8)),
        (["mirror"], lambda x: x[:, :, ::-1]),
        (["turns"], lambda x: np.rot90(x, 3, (1, 2))[:, ::-1]),
        (["colours", "signs", "turns"], lambda x: np.rot90(x[..., [1, 0, 2]] ^ RED, 1, (1, 2))),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_the_nearest_undoes_what_is_open_and_nothing_else(moves, change):
    truth = np.random.default_rng(4).integers(0, 256, (3, 8, 8, 3), np.uint8)
    moved = np.ascontiguousarray(change(truth))
    assert (metrics.nearest(moved, truth, moves) == truth).all()
    assert (metrics.nearest(moved, truth) == moved).all()
    each = truth.copy()
    each[0] = change(truth)[0]  # one image moved, the others not: there is one choice for all
    assert (metrics.nearest(each, truth, moves) != truth).any()


def test_the_nearest_keeps_the_shape():
    truth = np.random.default_rng(4).integers(0, 256, (8, 4, 3), np.uint8)
    assert metrics.nearest(truth[::-1, ::-1], truth, ["turns"]).shape == truth.shape
    assert (metrics.nearest(truth[::-1, ::-1], truth, ["turns"]) == truth).all()


def test_a_choice_made_on_some_images_is_applied_to_others():
    truth, others = noise(5, 3, 8, 8, 3), noise(6, 4, 8, 8, 3)
    key = lambda x: np.ascontiguousarray(255 - x[..., [2, 0, 1]])  # noqa: E731
    chosen = metrics.choice(key(truth), truth, ("colours", "complement"))
    assert [name for name, _ in chosen] == ["colours", "complement"]
    assert (metrics.moved(key(others), chosen) == others).all()
    assert (metrics.moved(key(others)[0], chosen) == others[0]).all()
    assert metrics.choice(truth, truth) == () and (metrics.moved(others, ()) == others).all()
