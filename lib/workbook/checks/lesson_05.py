"""Checks of lesson 05: states of a grey block, one block put right again, and the state found from a pair."""

from itertools import product

import numpy as np

from lib.symmetries import COLOURS
from lib.workbook.checks import GIVEN, array, called, exercise, kind, whole


@exercise
def grey_states(answer):
    """How many different blocks EtC makes of one block whose three channels are equal."""
    whole(answer)
    grey = np.random.default_rng(5).integers(0, 256, (4, 4, 1), dtype=np.uint8).repeat(3, axis=2)
    every = product(range(4), (False, True), (False, True), COLOURS)
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
    for seed, (what, *state, order) in enumerate(GIVEN["undo_block"]["cases"]):
        plain = _block(4 + seed % 2, seed)
        got = array(called(answer, _state(plain, *state, order), *state, tuple(order)), plain.shape)
        assert (got == plain).all(), f"a block that was {what} does not come back"


@exercise
def state_of(answer):
    """`answer(plain, cipher)`: (turns, mirrored, negative, order) that makes `cipher` of `plain`, or None."""
    for seed, state in enumerate(GIVEN["state_of"]["cases"]):
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
    assert answer(plain, cipher) is None, GIVEN["state_of"]["hint"]


def _block(side, seed):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def _state(block, turns, mirrored, negative, order):
    out = np.rot90(block, turns)
    out = np.flip(out, 1) if mirrored else out
    out = 255 - out if negative else out
    return out[:, :, list(order)].copy()
