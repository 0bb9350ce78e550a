"""SKK with one key: kernels against slow specifications, success on embedded photos, doubt where there is
nothing to find."""

from itertools import permutations

import numpy as np
import pytest

from lib import Key
from lib.attacks.many_ciphertexts.skk import (
    OFFSETS,
    STRANGERS,
    as_table,
    grow,
    pair_costs,
    pixels_one_key,
    undo,
)
from lib.attacks.solvers.ambiguity import choose
from lib.attacks.solvers.covariance_compatibility import FLOOR
from lib.attacks.solvers.recovered_table import decrypt_with
from lib.datasets import load
from lib.schemes import SKK, BlockShuffle, EtC, ExtendedTanaka, OneTimePad, Tanaka
from lib.symmetries import PIXEL_INVERSE, PIXEL_PRODUCT, PIXEL_STATES

PHOTOS = load("photos", "test").images
# the same ten photographs, but no pixel of the test patches
PUBLIC = load("photos", "train", limit=600).images


def some(n, seed):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False)]


def true_states(scheme, shape):
    table = scheme.table(shape)
    index, mask = table.index.reshape(-1, 3) % 3, table.byte_mask.reshape(-1, 3)
    orders = list(permutations(range(3)))
    return np.array([8 * orders.index(tuple(o)) + (m > 0) @ [1, 2, 4] for o, m in zip(index, mask)])


def right(states, scheme):
    """Bool like states: right but for one choice that all share, the most frequent."""
    relative = PIXEL_PRODUCT[PIXEL_INVERSE[states.ravel()], true_states(scheme, (*states.shape, 3))]
    return (relative == np.bincount(relative).argmax()).reshape(states.shape)


def test_a_state_is_what_skk_does():
    scheme, images = SKK(Key.from_seed(1)), some(3, 0)
    states = true_states(scheme, images.shape[1:]).reshape(32, 32)
    assert (undo(scheme.encrypt(images), states) == images).all()
    values = images[0, 4, 5] - 127.5
    assert (PIXEL_STATES[states[4, 5]] @ values + 127.5 == scheme.encrypt(images)[0, 4, 5]).all()
    table = as_table(states)
    assert (table["index"] == scheme.table((32, 32, 3)).index).all()
    assert (table["mask"] == scheme.table((32, 32, 3)).byte_mask).all()


def slow_cost(p, q, state):
    """p, q (n, 3): of p = state q + noise; state None: no neighbours."""
    if state is None:
        alone = [np.linalg.slogdet(v.T @ v / len(v) + FLOOR * np.eye(3))[1] for v in (p, q)]
        return len(p) / 2 * (sum(alone) / 2 - STRANGERS)
    noise = np.array([a - state @ b for a, b in zip(p, q)])
    return len(p) / 2 * np.linalg.slogdet(noise.T @ noise / len(noise) + FLOOR * np.eye(3))[1]


def test_pair_costs_against_the_slow_specification():
    images = np.random.default_rng(2).integers(0, 256, (5, 4, 6, 3), np.uint8)
    costs, values = pair_costs(images), images - 127.5
    assert costs.shape == (4, 4, 6, 49)
    for k, (down, along) in enumerate(OFFSETS):
        for y, x in np.ndindex(4, 6):
            v, u = y + down, x + along
            if v < 4 and 0 <= u < 6:
                slow = [slow_cost(values[:, y, x], values[:, v, u], state) for state in [*PIXEL_STATES, None]]
                assert np.allclose(costs[k, y, x], slow, rtol=1e-4, atol=1e-3)
            else:
                assert not costs[k, y, x].any()


@pytest.mark.parametrize("seed", range(4))
def test_twenty_ciphertexts_are_enough(seed):
    scheme, images = SKK(Key.from_seed(100 + seed)), some(20, seed)
    result = pixels_one_key(scheme.encrypt(images), PUBLIC)
    assert right(result.recovered["states"], scheme).mean() >= 0.999
    assert result.confidence.shape == (32, 32) and result.confidence.mean() > 0.95
    index, mask = result.recovered["index"], result.recovered["mask"]
    assert (decrypt_with(scheme.encrypt(images), index, mask, bits=8) == result.estimate).all()


def test_public_pictures_settle_colours_and_sign():
    exact = []
    for seed in range(4):
        scheme, images = SKK(Key.from_seed(200 + seed)), some(40, 10 + seed)
        result = pixels_one_key(scheme.encrypt(images), PUBLIC)
        exact.append((result.estimate == images).mean())
    assert np.sum(np.array(exact) > 0.999) >= 3


def test_the_choice_is_as_sure_as_the_pictures_let_it_be():
    images = some(40, 3)
    best, sure = choose([255 - images, images[..., [1, 0, 2]], images, images[..., ::-1]], PUBLIC)
    assert best == 2 and sure > 0.8
    grey = images[..., :1].repeat(3, axis=3)
    same = [grey[..., list(order)] for order in permutations(range(3))]
    assert choose(same, PUBLIC)[1] == pytest.approx(1 / 6)  # pictures without colours have no order of them


def test_confidence_falls_with_the_ciphertexts_and_finds_the_errors():
    scheme = SKK(Key.from_seed(5))
    means, hits, sure = [], [], []
    for n in (2, 3, 6):
        for seed in range(3):
            states, confidence = grow(pair_costs(scheme.encrypt(some(n, seed))))
            means.append(confidence.mean())
            hits.append(right(states, scheme).ravel())
            sure.append(confidence.ravel())
    hits, sure = np.concatenate(hits), np.concatenate(sure)
    assert np.mean(means[:3]) < np.mean(means[-3:]) - 0.1
    assert hits[sure > 0.95].mean() > 0.95
    assert sure.mean() < hits.mean() + 0.05  # not surer than right


@pytest.mark.parametrize("n", [2, 5, 20])
def test_the_one_time_pad_resists(n):
    images = some(n, 1)
    result = pixels_one_key(OneTimePad(Key.from_seed(3)).encrypt(images, ids=np.arange(n)), PUBLIC)
    assert abs((result.estimate == images).mean() - 1 / 256) < 0.01
    assert result.confidence.mean() < 0.2


def test_a_key_per_image_resists():
    result = pixels_one_key(
        SKK(Key.from_seed(3), per_image=True).encrypt(some(20, 1), ids=np.arange(20)), PUBLIC
    )
    assert result.confidence.mean() < 0.01


@pytest.mark.parametrize("kind", [Tanaka, ExtendedTanaka, BlockShuffle], ids=lambda kind: kind.name)
def test_ciphertexts_of_another_scheme_get_no_confidence(kind):
    assert grow(pair_costs(kind(Key.from_seed(3)).encrypt(some(20, 1))))[1].mean() < 0.1


def test_of_etc_it_tells_what_it_shares_with_skk():
    """Signs and colour orders of the blocks, as they stand in the ciphertext; where blocks belong is not
    asked."""
    scheme = EtC(Key.from_seed(3))
    states, confidence = grow(pair_costs(scheme.encrypt(some(20, 1))))
    assert right(states, scheme)[confidence > 0.9].mean() > 0.9


def test_regions_join_with_the_state_between_them():
    """Two halves, each consistent, that differ by one state: the border alone decides it."""
    images = some(20, 4)
    halves = np.zeros((32, 32), int)
    halves[:, 16:] = 29
    states, _ = grow(pair_costs(undo(images, PIXEL_INVERSE[halves])))
    assert len(set(PIXEL_PRODUCT[PIXEL_INVERSE[states], halves].ravel())) == 1


@pytest.mark.parametrize(
    "ciphers, message",
    [
        (some(1, 0)[0], "a batch"),
        (some(1, 0), "2 or more ciphertexts under one key, got 1"),
        (some(5, 0)[:, :3], "4x4 pixels or more, got 3x32"),
        (np.full((5, 8, 8, 3), 9, np.uint8), "all alike"),
    ],
)
def test_errors_say_what_came_and_what_is_expected(ciphers, message):
    with pytest.raises(ValueError, match=message):
        pixels_one_key(ciphers)
