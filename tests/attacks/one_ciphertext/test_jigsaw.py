"""The jigsaw: success, doubt, errors."""

import numpy as np
import pytest

from lib import Key, metrics
from lib.attacks.one_ciphertext.jigsaw import STEPS, jigsaw
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.datasets import load, photo
from lib.schemes import SKK, EtC, OneTimePad
from lib.tiling import cut

MOVES = ("turns", "complement", "colours")
PUBLIC = load("photos", "train", limit=600).images


def shuffled(image, block, seed, steps=STEPS):
    """(1, h, w, 3): one image after some of the steps of EtC."""
    out = image[None]
    for name, step in EtC(Key.from_seed(seed), block=block).steps(image.shape).items():
        out = step.apply(out) if name in steps else out
    return out


@pytest.mark.parametrize("name", ["astronaut", "coffee", "motorcycle", "chelsea"])
@pytest.mark.parametrize(
    "block, least", [(32, 0.95), (16, 0.85)]
)  # black, and leaves out of focus, have many neighbours
def test_everything_on_and_the_picture_is_back(name, block, least):
    image = photo(name, 256)
    ciphers = EtC(Key.from_seed(block), block=block).encrypt(image[None])
    result = jigsaw(ciphers, block, public=PUBLIC, tries=300)
    assert metrics.neighbours(result.estimate[0], image, block) > least
    if block == 32:
        assert metrics.direct(metrics.nearest(result.estimate, image[None], MOVES), image[None], block) > 0.95
    assert result.confidence.shape == (256 // block,) * 2 and result.confidence.mean() > 0.7
    index, mask = result.recovered["index"], result.recovered["mask"]
    assert (decrypt_with(ciphers, index, mask, bits=8) == result.estimate).all()


def test_an_image_that_is_not_square():
    image = photo("coffee")[:192, :320]
    result = jigsaw(EtC(Key.from_seed(4), block=32).encrypt(image[None]), 32, public=PUBLIC, tries=100)
    assert result.estimate.shape == (1, 192, 320, 3)
    assert metrics.neighbours(result.estimate[0], image, 32) == 1


@pytest.mark.parametrize(
    "steps", [STEPS[:1], STEPS[:2], STEPS[:3], (STEPS[0], STEPS[3])], ids=lambda s: s[-1]
)
def test_fewer_steps_are_a_smaller_puzzle(steps):
    image = photo("chelsea", 128)
    result = jigsaw(shuffled(image, 16, 5, steps), 16, steps, public=PUBLIC, tries=100)
    assert metrics.neighbours(result.estimate[0], image, 16) > 0.95
    if steps == STEPS[:1]:
        assert (result.estimate == image).all() and result.recovered["settled"] == 1
        assert (result.recovered["mask"] == 0).all()


def test_three_ciphertexts_under_one_key_give_what_one_does_not():
    images, scores = load("photos", "test").images, []
    for seed in range(4):
        batch = images[np.random.default_rng(seed).choice(len(images), 3, replace=False)]
        ciphers = EtC(Key.from_seed(seed), block=4).encrypt(batch)
        scores.append(
            [
                np.mean(
                    [
                        metrics.neighbours(a, b, 4)
                        for a, b in zip(jigsaw(ciphers[:n], 4, public=PUBLIC, tries=50).estimate, batch)
                    ]
                )
                for n in (1, 3)
            ]
        )
    one, three = np.median(scores, axis=0)
    assert one < 0.5 and three > 0.95


@pytest.mark.parametrize("name", ["retina", "rocket", "hopper"])
def test_small_pieces_of_small_images_fail_and_the_confidence_says_so(name):
    image = photo(name, 64)
    result = jigsaw(EtC(Key.from_seed(3), block=4).encrypt(image[None]), 4, public=PUBLIC, tries=20)
    right = (cut(metrics.nearest(result.estimate, image[None], MOVES), 4) == cut(image[None], 4)).all(
        axis=(0, 2, 3, 4)
    )
    assert result.confidence.mean() < right.mean() + 0.2


@pytest.mark.parametrize("block, side", [(8, 64), (32, 256), (16, 192)])
def test_the_one_time_pad_resists(block, side):
    image = photo("coffee", side)[None]
    result = jigsaw(OneTimePad(Key.from_seed(3)).encrypt(image, ids=[0]), block, public=PUBLIC, tries=20)
    assert metrics.neighbours(result.estimate, image, block) == 0
    assert result.confidence.max() < 0.05


@pytest.mark.parametrize(
    "scheme", [SKK(Key.from_seed(3)), EtC(Key.from_seed(3), block=4)], ids=lambda s: s.name
)
def test_another_scheme_or_a_smaller_block_gets_no_confidence(scheme):
    result = jigsaw(scheme.encrypt(photo("coffee", 64)[None]), 8, public=PUBLIC, tries=20)
    assert result.confidence.max() < 0.3


def test_the_same_answer_twice():
    ciphers = EtC(Key.from_seed(6), block=8).encrypt(photo("flower", 64)[None])
    first, second = (jigsaw(ciphers, 8, public=PUBLIC, tries=30) for _ in range(2))
    assert (first.estimate == second.estimate).all() and (first.confidence == second.confidence).all()


@pytest.mark.parametrize(
    "side, block, steps, message",
    [
        (30, 4, STEPS, "multiple of"),
        (32, 1, STEPS, "2 pixels or more, got 1"),
        (16, 16, STEPS, "expected 2x2 to 4096 blocks, got 1x1"),
        (130, 2, STEPS, "got 65x65; crop, or use larger blocks"),
        (32, 8, STEPS[1:], "the first among them"),
        (32, 8, ("permute", "turn"), "expected steps out of"),
    ],
)
def test_errors_say_what_came_and_what_is_expected(side, block, steps, message):
    with pytest.raises(ValueError, match=message):
        jigsaw(photo("coffee", side)[None], block, steps)
    with pytest.raises(ValueError, match="of one colour"):
        jigsaw(np.full((1, 32, 32, 3), 9, np.uint8), 8)
