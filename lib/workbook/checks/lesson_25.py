"""Checks of lesson 25: the attack on one photograph under Tanaka's scheme, piece by piece and as a whole."""

from itertools import permutations

import numpy as np

from lib import Key, datasets, metrics
from lib.schemes import Tanaka
from lib.table import split
from lib.tiling import cut
from lib.workbook.checks import array, called, exercise, number

PHOTOS, SIDE, BLOCK = ("coffee", "rocket", "hopper", "china"), 64, 4
UPPER = 3 * BLOCK**2  # upper nibbles of a block, and as many lower ones
FITS = 0.4  # of a regression's guess: 0.46 to 0.53; the mean of four neighbours reaches 0.28 to 0.34
MOVES = "colours", "complement"
READ = (("coffee", 48), ("china", 64))  # photographs that the whole attack is tried on, and their sides


def _nibbles(image):
    """(blocks, 96): the nibbles of each block, an upper one first, then the lower one of the same byte."""
    return split(cut(image[None], BLOCK).reshape(-1, UPPER), 4)


@exercise
def upper(answer):
    """`answer(correlation)`: the 48 positions of upper nibbles, of a block's (96, 96) nibble correlations."""
    for seed, name in enumerate(PHOTOS):
        photo, scheme = datasets.photo(name, SIDE), Tanaka(Key.from_seed(seed))
        correlation = np.corrcoef(_nibbles(scheme.encrypt(photo)).T.astype(float))
        got = array(answer(correlation), (UPPER,), None)
        different = len(set(got.tolist())) == 48 and got.min() >= 0 and got.max() < 96
        assert different, "expected 48 different whole numbers from 0 to 95"
        right = np.isin(got, np.flatnonzero(scheme.table((BLOCK, BLOCK, 3)).index % 2 == 0)).sum()
        assert right == 48, f"{name}: {right} of the 48 hold an upper nibble; 24 are expected by chance"


@exercise
def signs(answer):
    """`answer(correlation)`: 1 or -1 for each stream, so that the strongest correlations become positive."""
    for seed in range(3):  # a chain: only neighbours in it are strongly related
        values, rng = _chain(seed), np.random.default_rng(seed)
        _signs_of(answer, values, rng, np.zeros(len(values[0]), int), "streams that form a chain")
    for seed, name in enumerate(PHOTOS):
        values = _nibbles(datasets.photo(name, SIDE))[:, ::2].astype(float)
        _signs_of(answer, values, np.random.default_rng(seed), np.arange(UPPER) % 3, name)


def _chain(seed, count=24, samples=400):
    """(samples, count) float: each column resembles the one before it, and hardly any other."""
    rng = np.random.default_rng(seed)
    columns = [rng.normal(size=samples)]
    for _ in range(count - 1):
        columns.append(0.8 * columns[-1] + 0.6 * rng.normal(size=samples))
    return np.stack(columns, axis=1)


def _signs_of(answer, values, rng, colours, name):
    """The signs undo random ones, but for one sign a colour, which a later step of the attack settles."""
    count = values.shape[1]
    order, hidden = rng.permutation(count), rng.choice([-1, 1], count)
    correlation = np.corrcoef((values[:, order] * hidden).T)
    got = array(called(answer, correlation), (count,), None)
    assert set(np.unique(got)) <= {-1, 1}, "each sign is 1 or -1"
    left = got * hidden
    right = sum(abs(left[colours[order] == colour].sum()) for colour in set(colours.tolist()))
    told = f"{name}: {int(count + right) // 2} of {count} signs agree"
    assert right == count, f"{told}; weak correlations have a sign by chance, so trust the strongest alone"


@exercise
def change(answer):
    """`answer(wanted, found, order, p, q)`: by how much the energy grows when places p and q exchange."""
    rng = np.random.default_rng(25)
    for m in (4, 7, 12):
        wanted, found = _stack(rng, m), _stack(rng, m)
        order, (p, q) = rng.permutation(m), rng.choice(m, 2, replace=False)
        swapped = order.copy()
        swapped[[p, q]] = swapped[[q, p]]
        right = _energy(wanted, found, swapped) - _energy(wanted, found, order)
        seen = _only(wanted, (p, q)), _only(found, order[[p, q]])
        kept = order.copy()
        got = number(answer(*seen, order, int(p), int(q)))
        assert (order == kept).all(), "your function changed `order`; make a copy first"
        looks = "your function looks at pairs in which neither p nor q stands; they are NaN in this check"
        assert not np.isnan(got), looks
        assert not np.isclose(got, -right), "the sign is wrong: it is the new energy minus the old one"
        assert not np.isclose(got, right / 2), "half of it: p and q stand in rows, and in columns too"
        once = "is each pair counted once, also the pair p and q itself?"
        told = f"{got:.3f} is not the difference of the two energies: {once}"
        assert np.isclose(got, right), told


def _stack(rng, m):
    """(5, m, m): one symmetric matrix, and two with their transposes."""
    own, right, down = rng.normal(size=(3, m, m))
    return np.stack([own + own.T, right, right.T, down, down.T])


def _energy(wanted, found, order):
    return -(wanted * found[:, order[:, None], order]).sum()


def _only(stack, kept):
    """The stack, NaN in all entries whose row and column are both not kept."""
    hidden = np.ones(stack.shape[1:], bool)
    hidden[list(kept)] = hidden[:, list(kept)] = False
    return np.where(hidden, np.nan, stack)


@exercise
def same(answer):
    """`answer(order, other)`: whether two orders give one picture, but for the order of its colours."""
    rng = np.random.default_rng(25)
    for _ in range(4):
        order = rng.permutation(UPPER)
        pixels = order.reshape(-1, 3)
        for colours in permutations(range(3)):
            told = (
                "the same streams in each pixel, and all pixels with the colours in one other order: the same"
            )
            assert _says(answer, order, pixels[:, colours].ravel()), told
        mixed = pixels.copy()
        mixed[rng.integers(len(mixed))] = mixed[0][[1, 2, 0]]
        half = np.where((np.arange(len(pixels)) < 8)[:, None], pixels, pixels[:, [1, 0, 2]])
        told = "one pixel has its colours in another order than the others: not the same picture"
        assert not _says(answer, order, half.ravel()), told
        moved = pixels[rng.permutation(len(pixels))].ravel()
        assert not _says(answer, order, moved), "the pixels stand elsewhere: not the same picture"


def _says(answer, order, other):
    got = called(answer, order, other)
    assert isinstance(got, bool | np.bool_), f"expected True or False, got {got!r:.40}"
    return bool(got)


@exercise
def guess(answer):
    """`answer(coarse)`: each value of a picture of upper nibbles, guessed from the values around it."""
    for name in ("coffee", "hopper", "china"):
        photo = datasets.photo(name, SIDE)
        coarse = photo // 16 * 16 + 7.5
        got = array(called(answer, coarse), photo.shape, None).astype(float)
        assert not np.isnan(got).any(), (
            "some guesses are no numbers (NaN); what is around a pixel at the edge?"
        )
        assert not np.allclose(got, coarse, atol=1e-3), (
            "that is the picture itself: no value may guess itself"
        )
        rest = (got - coarse).clip(-8, 8)
        fits = [np.corrcoef(rest[..., c].ravel(), (photo - coarse)[..., c].ravel())[0, 1] for c in range(3)]
        told = f"{name}: what your guess says of lower nibbles correlates with them by {np.mean(fits):.2f}"
        assert np.mean(fits) > FITS, f"{told}; a regression on all values around reaches more"


@exercise
def by_chance(answer):
    """`answer(side, block)`: the standard deviation of the correlation of two streams of pure noise."""
    for side, block in ((32, 4), (64, 4), (64, 8), (96, 2)):
        got, blocks = number(called(answer, side, block)), (side // block) ** 2
        pixels = "a stream has one value a block, not one a pixel"
        assert not np.isclose(got, 1 / side), pixels
        assert not np.isclose(got, 1 / blocks), "that is the variance; its square root is asked for"
        told = f"side {side}, block {block}: a stream has {blocks} values, and {got:.4g} is not right"
        assert np.isclose(got, 1 / np.sqrt(blocks), rtol=0.02), told


@exercise
def read(answer):
    """`answer(cipher)`: the plain photograph, of one ciphertext (h, w, 3), but for colours and negative."""
    for seed, (name, side) in enumerate(READ):
        photo = datasets.photo(name, side)
        cipher = Tanaka(Key.from_seed(70 + seed)).encrypt(photo)
        got = array(called(answer, cipher), photo.shape)
        best = metrics.nearest(got[None], photo[None], MOVES)[0]
        high = (best // 16 == photo // 16).mean()
        told = f"{name}, {side}x{side}: {high:.0%} of the upper nibbles are right"
        assert high > 0.9, f"{told}; did a start get stuck, or is one colour negative to the others?"
        low = (best % 16 == photo % 16).mean()
        assert low > 0.9, f"{name}: upper nibbles are right, of the lower ones {low:.0%}; 6% are by chance"
