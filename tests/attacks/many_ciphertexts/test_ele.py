"""ELE with one key, ciphertexts alone: success on photos, doubt on failures."""

import numpy as np
import pytest

from lib import Key
from lib.attacks.many_ciphertexts.ele import correlations, ele_one_key
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.datasets import load
from lib.metrics import exact, nearest
from lib.schemes import ExtendedTanaka, OneTimePad
from tests.attacks.processes import answers_elsewhere

PHOTOS = load("photos", "test").images
OPEN = ("turns", "complement", "colours")


def some(n, seed, side=32):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False), :side, :side]


def test_correlations_are_those_of_numpy():
    values = np.random.default_rng(7).normal(size=(2, 30, 5)).astype(np.float32)
    assert correlations(values)[1] == pytest.approx(np.corrcoef(values[1].T), abs=1e-4)


@pytest.fixture(scope="module")
def many():
    images, scheme = some(200, 0), ExtendedTanaka(Key.from_seed(0))
    ciphers = scheme.encrypt(images)
    return scheme, images, ciphers, ele_one_key(ciphers)


def test_two_hundred_ciphertexts_give_every_bit(many):
    _, images, _, result = many
    assert exact(nearest(result.estimate, images, OPEN), images) == 1
    assert result.confidence.shape == (8, 8) and result.confidence.min() > 0.5
    assert 0 < result.recovered["settled"] <= 1


def test_the_recovered_table_decrypts_other_images(many):
    scheme, _, ciphers, result = many
    index, mask = result.recovered["index"], result.recovered["mask"]
    assert (decrypt_with(ciphers, index, mask) == result.estimate).all()
    others = some(40, 1)
    assert exact(nearest(decrypt_with(scheme.encrypt(others), index, mask), others, OPEN), others) == 1


@pytest.mark.parametrize(
    "options", [{"block": 2, "side": 16}, {"bits": 2, "side": 16}], ids=["block 2", "2 bits"]
)
def test_other_blocks_and_splits(options):
    side = options.pop("side")
    images = some(150, 8, side)
    result = ele_one_key(ExtendedTanaka(Key.from_seed(8), **options).encrypt(images), **options)
    assert exact(nearest(result.estimate, images, OPEN), images) > 0.95


def test_the_key_as_published_falls_alike():
    images = some(200, 9)
    scheme = ExtendedTanaka(Key.from_seed(9), as_published="block-wise-scrambled")
    assert exact(nearest(ele_one_key(scheme.encrypt(images)).estimate, images, OPEN), images) == 1


ELSEWHERE = """
import hashlib
from lib import Key
from lib.attacks.many_ciphertexts.ele import ele_one_key
from lib.datasets import load
from lib.schemes import ExtendedTanaka
images = load("photos", "test").images[::9, :16, :16]
found = ele_one_key(ExtendedTanaka(Key.from_seed(4)).encrypt(images))
parts = found.estimate, found.recovered["index"], found.recovered["mask"], found.confidence.round(2)
print([hashlib.sha256(part.tobytes()).hexdigest() for part in parts])
"""


def test_other_processes_give_the_same():
    assert len(answers_elsewhere(ELSEWHERE)) == 1


@pytest.mark.parametrize("n", [10, 60])
def test_the_one_time_pad_resists(n):
    images = some(n, 1, 16)
    result = ele_one_key(OneTimePad(Key.from_seed(3)).encrypt(images, ids=np.arange(n)))
    assert abs((result.estimate == images).mean() - 1 / 256) < 0.02
    assert result.confidence.max() < 0.1


def test_a_few_images_are_not_enough_and_the_confidence_says_so():
    images = some(8, 0)
    result = ele_one_key(ExtendedTanaka(Key.from_seed(0)).encrypt(images))
    assert exact(nearest(result.estimate, images, OPEN), images) < 0.9
    assert result.confidence.mean() < 0.3


def test_another_block_size_gets_no_confidence():
    result = ele_one_key(ExtendedTanaka(Key.from_seed(5), block=8).encrypt(some(40, 5, 16)))
    assert result.confidence.max() < 0.2


def test_a_key_for_each_image_resists():
    images = some(40, 6, 16)
    scheme = ExtendedTanaka(Key.from_seed(6), per_image=True)
    result = ele_one_key(scheme.encrypt(images, ids=range(40)))
    assert result.confidence.max() < 0.1


@pytest.mark.parametrize(
    "ciphers, options, words",
    [
        (PHOTOS[0], {}, "a batch"),
        (PHOTOS[:9, :30], {}, "multiple of"),
        (PHOTOS[:7], {}, "8 or more"),
        (PHOTOS[:9, :4], {}, "expected 2x2 to 400 blocks, got 1x8"),
        (PHOTOS[:9], {"bits": 8}, "4 or 2 bits"),
        (PHOTOS[:9], {"block": 1}, "blocks of 2"),
        (np.zeros((9, 32, 32, 3), np.uint8), {}, "flat"),
    ],
)
def test_unfit_input_is_named(ciphers, options, words):
    with pytest.raises(ValueError, match=words):
        ele_one_key(ciphers, **options)
