"""Checks of lesson 08: entropy, and two attackers who must win every round of a game."""

from functools import partial

import numpy as np

from lib import Key
from lib.schemes import SKK, Tanaka
from lib.workbook.checks import GIVEN, exercise, number

GAMES = 100


@exercise
def entropy(answer):
    """`answer(image)`: bits, from 0 to 8, of the values of a uint8 array of any shape."""
    rng = np.random.default_rng(1)
    for told, values, shape in (
        ("an image of one value has no surprise: 0 bits", np.full(72, 7), (4, 6, 3)),
        ("two values equally often make 1 bit", np.repeat([0, 255], 36), (4, 6, 3)),
        ("all 256 values equally often make 8 bits", np.tile(np.arange(256), 3), (16, 16, 3)),
        ("three values, in shares of 6, 2 and 1 ninths", np.repeat([3, 90, 250], [48, 16, 8]), (3, 8, 3)),
    ):
        got = number(answer(rng.permutation(values).astype(np.uint8).reshape(shape)))
        assert not np.isnan(got), GIVEN["entropy"]["hint"]
        shares = np.unique(values, return_counts=True)[1] / len(values)
        expected = -sum(share * np.log2(share) for share in shares)
        assert abs(got - expected) < 1e-9, f"{told}; your {got:.4f} bits are wrong"


@exercise
def skk_attacker(answer):
    """`answer(cipher, first, second)`: 0 if `cipher` is of `first`, 1 if of `second`; (h, w, 3) uint8."""
    rng = np.random.default_rng(2)
    first = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    retouched = first.copy()
    retouched[7, 3] = (first[7, 3].astype(int) + 50) % 256
    others = {"mirrored": first[:, ::-1].copy(), "with one pixel changed": retouched}
    for seed, (what, second) in enumerate(others.items()):
        scheme, wins = SKK(Key.from_seed(seed), per_image=True), 0
        for game, coin in enumerate(rng.integers(0, 2, GAMES)):
            cipher = scheme.encrypt([first, second][coin], ids=[game])
            wins += _said(answer(cipher, first.copy(), second.copy())) == coin
        assert wins == GAMES, f"where the second image is the first {what}, you won {wins} of {GAMES} games"


@exercise
def equal_blocks(answer):
    """`answer(challenge)`: asks for the Tanaka cipher of one of two images, and says which it was, 0 or 1."""
    wins = 0
    for game, coin in enumerate(np.random.default_rng(3).integers(0, 2, GAMES)):
        asked = []
        scheme = Tanaka(Key.from_seed(game), per_image=True)
        wins += _said(answer(partial(_challenge, scheme=scheme, coin=coin, asked=asked))) == coin
        assert asked, "your attacker never asked for the challenge"
    assert wins == GAMES, f"you won {wins} of {GAMES} games"


def _challenge(first, second, scheme, coin, asked):
    asked.append(1)
    assert len(asked) == 1, "one challenge a game"
    images = all(isinstance(image, np.ndarray) and image.dtype == np.uint8 for image in (first, second))
    assert images, "both images are uint8 arrays"
    assert first.shape == second.shape, f"both images have one shape, got {first.shape} and {second.shape}"
    same = np.array_equal(np.sort(first, axis=None), np.sort(second, axis=None))
    assert same, "both images must hold the same values equally often, and yours do not"
    return scheme.encrypt([first, second][coin], ids=[0])


def _said(guess):
    assert np.ndim(guess) == 0 and guess in (0, 1), f"an attacker says 0 or 1, got {guess!r}"
    return int(guess)
