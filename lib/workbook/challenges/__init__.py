"""Capture the flag: pictures that show ten letters, encrypted, and what an attacker has beside them.

    >>> challenge = load()[1]
    >>> challenge.number, challenge.title, challenge.given["ciphers"].shape
    (2, 'A pad from a clock', (1, 64, 64, 3))

A folder of challenges is made by `python -m lib.workbook.challenges`, see `lib.workbook.challenges.recipes`,
from a secret that is not in it. It holds `challenges.json`, and a file NN.npz of arrays for each challenge:
"ciphers" to be read, and what else the attacker has, as the challenge tells.

Of a flag the folder keeps a salted hash that is slow on purpose: scrypt (RFC 7914), about a tenth of a second
and 32 MB a guess. There are 16 ** 10 flags: to try them all takes some 3,500 years of a core.
"""

import hashlib
import hmac
import html
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field

from lib.formats import Format, read
from lib.workbook.challenges.letters import ALPHABET, LENGTH, normalised

FOLDER = Path(__file__).resolve().parents[3] / "data" / "challenges"
MANIFEST = "challenges.json"
FORMAT, VERSION = "learnable image encryption challenges", 1
COST = {"n": 1 << 15, "r": 8, "p": 1}
SOLVABLE, IMPOSSIBLE, OPEN = "solvable", "impossible", "open"


class Told(Format):
    """What everybody is told of a challenge.

    has      what the attacker has, in a few words
    told     the same in whole sentences
    hints    from a nudge to the way
    minutes  an estimate for somebody who has done the lessons; 0 where nobody knows
    state    "solvable" by an idea of the lessons, "impossible", or "open": nobody here knows a way
    """

    title: str
    has: str
    told: str
    hints: tuple[str, ...] = Field(strict=False)
    points: int
    minutes: int
    state: Literal["solvable", "impossible", "open"]


class Entry(Told):
    """A challenge in the manifest: also the hash of its flag."""

    number: int
    salt: str
    hash: str


class Manifest(Format):
    """What challenges.json holds."""

    KIND: ClassVar[str] = "folder of challenges"
    WAY: ClassVar[str] = "make them anew with python -m lib.workbook.challenges"
    format: Literal["learnable image encryption challenges"]
    version: Literal[1]
    scrypt: dict[str, int]
    challenges: list[Entry]


class Challenge(Entry):
    """One challenge: what is told, and the arrays given, by name. A notebook folds its hints."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    given: dict[str, np.ndarray]

    def _lines(self):
        given = ", ".join(f"{name} {array.shape} {array.dtype}" for name, array in self.given.items())
        points = {SOLVABLE: f"{self.points} points", IMPOSSIBLE: "no points to be had"}
        worth = points.get(self.state, f"open; {self.points} points")
        minutes = f", about {self.minutes} minutes" if self.minutes else ""
        return f"{self.number}. {self.title}: {self.has}; {worth}{minutes}", self.told, f"Given: {given}."

    def __repr__(self) -> str:
        return "\n".join([*self._lines(), f"Hints: {len(self.hints)}, in .hints"])

    __str__ = __repr__

    def _repr_html_(self) -> str:
        head, *lines = map(html.escape, self._lines())
        parts = [f"<p><strong>{head}</strong></p>", *(f"<p>{line}</p>" for line in lines)]
        for number, hint in enumerate(self.hints, 1):
            parts.append(f"<details><summary>Hint {number}</summary>{html.escape(hint)}</details>")
        return "".join(parts)

    def check(self, answer: str) -> bool:
        """Whether the answer is the flag, which takes a tenth of a second; prints a line on it."""
        told = problem(answer)
        if told is None:
            right = hmac.compare_digest(slow_hash(normalised(answer), self.salt), self.hash)
            told = f"captured, {self.points} points" if right else "that is not the flag"
        print(f"challenge {self.number}: {told}")
        return told.startswith("captured")


def problem(answer: str) -> str | None:
    """Why an answer can be no flag, or None. Says nothing that is not known of all flags."""
    if not isinstance(answer, str):
        return f"expected a flag as a string, got {type(answer).__name__}"
    text = normalised(answer)
    if not text:
        return "not tried yet"
    if strange := sorted(set(text) - set(ALPHABET)):
        return f"no flag has {' or '.join(strange)} in it; flags are made of {ALPHABET}"
    if len(text) != LENGTH:
        return f"a flag has {LENGTH} letters, yours has {len(text)}"
    return None


def slow_hash(flag: str, salt: str) -> str:
    """scrypt of a flag with a salt in hexadecimal, as 64 hexadecimal digits."""
    return hashlib.scrypt(flag.encode(), salt=bytes.fromhex(salt), **COST, maxmem=1 << 26, dklen=32).hex()


def load(folder: Path = FOLDER) -> list[Challenge]:
    """The challenges of a folder, in order. FileNotFoundError; ValueError for another format."""
    found = []
    for entry in read(Manifest, Path(folder) / MANIFEST).challenges:
        with np.load(Path(folder) / file_name(entry.number), allow_pickle=False) as arrays:
            found.append(Challenge(**entry.model_dump(), given=dict(arrays)))
    return found


def file_name(number: int) -> str:
    """The file of a challenge's arrays.

    >>> file_name(3)
    '03.npz'
    """
    return f"{number:02}.npz"
