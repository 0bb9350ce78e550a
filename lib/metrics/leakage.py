"""How much of the pictures an attack's estimates show: one number, 0 for a one-time pad, 1 for plain ones.

A score of one image has two halves of equal weight (`shown`). One asks whether the own picture is found: is
the estimate's likeness to it larger than to each of about 1,000 other pictures? The other asks how far: by
how much does it exceed the mean likeness to others? Likeness is the correlation of `outline`s in the best of
eight orientations, so a negative, a mirror image and exchanged colours are as good as the picture, as they
are for people, and a smooth surface is worth nothing, whatever its squared error. What does not depend on the
picture scores 0 on average: one colour, a mean picture, noise, somebody else's picture.

`leak` sets the zero by a one-time pad in the same pipeline and the one by plain pictures. Why this measure,
and how often it orders two estimates unlike people, says `lib.workbook.measure_trials`.

Limits: an estimate that is moved sideways, or cut into blocks that are shuffled, is hardly seen. Outlines
ignore colour: what a flat picture shows is nothing here. Candidates should be like the pictures, for what
is typical of all plain pictures would otherwise be taken for the own one.

Sources: retrieval among candidates as in re-identification; edges by I. Sobel, their squares added over
colours as by S. Di Zenzo (1986); the percentile bootstrap by B. Efron.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lib.images import Images
from lib.metrics.scores import enter, pair
from lib.symmetries import oriented

FINE, COARSE = 32, 8  # outlines are of at most so many pixels a side, and of no fewer
SAME = 1e-5  # likenesses that differ by less are equal: they are sums in float32
CHUNK = 256  # images whose outlines are made at once, for memory
RESAMPLES = 2000


class Leak(NamedTuple):
    """Leakage, the ends of its 95 % interval, and of how many images. 0 is what a one-time pad shows in the
    same pipeline, 1 what plain pictures do; a value below 0 is chance."""

    value: float
    low: float
    high: float
    images: int


def leak(
    estimates: Images, pad_estimates: Images, truth: Images, candidates: Images, *,
    pad_truth: "Images | None" = None, seed: int = 0,
) -> Leak:  # fmt: skip
    """Leakage of a cipher against an attack: (S - P) / (T - P) for the means of `shown` over estimates (S),
    over what the pad's ciphertexts gave (P), and over plain pictures handed in as estimates (T).

    estimates      (n, h, w, 3) uint8, what an attack returned for n ciphertexts
    pad_estimates  (k, h, w, 3) uint8, what the same pipeline returned for ciphertexts of a one-time pad
    truth          (n, h, w, 3) uint8, the plain pictures
    candidates     (m, h, w, 3) uint8, other pictures of the same source, about 1,000; 2 do
    pad_truth      (k, h, w, 3) uint8, the plain pictures of `pad_estimates`; `truth` if None
    seed           of the bootstrap

    The pictures, and those of the pad, are candidates for each other as well, so that an estimate that shows
    what they have in common gains nothing. The interval is a percentile bootstrap over the images of both
    groups, stretched where they are few as Student's t is; of one image alone it reaches from 0 to 1 at
    least. Plain pictures without any outline have nothing to show: (0, 0, 1).

    Errors: ValueError for shapes that differ, images below 3x3, or no two different pictures to choose from.

    >>> truth, noise = np.random.default_rng(1).integers(0, 256, (2, 40, 8, 8, 3), np.uint8)
    >>> leak(255 - truth, noise, truth, noise)
    Leak(value=1.0, low=1.0, high=1.0, images=40)
    """
    estimates, truth = pair(estimates, truth)
    pad_estimates, pad_truth = pair(pad_estimates, truth if pad_truth is None else pad_truth)
    pool, own = _pool(np.concatenate([truth, _like(pad_truth, truth)]), candidates)
    mine, pads = own[: len(truth)], own[len(truth) :]
    score, plain = (_scores(likeness(images, pool), mine) for images in (estimates, truth))
    return _between(score, _scores(likeness(pad_estimates, pool), pads), plain, np.random.default_rng(seed))


def shown(estimates: Images, truth: Images, candidates: Images) -> np.ndarray:
    """(n,) float64: how much each estimate shows of its own picture. 1 for the picture itself, 0 on average
    for what does not depend on it; below 0 where other pictures fit better.

    estimates, truth   (n, h, w, 3) uint8
    candidates         (m, h, w, 3) uint8, other pictures; the truth of other estimates is among them as well

    The mean of two halves, each with chance at 0: is the own picture nearest (1; or 1/t where t are equally
    near, and then the chance is subtracted), and (own likeness - mean likeness of others) / (1 - that mean).

    Errors: as of `leak`.

    >>> truth, others = np.random.default_rng(1).integers(0, 256, (2, 3, 8, 8, 3), np.uint8)
    >>> shown(np.stack([truth[0], truth[1, :, ::-1], np.full_like(truth[2], 90)]), truth, others).round(6)
    array([1., 1., 0.])
    """
    estimates, truth = pair(estimates, truth)
    pool, own = _pool(truth, candidates)
    return _scores(likeness(estimates, pool), own)


def likeness(estimates: np.ndarray, outlines: np.ndarray, of: Callable | None = None) -> np.ndarray:
    """(n, k) float32, -1..1: of estimates (n, h, w, 3) uint8 to pictures of which the `outline`s (k, d) are
    given: the largest correlation over eight orientations, or the four that keep a rectangle's shape. `of`
    makes vectors in place of `outline`, where these are of another kind."""
    (h, w), of = estimates.shape[1:3], of or outline
    best = np.full((len(estimates), len(outlines)), -1, np.float32)
    for orientation in range(0, 8, 1 if h == w else 2):
        np.maximum(best, of(oriented(estimates, orientation)) @ outlines.T, out=best)
    return best


def outline(images: Images) -> np.ndarray:
    """(n, d) float32 of length 1, or 0 for images without edges: the edge maps of images (n, h, w, 3) uint8
    at two sizes, so that a product of two outlines is the mean of the two correlations.

    The image is halved, means of 2x2 pixels, while its longer side is above 32, and once more for the second
    map; none is made whose shorter side is below 8. An edge map is the root of the length of the Sobel
    gradient: squares are added over directions and colours, so orders and signs of colours do not matter, and
    the root makes faint edges count beside hard ones. Errors: ValueError below 3x3 pixels.
    """
    batch, _ = enter(images)
    if min(batch.shape[1:3]) < 3:
        raise ValueError(f"outlines need images of 3x3 pixels or more, got {batch.shape[1]}x{batch.shape[2]}")
    return np.concatenate([_outline(batch[at : at + CHUNK]) for at in range(0, len(batch), CHUNK)])


def _outline(images):
    images = images.astype(np.float32)  # sums of whole numbers below 2**24, so exact
    while max(images.shape[1:3]) > FINE and min(images.shape[1:3]) >= 2 * COARSE:
        images = _halved(images)
    maps = [_standard(_edges(images))]
    if min(images.shape[1:3]) >= 2 * COARSE:
        maps.append(_standard(_edges(_halved(images))))
    return _unit(np.concatenate(maps, axis=1)).astype(np.float32)


def _halved(images):
    """Means of 2x2 pixels; an odd last row or column is left out."""
    h, w = (side // 2 * 2 for side in images.shape[1:3])
    rows = images[:, 0:h:2] + images[:, 1:h:2]
    return (rows[:, :, 0:w:2] + rows[:, :, 1:w:2]) / 4


def _edges(images):
    """(n, h - 2, w - 2): the root of the gradient's length, over all colours."""
    across = images[:, :-2] + 2 * images[:, 1:-1] + images[:, 2:]
    down = images[:, :, :-2] + 2 * images[:, :, 1:-1] + images[:, :, 2:]
    squares = (across[:, :, 2:] - across[:, :, :-2]) ** 2 + (down[:, 2:] - down[:, :-2]) ** 2
    return squares.sum(-1, dtype=np.float64) ** 0.25


def _standard(maps):
    """(n, d) float64, each map less its mean, of length 1."""
    maps = maps.reshape(len(maps), -1)
    return np.where(np.ptp(maps, axis=1, keepdims=True) > SAME, _unit(maps - maps.mean(1, keepdims=True)), 0)


def _unit(vectors):
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def _like(images, truth):
    """The images, which have to be of the truth's size."""
    batch, _ = enter(images)
    if batch.shape[1:] != truth.shape[1:]:
        sizes = ("{}x{}".format(*each.shape[1:3]) for each in (truth, batch))
        raise ValueError("pictures are of {}, others of {}; bring all to one size".format(*sizes))
    return batch


def _pool(truth, candidates):
    """Outlines of all different pictures, (k, d), and which of them each truth is: one that comes twice, or
    is among the candidates, is no competitor of itself."""
    every = np.concatenate([truth, _like(candidates, truth)])
    as_bytes = np.ascontiguousarray(every).reshape(len(every), -1).view(f"V{every[0].size}")[:, 0]
    _, first, which = np.unique(as_bytes, return_index=True, return_inverse=True)
    if len(first) < 2:
        raise ValueError("all pictures and candidates are equal; give 2 or more different ones")
    return outline(every[first]), which[: len(truth)]


def _scores(likenesses, own):
    return sum(halves(likenesses, own)) / 2


def halves(likenesses: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The halves of `shown`, (n,) float64 each, of likenesses (n, k), k from 2 on, and the column of each own
    picture, (n,) int: is it nearest; by how much is it above the mean of others."""
    count, mine = likenesses.shape[1], np.take_along_axis(likenesses, own[:, None], 1)
    better, as_good = (likenesses > mine + SAME).any(1), (np.abs(likenesses - mine) <= SAME).sum(1)
    found = (np.where(better, 0, 1 / as_good) - 1 / count) / (1 - 1 / count)
    mine = mine[:, 0].astype(np.float64)
    others = (likenesses.sum(1, dtype=np.float64) - mine) / (count - 1)
    above = np.where(others < 1 - SAME, (mine - others) / np.maximum(1 - others, SAME), 0)
    return found, above


def _between(score, pad, plain, rng):
    """The `Leak` of scores (n,), of the pad's (k,) and of plain pictures' (n,)."""

    def scaled(score, pad, plain):
        room = plain - pad
        return np.where(room > SAME, (score - pad) / np.where(room > SAME, room, 1), 0)

    if plain.mean() - pad.mean() <= SAME:
        return Leak(0.0, 0.0, 1.0, len(score))
    value, few = float(scaled(score.mean(), pad.mean(), plain.mean())), min(len(score), len(pad))
    if few == 1:
        return Leak(value, min(value, 0.0), max(value, 1.0), len(score))
    mine, pads = (rng.integers(0, len(group), (RESAMPLES, len(group))) for group in (score, pad))
    drawn = scaled(score[mine].mean(1), pad[pads].mean(1), plain[mine].mean(1))
    low, high = (value + _stretch(few) * (end - value) for end in np.quantile(drawn, (0.025, 0.975)))
    return Leak(value, float(low), float(high), len(score))


def _stretch(few):
    """What a bootstrap interval of few images is too narrow by: resampled means spread by (n - 1) / n too
    little, and the spread itself is uncertain."""
    from scipy.special import stdtrit

    return np.sqrt(few / (few - 1)) * stdtrit(few - 1, 0.975) / 1.959964
