"""The exercises of lesson 04: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import combinations, permutations, product

import numpy as np

from lib.symmetries import COLOURS
from lib.workbook.checks import lesson_04 as check


def negated(pixel, signs):
    return [255 - v if sign else v for v, sign in zip(pixel, signs)]


def encrypt_pixel(pixel, signs, order):
    values = negated(pixel, signs)
    return [values[i] for i in order]


def order_first(pixel, signs, order):
    return negated([pixel[i] for i in order], signs)


def scattered(pixel, signs, order):
    out = [0, 0, 0]
    for place, value in zip(order, negated(pixel, signs)):
        out[place] = value
    return out


def in_place(pixel, signs, order):
    v = negated(pixel, signs)
    for place, other in enumerate(order):
        v[place] = v[other]
    return v


def candidates(pixel):
    keys = product(product((0, 1), repeat=3), permutations(range(3)))
    return {tuple(encrypt_pixel(pixel, signs, order)) for signs, order in keys}


def shared_sign(pixel):
    return {
        tuple(encrypt_pixel(pixel, [sign] * 3, order)) for sign in (0, 1) for order in permutations(range(3))
    }


def lossy(pixel):
    return {tuple(in_place(pixel, s, o)) for s in product((0, 1), repeat=3) for o in COLOURS.tolist()}


def pairs(ciphertexts, score):
    return min(
        combinations(range(len(ciphertexts)), 2), key=lambda p: score(ciphertexts[p[0]], ciphertexts[p[1]])
    )


def rough(a, b):
    """How often the leading bit of the XOR changes from a pixel to the next."""
    top = (a ^ b) >> 7
    return (top[:, 1:] != top[:, :-1]).sum()


def close(a, b):
    return np.abs(a.astype(int) - b).sum()


SOLUTIONS = [
    (check.encrypt_pixel, encrypt_pixel),
    (check.candidates, candidates),
    (check.same_key, lambda ciphertexts: pairs(ciphertexts, rough)),
]

WRONG = {
    "order first": (check.encrypt_pixel, order_first),
    "order the other way": (check.encrypt_pixel, scattered),
    "in place, as published": (check.encrypt_pixel, in_place),
    "256 - v": (
        check.encrypt_pixel,
        lambda p, s, o: [[256 - v if t else v for v, t in zip(p, s)][i] for i in o],
    ),
    "one sign for all": (check.encrypt_pixel, lambda p, s, o: encrypt_pixel(p, [s[0]] * 3, o)),
    "no order": (check.encrypt_pixel, lambda p, s, o: negated(p, s)),
    "signs only": (check.candidates, lambda p: {tuple(negated(p, s)) for s in product((0, 1), repeat=3)}),
    "orders only": (check.candidates, lambda p: set(permutations(p))),
    "one sign for a pixel": (check.candidates, shared_sign),
    "colours lost": (check.candidates, lossy),
    "a list": (check.candidates, lambda p: sorted(candidates(p))),
    "too many": (check.candidates, lambda p: candidates(p) | {(0, 0, 0)}),
    "folded": (check.candidates, lambda p: set(permutations([min(v, 255 - v) for v in p]))),
    "always the first two": (check.same_key, lambda c: (0, 1)),
    "the closest two": (check.same_key, lambda c: pairs(c, close)),
    "the roughest": (check.same_key, lambda c: pairs(c, lambda a, b: -rough(a, b))),
    "the most equal bytes": (check.same_key, lambda c: pairs(c, lambda a, b: -(a == b).sum())),
    "the smallest XOR": (check.same_key, lambda c: pairs(c, lambda a, b: (a ^ b).sum())),
    "the larger place first": (check.same_key, lambda c: pairs(c, rough)[::-1]),
}
