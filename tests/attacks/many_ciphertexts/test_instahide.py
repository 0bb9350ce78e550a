"""InstaHide falls without any truth, and nothing falls beside it: noise, and pictures that come once."""

import numpy as np
import pytest

from lib.attacks.many_ciphertexts.instahide import instahide
from lib.datasets import Dataset
from lib.judge import pictures
from lib.subjects.instahide import normalised, pixels
from lib.workbook import instahide_challenge as made

WINDOWS, OTHERS = pictures.attacked((32, 32, 3), 400), pictures.public((32, 32, 3), 3000)
POOL = Dataset(WINDOWS[:200], np.arange(200) % 5, tuple("01234"), "photographs")
OWN, CANDIDATES = normalised(OTHERS[1500:]), WINDOWS[200:]


def challenge(k, epochs, seed, fresh=False):
    return made.challenge(POOL, OTHERS[:1500], 10, k, epochs, seed, fresh)


def attacked(of, **told):
    return instahide(of.images, of.labels, len(of.truth), OWN, of.k, **told)


@pytest.mark.parametrize(("k", "epochs", "seed"), [(6, 60, 3), (2, 15, 4)])
def test_pictures_come_back_without_any_truth_and_controls_resist(k, epochs, seed):
    sent, fresh = challenge(k, epochs, seed), challenge(k, epochs, seed, fresh=True)
    pad = made.noise(sent, seed)
    zero = made.matched(pad, attacked(pad))[0]
    found = made.scores(sent, attacked(sent), zero, CANDIDATES)
    control = made.scores(fresh, attacked(fresh), zero, CANDIDATES)
    assert found["value"] > 0.8 and found["correlation"] > 0.75, "the sign of the whole is right, too"
    assert abs(control["value"]) < 0.15
    mean = made.metrics.leak(
        pixels(np.repeat(OWN.mean(0)[None], 10, 0)), pixels(zero), sent.truth, CANDIDATES
    )
    assert mean.value < 0.15


def test_pairs_that_are_given_do_better_and_signs_do_not_matter():
    sent = challenge(4, 50, 5)
    given = attacked(sent, pairs=sent.pairs)
    values, right = made.matched(sent, given)
    assert right == 1 and made.correlation(values, sent.truth) > 0.9
    again = instahide(np.abs(sent.images), sent.labels, 10, OWN, 4, pairs=sent.pairs)
    assert np.array_equal(again.pictures, given.pictures)
    assert not given.used.all() and (given.pairs[~given.used] == -1).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"images": np.zeros((8, 30, 32, 3), np.float32)}, "multiples of 4 pixels"),
        ({"labels": np.zeros((7, 10), np.float32)}, "a row of labels for each of 8 images"),
        ({"public": np.zeros((9, 16, 16, 3), np.float32)}, "make them alike"),
        ({"pictures": 3}, "labels speak of 4 pictures, and not of 3"),
    ],
)
def test_what_does_not_fit_is_refused(change, says):
    labels = np.zeros((8, 10), np.float32)
    labels[:, :2] = 0.4
    given = {"images": np.zeros((8, 32, 32, 3), np.float32), "labels": labels, "pictures": 2,
             "public": OWN, "k": 6}  # fmt: skip
    with pytest.raises(ValueError, match=says):
        instahide(**given | change)
