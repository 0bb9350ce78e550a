"""What a trained network says of images, and how often it is right."""

from typing import Any

import numpy as np
import torch
from torch import nn

from lib.datasets import Dataset
from lib.models.inputs import scaled
from lib.training.batches import TEST_IDS, check, encrypted, whole_batch
from lib.training.machine import autocast
from lib.training.recipe import check_when


@torch.no_grad()
def scores(model: nn.Module, images: np.ndarray, *, batch: int = 500, bfloat16: bool = False) -> np.ndarray:
    """(n, classes) float32: the probability of each class for images (n, h, w, c) or (n, h, w) uint8."""
    model.eval()
    device = next(model.parameters()).device
    out = []
    for part in torch.from_numpy(whole_batch(images)).split(batch):
        with autocast(device, bfloat16):
            out.append(model(scaled(part.to(device).permute(0, 3, 1, 2))).float().softmax(1).cpu())
    return torch.cat(out).numpy()


def predict(model: nn.Module, images: np.ndarray, *, batch: int = 500) -> np.ndarray:
    """(n,) int64 classes of images (n, h, w, c) uint8 as they are, ciphertexts for one trained on these."""
    return scores(model, images, batch=batch).argmax(1)


def evaluate(model: nn.Module, data: Dataset, *, scheme: Any = None, flips: bool = False,
             flip: str = "before", bfloat16: bool = False) -> float:  # fmt: skip
    """The share of `data` that the model puts in the right class; with a scheme, data are encrypted first.

    flips   add the scores of the images mirrored "before" or "after" encryption, as `flip` says
    """
    check(data)
    check_when("flip", flip)
    return accuracy(model, views(data.images, scheme, flips, flip), data.labels, bfloat16)


def views(images: np.ndarray, scheme: Any, flips: bool, flip: str) -> list[np.ndarray]:
    """What `accuracy` shows of test images: encrypted where a scheme came, and mirrored where wanted."""
    first = encrypted(scheme, images, TEST_IDS) if scheme else images
    if not flips:
        return [first]
    if scheme is None or flip == "after":
        return [first, first[:, :, ::-1]]
    # other images, other keys
    return [first, encrypted(scheme, np.ascontiguousarray(images[:, :, ::-1]), TEST_IDS + len(images))]


def accuracy(model: nn.Module, views: list[np.ndarray], labels: np.ndarray, bfloat16: bool = False) -> float:
    """The share of images whose scores, added up over their views, are highest for the right class."""
    total = sum(scores(model, view, bfloat16=bfloat16) for view in views)
    return float((total.argmax(1) == labels).mean())
