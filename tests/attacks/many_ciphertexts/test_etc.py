"""EtC with one key: success, doubt, errors."""

import numpy as np
import pytest

from lib import Key
from lib.attacks.many_ciphertexts.etc import etc_one_key
from lib.attacks.solvers.ambiguity import view
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.datasets import load, photo
from lib.schemes import SKK, EtC, OneTimePad
from lib.symmetries import oriented
from lib.tiling import cut
from tests.attacks.processes import answers_elsewhere

PHOTOS = load("photos", "test").images
# the same ten photographs, but no pixel of the test patches
PUBLIC = load("photos", "train", limit=600).images


def some(n, seed, side=32):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False), :side, :side]


def right_blocks(estimate, images, block):
    """The share of blocks that are exact in their places, for the best turn, mirror, sign and colour order of
    all."""
    options = [(o, sign, c) for o in range(8) for sign in range(2) for c in range(6)]
    images, truth = images[:3], cut(images[:3], block)  # three tell blocks apart
    views = (view(estimate[:3], *option) for option in options)
    return max(
        (cut(v, block) == truth).all(axis=(0, 2, 3, 4)).mean() for v in views if v.shape == images.shape
    )


@pytest.mark.parametrize("seed", range(3))
def test_fifty_ciphertexts_give_every_block(seed):
    images, scheme = some(50, seed), EtC(Key.from_seed(seed))
    ciphers = scheme.encrypt(images)
    result = etc_one_key(ciphers, public=PUBLIC)
    assert right_blocks(result.estimate, images, 4) == 1
    assert result.confidence.shape == (8, 8) and result.confidence.mean() > 0.9
    index, mask = result.recovered["index"], result.recovered["mask"]
    assert (decrypt_with(ciphers, index, mask, bits=8) == result.estimate).all()


@pytest.mark.parametrize("n, least", [(3, 0.9), (5, 1), (29, 1), (30, 1)])
def test_a_few_ciphertexts_give_nearly_every_block(n, least):
    for seed in range(2):
        images = some(n, seed)
        result = etc_one_key(EtC(Key.from_seed(seed)).encrypt(images), public=PUBLIC)
        assert right_blocks(result.estimate, images, 4) >= least


def test_public_pictures_settle_sign_and_colours():
    exact = []
    for seed in range(3):
        images = some(60, 20 + seed)
        estimate = etc_one_key(EtC(Key.from_seed(50 + seed)).encrypt(images), public=PUBLIC).estimate
        exact.append(max((oriented(estimate, orientation) == images).mean() for orientation in range(8)))
    assert np.sum(np.array(exact) > 0.999) >= 2


def test_public_pictures_with_a_sky_turn_the_images_up():
    """Patches of photographs have no above; under a sky they have."""
    sky = np.linspace(1, 0, 32)[:, None, None] * [60, 90, 150] / 150
    images, public = (np.uint8(x * (1 - sky) + 255 * sky) for x in (some(40, 7), PUBLIC))
    estimate = etc_one_key(EtC(Key.from_seed(11)).encrypt(images), public=public).estimate
    assert max((view == images).mean() for view in (estimate, estimate[:, :, ::-1])) > 0.999


def test_blocks_of_eight_and_images_that_are_not_square():
    crops = np.stack(
        [photo(name, 96)[16:80, 8:88] for name in ("astronaut", "chelsea", "coffee", "rocket", "flower")]
    )
    result = etc_one_key(EtC(Key.from_seed(9), block=8).encrypt(crops), block=8, public=PUBLIC)
    assert result.confidence.shape == (8, 10)
    assert right_blocks(result.estimate, crops, 8) > 0.95


def test_a_single_small_image_is_not_enough_and_the_confidence_says_so():
    for seed in range(3):
        images = some(1, seed)
        result = etc_one_key(EtC(Key.from_seed(seed)).encrypt(images), public=PUBLIC)
        assert right_blocks(result.estimate, images, 4) < 0.5
        assert result.confidence.mean() < 0.3


ELSEWHERE = """
import hashlib, numpy as np
from lib import Key
from lib.attacks.many_ciphertexts.etc import etc_one_key
from lib.datasets import load
from lib.schemes import EtC
images = load("photos", "test").images
digest = hashlib.sha256()
for n in (5, 50):
    picked = images[np.random.default_rng(25).permutation(len(images))[:n]]
    found = etc_one_key(EtC(Key.from_seed(25)).encrypt(picked))
    key = found.recovered["index"], found.recovered["mask"]
    for part in (found.estimate, *key, found.confidence.round(6)):
        digest.update(np.ascontiguousarray(part).tobytes())
print(digest.hexdigest())
"""


def test_other_processes_give_the_same_to_the_last_bit():
    assert len(answers_elsewhere(ELSEWHERE)) == 1


@pytest.mark.parametrize("n", [1, 5, 50])
def test_the_one_time_pad_resists(n):
    images = some(n, 1)
    result = etc_one_key(OneTimePad(Key.from_seed(3)).encrypt(images, ids=np.arange(n)), public=PUBLIC)
    assert abs((result.estimate == images).mean() - 1 / 256) < 0.02
    assert result.confidence.max() < 0.1


@pytest.mark.parametrize(
    "scheme", [SKK(Key.from_seed(3)), EtC(Key.from_seed(3), block=2)], ids=lambda s: s.name
)
def test_another_scheme_or_a_smaller_block_gets_no_confidence(scheme):
    assert etc_one_key(scheme.encrypt(some(20, 1)), public=PUBLIC).confidence.max() == 0


def test_a_larger_block_is_four_smaller_ones():
    images = some(20, 1)
    result = etc_one_key(EtC(Key.from_seed(3), block=8).encrypt(images), block=4, public=PUBLIC)
    assert right_blocks(result.estimate, images, 4) > 0.95


@pytest.mark.parametrize(
    "ciphers, block, message",
    [
        (some(1, 0)[0], 4, "a batch"),
        (some(2, 0, side=30), 4, "multiple of"),
        (some(2, 0), 1, "2 pixels or more, got 1"),
        (some(2, 0, side=4), 4, "expected 2x2 to 4096 blocks, got 1x1"),
        (np.zeros((1, 260, 260, 3), np.uint8), 4, "got 65x65; crop, or use larger blocks"),
        (np.full((5, 8, 8, 3), 9, np.uint8), 4, "of one colour"),
    ],
)
def test_errors_say_what_came_and_what_is_expected(ciphers, block, message):
    with pytest.raises(ValueError, match=message):
        etc_one_key(ciphers, block)
