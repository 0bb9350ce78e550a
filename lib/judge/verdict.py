"""What the judge says: every part of it a field, so that it can be written as JSON and read back."""

import json
from pathlib import Path
from typing import Any, Literal

from lib.atomic import whole_file
from lib.formats import Format

NOT_BROKEN = "not broken by what was tried"
BROKEN, LEAKS = 0.5, 0.05  # the low end of a leak's interval from which on a cipher is said to be so


class Finding(Format):
    """Something looked at; `good` if it is as a careful author would want it, None for a matter of taste."""

    name: str
    good: bool | None
    text: str


class Leakage(Format):
    """`lib.metrics.Leak`, rounded: 0 is the one-time pad in the same pipeline, 1 are plain pictures."""

    value: float
    low: float
    high: float
    images: int


class Attempt(Format):
    """An attack that was run on the cipher, and on a one-time pad in its place.

    needs    what the attacker had: queries, pairs, ciphertexts, other keys
    exact    the share of bytes that came back right
    refused  why it could not be run, or None
    """

    attack: str
    threat: str
    source: str
    needs: dict[str, int]
    seconds: float
    leak: Leakage | None
    exact: float | None
    pad_exact: float | None
    refused: str | None = None


class Learnability(Format):
    """Accuracy of a small network on ciphertexts, beside the same on plain pictures and on a pad."""

    cipher: float
    plain: float
    pad: float
    nearest_mean_colour: float
    chance: float
    seconds: float


class Verdict(Format):
    """All that was found. `judge` is the version of the tests: numbers of two versions are not compared.
    `outcome` is "broken", "leaks" (something of a picture, or which one it is), "not broken by what was
    tried" or "cannot be judged"; `structure` names what it is, the most special first; `pictures` are PNG
    files in base 64."""

    KIND = "verdict of the judge"
    format: Literal["learnable image encryption verdict"]
    version: Literal[1]
    judge: str
    cipher: str
    shape: tuple[int, int, int]
    budget: str
    outcome: str
    summary: list[str]
    contract: list[Finding]
    structure: list[str]
    properties: list[str]
    key_bits: float | None
    attempts: list[Attempt]
    pictures: dict[str, str]
    learnability: Learnability | None
    more: str
    seconds: float

    def leak(self, threat: str | None = None) -> Leakage | None:
        """The largest leakage under a threat model, or under any; None where nothing was tried."""
        found = [each.leak for each in self.attempts if each.leak and threat in (None, each.threat)]
        return max(found, key=lambda leak: leak.low) if found else None

    def save(self, path: Path | str) -> None:
        """Write it as JSON, `lib.formats.read(Verdict, path)` reads it; FileExistsError for a file there."""
        with whole_file(Path(path)) as file:
            file.write((json.dumps(self.model_dump(), indent=1) + "\n").encode())


def outcome_of(attempts: list[Attempt], extra: list[str]) -> str:
    """In words, from the intervals; `extra` are ways to break it that no leak measures."""
    lows = [each.leak.low for each in attempts if each.leak]
    if extra or any(low > BROKEN for low in lows):
        return "broken"
    return "leaks" if any(low > LEAKS for low in lows) else NOT_BROKEN


def rounded(leak: Any) -> Leakage:
    """A `lib.metrics.Leak` for the record; 0.0 for -0.0."""
    return Leakage(**{name: round(float(getattr(leak, name)), 4) + 0.0 for name in ("value", "low", "high")},
                   images=leak.images)  # fmt: skip
