"""Blocks with a key of their own each, put into one picture: placed by their edges, then checked by what
surrounds them.

What surrounds a block, two pixels wide, says what it should show, by a Gaussian model of pictures that is
learned from the pictures themselves, as far as they are trusted. How its streams are best arranged, given
that, is a quadratic assignment with a pull on each stream, see `lib.attacks.solvers.assignment`.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from lib.attacks.solvers.assembly import assemble
from lib.attacks.solvers.assignment import anneal, exchange_pixels, lead
from lib.attacks.solvers.bit_planes import by_place, predicted
from lib.symmetries import COLOUR_INVERSE, COLOURS, ORIENTATION_INVERSE, oriented
from lib.tiling import assembled

RING = 2  # pixels around a block that it is compared with
ROUNDS = 6  # over all blocks
ODD = 1.25  # residual variance, in units of the median block's, from which on a block is doubted
FEWEST = 0.1  # the share of blocks that teach what pictures are like; with fewer trusted ones, all are asked
STARTS = 3  # of annealing, for a block that is doubted
FLOOR, RIDGE = 0.05, 0.01  # noise of each place, and of what surrounds them, as a share of the variance
ENOUGH = 1 << 16  # windows that the model is learned from


class Mosaic:
    """Which block each place of the grid has, and which of its streams stands at each place in it, with which
    sign.

    values        (blocks, n, m) float32, streams of n images from the middle of their range, so that a sign
                  reverses them
    inner, signs  (blocks, places): streams and signs of each block, right but for a turn, sign and colour
                  order of all
    sure          (blocks,) bool: whose are likely right
    The answer is own (blocks,), order and sign (blocks, places), by place of the grid; and lead (blocks,), by
    how many nats the best exchange of two pixels or two streams of the block would be less likely.
    """

    def __init__(self, values, inner, signs, sure, rows, columns, block):
        self.values, self.inner, self.signs = values - values.mean(1, keepdims=True), inner, signs
        self.grid, self.block = (rows, columns), block
        n, shape = values.shape[1], (block, block, 3)
        shown = np.take_along_axis(values, inner[:, None], 2) * signs[:, None]
        shown = ((shown / np.abs(values).max() + 1) * 127.5).round().astype(np.uint8)
        laid = assemble(shown.transpose(1, 0, 2).reshape(n, -1, *shape), rows, columns)
        self.own = laid.block.ravel().copy()
        self.order, self.sign, self.trusted = inner[self.own], signs[self.own], sure[self.own]
        self.lead = np.zeros(len(self.own))
        number = np.arange(inner.shape[1]).reshape(1, *shape)
        for place, (turn, negative, colour) in enumerate(zip(*(part.ravel() for part in laid[1:4]))):
            index = oriented(number, ORIENTATION_INVERSE[turn])[0][
                ..., COLOURS[COLOUR_INVERSE[colour]]
            ].ravel()
            self.order[place], self.sign[place] = (
                self.order[place][index],
                self.sign[place][index] * (1 - 2 * negative),
            )

    def mend(self, rng):
        """Put each block in anew, the doubted ones at any free place, until nothing changes, or no fewer are
        doubted."""
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

    def _round(self, images, rng, first):
        """Every place once, those of trusted blocks first; whether anything changed."""
        before = self.own.copy(), self.order.copy(), self.sign.copy()
        known = np.kron(self.trusted.reshape(self.grid), np.ones((self.block, self.block))).astype(bool)
        model = _Model(images, known, self.block)
        free = set(self.own[~self.trusted])
        for place in np.flatnonzero(self.trusted):
            self._put(place, [self.own[place]], model, rng, int(first))
        doubted = set(np.flatnonzero(~self.trusted))
        while doubted:
            place = max(doubted, key=lambda place: (model.mask(self._corner(place)).sum(), -place))
            doubted.remove(place)
            self._put(place, sorted(free), model, rng, STARTS)
            free.remove(self.own[place])
        return any((old != new).any() for old, new in zip(before, (self.own, self.order, self.sign)))

    def _put(self, place, candidates, model, rng, starts):
        """At a place the block that goes best with what surrounds it, its streams arranged anew."""
        guess, unit, weight, linear, own = model.around(self._corner(place))
        if len(candidates) > 1:
            fits = [_fit(guess, self.values[b][:, self.inner[b]]) for b in candidates]
            candidates = [candidates[int(np.argmax(fits))]]
        (b,) = candidates
        if b == self.own[place]:
            streams, sign, begin = self.order[place], self.sign[place], [np.arange(len(own))]
        else:
            streams, sign, begin = self.inner[b], self.signs[b], []
        x = self.values[b][:, streams] * sign.astype(np.float32)
        moment, towards, best = x.T @ x / len(x), guess.T @ x / len(x), (np.inf,)
        for turned in (1, -1):
            pull = own[:, None] * moment.diagonal() / 2 - turned * (linear @ towards)
            orders = begin * (turned == 1) + [linear_sum_assignment(-turned * towards)[1]]
            orders = [anneal(weight, moment, pull, order) for order in orders]
            orders += [anneal(weight, moment, pull, rng.permutation(len(own)), rng) for _ in range(starts)]
            for order in orders:
                order, reached = exchange_pixels(weight, moment, pull, order)
                if reached < best[0] - 1e-5:
                    best = reached, order, turned, pull
        self.own[place], self.order[place], self.sign[place] = b, streams[best[1]], sign[best[1]] * best[2]
        self.lead[place] = lead(weight, moment, best[3], best[1]).min() * unit * len(x)
        model.paint(self._corner(place), x[:, best[1]] * best[2])

    def _corner(self, place):
        return tuple(at * self.block for at in divmod(int(place), self.grid[1]))

    def _images(self):
        """(n, h, w, 3) float32, each stream from its mean."""
        shown = np.take_along_axis(self.values[self.own], self.order[:, None], 2) * self.sign[:, None]
        return assembled(
            shown.transpose(1, 0, 2).reshape(-1, *self.grid, shown.shape[2]).astype(np.float32), self.block
        )


def _fit(guess, x):
    """How well streams (n, m) may be matched to guesses (n, m), in any order and with any signs."""
    scaled = [part / np.sqrt((part**2).sum(0) + 1e-9) for part in (guess, x)]
    match = np.abs(scaled[0].T @ scaled[1])
    return match[linear_sum_assignment(-match)].sum()


class _Model:
    """A block given its surroundings: Gaussian, with one covariance for all places, from pixels that are
    known (h, w)."""

    def __init__(self, images, known, block):
        self.block, self.side = block, block + 2 * RING
        self.images = np.pad(images * known[:, :, None], ((0, 0), (RING, RING), (RING, RING), (0, 0)))
        self.known, self.solved = np.pad(known, RING), {}
        inner = np.zeros((self.side, self.side), bool)
        inner[RING:-RING, RING:-RING] = True
        self.inner = np.repeat(inner.ravel(), 3)
        self.covariance = window_covariance(images, known, self.side)

    def mask(self, corner):
        """(side, side, 3) flat bool: which pixels around the block at this corner are known."""
        y, x = corner
        return np.repeat(self.known[y : y + self.side, x : x + self.side].ravel(), 3) & ~self.inner

    def around(self, corner):
        """What a block should show, (n, places), and the weights of pairs, of that guess, and of each place
        by itself."""
        mask, (y, x) = self.mask(corner), corner
        if mask.tobytes() not in self.solved:
            self.solved[mask.tobytes()] = self._solve(mask)
        factors, *weights = self.solved[mask.tobytes()]
        window = self.images[:, y : y + self.side, x : x + self.side].reshape(len(self.images), -1)
        return window[:, mask] @ factors, *weights

    def _solve(self, mask):
        c, inner, scale = self.covariance, self.inner, self.covariance.trace() / len(self.covariance)
        across = c[np.ix_(mask, inner)]
        factors = np.linalg.solve(c[np.ix_(mask, mask)] + RIDGE * scale * np.eye(mask.sum()), across)
        rest = c[np.ix_(inner, inner)] - across.T @ factors + FLOOR * scale * np.eye(inner.sum())
        inverse = np.linalg.inv(rest)
        pairs = inverse - np.diag(inverse.diagonal())
        unit = len(pairs) * np.abs(pairs).mean() * scale
        return (
            factors.astype(np.float32),
            unit,
            *(part.astype(np.float32) / unit for part in (pairs, inverse, inverse.diagonal())),
        )

    def paint(self, corner, x):
        """From now on the block at this corner is known to show x (n, places)."""
        y, x0 = (at + RING for at in corner)
        box = slice(y, y + self.block), slice(x0, x0 + self.block)
        self.images[:, *box] = x.reshape(len(x), self.block, self.block, 3)
        self.known[box] = True


def window_covariance(images: np.ndarray, known: np.ndarray, side: int) -> np.ndarray:
    """(3 side**2, 3 side**2): of all windows of images (n, h, w, 3), each pair of pixels where both are known
    (h, w)."""
    _, h, w, _ = images.shape
    keep = max(1, ENOUGH // ((h - side + 1) * (w - side + 1)))
    images = images[:keep] * known[:, :, None]
    total, count = np.zeros((2, 3 * side**2, 3 * side**2))
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    masks = np.lib.stride_tricks.sliding_window_view(known, (side, side))
    for y in range(h - side + 1):
        x = windows[:, y].transpose(0, 1, 3, 4, 2).reshape(-1, 3 * side**2)
        m = np.repeat(masks[y].reshape(-1, side**2), 3, axis=1).astype(np.float32)
        total += x.T @ x
        count += m.T @ m
    # of pairs seen unequally often
    strengths, axes = np.linalg.eigh(total / np.maximum(count * len(images), 1))
    return axes * np.maximum(strengths, 1e-4 * strengths[-1]) @ axes.T
