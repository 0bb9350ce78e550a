"""Checks of lesson 29: what an attacker can do at best, the front, and what follows from the board."""

from itertools import combinations

import numpy as np

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.workbook.checks import called, exercise

_ORDER = (ONE, MANY, PAIRS, CHOSEN)


@exercise
def within_reach(answer):
    """`answer(scores, threat)`: the best score of attacks of this threat model and lesser, or None."""
    rng = np.random.default_rng(29)
    for count in range(5):
        for threats in combinations(_ORDER, count):
            scores = {threat: round(float(rng.uniform(-0.1, 1)), 2) for threat in threats}
            for i, threat in enumerate(_ORDER):
                got = called(answer, scores, threat)
                expected = max((scores[each] for each in _ORDER[: i + 1] if each in scores), default=None)
                assert got == expected, f"an attacker with {threat}, scores {scores}: {got!r} is not right"


@exercise
def front(answer):
    """`answer(points)`: positions of the points (accuracy, leak) that no other beats, ascending."""
    fixed = {
        "one point": [(0.5, 0.5)],
        "two that do not compare": [(0.9, 1.0), (0.1, 0.0)],
        "one that is beaten in both": [(0.9, 0.2), (0.8, 0.3)],
        "equal accuracy": [(0.9, 0.3), (0.9, 0.2)],
        "equal leak": [(0.8, 0.2), (0.9, 0.2)],
        "two equal points": [(0.9, 0.2), (0.9, 0.2), (0.5, 0.9)],
    }
    rng = np.random.default_rng(29)
    drawn = {f"points {n}": [tuple(p) for p in rng.integers(0, 6, (8, 2)).tolist()] for n in range(50)}
    for what, points in (fixed | drawn).items():
        got = answer(list(points))
        assert isinstance(got, list), f"expected a list of positions, got {type(got).__name__}"
        expected = [i for i, point in enumerate(points) if not any(_beats(other, point) for other in points)]
        assert got == expected, f"{what if what in fixed else 'some points'}, {points}: {got} is not right"


def _beats(one, other):
    return one[0] >= other[0] and one[1] <= other[1] and one != other


_WHY = {
    "a": "an attack that fails is no proof; a better one may come",
    "b": "one attack that succeeds is enough",
    "c": "the front does not say how much accuracy a leak is worth",
    "d": "ciphertexts under one key gave back the pictures of most schemes; what would one assume instead?",
    "e": "leakage does not depend on the network that is trained",
}


@exercise
def follows(answer):
    """The set of letters of the claims that the board supports."""
    letters = isinstance(answer, set) and answer <= set(_WHY)
    assert letters, f"expected a set of letters from a to e, got {answer!r}"
    wrong = sorted(answer ^ {"b", "d", "e"})
    assert not wrong, f"think again about {wrong[0]}: {_WHY[wrong[0]]}"
