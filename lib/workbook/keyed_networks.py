"""Networks of lesson 30, trained on plain CIFAR-10: rows of `lib.workbook.recorded_trainings`, whose weights
are kept in `data/models`, rounded to 16 bits; and the filters of a network of the attacker's own.

    python -m lib.workbook.keyed_networks build/training     keeps the weights of runs that lie there
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lib.atomic import whole_file
from lib.models import by_name
from lib.models.keyed import ServedWeights
from lib.workbook.recorded_trainings import TrainingRow, trainings
from lib.workbook.recording import RESULTS

MODELS = RESULTS.parent / "models"
ROWS = {"ViT": "plain-vit"}
OWN = MODELS / "own-vit-filters.npz"
CLASSES = 10


def kept(name: str) -> nn.Module:
    """The network of this name, one of `ROWS`, with its weights, in evaluation mode."""
    model = _made(_row(name))
    with np.load(MODELS / f"{ROWS[name]}.npz", allow_pickle=False) as file:
        state = {key: torch.from_numpy(file[key].astype(value.numpy().dtype))
                 for key, value in model.state_dict().items()}  # fmt: skip
    model.load_state_dict(state)
    return model.eval()


def keep(name: str, folder: Path) -> Path:
    """Keep the weights of the network that `make results` has trained in `folder`, seed 0."""
    row = _row(name)
    checkpoint = torch.load(folder / f"{row.stem}-seed0" / "checkpoint.pt", weights_only=True)
    state = checkpoint["model"]
    _made(row).load_state_dict(state)  # whether it is this network
    path = MODELS / f"{ROWS[name]}.npz"
    with whole_file(path, overwrite=True) as file:
        floats = {key: value.half() if value.is_floating_point() else value for key, value in state.items()}
        np.savez(file, **{key: value.numpy() for key, value in floats.items()})
    return path


def own_filters() -> ServedWeights:
    """Patch map and position code of a small ViT that was trained on pictures the served ones never saw."""
    with np.load(OWN, allow_pickle=False) as file:
        kernel, positions = (file[name].astype(np.float32) for name in ("kernel", "positions"))
    return ServedWeights(kernel[None], np.zeros(len(positions), np.int64), positions, None, 4, 8)


def keep_own(filters: ServedWeights) -> None:
    """Keep these as the attacker's own, in 16 bits."""
    with whole_file(OWN, overwrite=True) as file:
        arrays = {"kernel": filters.kernels[0], "positions": filters.positions}
        np.savez(file, **{name: array.astype(np.float16) for name, array in arrays.items()})


def _row(name) -> TrainingRow:
    return next(row for row in trainings.rows() if row.name == ROWS[name] and row.tier == "table")


def _made(row):
    with torch.random.fork_rng(devices=[]):
        return by_name(row.network, CLASSES, side=32, **row.options)


def main(argv: list[str] | None = None) -> int:
    """Keep the weights of both."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="of the runs' checkpoints")
    args = parser.parse_args(argv)
    for name in ROWS:
        print(keep(name, args.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
