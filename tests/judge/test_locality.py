"""Which bytes depend on what: ten queries against a change of every byte."""

import numpy as np
import pytest

from lib.judge.locality import dependence, divisions, units

from .ciphers import WEAK
from .helpers import SMALLER, TINY, drawn, inquiry, made, reach

BYTE, PIXEL = "byte", "pixel"
SAID = {
    "pad_twice": BYTE,
    "sbox_and_shuffle": BYTE,
    "hill_colours": PIXEL,
    "pixel_network_moved": PIXEL,
    "hill_2x2": "block of 2x2",
    "own_network": "block of 4x4",
    "block_network": "block of 4x4",
    "bits_in_own_order": "block of 8x8",
    "bit_matrix_of_four": "piece of 12 bytes",
    "code_book": "piece of 8 bytes",
    "tweaked_code_book": "piece of 8 bytes",
}
MORE = ("sum_chain", "diffused", "wide_block", "row_feedback", "two_rounds", "mixed_up")


def shape(name):
    return SMALLER if name in WEAK and WEAK[name].block == (8, 8) else TINY


@pytest.mark.parametrize("name, said", SAID.items())
def test_units_are_what_changes_of_every_byte_show(name, said):
    asked = inquiry(name, shape(name))
    found = units(asked)
    assert found.name == said and asked.queries < 200
    reached = reach(made(name).encrypt, asked.shape)
    byte, value = np.nonzero(reached)
    np.testing.assert_array_equal(found.of[byte], found.seen[value])
    assert (found.seen >= 0).all()
    for inside, seen in found.parts():
        assert len(inside) == len(seen) and set(seen) == set(np.flatnonzero(reached[inside].any(0)))


@pytest.mark.parametrize("name", SAID)
def test_no_smaller_units_would_do(name):
    """Where a finer division explains what changes of every byte show, the coarser one is no answer."""
    asked = inquiry(name, shape(name))
    reached, found = reach(made(name).encrypt, asked.shape), units(asked)
    for division, of, _ in divisions(asked.shape):
        if division == found.name:
            break
        several = [len(set(of[np.flatnonzero(column)])) > 1 for column in reached.T]
        assert any(several), division


@pytest.mark.parametrize("name", MORE)
def test_where_bytes_depend_on_all_there_are_no_units(name):
    assert units(inquiry(name)) is None


@pytest.mark.parametrize("name", [name for name in SAID if WEAK[name].block])
def test_units_are_alike_where_the_cipher_says_so(name):
    """What `ciphers.py` says of blocks, where those are the units: bytes are smaller than any."""
    found = units(inquiry(name, shape(name)))
    if found.name != BYTE:
        assert found.alike == WEAK[name].alike


@pytest.mark.parametrize(
    "name, moved",
    [("pad_twice", False), ("shuffled_bytes", True), ("own_network", True), ("hill_2x2", False)],
)
def test_units_are_moved_or_not(name, moved):
    assert units(inquiry(name)).moved == moved


def test_a_byte_that_never_changes_depends_on_nothing():
    """Blue is left out, and a byte is said twice."""

    def encrypt(images):
        rows = images.reshape(len(images), -1) ^ np.uint8(9)
        rows[:, 2::3] = 77
        rows[:, 5] = rows[:, 0]
        return rows.reshape(images.shape)

    seen = dependence(inquiry(encrypt), np.arange(192))
    assert seen[5] == 0 and (seen[np.delete(np.arange(2, 192, 3), 1)] == -1).all()
    np.testing.assert_array_equal(seen[0::3], np.arange(0, 192, 3))


def test_a_constant_depends_on_nothing_and_tells_nothing():
    assert dependence(inquiry(lambda images: np.full_like(images, 3)), np.arange(192)) is None


def test_a_ciphertext_may_have_another_shape():
    """A picture's rows from below, and every byte as a half: (n, 384) float32."""

    def encrypt(images):
        rows = images[:, ::-1].reshape(len(images), -1)
        return np.concatenate([rows >> 4, rows & 15], axis=1).astype(np.float32)

    found = units(inquiry(encrypt))
    where = np.arange(192).reshape(TINY)[::-1].ravel()
    assert found.name == BYTE and found.moved
    np.testing.assert_array_equal(found.seen, np.concatenate([where, where]))


def test_divisions_are_whole_and_grow():
    labels = [(name, of) for name, of, _ in divisions((12, 10, 3))]
    assert [name for name, _ in labels[:2]] == [BYTE, PIXEL]
    sizes = [np.bincount(of).max() for name, of in labels if "x" not in name or name == PIXEL]
    assert sizes[2:] == sorted(sizes[2:]) and all((np.bincount(of) > 0).all() for _, of in labels)
    block = dict(labels)["block of 4x4"].reshape(12, 10, 3)
    for y, x in np.ndindex(12, 10):
        assert (block[y, x] == y // 4 * 3 + x // 4).all()


def test_noise_differs_by_seed():
    """The helper would see nothing in constant images."""
    assert (drawn(9, seed=1) != drawn(9, seed=2)).any()
