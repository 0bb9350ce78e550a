"""Muon: momentum whose update is orthogonalised, for filters; plain SGD for all else.

K. Jordan and others, "Muon: An optimizer for hidden layers in neural networks", 2024, as the CIFAR-10 speed
run airbench94 has it (KellerJordan/cifar10-airbench): weights are brought to one norm before each step,
momentum is Nesterov's. `torch.optim.Muon` takes matrices alone, orthogonalises in bfloat16, and leaves the
norm of weights to decay.
"""

import torch
from torch import nn

from lib.models.fast import PatchWhitening
from lib.training.recipe import Recipe

STEPS, COEFFICIENTS = 3, (3.4445, -4.7750, 2.0315)  # of the Newton-Schulz iteration
HEAD, VECTORS = 0.67 / 0.24, 0.053 / 0.24  # their rates, over that of the filters
EARLY = 3  # epochs in which the bias of a whitening layer is trained


class Muon(torch.optim.Optimizer):
    """For groups of parameters, each with `lr`, `momentum`, `weight_decay` and `filters`: whether to
    orthogonalise.

    Without, a step is that of torch.optim.SGD with nesterov=True.
    """

    def __init__(self, groups: list[dict]):
        super().__init__(groups, {"weight_decay": 0.0, "filters": False})

    @torch.no_grad()
    def step(self, closure: None = None):
        """One step; the gradients are there already."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                gradient = p.grad.add(p, alpha=group["weight_decay"])
                momentum = self.state[p].setdefault("momentum", torch.zeros_like(p))
                momentum.mul_(group["momentum"]).add_(gradient)
                update = gradient.add(momentum, alpha=group["momentum"])
                if group["filters"]:
                    update = _orthogonal_step(p, update)
                p.add_(update, alpha=-group["lr"])


def _orthogonal_step(p, update):
    """Filters are rows of one matrix; of three axes, the first counts matrices with an output a column."""
    if p.ndim == 3:
        p.mul_(p.shape[2] ** 0.5 / p.norm(dim=(1, 2), keepdim=True))
        return orthogonalised(update)
    p.mul_(len(p) ** 0.5 / p.norm())
    return orthogonalised(update.flatten(1)).view(p.shape)


def orthogonalised(matrix: torch.Tensor) -> torch.Tensor:
    """(..., rows, columns) of the same singular vectors, all singular values brought near 1."""
    a, b, c = COEFFICIENTS
    wide = matrix if matrix.shape[-2] <= matrix.shape[-1] else matrix.mT
    x = wide / (wide.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if wide is matrix else x.mT


def muon(model: nn.Module, recipe: Recipe, steps: int) -> tuple[Muon, torch.optim.lr_scheduler.LambdaLR]:
    """The optimiser of a network, and its rates, which fall linearly to nothing over `steps` an epoch.

    Filters and other hidden matrices are orthogonalised; the last linear layer, biases and norms are not. The
    bias of a whitening layer is trained in the first `EARLY` epochs alone.
    """
    trained = {id(p): p for p in model.parameters() if p.requires_grad}
    early = [m.bias for m in model.modules() if isinstance(m, PatchWhitening) and m.bias is not None]
    head = [m.weight for m in model.modules() if isinstance(m, nn.Linear)][-1:]
    for p in (*early, *head):
        trained.pop(id(p))
    vectors = [p for p in trained.values() if p.ndim < 2]
    filters = [p for p in trained.values() if p.ndim >= 2]
    groups = [{"params": filters, "lr": recipe.rate, "momentum": 0.6, "filters": True}]
    for params, share in ((early, VECTORS), (vectors, VECTORS), (head, HEAD)):
        rate = share * recipe.rate
        decay = recipe.weight_decay * recipe.batch / rate
        groups.append({"params": params, "lr": rate, "momentum": 0.85, "weight_decay": decay})
    whole = recipe.epochs * steps
    ends = (whole, min(EARLY * steps, whole), whole, whole)
    optimiser = Muon(groups)
    falls = [lambda step, end=end: max(0.0, 1 - step / end) for end in ends]
    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, falls)
