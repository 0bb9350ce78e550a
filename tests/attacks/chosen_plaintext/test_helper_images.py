"""Chang and Case as published: equal to their decoding in loops, helpless against the control."""

import numpy as np
import pytest

from lib import Key, datasets
from lib.attacks import oracle_for
from lib.attacks.chosen_plaintext.helper_images import chang_case_blocks, chang_case_pixels
from lib.schemes import SKK, OneTimePad, Tanaka

SECRET = np.ascontiguousarray(datasets.load("photos", "test", 4).images[:, :16, :24])
NOISE = np.random.default_rng(5).integers(0, 256, (4, 16, 24, 3), np.uint8)


def chang_case_by_hand(scheme, block):
    """The published decoding, loop by loop: (index, mask) of a block's bytes, index -1 where it finds
    nothing."""
    size = 3 * block * block
    index, mask = [-1] * size, [0] * size
    for pixel in range(block * block):
        helper = np.zeros((block, block, 3), np.uint8)
        helper[pixel // block, pixel % block] = (1, 2, 3)
        answer = scheme.encrypt(helper).ravel()
        for place in range(size):
            if 127 < answer[place] < 255:
                mask[place] = 255
    for pixel in range(block * block):
        helper = np.zeros((block, block, 3), np.uint8)
        helper[pixel // block, pixel % block] = (1, 2, 3)
        answer = scheme.encrypt(helper).ravel()
        for place in range(size):
            value = answer[place] ^ mask[place]
            if value in (1, 2, 3) and index[place] < 0:
                index[place] = 3 * pixel + value - 1
    return index, mask


@pytest.mark.parametrize("block", [2, 4, 8])
@pytest.mark.parametrize("bits", [8, 4])
def test_chang_and_case_as_published(block, bits):
    scheme = Tanaka(Key.from_seed(6), block=block, bits=bits)
    result = chang_case_blocks(oracle_for(scheme), scheme.encrypt(SECRET), block)
    index, mask = chang_case_by_hand(scheme, block)
    assert (result.recovered["index"] == index).all() and (result.recovered["mask"] == mask).all()
    assert result.queries == block**2
    exact = (result.estimate == SECRET).mean()
    assert (
        (exact == 1.0 and result.confidence == 1.0)
        if bits == 8
        else (exact < 0.1 and result.confidence == 0.0)
    )


@pytest.mark.parametrize("colour_shuffle", [True, False])
def test_one_image_reads_skk(colour_shuffle):
    scheme = SKK(Key.from_seed(6), colour_shuffle=colour_shuffle)
    result = chang_case_pixels(oracle_for(scheme), scheme.encrypt(SECRET))
    assert (result.estimate == SECRET).all() and result.queries == 1 and result.confidence == 1.0


@pytest.mark.parametrize("attack", [chang_case_blocks, chang_case_pixels], ids=lambda attack: attack.__name__)
def test_the_published_attacks_fail_on_the_control(attack):
    scheme = OneTimePad(Key.from_seed(6))
    result = attack(oracle_for(scheme), scheme.encrypt(SECRET, ids=range(900, 904)))
    assert abs((result.estimate == SECRET).mean() - 1 / 256) < 0.01 and result.confidence == 0.0


def test_pictures_of_noise_are_read_right_and_called_uncertain():
    scheme = SKK(Key.from_seed(6))
    result = chang_case_pixels(oracle_for(scheme), scheme.encrypt(NOISE))
    assert (result.estimate == NOISE).all() and result.confidence == 0.0
