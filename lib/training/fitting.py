"""`fit`: a network is made, trained over epochs, evaluated after each, and kept."""

import math
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from lib.datasets import Dataset
from lib.models.inputs import scaled
from lib.training.batches import Batches, check_training
from lib.training.checkpoints import Checkpoint, digest
from lib.training.evaluation import accuracy, views
from lib.training.machine import autocast, generator, quiet, worked
from lib.training.muon import muon
from lib.training.recipe import Recipe


@dataclass
class Run:
    """A trained model, and for each epoch: loss (with penalty), train_accuracy, test_accuracy, seconds.

    Seconds are those that the CPU's threads worked, over their number, so that other programs do not count;
    on another device those of the clock.
    """

    model: nn.Module
    history: list[dict] = field(default_factory=list)


def fit(make_model: Callable, data: Dataset, recipe: Recipe | None = None, *, scheme: Any = None,
        test: Dataset | None = None, folder: Path | str | None = None, device: torch.device | str = "cpu",
        threads: int = 1, progress: bool | Callable = False) -> Run:  # fmt: skip
    """Train `make_model()` on `data`; the caller's random state is left as it was.

    make_model   without arguments; a network of (n, c, h, w) floats from -1 to 1 that gives (n, classes).
                 Where it has them, `start(x)` is called first with some inputs, and `penalty()` is added to
                 every loss
    data, test   plain images with a scheme, which encrypts them; without, images as they are, plain or
                 encrypted
    folder       keep `checkpoint.pt` and `log.jsonl` there, each epoch, and go on from them when called again
    threads      of the CPU: small layers gain nothing from a second, and lose a factor of twenty when it is
                 busy
    progress     True for a bar on stderr, or a function that is told each epoch's entry of the history
    Errors: TypeError for images that are not uint8; ValueError for labels out of range, a class without
    images, test images of another size or other classes; CheckpointError; FloatingPointError for a loss that
    is no number.
    """
    recipe, device = recipe or Recipe(), torch.device(device)
    check_training(data, test, recipe.crop)
    with quiet(recipe.seed, device, threads):
        batches = Batches(data, recipe, scheme, device)
        state = _State(_started(make_model, batches, recipe), recipe, len(batches))
        about = _about(state.model, data, recipe, scheme, test) if folder else {}
        checkpoint = Checkpoint(folder, about, state.parts, log=True)
        history = checkpoint.load()
        moves = recipe.flip_test, recipe.augment, recipe.shift_test
        shown = [] if test is None else views(test.images, scheme, *moves)
        steps = {"total": recipe.epochs * len(batches), "initial": len(history) * len(batches)}
        with tqdm(**steps, unit="step", disable=progress is not True) as bar:
            for epoch in range(len(history), recipe.epochs):
                entry = _epoch(state, batches, epoch, bar)
                if test is not None:
                    last = epoch + 1 == recipe.epochs
                    seen = shown if last else shown[:1]  # the image as it is comes first
                    entry["test_accuracy"] = accuracy(state.best, seen, test.labels, recipe.bfloat16)
                history.append(entry)
                checkpoint.save(history)
                told = {name: entry[name] for name in ("loss", "test_accuracy") if name in entry}
                bar.set_postfix({name: f"{value:.3f}" for name, value in told.items()})
                if callable(progress):
                    progress(entry)
    return Run(state.best.eval(), history)


def _started(make_model, batches, recipe) -> nn.Module:
    """A new network, told some inputs, under keys that no epoch uses."""
    model = make_model().to(batches.labels.device, memory_format=torch.channels_last)
    if hasattr(model, "start"):
        some = torch.arange(min(len(batches.labels), 4096))
        model.start(scaled(batches.some(some, generator(recipe.seed, -1), recipe.epochs)))
    return model


def _epoch(state, batches, epoch, bar) -> dict:
    recipe, device, count = state.recipe, batches.labels.device, len(batches.labels)
    total, right, start = 0.0, 0, worked(device)
    shuffler = generator(recipe.seed, epoch)
    # dropout and the like: a resumed epoch draws what it would have drawn
    torch.manual_seed(shuffler.initial_seed())
    state.model.train()
    for step, (x, y) in enumerate(batches.epoch(epoch, shuffler)):
        state.optimiser.zero_grad()
        for images, labels in zip(x.split(recipe.microbatch or len(y)), y.split(recipe.microbatch or len(y))):
            with autocast(device, recipe.bfloat16):
                scores = state.model(scaled(images))
            loss = nn.functional.cross_entropy(scores.float(), labels, label_smoothing=recipe.smoothing)
            if hasattr(state.model, "penalty"):
                loss = loss + state.model.penalty()
            value = loss.item()
            if not math.isfinite(value):
                place = f"the loss is {value} in epoch {epoch + 1}, step {step + 1}"
                raise FloatingPointError(
                    f"{place}; lower the rate (now {recipe.rate}), or leave bfloat16 out"
                )
            state.backward(loss, len(labels), len(y))
            total, right = total + value * len(labels), right + int((scores.argmax(1) == labels).sum())
        state.step()
        bar.update()
    return {
        "epoch": epoch + 1, "loss": total / count, "train_accuracy": right / count,
        "seconds": round(worked(device) - start, 3),
    }  # fmt: skip


class _State:
    """What changes with every step: model, its running mean, optimiser, schedule."""

    def __init__(self, model, recipe, steps):
        self.model, self.recipe, self.mean = model, recipe, None
        self.optimiser, self.schedule = {"adamw": _adamw, "muon": muon}[recipe.optimiser](
            model, recipe, steps
        )
        self.parts = {"model": model, "optimiser": self.optimiser, "schedule": self.schedule}
        if recipe.average:
            decay = get_ema_multi_avg_fn(recipe.average)
            self.mean = self.parts["mean"] = AveragedModel(model, multi_avg_fn=decay, use_buffers=True)

    @property
    def best(self):
        """What is evaluated: the running mean of the weights, or the weights."""
        return self.mean.module if self.mean else self.model

    def backward(self, loss, count, batch):
        """Add the gradient of a mean over `count` images of a batch; Muon's rates are those of a sum."""
        (loss * (count if self.recipe.optimiser == "muon" else count / batch)).backward()

    def step(self):
        self.optimiser.step()
        self.schedule.step()
        if self.mean:
            self.mean.update_parameters(self.model)


def _adamw(model, recipe, steps):
    """The optimiser and its rates; norms, biases and other vectors are not decayed."""
    groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=recipe.rate)
    return optimiser, torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, recipe.epochs * steps)


def _about(model, data, recipe, scheme, test) -> dict:
    """What makes a run this run, for its checkpoint to be known by."""
    shapes = [(name, tuple(value.shape)) for name, value in model.state_dict().items()]
    text = re.sub(r" at 0x\w+", "", repr(model))  # tells what shapes do not, such as a rate of dropout
    cipher = {"scheme": "none"} if scheme is None else scheme.to_dict() | {"key": scheme.key.fingerprint}
    about = {"model": f"{type(model).__name__} {digest(repr(shapes).encode(), text.encode())}"}
    about["data"] = digest(data.images, data.labels)
    if test is not None:
        about["test data"] = digest(test.images, test.labels)
    return about | cipher | asdict(recipe)
