"""Checks of the lessons' exercises, a module for each lesson.

In a lesson: `from lib.workbook.checks import lesson_02 as check`, then `check.NAME(answer)`. A check says
what is wrong and does not give the answer away; an exercise that was not tried yet is no error, so that a
lesson runs from top to bottom.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

SAID = []
"""Every verdict of this process, in order: `make course` has them recorded when a lesson has ended."""


@dataclass(frozen=True, repr=False)
class Verdict:
    """Whether an answer is right, what was asked, and what is wrong, empty where nothing is or was tried.

    True where right. A notebook shows nothing of it, for a check prints it.
    """

    right: bool
    name: str
    message: str = ""

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        wrong = f"not yet: {self.message}" if self.message else "not solved yet"
        return f"{self.name}: {'correct' if self.right else wrong}"

    def _ipython_display_(self) -> None:
        pass


def exercise(check: Callable) -> Callable[..., Verdict]:
    """Make a check out of `check(answer)`, which asserts with messages for a learner.

    It prints its verdict, keeps it in SAID and returns it.
    """

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
