"""`python -m tests.workbook.checks` writes what the teacher's guide says of wrong answers."""

import importlib
from pathlib import Path

from lib.atomic import write_json
from lib.workbook.checks import judge
from lib.workbook.classroom.guide import MISTAKES

NUMBERS = sorted(path.stem[-2:] for path in Path(__file__).parent.glob("test_lesson_*.py"))


def mistakes(number: str) -> dict[str, dict[str, str]]:
    """By exercise of a lesson: {name of a wrong answer: what the check says}."""
    said = {}
    for name, (check, answer) in importlib.import_module(f"{__package__}.test_lesson_{number}").WRONG.items():
        said.setdefault(check.__name__, {})[name] = judge(check.__wrapped__, answer).message
    return said


if __name__ == "__main__":
    write_json(MISTAKES, {number: mistakes(number) for number in NUMBERS})
