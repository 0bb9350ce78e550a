"""The exercises of lesson 21: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import math

import numpy as np

from lib.table import join, split
from lib.workbook.checks import lesson_21 as check


def words(count):
    return [divmod(number, 16) for number in range(count)]


def spread_words(count):
    """Every second number: complements are odd."""
    return [divmod(2 * number, 16) for number in range(count)]


def mended(answers, pixel, undo=True, per_byte=False, each=6, above=None):
    nibbles = split(answers.reshape(16, 48), 4).astype(int)
    flipped = np.median(nibbles, axis=0) > 7 if above is None else (nibbles > above).any(0)
    nibbles = np.where(flipped, 15 - nibbles, nibbles) if undo else nibbles
    digits = [digit for value in pixel for digit in divmod(value, 16)]
    index = [digits.index(value) if value in digits else 0 for value in nibbles.max(0)]
    return each * nibbles.argmax(0) + index, flipped


def least(h, w, bits, complements=1, bytes_=24, up=math.ceil):
    atoms = bytes_ * h * w // bits
    return up((math.lgamma(atoms + 1) / math.log(2) + complements * atoms) / (24 * h * w))


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
    (check.mended, mended),
    (check.mended, check.read_helpers),
    (check.least, least),
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
    "no complements": (check.mended, lambda *given: (mended(*given)[0], np.zeros(96, bool))),
    "complements in the index": (
        check.mended,
        lambda *given: (mended(*given, undo=False)[0], mended(*given)[1]),
    ),
    "any large value": (check.mended, lambda *given: mended(*given, above=7)),
    "where it goes": (check.mended, lambda *given: (np.argsort(mended(*given)[0]), mended(*given)[1])),
    "bytes": (check.mended, lambda *given: (mended(*given)[0] // 2, mended(*given)[1])),
    "three a pixel": (check.mended, lambda *given: mended(*given, each=3)),
    "orders alone": (check.least, lambda *given: least(*given, complements=0)),
    "one colour": (check.least, lambda *given: least(*given, bytes_=8)),
    "rounded down": (check.least, lambda *given: least(*given, up=math.floor)),
    "digits": (check.least, lambda h, w, bits: math.ceil(math.log(24 * h * w / bits, 2**bits))),
    "one more": (check.least, lambda *given: 1 + least(*given)),
}
