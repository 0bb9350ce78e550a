"""Checks of lesson 40: what an attacker can do at best, the front, and what follows from the board."""

from itertools import combinations, product

import numpy as np

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.workbook.checks import GIVEN, called, exercise

_ORDER = (ONE, MANY, PAIRS, CHOSEN)


@exercise
def within_reach(answer):
    """`answer(leaks, threat)`: the largest leak of attacks of this threat model and lesser, or None."""
    rng = np.random.default_rng(29)
    for count in range(5):
        for threats in combinations(_ORDER, count):
            leaks = {threat: round(float(rng.uniform(-0.1, 1)), 2) for threat in threats}
            for i, threat in enumerate(_ORDER):
                got = called(answer, leaks, threat)
                expected = max((leaks[each] for each in _ORDER[: i + 1] if each in leaks), default=None)
                assert got == expected, f"an attacker with {threat}, leaks {leaks}: {got!r} is not right"


@exercise
def front(answer):
    """`answer(points)`: positions of the points (accuracy, leak) that no other beats, ascending."""
    cases, rng = [*GIVEN["front"]["cases"].items()], np.random.default_rng(29)
    for what, points in cases + [("some points", rng.integers(0, 6, (8, 2)).tolist()) for _ in range(50)]:
        points = [tuple(point) for point in points]
        got = answer(list(points))
        assert isinstance(got, list), f"expected a list of positions, got {type(got).__name__}"
        beaten = {p for p, q in product(points, points) if q[0] >= p[0] and q[1] <= p[1] and q != p}
        expected = [i for i, point in enumerate(points) if point not in beaten]
        assert got == expected, f"{what}, {points}: {got} is not right"


@exercise
def follows(answer):
    """The set of letters of the claims that the board supports."""
    letters = isinstance(answer, set) and answer <= set("abcde")
    assert letters, f"expected a set of letters from a to e, got {answer!r}"
    wrong = sorted(answer ^ {"b", "d", "e"})
    assert not wrong, f"think again about {wrong[0]}: {GIVEN['follows']['why'][wrong[0]]}"
