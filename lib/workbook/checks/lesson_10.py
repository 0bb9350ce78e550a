"""Checks of lesson 10: the class with the nearest mean colour, and the loss with smoothed labels."""

import numpy as np

from lib import datasets
from lib.workbook.checks import array, exercise, number


@exercise
def nearest_colour(answer):
    """`answer(images, labels, queries)`: each query's class by mean colour; images (n, h, w, 3) uint8."""
    images, labels, queries, truth = _pictures()
    wanted = _nearest_mean_colour(images, labels, queries)
    got = array(answer(images.copy(), labels.copy(), queries.copy()), wanted.shape, None)
    assert got.dtype.kind in "iu", f"a class is a whole number, got {got.dtype}"
    right = int((got == wanted).sum())
    assert right == len(wanted), (
        f"{right} of {len(wanted)} queries get the class with the nearest mean colour; of the true classes "
        f"the right answer gets {(wanted == truth).sum()}, yours {(got == truth).sum()}"
    )


def _pictures():
    """Of class c, 4 (c + 1) training images: no class is as large as another."""
    train, test = datasets.load("photos", "train", limit=400), datasets.load("photos", "test", limit=200)
    keep = train.labels * 4 + 3 > np.arange(len(train)) // 10
    return train.images[keep], train.labels[keep], test.images, test.labels


def _nearest_mean_colour(images, labels, queries):
    def mean(pictures):
        return pictures.reshape(-1, 3).mean(axis=0, dtype=np.float64)

    means = [mean(images[labels == label]) for label in range(labels.max() + 1)]
    return np.array([np.argmin([((mean(query) - each) ** 2).sum() for each in means]) for query in queries])


@exercise
def smoothed_loss(answer):
    """`answer(scores, labels, smoothing)`: mean cross-entropy of (n, classes) floats for (n,) labels."""
    rng = np.random.default_rng(10)
    scores, labels = rng.normal(0, 3, (7, 4)), np.array([3, 0, 1, 1, 2, 0, 3])
    for smoothing in (0.0, 0.2, 0.5):
        _compare(answer, scores, labels, smoothing, f"smoothing {smoothing}")
    large = scores + np.array([[1000], [-1000], [0], [0], [0], [0], [0]])
    _compare(answer, large, labels, 0.2, "scores near 1,000 and -1,000")
    _compare(answer, scores[:2, :3], np.array([2, 1]), 0.2, "2 images and 3 classes, smoothing 0.2")


def _compare(answer, scores, labels, smoothing, what):
    with np.errstate(all="ignore"):
        got = number(answer(scores.copy(), labels.copy(), smoothing))
    hint = "the largest score of an image can be taken from all of its scores first"
    assert np.isfinite(got), f"{what}: got {got}; {hint}"
    wanted = _loss(scores, labels, smoothing)
    assert abs(got - wanted) < 1e-6, f"{what}: got {got:.4f}, expected {wanted:.4f}"


def _loss(scores, labels, smoothing):
    total = 0.0
    for row, label in zip(scores, labels):
        logarithms = row - row.max() - np.log(np.exp(row - row.max()).sum())
        total -= (1 - smoothing) * logarithms[label] + smoothing * logarithms.mean()
    return total / len(labels)
