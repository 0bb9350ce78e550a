"""Feedback that an oracle undoes byte by byte, in known orders and in a secret one."""

import time

import numpy as np
import pytest

from lib.judge.online import Online
from lib.judge.readings import Unfit, Unread, learned, scans

from .helpers import TINY, drawn, inquiry, made, reach


def asked(name, most=30_000):
    return inquiry(name, TINY, most)


SECRET = pytest.param("shuffle_and_diffuse", marks=pytest.mark.long)


@pytest.mark.parametrize("name", ["cipher_feedback", "autokey", "row_feedback", SECRET])
def test_feedback_is_undone_byte_by_byte(name):
    oracle = asked(name)
    reading = learned(Online, oracle)
    assert reading.name == "feedback" and reading.proved == 1
    plain = drawn(3, 192, seed=5)
    np.testing.assert_array_equal(reading.decrypt(oracle(plain)), plain)
    assert reading.read == 192
    assert ("secret order" in reading.says) == (name == "shuffle_and_diffuse")


@pytest.mark.parametrize("name", ["autokey", "row_feedback"])
def test_an_order_is_what_changes_of_every_byte_show(name):
    """In it, no byte of the ciphertext is reached by a later one of the picture, and each by its own."""
    reading, reached = Online(asked(name)), reach(made(name).encrypt, TINY)
    later = reached[reading.plain_order][:, reading.order]
    assert not np.tril(later, -1).any() and later.diagonal().all()


def test_a_secret_order_is_that_of_reach():
    reading = Online(asked("shuffle_and_diffuse"))
    reached = reach(made("shuffle_and_diffuse").encrypt, TINY)
    assert not np.tril(reached[reading.plain_order][:, reading.order], -1).any()
    assert (reading.plain_order != np.arange(192)).mean() > 0.9
    with pytest.raises(Unread, match="it is, in a secret order that takes 576 queries"):
        Online(asked("shuffle_and_diffuse", most=575))


@pytest.mark.parametrize("way", scans(TINY))
def test_every_order_is_found(way):
    order = scans(TINY)[way]
    box = np.random.default_rng(4).permutation(256).astype(np.uint8)

    def encrypt(images):
        p = images.reshape(len(images), -1)[:, order]
        c = p.copy()
        for i in range(p.shape[1]):
            c[:, i] = box[p[:, i] ^ (c[:, i - 1] if i else 7)]
        out = np.empty_like(c)
        out[:, order] = c
        return out.reshape(images.shape)

    assert Online(inquiry(encrypt)).says == f"{way}, with the oracle's help"


def test_feedback_in_pieces_is_told_and_not_read():
    with pytest.raises(Unread, match="it is, row by row in pieces of 8 bytes"):
        Online(asked("chained_blocks"))


@pytest.mark.parametrize(
    "name", ["code_book", "tweaked_code_book", "block_network", "own_network", "hill_colours", "wide_block",
             "two_rounds", "order_by_sum", "mixed_up"]
)  # fmt: skip
def test_what_has_no_feedback_is_none(name):
    """Pieces that reach no other piece are a code book; what reaches everything has no order."""
    with pytest.raises(Unfit) as caught:
        Online(asked(name))
    assert not isinstance(caught.value, Unread)


def test_when_time_is_up_the_rest_is_grey():
    """The share that is right is one of the bytes that there was time for."""
    oracle = asked("cipher_chaining")
    reading = Online(oracle)
    plain = drawn(3, 192, seed=5)
    reading.seconds = 0.0
    ciphers = oracle(plain)
    assert (reading.decrypt(ciphers) == 128).all()
    reading.seconds, before = 0.05, oracle.encrypt

    def slow(images):
        time.sleep(0.002)
        return before(images)

    oracle.encrypt = slow
    part = reading.decrypt(ciphers)
    assert 0 < reading.read < 192 and reading.right(part, plain) == 1
    order = reading.plain_order
    assert (part == plain)[:, order[: reading.read]].all() and (part[:, order[reading.read :]] == 128).all()
