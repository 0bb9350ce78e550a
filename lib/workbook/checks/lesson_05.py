"""Checks of lesson 05: states of a grey block, one block put right again, and the state found from a pair."""

from itertools import product

import numpy as np

from lib.symmetries import COLOURS
from lib.workbook.checks import array, called, exercise, kind, whole

FLAGS = (False, True)


@exercise
def grey_states(answer):
    """How many different blocks EtC makes of one block whose three channels are equal."""
    whole(answer)
    grey = np.random.default_rng(5).integers(0, 256, (4, 4, 1), dtype=np.uint8).repeat(3, axis=2)
    every = product(range(4), FLAGS, FLAGS, COLOURS)
    count = len({_state(grey, *state).tobytes() for state in every})
    assert answer <= 96, "no block has more than 96 states"
    assert answer >= count, f"{answer} is too few: some states that you took for equal are not"
    assert answer == count, f"{answer} is too many: some states that you took for different are equal"


@exercise
def undo_block(answer):
    """`answer(block, turns, mirrored, negative, order)`: the plain `(b, b, 3)` uint8 block.

    `block`, to be left as it is, is the plain block after `turns` quarter turns to the left, then, where the
    flags say so, mirrored left to right and made negative, then with channel i taken from channel `order[i]`.
    """
    cases = [
        ("only made negative", 0, False, True, (0, 1, 2)),
        ("only turned", 1, False, False, (0, 1, 2)),
        ("only turned, three times", 3, False, False, (0, 1, 2)),
        ("only mirrored", 0, True, False, (0, 1, 2)),
        ("turned once, then mirrored", 1, True, False, (0, 1, 2)),
        ("put in the colour order (1, 0, 2)", 0, False, False, (1, 0, 2)),
        ("put in the colour order (1, 2, 0)", 0, False, False, (1, 2, 0)),
        ("in all four ways", 3, True, True, (2, 0, 1)),
        ("turned twice and mirrored", 2, True, False, (1, 2, 0)),
    ]
    for seed, (what, *state) in enumerate(cases):
        plain = _block(4 + seed % 2, seed)
        got = array(called(answer, _state(plain, *state), *state), plain.shape)
        assert (got == plain).all(), f"a block that was {what} does not come back"


@exercise
def state_of(answer):
    """`answer(plain, cipher)`: (turns, mirrored, negative, order) that makes `cipher` of `plain`, or None."""
    states = [(0, False, False, (0, 1, 2)), (1, False, False, (0, 2, 1)), (1, True, False, (1, 2, 0))]
    states += [(3, False, True, (2, 0, 1)), (2, True, True, (2, 1, 0)), (3, True, False, (1, 0, 2))]
    for seed, state in enumerate(states):
        plain = _block(4, 20 + seed)
        cipher = _state(plain, *state)
        got = called(answer, plain, cipher)
        assert got is not None, "you returned None for a cipher that one of the 96 states makes"
        four = isinstance(got, tuple | list) and len(got) == 4
        assert four, f"expected (turns, mirrored, negative, order), got {kind(got)}"
        turns, mirrored, negative, order = got
        order = list(map(int, order))
        assert sorted(order) == [0, 1, 2], f"a colour order holds 0, 1 and 2, got {order}"
        made = _state(plain, int(turns), bool(mirrored), bool(negative), order)
        assert (made == cipher).all(), f"the state {tuple(got)!r} makes another block of this plain one"
    plain, cipher = _block(4, 40), _state(_block(4, 40), 1, True, True, (1, 2, 0))
    cipher[3, 2, 1] ^= 1
    told = "one value of this cipher was changed by 1, so that no state makes it"
    assert answer(plain, cipher) is None, told


def _block(side, seed):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def _state(block, turns, mirrored, negative, order):
    out = np.rot90(block, turns)
    out = np.flip(out, 1) if mirrored else out
    out = 255 - out if negative else out
    return out[:, :, list(order)].copy()
