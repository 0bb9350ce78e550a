"""Affine ciphers: eliminations against slow ones, and readings against ciphers that are and are not such."""

import numpy as np
import pytest

from lib.judge.affine import (
    PANEL,
    TILE,
    AffineBits,
    AffineBytes,
    AffineReals,
    eliminate_bits,
    eliminate_bytes,
    sum_rows,
)
from lib.judge.locality import units
from lib.judge.readings import Inquiry, Unfit, Unread, learned
from lib.judge.structure import found

from .ciphers import GF2, MODULO, REALS, WEAK
from .helpers import SMALLER, TINY, drawn, inquiry

READINGS = {GF2: AffineBits, MODULO: AffineBytes, REALS: AffineReals}
OTHERS = {
    GF2: ("sum_chain", "wide_block"),
    MODULO: ("diffused", "wide_block"),
    REALS: ("diffused", "one_sbox"),
}


def slowly_reduced(rows, columns, modulus):
    """Gauss and Jordan, one entry at a time: the rows, and the row of each column that has one."""
    rows, place, used = [list(map(int, row)) for row in rows], [-1] * columns, set()
    for column in range(columns):
        pivot = next((r for r in range(len(rows)) if r not in used and rows[r][column] % 2), None)
        if pivot is None:
            continue
        inverse = pow(rows[pivot][column], -1, modulus)
        rows[pivot] = [inverse * value % modulus for value in rows[pivot]]
        for r in range(len(rows)):
            if r != pivot:
                factor = rows[r][column]
                rows[r] = [(a - factor * b) % modulus for a, b in zip(rows[r], rows[pivot])]
        place[column] = pivot
        used.add(pivot)
    return np.array(rows), np.array(place)


def equations(count, columns, rank, modulus, seed, outside=5):
    """Rows of known values, of this rank at most, and what follows from them: (count, columns + outside)."""
    rng = np.random.default_rng(seed)
    known = rng.integers(0, modulus, (count, rank)) @ rng.integers(0, modulus, (rank, columns)) % modulus
    known[:, rng.random(columns) < 0.1] = 0
    way = rng.integers(0, modulus, (columns, outside))
    return np.concatenate([known, known @ way % modulus], axis=1).astype(np.uint8), way


def packed(bits):
    padded = np.pad(bits, ((0, 0), (0, -bits.shape[1] % 64)))
    return np.ascontiguousarray(np.packbits(padded, axis=1, bitorder="little")).view(np.uint64)


def unpacked(words, count):
    return np.unpackbits(words.view(np.uint8), axis=1, bitorder="little")[:, :count]


SIZES = [
    (count, columns, rank)
    for columns in (1, 31, 32, 33, 63, 64, 65, 97, 128, 130)
    for count, rank in ((columns + 9, columns), (columns, columns // 2 + 1), (max(1, columns // 2), columns))
]


def agree(rows, place, slow, slow_place, way, columns, modulus):
    """Pivots in the columns that the slow one has them in, each its row's only one; and all follows still."""
    np.testing.assert_array_equal(place >= 0, slow_place >= 0)
    chosen = place[place >= 0]
    assert len(set(chosen)) == len(chosen)
    np.testing.assert_array_equal(rows[chosen][:, np.flatnonzero(place >= 0)], np.eye(len(chosen)))
    np.testing.assert_array_equal(rows[:, :columns] @ way % modulus, rows[:, columns:])
    if len(chosen) == columns:  # then there is one answer only
        np.testing.assert_array_equal(rows[chosen], slow[slow_place[slow_place >= 0]])


@pytest.mark.parametrize("count, columns, rank", SIZES)
def test_bits_are_eliminated_as_slowly(count, columns, rank):
    rows, way = equations(count, columns, rank, 2, columns)
    words = packed(rows)
    place = eliminate_bits(words, columns)
    bits = unpacked(words, rows.shape[1]).astype(int)
    slow, slow_place = slowly_reduced(rows, columns, 2)
    agree(bits, place, slow, slow_place, way, columns, 2)
    pivots = place >= 0
    np.testing.assert_array_equal(bits[place[pivots], :columns], slow[slow_place[pivots], :columns])


def test_bits_of_more_words_than_a_tile():
    """The right side ends in the middle of a third tile."""
    rows, way = equations(90, 80, 70, 2, 1, outside=64 * (2 * TILE + 3) - 80)
    words = packed(rows)
    place = eliminate_bits(words, 80)
    assert words.shape[1] == 2 * TILE + 3 and 0 < (place >= 0).sum() <= 70
    bits = unpacked(words, rows.shape[1]).astype(int)
    np.testing.assert_array_equal(bits[:, :80] @ way % 2, bits[:, 80:])
    np.testing.assert_array_equal(
        bits[place[place >= 0]][:, np.flatnonzero(place >= 0)], np.eye((place >= 0).sum())
    )


@pytest.mark.parametrize("count, columns, rank", SIZES)
def test_bytes_are_eliminated_as_slowly(count, columns, rank):
    assert PANEL == 64  # the sizes are around it
    rows, way = equations(count, columns, rank, 256, columns)
    slow, slow_place = slowly_reduced(rows, columns, 256)
    place = eliminate_bytes(rows, columns)
    agree(rows.astype(int), place, slow, slow_place, way, columns, 256)


def test_even_bytes_have_no_inverse():
    rows = 2 * drawn(9, 5)
    before = rows.copy()
    assert (eliminate_bytes(rows, 4) == -1).all()
    np.testing.assert_array_equal(rows, before)


def test_rows_are_summed_as_slowly():
    bits, rows = drawn(7, 70) & 1, np.random.default_rng(1).integers(0, 2**63, (70, 3)).astype(np.uint64)
    out = np.zeros((7, 3), np.uint64)
    sum_rows(bits, rows, out)
    for i in range(7):
        total = np.zeros(3, np.uint64)
        for j in range(70):
            total ^= rows[j] * bits[i, j]
        np.testing.assert_array_equal(out[i], total)


# ---- Readings


LINEAR = [(label, name) for label in READINGS for name, case in WEAK.items() if label == case.structure]


@pytest.mark.parametrize("label, name", LINEAR)
def test_what_is_affine_is_read(label, name):
    asked = inquiry(name, SMALLER if WEAK[name].block == (8, 8) else TINY)
    parts = units(asked)
    reading = learned(lambda inquiry: READINGS[label](inquiry, parts), asked, 0.9 if label == REALS else 1.0)
    assert reading.name == label and reading.queries > 0
    fresh = drawn(5, asked.bytes, seed=9)
    away = reading.decrypt(asked(fresh)).astype(int) - fresh
    assert (np.abs(away) <= 3).mean() > 0.9 if label == REALS else (away == 0).all()


@pytest.mark.parametrize("label, name", [(label, name) for label in READINGS for name in OTHERS[label]])
def test_what_is_not_affine_so_is_not_read(label, name):
    with pytest.raises(Unfit, match="is not"):
        READINGS[label](inquiry(name), None)


def test_too_many_unknowns_are_told():
    with pytest.raises(Unread, match="it is, but 232 queries would be needed"):
        AffineBytes(inquiry("sum_chain", most=231), None)
    assert AffineBytes(inquiry("sum_chain", most=232), None).says == "the whole image at once"


def test_an_affine_cipher_that_loses_something_is_called_affine():
    """Each byte added to the one before and the one after, around the picture: it is its own blur."""
    lossy = Inquiry(lambda images: _neighbours(images.reshape(len(images), -1)), TINY)
    with pytest.raises(Unread, match="it is, and cannot be undone: of fresh pictures"):
        learned(lambda inquiry: AffineBytes(inquiry, None), lossy)
    assert AffineBytes.name in found(lossy, TINY).names


def _neighbours(rows):
    return np.roll(rows, 1, 1) + np.roll(rows, -1, 1)


def test_planes_of_bits_are_solved_apart_where_they_are_apart():
    """A chain of XORs needs a query a byte; a matrix over bits eight."""
    chain = learned(lambda inquiry: AffineBits(inquiry, None), inquiry("xor_chain"))
    assert len(chain.planes) == 8 and chain.queries < 700
    matrix = inquiry("bit_matrix_of_pixel")
    whole = learned(lambda inquiry: AffineBits(inquiry, None), matrix)
    assert len(whole.planes) == 1 and whole.queries > 8 * 192


def test_a_ciphertext_of_reals_is_read():
    """A secret orthogonal matrix on the bytes of each pixel, not rounded at all."""
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    asked = inquiry(lambda images: images / 255 @ turn)
    reading = learned(lambda inquiry: AffineReals(inquiry, units(asked)), asked)
    fresh = drawn(5, asked.bytes, seed=9)
    np.testing.assert_array_equal(reading.decrypt(asked(fresh)), fresh)
    with pytest.raises(Unfit, match="no bytes"):
        AffineBits(asked, None)
