"""Histograms by position and histories in pairs, against definitions; and a pad, which shows nothing."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from lib import metrics
from lib.judge import pictures
from lib.judge.statistics import FAINT, WIDTH, by_pairs, by_position, off_noise

from .ciphers import SHOWN, STRONG, WEAK
from .helpers import SMALLER, TINY, drawn, made


def slowly_by_position(ciphers, public):
    """For each place the constant under which its values are likeliest; for XOR and for addition."""
    counts = [sum(int((image == value).sum()) for image in public) for value in range(256)]
    share = np.array(counts, float) / sum(counts)
    likely = np.log(gaussian_filter1d(share, WIDTH, mode="nearest") + FAINT)
    ways = []
    for undo in (lambda c, k: c ^ k, lambda c, k: (c - k) % 256):
        total, out = 0.0, np.empty_like(ciphers)
        for place in range(ciphers.shape[1]):
            values = [int(each) for each in ciphers[:, place]]
            sums = [sum(likely[undo(value, k)] for value in values) for k in range(256)]
            best = int(np.argmax(sums))
            total += sums[best]
            out[:, place] = [undo(value, best) for value in values]
        ways.append((total, out))
    return max(ways, key=lambda way: way[0])[1]


@pytest.mark.parametrize("add", [np.bitwise_xor, np.add], ids=["XOR", "addition"])
def test_constants_by_position_as_slowly(add):
    plain = pictures.public(TINY, 60)[:, 2, 3:5].reshape(60, 6)
    ciphers = add(plain[:40], drawn(6, seed=4))
    public = plain[40:]
    np.testing.assert_array_equal(by_position(ciphers, public), slowly_by_position(ciphers, public))


def by_image(found, truth):
    """The mean correlation of estimates and pictures, place by place: what all share counts nothing."""
    found, truth = (each.reshape(len(each), -1).astype(float) for each in (found, truth))
    found, truth = found - found.mean(0), truth - truth.mean(0)
    return ((found * truth).mean(0) / np.maximum(found.std(0) * truth.std(0), 1e-9)).mean()


@pytest.mark.parametrize("name", ["pad_twice", "shuffle_and_add"])
def test_one_pad_for_all_falls_to_histograms(name):
    """Where bytes are moved as well, values come back in the wrong places."""
    truth, encrypt = pictures.attacked(TINY, 250), made(name).encrypt
    found = by_position(encrypt(truth), pictures.public(TINY, 2000))
    assert (by_image(found, truth) > 0.3) == (name == "pad_twice")
    shade = np.sort(found.reshape(250, -1), axis=1).mean(0) - np.sort(truth.reshape(250, -1), axis=1).mean(0)
    assert np.abs(shade).mean() < 25


def test_a_pad_for_each_shows_nothing():
    truth = pictures.attacked(TINY, 250)
    ids = range(1000, 1250)
    found = by_position(made("one_time_pad").encrypt(truth, ids), pictures.public(TINY, 2000))
    assert abs(by_image(found, truth)) < 0.05


@pytest.mark.parametrize(
    "name, least",
    [
        ("tanaka", 1.0),
        ("shuffled_bits", 1.0),
        ("turned_bytes", 1.0),
        ("pad_twice", 1.0),
        ("shuffle_and_add", 0.999),
        ("sbox_and_shuffle", 0.85),
    ],
)
def test_histories_in_pairs_find_bits_and_bytes_again(name, least):
    """S-boxes are known for the values that pairs show."""
    plain, truth = pictures.public(TINY, 600), pictures.attacked(TINY, 100)
    encrypt = made(name).encrypt
    found = by_pairs(plain, encrypt(plain), encrypt(truth))
    assert found.shape == truth.shape and found.dtype == np.uint8
    assert metrics.exact(found, truth) >= least


@pytest.mark.parametrize("name", ["wide_block", "hill_colours", "sum_chain"])
def test_histories_find_nothing_in_what_mixes_bytes(name):
    plain, truth = pictures.public(TINY, 300), pictures.attacked(TINY, 50)
    encrypt = made(name).encrypt
    found = by_pairs(plain, encrypt(plain), encrypt(truth))
    assert metrics.exact(found, truth) < 0.05


def test_histories_of_values_that_no_pair_shows():
    """A constant that is XORed or added tells of all values; an S-box of those that pairs show."""
    plain, fresh = drawn(150, 4, 4, 3, seed=1), drawn(9, 4, 4, 3, seed=2)
    constant = drawn(4, 4, 3, seed=3)
    for cipher in (plain ^ constant, plain + constant):
        add = np.bitwise_xor if (cipher == plain ^ constant).all() else np.add
        np.testing.assert_array_equal(by_pairs(plain, cipher, add(fresh, constant)), fresh)
    box = np.random.default_rng(1).permutation(256).astype(np.uint8)
    assert metrics.exact(by_pairs(plain, box[plain], box[fresh]), fresh) < 0.6
    np.testing.assert_array_equal(by_pairs(plain, box[plain], box[plain]), plain)


def test_histories_in_another_shape():
    """A grey ciphertext of three planes side by side."""
    plain, truth = pictures.public(SMALLER, 300), pictures.attacked(SMALLER, 20)

    def encrypt(images):
        return np.concatenate(np.moveaxis(images ^ np.uint8(77), 3, 0), axis=2)

    np.testing.assert_array_equal(by_pairs(plain, encrypt(plain), encrypt(truth)), truth)


def grey(name, shape=SMALLER):
    cipher = made(name)
    return cipher.encrypt(np.full((12, *shape), 128, np.uint8), range(50, 62))


@pytest.mark.parametrize("name", [name for name, case in WEAK.items() if case.structure == SHOWN])
def test_one_ciphertext_of_grey_shows_it(name):
    assert off_noise(grey(name)).min() > 7


@pytest.mark.parametrize("shape", [TINY, (32, 32, 3)], ids=str)
@pytest.mark.parametrize("name", STRONG)
def test_ciphertexts_of_strong_ciphers_are_noise(name, shape):
    """In all of twelve, it would take more than a universe."""
    off = off_noise(grey(name, shape))
    assert off.min() < 5 and np.sort(off)[6] < 6


def test_what_is_off_noise_as_slowly():
    rows = drawn(3, 400)
    rows[1, 90:] = rows[1, :310]
    rows[2] &= 63
    for row, found in zip(rows, off_noise(rows)):
        values = [int(value) for value in row]
        chi = sum((values.count(value) - 400 / 256) ** 2 / (400 / 256) for value in range(256))
        best = (chi - 255) / 510**0.5
        for lag in range(1, 200):
            equal = sum(a == b for a, b in zip(values, values[lag:]))
            best = max(best, (equal - (400 - lag) / 256) / max((400 - lag) / 256, 1) ** 0.5)
        assert abs(found - best) < 1e-9
