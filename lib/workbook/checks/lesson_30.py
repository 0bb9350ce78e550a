"""Checks of lesson 30: a kernel that holds a key, columns and tokens matched, how far apart chance is, and a
picture read from served weights."""

from itertools import count

import numpy as np

from lib.tiling import assembled, grid
from lib.workbook.checks import array, called, exercise, number, pair

DIM, ATOMS = 64, 12  # small maps; the last exercise has patches of 4x4 in colour
SIDE, BLOCK = 24, 4


def _drawn(rng, atoms=ATOMS):
    """A patch map (dim, atoms), and a key: an order and signs of both kinds."""
    order = _order(rng, atoms)
    sign = np.where(rng.permutation(atoms) < atoms // 2, 1, -1)
    return rng.normal(size=(DIM, atoms)), order, sign


def _order(rng, size):
    """One that is not its own inverse."""
    orders = (rng.permutation(size) for _ in count())
    return next(each for each in orders if (each[each] != np.arange(size)).any())


@exercise
def keyed_kernel(answer):
    """`answer(kernel, order, sign)`: the kernel for ciphertexts, cipher[j] = sign[j] * plain[order[j]]."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        kernel, order, sign = _drawn(rng)
        plain = rng.uniform(-1, 1, ATOMS)
        got = array(called(answer, kernel, order, sign), kernel.shape, None)
        if np.allclose(got @ (sign * plain[order]), kernel @ plain):
            continue
        backwards = kernel[:, np.argsort(order)]
        assert not np.allclose(got, kernel[:, order]), "the order is right; signs are missing"
        told = "column j of the new kernel belongs to cipher value j, which was plain value order[j]"
        assert not np.allclose(np.abs(got), np.abs(backwards)), f"the order is undone, not followed: {told}"
        told = "the kernel on a ciphertext patch does not give what the plain kernel gives on the plain patch"
        assert not np.allclose(np.abs(got), np.abs(kernel[:, order])), (
            f"columns are right, signs are not: {told}"
        )
        raise AssertionError(told)


@exercise
def match(answer):
    """`answer(served, plain)`: order and sign of the columns, each plain column once."""
    for seed, noise in enumerate((0.0, 1.0, 1.5, 1.5, 1.5, 1.5)):
        rng = np.random.default_rng(seed)
        plain, order, sign = _drawn(rng)
        tuned = plain + noise * rng.normal(size=plain.shape)
        got = pair(called(answer, tuned[:, order] * sign, plain), "(order, sign)")
        found, signs = (array(each, (ATOMS,), None) for each in got)
        once = f"{len(set(found.tolist()))} different plain columns are taken, of {ATOMS}: take each once"
        assert sorted(found.tolist()) == list(range(ATOMS)), once
        told = (
            f"after a change of {noise} times the norm, {(found == order).sum()} of {ATOMS} columns are right"
        )
        assert (found == order).all(), f"{told}; the sum of absolute inner products can be larger"
        assert (signs == sign).all(), "the order is right; a sign is that of the inner product"


@exercise
def sources(answer):
    """`answer(served, plain)`: which plain patch each cipher patch is, by rows of the position code."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        plain = rng.normal(size=(ATOMS, DIM)) + 3 * rng.normal(size=DIM)  # rows have much in common
        moved = _order(rng, ATOMS)
        served = plain[moved] + 1.5 * rng.normal(size=plain.shape)
        got = array(called(answer, served, plain), (ATOMS,), None)
        undone = "that is where each plain patch went; asked is where each cipher patch came from"
        assert not (got == np.argsort(moved)).all(), undone
        told = f"{(got == moved).sum()} of {ATOMS} rows are right"
        assert (got == moved).all(), f"{told}; what rows have in common, their mean, tells no place"


@exercise
def distance(answer):
    """`answer(dim, change)`: by how many standard deviations the right column stands out."""
    for dim, change in ((96, 1.0), (96, 3.0), (224, 2.0), (768, 0.0)):
        got, right = number(called(answer, dim, change)), np.sqrt(dim / (1 + change**2))
        assert not np.isclose(got, dim / (1 + change**2)), (
            "that is a variance's; a deviation is its square root"
        )
        assert not np.isclose(got, np.sqrt(dim) / (1 + change)) or change == 0, (
            "a change that is orthogonal adds to the square of the length: 1 + change squared"
        )
        assert np.isclose(got, right), (
            f"for {dim} dimensions and a change of {change}: {got:.3g} is not right"
        )


@exercise
def read(answer):
    """`answer(served, checkpoint, cipher)`: the plain picture."""
    for seed in range(3):
        rng = np.random.default_rng(30 + seed)
        atoms = 3 * BLOCK**2
        kernel, order, sign = _drawn(rng, atoms)
        y, x = np.mgrid[:SIDE, :SIDE] / SIDE
        waves = [128 + 90 * np.sin(a * x + b * y + c) for a, b, c in rng.uniform(1, 6, (3, 3))]
        plain = (np.stack(waves, 2) + rng.normal(0, 6, (SIDE, SIDE, 3))).clip(0, 255).astype(np.uint8)
        blocks = grid(plain[None], BLOCK)
        moved = blocks.reshape(*blocks.shape[:3], atoms)[..., order]
        cipher = assembled(np.where(sign < 0, 255 - moved, moved).astype(np.uint8), BLOCK)[0]
        tuned = kernel + rng.normal(size=kernel.shape)
        got = array(called(answer, tuned[:, order] * sign, kernel, cipher), plain.shape)
        right = (got == plain).mean()
        negative = "the places are right, but values whose sign is -1 are still complemented"
        assert not np.isclose(right, (sign > 0).mean(), atol=0.02), negative
        assert right == 1, f"{right:.0%} of the values are right: plain value order[j] is cipher value j"
