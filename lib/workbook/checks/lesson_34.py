"""Checks of lesson 34: which attacks there are to choose from, a mask for any picture, and how long a flag
has to be."""

from itertools import combinations

import numpy as np

from lib.attacks.catalogue import CATALOGUE, MANY, THREATS
from lib.schemes import NO_KEY
from lib.workbook.attack_matrix import SCHEMES
from lib.workbook.checks import exercise

YEAR = 365.25 * 24 * 3600  # seconds
_THINGS = ("plain", "pair_ciphers", "oracle")


@exercise
def usable(answer):
    """`answer(scheme, given, count)`: names of the attacks that can be run on `count` ciphertexts of `scheme`
    (an object without a key) by who has `given`."""
    for label, make in SCHEMES.items():
        scheme = make(NO_KEY)
        for size in range(len(_THINGS) + 1):
            for more in combinations(_THINGS, size):
                for count in (1, 20):
                    given = {"ciphers", *more}
                    got, kept = answer(scheme, set(given), count), attacks_on(label, given, count)
                    assert isinstance(got, list), f"expected a list of names, got {type(got).__name__}"
                    case = f"{label}, {count} ciphertext{'s' * (count > 1)}, given {', '.join(sorted(given))}"
                    _same(case, got, kept)


def attacks_on(label, given, count):
    """Names of the catalogue's attacks on a row of the matrix, for the rest of the lesson, whether or not the
    exercise is solved; none for another label."""
    scheme = SCHEMES[label](NO_KEY) if label in SCHEMES else None
    return [
        attack.name
        for attack in CATALOGUE
        if scheme is not None
        and attack.fits(scheme)
        and set(THREATS[attack.threat]) <= given
        and (attack.threat != MANY or count > 1)
    ]


def _same(case, got, expected):
    known = {attack.name: attack for attack in CATALOGUE}
    for name in got:
        assert isinstance(name, str), f"expected names, got {type(name).__name__}; an attack has a .name"
        assert name in known, f"{case}: {name!r} is no name in the catalogue"
        assert name in expected, (
            f"{case}: {name} is of no use here; it is an attack with {known[name].threat}"
        )
    assert len(got) >= len(expected), (
        f"{case}: {len(expected) - len(got)} of {len(expected)} attacks are missing"
    )
    assert got == expected, f"{case}: all names are there, but not each once and in the catalogue's order"


@exercise
def mask_for(answer):
    """`answer(cipher, picture)`: the mask of a pad under which `cipher` is the ciphertext of `picture`;
    uint8, one shape."""
    rng = np.random.default_rng(34)
    for shape in ((4, 4, 3), (5, 7, 3)):
        cipher, picture = rng.integers(0, 256, (2, *shape), dtype=np.uint8)
        for told, image in (
            ("noise", picture),
            ("black", np.zeros_like(picture)),
            ("white", np.full_like(picture, 255)),
        ):
            before = cipher.copy(), image.copy()
            got = answer(cipher, image)
            assert (cipher == before[0]).all() and (image == before[1]).all(), (
                "your function changes its input"
            )
            assert isinstance(got, np.ndarray) and got.dtype == np.uint8 and got.shape == shape, (
                f"expected a mask of uint8 and shape {shape}, got {getattr(got, 'dtype', type(got).__name__)} "
                f"of shape {np.shape(got)}"
            )
            wrong = int(((image ^ got) != cipher).sum())
            assert not wrong, (
                f"a picture that is {told}: under your mask {wrong} of {cipher.size} values are not the cipher's"
            )


@exercise
def letters_needed(answer):
    """`answer(alphabet, seconds, years)`: the least letters so that half of all flags take `years` or more to
    try."""
    for case in (
        (16, 0.1, 1000),
        (16, 1e-9, 1000),
        (26, 0.1, 1),
        (2, 1.0, 10),
        (10, 0.01, 50),
        (95, 1e-6, 1e6),
        (16, 0.1, 700),
    ):
        alphabet, seconds, years = case
        got, expected = answer(*case), _letters(*case)
        assert np.ndim(got) == 0 and got == int(got), f"expected a whole number of letters, got {got!r}"
        hint = (
            "too few: half of these flags are tried sooner"
            if got < expected
            else "more than needed: one fewer does"
        )
        assert got == expected, (
            f"{alphabet} letters, {seconds} s a guess, {years} years: {int(got)} is {hint}"
        )


def _letters(alphabet, seconds, years):
    count = 1
    while alphabet**count / 2 * seconds < years * YEAR:
        count += 1
    return count
