"""Train by steps what has no classes, and so no `lib.training.fit`; a run that was killed goes on.

with quiet(seed):
    network = make()
    ...
    losses = by_steps({"network": network, "optimiser": optimiser}, 2000, step, folder=folder, about=about)
"""

import math
from collections.abc import Callable
from pathlib import Path

import torch
from tqdm import tqdm

from lib.training.checkpoints import Checkpoint
from lib.training.machine import CPU, generator, worked


def by_steps(parts: dict, count: int, step: Callable, *, seed: int = 0, every: int = 100,
             folder: Path | str | None = None, about: dict | None = None,
             progress: bool = False) -> list[dict]:  # fmt: skip
    """Call `step(number, draws)` for 0 to `count` - 1; what it returned, as means over `every` steps.

    parts      by name, all that a step changes: networks, optimisers, schedules, whatever has `state_dict`
    step       returns its losses, {name: float or tensor of one number}; `draws` is a torch.Generator of that
               step alone, and torch's own is set from it, so a run that was stopped goes on bit for bit.
               Nothing else may be random
    folder     keep `checkpoint.pt` there at every entry, and go on from it
    about      a dictionary of what makes this run this run, for the checkpoint to be known by
    The entries: {"step", "seconds" of CPU, and each loss}. Call it inside `lib.training.quiet`, which gives
    the caller's random state back. Errors: CheckpointError; FloatingPointError for a loss that is no number.
    """
    about = (about or {}) | {"seed": seed, "every": every, "steps": count}
    checkpoint = Checkpoint(folder, about, parts)
    history = checkpoint.load()
    done, totals, started = history[-1]["step"] if history else 0, {}, worked(CPU)
    for number in tqdm(range(done, count), initial=done, total=count, unit="step", disable=not progress):
        draws = generator(seed, number)
        torch.manual_seed(draws.initial_seed())
        for name, value in step(number, draws).items():
            totals[name] = totals.get(name, 0.0) + float(value)
        if (number + 1) % every and number + 1 < count:
            continue
        means = {name: total / (number + 1 - done) for name, total in totals.items()}
        if not all(map(math.isfinite, means.values())):
            raise FloatingPointError(f"by step {number + 1} the losses are {means}; lower the rate")
        history.append({"step": number + 1, "seconds": round(worked(CPU) - started, 2), **means})
        done, totals, started = number + 1, {}, worked(CPU)
        checkpoint.save(history)
    return history
