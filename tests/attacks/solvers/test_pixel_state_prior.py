"""The prior of one SKK image: its states are numbered as everywhere, and noise is told from pictures."""

import numpy as np
import pytest

from lib import datasets, metrics
from lib.attacks.solvers import pixel_state_prior
from lib.symmetries import in_states

NOISE = np.random.default_rng(6).integers(0, 256, (3, 5, 6, 3), np.uint8)


def test_states_are_numbered_as_their_values_say():
    folds = metrics.invariant(NOISE)
    values = pixel_state_prior.state_values(folds)
    chosen = np.take_along_axis(values, pixel_state_prior.states_of(NOISE)[..., None, None], -2)[..., 0, :]
    assert (chosen == NOISE).all()


def test_values_of_states_are_those_of_the_one_numbering():
    folds = metrics.invariant(NOISE)
    values = pixel_state_prior.state_values(folds)
    for state in range(48):
        expected = in_states(folds, np.full(folds.shape[1:3], state))
        assert (values[..., state, :] == expected).all()


def test_likeness_is_that_of_pictures_and_not_of_noise_or_one_colour():
    folds = metrics.invariant(datasets.photo("chelsea", 64))
    shuffled = np.random.default_rng(0).permutation(folds.reshape(-1, 3)).reshape(folds.shape)
    assert pixel_state_prior.likeness(folds) > 0.4 and pixel_state_prior.likeness(shuffled) < 0.1
    assert pixel_state_prior.likeness(np.full((4, 4, 3), 9, np.uint8)) == 0


def test_a_file_that_is_not_there_is_told_how_to_be_made(tmp_path):
    with pytest.raises(FileNotFoundError, match="prior_training makes it"):
        pixel_state_prior.stored(tmp_path / "none.npz")
