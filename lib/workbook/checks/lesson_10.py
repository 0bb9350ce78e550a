"""Checks of lesson 10: the class with the nearest mean colour, and the loss with smoothed labels."""

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import log_softmax

from lib import datasets
from lib.workbook.checks import GIVEN, array, exercise, number


@exercise
def nearest_colour(answer):
    """`answer(images, labels, queries)`: each query's class by mean colour; images (n, h, w, 3) uint8."""
    train, test = datasets.load("photos", "train", limit=400), datasets.load("photos", "test", limit=200)
    # 4 (c + 1) training images of class c: no class is as large as another
    keep = train.labels * 4 + 3 > np.arange(len(train)) // 10
    images, labels, queries, truth = train.images[keep], train.labels[keep], test.images, test.labels
    means = [images[labels == label].mean(axis=(0, 1, 2)) for label in range(labels.max() + 1)]
    wanted = cdist(queries.mean(axis=(1, 2)), means).argmin(axis=1)
    got = array(answer(images.copy(), labels.copy(), queries.copy()), wanted.shape, None)
    assert got.dtype.kind in "iu", f"a class is a whole number, got {got.dtype}"
    right = int((got == wanted).sum())
    told = f"{right} of {len(wanted)} queries get the class with the nearest mean colour; of the true classes"
    best, yours = ((classes == truth).sum() for classes in (wanted, got))
    assert right == len(wanted), f"{told} the right answer gets {best}, yours {yours}"


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
    assert np.isfinite(got), f"{what}: got {got}; {GIVEN['smoothed_loss']['hint']}"
    logarithms = log_softmax(scores, axis=1)
    of_labels = logarithms[np.arange(len(labels)), labels]
    wanted = -((1 - smoothing) * of_labels + smoothing * logarithms.mean(axis=1)).mean()
    assert abs(got - wanted) < 1e-6, f"{what}: got {got:.4f}, expected {wanted:.4f}"
