"""Arguments of schemes, checked at the door."""

from typing import Any

import numpy as np


def check_flag(name: str, value: Any) -> bool:
    """True or False, checked: a word like "false" counts as true in Python."""
    if not isinstance(value, bool | np.bool):
        raise TypeError(f"{name} is True or False, got {value!r}")
    return bool(value)


def check_bits(bits: Any) -> int:
    """The bits of an atom, checked. True == 1 and 4.0 == 4, but their streams would have other names."""
    if isinstance(bits, bool) or not isinstance(bits, int | np.integer) or bits not in (8, 4, 2, 1):
        raise ValueError(f"bytes are split into parts of 8, 4, 2 or 1 bits, got bits={bits!r}")
    return int(bits)


def check_ids(ids: Any, count: int) -> np.ndarray:
    """Ids of `count` images, (count,) whole numbers from 0 to 2**64 - 1, no two alike, checked."""
    given = ids if hasattr(ids, "__len__") or np.isscalar(ids) else list(ids)
    if isinstance(given, list | tuple) and any(isinstance(i, bool) for i in given):
        raise TypeError("ids are whole numbers, got True or False among them")
    array = np.atleast_1d(np.asarray(given))
    if array.dtype.kind == "O" or (array.dtype.kind == "f" and not isinstance(given, np.ndarray)):
        each = np.atleast_1d(np.asarray(given, object)).ravel()  # NumPy makes floats of what passes 2**63
        if all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in each):
            if wrong := [i for i in each if not 0 <= i < 2**64]:
                raise ValueError(f"ids run from 0 to 2**64 - 1, got {min(wrong)}")
            array = np.atleast_1d(np.asarray(given, np.uint64))
    if array.dtype.kind not in "iu":
        raise TypeError(f"ids are whole numbers, got {array.dtype}")
    if array.shape != (count,):
        raise ValueError(f"expected one id for each of {count} images, got ids of shape {array.shape}")
    if (array < 0).any():
        raise ValueError(f"ids run from 0 to 2**64 - 1, got {array.min()}")
    if len(np.unique(array)) < count:
        why = "two images under one key tell an attacker their difference, so give each its own"
        raise ValueError(f"an id came twice; {why}")
    return array
