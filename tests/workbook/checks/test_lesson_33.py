"""The exercises of lesson 33: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from lib.workbook.checks import lesson_33 as check


def contrasts(values):
    rest = values - values.mean(0)
    return np.sqrt((rest**2).mean(2))


def distances(target, own):
    return ((target[:, None] - own) ** 2).sum(2)


def same_order(target, own):
    return linear_sum_assignment(distances(target, own))[1]


def place_of(ours, theirs):
    return linear_sum_assignment(np.einsum("npd,nqd->pq", ours, theirs), maximize=True)[1]


def nearest_place(ours, theirs):
    return np.einsum("npd,nqd->pq", ours, theirs).argmax(1)


def decoding(vectors, plain):
    x, y = (part - part.mean(0) for part in (vectors, plain))
    return np.linalg.lstsq(x.reshape(-1, x.shape[2]), y.reshape(-1, y.shape[2]), rcond=None)[0]


def decoding_raw(vectors, plain):
    return np.linalg.lstsq(*(part.reshape(-1, part.shape[2]) for part in (vectors, plain)), rcond=None)[0]


def decoding_one_mean(vectors, plain):
    return decoding_raw(vectors - vectors.mean((0, 1)), plain - plain.mean((0, 1)))


def one_place(vectors, plain):
    return decoding_raw((vectors - vectors.mean(0))[:, :1], (plain - plain.mean(0))[:, 1:2])


def leverage(values):
    rows = values.reshape(-1, values.shape[2])
    left, sizes, _ = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    return (left[:, sizes > 1e-6 * sizes[0]] ** 2).sum(1).reshape(values.shape[:2])


def by_inverse(values):
    """By the pseudoinverse of the scatter matrix."""
    rest = values - values.mean((0, 1))
    flat = rest.reshape(-1, values.shape[2])
    return np.einsum("npi,ij,npj->np", rest, np.linalg.pinv(flat.T @ flat, rcond=1e-9), rest)


def all_directions(values):
    """Rounding errors count like the rest."""
    rows = values.reshape(-1, values.shape[2])
    left = np.linalg.svd(rows - rows.mean(0), full_matrices=False)[0]
    return (left**2).sum(1).reshape(values.shape[:2])


def about_zero(values):
    rows = values.reshape(-1, values.shape[2])
    left, sizes, _ = np.linalg.svd(rows, full_matrices=False)
    return (left[:, sizes > 1e-6 * sizes[0]] ** 2).sum(1).reshape(values.shape[:2])


def reidentified(plain, hidden, rounds=15):
    hidden = np.stack([own[same_order(hidden[0], own)] for own in hidden])
    ours, theirs = (np.log(contrasts(part) + 1e-3) for part in (plain, hidden))
    ours, theirs = ((part - part.mean(0)) / part.std(0) for part in (ours, theirs))
    found = linear_sum_assignment(distances(np.sort(theirs, 1), np.sort(ours, 1)))[1]
    for _ in range(rounds):
        place = place_of(ours[found, :, None], theirs[:, :, None])
        found = linear_sum_assignment(theirs[:, place] @ ours.T, maximize=True)[1]
    return found


SOLUTIONS = [
    (check.contrasts, contrasts),
    (check.same_order, same_order),
    (check.place_of, place_of),
    (check.decoding, decoding),
    (check.leverage, leverage),
    (check.leverage, by_inverse),
    (check.reidentified, reidentified),
]
WRONG = {
    "nothing taken away": (check.contrasts, lambda v: np.sqrt((v**2).mean(2))),
    "each patch less its own mean": (check.contrasts, lambda v: v.std(2)),
    "squares": (check.contrasts, lambda v: ((v - v.mean(0)) ** 2).mean(2)),
    "sizes of means": (check.contrasts, lambda v: np.abs((v - v.mean(0)).mean(2))),
    "one mean for all places": (check.contrasts, lambda v: np.sqrt(((v - v.mean((0, 1))) ** 2).mean(2))),
    "the nearest for each": (check.same_order, lambda t, o: distances(t, o).argmin(1)),
    "where each belongs": (check.same_order, lambda t, o: same_order(o, t)),
    "as they came": (check.same_order, lambda t, o: np.arange(len(t))),
    "the farthest": (check.same_order, lambda t, o: linear_sum_assignment(-distances(t, o))[1]),
    "the likeliest for each": (check.place_of, lambda a, b: nearest_place(a[:2], b[:2])),
    "the other way round": (check.place_of, lambda a, b: place_of(b, a)),
    "least likeness": (check.place_of, lambda a, b: place_of(-a, b)),
    "one pair alone": (check.place_of, lambda a, b: place_of(a[:1], b[:1])),
    "means left in": (check.decoding, decoding_raw),
    "one mean for all": (check.decoding, decoding_one_mean),
    "from patches to vectors": (check.decoding, lambda v, p: decoding(p, v)),
    "places mixed up": (check.decoding, one_place),
    "lengths": (check.leverage, lambda v: ((v - v.mean((0, 1))) ** 2).sum(2)),
    "rounding counts, too": (check.leverage, all_directions),
    "about zero": (check.leverage, about_zero),
    "constant": (check.leverage, lambda v: np.ones(v.shape[:2])),
    "a guess": (check.reidentified, lambda p, h: np.arange(len(p))),
    "no rounds": (check.reidentified, lambda p, h: reidentified(p, h, rounds=0)),
    "whose encoding a picture has": (check.reidentified, lambda p, h: np.argsort(reidentified(p, h))),
    "the best for each": (check.reidentified, lambda p, h: np.zeros(len(p), int)),
}  # fmt: skip
