"""Which atom of a block is which of the plain block, from one-key ciphertexts and public pictures alone.

A key that all blocks share turns the space of a block's values and does nothing else to their statistics. So
we whiten the blocks of ciphertexts and those of public pictures, each by their own, which leaves one
orthogonal map between the two unknown, and look for the map under which neighbouring blocks go together alike
in both: a Procrustes problem in which the map stands on both sides, solved by repeating the one-sided one
(Schönemann, Psychometrika 31, 1966), over more and more principal components. Then each atom goes where its
correlation is strongest. Tried on CIFAR-10 under Tanaka's scheme with blocks of 4: 512 ciphertexts gave all
48 upper nibbles, up to the order of colours and one complement for all.

Where each block has a key of its own and blocks are shuffled, they are put in place first (`grid_embedding`),
and each gets a map of its own, which has to agree with those of the blocks around it.
"""

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn
from torch.nn.functional import fold, unfold

from lib.datasets import load
from lib.models.fronts.grid_embedding import place
from lib.models.inputs import atoms, check_side, scaled

STARTS, ROUNDS, FIRST = 4, 120, 6  # signs drawn at random; steps of the iteration; components in its first
COMPONENTS, SWEEPS = 24, 10  # of a block of its own; rounds after all of them are there
FLOOR = 3e-3  # added to variances, for atoms in -1..1


class AlignedBlocks(nn.Module):
    """Blocks under one key (LE, SHF, NP), atoms put where public pictures have them; 3 channels, -1 to 1.

    Of atoms of 4 bits the upper nibbles only, for the lower ones look alike to `align`. The embedded
    photographs are the public pictures. Nothing is trained. `start(x)` is to be called with inputs first.
    """

    features = 3

    def __init__(self, side: int, block: int, bits: int = 4):
        super().__init__()
        check_side(side, block)
        self.block, self.bits = block, bits
        self.register_buffer("index", torch.arange(3 * block**2))
        self.register_buffer("sign", torch.ones(3 * block**2))

    @torch.no_grad()
    def start(self, x: torch.Tensor):
        """Find every atom's place and sign, from up to 1,024 inputs and as many public pictures."""
        public = public_pictures(1024)
        public = torch.cat([public, public.flip(3)])
        index, sign = align(*(block_grid(images, self.block, self.bits) for images in (x[:1024], public)))
        kept = len(self.index)
        self.index.copy_(torch.from_numpy(index[:kept]))
        self.sign.copy_(torch.from_numpy(sign[:kept]))

    def forward(self, x: torch.Tensor):
        with torch.autocast(x.device.type, enabled=False):
            placed = cut_atoms(x.float(), self.block, self.bits)[:, :, self.index] * self.sign
            return fold(placed.transpose(1, 2), x.shape[2:], self.block, stride=self.block)


class PlacedBlocks(nn.Module):
    """Shuffled blocks, each under a key of its own (ELE, EtC): laid where they go together, the atoms of each
    put where public pictures have them; 3 channels, -1 to 1.

    As `AlignedBlocks` otherwise. Which way the picture is turned, right and left, and its negative stay open:
    a network does not mind. `start(x)` is to be called with inputs first, 2,000 or more.
    """

    features = 3

    def __init__(self, side: int, block: int, bits: int = 4):
        super().__init__()
        check_side(side, block)
        self.across, self.block, self.bits = side // block, block, bits
        blocks, kept = self.across**2, 3 * block**2
        self.register_buffer("source", torch.arange(blocks))
        self.register_buffer("index", torch.arange(kept).repeat(blocks, 1))
        self.register_buffer("sign", torch.ones(blocks, kept))

    @torch.no_grad()
    def start(self, x: torch.Tensor):
        """Find every block's place, and every atom's place in it and its sign."""
        public = public_pictures(2048)
        turned = public.flip(3), public.flip(2), public.transpose(2, 3)  # as the grid may come out
        ours = block_grid(x, self.block, self.bits).reshape(len(x), self.across**2, -1)
        leading = [Whitened(ours[:, b], 1).white[:, 0] for b in range(self.across**2)]
        source = place(np.stack(leading, axis=1), self.across, self.across)
        ours = ours[:, source].reshape(len(x), self.across, self.across, -1)
        theirs = block_grid(torch.cat([public, *turned]), self.block, self.bits)
        index, sign = align_each(ours, theirs)
        kept = self.index.shape[1]
        for name, found in (("source", source), ("index", index[:, :kept]), ("sign", sign[:, :kept])):
            getattr(self, name).copy_(torch.from_numpy(found))

    def forward(self, x: torch.Tensor):
        with torch.autocast(x.device.type, enabled=False):
            parts = cut_atoms(x.float(), self.block, self.bits)[:, self.source]
            placed = parts.gather(2, self.index.expand(len(x), -1, -1)) * self.sign
            return fold(placed.transpose(1, 2), x.shape[2:], self.block, stride=self.block)


def public_pictures(count: int) -> torch.Tensor:
    """(n, 3, 32, 32) floats: the first of the embedded photographs."""
    return scaled(torch.from_numpy(load("photos").images[:count]).permute(0, 3, 1, 2))


def cut_atoms(x: torch.Tensor, block: int, bits: int) -> torch.Tensor:
    """(n, blocks, atoms) of inputs (n, 3, h, w); of the parts of a byte, the highest first."""
    parts = atoms(x, bits).unflatten(1, (3, -1)).transpose(1, 2).flatten(1, 2)
    return unfold(parts, block, stride=block).transpose(1, 2)


def block_grid(x: torch.Tensor, block: int, bits: int) -> np.ndarray:
    """(n, rows, columns, atoms) float64: the same, as the solvers here take it."""
    return cut_atoms(x.cpu(), block, bits).unflatten(1, (-1, x.shape[3] // block)).double().numpy()


class Whitened:
    """Values (n, atoms) as `count` principal components of unit variance, the strongest first.

    white   (n, count)
    back    (count, atoms): `white @ back` gives the values again, but for their mean and what was left out
    scale   (atoms,): standard deviations
    """

    def __init__(self, values: np.ndarray, count: int | None = None):
        values = values - values.mean(0)
        strengths, vectors = np.linalg.eigh(values.T @ values / len(values))
        strengths, vectors = strengths[::-1][:count].clip(0) + FLOOR, vectors[:, ::-1][:, :count]
        self.white, self.back = values @ (vectors / np.sqrt(strengths)), (vectors * np.sqrt(strengths)).T
        self.scale = np.sqrt((values**2).mean(0)) + 1e-12

    def matched(self, turn: np.ndarray, public: "Whitened") -> tuple[np.ndarray, np.ndarray]:
        """For each atom of `public`: which of these it is, and its sign, where `white @ turn` is public's."""
        correlation = public.back.T @ turn.T @ self.back / np.outer(public.scale, self.scale)
        index = linear_sum_assignment(-np.abs(correlation))[1]
        return index, np.sign(correlation[np.arange(len(index)), index])


def align_each(cipher: np.ndarray, public: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(blocks, atoms) twice, as `align` gives them for one key: here each block of a grid has its own.

    A block's map is the orthogonal one under which it goes together with the blocks around it as public
    blocks do. The maps grow by one principal component after the other; in each round a block listens to
    those around it that have theirs, from the middle of the grid outwards, so all agree in their signs.
    """
    n, rows, columns, _ = cipher.shape
    theirs = Whitened(public.reshape(-1, public.shape[-1]), COMPONENTS)
    wanted = _together(theirs.white.reshape(*public.shape[:3], -1))
    grid = [divmod(b, columns) for b in range(rows * columns)]
    ours = {at: Whitened(cipher[:, *at], COMPONENTS) for at in grid}
    around = {
        (r, c): [((r + down, c + right), ours[r, c].white.T @ ours[r + down, c + right].white / n, expected)
                 for (down, right), expected in wanted.items() if (r + down, c + right) in ours]
        for r, c in grid
    }  # fmt: skip
    turns = {at: np.zeros((COMPONENTS, COMPONENTS)) for at in grid}
    outwards = sorted(grid, key=lambda at: np.hypot(at[0] + 0.5 - rows / 2, at[1] + 0.5 - columns / 2))
    for count in [*range(1, COMPONENTS + 1), *[COMPONENTS] * SWEEPS]:
        part = np.s_[:count, :count]
        for at in outwards:
            pull = sum(seen[part] @ turns[to][part] @ expected[part].T for to, seen, expected in around[at])
            u, _, vt = np.linalg.svd(pull if pull.any() else np.eye(count))
            turns[at][part] = u @ vt
    found = [ours[at].matched(turns[at], theirs) for at in grid]
    return np.stack([index for index, _ in found]), np.stack([sign for _, sign in found])


def _together(white):
    """How the blocks of (n, rows, columns, components) go together with each of the eight around them."""
    rows, columns = white.shape[1:3]
    found = {}
    for down, right in ((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right):
        here = white[:, max(0, -down) : rows - max(0, down), max(0, -right) : columns - max(0, right)]
        there = white[:, max(0, down) : rows - max(0, -down), max(0, right) : columns - max(0, -right)]
        found[down, right] = _covariance(here, there)
    return found


def align(cipher: np.ndarray, public: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each atom of a plain block: which atom of a cipher block it became, and its sign, 1.0 or -1.0.

    cipher, public   (n, rows, columns, atoms) floats, the blocks of images in their places, atoms from -1 to
                     1; where both hold mirror images too, what they show matters less
    """
    ours, theirs = (Whitened(blocks.reshape(-1, blocks.shape[-1])) for blocks in (cipher, public))
    seen, wanted = (
        [_covariance(a, b) for a, b in _neighbours(found.white.reshape(blocks.shape))]
        for found, blocks in ((ours, cipher), (theirs, public))
    )
    return ours.matched(_turn(seen, wanted), theirs)


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
