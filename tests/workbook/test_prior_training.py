"""Training of the prior of one SKK image: it learns, comes back from its file, and what it is worth."""

import numpy as np
import pytest
import torch

from lib import Key, datasets, metrics
from lib.attacks.one_ciphertext.minimum_difference import minimum_difference
from lib.attacks.solvers.pixel_state_prior import OrbitPrior, states, stored
from lib.schemes import SKK
from lib.workbook import prior_training

PHOTOS = np.stack([datasets.photo(name, 64) for name in ("chelsea", "coffee", "hopper", "motorcycle")])


def test_training_learns_and_does_not_touch_the_global_generator():
    before = torch.random.get_rng_state()
    images = datasets.load("photos", "train", limit=40).images
    network = prior_training.train(images, [PHOTOS[0]], steps=12)
    assert (torch.random.get_rng_state() == before).all()
    pixels = np.arange(0, images[:20].size // 3, 7)
    with torch.no_grad():
        losses = [prior_training.loss(n, images[:20], pixels).item() for n in (OrbitPrior(), network)]
    assert losses[1] < losses[0] - 0.1


def test_a_prior_comes_back_from_its_file(tmp_path):
    prior_training.save(stored(), tmp_path / "prior.npz")
    again, found = (next(states(PHOTOS[:1], prior)) for prior in (stored(tmp_path / "prior.npz"), stored()))
    assert all(np.array_equal(*pair) for pair in zip(again, found))


def test_what_a_prior_is_worth_is_told_beside_minimum_difference_and_constants():
    found = prior_training.worth(stored(), {"four": PHOTOS})["four"]
    ciphers = SKK(Key.from_seed(24), per_image=True).encrypt(PHOTOS, ids=range(4))
    walked = metrics.psnr(minimum_difference(ciphers).estimate[0], PHOTOS[0])
    each = [metrics.psnr(a, b) for a, b in zip(minimum_difference(ciphers).estimate, PHOTOS)]
    assert walked == each[0] and found["minimum difference"][0] == pytest.approx(np.mean(each), abs=1e-3)
    assert found["gain"][0] == pytest.approx(found["prior"][0] - found["minimum difference"][0], abs=2e-3)
    assert found["grey 128"][0] == pytest.approx(
        np.mean([metrics.psnr(np.full_like(b, 128), b) for b in PHOTOS]), abs=1e-3
    )
    assert found["pictures"] == 4
