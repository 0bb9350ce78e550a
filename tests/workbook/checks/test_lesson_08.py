"""The exercises of lesson 08: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.workbook.checks import lesson_08 as check


def entropy(image):
    counts = np.bincount(image.ravel(), minlength=256)
    p = counts[counts > 0] / counts.sum()
    return -(p * np.log2(p)).sum()


def natural(image):
    return entropy(image) * np.log(2)


def with_zeros(image):
    p = np.bincount(image.ravel(), minlength=256) / image.size
    with np.errstate(all="ignore"):
        return -(p * np.log2(p)).sum()


def ten_bins(image):
    p = np.histogram(image)[0] / image.size
    return -(p[p > 0] * np.log2(p[p > 0])).sum()


def fold(image):
    return np.sort(np.minimum(image, 255 - image), axis=-1)


def skk_attacker(cipher, first, second):
    return 0 if (fold(cipher) == fold(first)).all() else 1


def unordered(cipher, first, second):
    """Which values occur, wherever they are."""
    counts = [np.bincount(fold(image).ravel(), minlength=128) for image in (cipher, first)]
    return 0 if (counts[0] == counts[1]).all() else 1


def unsorted(cipher, first, second):
    return 0 if (np.minimum(cipher, 255 - cipher) == np.minimum(first, 255 - first)).all() else 1


def unfolded(cipher, first, second):
    return 0 if (np.sort(cipher, axis=-1) == np.sort(first, axis=-1)).all() else 1


def nearer(cipher, first, second):
    a, b = (((cipher.astype(int) - image) ** 2).sum() for image in (first, second))
    return 0 if a < b else 1


def pair():
    first, second = np.zeros((2, 32, 32, 3), np.uint8)
    first[:, 16:] = 255
    second[:, ::2] = 255
    return first, second


def kinds(cipher):
    blocks = cipher.reshape(8, 4, 8, 4, 3).swapaxes(1, 2).reshape(64, 48)
    return len(np.unique(blocks, axis=0))


def equal_blocks(challenge):
    return 0 if kinds(challenge(*pair())) == 2 else 1


def tiles(challenge):
    """Another right answer: one block of noise 64 times over, or the same values in any order."""
    rng = np.random.default_rng(1)
    first = np.tile(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8), (8, 8, 1))
    second = rng.permutation(first.ravel()).reshape(first.shape)
    return 0 if kinds(challenge(first, second)) == 1 else 1


def black_or_noise(challenge):
    noise = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    return 0 if len(np.unique(challenge(np.zeros_like(noise), noise))) < 32 else 1


def counts_values(challenge):
    return 0 if len(np.unique(challenge(*pair()))) == 2 else 1


def moved_stripes(challenge):
    """Stripes of 4 pixels or of 8: two kinds of block in both."""
    first, second = np.zeros((2, 32, 32, 3), np.uint8)
    first[:, np.arange(32) % 8 < 4] = 255
    second[:, np.arange(32) % 16 < 8] = 255
    return 0 if kinds(challenge(first, second)) == 2 else 1


def asks_twice(challenge):
    first, second = pair()
    return 0 if (challenge(first, second) == challenge(first, first)).all() else 1


SOLUTIONS = [(check.entropy, entropy), (check.skk_attacker, skk_attacker), (check.equal_blocks, equal_blocks)]

WRONG = {
    "natural logarithm": (check.entropy, natural),
    "logarithm of zero": (check.entropy, with_zeros),
    "ten bins": (check.entropy, ten_bins),
    "negative": (check.entropy, lambda image: -entropy(image)),
    "channels apart": (check.entropy, lambda image: [entropy(image[..., i]) for i in range(3)]),
    "first channel": (check.entropy, lambda image: entropy(image[..., 0])),
    "share of 8 bits": (check.entropy, lambda image: entropy(image) / 8),
    "number of values": (check.entropy, lambda image: np.log2(len(np.unique(image)))),
    "no places": (check.skk_attacker, unordered),
    "channels not sorted": (check.skk_attacker, unsorted),
    "signs not folded": (check.skk_attacker, unfolded),
    "nearer picture": (check.skk_attacker, nearer),
    "always the first": (check.skk_attacker, lambda cipher, first, second: 0),
    "turned round": (check.skk_attacker, lambda *images: 1 - skk_attacker(*images)),
    "other values": (check.equal_blocks, black_or_noise),
    "number of values, same values": (check.equal_blocks, counts_values),
    "both alike": (check.equal_blocks, moved_stripes),
    "two challenges": (check.equal_blocks, asks_twice),
    "never asks": (check.equal_blocks, lambda challenge: 0),
    "no answer": (check.equal_blocks, lambda challenge: kinds(challenge(*pair()))),
}
