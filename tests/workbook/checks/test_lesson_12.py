"""The exercises of lesson 12: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import pairwise, permutations

import numpy as np

from lib import Key, datasets, metrics
from lib.schemes import SKK
from lib.workbook.checks import lesson_12 as check


def states(pixel):
    return {3: 48, 2: 24, 1: 8}[len({min(v, 255 - v) for v in pixel})]


def tried(pixel):
    """By trying all keys."""
    signs = [[v ^ 255 * (code >> i & 1) for i, v in enumerate(pixel)] for code in range(8)]
    return len({tuple(values[i] for i in order) for values in signs for order in permutations(range(3))})


def pictures(size=16):
    return np.random.default_rng(1).integers(0, 256, (6, size, size, 3), dtype=np.uint8)


def encrypt(x, seed):
    return SKK(Key.from_seed(seed), per_image=True).encrypt(x, ids=range(len(x)))


def keeps(move, view=metrics.invariant, plain=None, seeds=(1, 2)):
    x = pictures() if plain is None else plain
    first, second = move(encrypt(x, seeds[0])), encrypt(np.ascontiguousarray(move(x)), seeds[1])
    return bool((view(np.ascontiguousarray(first)) == view(second)).all())


def covariance(a, b):
    a, b = (x - x.mean(0) for x in (a.astype(float), b.astype(float)))
    return a.T @ b


def relative_key(a, b, size=abs):
    c = covariance(a, b)
    best = max(permutations(range(3)), key=lambda order: sum(size(c[i, j]) for i, j in enumerate(order)))
    out = np.zeros((3, 3), int)
    for i, j in enumerate(best):
        out[i, j] = np.sign(c[i, j])
    return out


def signs_only(a, b):
    return np.diag(np.sign(np.diag(covariance(a, b)))).astype(int)


def as_values(a, b):
    """Nearest values, complements not centred."""
    a, b = a.astype(int), b.astype(int)
    out = np.zeros((3, 3), int)
    for i in range(3):
        costs = {
            (j, s): abs(a[:, i] - (b[:, j] if s > 0 else -b[:, j])).sum() for j in range(3) for s in (1, -1)
        }
        out[(i, *[min(costs, key=costs.get)[0]])] = min(costs, key=costs.get)[1]
    return out


def row_by_row(a, b):
    c = covariance(a, b)
    out = np.zeros((3, 3), int)
    for i, j in enumerate(abs(c).argmax(1)):
        out[i, j] = np.sign(c[i, j])
    return out


def distances(x):
    return abs(2 * x.astype(int) - 255)


def ablation(**fronts):
    """The answer with these fronts in place of the right ones."""
    return lambda learn: {name: learn(front) for name, front in (check.FRONTS | fronts).items()}


SOLUTIONS = [
    (check.orbits, lambda images: np.sort(distances(images), axis=-1)),
    (check.orbits, check.sorted_distances),
    (check.ablation, ablation()),
    (check.ablation, ablation(signs=lambda x: x.abs(), both=lambda x: x.abs().sort(dim=1).values)),
    (check.states, states),
    (check.states, tried),
    (check.keeps, keeps),
    (check.relative_key, relative_key),
]

WRONG = {
    "distances, not sorted": (check.orbits, distances),
    "distances, largest first": (check.orbits, lambda x: -np.sort(-distances(x), axis=-1)),
    "sorted, then distances": (check.orbits, lambda x: distances(np.sort(x, axis=-1))),
    "distances in bytes": (check.orbits, lambda x: np.sort(2 * x - 255, axis=-1)),
    "sorted along a row": (check.orbits, lambda x: np.sort(distances(x), axis=2)),
    "the smaller of v and 255 - v": (check.orbits, metrics.invariant),
    "signed distances": (check.orbits, lambda x: np.sort(2 * x.astype(int) - 255, axis=-1)),
    "sorted, then signs": (check.ablation, ablation(both=lambda x: x.sort(dim=1).values.abs())),
    "signs and orders exchanged": (
        check.ablation,
        ablation(signs=check.FRONTS["orders"], orders=check.FRONTS["signs"]),
    ),
    "sorted along a row, by torch": (check.ablation, ablation(orders=lambda x: x.sort().values)),
    "mean distance": (check.ablation, ablation(both=lambda x: x.abs().mean(1, keepdim=True).expand(x.shape))),
    "dark only": (check.ablation, ablation(signs=lambda x: x.clamp(max=0))),
    "in bytes": (check.ablation, ablation(signs=lambda x: 255 * x.abs())),
    "one for all": (check.ablation, lambda learn: dict.fromkeys(check.FRONTS, learn(check.FRONTS["both"]))),
    "no names": (check.ablation, lambda learn: [learn(front) for front in check.FRONTS.values()]),
    "two of four": (
        check.ablation,
        lambda learn: {name: learn(check.FRONTS[name]) for name in ("nothing", "both")},
    ),
    "not trained": (check.ablation, lambda learn: dict(check.FRONTS)),
    "equal values": (check.states, lambda pixel: {3: 48, 2: 24, 1: 8}[len(set(pixel))]),
    "always 48": (check.states, lambda pixel: 48),
    "orders times signs of equal values": (
        check.states,
        lambda pixel: {3: 48, 2: 12, 1: 2}[len({abs(2 * v - 255) for v in pixel})],
    ),
    "distance from 128": (
        check.states,
        lambda pixel: {3: 48, 2: 24, 1: 8}[len({abs(v - 128) for v in pixel})],
    ),
    "neighbours only": (
        check.states,
        lambda p: {0: 48, 1: 24, 2: 8}[sum(x in (y, 255 - y) for x, y in pairwise(p))],
    ),
    "the same bytes": (check.keeps, lambda move: keeps(move, view=lambda x: x, seeds=(1, 1))),
    "black pictures": (check.keeps, lambda move: keeps(move, plain=np.zeros((6, 16, 16, 3), np.uint8))),
    "the same values anywhere": (
        check.keeps,
        lambda move: keeps(move, view=lambda x: np.sort(np.minimum(x, 255 - x), axis=None)),
    ),
    "not sorted": (check.keeps, lambda move: keeps(move, view=lambda x: np.minimum(x, 255 - x))),
    "everything": (check.keeps, lambda move: True),
    "signs only": (check.relative_key, signs_only),
    "no signs": (check.relative_key, lambda a, b: abs(relative_key(a, b))),
    "largest sum": (check.relative_key, lambda a, b: relative_key(a, b, size=float)),
    "the way back": (check.relative_key, lambda a, b: relative_key(a, b).T),
    "values, not centred": (check.relative_key, as_values),
    "shares": (check.relative_key, lambda a, b: np.linalg.qr(covariance(a, b))[0]),
    "nothing": (check.relative_key, lambda a, b: np.eye(3, dtype=int)),
}


def test_measured_accuracies_are_of_five_seeds_and_tell_a_key_each_from_one():
    own, plain, other = (check.measured(on) for on in (check.OWN, "plain pictures", "another secret"))
    assert all(len(values) == 5 for found in (own, plain, other) for values in found.values())
    each, one = ("a key each", "orbit", "never"), ("one key", "whitened-pixels", "never")
    assert own[each] == plain[each] == other[each] and max(plain[one]) < 15 < min(own[one])
    assert check.as_measured([60, 61], each) and not check.as_measured([60, 80], each)


def test_a_front_goes_before_the_network_and_removes_one_key():
    images = pictures(32)
    outs = [check.behind(front, (8, 8, 8))(check.tensor(images)) for front in check.FRONTS.values()]
    assert {tuple(out.shape) for out in outs} == {(6, 10)}
    photos = datasets.load("photos", limit=60).images
    assert check.colours_from(40, photos[:50], photos[50:], seed=1) > 0.5
