"""Checks of lesson 01: unbiased integers, and tables undone and composed."""

import numpy as np

from lib.workbook.checks import exercise


@exercise
def unbiased(answer):
    """`answer(values, bound)`: a list of bytes as a list of integers in [0, bound), each equally likely, in
    order."""
    for bound in (6, 100, 200, 256, 1):
        got = _numbers(answer(list(range(256)), bound))
        assert got, f"for bound {bound} and all 256 byte values nothing came back"
        assert min(got) >= 0 and max(got) < bound, (
            f"for bound {bound} numbers from {min(got)} to {max(got)} came back"
        )
        counts = np.bincount(got, minlength=bound)
        assert counts.min() == counts.max(), (
            f"fed every byte value once, bound {bound}: some number comes {counts.max()} times, another {counts.min()} times"
        )
        assert counts[0] == 256 // bound, (
            f"bound {bound}: each number comes {counts[0]} times out of 256 byte values; fairness allows {256 // bound}"
        )
    values = np.random.default_rng(1).integers(0, 256, 500).tolist()
    for bound in (100, 6):
        got = _numbers(answer(list(values), bound))
        kept = [value for value in values if value // bound < 256 // bound]
        assert len(got) == len(kept), (
            f"of 500 bytes {len(kept)} can be used for bound {bound}, and {len(got)} numbers came back"
        )
        assert got == [value % bound for value in kept], (
            f"bound {bound}: the numbers are fair, but not the bytes' remainders in the bytes' order"
        )


@exercise
def invert(answer):
    """`answer(index, mask)`: the index and mask, `(n,)` integers each, of the table that undoes the given
    one."""
    for size, seed in ((7, 2), (96, 3)):
        plain, (index, mask) = _plain(size, seed), _table(size, seed)
        kept = index.copy(), mask.copy()
        back = _pair(answer(index, mask), size)
        assert (index == kept[0]).all() and (mask == kept[1]).all(), (
            "your function changed the table it was given"
        )
        undone = _apply(*back, _apply(index, mask, plain))
        moved = _apply(back[0], np.zeros_like(mask), _apply(index, np.zeros_like(mask), plain))
        assert (moved == plain).all(), "with all masks zero, not every atom comes back to its place"
        assert (undone == plain).all(), "every atom comes back to its place, but some with a wrong value"


@exercise
def compose(answer):
    """`answer(first, second)`, each an (index, mask) pair: the pair that applies `first`, then `second`."""
    for size, seed in ((7, 4), (96, 5)):
        plain, first, second = _plain(size, seed), _table(size, seed), _table(size, seed + 10)
        kept = [array.copy() for array in (*first, *second)]
        both = _pair(answer(first, second), size)
        assert all((a == b).all() for a, b in zip(kept, (*first, *second))), (
            "your function changed a table it was given"
        )
        got = _apply(*both, plain)
        assert not (got == _apply(*first, _apply(*second, plain))).all(), (
            "this applies the second table first"
        )
        none = np.zeros(size, np.int64)
        moved = _apply(second[0], none, _apply(first[0], none, plain))
        assert (_apply(both[0], none, plain) == moved).all(), (
            "with all masks zero, the atoms do not end where two steps put them"
        )
        assert (got == _apply(*second, _apply(*first, plain))).all(), (
            "the atoms are in the right places, some with a wrong value"
        )


def _numbers(got) -> list[int]:
    assert isinstance(got, list | tuple | np.ndarray), (
        f"expected a list of integers, got {type(got).__name__}"
    )
    assert all(isinstance(number, int | np.integer) for number in got), "expected whole numbers only"
    return [int(number) for number in got]


def _pair(got, size):
    assert isinstance(got, list | tuple) and len(got) == 2, "expected two things back: index and mask"
    index, mask = (np.asarray(part) for part in got)
    assert index.shape == mask.shape == (size,), (
        f"expected two arrays of shape ({size},), got {index.shape} and {mask.shape}"
    )
    assert index.dtype.kind in "iu" and mask.dtype.kind in "iu", (
        f"expected whole numbers, got {index.dtype} and {mask.dtype}"
    )
    assert sorted(index.tolist()) == list(range(size)), (
        f"the index does not name each of the {size} atoms once"
    )
    return index.astype(np.int64), mask.astype(np.int64)


def _plain(size, seed):
    return np.random.default_rng(100 + seed).integers(0, 256, size)


def _table(size, seed):
    """No table that undoes itself, and a mask that is neither 0 nor 255 throughout."""
    rng = np.random.default_rng(seed)
    return rng.permutation(size), rng.integers(0, 256, size)


def _apply(index, mask, plain):
    return np.array([plain[index[i]] ^ mask[i] for i in range(len(plain))])
