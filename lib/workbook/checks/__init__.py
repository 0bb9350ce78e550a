"""Checks of the lessons' exercises, a module for each lesson.

In a lesson: `from lib.workbook.checks import lesson_02 as check`, then `check.NAME(answer)`. A check says
what is wrong and does not give the answer away; an exercise that was not tried yet is no error, so that a
lesson runs from top to bottom.
"""

from functools import wraps


class Verdict:
    """Whether an answer is right. What there is to say was printed, so a notebook shows nothing more."""

    def __init__(self, right: bool):
        self.right = right

    def __bool__(self) -> bool:
        return self.right

    def __repr__(self) -> str:
        return "right" if self.right else "not right"

    def _ipython_display_(self) -> None:
        pass


def exercise(check):
    """Make a check out of `check(answer)`, which asserts with messages for a learner.

    What it returns prints one line and tells whether the answer is right. An answer is a function, or a
    value; one that raises NotImplementedError, or is None or `...`, has not been tried.
    """

    @wraps(check)
    def run(answer) -> Verdict:
        name = check.__name__
        if answer is None or answer is ...:
            return _say(name, "not solved yet", False)
        try:
            check(answer)
        except NotImplementedError:
            return _say(name, "not solved yet", False)
        except AssertionError as error:
            return _say(name, f"not yet: {error}", False)
        except Exception as error:  # a learner's code may raise anything; the lesson goes on
            return _say(name, f"not yet: your code raised {type(error).__name__}: {error}", False)
        return _say(name, "correct", True)

    return run


def _say(name, verdict, right):
    print(f"{name}: {verdict}")
    return Verdict(right)
