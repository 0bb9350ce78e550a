"""The exercises of lesson 10: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np
import torch
from torch import nn

from lib.models import by_name
from lib.training import Recipe
from lib.workbook.checks import lesson_10 as check

JORDAN = (3.4445, -4.7750, 2.0315)


def colours(images):
    return images.reshape(len(images), -1, 3).mean(axis=1)


def nearest_colour(images, labels, queries, feature=colours, power=2, centre=np.mean):
    means = np.array([centre(feature(images[labels == label]), axis=0) for label in range(labels.max() + 1)])
    return (abs(feature(queries)[:, None] - means) ** power).sum(axis=2).argmin(axis=1)


def nearest_picture(images, labels, queries):
    return labels[((colours(queries)[:, None] - colours(images)) ** 2).sum(axis=2).argmin(axis=1)]


def smoothed_loss(scores, labels, smoothing, largest=True, spread=None):
    classes = scores.shape[1]
    scores = scores - scores.max(axis=1, keepdims=True) * largest
    logarithms = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    wanted = spread(smoothing, classes) if spread else (1 - smoothing) * np.eye(classes) + smoothing / classes
    return -(wanted[labels] * logarithms).sum() / len(labels)


def by_torch(scores, labels, smoothing):
    loss = torch.nn.functional.cross_entropy
    return loss(torch.from_numpy(scores), torch.from_numpy(labels), label_smoothing=smoothing).item()


def among_others(smoothing, classes):
    return (1 - smoothing) * np.eye(classes) + smoothing / (classes - 1) * (1 - np.eye(classes))


def newton_schulz(matrix, steps, coefficients, norm=np.linalg.norm, fewer=0, power=2):
    a, b, c = coefficients
    x = matrix / norm(matrix)
    for _ in range(steps - fewer):
        gram = x @ x.T
        x = a * x + b * gram @ x + c * np.linalg.matrix_power(gram, power) @ x
    return x


def cell_by_cell(matrix, steps, coefficients):
    x = matrix / np.linalg.norm(matrix)
    for _ in range(steps):
        x = sum(c * x**power for c, power in zip(coefficients, (1, 3, 5)))
    return x


def by_svd(matrix, steps, coefficients):
    u, _, vt = np.linalg.svd(matrix, full_matrices=False)
    return u @ vt


def settled(a, b, c, steps=100, start=0.001, end=1.0):
    s = np.linspace(start, end, 5000)
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    return s.min(), s.max()


def turned(a, b, c):
    """Where the curve turns round, which is reached, but not for long."""
    s = np.linspace(0, 1.2, 5000)
    values = a * s + b * s**3 + c * s**5
    return values[s > 0.9].min(), values.max()


def mirrored(seed, count, epochs):
    first = np.random.default_rng(seed).random(count) < 0.5
    return np.array([first ^ bool(epoch % 2) for epoch in range(epochs)])


def drawn_anew(seed, count, epochs):
    return np.random.default_rng(seed).random((epochs, count)) < 0.5


def all_alike(seed, count, epochs):
    return np.arange(epochs)[:, None] % 2 + np.zeros((1, count), int) == 1


def never_again(seed, count, epochs):
    return np.tile(np.random.default_rng(seed).random(count) < 0.5, (epochs, 1))


def small(widths=(16, 32, 32)):
    return lambda: by_name("airbench", 10, widths=widths)


def speedy(**changes):
    return Recipe.speed_run(**{"epochs": 6, "batch": 50, "microbatch": 0, "bfloat16": False} | changes)


def two_layers():
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 64), nn.ReLU(), nn.Linear(64, 10))


SOLUTIONS = [
    (check.newton_schulz, newton_schulz),
    (check.settled, settled),
    (check.mirrored, mirrored),
    (check.beat_the_bar, lambda: (small(), speedy())),
    (check.nearest_colour, nearest_colour),
    (check.smoothed_loss, smoothed_loss),
    (check.smoothed_loss, by_torch),
]

WRONG = {
    "one picture": (check.nearest_colour, nearest_picture),
    "grey": (
        check.nearest_colour,
        lambda *given: nearest_colour(*given, feature=lambda x: colours(x).mean(1)[:, None]),
    ),
    "all pixels": (
        check.nearest_colour,
        lambda *given: nearest_colour(*given, feature=lambda x: x.reshape(len(x), -1).astype(float)),
    ),
    "channels first": (
        check.nearest_colour,
        lambda *given: nearest_colour(*given, feature=lambda x: x.reshape(len(x), 3, -1).mean(axis=2)),
    ),
    "bytes overflow": (
        check.nearest_colour,
        lambda *given: nearest_colour(
            *given, feature=lambda x: colours(x).astype(np.uint8), centre=first_mean
        ),
    ),
    "city blocks": (check.nearest_colour, lambda *given: nearest_colour(*given, power=1)),
    "median": (check.nearest_colour, lambda *given: nearest_colour(*given, centre=np.median)),
    "farthest": (
        check.nearest_colour,
        lambda images, labels, queries: 9 - nearest_colour(images, labels, queries),
    ),
    "distances": (check.nearest_colour, lambda images, labels, queries: colours(queries)),
    "not smoothed": (
        check.smoothed_loss,
        lambda scores, labels, smoothing: smoothed_loss(scores, labels, 0.0),
    ),
    "the others share": (check.smoothed_loss, lambda *given: smoothed_loss(*given, spread=among_others)),
    "infinite": (check.smoothed_loss, lambda *given: smoothed_loss(*given, largest=False)),
    "a sum": (check.smoothed_loss, lambda scores, *given: len(scores) * smoothed_loss(scores, *given)),
    "base 2": (check.smoothed_loss, lambda *given: smoothed_loss(*given) / np.log(2)),
    "a gain": (check.smoothed_loss, lambda *given: -smoothed_loss(*given)),
    "not divided": (check.newton_schulz, lambda *given: newton_schulz(*given, norm=lambda x: 1)),
    "largest entry": (check.newton_schulz, lambda *given: newton_schulz(*given, norm=lambda x: abs(x).max())),
    "a step too few": (check.newton_schulz, lambda *given: newton_schulz(*given, fewer=1)),
    "gram once": (check.newton_schulz, lambda *given: newton_schulz(*given, power=1)),
    "cell by cell": (check.newton_schulz, cell_by_cell),
    "singular values 1": (check.newton_schulz, by_svd),
    "three steps": (check.settled, lambda *given: settled(*given, steps=3)),
    "from 0": (check.settled, lambda *given: settled(*given, start=0.0)),
    "where the curve turns": (check.settled, turned),
    "always 1": (check.settled, lambda a, b, c: (1.0, 1.0)),
    "high and low": (check.settled, lambda *given: settled(*given)[::-1]),
    "drawn anew": (check.mirrored, drawn_anew),
    "all alike": (check.mirrored, all_alike),
    "never turned over": (check.mirrored, never_again),
    "the other half": (check.mirrored, lambda *given: ~mirrored(*given)),
    "a row a picture": (check.mirrored, lambda *given: mirrored(*given).T),
    "two layers": (check.beat_the_bar, lambda: (two_layers, Recipe(epochs=6, batch=50))),
    "no rate": (
        check.beat_the_bar,
        lambda: (lambda: by_name("blocknet", 10), Recipe(epochs=1, batch=50, rate=1e-9)),
    ),
    "too long": (check.beat_the_bar, lambda: (small(), speedy(epochs=8))),
    "too much at once": (check.beat_the_bar, lambda: (small(), speedy(epochs=8, batch=100))),
    "too large": (check.beat_the_bar, lambda: (small((64, 128, 128)), speedy())),
    "a network": (check.beat_the_bar, lambda: (two_layers(), speedy())),
    "no recipe": (check.beat_the_bar, lambda: (small(), {"epochs": 6})),
    "ten classes": (
        check.smoothed_loss,
        lambda *given: smoothed_loss(*given, spread=lambda s, k: (1 - s) * np.eye(k) + s / 10),
    ),
}


def first_mean(values, axis):
    """What a mean of bytes becomes that is added up in bytes."""
    return np.add.reduce(values, axis=axis, dtype=np.uint8) / len(values)
