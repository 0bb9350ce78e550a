"""Atoms matched by their histories, held against a slow specification."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lib.attacks.known_plaintext.history_matching import match


def match_by_hand(plain, cipher, top):
    """For each cipher atom the set of plain atoms whose history it has, or the complement of it."""
    return [
        {i for i, p in enumerate(plain) if (p == c).all() or (top - p == c).all()} for c in cipher.astype(int)
    ]  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 4, 8]), st.integers(1, 4), st.integers(2, 30))
def test_matching_is_that_of_the_slow_specification(seed, bits, length, atoms):
    rng = np.random.default_rng(seed)
    plain = rng.integers(0, 2**bits, (atoms, length), np.uint8)
    index, flips = rng.permutation(atoms), rng.integers(0, 2, atoms, np.uint8)
    cipher = plain[index] ^ (flips * np.uint8(2**bits - 1))[:, None]
    found, flipped, choices = match(plain, cipher, bits)
    sets = match_by_hand(plain.astype(int), cipher, 2**bits - 1)
    assert choices.tolist() == [len(each) for each in sets]
    assert sorted(found) == list(range(atoms)) and all(f in each for f, each in zip(found, sets))
    assert (plain[found] ^ (flipped.astype(np.uint8) * np.uint8(2**bits - 1))[:, None] == cipher).all()


@given(st.integers(0, 2**32 - 1))
def test_groups_are_matched_each_by_itself(seed):
    rng = np.random.default_rng(seed)
    plain = rng.integers(0, 4, (3, 12, 2), np.uint8)
    plain[1] = plain[0]
    cipher = np.array([x[rng.permutation(12)] for x in plain]) ^ (
        3 * rng.integers(0, 2, (3, 12, 1), np.uint8)
    )
    for together, alone in zip(
        zip(*match(plain, cipher, 2)), (match(p, c, 2) for p, c in zip(plain, cipher))
    ):
        assert all((a == b).all() for a, b in zip(together, alone))


@given(st.integers(0, 2**32 - 1))
def test_what_does_not_go_together_has_no_choice(seed):
    rng = np.random.default_rng(seed)
    plain = rng.permutation(128)[:20].astype(np.uint8)[:, None]
    cipher = plain.copy()
    cipher[4] = np.setdiff1d(np.arange(128), plain)[0]
    choices = match(plain, cipher, 8)[2]
    assert choices[4] == 0 and choices.sum() == 19
