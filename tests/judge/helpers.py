"""What the tests of the judge have in common: small ciphers, inquiries, the stage that asks for structure."""

import math
from typing import NamedTuple

import numpy as np

from lib import judge
from lib.judge import contract
from lib.judge.readings import Inquiry
from lib.judge.structure import Found
from lib.judge.subject import Subject, key_of

from .ciphers import BROKEN, REUSED, SMALL, STRONG, UNNAMED, WEAK

ALL = WEAK | UNNAMED | STRONG | BROKEN
TINY, SMALLER = (8, 8, 3), (16, 16, 3)


def made(name, key=0):
    """A cipher of `ciphers.py` under one of the judge's keys."""
    return ALL[name].factory(key_of(key))


def inquiry(name, shape=TINY, most=30_000):
    """An oracle of a cipher, by its name or as a function of images."""
    return Inquiry(name if callable(name) else made(name).encrypt, shape, most)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def reach(encrypt, shape, trials=4):
    """(bytes of an image, values of a ciphertext) bool: which values a change of each byte ever changes. The
    slow and obvious way: every byte is changed, one at a time, in several images."""
    size = math.prod(shape)
    changes = []
    for trial in range(trials):
        image = drawn(size, seed=trial)
        before = encrypt(image.reshape(1, *shape)).reshape(-1)
        changed = np.tile(image, (size, 1))
        for at in range(size):
            changed[at, at] ^= 1 + 83 * trial % 255
        changes.append(encrypt(changed.reshape(-1, *shape)).reshape(size, -1) != before)
    return np.any(changes, axis=0)


class Staged(NamedTuple):
    """What contract and structure say of a cipher, without the attacks."""

    kept: contract.Contract
    names: list[str]
    says: list[str]
    found: Found


def staged(factory, shape=(32, 32, 3), seconds=0.01):
    """The judge up to its attacks, with so many seconds for equal keys."""
    out = {"structure": [], "properties": []}
    with Subject(factory) as subject:
        kept = contract.checked(subject, shape, seconds)
        found = judge._structure(out, subject, kept, shape, judge.BUDGETS["quick"])
    names = [SMALL] * (kept.key_bits is not None) + [REUSED] * bool(kept.reused or kept.overlap)
    return Staged(kept, names + out["structure"], out["properties"], found)
