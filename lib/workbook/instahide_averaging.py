"""A network that learns from InstaHide's encryptions, tested on one encryption of each picture and on
several.

As published, the network sees encryptions alone, and its predictions for several encryptions of a test
picture are averaged. Here it sees their sizes, which are as public, since a small network learns little
from values of random sign. Test pictures are mixed with each other and with public ones by the same rule,
under another key.
"""

import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from lib import Key
from lib.datasets import Dataset
from lib.subjects.instahide import InstaHide

Array = np.ndarray
WIDTH, RATE, BATCH = 24, 4e-3, 100


def network(classes: int) -> nn.Module:
    """Three convolutions, as small as learns anything."""
    w = WIDTH

    def step(into, out):
        return nn.Conv2d(into, out, 3, 1, 1), nn.BatchNorm2d(out), nn.ReLU(), nn.MaxPool2d(2)

    layers = *step(3, w), *step(w, 2 * w), *step(2 * w, 2 * w)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2 * w * 16, classes))


def tensor(images: Array) -> torch.Tensor:
    """Sizes, channels first, about their mean."""
    return torch.from_numpy(np.ascontiguousarray(np.abs(images).transpose(0, 3, 1, 2))) - 0.5


def trained(hide: InstaHide, data: Dataset, epochs: int, seed: int) -> nn.Module:
    """After so many epochs, each on new encryptions of the data and their mixed labels."""
    classes, rng = len(data.classes), np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = network(classes).train()
    descent = torch.optim.AdamW(net.parameters(), lr=RATE)
    steps = epochs * -(-len(data) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(descent, RATE, total_steps=steps)
    for epoch in range(epochs):
        sent = hide.encrypt(data.images, data.labels, classes, epoch)
        sizes, labels = tensor(sent.images), torch.from_numpy(sent.labels)
        for batch in torch.from_numpy(rng.permutation(len(data))).split(BATCH):
            loss = functional.cross_entropy(net(sizes[batch]), labels[batch])
            descent.zero_grad()
            loss.backward()
            descent.step()
            schedule.step()
    return net.eval()


@torch.inference_mode()
def accuracies(net: nn.Module, hide: InstaHide, test: Dataset, counts: tuple[int, ...]) -> dict[str, float]:
    """Of predictions averaged over so many encryptions of each test picture."""
    total, found = torch.zeros(len(test), len(test.classes)), {}
    for seen in range(1, max(counts) + 1):
        sent = hide.encrypt(test.images, test.labels, len(test.classes), seen)
        total += torch.cat([net(part) for part in tensor(sent.images).split(500)]).softmax(1)
        if seen in counts:
            found[str(seen)] = float((total.argmax(1).numpy() == test.labels).mean())
    return found


def measured(data: Dataset, test: Dataset, public: Array, k: int, epochs: int, seed: int,
             counts: tuple[int, ...]) -> dict:  # fmt: skip
    """Accuracy by number of encryptions, with the seconds of it all."""
    started = time.perf_counter()
    keys = Key.from_seed(3000 + seed), Key.from_seed(4000 + seed)
    net = trained(InstaHide(keys[0], k, public), data, epochs, seed)
    found = accuracies(net, InstaHide(keys[1], k, public), test, counts)
    return {"accuracy": found, "seconds": round(time.perf_counter() - started, 1)}
