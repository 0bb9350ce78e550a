"""NeuraCrypt falls with a key for all pictures, and not with a key for each."""

import numpy as np
import pytest

from lib.attacks.many_ciphertexts import neuracrypt as attack
from lib.attacks.solvers import patch_features as features
from lib.judge import pictures
from lib.workbook import neuracrypt_challenge as made

WIDTH, COUNT = 128, 60
WINDOWS, OTHERS = pictures.attacked((32, 32, 3), 500), made.plain(pictures.public((32, 32, 3), 400))


def challenge(depth, seed=1, count=COUNT, **settings):
    return made.challenge(WINDOWS[:count], depth, seed, width=WIDTH, **settings)


@pytest.fixture(scope="module")
def trained():
    return features.train(*features.rehearse(OTHERS, 3, WIDTH, np.random.default_rng(0), 8), steps=300)


@pytest.fixture(scope="module")
def matched(trained):
    given = challenge(3)
    return given, attack.neuracrypt(given.plain, given.hidden, trained)


def test_pictures_are_named_without_a_weight_and_step_by_step(matched):
    given, found = matched
    rates = [made.rate(each, given.truth) for each in found.stages.values()]
    assert 0.08 < rates[0] < rates[1] and min(rates[1:]) > 0.85
    assert sorted(found.pictures) == list(range(COUNT))


@pytest.mark.parametrize("seed", [2, 3])
def test_without_a_shuffle_too_and_under_other_keys(trained, seed):
    given = challenge(3, seed, shuffled=False)
    found = attack.neuracrypt(given.plain, given.hidden, trained, shuffled=False)
    assert made.rate(found.pictures, given.truth) > 0.85
    assert (found.vectors == given.hidden).all()


def test_a_key_for_each_picture_and_noise_resist(trained):
    rates = {"alone": [], "noise": []}
    for seed in (4, 5, 6):
        given = challenge(3, seed, count=40, own_keys=True)
        for name, of in (("alone", given), ("noise", made.noise(given, seed))):
            found = attack.neuracrypt(of.plain, of.hidden, trained)
            rates[name].append(made.rate(found.pictures, of.truth))
    assert max(np.mean(each) for each in rates.values()) < 0.1


def test_the_linear_encoder_tells_a_little_under_a_key_for_each_picture_and_noise_nothing():
    """A wide random matrix changes lengths little, so contrasts show under any key."""
    rates = []
    for seed in (4, 5, 6):
        given = challenge(1, seed, own_keys=True)
        both = given, made.noise(given, seed)
        rates.append([made.rate(attack.linear_neuracrypt(of.plain, of.hidden), of.truth) for of in both])
    alone, nothing = np.mean(rates, 0)
    assert nothing < 0.07 < alone < 0.5


def test_places_are_the_pictures_own(matched):
    """A picture that was matched right has its vectors in the order that an unshuffled encoding has."""
    given, found = matched
    straight = challenge(3, shuffled=False)
    assert (straight.truth == given.truth).all()
    assert np.allclose(found.vectors, straight.hidden, atol=1e-4)


@pytest.mark.parametrize("shuffled", [True, False])
def test_the_linear_encoder_falls_by_leverages(shuffled):
    given = challenge(1, shuffled=shuffled)
    assert made.rate(attack.linear_neuracrypt(given.plain, given.hidden), given.truth) == 1


def test_leverages_are_those_of_the_hat_matrix_and_survive_any_linear_map():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(7, 4, 5)) * [1, 4, 2, 0.1, 1] + 3
    rows = (values - values.mean((0, 1))).reshape(-1, 5)
    hat = rows @ np.linalg.inv(rows.T @ rows) @ rows.T
    assert np.allclose(attack.leverages(values).ravel(), np.diag(hat))
    assert np.allclose(attack.leverages(values @ rng.normal(size=(5, 12)) - 2), attack.leverages(values))


def test_all_pairs_tries_all_assignments():
    from itertools import permutations

    rng = np.random.default_rng(2)
    hidden, plain = rng.normal(size=(3, 4, 2)), rng.normal(size=(5, 4, 2))
    found = attack.all_pairs(hidden, plain)
    for i, j in np.ndindex(3, 5):
        like = hidden[i] @ plain[j].T
        best = max(np.mean([like[p, q] for p, q in enumerate(order)]) for order in permutations(range(4)))
        assert np.isclose(found[i, j], best)


def test_a_decoder_mends_wrong_pairs(matched):
    given, found = matched
    wrong = given.truth.copy()
    wrong[: COUNT // 2] = np.roll(wrong[: COUNT // 2], 1)
    assert made.rate(attack.by_decoder(given.plain, found.vectors, wrong), given.truth) > 0.9


def test_a_copy_names_new_pictures(matched):
    given, found = matched
    copy = attack.learned_copy(given.plain[found.pictures], found.vectors, 3, steps=50)
    new, others = WINDOWS[100:120], WINDOWS[100:300]
    sent = made.challenge(new, 3, 1, width=WIDTH)
    named = attack.nearest(made.placed(found, sent.hidden), attack.encodings(copy, made.plain(others)))
    assert made.rate(named, sent.truth) > 0.8
    untrained = attack.learned_copy(given.plain[found.pictures], found.vectors, 3, steps=5)
    guess = attack.nearest(made.placed(found, sent.hidden), attack.encodings(untrained, made.plain(others)))
    assert made.rate(guess, sent.truth) < made.rate(named, sent.truth)


def test_what_does_not_fit_is_refused(trained):
    given = challenge(3, count=12)
    for plain in (given.plain[:-1], given.plain[:, :-1], given.plain[0]):
        with pytest.raises(ValueError, match=r"expected \(n, patches, size\)"):
            attack.neuracrypt(plain, given.hidden, trained)
        with pytest.raises(ValueError, match=r"expected \(n, patches, size\)"):
            attack.linear_neuracrypt(plain, given.hidden)
