"""Checks of lesson 27: a byte from its nibbles, a table read off weights, and what no key of Tanaka's scheme
changes."""

import numpy as np

from lib import Key, datasets
from lib.schemes import Tanaka
from lib.workbook.checks import exercise


@exercise
def byte_from(answer):
    """`answer(high, low)`: the byte, from -1 to 1, of an upper and a lower nibble from -1 to 1; arrays."""
    value = np.arange(256)
    high, low = ((2 * nibble - 15) / 15 for nibble in (value >> 4, value & 15))
    got, expected = np.asarray(answer(high.copy(), low.copy()), float), (2 * value - 255) / 255
    assert got.shape == (256,), f"expected a number for each of 256 pairs of nibbles, got shape {got.shape}"
    ends = f"byte 0 gives {got[0]:.3f} and byte 255 gives {got[255]:.3f}"
    assert np.isclose(got[0], -1) and np.isclose(got[255], 1), (
        f"{ends}, not -1 and 1: do the two weights sum to 1?"
    )
    wrong = int(np.abs(got - expected).argmax())
    assert np.allclose(got, expected, atol=1e-6), (
        f"byte {wrong} should give {expected[wrong]:.4f}, you say {got[wrong]:.4f}: how many steps of the lower nibble "
        "are one of the upper?"
    )


@exercise
def read_table(answer):
    """`answer(weights)`: for each column of weights (atoms, places) the atom that it reads, and whether that
    was reversed."""
    rng = np.random.default_rng(27)
    for atoms, places in ((8, 8), (96, 48)):
        for noise in (0, 0.05):
            index, flipped = rng.permutation(atoms)[:places], rng.random(places) < 0.5
            weights = noise * rng.normal(size=(atoms, places))
            weights[index, np.arange(places)] += np.where(flipped, -0.94, 0.94)
            got = answer(weights.copy())
            assert isinstance(got, tuple) and len(got) == 2, (
                "expected two things, the atoms and whether each was reversed"
            )
            theirs, reversed_ = (np.asarray(part) for part in got)
            assert theirs.shape == reversed_.shape == (places,), (
                f"{atoms} atoms and {places} places: expected {places} of each, got {theirs.shape} and {reversed_.shape}"
            )
            right = theirs == index
            assert right[~flipped].all(), (
                "an atom that was not reversed is not found; look for the weight furthest from 0"
            )
            assert right.all(), "an atom that was reversed is not found: its weight is far below 0"
            assert (reversed_.astype(bool) == flipped).all(), (
                "which atoms were reversed is not right: look at the sign"
            )


def by_columns(weights):
    """Atoms and whether each was reversed, of weights (atoms, places), slow and obvious; for the rest of the
    lesson."""
    found = []
    for column in weights.T:
        atom = max(range(len(column)), key=lambda k: abs(column[k]))
        found.append((atom, column[atom] < 0))
    atoms, reversed_ = zip(*found)
    return np.array(atoms), np.array(reversed_)


@exercise
def keyless(answer):
    """`answer(block)`: numbers that no key of Tanaka's scheme changes and that tell other blocks apart; (4,
    4, 3) uint8."""
    blocks = [datasets.photo("coffee", 64)[4 * i : 4 * i + 4, 8 * i : 8 * i + 4] for i in range(6)]
    seen = []
    for block in blocks:
        first = np.asarray(answer(block.copy()), float)
        for seed in range(5):
            other = np.asarray(answer(Tanaka(Key.from_seed(seed)).encrypt(block)), float)
            assert first.shape == other.shape and np.allclose(first, other), (
                "the same block under another key gives other numbers: which of order, bytes and reversal did you keep?"
            )
        seen.append(first)
    for a, b in _UNLIKE:
        same = np.array_equal(np.asarray(answer(a.copy()), float), np.asarray(answer(b.copy()), float))
        assert not same, (
            "two blocks that no key turns into each other give the same numbers: more than this is left"
        )
    assert len({values.tobytes() for values in seen}) == len(seen), (
        "blocks of a photograph cannot be told apart"
    )


def _block(nibbles):
    """A block of these 96 nibbles."""
    pairs = np.asarray(nibbles, np.uint8).reshape(48, 2)
    return (pairs[:, 0] << 4 | pairs[:, 1]).reshape(4, 4, 3)


_UNLIKE = [
    (_block([0] * 96), _block([7] * 96)),
    (_block([1, 3] * 48), _block([2, 2] * 48)),  # one sum of distances
    (_block([0] * 90 + [5] * 6), _block([0] * 6 + [5] * 90)),  # the same values, more or less often
    # one mean, least and largest... but other values
    (_block([0] * 48 + [1, 6] * 24), _block([0] * 48 + [2, 5] * 24)),
]
