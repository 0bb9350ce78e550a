"""Attackers of a keyed defence, on a small network that was not trained and on kept ones."""

import numpy as np
import pytest
import torch
from torch import nn

from lib import Key, datasets
from lib.models.defended import front_of
from lib.schemes import BlockShuffle, FormatPreserving, NegativePositive
from lib.workbook import defences
from lib.workbook.defence_networks import NETWORKS, kept
from lib.workbook.defences import Case

pytest.importorskip("art", reason="the extra privacy is not installed")
PHOTOS = datasets.load("photos", "test", 20).images


def case_of(name, count=12):
    """A kept network and photographs, with its own decisions as classes."""
    case = Case(kept(name), NETWORKS[name].scheme, PHOTOS[:count], np.zeros(count, np.int64))
    return Case(case.network, case.scheme, case.images, defences.answers(case, case.images).argmax(1))


def test_floats_and_pixels_are_each_others_way_back():
    assert (defences.pixels(defences.floats(PHOTOS)) == PHOTOS).all()
    assert defences.pixels(np.full((1, 3, 2, 2), 0.503)).tolist() == np.full((1, 2, 2, 3), 128).tolist()


def test_noise_moves_every_value_by_epsilon():
    grey = np.full((2, 32, 32, 3), 100, np.uint8)
    moved = defences.noise(grey, 8, 0).astype(int) - 100
    assert set(np.unique(moved)) == {-8, 8} and abs(moved.mean()) < 1
    assert (defences.noise(grey * 0, 8, 0) <= 8).all()


def test_pgd_beats_noise_keeps_epsilon_and_numpys_generator():
    case = case_of("plain")
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    moved = defences.pgd(case.network, None, case.images, case.labels, 4, seed=0, steps=10)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002
    assert np.abs(moved.astype(int) - case.images).max() == 4
    assert (moved == defences.pgd(case.network, None, case.images, case.labels, 4, seed=0, steps=10)).all()
    assert case.right(moved).mean() < case.right(defences.noise(case.images, 4, 0)).mean() - 0.3


def test_auto_pgd_keeps_epsilon_and_is_no_weaker_than_pgd_of_few_steps():
    case = case_of("adversarial", 4)
    at = case.network, None, case.images, case.labels, 4, 0
    found, plain = (attack(*at, steps=9) for attack in (defences.auto_pgd, defences.pgd))
    assert np.abs(found.astype(int) - case.images).max() == 4
    assert case.right(found).mean() <= case.right(plain).mean() < 1
    others = (case.labels + 1) % 10
    left_alone = defences.auto_pgd(*at[:3], others, *at[4:], steps=9)
    assert (left_alone == case.images).all(), "what is in another class already needs no attack"


def test_the_right_key_beats_a_wrong_one():
    case = case_of("shf")
    wrong = front_of(BlockShuffle(Key.from_seed(77), block=4))
    stands = {}
    for name, front in (("right", front_of(case.scheme)), ("wrong", wrong)):
        moved = defences.pgd(case.network, front, case.images, case.labels, 4, seed=0, steps=10)
        stands[name] = case.right(moved).mean()
    assert stands["right"] < stands["wrong"] - 0.3


class Bright(nn.Module):
    """Two classes in use: bright pictures and dark ones; the score is linear."""

    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return torch.stack([mean, -mean, *[torch.full_like(mean, -9)] * 8], 1)


def bright(levels):
    images = np.stack([np.full((32, 32, 3), level, np.uint8) for level in levels])
    network = Bright()
    network.register_parameter("unused", nn.Parameter(torch.zeros(1)))
    return Case(network, None, images, (np.array(levels) < 128).astype(np.int64))


def test_square_takes_what_is_near_and_leaves_what_is_far():
    case = bright([129, 126, 160, 90])
    moved, asked = defences.square(case, 8, 60, seed=1)
    assert case.right(moved).tolist() == [False, False, True, True]
    assert np.abs(moved.astype(int) - case.images).max() <= 8 and 10 < asked < 65


def test_hop_skip_jump_comes_near_the_border_and_never_nearer():
    case = bright([134, 122, 160, 90])
    far = defences.hop_skip_jump(case, 600, seed=0)
    assert far.shape == (4, 600) and (np.diff(np.minimum(far, 999), axis=1) <= 0).all()
    assert (far[:, -1] >= [6, 5, 32, 37]).all()
    assert (far[:, -1] < [16, 16, 60, 70]).all() and far[:, -1].sum() < 0.7 * far[:, 2].sum()


def test_one_class_leaves_nothing_to_start_from():
    with pytest.raises(ValueError, match="one class"):
        defences.hop_skip_jump(bright([140, 150]), 1, seed=0)


def test_what_was_asked_before_costs_no_question():
    served = defences.Served(bright([140, 90]))
    values = defences.floats(served.case.images)
    first = served(np.concatenate([values, values[:1]]))
    assert served.asked == 2 and (first[0] == first[2]).all()
    assert (served(values + 0.3 / 255) == first[:2]).all() and served.asked == 2


def test_the_nearest_picture_so_far_is_remembered_and_the_budget_ends_it():
    case = bright([140])
    nearest = defences.Nearest(case, case.images[0], decided=0, budget=4)
    levels = np.array([130, 120, 127, 60]) / 255
    given = nearest(np.ones((4, 3, 32, 32)) * levels[:, None, None, None])
    assert given.argmax(1).tolist() == [0, 1, 1, 1] and nearest.distances == [np.inf, 20, 13, 13]
    with pytest.raises(PermissionError, match="4 questions"):
        nearest(np.ones((1, 3, 32, 32)))


def test_balanced_takes_classes_in_turn():
    data = datasets.Dataset(PHOTOS[np.arange(40) % 20], np.arange(40) // 4, tuple("abcdefghij"), "here")
    images, labels = defences.balanced(data, 20)
    assert labels.tolist() == [*range(10)] * 2 and (images[1] == data.images[4]).all()


def test_who_sees_leaves_a_fooled_picture_alone():
    case, tried = bright([129, 126, 160]), []

    def perturb(images, labels, epsilon):
        tried.append(len(images))
        return np.where(labels[:, None, None, None] == 0, images - epsilon, images + epsilon).astype(np.uint8)

    assert defences.over_epsilons(case, perturb, sees=True) == pytest.approx(
        {"1": 1.0, "2": 1 / 3, "4": 1 / 3, "8": 1 / 3}, abs=1e-4
    )
    assert tried == [3, 3, 1, 1]
    tried.clear()
    defences.over_epsilons(case, perturb)
    assert tried == [3, 3, 3, 3]


def test_nobody_gets_more_than_epsilon():
    with pytest.raises(ValueError, match="9 levels, at most 1"):
        defences.over_epsilons(bright([140, 90]), lambda images, *_: images + np.uint8(9))


@pytest.mark.parametrize("kind", [BlockShuffle, NegativePositive, FormatPreserving], ids=lambda k: k.name)
def test_a_perturbed_picture_is_scored_through_the_true_cipher(kind):
    scheme = kind(Key.from_seed(4), block=4)
    plain = bright([140, 90, 60])
    case = Case(plain.network, scheme, plain.images, plain.labels)
    by_hand = defences.answers(Case(plain.network, None, scheme.encrypt(plain.images), plain.labels),
                               scheme.encrypt(plain.images))  # fmt: skip
    assert (defences.answers(case, plain.images) == by_hand).all()
