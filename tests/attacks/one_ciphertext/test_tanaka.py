"""One key for all blocks, ciphertexts alone: success on photos, doubt on failures."""

from itertools import permutations

import numpy as np
import pytest
import skimage
from PIL import Image

from lib import Key
from lib.attacks.one_ciphertext.tanaka import blocks_one_key
from lib.datasets import load, photo
from lib.metrics import exact, nearest
from lib.schemes import BlockShuffle, ExtendedTanaka, NegativePositive, OneTimePad, Tanaka
from lib.table import join, split
from tests.attacks.processes import answers_elsewhere

OPEN = ("colours", "complement")
PATCHES = load("photos", "test").images


def broken(result, plain):
    return exact(nearest(result.estimate, plain, OPEN), plain) == 1


def blocks_of(images, block):
    n, h, w, _ = images.shape
    cut = images.reshape(n, h // block, block, w // block, block, 3).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(n, h // block, w // block, -1)


def test_a_flat_grey_picture_whose_lower_levels_look_alike():
    plain = skimage.data.cell()[:550, :550]
    plain = np.array(Image.fromarray(plain).resize((128, 128), Image.Resampling.LANCZOS))
    plain = np.repeat(plain[None, ..., None], 3, axis=-1)
    assert broken(blocks_one_key(Tanaka(Key.from_seed(77), bits=2).encrypt(plain), bits=2), plain)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])
def test_one_photo_with_its_own_key_comes_back_bit_for_bit(name):
    plain = photo(name, 96)[None]
    result = blocks_one_key(Tanaka(Key.from_seed(len(name))).encrypt(plain))
    assert broken(result, plain) and result.confidence.min() > 0.5


@pytest.mark.parametrize(
    "scheme",
    [
        Tanaka(Key.from_seed(1), block=2),
        Tanaka(Key.from_seed(2), bits=8),
        Tanaka(Key.from_seed(3), bits=2),
        Tanaka(Key.from_seed(4), as_published="icce-tw2018"),
        BlockShuffle(Key.from_seed(5), block=4),
        NegativePositive(Key.from_seed(6), block=4),
    ],
    ids=["block 2", "bytes", "2 bits", "as published", "shf", "np"],
)
def test_every_scheme_with_one_block_key_falls(scheme):
    plain = photo("hopper", 96)[None]
    assert broken(blocks_one_key(scheme.encrypt(plain), scheme.block, getattr(scheme, "bits", 8)), plain)


def test_a_grey_photo_has_three_equal_colours_and_falls_too():
    plain = np.repeat(photo("coffee", 96)[None, :, :, 1:2], 3, axis=3)
    result = blocks_one_key(Tanaka(Key.from_seed(14)).encrypt(plain))
    assert broken(result, plain) and result.confidence.mean() > 0.5


@pytest.mark.parametrize("bits", [4, 2])
@pytest.mark.parametrize("name", ["camera", "text"])
def test_a_grey_picture_is_a_puzzle_of_one_colour(name, bits):
    """Three streams are one, and only the surroundings in its own colour tell where it belongs."""
    plain = np.repeat(
        skimage.transform.resize(getattr(skimage.data, name)()[:170, :170], (96, 96))[..., None], 3, axis=-1
    )
    plain = (255 * plain[None]).round().astype(np.uint8)
    result = blocks_one_key(Tanaka(Key.from_seed(15), bits=bits).encrypt(plain), bits=bits)
    assert broken(result, plain) or result.confidence.mean() < 0.2


def drawing(seed, size=96):
    """Discs and bars of one colour each, with hard edges."""
    rng, (y, x) = np.random.default_rng(seed), np.mgrid[:size, :size]
    picture = np.full((1, size, size, 3), 250, np.uint8)
    for _ in range(8):
        top, left, radius = [*rng.integers(0, size, 2), rng.integers(size // 10, size // 3)]
        disc = (y - top) ** 2 + (x - left) ** 2 < radius**2
        bar = (abs(y - top) < radius) & (abs(x - left) < radius // 2 + 2)
        picture[0, disc if rng.integers(2) else bar] = rng.integers(0, 256, 3)
    return picture


@pytest.mark.parametrize(
    "plain, bits",
    [
        (drawing(0), 4),
        (drawing(1), 4),
        (drawing(2), 2),
        (photo("rocket", 64)[None], 2),
        (photo("retina", 64)[None], 2),
    ],
    ids=["drawing 0", "drawing 1", "drawing 2", "rocket", "retina"],
)
def test_it_is_not_sure_of_what_is_wrong(plain, bits):
    """Pictures that it does not read, or not wholly: most places wrong, and it was half sure before it asked
    the bits below."""
    result = blocks_one_key(Tanaka(Key.from_seed(16), bits=bits).encrypt(plain), bits=bits)
    assert broken(result, plain) or result.confidence.mean() < 0.2


@pytest.mark.parametrize("name, bits", [("coffee", 4), ("hopper", 2), ("chelsea", 8)])
def test_it_is_sure_of_what_is_right(name, bits):
    plain = photo(name, 96)[None]
    result = blocks_one_key(Tanaka(Key.from_seed(17), bits=bits).encrypt(plain), bits=bits)
    assert broken(result, plain) and result.confidence.mean() > 0.8


def test_a_few_small_images_do_as_well():
    plain = np.stack([photo("coffee", 32), photo("china", 32)])
    assert broken(blocks_one_key(Tanaka(Key.from_seed(8)).encrypt(plain)), plain)


def test_the_recovered_table_is_the_key_s_but_for_the_open_choice_and_decrypts_other_images():
    scheme, plain, other = Tanaka(Key.from_seed(9)), photo("chelsea", 96)[None], photo("rocket", 96)[None]
    cipher = scheme.encrypt(plain)
    found = blocks_one_key(cipher).recovered
    table = scheme.table((4, 4, 3))
    wrong = table.mask ^ found["mask"]
    assert len(set(wrong.tolist())) == 1 and wrong[0] in (0, 15)
    pixel, colour, part = found["index"] // 6, found["index"] // 2 % 3, found["index"] % 2
    assert (pixel == table.index // 6).all() and (part == table.index % 2).all()
    assert any((np.array(o)[table.index // 2 % 3] == colour).all() for o in permutations(range(3)))
    atoms = split(blocks_of(scheme.encrypt(other), 4), 4) ^ found["mask"]
    again = join(atoms[..., np.argsort(found["index"])], 4).reshape(1, 24, 24, 4, 4, 3)
    again = again.transpose(0, 1, 3, 2, 4, 5).reshape(other.shape)
    assert exact(nearest(again, other, OPEN), other) == 1


@pytest.mark.parametrize(
    "cipher, bits",
    [
        (OneTimePad(Key.from_seed(10)).encrypt(photo("coffee", 64)[None], ids=[0]), 4),
        (OneTimePad(Key.from_seed(10)).encrypt(PATCHES[:2], ids=[0, 1]), 8),
        (ExtendedTanaka(Key.from_seed(11)).encrypt(photo("coffee", 64)[None]), 4),
        (np.random.default_rng(0).integers(0, 2, (1, 32, 32, 3), np.uint8) * 255, 4),
    ],
    ids=["one-time pad", "one-time pad, bytes", "a key for each block", "two values"],
)
def test_it_doubts_what_it_cannot_read(cipher, bits):
    assert blocks_one_key(cipher, bits=bits).confidence.max() < 0.2


def test_it_doubts_the_wrong_block_size():
    cipher = Tanaka(Key.from_seed(12)).encrypt(photo("coffee", 96)[None])
    assert np.median(blocks_one_key(cipher, block=2).confidence) < 0.2


ELSEWHERE = """
import hashlib
from lib import Key
from lib.attacks.one_ciphertext.tanaka import blocks_one_key
from lib.datasets import load
from lib.schemes import Tanaka
images = load("photos", "test", limit=10).images
found = [blocks_one_key(Tanaka(Key.from_seed(13)).encrypt(images[i : i + 1])) for i in (0, 3)]
digests = [hashlib.sha256(each.estimate.tobytes()).hexdigest() for each in found]
print(digests, [each.confidence.mean().round(2) for each in found])
"""


def test_the_same_ciphertexts_give_the_same_answer_in_other_processes():
    assert len(answers_elsewhere(ELSEWHERE)) == 1


@pytest.mark.parametrize(
    "cipher, options, words",
    [
        (np.zeros((1, 32, 32, 3), np.uint8), {}, "flat"),
        (PATCHES[0], {}, "batch"),
        (PATCHES[:1, :30], {}, "block"),
        (PATCHES[:1, :8, :8], {}, "16 blocks"),
        (PATCHES[:9, :4], {}, "two in each direction"),
        (PATCHES[:1], {"bits": 1}, "8, 4 or 2"),
        (PATCHES[:1], {"block": 1}, "blocks of 2"),
    ],
)
def test_unfit_input_is_named(cipher, options, words):
    with pytest.raises(ValueError, match=words):
        blocks_one_key(cipher, **options)
