"""Pixels and bytes moved over the whole image: back in place from many ciphertexts, doubt on a pad."""

import numpy as np
import pytest

from lib import Key, metrics
from lib.attacks.many_ciphertexts.topology import assigned, beside, improved, partial, strongest, topology
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.datasets import load
from lib.schemes import OneTimePad

PUBLIC = load("photos", "train", limit=300).images
SIDE = 16


@pytest.fixture(scope="module")
def pictures():
    """Windows of 16x16 of the test patches, (1200, 16, 16, 3)."""
    patches = load("photos", "test").images
    return np.concatenate([patches[:600, :16, 16:], patches[400:, 16:, :16]])


@pytest.fixture(scope="module")
def shuffled(pictures):
    """Whole pixels in a secret order, each complemented or not."""
    rng = np.random.default_rng(3)
    order, signs = rng.permutation(SIDE**2), rng.integers(0, 2, (1, SIDE**2, 1)) * 255
    rows = pictures.reshape(-1, SIDE**2, 3)[:, order] ^ signs.astype(np.uint8)
    return rows.reshape(pictures.shape), order


@pytest.fixture(scope="module")
def result(shuffled):
    return topology(shuffled[0], PUBLIC)


def leak(estimate, truth):
    pad = OneTimePad(Key.from_seed(1)).encrypt(truth, ids=range(len(truth)))
    return metrics.leak(estimate, pad, truth, load("photos", "test").images[:, :16, :16])


def test_pictures_come_back_whose_pixels_were_moved(result, pictures, shuffled):
    assert result.recovered["whole"]
    found, before = (leak(each[:100], pictures[:100]) for each in (result.estimate, shuffled[0]))
    assert found.low > 0.6 and before.high < 0.1
    assert result.recovered["beside"].mean() > 0.7 and result.confidence == 0


def test_most_pixels_stand_beside_their_neighbours(result, shuffled):
    """By the true places: of pairs side by side in the estimate, most were at most two pixels apart."""
    place = result.recovered["index"].reshape(-1, 3)[:, 0] // 3
    true = np.empty((SIDE, SIDE, 2), int)
    true.reshape(-1, 2)[place] = np.stack(np.divmod(shuffled[1], SIDE), 1)
    apart = np.abs(np.diff(true, axis=1)).max(2)
    assert (apart <= 2).mean() > 0.8, "of a random order 0.08"


def test_the_estimate_is_what_the_table_decrypts(result, shuffled):
    index, mask = result.recovered["index"], result.recovered["mask"]
    assert sorted(index) == list(range(3 * SIDE**2))
    assert (decrypt_with(shuffled[0][:5], index, mask, bits=8) == result.estimate[:5]).all()


def test_bytes_that_moved_alone_come_back_too(pictures):
    rng = np.random.default_rng(5)
    order, signs = rng.permutation(3 * SIDE**2), (rng.integers(0, 2, 3 * SIDE**2) * 255).astype(np.uint8)
    ciphers = (pictures.reshape(len(pictures), -1)[:, order] ^ signs).reshape(pictures.shape)
    found = topology(ciphers, PUBLIC)
    assert not found.recovered["whole"] and leak(found.estimate[:100], pictures[:100]).low > 0.15


def test_a_pad_gives_nothing(pictures):
    ciphers = OneTimePad(Key.from_seed(2)).encrypt(pictures[:300], ids=range(300))
    found = topology(ciphers, PUBLIC)
    assert found.recovered["beside"].mean() < 0.3 and leak(found.estimate[:100], pictures[:100]).high < 0.05


def test_too_few_ciphertexts_and_too_large_ones_are_refused(pictures):
    with pytest.raises(ValueError, match=r"100 ciphertexts or more .* got 99 of"):
        topology(pictures[:99])
    with pytest.raises(ValueError, match="at most 3200"):
        topology(np.random.default_rng(0).integers(0, 256, (100, 40, 40, 3), np.uint8))


def test_exchanges_mend_a_torn_grid_and_points_find_their_places():
    """Links of a grid known to all: neighbours 1, all others 0."""
    place = np.stack(np.divmod(np.arange(60), 10), 1)
    links = (np.abs(place[:, None] - place).sum(2) == 1).astype(float)
    to = np.arange(60)
    to[[0, 11, 37, 38]] = to[[11, 0, 38, 37]]
    assert (beside(strongest(links), to, 10) < beside(strongest(links), np.arange(60), 10)).any()
    mended = improved(links, to, 6, 10, 1)
    assert (links * (np.abs(place[mended][:, None] - place[mended]).sum(2) == 1)).sum() == links.sum()
    points = place + np.random.default_rng(0).normal(0, 0.1, place.shape)
    assert (assigned(points * 7 - 3, 6, 10, 1) == np.arange(60)).all()


def test_partial_correlations_are_those_of_residuals():
    """Of two streams, regressed on all others; so the middle of a chain of three hides the ends' link."""
    rng = np.random.default_rng(1)
    a = rng.normal(size=20_000)
    b = a + 0.5 * rng.normal(size=a.size)
    c = b + 0.5 * rng.normal(size=a.size)
    found = partial(np.corrcoef([a, b, c]))
    assert found[0, 2] < 0.12 < 0.5 < min(found[0, 1], found[1, 2]) and (np.diag(found) == 0).all()
