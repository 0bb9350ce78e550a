"""Checks of lesson 34: shares and triples, what a ciphertext costs and how its numbers are added up, a step
of DP-SGD and what its budget means, a network on shares."""

import math

import numpy as np

from lib import Key, datasets
from lib.workbook.checks import GIVEN, array, called, exercise, number, pair, whole
from lib.workbook.privacy import shares
from lib.workbook.privacy.networks import SquareWeights, scores, values


@exercise
def split(answer):
    """`answer(image, noise)`: two uint8 shares whose sum modulo 256 is the image, by noise of its shape."""
    image = datasets.load("photos", "test", 1).images[0]
    for seed in (1, 2):
        noise = Key.from_seed(seed).bytes("lesson 34", image.size).reshape(image.shape)
        got = pair(called(answer, image, noise), "the two shares")
        first, second = (array(each, image.shape) for each in got)
        assert (first + second == image).all(), "the sum of the shares, modulo 256, is not the image"
        assert first.std() > 0 < second.std(), "one share is the same everywhere, so the other is no secret"
        alike = [abs(np.corrcoef(each.ravel(), image.ravel())[0, 1]) for each in (first, second)]
        assert max(alike) < 0.1, f"one share alone shows the picture: correlation {max(alike):.2f}"


@exercise
def multiply(answer):
    """`answer(x, y, triple, reveal)`: two shares of x * y; x, y, a, b, c are (2, n) uint64."""
    for seed in (1, 2, 3):
        key, told = Key.from_seed(seed), []
        x, y, a, b = (shares.uniform(key, name, (8,)) for name in "xyab")
        x = np.append(x, np.uint64(3))
        y, a, b = (np.append(each, shares.uniform(key, f"{i}", (1,))) for i, each in enumerate((y, a, b)))
        given = [shares.split(each, key, f"share {i}") for i, each in enumerate((x, y, a, b, a * b))]
        got = answer(*given[:2], tuple(given[2:]), _revealing(told))
        _nothing_opened(told, {"x": x, "y": y, "a": a, "b": b, "a * b": a * b, "x * y": x * y})
        got = pair(list(got) if isinstance(got, np.ndarray) else got, "the two shares of the product")
        first, second = (array(each, x.shape, np.uint64) for each in got)
        off = first + second - x * y
        e, d = x - a, y - b
        assert (off != e * d).any(), "(x - a)(y - b) was added twice: only one of the servers adds it"
        assert (off != -e * d).any(), "something is missing: x * y = c + (x - a) b + a (y - b) + ..."
        (x0, x1), (y0, y1) = given[:2]
        assert (off != -x0 * y1 - x1 * y0).any(), "x0 * y0 + x1 * y1 is not all of (x0 + x1)(y0 + y1)"
        assert (off == 0).all(), "the shares do not add up to x * y modulo 2^64"


def _revealing(told):
    """What opens a shared value, and keeps what it opened."""

    def reveal(shared):
        value = array(np.asarray(shared)[0], np.shape(shared)[1:], np.uint64) + np.asarray(shared)[1]
        told.append(value)
        return value

    return reveal


def _nothing_opened(told, secrets):
    for name, value in secrets.items():
        opened = any(each.shape == value.shape and (each == value).all() for each in told)
        assert not opened, f"you opened {name}, so both servers know it; open what a mask hides"


@exercise
def ciphertext_bytes(answer):
    """`answer(degree, primes)`: bytes of a fresh CKKS ciphertext in words of 64 bits."""
    for degree, primes in GIVEN["ciphertext_bytes"]["cases"]:
        got = whole(answer(degree, tuple(primes)), least=0)
        words = degree * (len(primes) - 1)
        hints = {
            words * 8: "a ciphertext is two polynomials",
            degree * len(primes) * 16: "the last prime is kept for keys, a ciphertext does without it",
            words * 2: "a word has 8 bytes",
            2 * degree * 8: "a coefficient has a word for each prime",
            2 * degree * sum(primes[:-1]) // 8: "each prime takes a whole word, however few bits it has",
        }
        assert got == 2 * 8 * words, f"{got:,} bytes for {degree}, {primes}: {hints.get(got, 'count again')}"


class Packed:
    """Numbers in one ciphertext, as a server has them: they can be added and turned, and not be looked at."""

    def __init__(self, numbers: np.ndarray):
        self._numbers, self.turns = np.array(numbers, float), []

    def __add__(self, other: "Packed") -> "Packed":
        return self._with(self._numbers + other._numbers)

    def turned(self, places: int) -> "Packed":
        """Number i is now what number i + places was, round the end."""
        self.turns.append(places)
        return self._with(np.roll(self._numbers, -places))

    def _with(self, numbers):
        new = Packed(numbers)
        new.turns = self.turns
        return new

    def __len__(self) -> int:
        return len(self._numbers)


@exercise
def add_up(answer):
    """`answer(packed)`: a `Packed` with the sum of all its numbers in first place, by few turns."""
    for count in (2, 8, 64, 4096):
        numbers = np.random.default_rng(count).normal(size=count)
        packed = Packed(numbers)
        got = answer(packed)
        assert isinstance(got, Packed), f"expected a Packed, got {type(got).__name__}: nothing is decrypted"
        right = abs(got._numbers[0] - numbers.sum()) < 1e-9 * count
        assert right, f"of {count} numbers the first place holds {got._numbers[0]:.3f}, not their sum"
        fewest = int(math.log2(count))
        told = f"{len(packed.turns)} turns for {count} numbers, and {fewest} are enough: double what is added"
        assert len(packed.turns) <= fewest, told


@exercise
def private_sum(answer):
    """`answer(gradients, bound, noise, normal)`: (p,) what one step of DP-SGD adds up, noise included."""
    rng = np.random.default_rng(34)
    lengths = np.array([0.2, 0.9, 4.0, 30.0])
    raw = rng.normal(size=(4, 50))
    gradients = raw / np.linalg.norm(raw, axis=1, keepdims=True) * lengths[:, None]
    for bound in (1.0, 2.5):
        clipped = gradients * np.minimum(1, bound / lengths)[:, None]
        got = array(called(lambda g, b=bound: answer(g, b, 0.0, np.zeros), gradients), (50,), None)
        _clips(got, gradients, bound, clipped)
        drawn = rng.normal(size=50)
        noisy = array(answer(gradients.copy(), bound, 1.5, _draw(drawn)), (50,), None)
        added = noisy - clipped.sum(0)
        assert np.abs(added).max() > 1e-9, "no noise was added"
        by_itself = np.allclose(added, 1.5 * drawn) and bound != 1
        assert not by_itself, "the noise does not grow with the bound: its deviation is noise * bound"
        deviation = added.std() / drawn.std()
        assert np.allclose(added, 1.5 * bound * drawn), (
            f"noise of deviation {deviation:.2f}, expected {1.5 * bound:.2f}, drawn once"
        )


def _draw(drawn):
    """Normal numbers, which are the same for whoever asks for as many, and others for each picture."""

    def normal(size):
        shape = (size,) if np.ndim(size) == 0 else tuple(size)
        same = np.prod(shape) == len(drawn)
        return drawn.reshape(shape) if same else np.random.default_rng(1).normal(size=shape)

    return normal


def _clips(got, gradients, bound, clipped):
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    total = gradients.sum(0)
    hints = {
        "each number was cut off; shorten the whole gradient": np.clip(gradients, -bound, bound).sum(0),
        "a gradient shorter than the bound stays as it is": (gradients / lengths * bound).sum(0),
        "the sum was shortened; shorten each gradient first": total * min(1, bound / np.linalg.norm(total)),
        "this is a mean; DP-SGD adds noise to the sum": clipped.mean(0),
        "nothing was shortened": total,
    }
    for hint, wrong in hints.items():
        assert not np.allclose(got, wrong), hint
    assert np.allclose(got, clipped.sum(0)), "without noise this is not the sum of shortened gradients"


@exercise
def best_guess(answer):
    """`answer(epsilon)`: how often, at most, a guess whether a picture was trained on is right; delta 0."""
    for epsilon in (0.0, 0.1, 1.0, 3.0, 8.0):
        got, right = number(answer(epsilon)), 1 / (1 + math.exp(-epsilon))
        assert 0 <= got <= 1, f"a probability lies between 0 and 1, got {got:.3g}"
        hint = "without any knowledge it is one half" if epsilon == 0 else "how far may the two be apart?"
        assert abs(got - right) < 1e-6, f"{got:.4f} for epsilon {epsilon:g}: {hint}"


@exercise
def on_shares(answer):
    """`answer(pictures, model, dealer, channel)`: shares of the scores of a `SquareNet`, 13 bits behind the
    point; `pictures` and the arrays in `model` are shares."""
    images, weights = datasets.load("photos", "test", 5).images, example()
    plain = scores(weights, images)
    for seed in (1, 2):
        key = Key.from_seed(seed)
        dealer, channel = shares.Dealer(key), _Listening()
        got = answer(*shared(images, weights, key), dealer, channel)
        got = array(np.asarray(got), (2, *plain.shape), np.uint64)
        _nothing_told(channel, images, weights)
        found = shares.decoded(shares.joined(got))
        scale = np.abs(found).max() / np.abs(plain).max()
        hint = (
            "move the point back after each product" if scale > 100 or scale < 0.01 else "compare each step"
        )
        error = np.abs(found - plain).max()
        assert error < 0.02, f"scores are wrong by {error:.3g}, 0.02 is allowed: {hint}"
        assert channel.rounds <= 3, f"{channel.rounds} rounds, but three products need three"


class _Listening(shares.Channel):
    def opened(self, *shared):
        values = super().opened(*shared)
        self.heard = [*getattr(self, "heard", []), *values]
        return values


def _nothing_told(channel, images, weights):
    """No picture, no weight and nothing between was opened: small numbers in place of noise."""
    for value in getattr(channel, "heard", []):
        small = (np.abs(value.view(np.int64)) < 1 << 50).mean()
        assert small < 0.01, "a value was opened that no mask hides"


def shared(images: np.ndarray, weights: SquareWeights, key: Key) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Shares (2, ...) of pictures (n, 32, 32, 3) uint8, and of each array of the weights by name."""
    names = ("filters", "offsets", "linear", "bias")
    model = {name: shares.split(shares.encoded(getattr(weights, name)), key, name) for name in names}
    return shares.split(shares.encoded(values(images)), key, "pictures"), model


def example(filters: int = 4, classes: int = 10) -> SquareWeights:
    """Weights that nobody trained, for a check."""
    rng = np.random.default_rng(7)
    drawn = rng.normal(0, 0.1, (192, filters)), rng.normal(0, 0.3, filters)
    return SquareWeights(*drawn, rng.normal(0, 0.1, (64, filters, classes)), rng.normal(size=classes))
