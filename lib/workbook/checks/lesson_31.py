"""Checks of lesson 31: a step of PGD, a gradient through a table, the tables that ciphertexts leave open, a
search by scores, accuracy against budget, and a defence beaten whose key was not given."""

import numpy as np
import torch
from torch import nn

from lib import Key, datasets
from lib.models.defended import Defended, TableFront
from lib.schemes import BlockShuffle
from lib.table import Table
from lib.training import predict, scores
from lib.workbook.checks import array, called, exercise
from lib.workbook.defence_keys import Service
from lib.workbook.defence_networks import NETWORKS, kept

LEVELS = 8  # epsilon of the last exercise
ATTACKED, SEEN, ASKED = 12, 60, 40  # pictures to change, ciphertexts to read, decisions of the service
ENOUGH = 10  # of the decisions have to change


@exercise
def step(answer):
    """`answer(image, start, gradient, size, epsilon)`: one step of PGD, floats from 0 to 1."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        start = rng.uniform(0, 1, (3, 6, 6)).round(2)
        start[0, 0] = 0, 1, 0, 1, 0.01, 0.99
        image = np.clip(start + rng.uniform(-0.03, 0.03, start.shape), 0, 1)
        gradient = rng.normal(0, 1e-4, start.shape)
        gradient[1, 1] = 0
        got = array(called(answer, image, start, gradient, 0.02, 0.03), start.shape, None)
        moved = image + 0.02 * np.sign(gradient)
        right = np.clip(np.clip(moved, start - 0.03, start + 0.03), 0, 1)
        hints = {
            "the loss has to go up, not down: add the sign of the gradient": np.clip(
                np.clip(image - 0.02 * np.sign(gradient), start - 0.03, start + 0.03), 0, 1
            ),
            "take the sign of the gradient, whatever its size": np.clip(
                np.clip(image + 0.02 * gradient, start - 0.03, start + 0.03), 0, 1
            ),
            "the picture may not be further than epsilon from where it began": np.clip(moved, 0, 1),
            "values have to stay between 0 and 1": np.clip(moved, start - 0.03, start + 0.03),
        }
        for hint, wrong in hints.items():
            assert not np.allclose(got, wrong) or np.allclose(wrong, right), hint
        assert np.allclose(got, right), f"off by up to {np.abs(got - right).max():.3f}"


@exercise
def through_table(answer):
    """`answer(gradient, index, mask)`: the gradient for the plain values, of one for the cipher values."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        index, mask = rng.permutation(48), np.uint8(255) * (rng.random(48) < 0.4)
        gradient = rng.normal(size=48)
        got = array(called(answer, gradient, index, mask), (48,), None)
        signed = np.where(mask > 0, -gradient, gradient)
        right = np.empty(48)
        right[index] = signed
        unsigned = np.empty(48)
        unsigned[index] = gradient
        assert not np.allclose(got, unsigned), "values are in place; a complement turns the sign of the slope"
        assert not np.allclose(np.abs(got), np.abs(gradient)), (
            "nothing was moved: cipher value i is plain value index[i]"
        )
        assert not np.allclose(np.abs(got), np.abs(signed[index])), (
            "this moves values as encryption does; the gradient goes the other way"
        )
        assert np.allclose(got, right), "the order is right, a sign is not: mask[i] belongs to cipher value i"


@exercise
def left_open(answer):
    """`answer(index, mask)`: all (index, mask) that ciphertexts of SHF or NP do not tell from this one."""
    rng = np.random.default_rng(31)
    index, mask = rng.permutation(48), np.uint8(255) * (rng.random(48) < 0.5)
    got = list(called(answer, index, mask))
    pairs = {(tuple(map(int, one)), tuple(map(int, other))) for one, other in got}
    assert len(got) == len(pairs), f"{len(got)} candidates, but only {len(pairs)} different ones"
    place = index // 3
    for one, other in pairs:
        assert (np.array(one) // 3 == place).all(), "a value has left its pixel; only colours change places"
        assert sorted(one) == list(range(48)), "every plain value has to be used once"
        turned = np.array(other) ^ mask
        assert (turned == turned[0]).all(), "all values turn negative together, or none does"
        orders = np.array(one)[np.argsort(index)].reshape(16, 3) % 3
        assert (orders == orders[0]).all(), "the colours of all pixels change places in the same way"
    told = f"{len(pairs)} candidates: how many orders do three colours have, and how many signs?"
    assert len(pairs) == 12, told


@exercise
def by_scores(answer):
    """`answer(score, image, epsilon, questions, rng)`: a picture of a lower score, by asking for scores."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[:16, :16] / 16
        weights = np.stack([np.sin(5 * a * x + 4 * b * y + c) for a, b, c in rng.uniform(0.5, 2, (3, 3))])
        image = rng.uniform(0.1, 0.9, (3, 16, 16))
        asked = []

        def score(picture, weights=weights, asked=asked):
            asked.append(array(picture, (3, 16, 16), None))
            return float((weights * picture).sum())

        got = array(answer(score, image.copy(), 0.05, 300, np.random.default_rng(seed)), image.shape, None)
        told = f"you asked {len(asked)} times, 300 are allowed"
        assert len(asked) <= 300, told
        for each in (*asked, got):
            assert np.abs(each - image).max() < 0.05 + 1e-9, "a picture was further than epsilon away"
            assert each.min() > -1e-9 and each.max() < 1 + 1e-9, "values have to stay between 0 and 1"
        gained = ((image - got) * weights).sum() / (0.05 * np.abs(weights).sum())
        told = f"the score fell by {gained:.0%} of what is possible in 300 questions; expected is a third"
        hint = "change whole squares by epsilon, not single values, and keep what lowers the score"
        assert gained > 1 / 3, f"{told}: {hint}"


@exercise
def accuracies(answer):
    """`answer(right, distances, epsilons)`: accuracy by epsilon, from the distance of what was found."""
    rng = np.random.default_rng(3)
    right = rng.random(40) < 0.8
    distances = rng.integers(0, 20, 40).astype(float)
    distances[:4], right[:4] = np.inf, True  # nothing was found
    for epsilons in ((0, 1, 2, 4, 8), (3, 16)):
        got = array(called(answer, right, distances, np.array(epsilons)), (len(epsilons),), None)
        true = np.array([(right & (distances > epsilon)).mean() for epsilon in epsilons])
        hints = {
            "a picture that was in a wrong class from the beginning is not right": [
                (distances > epsilon).mean() for epsilon in epsilons],
            "this is the share that the attacker wins; what stands is asked for": [
                1 - each for each in true],
            "at a distance of epsilon itself the attacker has won": [
                (right & (distances >= epsilon)).mean() for epsilon in epsilons],
            "the share is of all pictures, not of those that were right": [
                each / right.mean() for each in true],
        }  # fmt: skip
        for hint, wrong in hints.items():
            assert not np.allclose(got, wrong) or np.allclose(wrong, true), hint
        assert np.allclose(got, true), f"for epsilons {epsilons}: {got.round(3).tolist()} is not right"


class Rekeyed(Defended):
    """A network that was trained under one key, made to read ciphertexts of another: they are undone by a
    table that it holds, which one with the weights could read, but not with a look at its first layer."""

    def __init__(self, network: nn.Module, table: Table):
        super().__init__(network, TableFront(table))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of scaled ciphertexts (n, 3, 32, 32)."""
        return super().forward((x + 1) / 2)


def given(seed: int) -> tuple:
    """A defence with a key of its own: `encrypt`, ciphertexts, the service, and plain pictures to change."""
    scheme, photos = NETWORKS["shf"].scheme, datasets.load("photos", "test").images
    table = BlockShuffle(Key.from_seed(3100 + seed), block=4).table((32, 32, 3))
    network = Rekeyed(kept("shf"), table.inverse()).eval().requires_grad_(False)

    def encrypt(images):
        return table.apply_batch(scheme.encrypt(images))

    sure = scores(network, encrypt(photos)).max(1)
    surest = np.sort(np.argsort(-sure)[:ATTACKED])
    first = 200 * (seed + 1)
    asked = photos[first + SEEN : first + SEEN + ASKED]
    service = Service(network, asked, predict(network, encrypt(asked)))
    return encrypt, encrypt(photos[first : first + SEEN]), service, photos[surest]


@exercise
def beat(answer):
    """`answer(ciphers, service, images)`: the images, changed by at most 8 levels, in other classes."""
    for seed in (1, 2):
        encrypt, ciphers, service, images = given(seed)
        got = array(called(lambda c, x, s=service: answer(c, s, x), ciphers, images), images.shape)
        far = int(np.abs(got.astype(int) - images).max())
        assert far <= LEVELS, f"a value was moved by {far} levels, {LEVELS} are allowed"
        before, after = (predict(service.network, encrypt(each)) for each in (images, got))
        changed = int((before != after).sum())
        told = f"{changed} of {ATTACKED} decisions change, {ENOUGH} are asked for"
        hint = "is the key right? Behind the right table the network decides as the service did"
        assert changed >= ENOUGH, f"{told}; {hint}"
