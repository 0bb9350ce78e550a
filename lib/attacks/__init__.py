"""Attacks, one module for each threat model. None of them sees a key, or the truth before it is scored."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


class Oracle:
    """Encrypts what an attacker asks for, and counts it.

    encrypt   a function from images to ciphertexts, such as `scheme.encrypt`; the attacker is given the oracle alone
    budget    how many images may be asked for, or None for any number

    >>> from lib import Key
    >>> from lib.schemes import SKK
    >>> oracle = Oracle(SKK(Key.from_seed(7)).encrypt, budget=1)
    >>> oracle(np.zeros((4, 4, 3), np.uint8)).shape, oracle.queries
    ((4, 4, 3), 1)
    """

    __slots__ = ("__ask", "budget", "queries")

    def __init__(self, encrypt, budget: int | None = None):
        self.__ask, self.budget, self.queries = encrypt, budget, 0

    def __call__(self, images):
        count = len(images) if images.ndim == 4 else 1
        if self.budget is not None and self.queries + count > self.budget:
            raise PermissionError(f"{self.queries} of {self.budget} queries are used, and {count} more were asked for")
        self.queries += count
        return self.__ask(images)


def oracle_with_fresh_ids(scheme) -> Oracle:
    """An oracle for a scheme with a key per image: every query is encrypted under an id of its own."""
    used = [0]

    def encrypt(images):
        count = len(images) if images.ndim == 4 else 1
        used[0] += count
        return scheme.encrypt(images, ids=np.arange(used[0] - count, used[0]))

    return Oracle(encrypt)


@dataclass(frozen=True)
class AttackResult:
    """What an attack gives back: its estimate of the plain images, what it recovered, and what that cost.

    estimate    images like the ciphertexts under attack, uint8
    recovered   the key material it claims, by name (an index, a mask), or empty
    queries     images asked of an oracle
    seconds     wall-clock time
    """

    estimate: np.ndarray
    queries: int
    seconds: float
    recovered: dict[str, Any] = field(default_factory=dict)
