"""Small networks and pictures that all tests of training share."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from lib import Key
from lib.datasets import Dataset
from lib.models import BlockNet

KEY = Key.from_seed(6)


def stripes(count, seed, height=8, width=8):
    """Pictures of three classes: bright rows at a place that is the class, in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 3)
    images = rng.integers(0, 160, (count, height, width, 3), np.uint8)
    for image, label in zip(images, labels):
        image[2 * label : 2 * label + 2] += 90
    return Dataset(images, labels, ("top", "middle", "low"), f"stripes {seed}")


def tiny():
    return BlockNet(3, side=8, block=4, features=8, hidden=32)


class Conv(nn.Sequential):
    """A tiny network with what makes resuming hard: dropout, and a batch norm with its running means."""

    def __init__(self, channels=3):
        convolutions = [nn.Conv2d(channels, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.3)]
        super().__init__(*convolutions, nn.AdaptiveAvgPool2d((4, 1)), nn.Flatten(), nn.Linear(32, 3))


class Recorder(nn.Module):
    """Keeps what it is trained on, uint8 and channels last, and learns nothing of use."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(3))
        self.seen, self.threads, self.bfloat16, self.layouts = [], [], [], []

    def forward(self, x):
        if self.training:
            self.seen.append(((x * 255 + 255) / 2).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
            self.threads.append(torch.get_num_threads())
            self.bfloat16.append(torch.is_autocast_enabled("cpu"))
            self.layouts.append(x.is_contiguous(memory_format=torch.channels_last))
        return self.bias + 0 * x.mean((2, 3))


TRAIN, TEST = stripes(600, 1), stripes(300, 2)
SMALL = stripes(50, 3, 8, 12)


def with_images(data, images):
    return replace(data, images=images)


def weights(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def labelled(data, labels):
    return replace(data, labels=np.asarray(labels))


class Penalised(nn.Module):
    """One matrix and one vector that the scores do not depend on; the penalty pulls the matrix to 3."""

    def __init__(self, pull=0.0):
        super().__init__()
        self.matrix, self.vector = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2))
        self.pull = pull

    def forward(self, x):
        level = x.mean((1, 2, 3), keepdim=False)[:, None]
        return torch.cat([level, -level, 0 * level], 1) + 0 * (self.matrix.sum() + self.vector.sum())

    def penalty(self):
        return self.pull * ((self.matrix - 3) ** 2).sum()


class Started(Conv):
    """Sets a weight from the inputs it is started with, and from chance."""

    calls = []

    def start(self, x):
        self.calls.append(x)
        with torch.no_grad():
            self[0].weight.mul_(1 + x.mean() + torch.rand(()))


def stop_after(epoch):
    def progress(entry):
        if entry["epoch"] == epoch:
            raise KeyboardInterrupt

    return progress
