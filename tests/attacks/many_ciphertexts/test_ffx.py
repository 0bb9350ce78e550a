"""FFX with one key: the places, the order of values, the doubt, and a slow specification of the
likelihoods."""

import numpy as np
import pytest

from lib import Key
from lib.attacks.many_ciphertexts.ffx import (
    REACH,
    STRAY,
    _regression,
    decrypt,
    ffx_one_key,
    predictions,
    replaced_places,
    window_moments,
)
from lib.datasets import load
from lib.schemes import FormatPreserving, OneTimePad

PHOTOS = load("photos", "test").images
PUBLIC = load("photos", "train").images  # the same ten photographs, but no pixel of the test patches


def some(n, seed):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False)]


@pytest.mark.parametrize("seed", range(5))
def test_places_are_found(seed):
    scheme = FormatPreserving(Key.from_seed(seed))
    places = replaced_places(scheme.encrypt(some(10, seed)), 4)
    assert (places == scheme.places((4, 4, 3))).all()


def test_decrypting_with_the_key_is_exact():
    scheme, images = FormatPreserving(Key.from_seed(1)), some(2, 0)
    back = np.argsort(scheme.substitution())
    assert (decrypt(scheme.encrypt(images), scheme.places((4, 4, 3)), back) == images).all()


def slow_predictions(ciphers, places, moments):
    """One replaced value after the other, from the values left alone in the window around it."""
    n, h, w, _ = ciphers.shape
    b, side, total = len(places), 2 * REACH + 1, np.zeros((256, 256))
    for k, y, x, c in np.ndindex(n, h, w, 3):
        if not places[y % b, x % b, c] or min(y, x) < REACH or y + REACH >= h or x + REACH >= w:
            continue
        use, seen = np.zeros(3 * side * side, bool), np.zeros(3 * side * side)
        for channel, v, u in np.ndindex(3, side, side):
            at = y + v - REACH, x + u - REACH
            use[(channel * side + v) * side + u] = not places[at[0] % b, at[1] % b, channel]
            seen[(channel * side + v) * side + u] = ciphers[k, at[0], at[1], channel]
        weights, constant, scale = _regression(*moments, use, (c * side + REACH) * side + REACH)
        guess = min(max(round(seen[use] @ weights + constant), 0), 255)
        near = np.exp(-np.abs(np.arange(256) - guess) / scale) / (2 * scale)
        total[ciphers[k, y, x, c]] += np.log((1 - STRAY) * near + STRAY / 256)
    return total


def test_predictions_against_the_slow_specification():
    scheme, moments = FormatPreserving(Key.from_seed(2)), window_moments(PUBLIC[:50])
    ciphers, places = scheme.encrypt(some(1, 2)[:, :12, :12]), scheme.places((4, 4, 3))
    assert np.allclose(
        predictions(ciphers, ciphers, places, ~places, moments), slow_predictions(ciphers, places, moments)
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_substitution_comes_out_nearly_in_order(seed):
    scheme, images = FormatPreserving(Key.from_seed(seed)), some(100, seed)
    result = ffx_one_key(scheme.encrypt(images), public=PUBLIC)
    off = np.abs(np.argsort(result.recovered["substitution"])[scheme.substitution()] - np.arange(256))
    assert np.median(off) <= 2
    assert np.abs(result.estimate.astype(int) - images).mean() < 2
    assert np.abs(scheme.encrypt(images).astype(int) - images).mean() > 20  # the baseline: do nothing


def test_confidence_is_no_higher_than_the_share_of_exact_values():
    for n in (5, 100):
        scheme, images = FormatPreserving(Key.from_seed(8)), some(n, 8)
        result = ffx_one_key(scheme.encrypt(images), public=PUBLIC)
        exact = result.recovered["substitution"] == scheme.substitution()
        assert result.confidence.mean() < exact.mean() + 0.15


@pytest.mark.parametrize("n", [5, 50])
def test_the_one_time_pad_resists(n):
    images = some(n, 1)
    result = ffx_one_key(OneTimePad(Key.from_seed(3)).encrypt(images, ids=np.arange(n)), public=PUBLIC)
    assert abs((result.estimate == images).mean() - 1 / 256) < 0.01
    assert result.confidence.mean() < 0.1


@pytest.mark.parametrize(
    "ciphers, block, message",
    [
        (some(1, 0)[0], 4, "a batch"),
        (some(1, 0)[:, :30], 4, "multiple of"),
        (some(1, 0)[:, :4], 4, "8 pixels and 2 blocks or more, got 4x32"),
        (some(1, 0), 1, "2 pixels or more, got 1"),
        (np.full((1, 8, 8, 3), 9, np.uint8), 4, "all blocks are alike"),
    ],
)
def test_errors_say_what_came_and_what_is_expected(ciphers, block, message):
    with pytest.raises(ValueError, match=message):
        ffx_one_key(ciphers, block)
