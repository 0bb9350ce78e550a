"""A trained network in a folder: what `python -m lib train` makes, and `lib.cli.predictions` asks.

    checkpoint.pt, log.jsonl   of `lib.training.fit`, by which a run that was stopped goes on
    weights.pt                 the state dict of the network to use
    model.json                 all else that its use takes, see `Facts`; written last, with the SHA-256 of
                               weights.pt, so that a folder is whole or is said not to be

Of the key only the fingerprint is there: whoever has these files can classify ciphertexts without it.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field

from lib.atomic import remove_unfinished, whole_file, write_json
from lib.cli import jobs
from lib.cli.records import Cipher
from lib.files import check_file
from lib.formats import Format, read
from lib.models import by_name
from lib.training import Run
from lib.training.checkpoints import check_finite

FILES = CHECKPOINT, LOG, WEIGHTS, FACTS = "checkpoint.pt", "log.jsonl", "weights.pt", "model.json"


class Network(Format):
    """Arguments of `lib.models.by_name`."""

    name: str
    adaptation: str | None
    block: int
    side: int | list[int]

    def build(self, classes: int) -> torch.nn.Module:
        """A new network."""
        return by_name(self.name, classes, side=self.side, block=self.block, adaptation=self.adaptation)


class Facts(Format):
    """The contents of model.json; `side` is height and width where images are no squares; `cipher` says what
    the training images were, None for plain ones."""

    KIND: ClassVar[str] = "model"
    WAY: ClassVar[str] = "restore it, or train again"
    format: Literal["learnable image encryption model"]
    version: Literal[1]
    network: Network
    classes: list[str] = Field(min_length=1)
    side: int | list[int]
    channels: Literal[3]
    recipe: dict[str, bool | int | float | str]
    cipher: Cipher | None
    encrypted: Literal["while training", "before"] | None
    data: str
    images: int
    limit: int | None
    history: dict[str, int | float] = Field(description="the last epoch's numbers, by name")
    device: str
    versions: dict[str, str]
    weights: str


@dataclass(frozen=True)
class Trained:
    """A network to use, on its device, and the contents of its model.json."""

    network: torch.nn.Module
    facts: Facts


def check_free(folder: Path) -> None:
    """Clear left-overs of kills away; FileExistsError for a folder of a model without its checkpoint."""
    remove_unfinished(folder / name for name in FILES)
    there = [name for name in FILES if (folder / name).exists()]
    if there and CHECKPOINT not in there:
        way = f"but no {CHECKPOINT} to go on from; take another folder"
        raise FileExistsError(f"{folder} holds {there[0]}, {way}")


def save(folder: Path, run: Run, facts: dict[str, Any]) -> bool:
    """Write weights and facts, fields of `Facts`, unless they are there already; whether they were."""
    try:
        if load(folder).facts.history == run.history[-1]:
            return True
    except (OSError, ValueError):
        pass  # not there yet, or not whole
    buffer = io.BytesIO()
    torch.save(run.model.state_dict(), buffer)
    digest = hashlib.sha256(buffer.getbuffer()).hexdigest()
    whole = Facts.new(**facts, history=run.history[-1], weights=digest)
    with whole_file(folder / WEIGHTS, overwrite=True) as file:
        file.write(buffer.getbuffer())
    write_json(folder / FACTS, whole.model_dump())
    return False


def load(folder: Path | str, device: torch.device | str = "cpu") -> Trained:
    """The network that `train` kept in `folder`, ready to use. OSError; ValueError says what is wrong."""
    folder = Path(folder)
    if not check_file(folder / FACTS).is_file():
        begun, way = (folder / CHECKPOINT).exists(), "name the folder that training wrote"
        on = "its training has not ended; train again, and it goes on"
        raise FileNotFoundError(f"{folder} holds no {FACTS}: {on if begun else way}")
    facts, data = read(Facts, folder / FACTS), check_file(folder / WEIGHTS).read_bytes()
    if hashlib.sha256(data).hexdigest() != facts.weights:
        way = f"is not whole, or not the one of {FACTS}; restore it, or train again"
        raise ValueError(f"{folder / WEIGHTS} {way}")
    try:
        with torch.random.fork_rng(devices=[]):  # first weights are drawn, and at once replaced
            network = facts.network.build(len(facts.classes))
        network.load_state_dict(
            weights := torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        )
    except Exception as error:  # torch raises many kinds, and tells much
        reason = jobs.describe(error).partition("\n")[0]
        wrong = f"{WEIGHTS} does not fit the network of {FACTS} ({reason})"
        raise ValueError(f"{folder}: {wrong}; train again") from None
    check_finite(weights, folder / WEIGHTS)
    return Trained(network.to(device, memory_format=torch.channels_last).eval(), facts)


def device_of(name: str) -> torch.device:
    """ "cpu", "cuda", or "auto" for the GPU where there is one."""
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ValueError("no CUDA device is to be had here; take cpu, or leave it to auto")
    return torch.device("cuda" if there and name != "cpu" else "cpu")
