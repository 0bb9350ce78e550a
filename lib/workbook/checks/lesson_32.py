"""The exercises of lesson 32."""

import numpy as np

from lib.judge import pictures
from lib.subjects.instahide import normalised
from lib.workbook.checks import array, called, exercise

ENOUGH = 0.9  # correlation with the truth from which pictures count as recovered


@exercise
def unmasked(answer):
    """`answer(encryptions)`: what a random sign of every value leaves."""
    mixed = np.random.default_rng(1).normal(size=(3, 4, 4, 3)).astype(np.float32)
    signs = np.where(np.random.default_rng(2).random(mixed.shape) < 0.5, -1, 1).astype(np.float32)
    got = array(called(answer, mixed * signs), mixed.shape, np.float32)
    assert (got >= 0).any() and not (got < 0).any(), "some of your values are negative: signs are still there"
    assert not np.allclose(got, 1), "all of your values are 1: the sign is what is worthless, keep the size"
    assert not np.allclose(got, mixed**2), "these are squares; the size itself is asked for here"
    same = np.allclose(got, called(answer, mixed), atol=1e-6)
    assert same, "other signs give other values, so the mask still matters"
    assert np.allclose(got, np.abs(mixed), atol=1e-6), (
        "the mask is gone, but the sizes are not those of the sums"
    )


@exercise
def products(answer):
    """`answer(squares, coefficients)`: the matrix of products x_i x_j at one pixel."""
    for seed, n in ((1, 3), (2, 5)):
        coefficients, x = _mixtures(n, 40 * n, seed)
        true = np.outer(x, x)
        got = array(called(answer, (coefficients @ x) ** 2, coefficients), (n, n), None)
        off = ~np.eye(n, dtype=bool)
        assert not np.allclose(got, 0), "your matrix holds zeros only"
        assert np.allclose(got, got.T, atol=1e-5), "x_i x_j is x_j x_i, so the matrix has to be symmetric"
        twice = np.allclose(got[off], 2 * true[off], atol=1e-5)
        assert not twice, "products of two pictures are twice too large: the sum holds them as i j and as j i"
        alone = np.allclose(got[off], 0)
        assert not alone, "between different pictures there are zeros; products c_i c_j of two tell them"
        right = np.allclose(got, true, atol=1e-5)
        assert right, "the matrix does not explain the squares; does every product c_i c_j have its column?"


def _mixtures(n, count, seed):
    """(count, n) coefficients, two of them not zero, and values (n,) of one pixel."""
    rng = np.random.default_rng(seed)
    coefficients, one = np.zeros((count, n)), rng.uniform(0.35, 0.65, count)
    for row, c in zip(coefficients, one):
        row[rng.permutation(n)[:2]] = c, 1 - c
    return coefficients, rng.normal(size=n)


@exercise
def factor(answer):
    """`answer(gram)`: x, up to a sign, from a matrix that is nearly x_i x_j."""
    rng = np.random.default_rng(3)
    for n in (3, 8):
        x, noise = rng.normal(size=n), 0.02 * rng.normal(size=(n, n))
        matrix = np.outer(x, x) + noise + noise.T
        got = array(called(answer, matrix), (n,), None)
        sizes, vectors = np.linalg.eigh(matrix)
        best = vectors[:, -1] * sizes[-1] ** 0.5
        positive = (got >= 0).all() and np.allclose(got, np.sqrt(np.abs(np.diag(matrix))), atol=0.1)
        assert not positive, (
            "the sizes are right, but the signs between the pictures are lost; see the products"
        )
        short = np.allclose(np.linalg.norm(got), 1)
        assert not short, (
            "your vector has length 1: an eigenvector has no size of its own, the eigenvalue has"
        )
        long = np.allclose(np.abs(got), np.abs(best) * sizes[-1] ** 0.5, atol=1e-6)
        assert not long, "your vector is too long: x_i x_j holds the size twice, once for each factor"
        fits = np.abs(np.outer(got, got) - np.outer(best, best)).max() < 1e-6
        assert fits, "products of your numbers are far from the matrix; which eigenvalue is the largest?"


@exercise
def joined(answer):
    """`answer(values)`: columns times -1 or 1, so that each goes with the one before."""
    for seed in (4, 5):
        smooth = _drift(seed)
        signs = np.where(np.random.default_rng(seed).random(smooth.shape[1]) < 0.5, -1, 1)
        signs[0] = 1
        got = array(called(answer, smooth * signs), smooth.shape, None)
        sizes = np.allclose(np.abs(got), np.abs(smooth))
        assert sizes, "the sizes have changed; each column may be multiplied by -1 or by 1, and nothing else"
        assert not (got >= 0).all(), "all values are positive: a whole column changes its sign, or none of it"
        whole = all(
            np.allclose(np.abs(a @ b), np.linalg.norm(a) * np.linalg.norm(b)) for a, b in zip(got.T, smooth.T)
        )
        assert whole, (
            "within a column some values changed their sign and some did not; pictures share one sign"
        )
        assert np.allclose(got[:, 0], smooth[:, 0]), "the first column has to stay as it is"
        told = "some neighbours still go against each other; compare with the column before, after its turn"
        assert np.allclose(got, smooth), told


def _drift(seed):
    """(6, 20): columns that turn slowly, so that the last is against the first."""
    rng = np.random.default_rng(seed)
    one, other = np.linalg.qr(rng.normal(size=(6, 2)))[0].T
    return np.stack([np.cos(a) * one + np.sin(a) * other for a in np.linspace(0, 3, 20)], axis=1)


@exercise
def recovered(answer):
    """`answer(sizes, coefficients)`: the private pictures, up to one sign for all."""
    for seed in (6, 7):
        truth = normalised(pictures.attacked((16, 16, 3), 200)[20 * seed : 20 * seed + 8])
        sizes, coefficients = _encrypted(truth, 12, seed)
        got = array(called(answer, sizes, coefficients), truth.shape, None)
        assert np.isfinite(got).all(), "some of your values are no numbers"
        assert np.ptp(got) > 0, "your pictures are of one value"
        like = [_like(a, b) for a, b in zip(got, truth)]
        plain, size = np.mean(like), np.mean([_like(np.abs(a), np.abs(b)) for a, b in zip(got, truth)])
        mean = f"the mean correlation with the truth is {abs(plain):.2f}, and {ENOUGH} is asked"
        if abs(plain) < ENOUGH < np.mean(np.abs(like)):
            raise AssertionError(f"{mean}; some pictures are negatives and some not, and one sign is for all")
        if abs(plain) < ENOUGH < size:
            raise AssertionError(f"{mean}; the sizes are right, so signs of pixels are what is missing")
        assert abs(plain) >= ENOUGH, f"{mean}; do the squares fit your pictures at each pixel?"


def _like(one, other):
    return np.corrcoef(one.ravel(), other.ravel())[0, 1] if np.ptp(one) else 0


def _encrypted(truth, epochs, seed):
    """Sizes (N, h, w, 3) of sums of two, and (N, n) coefficients."""
    rng, n, rows, sizes = np.random.default_rng(seed), len(truth), [], []
    for _ in range(epochs):
        order = rng.permutation(n)
        for i, j in zip(order, np.roll(order, 1)):
            c = rng.uniform(0.35, 0.65)
            row = np.zeros(n, np.float32)
            row[[i, j]] = c, 1 - c
            rows.append(row)
            sizes.append(np.abs(c * truth[i] + (1 - c) * truth[j]))
    return np.stack(sizes).astype(np.float32), np.stack(rows)
