"""The exercises of lesson 40: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from lib.attacks.catalogue import CHOSEN, MANY, ONE, PAIRS
from lib.workbook.checks import lesson_40 as check

ORDER = (ONE, MANY, PAIRS, CHOSEN)


def within_reach(leaks, threat, upto=1, start=None):
    return max((leaks[t] for t in ORDER[: ORDER.index(threat) + upto] if t in leaks), default=start)


def front(points):
    return [
        i for i, p in enumerate(points) if not any(q[0] >= p[0] and q[1] <= p[1] and q != p for q in points)
    ]


def strictly(points):
    """Beaten only by who is better in both."""
    return [i for i, p in enumerate(points) if not any(q[0] > p[0] and q[1] < p[1] for q in points)]


def loosely(points):
    """Beaten by an equal point too."""
    return [
        i for i, p in enumerate(points)
        if not any(q[0] >= p[0] and q[1] <= p[1] for j, q in enumerate(points) if j != i)
    ]  # fmt: skip


SOLUTIONS = [(check.within_reach, within_reach), (check.front, front), (check.follows, {"b", "d", "e"})]

WRONG = {
    "own only": (check.within_reach, lambda leaks, threat: leaks.get(threat)),
    "lesser only": (check.within_reach, lambda leaks, threat: within_reach(leaks, threat, upto=0)),
    "everybody's": (check.within_reach, lambda leaks, threat: max(leaks.values(), default=None)),
    "nothing is 0": (check.within_reach, lambda leaks, threat: within_reach(leaks, threat, start=0)),
    "strictly beaten": (check.front, strictly),
    "equal points lost": (check.front, loosely),
    "more leak is better": (check.front, lambda points: front([(a, -leak) for a, leak in points])),
    "points instead of positions": (check.front, lambda points: [points[i] for i in front(points)]),
    "a set": (check.front, lambda points: set(front(points))),
    "safe": (check.follows, {"a", "b", "d", "e"}),
    "all": (check.follows, set("abcde")),
    "none": (check.follows, set()),
    "a list": (check.follows, ["b", "d", "e"]),
}
