"""Pictures that no photograph resembles: their sizes, and what makes each unusual."""

import numpy as np

from lib.workbook import unusual_pictures


def test_all_are_squares_of_their_kind():
    grey = np.tile(np.arange(90, dtype=np.uint8), (60, 1))
    found = unusual_pictures.squares(32, {"ramp": grey})
    assert list(found) == ["tissue", "retina", "ramp", "drawing", "noise"]
    assert all(image.shape == (32, 32, 3) and image.dtype == np.uint8 for image in found.values())
    assert (np.ptp(found["ramp"], axis=2) == 0).all() and (
        np.diff(found["ramp"][0, :, 0].astype(int)) > 0
    ).all()
    assert abs(np.corrcoef(found["noise"][:, :-1].ravel(), found["noise"][:, 1:].ravel())[0, 1]) < 0.1


def test_the_drawing_has_few_colours():
    assert len(np.unique(np.array(unusual_pictures.drawing()).reshape(-1, 3), axis=0)) == 5
