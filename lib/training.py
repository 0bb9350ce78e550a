"""Train a network on images, plain or encrypted: data are uint8 arrays, and all randomness follows from a seed."""

from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


def fit(
    make_model, images: np.ndarray, labels: np.ndarray, epochs: int, seed: int, batch: int = 128, rate: float = 3e-3
):
    """A trained `make_model()`. images (n, h, w, 3) uint8, labels (n,) int64; AdamW, one-cycle rate up to `rate`.

    The same seed gives the same network on one machine; the caller's random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]), _one_thread():
        torch.manual_seed(seed)
        model = make_model()
        order = torch.Generator().manual_seed(seed)
        x, y = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)
        steps = -(-len(x) // batch)
        optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, epochs * steps)
        model.train()
        for _ in range(epochs):
            for part in torch.randperm(len(x), generator=order).split(batch):
                loss = nn.functional.cross_entropy(model(scaled(x[part])), y[part])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
    return model.eval()


@torch.no_grad()
def predict(model, images: np.ndarray, batch: int = 512) -> np.ndarray:
    """(n,) int64 classes of images (n, h, w, 3) uint8."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2)
    return torch.cat([model(scaled(part)).argmax(1) for part in x.split(batch)]).numpy()


def evaluate(model, images, labels) -> float:
    """The share of images that the model puts in the right class."""
    return float((predict(model, images) == labels).mean())


@contextmanager
def _one_thread():
    """Small layers gain nothing from a second thread, and lose a factor of twenty to it when the machine is busy."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def scaled(x):
    """uint8 tensors as floats from -1 to 1, so that a complement is a change of sign."""
    return x.float() / 127.5 - 1
