"""Which encryptions share a picture: labels read, sums of two centres sorted, noise left unsorted."""

import numpy as np

from lib.attacks.solvers import mixture_clusters as clusters


def sums(noise=1.0, counts=(2, 3, 1), epochs=40, seed=0):
    """Squares (N, d), labels, and the true pairs: sums of two centres by squared coefficients."""
    rng = np.random.default_rng(seed)
    classes = np.repeat(np.arange(len(counts)), counts)
    n = len(classes)
    pairs = np.concatenate([np.stack([(o := rng.permutation(n)), np.roll(o, 1)], 1) for _ in range(epochs)])
    one = rng.uniform(0.3, 0.7, len(pairs))
    by = np.stack([one, 1 - one], 1)
    pairs, by = (np.take_along_axis(each, np.argsort(-by, 1), 1) for each in (pairs, by))
    labels = np.zeros((len(pairs), 4), np.float32)
    for column in (0, 1):
        np.add.at(labels, (np.arange(len(pairs)), classes[pairs[:, column]]), by[:, column])
    centres = 6 * rng.normal(size=(n, 50))
    squares = (by[:, :, None] ** 2 * centres[pairs]).sum(1) + noise * rng.normal(size=(len(pairs), 50))
    return squares.astype(np.float32), labels, pairs, centres


def test_labels_say_classes_coefficients_and_how_many_pictures():
    _, labels, pairs, _ = sums()
    read = clusters.read_labels(labels, 6)
    assert read.pictures.tolist() == [2, 3, 1, 0] and read.first.tolist() == [0, 2, 5, 6, 6]
    classes = np.array([0, 0, 1, 1, 1, 2])
    assert (read.two == (classes[pairs[:, 0]] != classes[pairs[:, 1]])).all() and not read.two.all()
    assert (read.classes[read.two] == classes[pairs[read.two]]).all()
    assert np.allclose(read.coefficients[read.two].sum(1), 1)
    assert (read.coefficients[:, 0] >= read.coefficients[:, 1]).all()


def agreement(found, true, read):
    """The share of pairs that are right, numbers within a class put in the best order."""
    from scipy.optimize import linear_sum_assignment

    n = read.pictures.sum()
    together = np.zeros((n, n))
    for column in (0, 1):
        np.add.at(together, (true[read.two, column], found[read.two, column]), 1)
    which = linear_sum_assignment(-together)[1]
    return (which[true] == found)[read.two].all(1).mean()


def test_sums_of_two_centres_are_sorted_and_the_surest_are_right():
    squares, labels, pairs, _ = sums()
    read = clusters.read_labels(labels, 6)
    found, margin = clusters.clustered(squares, read)
    assert (found[~read.two] == -1).all() and (margin[~read.two] == 0).all()
    assert agreement(found, pairs, read) > 0.9
    sure = read._replace(two=read.two & (margin > np.quantile(margin[read.two], 0.4)))
    assert agreement(found, pairs, sure) >= agreement(found, pairs, read)


def test_noise_is_not_sorted():
    squares, labels, pairs, _ = sums()
    read = clusters.read_labels(labels, 6)
    noise = np.random.default_rng(1).normal(size=squares.shape).astype(np.float32)
    assert agreement(clusters.clustered(noise, read)[0], pairs, read) < 0.5


def test_centres_are_a_regression_and_choices_the_nearest_sum():
    squares, labels, pairs, centres = sums(noise=0.1, epochs=60)
    read = clusters.read_labels(labels, 6)
    by = read.coefficients**2
    found = clusters.centres(squares, pairs, by, read)
    assert np.corrcoef(found.ravel(), centres.ravel())[0, 1] > 0.99
    chosen, margin = clusters.chosen(squares, found, by, read)
    for e in np.flatnonzero(read.two)[:20]:
        each = {
            (i, j): ((squares[e] - by[e, 0] * found[i] - by[e, 1] * found[j]) ** 2).sum()
            for i in read.numbers(read.classes[e, 0])
            for j in read.numbers(read.classes[e, 1])
        }
        order = sorted(each.values())
        assert min(each, key=each.get) == tuple(chosen[e])
        assert np.isclose(margin[e], order[1] - order[0], rtol=1e-2, atol=1e-2)


def test_lloyd_explains_more_from_a_good_start_and_keeps_it():
    rng = np.random.default_rng(4)
    middle, numbers = rng.normal(size=(3, 20)), rng.integers(0, 3, 200)
    weights = rng.uniform(0.5, 1, 200).astype(np.float32)
    rows = (weights[:, None] * middle[numbers] + 0.1 * rng.normal(size=(200, 20))).astype(np.float32)
    good, kept = clusters.lloyd(rows, weights, numbers, 3)
    assert (kept == numbers).all() and good > clusters.lloyd(rows, weights, np.arange(200) % 2, 3)[0]


def test_whitening_makes_all_coefficients_alike():
    rng = np.random.default_rng(5)
    smooth = np.cumsum(np.cumsum(rng.normal(size=(500, 8, 8, 3)), axis=1), axis=2).astype(np.float32)
    whiten = clusters.whitening(smooth)
    spread = whiten(smooth**2).std(0)
    assert np.allclose(spread, 1, atol=0.01) and (smooth**2).std(0).max() > 3 * (smooth**2).std(0).min()
