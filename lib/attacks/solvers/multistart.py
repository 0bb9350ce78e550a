"""Multistart local search (R. Martí, Handbook of Metaheuristics, 2003) for the streams of the highest bits.

Each start is a quadratic assignment under one of several Gaussian models of pictures, see
`lib.attacks.solvers.gaussian_model`; the order it leads to is polished under a sharper one. The answer is the
picture whose pixels follow best from those around them, which asks for no model; how sure it is follows from
how often it was found.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree
from scipy.special import expit

from lib.attacks.solvers.bit_planes import by_place, picture, predicted
from lib.attacks.solvers.compound_moves import moves, turns
from lib.attacks.solvers.gaussian_model import SHARP, correlations, weights
from lib.attacks.solvers.quadratic_assignment import Assignment

# of pictures: reach in pixels down and across, near and far colours; no one of them suits all pictures
MODELS = (
    ((3, 3), 0.6, 0.4), ((5, 5), 0.9, 0.85), ((3, 3), 0.3, 0.15), ((1.5, 6), 0.9, 0.85),
    ((1.5, 1.5), 0.5, 0.3), ((3, 3), 0.97, 0.94), ((6, 1.5), 0.6, 0.4), ((2, 2), 0.8, 0.65),
    ((3, 3), 0.9, 0.85),
)  # fmt: skip
STARTS, FEWEST, EFFORT = 80, 21, 1 << 18  # at most and at least so many, and fewer for more places
VOTES, ROUNDS, REFINED = 3, 4, 4  # enough starts once so many agree; rounds of polishing
UNFOUND = 1.43  # votes of a picture that no start led to: as likely wrong as right
JUDGED = 1 << 13  # pixels that say how rough a picture is
TIE = 0.02  # what energy counts beside roughness: where two colours are the same, each follows from the other
DEPENDENT = 100.0  # pixels that tell as much as one that does not depend on others
ODD = 0.5  # natural logarithm of a variance: a place that is less predictable than others by more is wrong
ALIKE = 0.9  # share of places in which two orders agree


@dataclass
class Candidate:
    """Which stream is where, (places,), the signs 1.0 or -1.0, how rough the picture is, how often found."""

    where: np.ndarray
    sign: np.ndarray
    roughness: float
    votes: float = 1


def highest_bits(streams: np.ndarray, block: int, bits: int, seed: int):
    """The streams of the highest bits in their places, whether each is reversed, and how sure that is,
    (places,) each, of streams (n, rows, columns, atoms of a block) uint8; ValueError for flat ones."""
    search = Search(streams, block, bits)
    found = search.refined(search.started(np.random.default_rng(seed)))
    best = least_rough(found)
    doubt = np.array([each.roughness - best.roughness for each in found])
    doubt *= part(streams, block)[..., 0].size * block**2 / DEPENDENT
    agree = [search.same(each.where, best.where) for each in found]
    sure = np.average(agree, axis=0, weights=np.exp(-doubt))
    seen = picture(streams, best.where[None], best.sign[None] < 0, block, bits)
    return best.where, best.sign < 0, plausible(seen, block, bits) * sure * (1 - 0.2 ** (best.votes - 1))


def least_rough(found: list[Candidate]) -> Candidate:
    """The first of the least rough candidates."""
    return min(found, key=lambda each: each.roughness)


class Search:
    """All streams (n, rows, columns, atoms of a block) uint8: how they correlate, which may be highest."""

    def __init__(self, streams: np.ndarray, block: int, bits: int):
        self.streams, self.block, self.bits = streams, block, bits
        self.correlation, self.places = correlations(streams), streams.shape[-1] * bits // 8
        self.colours = self.places // block**2
        own = self.correlation[0]
        strength = np.abs(own) * (1 - np.eye(len(own)))
        if (own.diagonal() > 0.5).sum() < self.places:
            atoms = f"{self.places} of a block's {len(own)} atoms"
            raise ValueError(f"fewer than {atoms} ever change; expected pictures, got flat ones")
        self.ranked = np.argsort(-np.sort(strength)[:, -min(20, self.places - 1) :].sum(1))
        # the first stream that is the same as each, as colours of a grey picture are
        self.first = (np.abs(own) + np.eye(len(own)) > 1 - 1e-6).argmax(1)

    def started(self, rng: np.random.Generator) -> list[Candidate]:
        """What annealing finds, from model after model, until the least rough picture has its votes."""
        found = []
        for start in range(max(FEWEST, min(STARTS, EFFORT // self.places**2))):
            pool = self.ranked[: self.places * (1 + (start % 5 == 3))]  # bits of a dull colour may rank low
            where, sign = self._arranged(pool, MODELS[start % len(MODELS)], rng)
            again = next((each for each in found if self._alike(where, each.where)), None)
            if again is None:
                found.append(self.candidate(where, sign))
            else:
                again.votes += 1
            if start >= len(MODELS) * 3 // self.colours and least_rough(found).votes >= VOTES:
                break
        return found

    def refined(self, found: list[Candidate]) -> list[Candidate]:
        """Candidates near the least rough one added, as long as one is less rough: models', or `moves`."""
        straight = np.arange(self.places)
        for _ in range(REFINED):
            best = least_rough(found)
            signed = self._signed(best.where, best.sign)
            sharp = (Assignment(self._weights(model, SHARP), signed) for model in MODELS)
            for orders in ([each.descended(straight) for each in sharp], moves(self.block, self.colours)):
                moved = [order for order in orders if (order != straight).any()]
                others = [self.candidate(best.where[order], best.sign[order]) for order in moved]
                other = least_rough([*others, best])
                if other.roughness < best.roughness - 1e-3:
                    break
            else:
                break
            again = self._alike(other.where, best.where)
            other.votes = best.votes if again else min(best.votes, UNFOUND)
            found.append(other)
        return found

    def candidate(self, where: np.ndarray, sign: np.ndarray) -> Candidate:
        """How little of the picture follows from what surrounds it, the logarithm of the variance."""
        seen = picture(part(self.streams, self.block), where[None], sign[None] < 0, self.block, self.bits)
        rest = predicted(seen, seen, 2) - seen
        rough = np.log((rest.astype(float) ** 2).mean((0, 1, 2)) + 4.0 ** (8 - self.bits) / 12).sum()
        tie = Assignment(self._weights(MODELS[0], SHARP), self._signed(where, sign))
        return Candidate(where, sign, float(rough + TIE * tie.energy(np.arange(len(where)))))

    def same(self, where: np.ndarray, other: np.ndarray):
        """(places,) bool: where two orders put the same stream, but for the order of colours."""
        grid, other = self.first[where].reshape(-1, self.colours), self.first[other]
        views = (grid[:, each].ravel() == other for each in permutations(range(self.colours)))
        return max(views, key=np.sum)

    def _alike(self, where, other):
        return self.same(where, other).mean() > ALIKE

    def _weights(self, model, *floor):
        return weights(self.block, *model, *floor, colours=self.colours)

    def _signed(self, where, sign):
        return self.correlation[:, where[:, None], where] * np.outer(sign, sign)

    def _arranged(self, pool, model, rng):
        """(where, sign) of each place: annealed under a model, then the best near under a sharper one."""
        sign = tree_signs(self.correlation[0][np.ix_(pool, pool)])
        weight = np.zeros((5, len(pool), len(pool)))
        weight[:, : self.places, : self.places] = self._weights(model)
        problem = Assignment(weight, self._signed(pool, sign))
        order = problem.annealed(np.arange(len(pool)), rng)[: self.places]
        where, sign, sharp, before = pool[order], sign[order], self._weights(model, SHARP), np.inf
        for _ in range(ROUNDS):
            problem = Assignment(sharp, self._signed(where, sign))
            turned = min(turns(self.block, self.colours), key=problem.energy)
            order = problem.descended(turned)
            where, sign = replaced(sharp, self.correlation, where[order], sign[order])
            now = Assignment(sharp, self._signed(where, sign)).energy(np.arange(self.places))
            if now > before - 1e-4:
                break
            before = now
        return where, sign


def part(streams: np.ndarray, block: int) -> np.ndarray:
    """As many of the streams as say how rough a picture is."""
    rows, columns = streams.shape[1:3]
    if rows * columns * block**2 <= JUDGED:
        return streams
    side = max(2, int((JUDGED // block**2) ** 0.5))
    return streams[: max(1, JUDGED // block**2 // side**2), :side, :side]


def tree_signs(correlation: np.ndarray) -> np.ndarray:
    """(places,) 1.0 or -1.0: signs that make the strongest correlations positive, from one to the next, even
    where colours are all but uncorrelated, or opposed: a leading eigenvector knows one colour alone there."""
    tree = minimum_spanning_tree(1.001 - np.abs(correlation))
    found, before = breadth_first_order(tree, 0, directed=False)
    sign = np.ones(len(correlation))
    for node in found[1:]:
        sign[node] = sign[before[node]] * (-1.0 if correlation[node, before[node]] < 0 else 1.0)
    return sign


def replaced(weight: np.ndarray, correlation: np.ndarray, where: np.ndarray, sign: np.ndarray):
    """Other streams at some places, or other signs, as long as one such change gains: the new (where, sign).
    correlation (5, all, all) of all streams; where, sign (m,): which are placed so far, and 1.0 or -1.0"""
    where, sign, places = where.copy(), sign.copy(), np.arange(len(where))
    diagonal = weight[:, places, places]
    own = np.einsum("rp,ra->pa", diagonal, correlation.diagonal(axis1=1, axis2=2)) / 2
    while True:
        signed = correlation[:, :, where] * sign
        pull = np.einsum("rpk,rak->pa", weight, signed, optimize=True)
        pull -= np.einsum("rp,rap->pa", diagonal, signed)  # a place does not pull at itself
        change = own - np.abs(pull) - (own + sign[:, None] * pull)[places, where][:, None]
        change[:, where] = np.inf
        change[places, where] = -np.abs(pull[places, where]) - sign * pull[places, where]
        p, a = np.unravel_index(change.argmin(), change.shape)
        if change[p, a] > -1e-4:
            return where, sign
        where[p], sign[p] = a, -1.0 if pull[p, a] > 0 else 1.0


def plausible(images: np.ndarray, block: int, bits: int) -> np.ndarray:
    """(places,) 0 to 1: near 1 where a place is as predictable as the others of its colour, and much better
    than noise. images (n, h, w, colours) float32, of which `bits` bits are known."""
    coarseness = max(0, 16**2 - 4.0 ** (8 - bits)) / 12  # bytes are judged like nibbles: JPEG's blocks show
    rest = predicted(images, images, 2) - images
    odd = np.log(by_place(rest**2, block).mean(0) + coarseness + 1e-9).reshape(block**2, -1)
    odd = (odd - np.median(odd, axis=0)).ravel()
    explained = 1 - (rest**2).mean() / images.var((0, 1, 2)).mean()
    return expit((ODD - odd) / 0.06) * (expit((explained - 0.7) / 0.03) if bits == 8 else 1)
