"""Pictures are told from negatives, by others."""

import numpy as np

from lib.attacks.solvers.picture_or_negative import evidence, odd_features
from lib.datasets import load


def test_a_set_of_pictures_is_told_from_its_negatives():
    values = ((load("photos", "train", limit=600).images / 255 - 0.47) / 0.2).astype(np.float32)
    for fold in range(3):
        public, own = (
            np.delete(values, slice(fold * 30, fold * 30 + 30), 0),
            values[fold * 30 : fold * 30 + 30],
        )
        assert evidence(own, public) > 0 > evidence(-own, public)


def test_features_change_their_sign_with_the_picture_and_see_every_cell():
    values = np.random.default_rng(1).normal(size=(2, 8, 12, 3)).astype(np.float32)
    assert np.allclose(odd_features(-values), -odd_features(values))
    changed = values.copy()
    changed[0, 7, 11, 2] += 5
    apart = (odd_features(changed) != odd_features(values)).sum(1)
    assert apart.tolist() == [2, 0]
