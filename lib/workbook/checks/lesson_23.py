"""Checks of lesson 23: histories up to complement, places that noise leaves open, a scheme with more masks, a
picture's roughness, a small seed found or missed."""

import numpy as np

from lib import Key, datasets
from lib.schemes import SKK, OneTimePad
from lib.table import join, split
from lib.tiling import assembled, cut
from lib.workbook.checks import GIVEN, array, called, compared, exercise, number


@exercise
def canonical(answer):
    """`answer(history, top)`: a tuple, the same for a list of 0 to top and for its complement only."""
    for history, top in GIVEN["canonical"]["cases"]:
        turned = [top - value for value in history]
        got, other = called(answer, history, top), answer(list(turned), top)
        assert isinstance(got, tuple), f"expected a tuple, got {type(got).__name__}"
        assert got == other, f"{history} and its complement {turned} give {got} and {other}"
    for first, second, top in GIVEN["canonical"]["different"]:
        told = f"{first} and {second} (top {top}) are not each other's complement"
        assert answer(list(first), top) != answer(list(second), top), f"{told}, but they give the same"


@exercise
def expected_open(answer):
    """`answer(places, levels, blocks)`: how many places share a history, up to complement, in noise."""
    for places, levels, blocks in GIVEN["expected_open"]["cases"]:
        got = number(answer(places, levels, blocks))
        case = f"{places} places of {levels} levels, {blocks} blocks"
        assert 0 <= got <= places, f"{case}: {got:,.2f} is no number of places out of {places}"
        expected = open_in_noise(places, levels, blocks)
        near = abs(got - expected) < 0.002 * max(1.0, expected)
        assert near, f"{case}: {got:,.2f}; {GIVEN['expected_open']['hint']}"


def open_in_noise(places: int, levels: int, blocks: int) -> float:
    """How many places share a history, up to complement, with another in noise: a right `expected_open`."""
    return places * (1 - (1 - 2 / levels**blocks) ** (places - 1))


@exercise
def read_any_mask(answer):
    """`answer(plain, cipher, secret)`: the picture behind `secret`; nibbles moved and masked."""
    for seed, (known, name, side) in enumerate((("coffee", "hopper", 64), ("rocket", "chelsea", 48))):
        rng = np.random.default_rng(seed)
        index, mask = rng.permutation(96), rng.integers(0, 16, 96, np.uint8)
        plain, hidden = datasets.photo(known, 64), datasets.photo(name, side)[: side - 16]
        cipher, secret = (_masked(image, index, mask) for image in (plain, hidden))
        got = array(called(answer, plain, cipher, secret), hidden.shape)
        if seed == 0:
            alt = "A portrait; its ciphertext, which is noise; and what the answer made of the ciphertext."
            compared(alt, target=hidden, ciphertext=secret, yours=got)
        theirs, true = _nibbles(got), _nibbles(hidden)
        right = (theirs == true).all(0).sum()
        off = (theirs ^ true == (theirs ^ true)[0]).all(0).sum()
        where = f"known {known}, secret {name}: {right} of 96 places are right"
        assert right == 96 or off < 96, f"{where}; all are moved rightly, but not all masks are undone"
        assert right == 96, f"{where}; does the name of a history depend on its mask? Is the order undone?"


def _nibbles(image):
    return split(cut(image[None], 4).reshape(-1, 48), 4)


def _masked(image, index, mask):
    """The scheme of exercise 3, (h, w, 3) uint8 each way."""
    moved = _nibbles(image)[:, index] ^ mask
    h, w, _ = image.shape
    return assembled(join(moved, 4).reshape(1, h // 4, w // 4, 48), 4)[0]


@exercise
def roughness(answer):
    """`answer(image)`: sum of |difference| to the right and lower neighbour, (h, w, 3) uint8, by colour."""
    rng = np.random.default_rng(5)
    for shape in ((2, 2, 3), (5, 3, 3), (8, 12, 3)):
        image = rng.integers(0, 256, shape, np.uint8)
        got = number(called(answer, image))
        right, below = (abs(np.diff(image.astype(int), axis=axis)).sum() for axis in (1, 0))
        assert got != right and got != below, f"{shape}: one of the two neighbours is not counted"
        told = f"{shape}: {got:,.0f} instead of {right + below:,}"
        assert abs(got - right - below) < 0.5, f"{told}; {GIVEN['roughness']['hint']}"


@exercise
def seed_of(answer):
    """`answer(cipher, seeds)`: n of Key.from_seed(n), under which SKK made `cipher`, or None if not there."""
    coffee, rocket = (datasets.photo(name, 48) for name in ("coffee", "rocket"))
    pad = OneTimePad(Key.from_seed(30)).encrypt(coffee[None], ids=[0])[0]
    for told, cipher, seeds, right in (
        ("coffee under seed 17, seeds from 0", SKK(Key.from_seed(17)).encrypt(coffee), range(60), 17),
        (
            "rocket under seed 530, seeds from 500",
            SKK(Key.from_seed(530)).encrypt(rocket),
            range(500, 560),
            530,
        ),
        (
            "rocket under seed 700, which is not tried",
            SKK(Key.from_seed(700)).encrypt(rocket),
            range(60),
            None,
        ),
        ("a one-time pad", pad, range(60), None),
    ):
        got = called(answer, cipher, seeds)
        assert got is None or got in seeds, f"{told}: {got!r} is none of the seeds that are tried"
        assert got is not None or right is None, f"{told}: the right seed is tried, and you say None"
        assert got is None or right is not None, f"{told}: the smoothest picture, of seed {got}, is noise too"
        assert got == right, f"{told}: under seed {got} the picture is not the smoothest"
