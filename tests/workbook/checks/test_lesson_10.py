"""The exercises of lesson 10: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np
import torch

from lib.workbook.checks import lesson_10 as check


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


SOLUTIONS = [
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
    "ten classes": (
        check.smoothed_loss,
        lambda *given: smoothed_loss(*given, spread=lambda s, k: (1 - s) * np.eye(k) + s / 10),
    ),
}


def first_mean(values, axis):
    """What a mean of bytes becomes that is added up in bytes."""
    return np.add.reduce(values, axis=axis, dtype=np.uint8) / len(values)
