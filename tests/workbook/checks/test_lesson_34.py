"""The exercises of lesson 34: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import math

import numpy as np

from lib.workbook.checks import lesson_34 as check
from lib.workbook.privacy.networks import windows
from lib.workbook.privacy.shares import product, square, truncated


def split(image, noise):
    return noise, image - noise


def multiply(x, y, triple, reveal, both=False, without=(), masked=True):
    a, b, c = triple
    e = reveal(np.stack(x - a)) if masked else reveal(x)
    d = reveal(np.stack(y - b)) if masked else reveal(y)
    if not masked:
        return [e * d, np.zeros_like(e)]
    parts = []
    for i in range(2):
        part = c[i] + e * b[i] + (0 if "ad" in without else a[i] * d)
        parts.append(part + (e * d if (i == 0 or both) and "ed" not in without else np.uint64(0)))
    return parts


def ciphertext_bytes(degree, primes):
    return 2 * degree * (len(primes) - 1) * 8


def add_up(packed):
    step = 1
    while step < len(packed):
        packed = packed + packed.turned(step)
        step *= 2
    return packed


def from_the_middle(packed):
    step = len(packed) // 2
    while step:
        packed = packed + packed.turned(step)
        step //= 2
    return packed


def one_by_one(packed):
    total = packed
    for place in range(1, len(packed)):
        total = total + packed.turned(place)
    return total


def once(packed):
    return packed + packed.turned(1)


def private_sum(gradients, bound, noise, normal):
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    clipped = gradients / np.maximum(1, lengths / bound)
    return clipped.sum(0) + noise * bound * normal(gradients.shape[1])


def to_the_bound(gradients, bound, noise, normal):
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    return (gradients / lengths * bound).sum(0) + noise * bound * normal(gradients.shape[1])


def each_number(gradients, bound, noise, normal):
    return np.clip(gradients, -bound, bound).sum(0) + noise * bound * normal(gradients.shape[1])


def sum_clipped(gradients, bound, noise, normal):
    total = gradients.sum(0)
    return total * min(1, bound / np.linalg.norm(total)) + noise * bound * normal(len(total))


def noise_each(gradients, bound, noise, normal):
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    clipped = gradients / np.maximum(1, lengths / bound)
    return (clipped + noise * bound * normal(gradients.shape)).sum(0)


def on_shares(pictures, model, dealer, channel, points=(1, 1, 1), offsets=True):
    x = product(pictures, model["filters"], dealer, channel, lambda p, f: windows(p) @ f)
    x = truncated(x) if points[0] else x
    x = x + model["offsets"][:, None, None] if offsets else x
    x = square(x, dealer, channel)
    x = truncated(x) if points[1] else x
    x = product(x, model["linear"], dealer, channel, lambda h, m: np.tensordot(h, m, 2))
    x = truncated(x) if points[2] else x
    return x + model["bias"][:, None]


def twice_multiplied(pictures, model, dealer, channel):
    """Right, but the square is a product in two rounds: the values are opened by themselves."""
    x = truncated(product(pictures, model["filters"], dealer, channel, lambda p, f: windows(p) @ f))
    x = x + model["offsets"][:, None, None]
    first, second = np.split(x, 2, axis=-1)
    x = np.concatenate([truncated(square(each, dealer, channel)) for each in (first, second)], axis=-1)
    x = product(x, model["linear"], dealer, channel, lambda h, m: np.tensordot(h, m, 2))
    return truncated(x) + model["bias"][:, None]


def opened(pictures, model, dealer, channel):
    """The filters' values are opened, squared in the clear and shared again."""
    x = truncated(product(pictures, model["filters"], dealer, channel, lambda p, f: windows(p) @ f))
    (seen,) = channel.opened(x + model["offsets"][:, None, None])
    x = truncated(np.stack([seen * seen, np.zeros_like(seen)]))
    x = product(x, model["linear"], dealer, channel, lambda h, m: np.tensordot(h, m, 2))
    return truncated(x) + model["bias"][:, None]


def by_share(pictures, model, dealer, channel):
    """Each server squares its own share."""
    x = truncated(product(pictures, model["filters"], dealer, channel, lambda p, f: windows(p) @ f))
    x = truncated((x + model["offsets"][:, None, None]) ** 2)
    x = product(x, model["linear"], dealer, channel, lambda h, m: np.tensordot(h, m, 2))
    return truncated(x) + model["bias"][:, None]


SOLUTIONS = [
    (check.split, split),
    (check.split, lambda image, noise: (image + noise, -noise)),
    (check.multiply, multiply),
    (check.ciphertext_bytes, ciphertext_bytes),
    (check.add_up, add_up),
    (check.add_up, from_the_middle),
    (check.private_sum, private_sum),
    (check.best_guess, lambda epsilon: math.exp(epsilon) / (1 + math.exp(epsilon))),
    (check.best_guess, lambda epsilon: 1 / (1 + math.exp(-epsilon))),
    (check.on_shares, on_shares),
]

WRONG = {
    "XOR": (check.split, lambda image, noise: (noise, image ^ noise)),
    "halves": (check.split, lambda image, noise: (image // 2, image - image // 2)),
    "the picture and nothing": (check.split, lambda image, noise: (image, 0 * image)),
    "in int64": (check.split, lambda image, noise: (noise.astype(int), image.astype(int) - noise)),
    "a little noise": (check.split, lambda image, noise: (noise // 32, image - noise // 32)),
    "share by share": (check.multiply, lambda x, y, triple, reveal: [x[0] * y[0], x[1] * y[1]]),
    "opened": (check.multiply, lambda *given: multiply(*given, masked=False)),
    "added twice": (check.multiply, lambda *given: multiply(*given, both=True)),
    "not added": (check.multiply, lambda *given: multiply(*given, without=("ed",))),
    "a term forgotten": (check.multiply, lambda *given: multiply(*given, without=("ad",))),
    "one polynomial": (check.ciphertext_bytes, lambda degree, primes: degree * (len(primes) - 1) * 8),
    "all primes": (check.ciphertext_bytes, lambda degree, primes: 2 * degree * len(primes) * 8),
    "words": (check.ciphertext_bytes, lambda degree, primes: 2 * degree * (len(primes) - 1)),
    "bits of primes": (check.ciphertext_bytes, lambda degree, primes: 2 * degree * sum(primes[:-1]) // 8),
    "one word a coefficient": (check.ciphertext_bytes, lambda degree, primes: 2 * degree * 8),
    "place by place": (check.add_up, one_by_one),
    "once": (check.add_up, once),
    "looked at": (check.add_up, lambda packed: packed._numbers.sum()),
    "unchanged": (check.add_up, lambda packed: packed),
    "always the bound": (check.private_sum, to_the_bound),
    "number by number": (check.private_sum, each_number),
    "the sum shortened": (check.private_sum, sum_clipped),
    "noise for each picture": (check.private_sum, noise_each),
    "nothing shortened": (check.private_sum, lambda g, bound, noise, normal: g.sum(0)),
    "no noise": (check.private_sum, lambda g, bound, noise, normal: private_sum(g, bound, 0.0, normal)),
    "noise without the bound": (
        check.private_sum,
        lambda g, bound, noise, normal: private_sum(g, bound, noise / bound, normal),
    ),
    "a mean": (
        check.private_sum,
        lambda g, bound, noise, normal: private_sum(g, bound, noise, normal) / len(g),
    ),
    "e to the epsilon": (check.best_guess, math.exp),
    "one less": (check.best_guess, lambda epsilon: 1 - math.exp(-epsilon)),
    "half of it": (check.best_guess, lambda epsilon: 0.5 + (1 - math.exp(-epsilon)) / 2.5),
    "the other answer": (check.best_guess, lambda epsilon: 1 / (1 + math.exp(epsilon))),
    "no point moved": (check.on_shares, lambda *given: on_shares(*given, points=(0, 0, 0))),
    "the last point not moved": (check.on_shares, lambda *given: on_shares(*given, points=(1, 1, 0))),
    "no offsets": (check.on_shares, lambda *given: on_shares(*given, offsets=False)),
    "opened between": (check.on_shares, opened),
    "squares of shares": (check.on_shares, by_share),
    "four rounds": (check.on_shares, twice_multiplied),
}  # fmt: skip
