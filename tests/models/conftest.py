"""Every test of a network draws its weights and images from the same seed, and leaves the generator as it
was."""

import pytest
import torch


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        yield
