"""How fast the speed run trains on this machine, and what share of its matrix multiplication that is.

`make bench` shows it. A rate that is near the machine's own leaves nothing to win but fewer operations.
"""

import statistics
import timeit

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from lib.datasets import Dataset
from lib.models import by_name
from lib.training import Recipe, fit, has_bfloat16
from lib.training.machine import CPU, quiet
from lib.workbook.recorded_trainings import trainings
from lib.workbook.recording import chosen

TIERS = ("table", "fast94")  # of the recorded trainings, whose bodies are timed
IMAGES, SIDE, MATRIX, REPEATS = 4000, 32, 2048, 3


def speeds(images: int = IMAGES, side: int = SIDE, matrix: int = MATRIX) -> list[dict]:
    """A row for each body, one and two threads, float32 and bfloat16 where the processor has it: images a
    second, and the share of the operations a second that multiplying two square matrices reaches."""
    kinds = [torch.float32, *[torch.bfloat16] * has_bfloat16(CPU)]
    rows = []
    bodies = {row.tier: tuple(row.options["widths"]) for row in chosen(trainings, ["plain"])}
    for tier in TIERS:
        widths = bodies[tier]
        work = operations(widths, side)
        for kind, threads in ((kind, threads) for kind in kinds for threads in (1, 2)):
            rate = images_per_second(widths, kind is torch.bfloat16, threads, images, side)
            reached = rate * work / multiplying(kind, threads, matrix)
            rows.append({"tier": tier, "number": str(kind).removeprefix("torch."), "threads": threads,
                         "images_per_second": round(rate), "share of multiplying": reached})  # fmt: skip
    return rows


def operations(widths: tuple[int, ...], side: int) -> float:
    """Of a step forward and back, for one image."""
    with quiet(0):
        model, x = by_name("airbench", 10, widths=widths), torch.rand(20, 3, side, side)
        model.start(x)
        with FlopCounterMode(display=False) as counter:
            model(x).sum().backward()
    return counter.get_total_flops() / len(x)


def images_per_second(
    widths: tuple[int, ...], bfloat16: bool, threads: int, images: int = IMAGES, side: int = SIDE
) -> float:
    """Of the second epoch of `lib.training.fit` by the recipe of the speed run, on noise."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (images, side, side, 3), np.uint8)
    data = Dataset(noise, np.arange(images) % 10, tuple("0123456789"), "noise")
    recipe = Recipe.speed_run(epochs=2, bfloat16=bfloat16)
    run = fit(lambda: by_name("airbench", 10, widths=widths), data, recipe, threads=threads)
    return images / run.history[-1]["seconds"]


def multiplying(kind: torch.dtype, threads: int, size: int = MATRIX) -> float:
    """Operations a second of the product of two square matrices, the median of some."""
    with quiet(0, threads=threads):
        one, other = torch.rand(2, size, size).to(kind)
        seconds = timeit.repeat(lambda: one @ other, number=1, repeat=REPEATS + 1)
    return 2 * size**3 / statistics.median(seconds[1:])
