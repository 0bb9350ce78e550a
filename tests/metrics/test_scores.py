"""Scores against values computed by hand, and what each score sees."""

import math

import numpy as np
import pytest
import torch
from PIL import Image

from lib import Key, metrics
from lib.datasets import photo
from lib.metrics import (
    edge_correlation,
    edge_map,
    exact,
    invariant,
    psnr,
    psnr_up_to_complement,
    report,
    ssim,
)
from lib.schemes import SKK, OneTimePad, Tanaka
from tests.metrics import noise

SCORES = [exact, psnr, psnr_up_to_complement, ssim, edge_correlation]


def changed(image, step):
    """The image with its first value moved by `step`, without wrapping around."""
    out = image.copy()
    out.flat[0] = 100
    before = out.copy()
    out.flat[0] += step
    return before, out


# -- by hand -------------------------------------------------------------------------------------------------


def test_exact_by_hand():
    a = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    b = a.copy()
    b[0, 1, 2] += 1
    b[1, 3] = 200
    assert exact(a, b) == 20 / 24
    assert exact(np.stack([a, a]), np.stack([b, a])) == 44 / 48


def test_psnr_by_hand():
    truth, estimate = changed(noise(1, 4, 5, 3), 6)  # mean squared error 36 / 60
    assert psnr(estimate, truth) == pytest.approx(10 * math.log10(65025 * 60 / 36))
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert psnr(black, white) == psnr(white, black) == 0  # a difference of 255 does not wrap around
    assert psnr(truth, truth) == math.inf


def test_psnr_is_a_mean_of_decibels():
    (t1, e1), (t2, e2) = changed(noise(2, 4, 4, 3), 2), changed(noise(3, 4, 4, 3), 90)
    both = psnr(np.stack([e1, e2]), np.stack([t1, t2]))
    assert both == pytest.approx((psnr(e1, t1) + psnr(e2, t2)) / 2)
    assert psnr(np.stack([t1, e2]), np.stack([t1, t2])) == math.inf


def test_psnr_up_to_complement_chooses_for_each_image():
    (t1, e1), (t2, e2) = changed(noise(4, 4, 4, 3), 7), changed(noise(5, 4, 4, 3), 30)
    mixed, truth = np.stack([255 - e1, e2]), np.stack([t1, t2])
    assert psnr_up_to_complement(mixed, truth) == pytest.approx((psnr(e1, t1) + psnr(e2, t2)) / 2)
    assert psnr_up_to_complement(255 - t1, t1) == math.inf
    assert psnr(mixed, truth) < psnr_up_to_complement(mixed, truth)


def slow_ssim(a, b, window):
    """The formula of Wang and others, a uniform window, sample variances, one channel."""
    c1, c2, scores = (0.01 * 255) ** 2, (0.03 * 255) ** 2, []
    for y in range(a.shape[0] - window + 1):
        for x in range(a.shape[1] - window + 1):
            p, q = (v[y : y + window, x : x + window].astype(float).ravel() for v in (a, b))
            cov, m, n = np.cov(p, q), p.mean(), q.mean()
            alike = (2 * m * n + c1) * (2 * cov[0, 1] + c2)
            scores.append(alike / ((m**2 + n**2 + c1) * (cov[0, 0] + cov[1, 1] + c2)))
    return np.mean(scores)


@pytest.mark.parametrize("h, w, window", [(12, 9, 7), (7, 7, 7), (6, 9, 5), (5, 5, 5), (4, 8, 3), (3, 3, 3)])
def test_ssim_is_the_formula(h, w, window):
    truth = noise(6, h, w, 3)
    estimate = (truth // 2 + noise(7, h, w, 3) // 4).astype(np.uint8)
    by_hand = np.mean([slow_ssim(estimate[..., c], truth[..., c], window) for c in range(3)])
    assert ssim(estimate, truth) == pytest.approx(by_hand, abs=1e-9)
    assert ssim(truth, truth) == pytest.approx(1)


def test_ssim_works_on_small_batches():
    a, b = noise(8, 3, 32, 32, 3), noise(9, 3, 32, 32, 3)
    assert ssim(a, b) == pytest.approx(np.mean([ssim(x, y) for x, y in zip(a, b)]))
    assert abs(ssim(a, b)) < 0.1 and ssim(np.stack([a[0], b[0]]), np.stack([a[0], a[0]])) == pytest.approx(
        (1 + ssim(b[0], a[0])) / 2
    )


def test_edge_map_by_hand():
    image = np.zeros((3, 4, 3), np.uint8)
    # luma 2990 thousandths, a corner: across -1 and down -1 at (1, 1), nothing at (1, 2)
    image[0, 0] = 10, 0, 0
    image[2, 3] = 0, 20, 0  # luma 11740, the far corner of (1, 2)
    assert np.allclose(edge_map(image), [[math.hypot(2990, 2990), math.hypot(11740, 11740)]])
    ramp = np.repeat(
        np.arange(0, 60, 10, dtype=np.uint8)[:, None, None] + np.zeros((1, 5, 1), np.uint8), 3, axis=2
    )
    assert np.array_equal(edge_map(ramp), np.full((4, 3), 80_000.0))
    blue = np.zeros((3, 3, 3), np.uint8)
    blue[:, 2, 2] = 100
    assert edge_map(blue) == [[4 * 11400]]


def test_edge_map_is_sobels():
    from scipy import ndimage

    image = noise(10, 9, 13, 3)
    luma = image @ np.array([0.299, 0.587, 0.114])
    expected = np.hypot(ndimage.sobel(luma, 0), ndimage.sobel(luma, 1))[1:-1, 1:-1]
    assert np.allclose(edge_map(image), 1000 * expected)


def test_edge_correlation_by_hand():
    a, b = noise(11, 5, 4, 3), noise(12, 5, 4, 3)
    p, q = (edge_map(x).ravel() - edge_map(x).mean() for x in (a, b))
    assert edge_correlation(a, b) == pytest.approx((p @ q) / math.sqrt((p @ p) * (q @ q)))
    assert edge_correlation(a, a) == pytest.approx(1)
    pair = edge_correlation(np.stack([a, a]), np.stack([b, a]))
    assert pair == pytest.approx((edge_correlation(a, b) + 1) / 2)


@pytest.mark.parametrize("flat", ["constant", "ramp"])
def test_a_map_without_edges_correlates_with_nothing(flat):
    image = np.full((32, 32, 3), (77, 33, 201), np.uint8)
    if flat == "ramp":
        image[:] = (np.arange(32) * 7)[:, None]
    assert (
        edge_correlation(image, image)
        == edge_correlation(image, noise(13, 32, 32, 3))
        == edge_correlation(noise(13, 32, 32, 3), image)
        == 0.0
    )


def test_invariant_by_hand():
    image = np.array([[[0, 255, 128], [200, 10, 250]]], np.uint8)
    assert invariant(image).tolist() == [[[0, 0, 127], [5, 10, 55]]]
    assert invariant(image[None]).shape == (1, 1, 2, 3) and invariant(image).dtype == np.uint8


# -- what the scores see -------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour_shuffle", [True, False])
def test_the_invariant_is_what_skk_leaves_in_place(colour_shuffle):
    plain = noise(14, 5, 16, 16, 3)
    for scheme in (
        SKK(Key.from_seed(1), colour_shuffle=colour_shuffle),
        SKK(Key.from_seed(2), colour_shuffle=colour_shuffle, per_image=True),
    ):
        cipher = scheme.encrypt(plain, ids=range(5)) if scheme.per_image else scheme.encrypt(plain)
        assert exact(cipher, plain) < 0.6
        assert np.array_equal(invariant(cipher), invariant(plain)) and report(cipher, plain)["invariant"] == 1
    for other in (
        OneTimePad(Key.from_seed(1)).encrypt(plain, ids=range(5)),
        Tanaka(Key.from_seed(1)).encrypt(plain),
    ):
        assert report(other, plain)["invariant"] < 0.05


def fold(images):
    return np.minimum(images, 255 - images)


def test_psnr_calls_a_readable_attack_a_failure():
    """The leading-bit attack on negative-positive SKK is the whole invariant, readable, and hardly moves the
    PSNR."""
    plain = photo("astronaut", 256)
    cipher = SKK(Key.from_seed(1), colour_shuffle=False).encrypt(plain)
    assert np.array_equal(fold(cipher), fold(plain))
    before, after = report(cipher, plain), report(fold(cipher), plain)
    assert abs(before["edge_correlation"]) < 0.15 and after["edge_correlation"] > 0.7
    assert before["psnr"] < after["psnr"] < before["psnr"] + 2


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "rocket"])
def test_psnr_calls_a_readable_negative_a_failure(name):
    plain = photo(name, 128)
    pad = OneTimePad(Key.from_seed(3)).encrypt(plain, ids=0)
    negative, control = report(255 - plain, plain), report(pad, plain)
    assert negative["psnr"] < control["psnr"] and negative["exact"] < 0.001
    assert negative["psnr_up_to_complement"] == math.inf and negative["edge_correlation"] == pytest.approx(1)
    assert abs(control["edge_correlation"]) < 0.05 and control["exact"] == pytest.approx(1 / 256, abs=0.001)
    assert control["psnr_up_to_complement"] < 10 and abs(control["ssim"]) < 0.05


def test_report_holds_every_score():
    truth, estimate = changed(noise(15, 2, 9, 8, 3), 20)
    scores = report(estimate, truth)
    assert {score.__name__: score(estimate, truth) for score in SCORES} == {
        k: v for k, v in scores.items() if k != "invariant"
    }
    assert scores["invariant"] == exact(invariant(estimate), invariant(truth)) < 1
    assert all(type(value) is float for value in scores.values())
    equal = {
        "exact": 1.0,
        "psnr": math.inf,
        "psnr_up_to_complement": math.inf,
        "ssim": 1.0,
        "edge_correlation": 1.0,
        "invariant": 1.0,
    }
    assert report(truth, truth) == pytest.approx(equal)


# -- the door ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", [*SCORES, report], ids=lambda score: score.__name__)
@pytest.mark.parametrize("estimate, truth, error, message", [
    (noise(1, 8, 8, 3) / 255, noise(1, 8, 8, 3), TypeError, "expected uint8"),
    (noise(1, 8, 8, 3), noise(1, 8, 8, 3).astype(np.int16), TypeError, "expected uint8"),
    (noise(1, 8, 9, 3), noise(1, 9, 8, 3), ValueError, r"differ in shape: \(8, 9, 3\) and \(9, 8, 3\)"),
    (noise(1, 2, 8, 8, 3), noise(1, 3, 8, 8, 3), ValueError, "differ in shape"),
    (noise(1, 1, 8, 8, 3), noise(1, 8, 8, 3), ValueError, r"differ in shape: \(1, 8, 8, 3\) and \(8, 8, 3\)"),
    (noise(1, 8, 8), noise(1, 8, 8), ValueError, "grey"),
    (noise(1, 0, 8, 8, 3), noise(1, 0, 8, 8, 3), ValueError, "at least one image"),
    ([1, 2], noise(1, 8, 8, 3), TypeError, "np.stack"),
], ids=["float", "int16", "sizes", "counts", "single-batch", "grey", "none", "list"])  # fmt: skip
def test_scores_refuse(score, estimate, truth, error, message):
    with pytest.raises(error, match=message):
        score(estimate, truth)


@pytest.mark.parametrize("score", [ssim, edge_correlation])
def test_too_small_for_a_window(score):
    with pytest.raises(ValueError, match="3x3 pixels or more, got 2x8"):
        score(noise(1, 2, 8, 3), noise(2, 2, 8, 3))


def test_kinds_agree_and_the_input_is_not_changed():
    a, b = noise(16, 2, 9, 8, 3), noise(17, 2, 9, 8, 3)
    kept = a.copy(), b.copy()
    tensors = [torch.from_numpy(x).movedim(-1, -3) for x in (a, b)]
    assert report(*tensors) == report(a, b)
    assert report(Image.fromarray(a[0]), Image.fromarray(b[0])) == report(a[0], b[0])
    assert np.array_equal(a, kept[0]) and np.array_equal(b, kept[1])
    a.setflags(write=False)
    assert metrics.report(a, b) == report(kept[0], b)
