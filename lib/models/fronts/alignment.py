"""Which atom of a cipher's block is which of the plain block, from ciphertexts under one key and public
pictures alone.

A key that all blocks share turns the space of a block's values and does nothing else to their statistics. So
we whiten the blocks of ciphertexts and those of public pictures, each by their own, which leaves one
orthogonal map between the two unknown, and look for the map under which neighbouring blocks go together alike
in both: a Procrustes problem in which the map stands on both sides, solved by repeating the one-sided one
(Schönemann, Psychometrika 31, 1966), over more and more principal components. Then each atom goes where its
correlation is strongest. Tried on CIFAR-10 under Tanaka's scheme with blocks of 4: 512 ciphertexts gave all
48 upper nibbles, up to the order of colours and one complement for all.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

STARTS, ROUNDS, FIRST = 4, 120, 6  # signs drawn at random; steps of the iteration; components in its first
FLOOR = 3e-3  # added to variances, for atoms in -1..1


def align(cipher: np.ndarray, public: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each atom of a plain block: which atom of a cipher block it became, and 1.0 or -1.0, its sign
    there.

    cipher, public   (n, rows, columns, atoms) floats, the blocks of images in their places, atoms from -1 to
                     1; where both hold mirror images too, what they show matters less
    """
    ours, theirs = _Blocks(cipher), _Blocks(public)
    turn = _turn(ours.together, theirs.together)
    covariance = theirs.back.T @ turn.T @ ours.back
    deviations = (np.sqrt((blocks.back**2).sum(0)) + 1e-12 for blocks in (theirs, ours))
    correlation = covariance / np.outer(*deviations)
    index = linear_sum_assignment(-np.abs(correlation))[1]
    return index, np.sign(correlation[np.arange(len(index)), index])


class _Blocks:
    """Second-order statistics of blocks: how to have atoms back from whitened values, and how neighbours go
    together."""

    def __init__(self, values):
        values = values - values.mean((0, 1, 2))
        flat = values.reshape(-1, values.shape[-1])
        strengths, vectors = np.linalg.eigh(flat.T @ flat / len(flat))
        strengths, vectors = strengths[::-1].clip(0) + FLOOR, vectors[:, ::-1]
        white = values @ (vectors / np.sqrt(strengths))
        self.back = (vectors * np.sqrt(strengths)).T
        self.together = [_covariance(a, b) for a, b in _neighbours(white)]


def _neighbours(x):
    """The blocks beside, below, aslant, and two further on: each with those at that place from it."""
    yield x[:, :, :-1], x[:, :, 1:]
    yield x[:, :-1], x[:, 1:]
    yield x[:, :-1, :-1], x[:, 1:, 1:]
    yield x[:, :-1, 1:], x[:, 1:, :-1]
    yield x[:, :, :-2], x[:, :, 2:]
    yield x[:, :-2], x[:, 2:]


def _covariance(a, b):
    a, b = (part.reshape(-1, part.shape[-1]) for part in (a, b))
    return a.T @ b / len(a)


def _turn(ours, theirs):
    """The orthogonal map with ours = turn @ theirs @ turn.T as nearly as could be found, from several
    starts."""
    size, rng, best = len(ours[0]), np.random.default_rng(0), (-np.inf, None)
    for _ in range(STARTS):
        turn = np.diag(rng.choice((-1.0, 1.0), size))
        for count in np.linspace(min(FIRST, size), size, ROUNDS).astype(int):
            known = turn[:count, :count]
            pull = sum(
                a[:count, :count] @ known @ b[:count, :count].T
                + a[:count, :count].T @ known @ b[:count, :count]
                for a, b in zip(ours, theirs)
            )
            u, _, vt = np.linalg.svd(pull)
            turn[:count, :count] = u @ vt
        agreement = sum(((turn.T @ a @ turn) * b).sum() for a, b in zip(ours, theirs))
        if agreement > best[0]:
            best = agreement, turn
    return best[1]
