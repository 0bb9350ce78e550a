"""Schemes one by one: their structure, what they lose, and how many keys they have."""

import itertools
import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from lib import Key
from lib.colours import from_planes, through_colour, to_planes
from lib.schemes import (
    SKK,
    BlockPixelPermutation,
    BlockShuffle,
    CompressionFriendly,
    EtC,
    ExtendedTanaka,
    FormatPreserving,
    GrayscaleEtC,
    NegativePositive,
    NotInvertibleError,
    OneTimePad,
    RestrictedPermutation,
    Tanaka,
)
from lib.schemes.ffx import feistel
from tests import specification as spec
from tests.schemes.common import DESIGN, IDS, KEY, LOSSY, MADE, alike, blocks_of, crypt, shape_for, some
from tests.specification import CASES, make, picture

# -- structure -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case", ["tanaka 4x4 4 bits", "tanaka 4x4 4 bits as in icce-tw2018", "shf 4x4", "np 4x4", "ffx 4x4"]
)
def test_equal_blocks_stay_equal_under_a_common_block_key(case):
    image = alike(4, 3, 5)
    assert len(set(blocks_of(crypt(make(case, KEY), image), 4))) == 1
    image[4:8, 8:12] = picture((4, 4, 3), 20)
    assert len(set(blocks_of(crypt(make(case, KEY), image), 4))) == 2


def test_every_block_of_ele_has_a_key_of_its_own():
    image = alike(4, 8, 8)
    assert len(set(blocks_of(ExtendedTanaka(KEY).encrypt(image), 4))) == 64


@pytest.mark.parametrize(("case", "moves"), [
    ("etc 2x2", 8 * 2 * 6), ("etc 3x3", 8 * 2 * 6), ("etc 2x2 as in etc-classify", 4 * 2 * 6),
    ("etc 2x2 as in block-wise-scrambled", 8 * 2 * 6), ("etc 1x1", 2 * 6),
])  # fmt: skip
def test_a_block_of_etc_can_move_in_as_many_ways_as_theory_says(case, moves):
    side = CASES[case][1]["block"]
    seen = Counter(blocks_of(make(case, KEY).encrypt(alike(side, 50, 60)), side))
    assert len(seen) == moves
    if "block-wise" not in case:  # its colours and mirrors are not equally likely
        mean = 3000 / moves
        assert sum((count - mean) ** 2 / mean for count in seen.values()) < moves + 6 * math.sqrt(2 * moves)


@pytest.mark.parametrize(
    ("case", "moves"), [("skk", 48), ("skk signs only", 8), ("skk as in scramblemix", 26)]
)
def test_a_pixel_of_skk_can_change_in_as_many_ways_as_theory_says(case, moves):
    # As published, signs of channels that are lost do not count: 8 + 4 + 4 + 4 + 4 + 2 ways.
    assert len(set(blocks_of(make(case, KEY).encrypt(alike(1, 40, 60)), 1))) == moves


def test_a_block_of_grey_etc_can_move_in_16_ways():
    block = np.repeat(picture((2, 2, 1), 21), 3, axis=2)  # a grey block: its Y is itself, Cb and Cr are flat
    grey = GrayscaleEtC(KEY, 2).table((40, 60, 3)).apply(np.tile(block[:, :, :1], (20, 90, 1))[:, :, 0])
    assert len(set(blocks_of(grey, 2))) == 16


@pytest.mark.parametrize(
    ("name", "count"), [("rotate and mirror", 8), ("negative-positive", 2), ("colour shuffle", 6)]
)
def test_each_step_of_etc_has_8_or_2_or_6_moves(name, count):
    step = EtC(KEY, 3).steps((90, 120, 3))[name]
    seen = set(blocks_of(step.apply(alike(3, 30, 40)), 3))
    assert len(seen) == count and alike(3, 1, 1).tobytes() in seen


def test_the_eight_orientations_are_four_turns_and_their_mirror_images():
    block = alike(3, 1, 1)
    theory = {
        turned.tobytes() for k in range(4) for turned in (np.rot90(block, k), np.rot90(block, k)[:, ::-1])
    }
    assert (
        set(blocks_of(EtC(KEY, 3).steps((90, 120, 3))["rotate and mirror"].apply(alike(3, 30, 40)), 3))
        == theory
    )
    published = EtC(KEY, 3, as_published="etc-classify").steps((90, 120, 3))["rotate and mirror"]
    four = [np.rot90(block)[::-1], np.rot90(block, 2)[:, ::-1], np.rot90(block, 3)[::-1, ::-1], block]
    assert set(blocks_of(published.apply(alike(3, 30, 40)), 3)) == {turned.tobytes() for turned in four}


def test_permutation_steps_move_blocks_whole():
    numbered = np.repeat(np.repeat(np.arange(30, dtype=np.uint8).reshape(5, 6), 2, axis=0), 2, axis=1)[
        :, :, None
    ] * np.array([1, 2, 3], np.uint8)
    for scheme, name in ((EtC(KEY, 2), "permute"), (ExtendedTanaka(KEY, 2), "block shuffle")):
        out = scheme.steps((10, 12, 3))[name].apply(numbered)
        assert sorted(blocks_of(out, 2)) == sorted(blocks_of(numbered, 2)) and (out != numbered).any()


def test_tanaka_as_published_reverses_47_of_96_places_and_about_as_many_net():
    net = []
    for seed in range(200):
        steps = Tanaka(Key.from_seed(seed), as_published=True).steps((4, 4, 3))
        assert (steps["reverse"].mask == 15).sum() == 47 and set(steps["reverse"].mask) == {0, 15}
        assert (steps["reverse"].mask == steps["reverse again"].mask).all()
        net.append(int((Tanaka(Key.from_seed(seed), as_published=True).table((4, 4, 3)).mask == 15).sum()))
    assert 46.5 < np.mean(net) < 49 and min(net) >= 30 and max(net) <= 66 and min(net) < 40 < 56 < max(net)


def test_a_tanaka_mask_reverses_each_place_half_of_the_time():
    flips = np.array(
        [Tanaka(Key.from_seed(seed), 2).steps((2, 2, 3))["reverse"].mask == 15 for seed in range(400)]
    )
    assert abs(flips.mean() - 0.5) < 0.02 and (abs(flips.mean(axis=0) - 0.5) < 0.15).all()


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5, 16])
def test_np_and_ffx_change_half_of_the_places_and_as_published_one_fewer(side):
    size = 3 * side * side
    image = picture((2 * side, 3 * side, 3), 22)
    for published, count in ((False, size // 2), (True, sum(k > size / 2 for k in range(size)))):
        flips = NegativePositive(KEY, side, as_published=published).encrypt(image) != image
        places = FormatPreserving(KEY, side, as_published=published).places((2 * side, 3 * side, 3))
        assert flips.sum() == places.sum() == 6 * count
    assert size % 2 or count == size // 2 - 1


def test_ffx_substitutes_one_to_one():
    lookup = FormatPreserving(KEY).substitution()
    assert sorted(lookup.tolist()) == list(range(256)) and (lookup != np.arange(256)).sum() > 240


def test_a_one_time_pad_leaves_uniform_bytes():
    flat = np.zeros((1, 128, 128, 3), np.uint8)
    counts = np.bincount(OneTimePad(KEY).encrypt(flat, ids=[0]).ravel(), minlength=256)
    assert ((counts - 192) ** 2 / 192).sum() < 255 + 6 * math.sqrt(2 * 255)


# -- FFX as published ----------------------------------------------------------------------------------------


def test_published_ffx_gives_the_known_pairs():
    known = json.loads((Path(__file__).parents[2] / "data" / "vectors" / "pyffx.json").read_text())
    passwords = [name for name in known if name != "source"]
    assert len(passwords) >= 2
    for password in passwords:
        assert [feistel(password.encode(), value) for value in range(256)] == known[password]


def test_published_ffx_draws_a_password_and_uses_every_round():
    scheme = FormatPreserving(KEY, as_published=True)
    password = KEY.bytes(scheme.stream("password"), 16).tobytes().hex().encode()
    values = scheme.substitution()
    assert values.dtype == np.uint16 and values.max() < 1000 and len(set(values.tolist())) == 256
    assert values.tolist() == [feistel(password, value) for value in range(256)]


# -- what is lost --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", LOSSY)
def test_a_lossy_cipher_says_why_it_cannot_be_decrypted(case):
    scheme = make(case, KEY)
    image = picture(shape_for(case), 23)
    assert not scheme.invertible
    cipher = scheme.encrypt(image)
    with pytest.raises(NotInvertibleError, match=f"cannot be decrypted: {scheme.differs}"):
        scheme.decrypt(cipher)
    with pytest.raises(NotInvertibleError, match="copies some atoms over others"):
        EtC(KEY, 4, as_published="block-wise-scrambled").table((32, 32, 3)).inverse()


def test_two_published_codes_copy_one_channel_over_another():
    lossy = {case for case in some(CASES) if case in LOSSY and MADE[case].name in DESIGN}
    assert lossy == {"skk as in scramblemix", "etc 2x2 as in block-wise-scrambled"}
    assert all("copy one channel over another" in MADE[case].differs for case in lossy)


def test_signs_alone_are_invertible_in_every_variant():
    assert SKK(KEY, colour_shuffle=False, as_published="scramblemix").invertible
    assert not SKK(KEY, as_published=True).invertible and SKK(KEY).invertible


def test_as_published_true_is_the_first_source():
    for scheme in (Tanaka, ExtendedTanaka, SKK, EtC, NegativePositive, FormatPreserving):
        assert scheme(KEY, as_published=True).as_published == next(iter(scheme.published))
        assert scheme(KEY, as_published=None).as_published is False


def test_published_ffx_notices_values_that_its_key_does_not_give():
    image = picture((4, 8, 3), 24)
    for per_image in (False, True):
        scheme, other = (
            FormatPreserving(Key.from_seed(k), per_image=per_image, as_published=True) for k in (1, 2)
        )
        cipher = crypt(scheme, image)
        with pytest.raises(ValueError, match="is this the right key"):
            crypt(other, cipher, decrypt=True)
        kept = np.argwhere(cipher == image)[0]
        cipher[tuple(kept)] = 999
        with pytest.raises(ValueError, match="is this the right key"):
            crypt(scheme, cipher, decrypt=True)


# -- grey EtC ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", spec.BLOCKS)
def test_grey_etc_loses_the_colour_conversion_and_nothing_else(side):
    images = picture((2, 2 * side, 3 * side, 3), 25)
    for per_image in (False, True):
        scheme = GrayscaleEtC(KEY, side, per_image=per_image)
        assert not scheme.invertible
        cipher = crypt(scheme, images)
        assert cipher.shape == (2, 2 * side, 9 * side) and cipher.dtype == np.uint8
        assert (crypt(scheme, cipher, decrypt=True) == through_colour(images)).all()
        grey = to_planes(images)[..., 0]
        for k in range(2):
            table = scheme.table((2 * side, 3 * side, 3), IDS[k] if per_image else None)
            assert table.shape == (2 * side, 9 * side, 1)
            assert (table.inverse().apply(cipher[k]) == grey[k]).all()  # the grey image comes back exactly


# the odd ones lead to halves
CORNERS = "000000 ffffff ff0000 00ff00 0000ff 000001 000003 010000 030000 010203 090909"


def test_colours_are_converted_as_rec_601_says_to_the_nearest_whole_number():
    corners = np.array([list(bytes.fromhex(colour)) for colour in CORNERS.split()], np.uint8)
    images = np.stack([picture((6, 11, 3), 26), np.tile(corners, (6, 1, 1))])
    planes = to_planes(images)
    assert planes.shape == (2, 6, 33, 1)
    assert (planes == np.stack([spec.planes(image) for image in images])).all()
    assert (from_planes(planes) == np.stack([spec.colours(grey) for grey in planes])).all()
    # planes that no picture has, so that colours are clipped on both sides
    noise = picture((2, 6, 33, 1), 27)
    assert (from_planes(noise) == np.stack([spec.colours(grey) for grey in noise])).all()
    y, cb, cr = np.split(planes[1, 0, :, 0], 3)
    assert y.tolist() == [0, 255, 76, 150, 29, 0, 0, 0, 1, 2, 9]
    assert cb.tolist() == [128, 128, 85, 44, 255, 128, 130, 128, 127, 129, 128]
    assert cr.tolist() == [128, 128, 255, 21, 107, 128, 128, 128, 130, 127, 128]
    on_torch = to_planes(torch.from_numpy(images)), from_planes(torch.from_numpy(noise))
    assert (on_torch[0].numpy() == planes).all() and (on_torch[1].numpy() == from_planes(noise)).all()


def test_the_loss_of_the_colour_conversion_on_photographs_is_small():
    from skimage import data

    # Rounding three planes costs 53 dB; a photo that was a JPEG before has been through the same rounding
    # once already.
    for photo, low, high in ((data.astronaut(), 52, 55), (data.coffee(), 52, 55), (data.chelsea(), 65, 80)):
        photo = photo[: photo.shape[0] // 8 * 8, : photo.shape[1] // 8 * 8]
        scheme = GrayscaleEtC(KEY)
        plain = scheme.decrypt(scheme.encrypt(photo))
        difference = plain.astype(float) - photo
        psnr = 10 * math.log10(255**2 / (difference**2).mean())
        assert low < psnr < high and abs(difference).max() == 1
        assert (plain == through_colour(photo[None])[0]).all()


# -- key bits ------------------------------------------------------------------------------------------------


CIFAR = (32, 32, 3)


@pytest.mark.parametrize(("scheme", "shape", "bits"), [
    (Tanaka(KEY), CIFAR, 594.3),  # 96! 2^96
    (Tanaka(KEY, as_published=True), CIFAR, 498.3),  # 96!
    (Tanaka(KEY, bits=8), CIFAR, 250.9),  # 48! 2^48
    (Tanaka(KEY), (224, 224, 3), 594.3),
    (ExtendedTanaka(KEY), CIFAR, 38_330),
    (ExtendedTanaka(KEY, as_published=True), CIFAR, 32_186),
    (EtC(KEY), CIFAR, 717.4),
    (EtC(KEY, 16), (224, 224, 3), 2_505),
    (EtC(KEY, 16, as_published="etc-classify"), (224, 224, 3), 2_309),
    (EtC(KEY, 16), (480, 672, 3), 19_463),
    (GrayscaleEtC(KEY, 8), (480, 672, 3), 248_603),
    (SKK(KEY), CIFAR, 5_719),
    (SKK(KEY, colour_shuffle=False), CIFAR, 3_072),
    (SKK(KEY), (96, 96, 3), 51_471),
    (BlockShuffle(KEY, 2), CIFAR, 28.8),
    (BlockShuffle(KEY, 4), CIFAR, 202.9),
    (BlockShuffle(KEY, 8), CIFAR, 1_184),
    (BlockShuffle(KEY, 16), CIFAR, 6_259),
    (NegativePositive(KEY, 2), CIFAR, 9.9),  # C(12, 6)
    (NegativePositive(KEY, 2, as_published=True), CIFAR, 9.6),  # C(12, 5)
    (NegativePositive(KEY, 4), CIFAR, 44.9),
    (NegativePositive(KEY, 4, as_published=True), CIFAR, 44.8),
    (NegativePositive(KEY, 8, as_published=True), CIFAR, 187.9),
    (NegativePositive(KEY, 16, as_published=True), CIFAR, 762.9),
    (FormatPreserving(KEY, 4), CIFAR, 44.9 + 1684.0),  # C(48, 24) 256!
    (OneTimePad(KEY), CIFAR, 8 * 3_072),
], ids=lambda value: str(value).replace(f"{KEY!r}, ", ""))  # fmt: skip
def test_key_bits_are_those_of_theory(scheme, shape, bits):
    assert scheme.key_bits(shape) == pytest.approx(bits, abs=0.06 if bits < 1000 else 0.6)


def test_key_bits_of_published_codes():
    assert Tanaka(KEY).published_key_bits(CIFAR) == pytest.approx(
        {"icce-tw2018": 498.3, "imageshuffle": 32}, abs=0.06
    )
    assert ExtendedTanaka(KEY).published_key_bits(CIFAR) == pytest.approx(
        {"block-wise-scrambled": 32_186, "block-wise-scrambled, as shipped": 0}, abs=0.6
    )
    assert EtC(KEY, 16).published_key_bits((224, 224, 3))["etc-classify"] == pytest.approx(2_309, abs=0.6)
    assert EtC(KEY).published_key_bits(CIFAR)["block-wise-scrambled, as shipped"] == 0
    assert EtC(KEY).published_key_bits(CIFAR)["block-wise-scrambled"] == pytest.approx(714.1, abs=0.06)
    assert NegativePositive(KEY).published_key_bits(CIFAR)["block_transform"] == pytest.approx(44.8, abs=0.06)
    assert FormatPreserving(KEY).published_key_bits(CIFAR)["block_transform"] == pytest.approx(
        44.8 + 160, abs=0.06
    )
    assert SKK(KEY).published_key_bits(CIFAR) == {"scramblemix, as shipped": 0}
    assert BlockShuffle(KEY).published_key_bits(CIFAR) == GrayscaleEtC(KEY).published_key_bits(CIFAR) == {}


@pytest.mark.parametrize("side", [1, 2, 8])
def test_key_bits_of_grey_etc_count_blocks_of_three_planes(side):
    blocks = 3 * (32 // side) ** 2
    exact = math.log2(math.factorial(blocks)) + 4 * blocks if blocks < 500 else None
    scheme = GrayscaleEtC(KEY, side)
    assert scheme.key_bits(CIFAR) == pytest.approx(
        exact or math.lgamma(blocks + 1) / math.log(2) + 4 * blocks
    )


# -- ciphers for transformers --------------------------------------------------------------------------------


def test_block_pixel_keeps_pixels_whole_unless_told_and_shuffles_all_blocks_alike():
    numbers = picture((4, 4, 3), 41)
    image = np.tile(numbers, (3, 5, 1))
    for whole in (True, False):
        cipher = BlockPixelPermutation(KEY, 4, whole_pixels=whole).encrypt(image)
        assert len(set(blocks_of(cipher, 4))) == 1
        kept = [{tuple(pixel) for pixel in each.reshape(-1, 3)} for each in (numbers, cipher[:4, :4])]
        assert (kept[0] == kept[1]) is whole
        assert sorted(cipher[:4, :4].ravel()) == sorted(numbers.ravel()) and (cipher != image).any()


def test_restricted_leaves_the_shares_in_place_that_were_published():
    """120 of 196 blocks of 16x16 and 500 of the 768 values of each, and what else stays by chance."""
    scheme = RestrictedPermutation(KEY)
    assert list(scheme.steps((224, 224, 3))) == ["block scrambling", "pixel shuffling"]
    steps = scheme.steps((224, 224, 3))
    source, order = steps["block scrambling"].source, steps["pixel shuffling"].orders.rows[0]
    for moved, still in ((source, 120), (order, 500)):
        stay = (moved == np.arange(len(moved))).sum()
        assert still <= stay < still + 8 and sorted(moved.tolist()) == list(range(len(moved)))
    everything = RestrictedPermutation(KEY, 4, fixed_blocks=1, fixed_values=1)
    image = picture((16, 24, 3), 42)
    assert (everything.encrypt(image) == image).all() and everything.key_bits(image.shape) == 0
    none = RestrictedPermutation(KEY, 4, fixed_blocks=0.0, fixed_values=0.0)
    whole = BlockPixelPermutation(KEY, 4, whole_pixels=False)
    assert math.isclose(none.key_bits(image.shape), whole.key_bits(image.shape))


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan"), True, "0.5", None])
@pytest.mark.parametrize("name", ["fixed_blocks", "fixed_values"])
def test_restricted_wants_shares(name, share):
    with pytest.raises(ValueError, match=f"{name} is a share from 0 to 1, got"):
        RestrictedPermutation(KEY, **{name: share})


def test_restricted_orders_are_counted_one_by_one():
    """Of six blocks and one pixel in each, half may move: all orders that some key can give."""
    scheme = RestrictedPermutation(KEY, 1, fixed_blocks=0.5, fixed_values=1.0)
    seen = {
        tuple(sorted(enumerate(order)))
        for free in itertools.combinations(range(6), 3)
        for moved in itertools.permutations(free)
        for order in [[dict(zip(free, moved)).get(place, place) for place in range(6)]]
    }
    assert math.isclose(scheme.key_bits((2, 3, 3)), math.log2(len(seen)))
    drawn = {
        tuple(RestrictedPermutation(Key.from_seed(seed), 1, fixed_blocks=0.5).table((2, 3, 3)).source)
        for seed in range(1000)
    }
    assert len(drawn) == len(seen)


@pytest.mark.parametrize("own", [True, False])
def test_a_sub_block_of_cfe_can_be_in_96_states_and_stays_in_its_main_block(own):
    scheme, block = CompressionFriendly(KEY, 4, own_keys=own), alike(2, 1, 1)
    steps = scheme.steps((80, 120, 3))
    states = blocks_of(scheme.encrypt(np.tile(block, (40, 60, 1))), 2)
    assert len(set(states)) == 96 if own else len(set(states)) <= 4
    numbers = np.arange(16, dtype=np.uint8).repeat(12).reshape(4, 4, 2, 2, 3).swapaxes(1, 2).reshape(8, 8, 3)
    for name in ("rotate", "flip", "sub-block scrambling"):
        within = CompressionFriendly(KEY, 4, own_keys=own).steps((8, 8, 3))[name].apply(numbers)
        assert [sorted(each) for each in blocks_of(within, 4)] == [
            sorted(each) for each in blocks_of(numbers, 4)
        ]
    assert steps["main-block scrambling"].orders is None and steps["main-block scrambling"].masks is None


def test_a_key_for_all_main_blocks_treats_them_alike():
    image = alike(4, 6, 7, seed=44)
    assert len(set(blocks_of(CompressionFriendly(KEY, 4, own_keys=False).encrypt(image), 4))) == 1
    assert len(set(blocks_of(CompressionFriendly(KEY, 4).encrypt(image), 4))) == 42


def test_the_eight_orientations_of_a_sub_block_are_equally_likely():
    steps = CompressionFriendly(KEY, 4).steps((160, 160, 3))
    turned = steps["rotate"].then(steps["flip"]).apply(alike(2, 80, 80))
    counts = Counter(blocks_of(turned, 2))
    assert len(counts) == 8
    assert sum((count - 800) ** 2 / 800 for count in counts.values()) < 7 + 6 * math.sqrt(14)


def test_a_main_block_of_cfe_is_even():
    with pytest.raises(ValueError, match="block must be even, got 5"):
        CompressionFriendly(KEY, 5)
    assert CompressionFriendly(KEY).piece == 8 and EtC(KEY, 16).piece == 16 and SKK(KEY).piece == 1


def test_the_keys_of_cfe_are_counted():
    shape, within = (32, 32, 3), 4 * math.log2(96) + math.log2(24)
    assert math.isclose(CompressionFriendly(KEY).key_bits(shape), math.log2(24) + 4 * within)
    assert math.isclose(CompressionFriendly(KEY, own_keys=False).key_bits(shape), math.log2(24) + within)
