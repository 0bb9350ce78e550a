"""The exercises of lesson 05: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations, product

import numpy as np

from lib import Key
from lib.schemes import EtC
from lib.workbook.checks import lesson_05 as check


def state(block, turns, mirrored, negative, order):
    out = np.rot90(block, turns)
    out = out[:, ::-1] if mirrored else out
    out = 255 - out if negative else out
    return out[:, :, list(order)]


def undo_block(block, turns, mirrored, negative, order):
    out = block[:, :, np.argsort(order)]
    out = 255 - out if negative else out
    out = out[:, ::-1] if mirrored else out
    return np.rot90(out, -turns)


def all_states(turns=range(4), mirrored=(False, True), negative=(False, True)):
    return product(turns, mirrored, negative, permutations(range(3)))


def state_of(plain, cipher, states=all_states, make=state):
    for found in states():
        if (make(plain, *found) == cipher).all():
            return found
    return None


def turned_back_first(block, turns, mirrored, negative, order):
    out = np.rot90(undo_block(block, 0, False, negative, order), -turns)
    return out[:, ::-1] if mirrored else out


def in_place(block, turns, mirrored, negative, order):
    block[:] = undo_block(block, turns, mirrored, negative, order)
    return block.copy()


SOLUTIONS = [(check.grey_states, 16), (check.undo_block, undo_block), (check.state_of, state_of)]

WRONG = {
    "all 96": (check.grey_states, 96),
    "grey counted as one colour and one sign": (check.grey_states, 8),
    "pairs of rotation and inversion": (check.grey_states, 32),
    "no number": (check.grey_states, "16"),
    "true": (check.grey_states, True),
    "more than there are": (check.grey_states, 192),
    "encrypted again": (check.undo_block, state),
    "turned the same way": (check.undo_block, lambda b, t, m, n, o: undo_block(b, -t, m, n, o)),
    "turned back before mirrored back": (check.undo_block, turned_back_first),
    "order applied again": (check.undo_block, lambda b, t, m, n, o: undo_block(b, t, m, n, np.argsort(o))),
    "256 - v": (check.undo_block, lambda b, t, m, n, o: undo_block(b, t, m, n, o) + np.uint8(n)),
    "upside down": (check.undo_block, lambda b, t, m, n, o: undo_block(b, t, False, n, o)[:: -1 if m else 1]),
    "mirror forgotten": (check.undo_block, lambda b, t, m, n, o: undo_block(b, t, False, n, o)),
    "wide integers": (check.undo_block, lambda b, t, m, n, o: undo_block(b, t, m, n, o).astype(int)),
    "flat": (check.undo_block, lambda b, t, m, n, o: undo_block(b, t, m, n, o).ravel()),
    "block changed": (check.undo_block, in_place),
    "no mirror tried": (check.state_of, lambda p, c: state_of(p, c, lambda: all_states(mirrored=[False]))),
    "no sign tried": (check.state_of, lambda p, c: state_of(p, c, lambda: all_states(negative=[False]))),
    "half turns only": (check.state_of, lambda p, c: state_of(p, c, lambda: all_states(turns=[0, 2]))),
    "the state that undoes": (check.state_of, lambda p, c: state_of(c, p) or (0, False, False, (0, 1, 2))),
    "never none": (check.state_of, lambda p, c: state_of(p, c) or (0, False, False, (0, 1, 2))),
    "first always": (check.state_of, lambda p, c: (0, False, False, (0, 1, 2))),
    "a place in a list": (check.state_of, lambda p, c: list(all_states()).index(state_of(p, c))),
    "same histogram is enough": (
        check.state_of,
        lambda p, c: (
            (0, False, False, (0, 1, 2)) if sorted(p.ravel()) == sorted(c.ravel()) else state_of(p, c)
        ),
    ),
}


def test_exercise_is_the_scheme_of_lib():
    """The state that `state_of` finds in a pair of blocks is what the scheme drew, and `undo_block` takes it
    back."""
    scheme, shape = EtC(Key.from_seed(3), block=4), (8, 12, 3)
    plain = np.random.default_rng(9).integers(0, 256, shape, dtype=np.uint8)
    cipher, steps = scheme.encrypt(plain), scheme.steps(shape)
    blocks = [image.reshape(2, 4, 3, 4, 3).swapaxes(1, 2).reshape(6, 4, 4, 3) for image in (plain, cipher)]
    for number, source in enumerate(steps["permute"].source):
        found = state_of(blocks[0][source], blocks[1][number])
        code = steps["rotate and mirror"].orders.of[number]
        assert found[:3] == (code % 4, code > 3, steps["negative-positive"].masks.of[number])
        assert (undo_block(blocks[1][number], *found) == blocks[0][source]).all()
