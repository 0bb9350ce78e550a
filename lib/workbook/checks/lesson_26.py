"""Checks of lesson 26: pieces of the attacks on many ciphertexts under one key, and an attack on another
cipher."""

from collections.abc import Sequence

import numpy as np

from lib import datasets
from lib.symmetries import COLOURS, oriented
from lib.workbook.checks import array, called, exercise, number, pair, triples, whole

BLOCK = 4


def _patches(count):
    return datasets.load("photos", "test", limit=count).images


@exercise
def relative(answer):
    """`answer(p, q)`: (order, flips) that brings q nearest to p, neighbouring pixels (n, 3) uint8."""
    images, rng = _patches(200), np.random.default_rng(25)
    for _ in range(6):
        y, x = rng.integers(4, 28, size=2)
        first, second = COLOURS[rng.integers(6, size=2)]
        flips = rng.integers(2, size=(2, 3)).astype(np.uint8) * np.uint8(255)
        p, beside = (images[:, y, x + k][:, first] ^ flips[0] for k in (0, 1))
        q = beside[:, second] ^ flips[1]
        order, signs = triples(answer(p.copy(), q.copy()), "order and flips")
        assert set(signs.tolist()) <= {0, 255}, f"flips are 0 or 255, got {signs.tolist()}"
        undone = q[:, order] ^ signs.astype(np.uint8)
        right = (undone == beside).all(0).sum()
        assert right == 3, f"with your order and flips, {right} of 3 channels of q are under the key of p"


@exercise
def certainty(answer):
    """`answer(errors, n)`: the probability of the best state, of (48,) mean squared errors over n images."""
    for seed, n in enumerate((2, 20, 20, 3000)):
        errors = np.random.default_rng(seed).uniform(900, 1500, 48)
        got = number(called(answer, errors, n))
        assert not np.isnan(got), "not a number: subtract the largest logarithm before you take exp"
        weights = np.exp(-1.5 * n * np.log(errors / errors.min()))
        right = 1 / weights.sum()
        assert not np.isclose(got, errors.argmin()), "that is the number of the best state"
        once = 1 / np.exp(-1.5 * np.log(errors / errors.min())).sum()
        assert not np.isclose(got, once) or np.isclose(once, right), "n is missing: more images are surer"
        assert np.isclose(got, right), f"for {n} images: {got:.4g} is not right; a picture has three channels"


@exercise
def facing(answer):
    """`answer(left, right)`: (orientation, flip) of the right block at which its edge goes on best."""
    images, rng = _patches(60), np.random.default_rng(26)
    for _ in range(6):
        y, x = rng.integers(4, 20, size=2)
        strip = images[:, y : y + BLOCK, x : x + 2 * BLOCK]
        left, plain = strip[:, :, :BLOCK], strip[:, :, BLOCK:]
        hidden, flip = int(rng.integers(8)), int(255 * rng.integers(2))
        right = np.ascontiguousarray(oriented(plain, hidden)) ^ np.uint8(flip)
        got = pair(called(answer, left, right), "(orientation, flip)")
        way = whole(got[0], "an orientation, a whole number from 0 to 7", 0, 7)
        sign = whole(got[1], "flip is 0 or 255", 0, 255)
        assert sign in (0, 255), f"flip is 0 or 255, got {sign}"
        assert sign == flip, "the block stays negative, or was made so: flip is 255 where it has to be undone"
        found = oriented(right, way) ^ np.uint8(sign)
        edge = (found[:, :, 0] == plain[:, :, 0]).all()
        assert edge, "another edge of the block faces the left one: its first column has to go on from there"
        assert (found == plain).all(), "the right edge, upside down"


@exercise
def substitution(answer):
    """`answer(values, guesses)`: (256,) which plain value each cipher value stands for, each once."""
    for seed in range(2):
        rng = np.random.default_rng(seed)
        secret = rng.permutation(256)  # what replaces each plain value
        plain = rng.permutation(np.repeat(np.arange(256), 40))
        guesses = np.clip(np.rint(plain + rng.normal(0, 3, len(plain))), 0, 255).astype(int)
        got = array(called(answer, secret[plain], guesses), (256,), None)
        back = np.argsort(secret)
        once = f"{len(set(got.tolist()))} different plain values are used, of 256: use each once"
        assert sorted(got.tolist()) == list(range(256)), once
        forward = "that is what replaces each plain value; asked is what each cipher value stands for"
        assert not (np.abs(np.argsort(got) - back) <= 3).mean() > 0.9, forward
        near = (np.abs(got - back) <= 3).mean()
        assert near > 0.9, f"{near:.0%} of the cipher values stand for a value within 3 of yours"


@exercise
def samples(answer):
    """`answer(scheme, images, side, block)`: how many values a stream has that one key has passed."""
    told = {
        "tanaka": "one key serves for every block of every image",
        "ele": "each block of the image has its own key, the same in all images",
        "per image": "each image has its own key, which serves for all of its blocks",
    }
    for images, side, block in ((1, 64, 4), (100, 32, 4), (20, 96, 8)):
        blocks = (side // block) ** 2
        for scheme, right in (("tanaka", images * blocks), ("ele", images), ("per image", blocks)):
            got = number(called(answer, scheme, images, side, block))
            said = f"{scheme}, {images} images of {side}x{side} in blocks of {block}: not {got:g}"
            assert got == right, f"{said}; {told[scheme]}"


@exercise
def rolled_rows(answer):
    """`answer(ciphers)`: plain images, of a cipher that rolls and complements each row by its own key."""
    for seed in range(2):
        rng = np.random.default_rng(seed)
        images = _patches(400)[rng.permutation(400)[:40]]
        _, h, w, _ = images.shape
        shifts, flips = rng.integers(w, size=h), 255 * rng.integers(2, size=h)
        ciphers = rolled(images, shifts, flips)
        got = array(called(answer, ciphers), images.shape)
        shares = [(rolled(got, [s] * h, [f] * h) == images).mean() for s in range(w) for f in (0, 255)]
        own = np.mean([_best_row(got[:, y], images[:, y]) for y in range(h)])
        assert own > 0.99, f"{own:.0%} of the rows are rows of the images: roll and complement, nothing else"
        told = f"{max(shares):.0%} of the values are right after the best common roll and complement"
        assert max(shares) > 0.97, f"{told}; each row has to go on from the row above, as it was decrypted"


def rolled(images: np.ndarray, shifts: Sequence[int], flips: Sequence[int]) -> np.ndarray:
    """Images (n, h, w, 3), row y rolled by shifts[y] pixels to the right, then XORed with flips[y]."""
    rows = [np.roll(images[:, y], s, axis=1) ^ np.uint8(f) for y, (s, f) in enumerate(zip(shifts, flips))]
    return np.stack(rows, axis=1)


def _best_row(row, plain):
    """Whether a row (n, w, 3) is the plain one, rolled and complemented somehow."""
    return any(
        (np.roll(row, s, axis=1) ^ np.uint8(f) == plain).all() for s in range(row.shape[1]) for f in (0, 255)
    )
