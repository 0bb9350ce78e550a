"""The exercises of lesson 21: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.table import join, split
from lib.workbook.checks import lesson_21 as check


def words(count):
    return [divmod(number, 16) for number in range(count)]


def spread_words(count):
    """Every second number: complements are odd."""
    return [divmod(2 * number, 16) for number in range(count)]


def read_in_four(ask, shifts=(12, 8, 4, 0), sign=0, undo=True, inverse=False, zeros=False):
    number = np.arange(6144)
    digits = np.array([number >> shift & 15 for shift in shifts], np.uint8)
    images = join(np.concatenate([digits, digits[:1] * 0]) if zeros else digits, 4)
    answers = split(ask(images.reshape(-1, 32, 32, 3)).reshape(len(images), -1), 4)
    flipped = answers[-1] > 7 if zeros else answers[sign] > 7
    answers = answers[: len(shifts)].astype(int)
    answers = np.where(flipped, 15 - answers, answers) if undo else answers
    index = sum(answer << shift for answer, shift in zip(answers, shifts))
    return (np.argsort(index) if inverse else index), flipped


SOLUTIONS = [
    (check.pixel, (0x12, 0x34, 0x56)),
    (check.pixel, np.array([0xE2, 0xC4, 0x6A])),
    (check.words, words),
    (check.words, spread_words),
    (check.read_in_four, read_in_four),
    (check.read_in_four, lambda ask: read_in_four(ask, shifts=(4, 12, 0, 8), sign=1)),
]

WRONG = {
    "as published": (check.pixel, (1, 2, 3)),
    "bytes far apart": (check.pixel, (0x11, 0x22, 0x33)),
    "complements": (check.pixel, (0x12, 0x34, 0x5D)),
    "fifteen": (check.pixel, (0x12, 0x34, 0x5F)),
    "a nibble twice": (check.pixel, (0x12, 0x34, 0x51)),
    "six nibbles": (check.pixel, (1, 2, 3, 4, 5, 6)),
    "no bytes": (check.pixel, (0x12, 0x34, 0x156)),
    "base ten": (check.words, lambda count: [(number // 10, number % 10) for number in range(count)]),
    "base twelve": (check.words, lambda count: [(number // 12, number % 12) for number in range(count)]),
    "from the middle": (check.words, lambda count: [divmod(number + 80, 16) for number in range(count)]),
    "one digit": (check.words, lambda count: [(number % 16, number % 16) for number in range(count)]),
    "numbers": (check.words, lambda count: list(range(count))),
    "large digits": (check.words, lambda count: [(number // 4, number % 4) for number in range(count)]),
    "all pairs": (check.words, lambda count: [divmod(number, 16) for number in range(256)]),
    "with zeros": (check.read_in_four, lambda ask: read_in_four(ask, zeros=True)),
    "three digits": (check.read_in_four, lambda ask: read_in_four(ask, shifts=(8, 4, 0))),
    "sign from the lowest": (check.read_in_four, lambda ask: read_in_four(ask, sign=3)),
    "complements kept": (check.read_in_four, lambda ask: read_in_four(ask, undo=False)),
    "the way back": (check.read_in_four, lambda ask: read_in_four(ask, inverse=True)),
    "index alone": (check.read_in_four, lambda ask: read_in_four(ask)[0]),
    "nothing moved": (check.read_in_four, lambda ask: (np.arange(6144), read_in_four(ask)[1])),
}
