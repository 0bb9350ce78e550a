"""One key for all blocks, ciphertexts alone: kernels against slow specifications, success on photos, doubt on
failures."""

import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from lib import Key
from lib.attacks.many_ciphertexts.tanaka import _measured, blocks_one_key
from lib.attacks.solvers.bit_planes import in_order, next_level, picture, predicted
from lib.attacks.solvers.orders import moves
from lib.attacks.solvers.quadratic_assignment import (
    SCALE,
    arrange,
    correlations,
    energy,
    gain,
    replace,
    weights,
    whole,
)
from lib.datasets import load, photo
from lib.metrics import exact, nearest
from lib.schemes import BlockShuffle, ExtendedTanaka, NegativePositive, OneTimePad, Tanaka
from lib.table import join, split

ROOT = Path(__file__).resolve().parents[3]
OPEN = ("colours", "complement")
PATCHES = load("photos", "test").images


def broken(result, plain):
    return exact(nearest(result.estimate, plain, OPEN), plain) == 1


def blocks_of(images, block):
    n, h, w, _ = images.shape
    cut = images.reshape(n, h // block, block, w // block, block, 3).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(n, h // block, w // block, -1)


# -- arrangement ---------------------------------------------------------------------------------------------


def slow_energy(weight, correlation, order):
    """Every pair of places, related in each of five ways, counted once from either side."""
    return sum(
        weight[r, p, k] * correlation[r, order[p], order[k]] / 2
        for r in range(5)
        for p in range(len(order))
        for k in range(len(order))
    )


def test_correlations_are_those_of_streams_in_a_block_and_across_its_borders():
    streams = np.random.default_rng(0).normal(2, 3, (2, 3, 4, 5)).astype(np.float32)
    scaled = (streams - streams.mean((0, 1, 2))) / streams.std((0, 1, 2))
    own, right, left, down, up = correlations(streams)
    places = [(n, y, x) for n in range(2) for y in range(3) for x in range(4)]
    for a, b in [(0, 0), (1, 4), (4, 1)]:
        assert own[a, b] == pytest.approx(np.mean([scaled[*p, a] * scaled[*p, b] for p in places]), abs=1e-4)
        beside = [scaled[n, y, x, a] * scaled[n, y, x + 1, b] for n, y, x in places if x < 3]
        below = [scaled[n, y, x, a] * scaled[n, y + 1, x, b] for n, y, x in places if y < 2]
        assert right[a, b] == left[b, a] == pytest.approx(np.mean(beside), abs=1e-4)
        assert down[a, b] == up[b, a] == pytest.approx(np.mean(below), abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_energy_and_gain_equal_the_slow_specification(seed):
    rng = np.random.default_rng(seed)
    weight, correlation = (
        weights(2, (3, 3), 0.6, 0.4),
        correlations(rng.normal(size=(1, 4, 5, 12)).astype(np.float32)),
    )
    order = rng.permutation(12)
    before = slow_energy(weight, correlation, order)
    assert energy(weight, correlation, order) == pytest.approx(before, abs=1e-4)
    p, q = rng.choice(12, 2, replace=False)
    predicted = gain(whole(weight), whole(correlation[:, order[:, None], order]), p, q) / (2 * SCALE**2)
    order[[p, q]] = order[[q, p]]
    assert predicted == pytest.approx(slow_energy(weight, correlation, order) - before, abs=1e-4)


def test_weights_are_the_model_s_likelihood_of_a_picture():
    """The energy of correlations that follow the model is least for the right order, and neighbours must
    correlate."""
    weight = weights(2, (3, 3), 0.6, 0.4)
    assert (weight[2] == weight[1].T).all() and (weight[4] == weight[3].T).all()
    assert (
        weight[0][0, 3] < 0 and weight[1][3, 0] < weight[1][0, 3] < 0.01
    )  # red beside red; across: the nearer, the more
    assert weight[3][6, 0] < weight[3][0, 6]


def test_pictures_may_reach_further_across_than_down():
    weight = weights(2, (1.5, 6), 0.9, 0.85)
    assert weight[0][0, 3] < weight[0][0, 6] < 0
    assert np.allclose(np.abs(weight[1]).sum(), np.abs(weights(2, (6, 1.5), 0.9, 0.85)[3]).sum())


def test_arrange_only_improves_and_replace_finds_streams_and_signs():
    atoms = split(blocks_of(photo("chelsea", 64)[None], 2), 4).astype(np.float32)
    correlation, upper = correlations(atoms), np.arange(0, 24, 2)
    weight = weights(2, (3, 3), 0.8, 0.65)
    part = correlation[:, upper[:, None], upper]
    start = np.random.default_rng(1).permutation(12)
    assert energy(weight, part, arrange(weight, part, start)) < energy(weight, part, start)
    spoiled, sign = upper.copy(), np.ones(12)
    spoiled[3], sign[7] = 1, -1.0  # a lower half where an upper one belongs, and a wrong sign
    order, sign = replace(weight, correlation, spoiled, sign)
    assert (order == upper).all() and (sign == 1).all()


# -- lower bits ----------------------------------------------------------------------------------------------


def slow_prediction(fine, coarse, reach):
    """Every pixel's window, flattened, without the value to be predicted; ridge of one grey level squared a
    pixel."""
    n, h, w, _ = fine.shape
    centred = np.pad(
        fine - fine.mean((0, 1, 2)), ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="reflect"
    )
    out = np.empty(fine.shape)
    for colour in range(3):
        rows = []
        for i, y, x in np.ndindex(n, h, w):
            window = centred[i, y : y + 2 * reach + 1, x : x + 2 * reach + 1].astype(float)
            rows.append(np.delete(window.ravel(), 3 * (reach * (2 * reach + 1) + reach) + colour))
        rows, target = np.array(rows), coarse[..., colour].ravel().astype(float)
        gram = rows.T @ rows + len(rows) * np.eye(rows.shape[1])
        factors = np.linalg.solve(gram, rows.T @ (target - target.mean()))
        out[..., colour] = (rows @ factors + target.mean()).reshape(n, h, w)
    return out


@pytest.mark.parametrize("reach", [1, 2])
def test_predictions_equal_the_slow_specification(reach):
    fine = PATCHES[:2, :16, :20].astype(np.float32)
    coarse = fine // 16 * 16 + 7.5
    assert np.abs(predicted(fine, coarse, reach) - slow_prediction(fine, coarse, reach)).max() < 0.2


def test_lower_bits_follow_from_the_higher_ones_signs_included():
    rng, plain = np.random.default_rng(0), photo("coffee", 64)[None]
    atoms = split(blocks_of(plain, 4), 2)
    order, reverse = rng.permutation(192), rng.random(192) < 0.5
    streams, place = atoms[..., order] ^ (reverse * np.uint8(3)), np.argsort(order).reshape(48, 4).T
    held, flips = place[:1], reverse[place[:1]]
    assert np.abs(picture(streams, held, flips, 4, 2) - plain.astype(float)).max() <= 31.5
    for level in (1, 2, 3):
        found, flip, sure = next_level(streams, held, flips, 4, 2)
        assert (found == place[level]).all() and (flip == reverse[found]).all() and sure.min() > 0.7
        held, flips = np.concatenate([held, found[None]]), np.concatenate([flips, flip[None]])
    assert (picture(streams, held, flips, 4, 2) == plain).all()


def test_levels_that_were_taken_for_each_other_are_put_in_order():
    plain = photo("coffee", 64)[None]
    streams, place = split(blocks_of(plain, 4), 2), np.arange(192).reshape(48, 4).T
    for order in permutations((1, 2, 3)):
        wrong = place[[0, *order]], np.array([False, True, False, True])[:, None] & np.ones(48, bool)
        held, flips = in_order(streams, *wrong, 4, 2)
        assert (held == place).all() and not flips.any()


def test_a_flat_grey_picture_whose_lower_levels_look_alike():
    plain = skimage.data.cell()[:550, :550]
    plain = np.array(Image.fromarray(plain).resize((128, 128), Image.Resampling.LANCZOS))
    plain = np.repeat(plain[None, ..., None], 3, axis=-1)
    assert broken(blocks_one_key(Tanaka(Key.from_seed(77), bits=2).encrypt(plain), bits=2), plain)


# -- search --------------------------------------------------------------------------------------------------


def test_the_right_order_is_less_rough_than_any_move_of_it():
    streams = split(blocks_of(photo("coffee", 64)[None], 4), 4)
    correlation, upper, sign = correlations(streams), np.arange(0, 96, 2), np.ones(48)
    right = _measured(streams, correlation, upper, sign, 4, 4)[0]
    assert all(
        _measured(streams, correlation, upper[move], sign, 4, 4)[0] > right
        for move in moves(4)
        if (move != np.arange(48)).any()
    )


# -- the attack ----------------------------------------------------------------------------------------------


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
from lib.attacks.many_ciphertexts.tanaka import blocks_one_key
from lib.datasets import load
from lib.schemes import Tanaka
images = load("photos", "test", limit=10).images
found = [blocks_one_key(Tanaka(Key.from_seed(13)).encrypt(images[i : i + 1])) for i in (0, 3)]
print([hashlib.sha256(each.estimate.tobytes()).hexdigest() for each in found], [each.confidence.mean().round(2) for each in found])
"""


def test_the_same_ciphertexts_give_the_same_answer_in_other_processes():
    """Other hash seeds, numbers of threads, and matrix products with the rounding of other processors."""
    answers = set()
    for seed, threads, processor in (("0", "1", "Nehalem"), ("1", "2", "Haswell")):
        elsewhere = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_CORETYPE": processor}
        answers.add(
            subprocess.check_output([sys.executable, "-c", ELSEWHERE], env=os.environ | elsewhere, cwd=ROOT)
        )
    assert len(answers) == 1


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
