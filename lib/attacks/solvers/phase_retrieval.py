"""Real phase retrieval, at many pixels at once: values x from sizes |L x + mean + noise|, L known.

1. Squares are linear in products of the unknowns, so a regression gives each pixel's Gram matrix of products
   x_i x_j. Its first eigenvector is x at this pixel, up to one sign for all i: the lifting of phase retrieval
   (E. Candes, T. Strohmer and V. Voroninski, "PhaseLift", arXiv:1109.4499).
2. The signs of neighbours agree: along a maximum spanning tree of the correlations of neighbouring pixels
   every pixel's sign follows from one; colours are joined by their edges. One sign remains.
3. Expectation and maximisation: given x, the sign of each size is a tanh; given soft signs, x is a
   regression. With hard signs this is error reduction, which goes back to R. Gerchberg and W. Saxton
   (1972).

Shapes: n unknown pictures, N observations, each of two pictures; h x w x 3 pixels, P in all.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

Array = np.ndarray
RIDGE, PRIOR = 0.05, 1.0  # of the regression on products, and of the one on signed values
CHUNK = 256  # pixels whose Gram matrices are decomposed at once, and observations that are compared
WIDE, ANNEAL = 2.0, 0.9  # noise is taken for wider at first, and less so with each round
LEAST = 0.003  # of noise, in variances of the pictures that are noise


@dataclass(frozen=True)
class Observed:
    """What was seen, and what is known of it.

    sizes         (N, P) float32: |sum of two coefficients times pictures + the rest|
    pairs         (N, 2) int: the two pictures
    coefficients  (N, 2) float32
    rest          (N,) float32: coefficients of all others in sum
    scatter       of the rest's variance what share a picture's has, for a rest of 1
    mean          (P,) float32: of the others' pictures
    variance      (P,) float32
    """

    sizes: Array
    pairs: Array
    coefficients: Array
    rest: Array
    scatter: float
    mean: Array
    variance: Array

    def part(self, which: Array) -> "Observed":
        """Of these observations, as an index has it."""
        rows = (each[which] for each in (self.sizes, self.pairs, self.coefficients, self.rest))
        return Observed(*rows, self.scatter, self.mean, self.variance)

    @property
    def noise(self) -> Array:
        """(N,) float32: of the rest's variance, in variances of a picture."""
        return (self.scatter * self.rest**2 + LEAST).astype(np.float32)

    def excess(self) -> Array:
        """(N, P) float32: squares of the sizes less what the rest adds to them on average."""
        squares = self.rest[:, None] ** 2 * (self.scatter * self.variance + self.mean**2)
        return (self.sizes**2 - squares).astype(np.float32)


def retrieve(
    seen: Observed, shape: tuple[int, int, int], count: int, rounds: int = 12
) -> tuple[Array, Array]:
    """(2, count, P) float32: the pictures for either sign of the whole, and (2,) how well each fits."""
    start = first_estimate(seen, shape, count)
    both = np.stack([refined(seen, sign * start, rounds) for sign in (1, -1)])
    return both, np.array([log_likelihood(seen, each) for each in both])


def first_estimate(seen: Observed, shape: tuple[int, int, int], count: int) -> Array:
    """(count, P) float32: steps 1 and 2."""
    products = gram(seen.excess(), seen.pairs, seen.coefficients, count)
    return signs_by_neighbours(factored(*products, count), shape)


def gram(squares: Array, pairs: Array, coefficients: Array, count: int) -> tuple[Array, Array, Array]:
    """Regression of (N, P) squares on products of coefficients: x_i^2, (count, P); x_i x_j, (m, P); and
    which i and j, (m, 2), those that were seen together."""
    low, high = pairs.min(1), pairs.max(1)
    seen, which = np.unique(low * count + high, return_inverse=True)
    one, two = coefficients.astype(np.float64).T
    values = np.concatenate([one**2, two**2, 2 * one * two])
    rows, columns = np.tile(np.arange(len(pairs)), 3), np.concatenate([*pairs.T, count + which])
    matrix = sparse.csr_matrix((values, (rows, columns)), (len(pairs), count + len(seen)))
    normal = (matrix.T @ matrix).toarray()
    normal[np.diag_indices(len(normal))] += RIDGE * np.diag(normal)[:count].mean()
    found = np.linalg.solve(normal, matrix.T @ squares).astype(np.float32)
    return found[:count], found[count:], np.stack(np.divmod(seen, count), 1)


def factored(own: Array, mixed: Array, which: Array, count: int) -> Array:
    """(count, P) float32: at each pixel the first eigenvector of the Gram matrix, as long as its eigenvalue
    says; up to a sign."""
    out, i, j = np.empty_like(own), *which.T
    for at in range(0, own.shape[1], CHUNK):
        some = slice(at, at + CHUNK)
        matrices = np.zeros((own[:, some].shape[1], count, count), np.float32)
        matrices[:, i, j] = matrices[:, j, i] = mixed[:, some].T
        matrices[:, np.arange(count), np.arange(count)] = own[:, some].T
        sizes, vectors = np.linalg.eigh(matrices)
        out[:, some] = (vectors[:, :, -1] * np.sqrt(np.maximum(sizes[:, -1:], 1e-6))).T
    return out


def signs_by_neighbours(values: Array, shape: tuple[int, int, int]) -> Array:
    """(n, P): every pixel's column times -1 or 1, so that neighbours go together where their correlations
    over the pictures are strongest, and red and blue as their steps from pixel to pixel go with those of
    green. One sign of the whole is left."""
    planes = values.reshape(len(values), -1, 3)
    planes = np.stack([_along_tree(planes[:, :, c], shape[:2]) for c in range(3)], axis=2)
    there = planes.reshape(len(values), *shape)
    across = np.diff(there, axis=1), np.diff(there, axis=2)
    agree = sum(np.einsum("iyxc,iyx->c", step, step[..., 1]) for step in across)
    return (planes * np.where(agree < 0, -1, 1).astype(values.dtype)).reshape(values.shape)


def _along_tree(plane, shape):
    """Of one colour (n, h * w): signs that follow from one pixel along a maximum spanning tree."""
    places = np.arange(plane.shape[1]).reshape(shape)
    a, b = (np.concatenate([each.ravel() for each in side])
            for side in ((places[1:], places[:, 1:]), (places[:-1], places[:, :-1])))  # fmt: skip
    unit = plane / np.maximum(np.linalg.norm(plane, axis=0), 1e-9)
    alike = (unit[:, a] * unit[:, b]).sum(0)
    size = (plane.shape[1],) * 2
    tree = minimum_spanning_tree(sparse.csr_matrix((1.001 - np.abs(alike), (a, b)), size))
    signed = sparse.csr_matrix((alike, (a, b)), size)
    order, before = breadth_first_order(tree, 0, directed=False)
    agree = np.asarray((signed + signed.T)[order[1:], before[order[1:]]]).ravel() >= 0
    signs = np.ones(plane.shape[1], plane.dtype)
    for pixel, same in zip(order[1:], agree):
        signs[pixel] = signs[before[pixel]] * (1 if same else -1)
    return plane * signs


def refined(seen: Observed, values: Array, rounds: int) -> Array:
    """(n, P) float32: step 3, from `values` on."""
    count, rows = len(values), np.repeat(np.arange(len(seen.pairs)), 2)
    flat = seen.coefficients.astype(np.float32).ravel(), (rows, seen.pairs.ravel())
    mixing = sparse.csr_matrix(flat, (len(seen.pairs), count))
    weighted = sparse.diags_array(1 / seen.noise) @ mixing
    normal = (weighted.T @ mixing).toarray() + PRIOR * np.eye(count)
    others, wide = seen.rest[:, None] * seen.mean, WIDE
    for _ in range(rounds):
        soft = (mixing @ values + others) / (seen.noise[:, None] * seen.variance * np.float32(wide))
        soft = seen.sizes * np.tanh(seen.sizes * soft) - others
        values = np.linalg.solve(normal, weighted.T @ soft).astype(np.float32)
        wide = max(1.0, ANNEAL * wide)
    return values


def log_likelihood(seen: Observed, values: Array) -> float:
    """Of the sizes, as if pixels were independent, up to what does not depend on `values` (n, P)."""
    total = 0.0
    for at in range(0, len(seen.pairs), CHUNK):
        part = seen.part(slice(at, at + CHUNK))
        middle = (part.coefficients[:, :, None] * values[part.pairs]).sum(1) + part.rest[:, None] * part.mean
        spread = part.noise[:, None] * part.variance
        pull = part.sizes * np.abs(middle) / spread
        total += float((pull + np.log1p(np.exp(-2 * pull)) - middle**2 / (2 * spread)).sum(dtype=np.float64))
    return total
