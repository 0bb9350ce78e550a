"""The exercises of lesson 42: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import math

import numpy as np

from lib.attacks.catalogue import CATALOGUE, MANY, THREATS
from lib.workbook.checks import lesson_42 as check


def usable(scheme, given, count):
    found = [
        attack for attack in CATALOGUE if attack.fits(scheme) and given.issuperset(THREATS[attack.threat])
    ]
    return [attack.name for attack in found if count > 1 or attack.threat != MANY]


def without(part):
    """`usable` that forgets a part of the question."""

    def wrong(scheme, given, count):
        return [
            attack.name
            for attack in CATALOGUE
            if (attack.fits(scheme) or part == "scheme")
            and (set(THREATS[attack.threat]) <= given or part == "given")
            and (attack.threat != MANY or count > 1 or part == "count")
        ]

    return wrong


def exactly(scheme, given, count):
    return [
        a.name
        for a in CATALOGUE
        if a.fits(scheme) and set(THREATS[a.threat]) == given and (a.threat != MANY or count > 1)
    ]


def mask_for(cipher, picture):
    return cipher ^ picture


def letters_needed(alphabet, seconds, years):
    return math.ceil(math.log(2 * years * check.YEAR / seconds, alphabet))


SOLUTIONS = [(check.usable, usable), (check.mask_for, mask_for), (check.letters_needed, letters_needed)]
WRONG = {
    "usable, any scheme": (check.usable, without("scheme")),
    "usable, whatever is given": (check.usable, without("given")),
    "usable, many from one": (check.usable, without("count")),
    "usable, nothing left over": (check.usable, exactly),
    "usable, attacks instead of names": (
        check.usable,
        lambda *told: [a for a in CATALOGUE if a.name in usable(*told)],
    ),
    "usable, sorted": (check.usable, lambda *told: sorted(usable(*told))),
    "usable, a set": (check.usable, lambda *told: set(usable(*told))),
    "mask, difference": (check.mask_for, lambda cipher, picture: cipher - picture),
    "mask, whole numbers": (check.mask_for, lambda cipher, picture: cipher.astype(int) ^ picture),
    "mask, negative": (check.mask_for, lambda cipher, picture: ~(cipher ^ picture)),
    "mask, the cipher": (check.mask_for, lambda cipher, picture: cipher.copy()),
    "mask, in place": (check.mask_for, lambda cipher, picture: np.bitwise_xor(cipher, picture, out=cipher)),
    "letters, all flags": (check.letters_needed, lambda a, s, y: math.ceil(math.log(y * check.YEAR / s, a))),
    "letters, rounded down": (check.letters_needed, lambda *case: letters_needed(*case) - 1),
    "letters, one to spare": (check.letters_needed, lambda *case: letters_needed(*case) + 1),
    "letters, not whole": (check.letters_needed, lambda a, s, y: math.log(2 * y * check.YEAR / s, a)),
    "letters, years as seconds": (
        check.letters_needed,
        lambda a, s, y: max(1, math.ceil(math.log(2 * y / s, a))),
    ),
}
