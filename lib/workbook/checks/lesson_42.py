"""Checks of lesson 42: which attacks there are to choose from, a mask for any picture, a flag's length."""

from itertools import combinations, count, product

import numpy as np

from lib.attacks.catalogue import CATALOGUE, MANY, THREATS
from lib.schemes import NO_KEY
from lib.workbook.attack_matrix import SCHEMES
from lib.workbook.checks import GIVEN, array, called, exercise, number

YEAR = 365.25 * 24 * 3600  # seconds


@exercise
def usable(answer):
    """`answer(scheme, given, count)`: attacks on `count` ciphertexts of a keyless `scheme`, by name."""
    for label, make in SCHEMES.items():
        scheme = make(NO_KEY)
        some = (more for size in range(4) for more in combinations(("plain", "pair_ciphers", "oracle"), size))
        for more, images in product(some, (1, 20)):
            given = {"ciphers", *more}
            got, kept = answer(scheme, set(given), images), attacks_on(label, given, images)
            assert isinstance(got, list), f"expected a list of names, got {type(got).__name__}"
            case = f"{label}, {images} ciphertext{'s' * (images > 1)}, given {', '.join(sorted(given))}"
            _same(case, got, kept)


def attacks_on(label: str, given: set, count: int) -> list[str]:
    """Names of the attacks on a row of the matrix, for the lesson's rest; none for another label."""
    if label not in SCHEMES:
        return []
    scheme = SCHEMES[label](NO_KEY)
    enough = [attack for attack in CATALOGUE if attack.threat != MANY or count > 1]
    return [each.name for each in enough if each.fits(scheme) and given.issuperset(THREATS[each.threat])]


def _same(case, got, expected):
    known = {attack.name: attack for attack in CATALOGUE}
    for name in got:
        assert isinstance(name, str), f"expected names, got {type(name).__name__}; an attack has a .name"
        assert name in known, f"{case}: {name!r} is no name in the catalogue"
        told = f"{name} is of no use here; it is an attack with {known[name].threat}"
        assert name in expected, f"{case}: {told}"
    missing = len(expected) - len(got)
    assert missing <= 0, f"{case}: {missing} of {len(expected)} attacks are missing"
    assert got == expected, f"{case}: all names are there, but not each once and in the catalogue's order"


@exercise
def mask_for(answer):
    """`answer(cipher, picture)`: the mask of a pad that makes `cipher` of `picture`; uint8, one shape."""
    rng = np.random.default_rng(34)
    for shape in ((4, 4, 3), (5, 7, 3)):
        cipher, picture = rng.integers(0, 256, (2, *shape), dtype=np.uint8)
        black, white = np.zeros_like(picture), np.full_like(picture, 255)
        for told, image in {"noise": picture, "black": black, "white": white}.items():
            wrong = int(((image ^ array(called(answer, cipher, image), shape)) != cipher).sum())
            values = f"{wrong} of {cipher.size} values are not the cipher's"
            assert not wrong, f"a picture that is {told}: under your mask {values}"


@exercise
def letters_needed(answer):
    """`answer(alphabet, seconds, years)`: least letters for half of all flags to take `years`."""
    for alphabet, seconds, years in GIVEN["letters_needed"]["cases"]:
        got = number(answer(alphabet, seconds, years))
        expected = next(n for n in count(1) if alphabet**n / 2 * seconds >= years * YEAR)
        assert got == int(got), f"expected a whole number of letters, got {got!r}"
        few, many = "too few: half of these flags are tried sooner", "more than needed: one fewer does"
        told = f"{alphabet} letters, {seconds} s a guess, {years} years"
        assert got == expected, f"{told}: {got:.0f} is {few if got < expected else many}"
