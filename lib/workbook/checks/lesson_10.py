"""Checks of lesson 10: a bar without a network, the loss with smoothed labels, parts of the speed-run recipe,
and a network that beats the bar in few steps."""

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from lib import datasets, figures, training
from lib.models import by_name
from lib.training import Recipe, fit, scaled
from lib.workbook.checks import array, called, exercise, number, pair

BUDGET = {"pictures": 300, "steps": 40, "batch": 50, "parameters": 300_000}
"""Of a network that is to beat the bar: what it learns from, and how much of it."""


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


def gradient_of_filters(widths: tuple[int, int, int], seed: int = 0) -> torch.Tensor:
    """(filters, weights) floats: the loss's slopes in a convolution of a new network, from 300 patches."""
    data = datasets.load("photos", "train", 300)
    x = scaled(torch.from_numpy(data.images).permute(0, 3, 1, 2))
    with training.quiet(seed):
        network = by_name("airbench", 10, widths=widths)
    network.start(x)
    nn.functional.cross_entropy(network(x), torch.from_numpy(data.labels)).backward()
    return network[2][0].weight.grad.flatten(1)


def singular_values(values: dict[str, torch.Tensor]) -> None:
    """Draw {name: singular values of a step, largest first}."""
    lines = {name: (range(1, len(each) + 1), each) for name, each in values.items()}
    figures.curves(
        lines, "number of the singular value, largest first", "singular value", ylim=(0, 1.5),
        title="Singular values of a step of 32 filters",
        alt="Singular values in order: those of a gradient fall from 1 to nearly 0 within the first few; by "
        "SVD all are 1; after three steps they lie around 1, none of them near 0.",
    )  # fmt: skip


@exercise
def newton_schulz(answer):
    """`answer(matrix, steps, coefficients)`: a matrix over its norm, its singular values sent through
    a s + b s^3 + c s^5 so many times."""
    rng = np.random.default_rng(11)
    jordan, other = (3.4445, -4.7750, 2.0315), (2.0, -1.5, 0.5)
    for shape, steps, coefficients in (((5, 9), 1, other), ((9, 5), 3, jordan), ((6, 6), 5, jordan)):
        matrix = rng.normal(0, 3, shape) * np.arange(1, shape[1] + 1)
        got = array(called(answer, matrix, steps, coefficients), shape, None).astype(float)
        u, before, vt = np.linalg.svd(matrix, full_matrices=False)
        wanted = before / np.sqrt((matrix**2).sum())
        for _ in range(steps):
            wanted = coefficients[0] * wanted + coefficients[1] * wanted**3 + coefficients[2] * wanted**5
        assert np.isfinite(got).all(), "a number is not finite; was the matrix divided by its norm first?"
        after = np.diag(u.T @ got @ vt.T)
        told = f"a matrix of {shape[0]}x{shape[1]}, {steps} step{'s' * (steps > 1)}: "
        kept = np.allclose((u * after) @ vt, got, atol=1e-6 * abs(got).max())
        assert kept, f"{told}the singular vectors have changed; only matrix products keep them"
        right = np.allclose(after, wanted, atol=1e-8)
        start = before[0] / np.sqrt((matrix**2).sum())
        became = (
            f"the largest singular value went from {start:.3f} to {after[0]:.4g}, expected {wanted[0]:.4g}"
        )
        assert right, f"{told}{became}"


@exercise
def settled(answer):
    """`answer(a, b, c)`: the least and the greatest that values from 0 to 1 take in the long run."""
    for coefficients in ((2.0, -1.5, 0.5), (3.4445, -4.7750, 2.0315), (3.0, -3.2, 1.2)):
        low, high = map(number, pair(answer(*coefficients), "(lowest, highest)"))
        values = np.linspace(0.001, 1, 20_000)
        for _ in range(200):
            values = _fifth_degree(values, *coefficients)
        told = f"coefficients {', '.join(f'{each:g}' for each in coefficients)}: "
        assert low <= high, f"{told}the lowest, {low:.3f}, is above the highest, {high:.3f}"
        # one that starts in the interval may not leave it
        inside = _fifth_degree(np.linspace(low, high, 2_001), *coefficients)
        stays = inside.min() > low - 2e-3 and inside.max() < high + 2e-3
        assert stays, (
            f"{told}values from {low:.3f} to {high:.3f} move to {inside.min():.3f} to {inside.max():.3f}"
        )
        close = abs(values.min() - low) < 5e-3 and abs(values.max() - high) < 5e-3
        assert close, f"{told}values stay from {low:.3f} to {high:.3f}, but settle in a smaller interval"


def _fifth_degree(values, a, b, c):
    return a * values + b * values**3 + c * values**5


@exercise
def mirrored(answer):
    """`answer(seed, count, epochs)`: (epochs, count) bools: which picture is mirrored in which epoch."""
    for seed, count, epochs in ((0, 11, 5), (3, 40, 4)):
        got = array(np.asarray(answer(seed, count, epochs)), (epochs, count), bool)
        draws = np.random.default_rng(seed).random(count)
        told = f"seed {seed}: "
        first = np.flatnonzero(got[0] != (draws < 0.5))
        assert not len(first), f"{told}in the first epoch picture {first[:1].sum()} is not as its draw says"
        for epoch in range(1, epochs):
            same = int((got[epoch] == got[epoch - 1]).sum())
            changed = f"{told}{same} of {count} pictures are as in the epoch before"
            assert not same, f"{changed}, in epoch {epoch + 1}; all are to be turned over"


@exercise
def beat_the_bar(answer):
    """`answer()`: a function that makes a network, and a Recipe; trained within BUDGET it has to be better
    than the nearest picture by mean colour."""
    make_model, recipe = pair(answer(), "(make_model, recipe)")
    assert isinstance(recipe, Recipe), f"the second is a Recipe, got {type(recipe).__name__}"
    model = make_model() if callable(make_model) and not isinstance(make_model, nn.Module) else None
    assert isinstance(model, nn.Module), "the first is a function that makes a new network at each call"
    train = datasets.load("photos", "train", BUDGET["pictures"])
    steps = recipe.epochs * -(-len(train) // recipe.batch)
    size = sum(p.numel() for p in model.parameters())
    for name, used in (("steps", steps), ("batch", recipe.batch), ("parameters", size)):
        assert used <= BUDGET[name], f"{name}: {used:,} are more than {BUDGET[name]:,}"
    test = datasets.load("photos", "test")
    bar = _nearest_picture(train, test)
    run = fit(make_model, train, replace(recipe, seed=10), test=test)
    away = run.history[-1]["test_accuracy"] - bar
    told = f"the nearest picture by mean colour gets {bar:.1%}; yours is below, by"
    assert away > 0, f"{told} {'less than ten' if away > -0.1 else 'ten or more'} points"


def _nearest_picture(train, test):
    ours, theirs = (torch.from_numpy(data.images).double().mean((1, 2)) for data in (train, test))
    return float((train.labels[torch.cdist(theirs, ours).argmin(1).numpy()] == test.labels).mean())
