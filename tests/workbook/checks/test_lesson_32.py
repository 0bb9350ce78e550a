"""The exercises of lesson 32: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np

from lib.workbook.checks import lesson_32 as check


def unmasked(encryptions):
    return np.abs(encryptions)


def products(squares, coefficients):
    n = coefficients.shape[1]
    both = np.einsum("ei,ej->eij", coefficients, coefficients).reshape(len(squares), n * n)
    return np.linalg.lstsq(both, squares, rcond=None)[0].reshape(n, n)


def products_of_pairs(squares, coefficients):
    """Each product once; a pair's has a 2."""
    n = coefficients.shape[1]
    i, j = np.triu_indices(n)
    columns = coefficients[:, i] * coefficients[:, j] * np.where(i == j, 1, 2)
    out = np.zeros((n, n))
    out[i, j] = np.linalg.lstsq(columns, squares, rcond=None)[0]
    out[j, i] = out[i, j]
    return out


def without_two(squares, coefficients):
    n = coefficients.shape[1]
    i, j = np.triu_indices(n)
    out = np.zeros((n, n))
    out[i, j] = np.linalg.lstsq(coefficients[:, i] * coefficients[:, j], squares, rcond=None)[0]
    out[j, i] = out[i, j]
    return out


def squares_alone(squares, coefficients):
    return np.diag(np.linalg.lstsq(coefficients**2, squares, rcond=None)[0])


def upper_half(squares, coefficients):
    return np.triu(products(squares, coefficients))


def factor(gram):
    sizes, vectors = np.linalg.eigh(gram)
    return vectors[:, -1] * np.sqrt(sizes[-1])


def joined(values):
    out = values.copy()
    for column in range(1, out.shape[1]):
        if out[:, column] @ out[:, column - 1] < 0:
            out[:, column] *= -1
    return out


def against_the_first(values):
    return values * np.where(values[:, :1].T @ values < 0, -1, 1)


def against_the_given_one(values):
    out = values.copy()
    for column in range(1, out.shape[1]):
        if values[:, column] @ values[:, column - 1] < 0:
            out[:, column] *= -1
    return out


def each_row(values):
    return values * np.where(values[:, :1] < 0, -1, 1)


def each_value(values):
    out = values.copy()
    for column in range(1, out.shape[1]):
        out[:, column] = np.copysign(out[:, column], out[:, column - 1])
    return out


def factors(sizes, coefficients):
    n = coefficients.shape[1]
    flat = sizes.reshape(len(sizes), -1)
    both = np.einsum("ei,ej->eij", coefficients, coefficients).reshape(len(flat), n * n)
    grams = np.linalg.lstsq(both, flat**2, rcond=None)[0].T.reshape(-1, n, n)
    return np.stack([factor(gram) for gram in grams], axis=1)


def recovered(sizes, coefficients):
    """Signs by the mean of the left and the upper neighbour, colours by green."""
    shape = sizes.shape[1:]
    x = factors(sizes, coefficients).reshape(-1, *shape)
    for row in range(shape[0]):
        for column in range(shape[1]):
            for colour in (1, 0, 2):
                near = [x[:, row, column - 1, colour]] if column else []
                near += [x[:, row - 1, column, colour]] if row else []
                near += [x[:, row, column, 1]] if colour != 1 else []
                if near and x[:, row, column, colour] @ sum(near) < 0:
                    x[:, row, column, colour] *= -1
    return x


def unsigned(sizes, coefficients):
    return np.abs(factors(sizes, coefficients)).reshape(-1, *sizes.shape[1:])


def unjoined(sizes, coefficients):
    return factors(sizes, coefficients).reshape(-1, *sizes.shape[1:])


def own_signs(sizes, coefficients):
    """Each picture for itself as bright as it can be."""
    x = recovered(sizes, coefficients)
    return x * np.where(x.mean((1, 2, 3), keepdims=True) < 0, -1, 1)


def means(sizes, coefficients):
    return np.stack([sizes[weights > 0].mean(0) for weights in coefficients.T])


SOLUTIONS = [
    (check.unmasked, unmasked),
    (check.unmasked, lambda y: np.sqrt(y**2)),
    (check.products, products),
    (check.products, products_of_pairs),
    (check.factor, factor),
    (check.joined, joined),
    (check.recovered, recovered),
]
WRONG = {
    "as published": (check.unmasked, lambda y: y.copy()),
    "squares": (check.unmasked, lambda y: y**2),
    "signs": (check.unmasked, np.sign),
    "ones": (check.unmasked, lambda y: np.ones_like(y)),
    "cut off at 0": (check.unmasked, lambda y: np.maximum(y, 0)),
    "products without the 2": (check.products, without_two),
    "squares of pictures alone": (check.products, squares_alone),
    "upper half": (check.products, upper_half),
    "zeros": (check.products, lambda s, c: np.zeros((c.shape[1],) * 2)),
    "sizes in place of squares": (check.products, lambda s, c: products(np.sqrt(s), c)),
    "roots of the diagonal": (check.factor, lambda g: np.sqrt(np.abs(np.diag(g)))),
    "the vector alone": (check.factor, lambda g: np.linalg.eigh(g)[1][:, -1]),
    "the whole eigenvalue": (check.factor, lambda g: factor(g) * np.sqrt(np.linalg.eigvalsh(g)[-1])),
    "the smallest eigenvalue": (check.factor, lambda g: np.linalg.eigh(g)[1][:, 0] * 0.5),
    "a column of the matrix": (check.factor, lambda g: g[:, 0]),
    "unchanged": (check.joined, lambda values: values.copy()),
    "absolute values": (check.joined, np.abs),
    "compared with the first": (check.joined, against_the_first),
    "compared with what was given": (check.joined, against_the_given_one),
    "rows for columns": (check.joined, each_row),
    "value by value": (check.joined, each_value),
    "no signs": (check.recovered, unsigned),
    "signs of eigenvectors": (check.recovered, unjoined),
    "mean sizes": (check.recovered, means),
    "a sign for each picture": (check.recovered, own_signs),
    "one value": (check.recovered, lambda s, c: np.zeros((c.shape[1], *s.shape[1:]))),
}  # fmt: skip
