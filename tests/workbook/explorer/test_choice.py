"""A choice allows what its scheme and picture allow, and its ciphertext is that of its steps, one after the
other."""

import numpy as np
import pytest

from lib import Key
from lib.colours import to_planes
from lib.photos import photo
from lib.schemes import OneTimePad, by_name, names
from lib.workbook.explorer import SCHEMES, Choice, blocks, cipher_of, parts, pictures
from lib.workbook.explorer.choice import BLOCKS


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [32, 96])
def test_every_offered_block_encrypts_as_the_scheme_does(scheme, size):
    plain = photo("chelsea", size)
    for block in blocks(scheme, size):
        options = {} if scheme in ("skk", "otp") else {"block": block}
        whole = by_name(scheme)(Key.from_seed(3), **options)
        shown, cipher = pictures(Choice("chelsea", size, scheme, block, seed=3))
        ids = [1 << 40] if whole.per_image else None
        assert (shown == plain).all() and (cipher == whole.encrypt(plain[None], ids)[0]).all()


def test_blocks_are_those_that_leave_two_in_each_direction():
    assert blocks("tanaka", 32) == (2, 4, 8, 16) and blocks("etc", 96) == BLOCKS and blocks("skk", 96) == (1,)


@pytest.mark.parametrize("scheme", [name for name in names if name != "ffx"])
def test_steps_that_are_left_out_change_nothing_and_the_others_stay(scheme):
    block, plain = 1 if scheme == "skk" else 4, photo("hopper", 32)
    every = parts(Choice(size=32, scheme=scheme, block=block))
    tables = by_name(scheme)(Key.from_seed(7), **({} if block == 1 else {"block": block})).steps(plain.shape)
    assert every == tuple(tables)
    for dropped in every:
        choice = Choice(
            size=32, scheme=scheme, block=block, steps=[name for name in every if name != dropped][::-1]
        )
        expected = to_planes(plain[None])[0, ..., 0] if scheme == "etc-gray" else plain
        for name in every:
            expected = expected if name == dropped else tables[name].apply(expected)
        assert (pictures(choice)[1] == expected).all()
        assert (pictures(choice)[1] != pictures(Choice(size=32, scheme=scheme, block=block))[1]).any()


@pytest.mark.parametrize("scheme", ["ffx", "otp", "tanaka"])
def test_without_any_step_there_is_no_cipher(scheme):
    plain, cipher = pictures(Choice(size=32, scheme=scheme, block=1 if scheme == "otp" else 4, steps=()))
    assert (plain == cipher).all()


def test_a_whole_pad_is_fresh_for_every_picture():
    cipher = cipher_of(Choice(size=32, scheme=OneTimePad.name, block=1))
    a, b = cipher.encrypt(np.zeros((2, 32, 32, 3), np.uint8), ids=[0, 1])
    assert cipher.per_image and (a != b).mean() > 0.9


@pytest.mark.parametrize(
    "wrong, says",
    [
        ({"photo": "lena"}, "known: astronaut"),
        ({"scheme": "aes"}, "known: tanaka"),
        ({"scheme": "skk"}, "has blocks of 1, got 4"),
        ({"size": 32, "block": 32}, "blocks of 2, 4, 8, 16, got 32"),
        ({"steps": ("permute",)}, "the steps of tanaka are reverse, shuffle; got permute"),
        ({"size": 97}, "no size 97; known: 32"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_does_not_fit_is_told(wrong, says):
    with pytest.raises(ValueError, match=says):
        Choice(**wrong)
