"""Checks of the lessons' exercises, a module for each lesson.

In a lesson: `from lib.workbook.checks import lesson_02 as check`, then `check.NAME(answer)`. A check says
what is wrong and does not give the answer away; what was not tried yet is no error, and the lesson goes on.
"""

import copy
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path

import numpy as np

GIVEN = tomllib.loads(Path(__file__).with_name("given.toml").read_text(encoding="utf-8"))
"""By exercise: the `cases` that an answer is tried on, and a long `hint`."""

SAID = []
"""Every verdict of this process, in order: `make course` has them recorded when a lesson has ended."""


@dataclass(frozen=True, repr=False)
class Verdict:
    """Whether an answer is right, what was asked, and what is wrong, empty where nothing is or was tried."""

    right: bool
    name: str
    message: str = ""

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        wrong = f"not yet: {self.message}" if self.message else "not solved yet"
        return f"{self.name}: {'correct' if self.right else wrong}"

    def _ipython_display_(self) -> None:
        """Show nothing, for a check prints it."""


def exercise(check: Callable) -> Callable[..., Verdict]:
    """Make a check, which prints, keeps and returns its verdict, of `check(answer)`, which asserts."""

    @wraps(check)
    def run(answer) -> Verdict:
        verdict = judge(check, answer)
        SAID.append(verdict)
        print(verdict)
        return verdict

    return run


def judge(check: Callable, answer: object) -> Verdict:
    """The verdict on an answer: a function or a value; not tried where None, `...` or NotImplementedError."""
    name = check.__name__
    if answer is None or answer is ...:
        return Verdict(False, name)
    try:
        check(answer)
    except NotImplementedError:
        return Verdict(False, name)
    except AssertionError as error:
        return Verdict(False, name, str(error) or "an assertion in your code does not hold")
    except Exception as error:  # a learner's code may raise anything; the lesson goes on
        return Verdict(False, name, f"your code raised {type(error).__name__}: {error}")
    return Verdict(True, name)


# -- what the checks of several lessons ask; AssertionError with a line for the learner ----------------------


def called(answer: Callable, *given: object) -> object:
    """What an answer makes of its arguments, which it leaves as they are."""
    kept = copy.deepcopy(given)
    got = answer(*given)
    same = all(np.array_equal(one, other) for one, other in zip(kept, given))
    assert same, "your function changed what it was given; make something new instead"
    return got


def compared(alt: str, **pictures: np.ndarray) -> None:
    """Draw pictures under their names, such as target and yours, where a notebook runs the check."""
    from IPython import get_ipython

    if get_ipython() is not None:
        from lib import figures  # takes seconds to start

        figures.pictures(pictures, alt)


def number(got: object) -> float:
    """One number."""
    value = np.asarray(got)
    assert value.ndim == 0, f"expected one number, got shape {value.shape}"
    assert value.dtype.kind in "biuf", f"expected one number, got {kind(got)}"
    return float(value)


def whole(got: object, what: str = "a whole number", least: float = -np.inf, most: float = np.inf) -> int:
    """One whole number, no float and no bool, within bounds."""
    fits = isinstance(got, int | np.integer) and not isinstance(got, bool) and least <= got <= most
    assert fits, f"expected {what}, got {got!r}"
    return int(got)


def array(got: object, shape: Sequence[int], dtype: type | None = np.uint8) -> np.ndarray:
    """An array of this shape and dtype, with None whatever makes an array."""
    got = np.asarray(got) if dtype is None else got
    assert isinstance(got, np.ndarray), f"expected a NumPy array, got {type(got).__name__}"
    assert got.shape == tuple(shape), f"expected shape {tuple(shape)}, got {got.shape}"
    assert dtype is None or got.dtype == dtype, f"expected {np.dtype(dtype)}, got {got.dtype}"
    return got


def pair(got: object, what: str) -> Sequence:
    """Two things, as a tuple or a list."""
    assert isinstance(got, tuple | list) and len(got) == 2, f"expected a pair, {what}; got {kind(got)}"
    return got


def triples(got: object, what: str) -> list[np.ndarray]:
    """Two arrays of three numbers each, of which the first holds 0, 1 and 2."""
    first, second = (array(part, (3,), None) for part in pair(got, what))
    every = sorted(first.tolist()) == [0, 1, 2]
    assert every, f"{what}: {first.tolist()} does not hold 0, 1 and 2 once each"
    return [first, second]


def kind(got: object) -> str:
    """What something is, in a few words."""
    return f"{got.dtype} of shape {got.shape}" if isinstance(got, np.ndarray) else f"{got!r:.40}"
