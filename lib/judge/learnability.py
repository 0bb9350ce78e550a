"""Does a small network learn from the ciphertexts? Beside plain pictures, and a pad, in the same minutes."""

import time
from collections.abc import Callable

import numpy as np

from lib.judge import pictures
from lib.judge.verdict import Learnability

Array = np.ndarray
TRAIN, TEST = 1200, 500
WIDTHS, EPOCHS, BATCH = (24, 48, 48), 5, 100


def learnability(
    encrypt: Callable[[Array], Array], shape: tuple[int, int, int], pad: Callable
) -> Learnability:
    """Train three times. `encrypt` is the cipher as its users use it; `pad(count)` gives ciphertexts of a
    one-time pad in its shape. ValueError where networks cannot read the ciphertexts."""
    started = time.perf_counter()
    images, labels, test, answers = pictures.labelled(shape, TRAIN, TEST)
    every = encrypt(np.concatenate([images, test]))
    if every.dtype != np.uint8 or every.ndim not in (3, 4) or min(every.shape[1:3]) < 16:
        raise ValueError(f"networks read uint8 images of 16x16 or more, got {every.dtype} {every.shape[1:]}")
    pads = pad(len(images) + len(test))
    found = [
        _accuracy(each[: len(images)], labels, each[len(images) :], answers)
        for each in (every, np.concatenate([images, test]), pads)
    ]
    return Learnability(
        **dict(zip(("cipher", "plain", "pad"), found)),
        nearest_mean_colour=_nearest_colour(images, labels, test, answers), chance=0.1,
        seconds=round(time.perf_counter() - started, 1),
    )  # fmt: skip


def _accuracy(images, labels, test, answers):
    from lib.datasets import Dataset
    from lib.models import AirBench
    from lib.training import Recipe, fit

    classes = tuple(map(str, range(10)))
    data, held = (Dataset(*each, classes, "judge") for each in ((images, labels), (test, answers)))
    channels = images.shape[3] if images.ndim == 4 else 1
    recipe = Recipe.speed_run(epochs=EPOCHS, batch=BATCH, microbatch=0, crop=0, flip=False, alternate=False,
                              flip_test=False, shift_test=False)  # fmt: skip
    run = fit(lambda: AirBench(10, channels, WIDTHS), data, recipe, test=held)
    return round(run.history[-1]["test_accuracy"], 4)


def _nearest_colour(images, labels, test, answers):
    colours = np.stack([images[labels == label].mean((0, 1, 2)) for label in range(10)])
    away = ((test.mean((1, 2))[:, None] - colours) ** 2).sum(2)
    return round(float((away.argmin(1) == answers).mean()), 4)
