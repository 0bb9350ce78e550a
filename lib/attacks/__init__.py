"""Attacks, one module for each threat model. None of them sees a key, or the truth before it is scored.

    chosen_plaintext   an `Oracle` encrypts what the attacker asks for
    known_plaintext    pairs of plain images and their ciphertexts under the key
    weak_keys          one ciphertext, and a key out of a small set
    one_image          one ciphertext whose key is its own; `jigsaw` for EtC
    ... one key        ciphertexts under one key, and nothing else: `blocks_one_key`, `pixels_one_key`,
                       `etc_one_key`, `ele_one_key`, `ffx_one_key`; with public pictures, and trained:
                       `generative`
    inverse            trained: pairs under the key, or the algorithm alone and public pictures

The algorithm is known to all of them, with its block size and split (Kerckhoffs); the key is not. Scores are
given by `lib.metrics` alone, and `lib.workbook.attack_matrix` runs every attack on every scheme, beside
baselines and a control.
"""

from dataclasses import dataclass, field
from itertools import starmap
from typing import Any

import numpy as np


class Oracle:
    """Encrypts what an attacker asks for, counts it, and stops at a budget.

    encrypt   a function from images to ciphertexts, such as `scheme.encrypt`; the attacker is given the
              oracle alone
    budget    how many images may be asked for, or None for any number

    No attribute of an oracle leads to `encrypt`, so no attack comes upon the key by mistake. That is no wall:
    within one process nothing is.

    >>> from lib import Key
    >>> from lib.schemes import SKK
    >>> oracle = Oracle(SKK(Key.from_seed(7)).encrypt, budget=1)
    >>> oracle(np.zeros((4, 4, 3), np.uint8)).shape, oracle.queries
    ((4, 4, 3), 1)
    """

    __slots__ = ("__answers", "__asked", "__budget", "__queries")

    def __init__(self, encrypt, budget: int | None = None):
        self.__asked, self.__budget, self.__queries = [], budget, 0
        self.__answers = starmap(encrypt, iter(self.__asked.pop, None))  # it shows nothing of its function

    def __call__(self, images):
        """The ciphertexts of (n, h, w, 3) uint8, or of one image (h, w, 3). PermissionError beyond the
        budget."""
        count = len(images) if images.ndim == 4 else 1
        if self.budget is not None and self.queries + count > self.budget:
            raise PermissionError(
                f"{self.queries} of {self.budget} queries are used, and {count} more were asked for"
            )
        self.__asked.append((images,))
        answer = next(self.__answers)
        self.__queries += count
        return answer

    @property
    def queries(self) -> int:
        """Images encrypted so far."""
        return self.__queries

    @property
    def budget(self) -> int | None:
        """Images that may be asked for in all."""
        return self.__budget


def oracle_for(scheme, budget: int | None = None) -> Oracle:
    """The oracle of a scheme. With a key per image, every query is encrypted under an id of its own, from 0
    on."""
    if not scheme.per_image:
        return Oracle(scheme.encrypt, budget)
    used = 0

    def encrypt(images):
        nonlocal used
        count = len(images) if images.ndim == 4 else 1
        used += count
        return scheme.encrypt(images, ids=np.arange(used - count, used))

    return Oracle(encrypt, budget)


@dataclass(frozen=True)
class AttackResult:
    """What an attack gives back: its estimate of the plain images, what it recovered, and what that cost.

    estimate    images like the ciphertexts under attack, uint8
    queries     images asked of an oracle
    seconds     wall-clock time
    recovered   the key material it claims, by name (an index, a mask), or empty; -1 in an index where it
                claims nothing
    confidence  0 to 1, how likely the estimate is right, up to what the attack's docstring calls open: one
                number, or one for each part (atom, pixel, block) as it says
    """

    estimate: np.ndarray
    queries: int = 0
    seconds: float = 0.0
    recovered: dict[str, Any] = field(default_factory=dict)
    confidence: float | np.ndarray = 0.0


def check_ciphers(ciphers, block: int = 1) -> np.ndarray:
    """(n, h, w, 3) uint8 of whole blocks, as an array; TypeError or ValueError that says what is wrong."""
    from lib import images as door

    batch, _ = door.enter(ciphers, block)
    if getattr(ciphers, "ndim", 0) != 4 or not isinstance(batch, np.ndarray):
        raise ValueError(
            f"an attack takes a batch, NumPy (n, h, w, 3) uint8, got {_kind(ciphers)}; one image is x[None]"
        )
    return np.ascontiguousarray(batch)


def _kind(images):
    return f"shape {tuple(images.shape)}" if hasattr(images, "shape") else type(images).__name__
