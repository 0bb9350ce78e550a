"""The jigsaw on grey ciphertexts: textures by hand, luma told apart, success and doubt, errors."""

import numpy as np
import pytest

from lib import Key, metrics
from lib.attacks.catalogue import Known, by_name
from lib.attacks.one_ciphertext.grey_jigsaw import grey_jigsaw, luma_odds, textures
from lib.colours import luma
from lib.datasets import load, photo
from lib.schemes import GrayscaleEtC, OneTimePad
from lib.tiling import cut
from lib.workbook import attack_matrix

PUBLIC = load("photos", "train", limit=600).images
MOVES = ("turns", "complement")


def true_luma(scheme, shape):
    """Which blocks of a ciphertext come from the luma plane, by its table."""
    h, w, _ = shape
    index = scheme.table(shape).index.reshape(1, h, 3 * w, 1)
    return (cut(index, scheme.block)[0, :, 0, 0, 0] % (3 * w)) < w


def slow_texture(block):
    """Of one block (b, b), value by value."""
    b = len(block)
    steps = [abs(int(block[y, x + 1]) - int(block[y, x])) for y in range(b) for x in range(b - 1)]
    steps += [abs(int(block[y + 1, x]) - int(block[y, x])) for y in range(b - 1) for x in range(b)]
    f = [
        np.log(np.mean(steps) + 0.1),
        np.log(np.quantile(steps, 0.9) + 0.5),
        np.log(np.std(block) + 0.3),
        np.log(abs(np.mean(block) - 127.5) + 1),
        np.log(steps.count(0) / len(steps) + 0.01),
    ]
    return [*f, *(x * x for x in f), f[0] * f[3]]


def test_textures_by_hand_and_whatever_was_done_to_a_block():
    blocks = np.random.default_rng(0).integers(90, 160, (2, 3, 8, 8, 1), np.uint8)
    expected = [slow_texture(block[..., 0]) for block in blocks.reshape(6, 8, 8, 1)]
    np.testing.assert_allclose(textures(blocks), expected)
    for changed in (np.rot90(blocks, axes=(2, 3)), blocks[:, :, ::-1], 255 - blocks):
        np.testing.assert_allclose(textures(np.ascontiguousarray(changed)), expected)


def test_luma_is_told_apart_on_a_photograph_that_taught_nothing():
    scheme = GrayscaleEtC(Key.from_seed(1), block=16)
    others = np.stack([photo(name, 256) for name in ("coffee", "rocket", "astronaut")])
    image = photo("chelsea", 256)[None]
    truth = true_luma(scheme, image.shape[1:])
    odds = luma_odds(cut(scheme.encrypt(image)[..., None], 16), 16, (others,))
    chosen = np.argsort(-odds)[: truth.sum()]
    assert truth.sum() == 256 and truth[chosen].mean() > 0.8  # by chance 0.33


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_large_blocks_of_one_picture(name):
    image = photo(name, 128)[None]
    result = grey_jigsaw(GrayscaleEtC(Key.from_seed(2), block=32).encrypt(image), 32)
    assert result.estimate.shape == image.shape and result.estimate.dtype == np.uint8
    assert metrics.neighbours(result.estimate, luma(image), 32) >= 0.7
    assert result.confidence.shape == (4, 4) and result.recovered["luma"].sum() == 16
    assert sorted(result.recovered["block"].ravel()) == list(np.flatnonzero(result.recovered["luma"]))


def test_small_blocks_fall_with_one_key_and_do_not_alone():
    """A picture of 32x32 has 16 blocks of luma: one alone stays a puzzle, and says so; ten of one key are
    read."""
    targets, shares, surest = attack_matrix.pictures().targets, [], []
    for seed in range(3):
        images = targets[np.random.default_rng(seed).permutation(len(targets))[:10]]
        ciphers = GrayscaleEtC(Key.from_seed(seed), block=8).encrypt(images)
        result = grey_jigsaw(ciphers, 8, public=attack_matrix.pictures().others)
        shares.append(metrics.neighbours(result.estimate, luma(images), 8))
        surest.append(grey_jigsaw(ciphers[:1], 8).confidence.mean())
    assert min(shares) > 0.9 and max(surest) < 0.3


@pytest.mark.parametrize("side, block", [(64, 8), (128, 32), (256, 16)])
def test_a_pad_gets_no_confidence(side, block):
    pad = OneTimePad(Key.from_seed(3)).encrypt(np.zeros((1, side, 3 * side, 3), np.uint8), ids=[0])[..., 0]
    assert grey_jigsaw(pad, block).confidence.max() < 0.01


@pytest.mark.parametrize("used, told", [(32, 16), (16, 32), (8, 16)])
def test_another_block_size_gives_no_confident_wrong_answer(used, told):
    image = photo("coffee", 128)[None]
    result = grey_jigsaw(GrayscaleEtC(Key.from_seed(4), block=used).encrypt(image), told)
    right = metrics.neighbours(result.estimate, luma(image), told)
    assert result.confidence.mean() < max(0.3, right)


def test_it_is_called_by_name_and_the_matrix_compares_in_colour():
    attack = by_name("one-key-grey")
    images = attack_matrix.pictures().targets[:5]
    result = attack.run(Known(GrayscaleEtC(Key.from_seed(5)).encrypt(images), public=PUBLIC), block=8)
    assert result.estimate.shape == images.shape
    cell = attack_matrix.cell(attack, "etc-gray", attack_matrix.pictures(), 0)
    assert cell["verdict"] == "broken" and cell["scores"]["control"]["edge_correlation"] < 0.2


CIPHER = np.random.default_rng(0).integers(0, 256, (1, 32, 96), np.uint8)


@pytest.mark.parametrize(
    "ciphers, block, error, says",
    [
        (CIPHER[0], 8, ValueError, "one image is x[None]"),
        (np.repeat(CIPHER[..., None], 3, 3), 8, ValueError, "grey"),
        (CIPHER[:, :, :88], 8, ValueError, "w a multiple of 8"),
        (CIPHER.astype(float), 8, TypeError, "uint8"),
        (CIPHER, 32, ValueError, "2x2"),
        (np.full_like(CIPHER, 7), 8, ValueError, "of one grey"),
    ],
)
def test_what_it_cannot_read_is_said(ciphers, block, error, says):
    with pytest.raises(error, match="(?s)" + says.replace("[", r"\[").replace("]", r"\]")):
        grey_jigsaw(ciphers, block)
