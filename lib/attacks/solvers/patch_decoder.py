"""A linear way back from vectors to patches, learned from matched pairs of pictures and encodings.

A random layer with more values than its input has leaves room for it in spite of ReLUs: known plaintext of a
few pictures is enough, and it reads encodings of others.
"""

from typing import NamedTuple

import numpy as np

Array = np.ndarray
RIDGE = 0.003  # of the decoder, as a share of the encodings' variance


class Decoder(NamedTuple):
    """A linear map from a vector, less the mean at its place, to a patch, less the mean at its place."""

    means: Array
    weights: Array
    plain: Array

    def __call__(self, vectors: Array) -> Array:
        """(n, patches, size) float32 of vectors (n, patches, width) in the pictures' order."""
        return (vectors - self.means) @ self.weights + self.plain


def decoder(plain: Array, vectors: Array) -> Decoder:
    """By ridge regression, one map for all places, of patches (n, P, size) and vectors (n, P, width)."""
    means, usual = vectors.mean(0), plain.mean(0)
    x, y = (part.reshape(-1, part.shape[2]).astype(np.float64) for part in (vectors - means, plain - usual))
    ridge = RIDGE * len(x) * x.var() * np.eye(x.shape[1])
    return Decoder(means, np.linalg.solve(x.T @ x + ridge, x.T @ y).astype(np.float32), usual)
