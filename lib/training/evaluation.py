"""What a trained network says of images, and how often it is right."""

import itertools
from typing import Any

import numpy as np
import torch
from torch import nn

from lib.datasets import Dataset
from lib.models.inputs import scaled
from lib.training.batches import TEST_IDS, check, encrypted, whole_batch
from lib.training.machine import autocast
from lib.training.recipe import check_when


def scores(model: nn.Module, images: np.ndarray, *, batch: int = 500, bfloat16: bool = False) -> np.ndarray:
    """(n, classes) float32: the probability of each class for images (n, h, w, c) or (n, h, w) uint8."""
    return torch.from_numpy(logits(model, images, batch=batch, bfloat16=bfloat16)).softmax(1).numpy()


@torch.no_grad()
def logits(model: nn.Module, images: np.ndarray, *, batch: int = 500, bfloat16: bool = False) -> np.ndarray:
    """(n, classes) float32: what the network gives, of which `scores` makes probabilities."""
    model.eval()
    device = next(model.parameters()).device
    out = []
    for part in torch.from_numpy(whole_batch(images)).split(batch):
        with autocast(device, bfloat16):
            out.append(model(scaled(part.to(device).permute(0, 3, 1, 2))).float().cpu())
    return torch.cat(out).numpy()


def predict(model: nn.Module, images: np.ndarray, *, batch: int = 500) -> np.ndarray:
    """(n,) int64 classes of images (n, h, w, c) uint8 as they are, ciphertexts for one trained on these."""
    return scores(model, images, batch=batch).argmax(1)


def evaluate(model: nn.Module, data: Dataset, *, scheme: Any = None, flips: bool = False,
             flip: str = "before", shifts: bool = False, bfloat16: bool = False) -> float:  # fmt: skip
    """The share of `data` that the model puts in the right class; with a scheme, data are encrypted first.

    flips    add the scores of the images mirrored "before" or "after" encryption, as `flip` says
    shifts   add, at half the weight, those of the images shifted by a pixel up and left, and down and right
    """
    check(data)
    check_when("flip", flip)
    return accuracy(model, views(data.images, scheme, flips, flip, shifts), data.labels, bfloat16)


def views(images: np.ndarray, scheme: Any, flips: bool, when: str, shifts: bool) -> list[tuple]:
    """What `accuracy` shows of test images: (weight, images), moved "before" or "after" encryption."""
    shown = [(2, _same), (1, _up_left), (1, _down_right)] if shifts else [(1, _same)]
    shown += [(weight, lambda x, move=move: move(x)[:, :, ::-1]) for weight, move in shown if flips]
    if scheme is None or when == "after":
        cipher = encrypted(scheme, images, TEST_IDS) if scheme else images
        return [(weight, move(cipher)) for weight, move in shown]
    ids = itertools.count(TEST_IDS, len(images))  # other images, other keys
    each = ((weight, np.ascontiguousarray(move(images))) for weight, move in shown)
    return [(weight, encrypted(scheme, moved, first)) for (weight, moved), first in zip(each, ids)]


def _same(x):
    return x


def _up_left(x):
    return np.pad(x, ((0, 0), (0, 1), (0, 1), *[(0, 0)] * (x.ndim - 3)), "reflect")[:, 1:, 1:]


def _down_right(x):
    return np.pad(x, ((0, 0), (1, 0), (1, 0), *[(0, 0)] * (x.ndim - 3)), "reflect")[:, :-1, :-1]


def accuracy(model: nn.Module, views: list[tuple], labels: np.ndarray, bfloat16: bool = False) -> float:
    """The share of images whose scores, weighted and added up over views, are highest for the right class."""
    total = sum(weight * scores(model, view, bfloat16=bfloat16) for weight, view in views)
    return float((total.argmax(1) == labels).mean())
