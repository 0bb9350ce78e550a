"""Iterated conditional modes (J. Besag, JRSS B 48, 1986) for a picture of blocks with keys of their own:
every block in turn is put in as it is likeliest, given what surrounds it.

What surrounds a block, two pixels wide, says what it should show, by a Gaussian model of pictures that is
learned from the trusted parts of the pictures themselves. How its streams are best ordered, given that, is a
quadratic assignment with a pull on each stream, see `lib.attacks.solvers.quadratic_assignment`.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from lib.attacks.solvers.assembly import Assembly
from lib.attacks.solvers.bit_planes import by_place, predicted
from lib.attacks.solvers.gaussian_model import conditional, mean_weight, window_covariance
from lib.attacks.solvers.quadratic_assignment import LEAST, SLOW, Assignment
from lib.symmetries import COLOUR_INVERSE, ORIENTATION_INVERSE, block_orders
from lib.tiling import assembled

RING = 2  # pixels around a block that it is compared with
ROUNDS = 6  # over all blocks
ODD = 1.25  # residual variance, in units of the median block's, from which on a block is doubted
FEWEST = 0.1  # the share of blocks that teach what pictures are like; with fewer trusted ones, all are asked
STARTS = 4  # of annealing, for a block that is doubted
FLOOR, RIDGE = 0.05, 0.01  # noise of each place, and of what surrounds them, as a share of the variance
Array = np.ndarray


class Mosaic:
    """Which block each place of the grid has, and which of its streams stands at each place in it, signed.

    values        (blocks, n, m) float, streams of n images from the middle of their range
    inner, signs  (blocks, places): streams and signs of each block, right but for a turn, sign and colour
                  order of all
    sure          (blocks,) bool: whose are likely right
    laid          where each block belongs, and in what state
    The answer is own (blocks,), order and sign (blocks, places), by place of the grid; and lead (blocks,), by
    how many nats the best exchange of two pixels or two streams of the block would be less likely.
    """

    def __init__(self, values: Array, inner: Array, signs: Array, sure: Array, laid: Assembly, block: int):
        self.values, self.inner, self.signs = values - values.mean(1, keepdims=True), inner, signs
        self.grid, self.block = laid.block.shape, block
        self.own, orientation, negative, colour = (part.ravel().copy() for part in laid[:4])
        undone = block_orders(block)[6 * ORIENTATION_INVERSE[orientation] + COLOUR_INVERSE[colour]]
        self.order = np.take_along_axis(inner[self.own], undone, 1)
        self.sign = np.take_along_axis(signs[self.own], undone, 1) * (1 - 2 * negative[:, None])
        self.trusted, self.lead = sure[self.own], np.zeros(len(self.own))

    def mend(self, rng: np.random.Generator) -> None:
        """Put each block in anew, doubted ones at any free place, until nothing changes, or doubts stay."""
        before = len(self.own)
        for number in range(ROUNDS):
            images = self._images()
            odd = by_place((predicted(images, images, 2) - images) ** 2, self.block)
            odd = odd.reshape(len(images), len(self.own), -1).mean((0, 2))
            self.trusted = (odd < ODD * np.median(odd)) & (self.trusted | (number > 0))
            if self.trusted.sum() < FEWEST * len(self.own):
                self.trusted[:] = True
            doubted = (~self.trusted).sum()
            if not self._round(images, rng, number == 0) or (number > 1 and doubted >= before > 0):
                break
            before = doubted

    def _images(self):
        """(n, h, w, 3) float32, each stream from its mean."""
        shown = np.take_along_axis(self.values[self.own], self.order[:, None], 2) * self.sign[:, None]
        shown = shown.transpose(1, 0, 2).reshape(-1, *self.grid, shown.shape[2])
        return assembled(shown.astype(np.float32), self.block)

    def _round(self, images, rng, first):
        """Every place once, those of trusted blocks first; whether anything changed."""
        before = self.own.copy(), self.order.copy(), self.sign.copy()
        known = np.kron(self.trusted.reshape(self.grid), np.ones((self.block, self.block))).astype(bool)
        around = Surroundings(images.astype(np.float64), known, self.block)
        free = set(self.own[~self.trusted])
        for place in np.flatnonzero(self.trusted):
            self._put(place, self.own[place], around, rng, int(first))
        doubted = set(np.flatnonzero(~self.trusted))
        while doubted:
            place = max(doubted, key=lambda place: (around.mask(self._corner(place)).sum(), -place))
            doubted.remove(place)
            guess, *_ = around.guess(self._corner(place))
            best = max(sorted(free), key=lambda b: _fit(guess, self.values[b][:, self.inner[b]]))
            free.remove(best)
            self._put(place, best, around, rng, STARTS)
        return any((old != new).any() for old, new in zip(before, (self.own, self.order, self.sign)))

    def _corner(self, place):
        return tuple(at * self.block for at in divmod(int(place), self.grid[1]))

    def _put(self, place, b, around, rng, starts):
        """Block b at a place, its streams in the likeliest order that is found, given what surrounds them."""
        guess, inverse, scale = around.guess(self._corner(place))
        stays = b == self.own[place]
        streams, sign = (self.order[place], self.sign[place]) if stays else (self.inner[b], self.signs[b])
        x = self.values[b][:, streams] * sign
        moment, towards, unit = x.T @ x / len(x) / scale, guess.T @ x / len(x) / scale, mean_weight(inverse)
        straight, best = np.arange(len(streams)), (np.inf,)
        for turned in (1, -1):
            problem = Assignment(inverse[None] / unit, moment[None], -turned * (inverse @ towards) / unit)
            begin = [straight] if stays and turned == 1 else []
            orders = [*begin, linear_sum_assignment(-turned * towards)[1]]
            orders = [problem.descended(order) for order in orders]
            orders += [problem.annealed(straight, rng, SLOW) for _ in range(starts)]
            for order in map(problem.pixels_exchanged, orders):
                if problem.energy(order) < best[0] - LEAST:
                    best = problem.energy(order), order, turned, problem
        _, order, turned, problem = best
        self.own[place], self.order[place], self.sign[place] = b, streams[order], sign[order] * turned
        self.lead[place] = problem.lead(order).min() * unit * scale * len(x)
        around.paint(self._corner(place), x[:, order] * turned)


def _fit(guess, x):
    """How well streams (n, m) may be matched to guesses (n, m), in any order and with any signs."""
    guess, x = (part / np.sqrt((part**2).sum(0) + 1e-9) for part in (guess, x))
    match = np.abs(guess.T @ x)
    return match[linear_sum_assignment(-match)].sum()


class Surroundings:
    """What a block should show given the pixels around it, with one covariance for all places, learned from
    pixels that are known. images (n, h, w, 3) float64, known (h, w) bool."""

    def __init__(self, images: np.ndarray, known: np.ndarray, block: int):
        self.block, self.side = block, block + 2 * RING
        self.images = np.pad(images * known[:, :, None], ((0, 0), (RING, RING), (RING, RING), (0, 0)))
        self.known, self.solved = np.pad(known, RING), {}
        self.inner = np.pad(np.ones((block, block, 3), bool), ((RING, RING), (RING, RING), (0, 0))).ravel()
        self.covariance = window_covariance(images, known, self.side)
        self.scale = self.covariance.trace() / len(self.covariance)

    def mask(self, corner: tuple):
        """(side * side * 3,) bool: which pixels around the block at this corner are known."""
        y, x = corner
        return np.repeat(self.known[y : y + self.side, x : x + self.side].ravel(), 3) & ~self.inner

    def guess(self, corner: tuple):
        """What the block there should show, (n, places), the inverse covariance, and the mean variance."""
        mask, (y, x) = self.mask(corner), corner
        if mask.tobytes() not in self.solved:
            self.solved[mask.tobytes()] = conditional(self.covariance, mask, self.inner, RIDGE, FLOOR)
        factors, inverse = self.solved[mask.tobytes()]
        window = self.images[:, y : y + self.side, x : x + self.side].reshape(len(self.images), -1)
        return window[:, mask] @ factors, inverse, self.scale

    def paint(self, corner: tuple, x: np.ndarray):
        """From now on the block at this corner is known to show x (n, places)."""
        box = tuple(slice(at + RING, at + RING + self.block) for at in corner)
        self.images[:, *box] = x.reshape(len(x), self.block, self.block, 3)
        self.known[box] = True
