"""Weights of small networks that lessons show, in `data/models`: npz files, floats rounded to 16 bits."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from lib.atomic import whole_file


def save(path: Path, state: dict[str, torch.Tensor]) -> None:
    """Keep a state dict, in place of what is there."""
    halves = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, overwrite=True) as file:
        np.savez(file, **{key: value.numpy() for key, value in halves.items()})


def load(path: Path, model: nn.Module) -> nn.Module:
    """`model` with the weights of a file, in evaluation mode. OSError where there is none, KeyError and
    RuntimeError for those of another network."""
    with np.load(path, allow_pickle=False) as file:
        state = {key: torch.from_numpy(file[key].astype(value.numpy().dtype))
                 for key, value in model.state_dict().items()}  # fmt: skip
    model.load_state_dict(state)
    return model.eval()
