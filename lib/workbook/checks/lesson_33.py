"""The exercises of lesson 33."""

import numpy as np

from lib.judge import pictures
from lib.workbook import neuracrypt_challenge as made
from lib.workbook.checks import array, called, exercise

ENOUGH = 0.8  # share of right pictures from which a set counts as re-identified


@exercise
def contrasts(answer):
    """`answer(values)`: the root mean square of each patch, less the mean of all pictures at its place."""
    values = np.random.default_rng(1).normal(size=(5, 4, 6)) + 3 * np.arange(4)[:, None]
    got = array(called(answer, values.copy()), (5, 4), None)
    rest = values - values.mean(0)
    raw = np.allclose(got, np.sqrt((values**2).mean(2)))
    assert not raw, "what all pictures share at a place is still in there; take their mean away first"
    own = np.allclose(got, values.std(2))
    assert not own, "this is each patch less its own mean; the mean over pictures is asked for"
    assert not np.allclose(got, (rest**2).mean(2)), "these are mean squares; take the root"
    assert not np.allclose(got, np.abs(rest.mean(2))), "these are sizes of means; square before the mean"
    right = np.allclose(got, np.sqrt((rest**2).mean(2)))
    assert right, "not the root mean square of what is left; which axis are pictures, which are values?"


@exercise
def same_order(answer):
    """`answer(target, own)`: for each vector of `target` the one of `own` that stands for the same place."""
    for seed in (2, 3):
        rng = np.random.default_rng(seed)
        target, order = 2 * rng.normal(size=(9, 12)), rng.permutation(9)
        own = target[order] + 0.5 * rng.normal(size=target.shape)
        _told(array(called(answer, target.copy(), own), (9,), None), order)
    target = np.array([[0.0, 0], [1.0, 0], [10, 0]])
    own = np.array([[10.0, 0], [0.9, 0], [1.6, 0]])  # row 1 is nearest to two
    got = array(called(answer, target, own), (3,), None)
    assert len(set(got.tolist())) == 3, "two places got one vector; assign them all together"
    assert got.tolist() == [1, 2, 0], "the sum of squared distances could be smaller"


def _told(got, order):
    back = np.argsort(order)
    turned = (got == order).all() and not (got == back).all()
    assert not turned, (
        "this says where each place of the second goes; asked is which one each place of the first gets"
    )
    assert (got == back).all(), "some places got the vector of another place"


@exercise
def place_of(answer):
    """`answer(ours, theirs)`: which place is which, from vectors of matched pairs, (n, P, d) each."""
    for seed, n in ((4, 40), (5, 60)):
        rng = np.random.default_rng(seed)
        ours, order = rng.normal(size=(n, 8, 3)), rng.permutation(8)
        noisy = ours + 1.5 * rng.normal(size=ours.shape)
        noisy[: n // 3] = rng.normal(size=noisy[: n // 3].shape)  # a third of the pairs is wrong
        got = array(called(answer, ours, noisy[:, order]), (8,), None)
        assert len(set(got.tolist())) == 8, "a place was used twice; assign all places together"
        _told(got, order)


@exercise
def decoding(answer):
    """`answer(vectors, plain)`: (d, size) weights of least squares, from centred vectors to patches."""
    rng = np.random.default_rng(6)
    vectors, true = rng.normal(size=(30, 4, 5)) + 4 * rng.normal(size=(4, 5)), rng.normal(size=(5, 3))
    usual = 7 * rng.normal(size=(4, 3))
    plain = (vectors - vectors.mean(0)) @ true + usual
    got = array(called(answer, vectors, plain), (5, 3), None)
    raw = np.linalg.lstsq(vectors.reshape(-1, 5), plain.reshape(-1, 3), rcond=None)[0]
    assert not np.allclose(got, raw), "take the mean of each place away first, on both sides"
    overall = [part - part.mean((0, 1)) for part in (vectors, plain)]
    flat = np.linalg.lstsq(overall[0].reshape(-1, 5), overall[1].reshape(-1, 3), rcond=None)[0]
    assert not np.allclose(got, flat), "each place has a mean of its own; one mean for all is not enough"
    assert np.allclose(got, true, atol=1e-2), "these weights do not lead from vectors to patches"


@exercise
def leverage(answer):
    """`answer(values)`: (n, P) numbers that no linear map of patches changes, and that tell patches apart."""
    rng = np.random.default_rng(7)
    values = rng.normal(size=(6, 5, 4)) * [1, 3, 0.3, 2] + 1
    got = array(called(answer, values), (6, 5), None)
    assert np.ptp(got) > 1e-6, "all of your numbers are equal, so nothing is told apart"
    turned = called(answer, values @ rng.normal(size=(4, 4)) + 5)
    assert np.allclose(got, turned, atol=1e-6), "another linear map of the patches gives other numbers"
    wide = called(answer, values @ rng.normal(size=(4, 9)))
    assert np.allclose(got, wide, atol=1e-6), "a map to more values than a patch has changes your numbers"
    rows = values.reshape(-1, 4) - values.mean((0, 1))
    left = np.linalg.svd(rows, full_matrices=False)[0]
    assert np.allclose(got, (left**2).sum(1).reshape(6, 5), atol=1e-6), "these are not the leverages"


@exercise
def reidentified(answer):
    """`answer(plain, hidden)`: for each encoding, depth 3 and shuffled, whose it is."""
    windows = pictures.attacked((32, 32, 3), 600)
    for seed in (8, 9):
        some = windows[np.random.default_rng(seed).permutation(len(windows))[:40]]
        given = made.challenge(some, 3, seed, width=192)
        got = array(called(answer, given.plain, given.hidden), (40,), None)
        assert len(set(got.tolist())) == 40, (
            "each picture has one encoding, and some of yours have two or none"
        )
        right = made.rate(got, given.truth)
        swapped = made.rate(np.argsort(got), given.truth)
        told = f"{right:.0%} are right, {ENOUGH:.0%} are asked; chance gives 2.5 %"
        turned = right < ENOUGH <= swapped
        assert not turned, f"{told}; you say which encoding a picture has, and not whose each encoding is"
        assert right >= ENOUGH, f"{told}; do you match places and pictures in turn, until nothing changes?"
