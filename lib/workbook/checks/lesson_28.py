"""Checks of lesson 28: a byte from its nibbles, a table read off weights, what no key of Tanaka's changes."""

import numpy as np

from lib import Key, datasets
from lib.schemes import Tanaka
from lib.workbook.checks import array, exercise, pair


@exercise
def byte_from(answer):
    """`answer(high, low)`: the byte, from -1 to 1, of an upper and a lower nibble from -1 to 1; arrays."""
    value = np.arange(256)
    high, low = ((2 * nibble - 15) / 15 for nibble in (value >> 4, value & 15))
    got, expected = array(answer(high.copy(), low.copy()), (256,), None), (2 * value - 255) / 255
    ends = np.isclose(got[0], -1) and np.isclose(got[255], 1)
    told = f"byte 0 gives {got[0]:.3f} and byte 255 gives {got[255]:.3f}"
    assert ends, f"{told}, not -1 and 1: do the two weights sum to 1?"
    wrong, asked = int(np.abs(got - expected).argmax()), "how many steps of the lower are one of the upper?"
    told = f"byte {wrong} should give {expected[wrong]:.4f}, you say {got[wrong]:.4f}"
    assert np.allclose(got, expected, atol=1e-6), f"{told}: {asked}"


@exercise
def read_table(answer):
    """`answer(weights)`: the atom that each column of (atoms, places) reads, and whether it was reversed."""
    rng = np.random.default_rng(27)
    for atoms, places in ((8, 8), (96, 48)):
        for noise in (0, 0.05):
            index, flipped = rng.permutation(atoms)[:places], rng.random(places) < 0.5
            weights = noise * rng.normal(size=(atoms, places))
            weights[index, np.arange(places)] += np.where(flipped, -0.94, 0.94)
            got = pair(answer(weights.copy()), "the atoms and whether each was reversed")
            theirs, reversed_ = (array(part, (places,), None) for part in got)
            right, look = theirs == index, "look for the weight furthest from 0"
            assert right[~flipped].all(), f"an atom that was not reversed is not found; {look}"
            assert right.all(), "an atom that was reversed is not found: its weight is far below 0"
            signs = (reversed_.astype(bool) == flipped).all()
            assert signs, "which atoms were reversed is not right: look at the sign"


def by_columns(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Atoms and whether each was reversed, of (atoms, places), slow and obvious; for the lesson's rest."""
    atoms = [max(range(len(column)), key=lambda k: abs(column[k])) for column in weights.T]
    return np.array(atoms), np.array([column[atom] < 0 for column, atom in zip(weights.T, atoms)])


@exercise
def keyless(answer):
    """`answer(block)`: numbers that no key of Tanaka's changes and that tell others apart; 4x4 uint8."""
    seen, photo = [], datasets.photo("coffee", 64)
    for block in (photo[4 * i : 4 * i + 4, 8 * i : 8 * i + 4] for i in range(6)):
        first = _numbers(answer, block)
        for seed in range(5):
            other = _numbers(answer, Tanaka(Key.from_seed(seed)).encrypt(block))
            same = first.shape == other.shape and np.allclose(first, other)
            asked = "which of order, bytes and reversal did you keep?"
            assert same, f"the same block under another key gives other numbers: {asked}"
        seen.append(first.tobytes())
    for pair_of_blocks in _UNLIKE:
        same = np.array_equal(*(_numbers(answer, block) for block in pair_of_blocks))
        left = "more than this is left"
        assert not same, f"two blocks that no key turns into each other give the same numbers: {left}"
    assert len(set(seen)) == len(seen), "blocks of a photograph cannot be told apart"


def _numbers(answer, block):
    return np.asarray(answer(block.copy()), float)


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
