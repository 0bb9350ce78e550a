"""Checks of lesson 27: what two facing borders differ by, how sure a pair is, which pairs of a layout are
right, and a solver."""

import contextlib
from collections.abc import Callable

import numpy as np
from scipy.special import log_softmax

from lib import datasets, figures
from lib.tiling import assembled, cut
from lib.workbook.checks import array, called, exercise, number

PUZZLES, SIDE, BLOCK = ("astronaut", "chelsea", "motorcycle", "retina"), 128, 16
ACROSS = SIDE // BLOCK
ENOUGH = 0.75  # of right pairs on average; the least mismatch, row by row from every start, reaches 0.58


@exercise
def mismatch(answer):
    """`answer(left, right)`: mean |difference| of two (b, b, 3) uint8 blocks where one meets the other."""
    rng = np.random.default_rng(26)
    for size in (2, 4, 7):
        for _ in range(5):
            left, right = rng.integers(0, 256, (2, size, size, 3), np.uint8)
            got = number(called(answer, left, right))
            expected = np.abs(left[:, -1].astype(int) - right[:, 0]).mean()
            wrapped = (left[:, -1] - right[:, 0]).mean()
            around = np.isclose(got, wrapped) and not np.isclose(wrapped, expected)
            assert not around, "uint8 wraps around: 3 - 5 is 254; widen the type before you subtract"
            told = f"blocks of {size}x{size}: you say {got:.2f}"
            assert np.isclose(got, expected), f"{told}, not {expected:.2f}"


@exercise
def right_pairs(answer):
    """`answer(layout)`: the share of pairs that are neighbours in the picture too; (rows, columns) ints."""
    rng = np.random.default_rng(27)
    for rows, columns in ((2, 2), (3, 5), (4, 3)):
        whole = np.arange(rows * columns).reshape(rows, columns)
        some = whole.copy()
        some[0] = np.roll(some[0], 1)
        for told, layout in (
            ("the picture itself", whole),
            ("one row moved by a block", some),
            ("all rows moved by one, the last on top", np.roll(whole, 1, axis=0)),
            ("at random", rng.permutation(whole.ravel()).reshape(rows, columns)),
        ):
            got, expected = number(answer(layout.copy())), share_of_pairs(layout)
            case = f"{rows}x{columns}, {told}"
            assert np.isclose(got, expected), f"{case}: you say {got:.3f}, not {expected:.3f}"


@exercise
def energies(answer):
    """`answer(costs, scale)`: minus the log of both probabilities of each pair; (n, n) floats, the diagonal
    of the costs infinite."""
    rng = np.random.default_rng(28)
    for count, scale in ((2, 1.0), (5, 3.0), (9, 10.0)):
        costs = rng.uniform(0, 6 * scale, (count, count))
        np.fill_diagonal(costs, np.inf)
        with np.errstate(divide="ignore"):
            got = array(called(answer, costs, scale), (count, count), None)
        pairs = ~np.eye(count, dtype=bool)
        after, before = (-log_softmax(-costs / scale, axis)[pairs] for axis in (1, 0))
        found = got[pairs]
        for told, other in (
            (
                "that asks from a alone; ask from b as well: its left neighbours are the rows of a column",
                after,
            ),
            (
                "that asks from b alone; ask from a as well: its right neighbours are the columns of a row",
                before,
            ),
            ("that is the product of both probabilities; take minus its logarithm", np.exp(-after - before)),
        ):
            assert np.allclose(after + before, other) or not np.allclose(found, other), told
        told = f"{count} blocks, scale {scale:g}: the first pair has {found[0]:.3f}"
        assert np.allclose(found, after + before), f"{told}, not {(after + before)[0] + 0:.3f}"


@exercise
def put_together(answer):
    """`answer(pieces, rows, columns)`: a layout of (n, b, b, 3) uint8 blocks, (rows, columns) of their
    numbers."""
    scores = [share_of_pairs(order[_laid(answer, pieces)]) for pieces, order in map(_puzzle, PUZZLES)]
    found = ", ".join(f"{name} {score:.2f}" for name, score in zip(PUZZLES, scores))
    assert np.mean(scores) >= ENOUGH, f"right pairs: {found}; {np.mean(scores):.2f} on average"


def draw_puzzle(answer: Callable) -> None:
    """Draw the first puzzle of `put_together`, its photograph, and what the answer makes of it."""
    pieces, order = _puzzle(PUZZLES[0])
    shown = {"shuffled": np.arange(len(order)), "the photograph": order.argsort()}
    with contextlib.suppress(NotImplementedError):
        shown["yours"] = _laid(answer, pieces).ravel()
    figures.pictures(
        {told: _joined(pieces[numbers]) for told, numbers in shown.items()}, size=1.4,
        title="One of the puzzles",
        alt="A photograph in 64 shuffled blocks; the photograph; a layout if there is one.",
    )  # fmt: skip


def _puzzle(name):
    """A photograph's blocks in random order, (n, b, b, 3) uint8, and that order."""
    order = np.random.default_rng(PUZZLES.index(name)).permutation(ACROSS**2)
    return cut(datasets.photo(name, SIDE)[None], BLOCK).reshape(len(order), BLOCK, BLOCK, 3)[order], order


def _laid(answer, pieces):
    got = array(called(answer, pieces, ACROSS, ACROSS), (ACROSS, ACROSS), None)
    once = sorted(got.ravel().tolist()) == list(range(len(pieces)))
    assert once, "every block has to be laid once: its number stands in the layout once"
    return got


def _joined(blocks):
    return assembled(blocks.reshape(1, ACROSS, ACROSS, -1), BLOCK)[0]


def share_of_pairs(layout: np.ndarray) -> float:
    """Of a layout (rows, columns) of block numbers: the share of pairs that are right."""
    places = np.stack(np.divmod(layout, layout.shape[1]))
    steps = (np.diff(places, axis=2), [0, 1]), (np.diff(places, axis=1), [1, 0])
    right = [(step == np.reshape(wanted, (2, 1, 1))).all(0).ravel() for step, wanted in steps]
    return float(np.concatenate(right).mean())
