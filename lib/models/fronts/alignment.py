"""Which atom of a block is which of the plain block, from one-key ciphertexts and public pictures alone.

A key that all blocks share turns the space of a block's values and does nothing else to their statistics. So
we whiten the blocks of ciphertexts and those of public pictures, each by their own, which leaves one
orthogonal map between the two unknown, and look for the map under which neighbouring blocks go together alike
in both: a Procrustes problem in which the map stands on both sides, solved by repeating the one-sided one
(Schönemann, Psychometrika 31, 1966), over more and more principal components. Then each atom goes where its
correlation is strongest. Tried on CIFAR-10 under Tanaka's scheme with blocks of 4: 512 ciphertexts gave all
48 upper nibbles, up to the order of colours and one complement for all.
"""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn.functional import fold, unfold

from lib.datasets import load
from lib.models.inputs import atoms, check_side, scaled

STARTS, ROUNDS, FIRST = 4, 120, 6  # signs drawn at random; steps of the iteration; components in its first
FLOOR = 3e-3  # added to variances, for atoms in -1..1


class AlignedBlocks(nn.Module):
    """Blocks under one key (LE, SHF, NP), atoms put where public pictures have them; 3 channels, -1 to 1.

    With atoms of 4 bits the upper nibbles only, for the lower ones look alike to `align`. The embedded
    photographs are the public pictures. Nothing is trained. `start(x)` is to be called with inputs first.
    """

    features = 3

    def __init__(self, side: int, block: int, bits: int = 4):
        super().__init__()
        check_side(side, block)
        self.block, self.bits = block, bits
        self.register_buffer("index", torch.arange(3 * block**2))
        self.register_buffer("sign", torch.ones(3 * block**2, 1))

    def cut(self, x: torch.Tensor):
        """(n, atoms, blocks); of the parts of a byte, the highest first."""
        parts = atoms(x, self.bits).unflatten(1, (3, -1)).transpose(1, 2).flatten(1, 2)
        return unfold(parts, self.block, stride=self.block)

    @torch.no_grad()
    def start(self, x: torch.Tensor):
        """Find every atom's place and sign, from up to 1,024 inputs and as many public pictures."""
        public = torch.from_numpy(load("photos").images[:1024]).permute(0, 3, 1, 2)
        public = scaled(torch.cat([public, public.flip(3)]))
        index, sign = align(*(self._grid(images) for images in (x[:1024].cpu(), public)))
        kept = len(self.index)
        self.index.copy_(torch.from_numpy(index[:kept]))
        self.sign.copy_(torch.from_numpy(sign[:kept])[:, None])

    def _grid(self, x):
        across = x.shape[3] // self.block
        return self.cut(x).transpose(1, 2).unflatten(1, (-1, across)).double().numpy()

    def forward(self, x: torch.Tensor):
        with torch.autocast(x.device.type, enabled=False):
            placed = self.cut(x.float())[:, self.index] * self.sign
            return fold(placed, x.shape[2:], self.block, stride=self.block)


def align(cipher: np.ndarray, public: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each atom of a plain block: which atom of a cipher block it became, and its sign, 1.0 or -1.0.

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
    """How to have the atoms of blocks back from whitened values, and how neighbours go together."""

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
    """The orthogonal map with ours = turn @ theirs @ turn.T, as nearly as several starts find it."""
    size, rng, best = len(ours[0]), np.random.default_rng(0), (-np.inf, None)
    for _ in range(STARTS):
        turn = np.diag(rng.choice((-1.0, 1.0), size))
        for count in np.linspace(min(FIRST, size), size, ROUNDS).astype(int):
            known = turn[:count, :count]
            leading = [(a[:count, :count], b[:count, :count]) for a, b in zip(ours, theirs)]
            pull = sum(a @ known @ b.T + a.T @ known @ b for a, b in leading)
            u, _, vt = np.linalg.svd(pull)
            turn[:count, :count] = u @ vt
        agreement = sum(((turn.T @ a @ turn) * b).sum() for a, b in zip(ours, theirs))
        if agreement > best[0]:
            best = agreement, turn
    return best[1]
