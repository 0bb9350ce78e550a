"""The question bank: three questions a lesson, and for each option a sentence on why it is right or wrong.

`questions.toml` has the right option first. Pages order options by their SHA-256, so that the place tells
nothing and a page that is made again is the same.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from lib.workbook.classroom.editions import TEXTS
from lib.workbook.lessons import title

BANK = tomllib.loads(Path(__file__).with_name("questions.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Option:
    """An answer to choose, whether it is the right one, and why or why not."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Question:
    """A question on a lesson: its place among them, the goal that it tests, the section that answers it."""

    place: int
    goal: int
    section: str
    asks: str
    options: tuple[Option, ...]

    @property
    def letter(self) -> str:
        """The letter of the right option."""
        return "ABCD"[[option.right for option in self.options].index(True)]


def of(number: str) -> list[Question]:
    """The questions on a lesson, in order; none where it has none yet."""
    return [question(place, **told) for place, told in enumerate(BANK.get(number, []), 1)]


def question(place: int, goal: int, section: str, asks: str, right: list[str],
             wrong: list[list[str]]) -> Question:  # fmt: skip
    """A question as it stands in the bank, its options ordered for a page."""
    options = [Option(right[0], True, right[1]), *(Option(text, False, why) for text, why in wrong)]
    return Question(place, goal, section, asks, tuple(sorted(options, key=_by_digest)))


def _by_digest(option: Option) -> bytes:
    return hashlib.sha256(option.text.encode()).digest()


def page(chosen: list[Path], answers: bool) -> str:
    """The bank as Markdown: with answers for teachers, without them to be handed out."""
    parts = [TEXTS["questions_answered" if answers else "questions"]]
    for path in chosen:
        told = [shown(each, answers) for each in of(path.name[:2])]
        parts += [f"\n## {path.name[:2]}. {title(path)}\n", *told] if told else []
    return "".join(parts)


def shown(question: Question, answers: bool) -> str:
    """A question as Markdown."""
    options = [(letter, option) for letter, option in zip("ABCD", question.options)]
    lines = [f"\n**{question.place}.** {question.asks}\n", *(f"- {a}. {o.text}" for a, o in options)]
    if answers:
        of_it = f"Goal {question.goal}; the section that answers it: *{question.section}*."
        lines += [f"\n**{question.letter} is right.** {of_it}\n", *(f"- {a}: {o.why}" for a, o in options)]
    return "\n".join(lines) + "\n"
