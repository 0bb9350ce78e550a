"""The checkpoint of a run, a file by which one that was stopped goes on, bit for bit.

`checkpoint.pt` is a dictionary written by `torch.save` and read with `weights_only`, so it runs no code. It
holds the fields of `Facts`, and the state dict of each part by name: model, optimiser, schedule, mean.
"""

import hashlib
import io
import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field, model_validator

from lib.atomic import remove_unfinished, whole_file
from lib.files import check_file
from lib.formats import Format, check


class CheckpointError(ValueError):
    """The checkpoint in the folder is broken, or of another run than the one that was asked for."""


class Facts(Format, extra="allow"):
    """What a checkpoint says of its run.

    about     what makes this run this run: digests of data, the scheme, the recipe, each by its name. A run
              that differs in anything is refused
    history   the entries so far, numbers by name
    """

    WAY = "remove it, and training begins anew"
    about: dict[str, Any]
    history: list[Annotated[dict[str, int | float], Field(min_length=1)]]

    @model_validator(mode="after")
    def _entries_are_counted(self):
        for i, entry in enumerate(self.history):
            if not entry.keys() & {"epoch", "step"}:
                raise ValueError(f"history.{i} has neither epoch nor step")
        return self


class Checkpoint:
    """`checkpoint.pt` in `folder`, of a run that `about` tells from others; without a folder nothing is kept.

    parts   by name, all that a step changes: networks, optimisers, schedules, whatever has a state dict
    log     keep the history in `log.jsonl` too, a line an entry
    """

    def __init__(self, folder: Path | str | None, about: dict, parts: dict, log: bool = False):
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
            buffer = io.BytesIO()  # into a file, torch would tell of a full disk as of an error of its own
            torch.save({"about": self.about, "history": history, **states}, buffer)
            with whole_file(self.path, overwrite=True) as file:
                file.write(buffer.getbuffer())

    def load(self) -> list[dict]:
        """Give the parts what was kept for them; the history, empty where nothing was kept.

        CheckpointError for a file that is broken, or of a run that differs from `about`.
        """
        if not self.path or not self.path.exists():
            return []
        kept = _read(check_file(self.path))
        there, here = kept.about, self.about
        differ = [name for name in here | there if there.get(name) != here.get(name)]
        if differ:
            other = "; ".join(f"{name} {there.get(name)} there, {here.get(name)} here" for name in differ)
            raise CheckpointError(
                f"{self.path} is of another run: {other}; take another folder, or remove it"
            )
        for name, part in self.parts.items():
            if name not in kept.model_extra:
                raise CheckpointError(f"{self.path} is damaged: the state of {name} is missing; {Facts.WAY}")
            try:
                check_finite(kept.model_extra[name], name)
                part.load_state_dict(kept.model_extra[name])
            except Exception as error:  # torch raises many kinds
                reason = str(error).partition("\n")[0] or type(error).__name__
                damaged = f"{self.path} is damaged: the state of {name} does not fit ({reason})"
                raise CheckpointError(f"{damaged}; {Facts.WAY}") from None
        return kept.history


def _read(path) -> Facts:
    """What `Checkpoint.save` saved; torch raises half a dozen kinds of errors for other files."""
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).split(".")[0].split("\n")[0] or type(error).__name__
        raise CheckpointError(f"{path} cannot be read ({reason}); {Facts.WAY}") from None
    try:
        return check(Facts, kept, str(path))
    except ValueError as error:
        raise CheckpointError(str(error)) from None


def check_finite(state: Any, holder: Path | str) -> None:
    """ValueError where a number in the tensors of a state dict, or of what it holds, is not finite."""
    for name, value in state.items() if isinstance(state, dict) else ():
        if isinstance(value, torch.Tensor) and not value.isfinite().all():
            raise ValueError(f"{holder}: {name} holds numbers that are not finite")
        check_finite(value, holder)


def digest(*parts) -> str:
    """16 hex digits that tell arrays and bytes apart."""
    total = hashlib.sha256()
    for part in parts:
        total.update(np.ascontiguousarray(part) if isinstance(part, np.ndarray) else part)
    return total.hexdigest()[:16]
