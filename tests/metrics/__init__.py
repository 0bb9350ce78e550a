"""Tests of `lib.metrics`."""

import numpy as np


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
