"""Challenges: what is published, what is secret, and that a score asks nothing but the secret pairs."""

import numpy as np

from lib.attacks.many_ciphertexts.instahide import Recovery
from lib.datasets import Dataset
from lib.judge import pictures
from lib.subjects.instahide import normalised
from lib.workbook import instahide_challenge as made

WINDOWS = pictures.attacked((16, 16, 3), 200)
POOL = Dataset(WINDOWS[:100], np.arange(100) % 4, tuple("0123"), "photographs")
PUBLIC = pictures.public((16, 16, 3), 100)


def test_a_challenge_is_shuffled_and_its_secrets_explain_it():
    sent = made.challenge(POOL, PUBLIC, 8, 2, 5, seed=1)
    x, by = normalised(sent.truth), np.sort(sent.labels, axis=1)[:, :-3:-1]
    two = (sent.labels > 0).sum(1) == 2
    mixed = (by[:, :, None, None, None] * x[sent.pairs]).sum(1)
    assert len(sent.images) == 40 and two.sum() > 10
    assert np.allclose(np.abs(sent.images[two]), np.abs(mixed[two]), atol=1e-4)
    assert (np.bincount(sent.pairs.ravel()) == 10).all()
    assert (np.diff(sent.pairs[:, 0]) % 8 != 1).any(), "the order says nothing"


def test_fresh_pictures_come_once():
    fresh = made.challenge(POOL, PUBLIC, 8, 2, 6, seed=1, fresh=True)
    same = made.challenge(POOL, PUBLIC, 8, 2, 6, seed=1)
    assert (fresh.truth == same.truth).all() and sorted(fresh.labels.sum(1)) == sorted(same.labels.sum(1))
    sets = [{each.tobytes() for each in of.images} for of in (fresh, same)]
    assert len(sets[0] & sets[1]) == 8, "the first epoch alone is of the truth"


def test_noise_has_the_size_of_the_encryptions():
    sent = made.challenge(POOL, PUBLIC, 8, 4, 30, seed=2)
    pad = made.noise(sent, 3)
    assert np.isclose((pad.images**2).mean(), (sent.images**2).mean(), rtol=0.02)
    assert (pad.labels == sent.labels).all() and not np.isclose(pad.images, sent.images).any(1).all()


def test_matching_and_scores():
    sent = made.challenge(POOL, PUBLIC, 8, 4, 10, seed=3)
    order = np.random.default_rng(4).permutation(8)
    renamed = np.argsort(order)[sent.pairs]
    perfect = Recovery(normalised(sent.truth)[order], renamed, np.ones(len(renamed), bool))
    values, right = made.matched(sent, perfect)
    assert right == 1 and np.allclose(values, normalised(sent.truth))
    grey = np.zeros_like(values)
    found = made.scores(sent, perfect, grey, WINDOWS[100:])
    assert found["value"] > 0.999 and found["correlation"] > 0.999
    wrong = perfect._replace(pairs=np.where(np.arange(len(renamed))[:, None] % 2, renamed, -1))
    assert 0.3 < made.matched(sent, wrong)[1] < 0.7
    assert made.correlation(-values, sent.truth) < -0.999 and made.correlation(grey, sent.truth) == 0


def test_the_baseline_is_the_largest_coefficient():
    sent = made.challenge(POOL, PUBLIC, 8, 2, 20, seed=5)
    looks = made.brightest(sent)
    for i in range(8):
        row = np.flatnonzero((np.abs(sent.images) == looks[i]).all((1, 2, 3)))[0]
        assert sent.pairs[row, 0] == i
        own = (sent.pairs[:, 0] == i) & ((sent.labels > 0).sum(1) == 2)
        assert sent.labels[row].max() == sent.labels[own].max(1).max()
