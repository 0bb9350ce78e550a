"""Checks of lesson 08: entropy, and two attackers who must win every round of the indistinguishability
game."""

import numpy as np

from lib import Key
from lib.schemes import SKK, Tanaka
from lib.workbook.checks import exercise

GAMES = 100


@exercise
def entropy(answer):
    """`answer(image)`: bits, from 0 to 8, of the values of a uint8 array of any shape."""
    rng = np.random.default_rng(1)
    assert _number(answer(np.full((4, 6, 3), 7, np.uint8))) == 0, (
        "an image of one value has no surprise: 0 bits"
    )
    halves = rng.permutation(np.repeat([0, 255], 36)).astype(np.uint8).reshape(4, 6, 3)
    got = _number(answer(halves))
    assert abs(got - 1) < 1e-9, f"two values equally often make 1 bit, got {got:.4f}"
    every = rng.permutation(np.tile(np.arange(256), 3)).astype(np.uint8).reshape(16, 16, 3)
    got = _number(answer(every))
    assert abs(got - 8) < 1e-9, f"all 256 values equally often make 8 bits, got {got:.4f}"
    shares = rng.permutation(np.repeat([3, 90, 250], [48, 16, 8])).astype(np.uint8).reshape(3, 8, 3)
    expected = -sum(p * np.log2(p) for p in (6 / 9, 2 / 9, 1 / 9))
    got = _number(answer(shares))
    assert abs(got - expected) < 1e-9, (
        f"for three values, in shares of 6, 2 and 1 ninths, your {got:.4f} bits are wrong"
    )


def _number(got):
    assert np.ndim(got) == 0, f"expected one number, got shape {np.shape(got)}"
    assert not np.isnan(got), (
        "your result is not a number (NaN); what does p * log2(p) mean for a value that never occurs?"
    )
    return float(got)


@exercise
def skk_attacker(answer):
    """`answer(cipher, first, second)`: 0 where `cipher` is of `first`, 1 where of `second`; all (h, w, 3)
    uint8."""
    rng = np.random.default_rng(2)
    first = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    retouched = first.copy()
    retouched[7, 3] = (first[7, 3].astype(int) + 50) % 256
    for seed, (what, second) in enumerate(
        (("mirrored", first[:, ::-1].copy()), ("with one pixel changed", retouched))
    ):
        coins = rng.integers(0, 2, GAMES)
        scheme, wins = SKK(Key.from_seed(seed), per_image=True), 0
        for number, coin in enumerate(coins):
            cipher = scheme.encrypt([first, second][coin], ids=[number])
            wins += _said(answer(cipher, first.copy(), second.copy())) == coin
        assert wins == GAMES, f"where the second image is the first {what}, you won {wins} of {GAMES} games"


@exercise
def equal_blocks(answer):
    """`answer(challenge)`: asks for the Tanaka cipher of one of two images, and says which it was, 0 or 1."""
    wins, coins = 0, np.random.default_rng(3).integers(0, 2, GAMES)
    for number, coin in enumerate(coins):
        scheme, asked = Tanaka(Key.from_seed(number), per_image=True), []

        def challenge(first, second, scheme=scheme, asked=asked, coin=coin):
            asked.append(1)
            assert len(asked) == 1, "one challenge a game"
            for image in (first, second):
                assert isinstance(image, np.ndarray) and image.dtype == np.uint8, (
                    "both images are uint8 arrays"
                )
            assert first.shape == second.shape, (
                f"both images have one shape, got {first.shape} and {second.shape}"
            )
            counts = [np.bincount(image.ravel(), minlength=256).tolist() for image in (first, second)]
            assert counts[0] == counts[1], (
                "both images must hold the same values equally often, and yours do not"
            )
            return scheme.encrypt([first, second][coin], ids=[0])

        wins += _said(answer(challenge)) == coin
        assert asked, "your attacker never asked for the challenge"
    assert wins == GAMES, f"you won {wins} of {GAMES} games"


def _said(guess):
    assert np.ndim(guess) == 0 and guess in (0, 1), f"an attacker says 0 or 1, got {guess!r}"
    return int(guess)
