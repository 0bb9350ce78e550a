"""Ranks against a slow specification; chance is the mean rank."""

import math

import numpy as np
import pytest

from lib import metrics
from tests.metrics import noise


def slow_ranks(estimates, candidates):
    """For each estimate: 1, and one for each candidate that is better than the truth, and a half for each as
    good."""

    def luma(image):
        return [299 * int(r) + 587 * int(g) + 114 * int(b) for r, g, b in image.reshape(-1, 3)]

    def correlation(a, b):
        (a, b), n = (luma(a), luma(b)), len(luma(a))
        da, db = [x - sum(a) / n for x in a], [x - sum(b) / n for x in b]
        size = math.sqrt(sum(x * x for x in da) * sum(x * x for x in db))
        return sum(x * y for x, y in zip(da, db)) / size if size else 0.0

    out = []
    for i, estimate in enumerate(estimates):
        found = [correlation(estimate, candidate) for candidate in candidates]
        equal = [abs(value - found[i]) < 1e-9 for value in found]
        out.append(1 + sum(v > found[i] and not e for v, e in zip(found, equal)) + (sum(equal) - 1) / 2)
    return out


@pytest.mark.parametrize("seed", range(4))
def test_ranks_are_those_of_the_slow_specification(seed):
    """Estimates from noise to the truth; two candidates are equal, one is flat, as is one estimate, and one
    is a negative."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 256, (14, 4, 6, 3), np.uint8)
    truth[3], truth[5] = truth[9], 77
    share = np.linspace(0, 1, 14)[:, None, None, None]
    estimates = (share * truth + (1 - share) * rng.integers(0, 256, truth.shape)).astype(np.uint8)
    estimates[1], estimates[2] = 200, 255 - truth[2]
    found = metrics.ranks(estimates, truth)
    assert found.tolist() == slow_ranks(estimates, truth)
    assert found[9] == found[13] + 0.5 == 1.5 and found[2] == 14 and 2 < found[1] < 13


def test_ranks_ask_for_shape_alone():
    truth = noise(7, 20, 8, 8, 3)
    darker = (truth // 4 + 10).astype(np.uint8)
    assert (metrics.ranks(darker, truth) == 1).all() and metrics.exact(darker, truth) < 0.1
    assert metrics.retrieval(darker, truth) == {"median": 1, "mean": 1, "top": 1}
    assert metrics.retrieval(255 - truth, truth) == {"median": 20, "mean": 20, "top": 0}


@pytest.mark.parametrize("estimates", [
    np.full((300, 6, 6, 3), 9, np.uint8), noise(1, 300, 6, 6, 3),
    np.repeat(noise(2, 1, 6, 6, 3), 300, axis=0), noise(3, 300, 6, 6, 3)[np.r_[1:300, 0]],
], ids=["flat", "noise", "one picture", "the next one's truth"])  # fmt: skip
def test_what_knows_nothing_has_the_mean_rank_of_chance(estimates):
    truth = noise(3, 300, 6, 6, 3)
    found = metrics.retrieval(estimates, truth)
    assert abs(found["mean"] - 150.5) < 3 * 300 / math.sqrt(12 * 300) and found["top"] < 0.04
    assert metrics.retrieval(truth, truth)["mean"] == 1


def test_retrieval_says_how_many_are_among_the_first_hundredth():
    truth = noise(8, 300, 6, 6, 3)
    mixed = truth.copy()
    mixed[150:] = 255 - truth[150:]
    found = metrics.retrieval(mixed, truth)
    assert found["top"] == 0.5 and found["median"] == 150.5 and found["mean"] == 150.5


def test_one_image_has_no_rank():
    with pytest.raises(ValueError, match="2 or more candidates, got 1"):
        metrics.ranks(noise(1, 1, 4, 4, 3), noise(1, 1, 4, 4, 3))
