"""Checks of lesson 01: unbiased integers, and tables undone and composed."""

import numpy as np

from lib.workbook.checks import array, called, exercise, pair


@exercise
def unbiased(answer):
    """`answer(values, bound)`: bytes as a list of integers in [0, bound), each equally likely, in order."""
    for bound in (6, 100, 200, 256, 1):
        got, told = _numbers(answer(list(range(256)), bound)), f"bound {bound}, fed every byte value once"
        assert got, f"{told}: nothing came back"
        assert min(got) >= 0 and max(got) < bound, f"{told}: numbers from {min(got)} to {max(got)} came back"
        least, most = (pick(np.bincount(got, minlength=bound)) for pick in (min, max))
        assert least == most, f"{told}: some number comes {most} times, another {least} times"
        assert least == 256 // bound, f"{told}: each number comes {least} times; fair are {256 // bound}"
    values = np.random.default_rng(1).integers(0, 256, 500).tolist()
    for bound in (100, 6):
        got = _numbers(answer(list(values), bound))
        kept = [value for value in values if value // bound < 256 // bound]
        usable = f"of 500 bytes {len(kept)} can be used for bound {bound}"
        assert len(got) == len(kept), f"{usable}, and {len(got)} numbers came back"
        right = got == [value % bound for value in kept]
        assert right, f"bound {bound}: the numbers are fair, but not the remainders in the bytes' order"


@exercise
def invert(answer):
    """`answer(index, mask)`: the index and mask, (n,) integers each, of the table that undoes this one."""
    for size, seed in ((7, 2), (96, 3)):
        plain, (index, mask) = _plain(size, seed), _table(size, seed)
        back = _both(called(answer, index, mask), size)
        none = np.zeros_like(mask)
        moved = _apply(back[0], none, _apply(index, none, plain))
        assert (moved == plain).all(), "with all masks zero, not every atom comes back to its place"
        undone = _apply(*back, _apply(index, mask, plain))
        assert (undone == plain).all(), "every atom comes back to its place, but some with a wrong value"


@exercise
def compose(answer):
    """`answer(first, second)`, each an (index, mask) pair: the pair that applies `first`, then `second`."""
    for size, seed in ((7, 4), (96, 5)):
        plain, first, second = _plain(size, seed), _table(size, seed), _table(size, seed + 10)
        both = _both(called(answer, first, second), size)
        got, none = _apply(*both, plain), np.zeros(size, np.int64)
        swapped = _apply(*first, _apply(*second, plain))
        assert not (got == swapped).all(), "this applies the second table first"
        moved = _apply(second[0], none, _apply(first[0], none, plain))
        placed = (_apply(both[0], none, plain) == moved).all()
        assert placed, "with all masks zero, the atoms do not end where two steps put them"
        right = (got == _apply(*second, _apply(*first, plain))).all()
        assert right, "the atoms are in the right places, some with a wrong value"


def _numbers(got) -> list[int]:
    kind = type(got).__name__
    assert isinstance(got, list | tuple | np.ndarray), f"expected a list of integers, got {kind}"
    assert all(isinstance(number, int | np.integer) for number in got), "expected whole numbers only"
    return [int(number) for number in got]


def _both(got, size):
    index, mask = (array(part, (size,), None) for part in pair(got, "index and mask"))
    integers = index.dtype.kind in "iu" and mask.dtype.kind in "iu"
    assert integers, f"expected whole numbers, got {index.dtype} and {mask.dtype}"
    every = sorted(index.tolist()) == list(range(size))
    assert every, f"the index does not name each of the {size} atoms once"
    return index.astype(np.int64), mask.astype(np.int64)


def _plain(size, seed):
    return np.random.default_rng(100 + seed).integers(0, 256, size)


def _table(size, seed):
    """No table that undoes itself, and a mask that is neither 0 nor 255 throughout."""
    rng = np.random.default_rng(seed)
    return rng.permutation(size), rng.integers(0, 256, size)


def _apply(index, mask, plain):
    return plain[index] ^ mask
