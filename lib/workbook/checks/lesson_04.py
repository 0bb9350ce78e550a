"""Checks of lesson 04: one pixel of SKK, the colours behind a cipher pixel, two images under one key."""

from itertools import permutations, product

import numpy as np

from lib.keys import Key
from lib.schemes import SKK
from lib.workbook.checks import exercise, pair


@exercise
def encrypt_pixel(answer):
    """`answer(pixel, signs, order)`: three values, negated where signs say so, then put in the order."""
    still, none = (0, 1, 2), (0, 0, 0)
    for pixel in ((10, 20, 30), (200, 7, 128)):
        same = _values(answer(pixel, none, still)) == pixel
        assert same, "with no sign set and the colours in their order, the pixel stays"
        got = _values(answer(pixel, (1, 0, 0), still))
        assert got == (255 - pixel[0], *pixel[1:]), f"with only red negated, {pixel} became {got}"
        got = _values(answer(pixel, none, (1, 2, 0)))
        assert got == (*pixel[1:], pixel[0]), f"in the order (1, 2, 0), {pixel} became {got}"
    for signs, order in product(product((0, 1), repeat=3), permutations(range(3))):
        negated = [255 - v if sign else v for v, sign in zip((10, 20, 30), signs)]
        got = _values(answer((10, 20, 30), signs, order))
        told = f"with signs {signs} and order {order} together, {got} is not"
        assert got == tuple(negated[i] for i in order), f"each step is right alone; {told}"


def _values(got):
    assert hasattr(got, "__len__") and len(got) == 3, f"expected three values, got {got!r}"
    assert all(0 <= v <= 255 for v in got), f"values run from 0 to 255, got {tuple(int(v) for v in got)}"
    return tuple(int(v) for v in got)


@exercise
def candidates(answer):
    """`answer(cipher_pixel)`: the set of all plain pixels that some key encrypts to it."""
    for pixel in ((10, 20, 30), (40, 40, 40), (9, 9, 200), (0, 255, 90), (17, 238, 60)):
        got = answer(pixel)
        assert isinstance(got, set | frozenset), f"expected a set of tuples, got {type(got).__name__}"
        got = {_values(one) for one in got}
        assert pixel in got, f"{pixel} itself is missing: some key leaves a pixel as it is"
        assert len(got) <= 48, f"{len(got)} candidates for {pixel}; there are only 48 keys of a pixel"
        turned = set(product(*((v, 255 - v) for v in pixel)))
        assert turned <= got, f"{pixel}: some pixel that differs from it in signs only is missing"
        expected = {tuple(one[i] for i in order) for one in turned for order in permutations(range(3))}
        assert expected <= got, f"{pixel}: {len(expected - got)} candidates are missing"
        wrong = len(got - expected)
        assert not wrong, f"{pixel}: {wrong} are no candidates; no key leads from them to it"


@exercise
def same_key(answer):
    """`answer(ciphertexts)`: places (i, j), i < j, of the two encrypted with one key; (n, h, w, 3)."""
    for seed, places in ((1, (2, 4)), (2, (0, 3)), (3, (1, 5))):
        got = tuple(map(int, pair(answer(ciphertexts_with_a_pair(seed, *places)), "two places")))
        assert got[0] < got[1], f"the smaller place comes first, got {got}"
        asked = "what has the XOR of the right pair that others lack?"
        assert got == places, f"in one of three batches the pair is another one; {asked}"


def ciphertexts_with_a_pair(seed: int, i: int, j: int, count: int = 6) -> np.ndarray:
    """(count, 32, 32, 3): smooth images, negatives alone; i, dark, and j, bright, share a key."""
    levels = [40 if k == i else 215 if k == j else 110 + 6 * k for k in range(count)]
    images = np.stack([_smooth(10 * seed + k, level) for k, level in enumerate(levels)])
    scheme = SKK(Key.from_seed(seed), colour_shuffle=False, per_image=True)
    out = scheme.encrypt(images, ids=np.arange(count))
    out[j] = scheme.encrypt(images[j], ids=[i])
    return out


def _smooth(seed, level):
    """(32, 32, 3) uint8: slow waves around `level`, and a little noise."""
    rng, planes = np.random.default_rng(seed), []
    y, x = np.mgrid[:32, :32] / 32
    for _ in range(3):
        a, b, phase = rng.uniform(1, 6, 3)
        planes.append(level + 34 * np.sin(a * y + b * x + phase) + rng.normal(0, 3, (32, 32)))
    return np.stack(planes, axis=-1).clip(0, 255).astype(np.uint8)
