"""Which encryptions by InstaHide share a private picture: clusters within each class of the published labels.

A label of two classes says both coefficients, and that one picture is of either class. So each class is
sorted by itself: a spectral embedding of similarities and k-means give a start (A. Ng, M. Jordan and Y.
Weiss, NIPS 2001). Then squares decide. y^2 is c_i^2 x_i^2 + c_j^2 x_j^2 and noise, so the x^2 are a
regression, and every encryption goes to the pair of pictures that fits it best, in turn: k-means for sums
of two centres.

Squares are *whitened*: in a cosine transform, colours taken apart, every coefficient is divided by its
deviation in the attacker's own encryptions. Large smooth areas, which all encryptions have, then count no
more than details. Encryptions whose label names one class are set aside, for the label gives only a sum.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.fft import dctn
from scipy.sparse.linalg import eigsh

Array = np.ndarray
RIDGE = 0.02
PASSES, ROUNDS, STARTS = 2, 6, 10


class Whitening(NamedTuple):
    """Of squares: axes of colours (3, 3), and deviations (h, w, 3) of the transform's coefficients."""

    axes: Array
    deviations: Array

    def __call__(self, squares: Array) -> Array:
        """(N, d) float32 of (N, h, w, 3)."""
        coefficients = dctn(squares @ self.axes, axes=(1, 2), norm="ortho") / self.deviations
        return coefficients.reshape(len(squares), -1).astype(np.float32)


def whitening(sizes: Array) -> Whitening:
    """From the sizes (N, h, w, 3) of the attacker's own encryptions."""
    squares = sizes**2 - (sizes**2).mean(0)
    axes = np.linalg.eigh(np.cov(squares.reshape(-1, 3).T))[1].astype(np.float32)
    return Whitening(axes, dctn(squares @ axes, axes=(1, 2), norm="ortho").std(0))


class Labels(NamedTuple):
    """What labels (N, classes) say: the two classes (N, 2), the larger coefficient first; coefficients (N, 2)
    float32; whether there are two (N,); and how many private pictures each class has, (classes,)."""

    classes: Array
    coefficients: Array
    two: Array
    pictures: Array

    @property
    def first(self) -> Array:
        """(classes + 1,): the number of each class's first picture; pictures are numbered by class."""
        return np.concatenate([[0], np.cumsum(self.pictures)])

    def numbers(self, label: int) -> Array:
        """Of a class's pictures."""
        return np.arange(self.first[label], self.first[label + 1])


def read_labels(labels: Array, pictures: int) -> Labels:
    """Of published labels and the number of private pictures, each of which is in equally many
    encryptions."""
    named = labels > 0
    shares = named / named.sum(1, keepdims=True)
    classes = np.argsort(-labels, axis=1, kind="stable")[:, :2]
    by = np.take_along_axis(labels, classes, 1).astype(np.float32)
    counts = np.rint(shares.sum(0) * pictures / len(labels)).astype(int)
    return Labels(classes, by, named.sum(1) == 2, counts)


def clustered(squares: Array, labels: Labels, features: Array | None = None) -> tuple[Array, Array]:
    """Pairs of pictures (N, 2), -1 where the label is of one class, and how sure each is, (N,): by how much
    it fits better than the second best; 0 where there is none.

    squares    (N, d) float32, whitened, less what public pictures add
    features   (N, e) to start from, as of a network; None: squares
    """
    length = np.maximum(np.linalg.norm(squares, axis=1, keepdims=True), 1e-9)
    squares, by = squares / length, labels.coefficients**2 / length  # equally much noise in each
    pairs = started(squares if features is None else features, squares, by, labels)
    for again in range(PASSES):
        for _ in range(ROUNDS):
            middle = centres(squares, pairs, by, labels)
            pairs, margin = chosen(squares, middle, by, labels)
        if again + 1 < PASSES:
            pairs = restarted(squares, pairs, by, middle, labels)
    return pairs, margin


def started(features: Array, squares: Array, by: Array, labels: Labels) -> Array:
    """(N, 2) int: numbers of private pictures, each class sorted by itself."""
    found = np.full(labels.classes.shape, -1)
    for label in np.flatnonzero(labels.pictures):
        rows, column = np.nonzero((labels.classes == label) & labels.two[:, None])
        if len(rows):
            count, values = labels.pictures[label], squares[rows] - squares[rows].mean(0)
            numbers = _best_start(features[rows], values, by[rows, column], count)[1]
            found[rows, column] = labels.first[label] + numbers
    return found


def restarted(squares: Array, pairs: Array, by: Array, middle: Array, labels: Labels) -> Array:
    """The same on squares less those of the other picture, where that explains more than what there is."""
    found = pairs.copy()
    for label in np.flatnonzero(labels.pictures > 1):
        rows, column = np.nonzero((labels.classes == label) & labels.two[:, None])
        other, weights = by[rows, 1 - column], by[rows, column]
        rest = squares[rows] - other[:, None] * middle[pairs[rows, 1 - column]]
        now = lloyd(rest, weights, pairs[rows, column] - labels.first[label], labels.pictures[label])
        new = _best_start(rest, rest, weights, labels.pictures[label])
        found[rows, column] = labels.first[label] + max(now, new, key=lambda each: each[0])[1]
    return found


def _best_start(features, squares, weights, count):
    """Of several k-means of a spectral embedding the one that explains most, once improved."""
    from sklearn.cluster import KMeans

    if not 1 < count < len(squares):
        return 0.0, np.zeros(len(squares), int)
    where, best = spectral(features, count), (-np.inf, None)
    for seed in range(STARTS):
        means = KMeans(count, n_init=1, random_state=seed).fit(where, sample_weight=weights)
        best = max(best, lloyd(squares, weights, means.labels_, count), key=lambda each: each[0])
    return best


def spectral(features: Array, count: int) -> Array:
    """(N, count): the first eigenvectors of the cosines of features, scaled by their eigenvalues' roots."""
    values = features - features.mean(0)
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)
    alike = values @ values.T
    np.fill_diagonal(alike, 0)
    sizes, vectors = eigsh(alike, k=count, which="LA", v0=np.ones(len(alike), alike.dtype))
    return vectors * np.sqrt(np.maximum(sizes, 0))


def lloyd(squares: Array, weights: Array, numbers: Array, count: int) -> tuple[float, Array]:
    """k-means of rows that are a weight times their centre: what it explains of the squares, and the
    numbers."""
    for _ in range(ROUNDS):
        one = np.zeros((len(numbers), count), np.float32)
        one[np.arange(len(numbers)), numbers] = weights
        spread = (one**2).sum(0)[:, None]
        middle = one.T @ squares / (spread + RIDGE * spread.mean())
        fits = 2 * weights[:, None] * (squares @ middle.T) - weights[:, None] ** 2 * (middle**2).sum(1)
        numbers = fits.argmax(1)
    return float(fits.max(1).sum()), numbers


def centres(squares: Array, pairs: Array, by: Array, labels: Labels) -> Array:
    """(pictures, d) float32: the regression of squares on squared coefficients `by`, (N, 2)."""
    rows, count = np.flatnonzero(labels.two), int(labels.pictures.sum())
    places = np.repeat(np.arange(len(rows)), 2), pairs[rows].ravel()
    matrix = sparse.csr_matrix((by[rows].ravel(), places), (len(rows), count))
    normal = (matrix.T @ matrix).toarray()
    normal[np.diag_indices(count)] += RIDGE * np.diag(normal).mean()
    return np.linalg.solve(normal, matrix.T @ squares[rows]).astype(np.float32)


def chosen(squares: Array, centres: Array, by: Array, labels: Labels) -> tuple[Array, Array]:
    """For each encryption the pair of pictures, of its two classes, whose squares fit best, and the
    margin."""
    pairs, margin = np.full(labels.classes.shape, -1), np.zeros(len(squares))
    for classes in np.unique(labels.classes[labels.two], axis=0):
        rows = np.flatnonzero(labels.two & (labels.classes == classes).all(1))
        one, other = (labels.numbers(label) for label in classes)
        fits = _fits(squares[rows], centres[one], centres[other], by[rows])
        flat = fits.reshape(len(rows), -1)
        best = flat.argmax(1)
        pairs[rows] = np.stack([one[best // len(other)], other[best % len(other)]], 1)
        two = np.sort(flat, axis=1)[:, -2:]
        margin[rows] = two[:, 1] - two[:, 0] if flat.shape[1] > 1 else np.inf
    return pairs, margin


def _fits(squares, one, other, by):
    """(N, a, b): minus the squared distance to each sum of two centres, up to what is the same for all."""
    first, second = by.T[:, :, None]
    left = 2 * first * (squares @ one.T) - first**2 * (one**2).sum(1)
    right = 2 * second * (squares @ other.T) - second**2 * (other**2).sum(1)
    return left[:, :, None] + right[:, None] - 2 * (first * second)[:, :, None] * (one @ other.T)
