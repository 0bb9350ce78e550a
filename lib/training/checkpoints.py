"""The checkpoint of a run, a file by which one that was stopped goes on, bit for bit.

`checkpoint.pt` is a dictionary written by `torch.save` and read with `weights_only`, so it runs no code:

    about       what makes this run this run, {name: value}: digests of data, scheme, recipe
    history     the entries so far, [{name: number}]
    all others  the state dict of each part, by name: model, optimiser, schedule, mean

`Facts` checks the first two. A run that differs from `about` in anything is refused.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ValidationError

from lib.atomic import remove_unfinished, whole_file


class CheckpointError(ValueError):
    """The checkpoint in the folder is broken, or of another run than the one that was asked for."""


class Facts(BaseModel, extra="allow"):
    """What a checkpoint says of its run; the states of its parts come as extra fields."""

    about: dict[str, Any]
    history: list[dict[str, int | float]]


class Checkpoint:
    """`checkpoint.pt` in `folder`, of a run that `about` tells from others; None keeps nothing.

    parts   by name, all that a step changes: networks, optimisers, schedules, whatever has a state dict
    log     keep the history in `log.jsonl` too, a line an entry
    """

    def __init__(self, folder, about: dict, parts: dict, log: bool = False):
        self.path, self.log, self.about, self.parts = None, None, about, parts
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.path = Path(folder) / "checkpoint.pt"
            self.log = Path(folder) / "log.jsonl" if log else None
            remove_unfinished(filter(None, (self.path, self.log)))

    def save(self, history: list[dict]) -> None:
        """Keep history and states; files are whole, the old ones or the new, at any time."""
        if self.log:  # first: what is killed between the two is written anew
            with whole_file(self.log, overwrite=True) as file:
                file.write("".join(json.dumps(entry) + "\n" for entry in history).encode())
        if self.path:
            states = {name: part.state_dict() for name, part in self.parts.items()}
            with whole_file(self.path, overwrite=True) as file:
                torch.save({"about": self.about, "history": history, **states}, file)

    def load(self) -> list[dict]:
        """Give the parts what was kept for them; the history, empty where nothing was kept.

        CheckpointError for a file that is broken, or of a run that differs from `about`.
        """
        if not self.path or not self.path.exists():
            return []
        kept = _read(self.path)
        there, here = kept.about, self.about
        other = "; ".join(
            f"{name} {there.get(name)} there, {here.get(name)} here"
            for name in here | there
            if there.get(name) != here.get(name)
        )
        if other:
            raise CheckpointError(f"{self.path} is of another run: {other}; take another folder, or remove it")
        if not self.parts.keys() <= kept.model_extra.keys():
            raise _no_checkpoint(self.path)
        for name, part in self.parts.items():
            part.load_state_dict(kept.model_extra[name])
        return kept.history


def _read(path) -> Facts:
    """What `Checkpoint.save` saved; torch raises half a dozen kinds of errors for other files."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).split(".")[0].split("\n")[0] or type(error).__name__
        raise CheckpointError(f"{path} cannot be read ({reason}); remove it, and training begins anew") from None
    try:
        return Facts.model_validate(kept)
    except ValidationError:
        raise _no_checkpoint(path) from None


def _no_checkpoint(path):
    return CheckpointError(f"{path} is no checkpoint of lib.training; remove it, and training begins anew")


def digest(*parts) -> str:
    """16 hex digits that tell arrays and bytes apart."""
    total = hashlib.sha256()
    for part in parts:
        total.update(np.ascontiguousarray(part) if isinstance(part, np.ndarray) else part)
    return total.hexdigest()[:16]
