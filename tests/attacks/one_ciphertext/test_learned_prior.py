"""The likeliest state of each pixel beats the published attacks on one SKK image, and not the pad."""

import numpy as np
import pytest

from lib import Key, datasets, metrics
from lib.attacks.one_ciphertext.learned_prior import likeliest
from lib.attacks.one_ciphertext.minimum_difference import leading_bit, minimum_difference
from lib.schemes import SKK, EtC, OneTimePad, Tanaka


def encrypt(images, seed=1):
    return SKK(Key.from_seed(seed), per_image=True).encrypt(images, ids=range(len(images)))


PHOTOS = np.stack([datasets.photo(name, 64) for name in ("chelsea", "coffee", "hopper", "motorcycle")])


@pytest.fixture(scope="module")
def found():
    return likeliest(encrypt(PHOTOS))


def test_the_likeliest_state_beats_the_published_attacks_and_baselines_in_shape(found):
    cipher = encrypt(PHOTOS)
    others = {
        "as it is": cipher,
        "grey": np.full_like(PHOTOS, 128),
        "leading bit": leading_bit(cipher).estimate,
        "first pixel known": minimum_difference(cipher, PHOTOS[:, 0, 0]).estimate,
        "first pixel unknown": minimum_difference(cipher).estimate,
    }
    scores = {name: metrics.ssim(estimate, PHOTOS) for name, estimate in others.items()}
    assert metrics.ssim(found.estimate, PHOTOS) > max(scores.values()) + 0.05, scores
    assert metrics.psnr(found.estimate, PHOTOS) > metrics.psnr(found.recovered["states"], PHOTOS)


def test_the_key_does_not_matter(found):
    assert (likeliest(encrypt(PHOTOS, seed=2)).estimate == found.estimate).all()
    assert (likeliest(PHOTOS).estimate == found.estimate).all()


def test_every_pixel_is_in_one_of_its_states_and_a_mean_need_not_be(found):
    assert (metrics.invariant(found.recovered["states"]) == metrics.invariant(PHOTOS)).all()
    assert (metrics.invariant(found.estimate) != metrics.invariant(PHOTOS)).any()


def test_chances_are_told_and_no_confidence(found):
    """On photographs that taught nothing the surest pixels are not the right ones: see lesson 24."""
    assert found.recovered["chances"].shape == PHOTOS.shape[:3] and found.confidence == 0
    assert 0 <= found.recovered["chances"].min() < found.recovered["chances"].max() <= 1


def test_the_one_time_pad_resists_and_chances_say_so():
    pad = OneTimePad(Key.from_seed(3)).encrypt(PHOTOS, ids=range(len(PHOTOS)))
    result = likeliest(pad)
    assert (
        metrics.edge_correlation(result.estimate, PHOTOS) < 0.05
        and metrics.ssim(result.estimate, PHOTOS) < 0.06
    )
    assert (result.recovered["states"] == PHOTOS).all(-1).mean() < 0.01
    assert result.recovered["chances"].mean() < 0.02


@pytest.mark.parametrize(
    "scheme", [Tanaka(Key.from_seed(1)), EtC(Key.from_seed(1))], ids=lambda scheme: scheme.name
)
def test_another_schemes_ciphertexts_give_nothing(scheme):
    result = likeliest(scheme.encrypt(PHOTOS))
    assert (result.recovered["states"] == PHOTOS).all(-1).mean() < 0.1


@pytest.mark.parametrize("value", [0, 100, 255])
def test_a_constant_image_gives_no_chances(value):
    result = likeliest(np.full((1, 20, 24, 3), value, np.uint8))
    assert result.estimate.shape == (1, 20, 24, 3) and result.recovered["chances"].max() == 0
