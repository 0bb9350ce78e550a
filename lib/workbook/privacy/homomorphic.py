"""Classify encrypted pictures: CKKS (Cheon, Kim, Kim, Song, ASIACRYPT 2017), by TenSEAL and Microsoft SEAL.

The client keeps the secret key. The server gets a public context once, then ciphertexts, and gives back one
ciphertext of a score for each class. It never decrypts; the picture and the scores stay hidden from it.

A ciphertext holds 4,096 numbers. A sum over them takes rotations, which are slow, so numbers are laid out so
that few are needed: of each colour one ciphertext, number `p * 64 + w` of which is pixel p of window w. A
filter is then one product and six rotations for all 64 windows.

CKKS adds an error to every result. A client must not show decrypted scores to the server: from the error the
key can be computed (Li and Micciancio, EUROCRYPT 2021).
"""

from typing import TYPE_CHECKING

import numpy as np

from lib.workbook.privacy import needed
from lib.workbook.privacy.networks import FILTER, WINDOWS, SquareWeights, values, windows

if TYPE_CHECKING:
    from tenseal import Context

DEGREE, PRIMES, SCALE = 8192, (50, 40, 40, 40, 48), 40
"""Degree of the polynomials; bits of the primes of a coefficient, whose sum says how many products fit in a
row, here three; bits behind the point."""
MOST_BITS, SECURITY = 218, 128
"""The sum of PRIMES that degree 8192 allows at 128 bits of security, by the table of the Homomorphic
Encryption Standard (2018); SEAL refuses larger ones."""
THREADS = 1  # so that seconds are of one core


def client_context() -> "Context":
    """A new context with its secret key, drawn by SEAL from the operating system."""
    tenseal = needed("tenseal")
    settings = {"coeff_mod_bit_sizes": list(PRIMES), "n_threads": THREADS}
    context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, DEGREE, **settings)
    context.global_scale = 2.0**SCALE
    context.generate_galois_keys()
    return context


def public_part(context: "Context") -> bytes:
    """What the server gets once: parameters, public key, keys for products and rotations; no secret key."""
    return context.serialize(save_secret_key=False)


def server_context(public: bytes) -> "Context":
    """The server's context, from what the client sent."""
    return needed("tenseal").context_from(public, n_threads=THREADS)


def sent_flat(context: "Context", image: np.ndarray) -> bytes:
    """A picture (32, 32, 3) uint8 as one ciphertext, for a linear model."""
    return needed("tenseal").ckks_vector(context, values(image).ravel().tolist()).serialize()


def sent_windows(context: "Context", image: np.ndarray) -> list[bytes]:
    """A picture (32, 32, 3) uint8 as three ciphertexts, one a colour, laid out for `network`."""
    tenseal = needed("tenseal")
    colours = windows(values(image)).reshape(WINDOWS, 3, FILTER * FILTER).transpose(1, 2, 0)
    return [tenseal.ckks_vector(context, colour.ravel().tolist()).serialize() for colour in colours]


def linear(server: "Context", sent: bytes, matrix: np.ndarray, bias: np.ndarray) -> list[bytes]:
    """Scores of a linear model, `matrix` (classes, 3072): a dot product and a ciphertext for each class."""
    picture = needed("tenseal").ckks_vector_from(server, sent)
    return [(picture.dot(row.tolist()) + float(b)).serialize() for row, b in zip(matrix, bias)]


def network(server: "Context", sent: list[bytes], weights: SquareWeights) -> list[bytes]:
    """Scores of a `SquareNet`, a ciphertext for each class. Three products in a row: filter, square, linear
    layer."""
    tenseal = needed("tenseal")
    colours = [tenseal.ckks_vector_from(server, each) for each in sent]
    totals = None
    for column, offset, layer in zip(weights.filters.T, weights.offsets, weights.linear.swapaxes(0, 1)):
        kernels = column.reshape(3, FILTER, FILTER).tolist()
        seen = _sum(colour.conv2d_im2col(k, WINDOWS) for colour, k in zip(colours, kernels))
        squares = (seen + float(offset)).square()
        weighted = [squares * one.tolist() for one in layer.T]
        totals = weighted if totals is None else [a + b for a, b in zip(totals, weighted)]
    # the sum over windows needs rotations: once for each class, after all filters were added up
    return [(total.sum() + float(b)).serialize() for total, b in zip(totals, weights.bias)]


def _sum(ciphertexts):
    first, *others = ciphertexts
    for each in others:
        first = first + each
    return first


def received(context: "Context", answers: list[bytes]) -> np.ndarray:
    """(classes,) float64: the scores, decrypted by the client. ValueError for one without a secret key."""
    tenseal = needed("tenseal")
    if not context.has_secret_key():
        raise ValueError("this context has no secret key; only the client's decrypts")
    return np.array([tenseal.ckks_vector_from(context, each).decrypt()[0] for each in answers])
