"""ELE with one key, ciphertexts alone: kernels against slow specifications, success on photos, doubt on
failures."""

from itertools import permutations

import numpy as np
import pytest

from lib import Key
from lib.attacks.chosen_plaintext.table_reader import decrypt_with
from lib.attacks.many_ciphertexts.ele import correlations, ele_one_key, log_probabilities, match, shown
from lib.attacks.solvers.assignment import anneal, cost, exchange_pixels, lead
from lib.attacks.solvers.mosaic import Mosaic, window_covariance
from lib.datasets import load
from lib.metrics import exact, nearest
from lib.schemes import ExtendedTanaka, OneTimePad
from lib.table import split
from lib.tiling import cut

PHOTOS = load("photos", "test").images
OPEN = ("turns", "complement", "colours")


def some(n, seed, side=32):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False), :side, :side]


def problem(m, seed):
    rng = np.random.default_rng(seed)
    weight, pull = rng.normal(size=(m, m)), rng.normal(size=(m, m)).astype(np.float32)
    weight = ((weight + weight.T) * (1 - np.eye(m))).astype(np.float32)
    streams = rng.normal(size=(40, m))
    return weight, (streams.T @ streams / 40).astype(np.float32), pull, rng.permutation(m)


# -- assignment ----------------------------------------------------------------------------------------------


def slow_cost(weight, moment, pull, order):
    total = 0.0
    for p in range(len(order)):
        total += pull[p, order[p]]
        for k in range(p):
            total += weight[p, k] * moment[order[p], order[k]]
    return total


@pytest.mark.parametrize("seed", range(3))
def test_cost_and_lead_equal_the_slow_specification(seed):
    *given, order = problem(12, seed)
    assert cost(*given, order) == pytest.approx(slow_cost(*given, order), abs=1e-4)
    least = np.full(4, np.inf)
    moves = [((p,), (q,)) for p in range(12) for q in range(p)]
    moves += [(range(a, a + 3), range(b, b + 3)) for a in range(0, 12, 3) for b in range(0, a, 3)]
    for here, there in moves:
        other = order.copy()
        other[list(here)], other[list(there)] = order[list(there)], order[list(here)]
        for pixel in {here[0] // 3, there[0] // 3}:
            least[pixel] = min(least[pixel], slow_cost(*given, other) - slow_cost(*given, order))
    assert lead(*given, order) == pytest.approx(least, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_annealing_finds_the_least_of_all_orders(seed):
    *given, order = problem(6, seed)
    least = min(slow_cost(*given, np.array(each)) for each in permutations(range(6)))
    rng = np.random.default_rng(0)
    found = min((anneal(*given, order, rng) for _ in range(10)), key=lambda order: cost(*given, order))
    assert slow_cost(*given, found) == pytest.approx(least, abs=1e-4)
    assert slow_cost(*given, anneal(*given, order)) <= slow_cost(*given, order)


def test_exchanging_pixels_undoes_what_single_exchanges_cannot():
    """Three streams of a pixel cling together, so that none of them moves alone."""
    weight = np.kron(np.eye(4), -10 * (np.ones((3, 3)) - np.eye(3))).astype(np.float32)
    moment = np.kron(np.eye(4), np.ones((3, 3))).astype(np.float32)
    pull = -np.eye(12, dtype=np.float32)
    swapped = np.r_[3:6, :3, 6:12]
    assert (anneal(weight, moment, pull, swapped) == swapped).all()
    order, reached = exchange_pixels(weight, moment, pull, swapped)
    assert (order == np.arange(12)).all() and reached == pytest.approx(slow_cost(weight, moment, pull, order))


# -- pictures ------------------------------------------------------------------------------------------------


def test_window_covariance_equals_the_slow_specification():
    images = np.random.default_rng(0).normal(size=(400, 5, 6, 3)).astype(np.float32)
    images += np.roll(images, 1, 2)
    known = np.random.default_rng(1).random((5, 6)) < 0.8
    found = window_covariance(images, known, 3)
    for a, b in [(0, 0), (0, 3), (4, 16), (26, 1)]:
        pairs = []
        for y in range(3):
            for x in range(4):
                (ya, xa), (yb, xb) = ((y + at // 9, x + at // 3 % 3) for at in (a, b))
                if known[ya, xa] and known[yb, xb]:
                    pairs.append(images[:, ya, xa, a % 3] * images[:, yb, xb, b % 3])
        assert found[a, b] == pytest.approx(np.mean(pairs), abs=1e-2)


def test_a_mosaic_mends_what_is_wrong_inside_a_block_and_which_block_is_where():
    images, rng = some(100, 3), np.random.default_rng(0)
    values = (cut(images // 16, 4).reshape(100, 64, 48).transpose(1, 0, 2) - 7.5).astype(np.float32)
    straight = np.tile(np.arange(48), (64, 1))
    mosaic = Mosaic(values, straight, np.ones((64, 48)), np.ones(64, bool), 8, 8, 4)
    assert len(set(mosaic.own.tolist())) == 64
    own, order = mosaic.own.copy(), mosaic.order.copy()
    mosaic.own[[3, 60]] = own[[60, 3]]
    mosaic.order[20] = order[20][rng.permutation(48)]
    mosaic.sign[20] *= -1
    mosaic.mend(rng)
    assert (
        (mosaic.own == own).all()
        and (mosaic.order == order).all()
        and (mosaic.sign == mosaic.sign[0, 0]).all()
    )
    assert mosaic.lead.min() > 0


def slow_score(table, streams, place, atom, reverse):
    n, top = streams.shape[0], table.shape[1] // streams.shape[0] - 1
    values = [int(streams[image, atom]) for image in range(n)]
    return sum(
        table[place, image * (top + 1) + (top - v if reverse else v)] for image, v in enumerate(values)
    )


def test_matching_equals_the_slow_specification():
    rng = np.random.default_rng(4)
    table = np.log(rng.dirichlet(np.ones(4), (1, 3, 5))).astype(np.float32).reshape(1, 3, 20)
    streams = rng.integers(0, 4, (1, 5, 6), np.uint8)
    held, flips, margins = match(table, streams, np.array([[[1, 4]]]))

    def total(atoms):
        return sum(
            max(slow_score(table[0], streams[0], p, a, r) for r in (0, 1)) for p, a in enumerate(atoms)
        )

    best = max(permutations([0, 2, 3, 5], 3), key=total)
    assert tuple(held[0]) == best
    for p, a in enumerate(best):
        assert flips[0, p] == (
            slow_score(table[0], streams[0], p, a, 1) > slow_score(table[0], streams[0], p, a, 0)
        )
        others = []
        for b in (0, 2, 3, 5):
            if b != a:
                swapped = [a if x == b else x for x in best]
                swapped[p] = b
                others.append(total(best) - total(swapped))
        sign = abs(slow_score(table[0], streams[0], p, a, 1) - slow_score(table[0], streams[0], p, a, 0))
        assert margins[0, p] == pytest.approx(min([*others, sign]), abs=1e-4)


def test_probabilities_sum_to_one_and_prefer_what_is_there():
    images = some(20, 5)
    coarse = images // 16 * np.float32(16) + np.float32(7.5)
    table = log_probabilities(images.astype(np.float32), coarse, 1, 4)
    assert np.exp(table).sum(-1) == pytest.approx(1, abs=1e-4)
    values = (images % 16)[..., None].astype(int)
    right, reversed_ = (np.take_along_axis(table, each, -1).mean() for each in (values, 15 - values))
    assert right > np.log(1 / 16) + 0.3 and right > reversed_ + 1


def test_pictures_are_shown_as_far_as_they_are_known():
    images = some(3, 6)
    streams = split(cut(images, 4).reshape(3, 64, 48), 4).transpose(1, 0, 2)
    held = np.tile(np.arange(0, 96, 2), (1, 64, 1)), np.tile(np.arange(1, 96, 2), (1, 64, 1))
    right = np.zeros((1, 64, 48), bool)
    half = shown(streams, held[0], right, (8, 8), 4, 4)
    assert (half == images // 16 * 16 + 7.5).all()
    streams = np.where(np.arange(96) % 2, 15 - streams, streams).astype(np.uint8)
    both = shown(streams, np.concatenate(held), np.concatenate([right, ~right]), (8, 8), 4, 4)
    assert (both == images).all()


def test_correlations_are_those_of_numpy():
    values = np.random.default_rng(7).normal(size=(2, 30, 5)).astype(np.float32)
    assert correlations(values)[1] == pytest.approx(np.corrcoef(values[1].T), abs=1e-4)


# -- the attack ----------------------------------------------------------------------------------------------


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
