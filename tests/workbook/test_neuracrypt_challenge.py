"""Challenges of NeuraCrypt: what is published, what is secret, the control, the baseline and the scores."""

import numpy as np

from lib import Key
from lib.attacks.many_ciphertexts.neuracrypt import Matching
from lib.judge import pictures
from lib.subjects.neuracrypt import NeuraCrypt
from lib.workbook import neuracrypt_challenge as made

WINDOWS = pictures.attacked((32, 32, 3), 60)


def test_truth_says_whose_each_encoding_is():
    given = made.challenge(WINDOWS[:8], 3, 5, width=24)
    sent = NeuraCrypt(Key.from_seed(5), 3, width=24).encrypt(WINDOWS[:8])
    assert np.allclose(given.hidden, sent[given.truth], atol=1e-5) and given.truth.tolist() != list(range(8))
    assert (made.images_of(given.plain, (32, 32, 3)) == WINDOWS[:8]).all()


def test_keys_of_the_control_are_all_different():
    same = np.repeat(WINDOWS[:1], 3, 0)
    one = made.challenge(same, 3, 5, shuffled=False, width=24)
    assert np.allclose(one.hidden[0], one.hidden[1], atol=1e-5)
    alone = made.challenge(same, 3, 5, shuffled=False, own_keys=True, width=24)
    assert np.abs(alone.hidden[0] - alone.hidden[1]).mean() > 0.1


def test_noise_keeps_means_and_deviations_and_nothing_else():
    given = made.challenge(WINDOWS, 3, 5, shuffled=False, width=24)
    nothing = made.noise(given, 1)
    assert np.abs(nothing.hidden.mean(0) - given.hidden.mean(0)).mean() < 0.1
    assert abs(nothing.hidden.std(0).mean() / given.hidden.std(0).mean() - 1) < 0.1
    rest = [(each.hidden - each.hidden.mean(0)).ravel() for each in (given, nothing)]
    assert abs(np.corrcoef(*rest)[0, 1]) < 0.05 and (nothing.plain == given.plain).all()


def test_rate_counts_what_was_compared():
    assert made.rate(np.array([0, 2, -1, 3]), np.array([0, 1, 2, 3])) == 2 / 3


def test_the_baseline_ranks_by_deviation():
    plain = np.arange(1, 5)[:, None, None] * np.array([[[1.0], [-1.0]]])
    given = made.Challenge(plain, plain[[2, 0, 3, 1]] / 7, np.array([2, 0, 3, 1]), 3, True)
    assert made.by_contrast(given).tolist() == [2, 0, 3, 1]


def test_new_encodings_are_put_in_the_pictures_order():
    straight = made.challenge(WINDOWS[:40], 3, 5, shuffled=False, width=48)
    found = Matching(straight.truth, straight.hidden, {})
    hide = NeuraCrypt(Key.from_seed(5), 3, width=48)
    plain = NeuraCrypt(Key.from_seed(5), 3, width=48, shuffle=False)
    assert np.allclose(made.placed(found, hide.encrypt(WINDOWS[40:])), plain.encrypt(WINDOWS[40:]), atol=1e-5)


def test_leak_is_zero_for_the_pad_and_one_for_the_truth():
    truth, candidates, pad = WINDOWS[:20], WINDOWS[20:], np.full_like(WINDOWS[:20], 90)
    assert made.leak_of(truth, pad, truth, candidates)["value"] == 1
    flat = made.leak_of(pad, pad, truth, candidates)
    assert abs(flat["value"]) < 0.05
