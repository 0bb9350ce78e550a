"""Checks of lesson 24: the nearest of 48 states, one walk from another, the colour of least error, a guess
that is learned from photographs, and what was said beside what was right."""

from itertools import permutations

import numpy as np

from lib import Key, datasets, metrics
from lib.attacks.one_ciphertext.minimum_difference import all_starts
from lib.schemes import SKK
from lib.symmetries import SIGNS
from lib.workbook.checks import array, called, compared, exercise


@exercise
def nearest(answer):
    """`answer(before, pixel)`: the state of `pixel` nearest to `before`; of equal ones the last order."""
    rng = np.random.default_rng(24)
    for kind, values in (("values of all sizes", range(256)), ("many ties", (3, 120, 126, 129, 252))):
        for before, pixel in rng.choice(list(values), (60, 2, 3)).tolist():
            got = answer(tuple(before), tuple(pixel))
            assert np.shape(got) == (3,), f"expected three values, got {got!r}"
            got, (least, expected) = [int(value) for value in got], _nearest(before, pixel)
            told = f"{kind}, before {before}, pixel {pixel}: you say {got}"
            folded, wanted = (sorted(min(v, 255 - v) for v in values) for values in (got, pixel))
            assert folded == wanted, f"{told}, which is no state of the pixel"
            away = _distance(before, got)
            assert away <= least, f"{told}; there is a state nearer than {away}"
            assert got == expected, f"{told}, which is as near as a state of a later order"


def _nearest(before, pixel):
    rows = []
    for order in permutations(pixel):
        row = [[v ^ int(mask) for v, mask in zip(order, masks)] for masks in SIGNS]
        rows.append(min((_distance(before, state), state) for state in row))
    return min(reversed(rows), key=lambda each: each[0])


def _distance(a, b):
    return sum(abs(int(x) - int(y)) for x, y in zip(a, b))


@exercise
def other_start(answer):
    """`answer(result, first)`: the walk from `first`; `result` (h, w, 3) uint8 is from the folded one."""
    cipher = SKK(Key.from_seed(24), per_image=True).encrypt(_WALKED, ids=range(len(_WALKED)))
    for pictures in all_starts(cipher):
        for of_one_order in np.split(np.asarray(pictures), 6):
            folded = next(picture for picture in of_one_order if (picture[0, 0] < 128).all())
            for expected in of_one_order:
                first = expected[0, 0].tolist()
                got = array(answer(folded.copy(), expected[0, 0].copy()), expected.shape, None)
                begun = got[0, 0].tolist()
                assert begun == first, f"the first pixel should be {first}, it is {begun}"
                assert (got == expected).all(), f"first pixel {first}: a walk gives other values elsewhere"


_NOISE = np.random.default_rng(3).integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
_WALKED = np.concatenate([datasets.photo("coffee", 16)[None], _NOISE])
_WALKED[1, 0, 0], _WALKED[2, 0, 0] = (127, 128, 0), (128, 255, 127)


@exercise
def mean_colour(answer):
    """`answer(probabilities, values)`: (3,), for (48,) probabilities of a pixel's states, (48, 3)."""
    rng = np.random.default_rng(25)
    for peak in (0.1, 1, 4):
        for _ in range(5):
            chances = np.exp(peak * rng.normal(size=48))
            chances /= chances.sum()
            values = rng.integers(0, 256, (48, 3)).astype(np.float32)
            got = array(answer(chances.copy(), values.copy()), (3,), None).astype(float)
            guesses = got, chances @ values
            error, least = (float(chances @ ((values - guess) ** 2).sum(1)) for guess in guesses)
            told = f"the expected squared error is {error:.1f}"
            assert error <= least + 0.01, f"{told}; {least:.1f} is possible"


@exercise
def learned(answer):
    """`answer(photos, cipher)`: an estimate, (64, 64, 3) uint8, by nine photographs; 11.6 dB, edges 0.3."""
    photos = np.stack([datasets.photo(name, 64) for name in datasets.photo_names])
    ciphers = SKK(Key.from_seed(240), per_image=True).encrypt(photos, ids=range(len(photos)))
    found = [
        array(called(answer, np.delete(photos, i, axis=0), ciphers[i]), (64, 64, 3))
        for i in range(len(photos))
    ]
    shown = datasets.photo_names.index("coffee")
    alt = "A cup of coffee, its SKK ciphertext, and what the answer learned to make of the ciphertext."
    compared(alt, target=photos[shown], ciphertext=ciphers[shown], yours=found[shown])
    decibels = np.mean([metrics.psnr(one, photo) for one, photo in zip(found, photos)])
    edges = metrics.edge_correlation(np.stack(found), photos)
    told = f"on ten photographs {decibels:.2f} dB and an edge correlation of {edges:.2f}"
    assert edges >= 0.3, f"{told}; is every pixel guessed by its own folds, in order of size?"
    assert decibels >= 11.6, f"{told}; a mean colour has less squared error than any one state"


def by_counting(photos: np.ndarray, cipher: np.ndarray, cells: int = 16) -> np.ndarray:
    """A right `learned`: the mean colour of the pixels of photos (n, h, w, 3) with about the same folds."""
    drawer, ours = (
        np.ravel_multi_index(np.moveaxis(metrics.invariant(x).astype(int) * cells // 128, -1, 0), [cells] * 3)
        for x in (photos, cipher)
    )
    sums = np.tile(5 * photos.mean((0, 1, 2)), (cells**3, 1))  # as if each cell held five pixels of the mean
    np.add.at(sums, drawer.ravel(), photos.reshape(-1, 3))
    held = 5 + np.bincount(drawer.ravel(), minlength=cells**3)
    return (sums / held[:, None])[ours].round().astype(np.uint8)


@exercise
def calibration(answer):
    """`answer(chances, right, groups)`: (groups, 2), the mean chance and the share right, by chance."""
    rng = np.random.default_rng(26)
    for count, groups in ((12, 3), (40, 4), (200, 8)):
        chances = rng.random(count) ** 2
        right = rng.random(count) < chances**2
        got = array(called(answer, chances, right, groups), (groups, 2), None).astype(float)
        told = f"{count} pixels in {groups} groups"
        expected = in_groups(chances, right, groups)
        assert not np.allclose(got[::-1], expected), f"{told}: the surest group should be the last"
        assert not np.allclose(got[:, ::-1], expected), f"{told}: the chance comes first, then what is right"
        near = np.isclose(got, expected).all(0)
        assert near[0], f"{told}: the mean chances are not right; are the groups of equal size, and sorted?"
        assert near[1], f"{told}: the shares are not right; does each pixel keep its own chance?"


def in_groups(chances: np.ndarray, right: np.ndarray, groups: int) -> np.ndarray:
    """A right `calibration`: (groups, 2) of chances (n,) and right (n,)."""
    return np.stack([chances, right], -1)[chances.argsort()].reshape(groups, -1, 2).mean(1)
