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
from lib.workbook import kept_weights
from lib.workbook.recorded_trainings import TrainingRow, trainings
from lib.workbook.recording import RESULTS

MODELS = RESULTS.parent / "models"
ROWS = {"ViT": "plain-vit", "ConvMixer": "plain-convmixer"}
SMALL = {"small ViT": ("vit", {"dim": 96, "depth": 2}),
         "small ConvMixer": ("convmixer", {"dim": 96, "depth": 2, "kernel": 5})}  # fmt: skip
OWN = MODELS / "own-filters.npz"
CLASSES = 10


def kept(name: str) -> nn.Module:
    """The network of this name, of `ROWS` or `SMALL`, with its weights, in evaluation mode."""
    return kept_weights.load(_path(name), made(name))


def keep(name: str, state: dict[str, torch.Tensor]) -> Path:
    """Keep the weights of the network of this name, a state dict; ValueError where they are another's."""
    try:
        made(name).load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(
            f"these are not the weights of {name}: {str(error).splitlines()[-1].strip()}"
        ) from None
    kept_weights.save(_path(name), state)
    return _path(name)


def made(name: str) -> nn.Module:
    """The network of this name before training."""
    if name in SMALL:
        network, options = SMALL[name]
    else:
        row = trained(name)
        network, options = row.network, row.options
    with torch.random.fork_rng(devices=[]):
        return by_name(network, CLASSES, **{"side": 32, "block": 4} | options)


def trained(name: str) -> TrainingRow:
    """The row of recorded trainings that a network of `ROWS` is."""
    return next(row for row in trainings.rows() if row.name == ROWS[name] and row.tier == "table")


def own_filters() -> ServedWeights:
    """Patch map of a small ConvMixer that was trained on pictures the served ones never saw."""
    with np.load(OWN, allow_pickle=False) as file:
        kernel = file["kernel"].astype(np.float32)
    return ServedWeights(kernel[None], np.zeros(64, np.int64), None, np.arange(64), 4, 8)


def keep_own(filters: ServedWeights) -> None:
    """Keep these as the attacker's own, in 16 bits."""
    with whole_file(OWN, overwrite=True) as file:
        np.savez(file, kernel=filters.kernels[0].astype(np.float16))


def _path(name):
    return MODELS / f"{ROWS.get(name, name.lower().replace(' ', '-'))}.npz"


def main(argv: list[str] | None = None) -> int:
    """Keep the weights of the networks of `ROWS`, seed 0."""
    parser = argparse.ArgumentParser(f"python -m {__spec__.name}", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="of the runs' checkpoints")
    args = parser.parse_args(argv)
    paths = {name: args.folder / f"{trained(name).stem}-seed0" / "checkpoint.pt" for name in ROWS}
    there = {name: path for name, path in paths.items() if path.exists()}
    if not there:
        parser.error(f"no run of these lies there: {', '.join(path.parent.name for path in paths.values())}")
    for name, path in there.items():
        print(keep(name, torch.load(path, weights_only=True)["model"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
