"""DP-SGD (Abadi et al., CCS 2016, arXiv:1607.00133), by Opacus: a network that gives little away about any
one of the pictures that it was trained on.

A step draws each picture with the same probability (Poisson sampling), takes the gradient of each by itself,
shortens it to length `BOUND` where it is longer, adds them up, and adds normal noise of standard deviation
noise x BOUND to each number. An accountant says which (epsilon, delta) all steps together keep: whatever is
computed from the network, its probability changes by a factor of e^epsilon at most, but for delta, when one
picture is added to the training set or taken out. Pictures that are classified later are not protected.

The noise comes from torch's generator, so that a run can be repeated; real use needs Opacus's secure mode.
What was tried before a run was settled on costs privacy too, and is not in its epsilon.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lib.datasets import Dataset
from lib.training import quiet, scaled
from lib.workbook.privacy import needed

BOUND, ACCOUNTANT = 1.0, "prv"
"""Longest gradient of a picture; Opacus's name for Gopi et al., "Numerical Composition of Differential
Privacy", NeurIPS 2021."""
PIECE = 125  # pictures whose gradients are in memory at once


@dataclass(frozen=True)
class Budget:
    """What the network may give away, and how it is trained."""

    epsilon: float
    delta: float = 1e-5
    epochs: int = 10
    batch: int = 1000  # on average
    rate: float = 4.0


@dataclass(frozen=True)
class Private:
    """A network trained by DP-SGD; the epsilon that the accountant found, the noise as a multiple of BOUND,
    and the number of steps."""

    model: nn.Module
    epsilon: float
    noise: float
    steps: int


def fit_privately(
    make_model: Callable[[], nn.Module], data: Dataset, budget: Budget, seed: int = 0
) -> Private:
    """Train `make_model()`, (n, 3, h, w) floats to (n, classes), on plain pictures within a budget.

    ImportError without Opacus; ValueError from Opacus for a network with layers that mix pictures, such as
    batch normalisation. The caller's random state is left as it was.
    """
    opacus = needed("opacus")
    manager = needed("opacus.utils.batch_memory_manager").BatchMemoryManager
    x, y = tensors(data)
    with quiet(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a generator that is not secure; of hooks on the first layer
        model, engine = make_model(), opacus.PrivacyEngine(accountant=ACCOUNTANT)
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=budget.batch)
        model, optimiser, loader = engine.make_private_with_epsilon(
            module=model, optimizer=torch.optim.SGD(model.parameters(), lr=budget.rate), data_loader=loader,
            target_epsilon=budget.epsilon, target_delta=budget.delta, epochs=budget.epochs,
            max_grad_norm=BOUND,
        )  # fmt: skip
        for _ in range(budget.epochs):
            with manager(data_loader=loader, max_physical_batch_size=PIECE, optimizer=optimiser) as pieces:
                for images, labels in pieces:
                    optimiser.zero_grad()
                    cross_entropy(model(images), labels).backward()
                    optimiser.step()
        spent, steps = engine.get_epsilon(budget.delta), sum(each[2] for each in engine.accountant.history)
    return Private(
        model.to_standard_module().eval(), float(spent), float(optimiser.noise_multiplier), int(steps)
    )


def tensors(data: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    """The pictures as networks read them, (n, 3, h, w) floats from -1 to 1, and the labels."""
    images = torch.from_numpy(data.images).permute(0, 3, 1, 2)
    return scaled(images).contiguous(), torch.from_numpy(data.labels)


def gradients(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """(n, parameters) float64: the gradient of each picture by itself, one after the other."""
    each = []
    for image, label in zip(x, y):
        loss = cross_entropy(model(image[None]), label[None])
        parts = torch.autograd.grad(loss, list(model.parameters()))
        each.append(np.concatenate([part.double().numpy().ravel() for part in parts]))
    return np.stack(each)


def opacus_sum(model: nn.Module, x: torch.Tensor, y: torch.Tensor, noise: float, seed: int = 0) -> np.ndarray:
    """(parameters,) float64: what Opacus makes of the same gradients in one step, clipped to BOUND, summed,
    with noise."""
    optimizers, sample = needed("opacus.optimizers"), needed("opacus.grad_sample")
    with quiet(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrapped = sample.GradSampleModule(model, loss_reduction="sum")
        inner = torch.optim.SGD(wrapped.parameters(), lr=1.0)
        settings = {"noise_multiplier": noise, "max_grad_norm": BOUND, "loss_reduction": "sum"}
        optimiser = optimizers.DPOptimizer(inner, expected_batch_size=None, **settings)
        cross_entropy(wrapped(x), y, reduction="sum").backward()
        optimiser.pre_step()
        parts = [p.grad.double().numpy().ravel() for p in wrapped.parameters()]
        wrapped.to_standard_module()  # takes the hooks off
        model.zero_grad(set_to_none=True)
    return np.concatenate(parts)
