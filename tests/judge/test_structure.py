"""What the judge calls a cipher: weak ones of many kinds, the workbook's schemes, and strong ones."""

import numpy as np
import pytest

from lib import schemes
from lib.judge.readings import BitTable, Substitution, learned
from lib.judge.structure import classified, found
from lib.judge.subject import key_of
from lib.table import Structure

from .ciphers import BYTES, REUSED, SHOWN, SMALL, STRONG, UNNAMED, WEAK
from .helpers import SMALLER, TINY, drawn, inquiry, made, staged

ASKED = [name for name, case in WEAK.items() if case.structure != SHOWN]
"""Where questions under one key tell; the others show in a single ciphertext, which the attacks look at."""
SOME = ["rolled_lines", "madono", "bits_of_blocks", "sbox_and_shuffle", "bit_matrix_of_four", "hill_2x2",
        "dct_signs", "block_network", "tweaked_code_book", "cipher_feedback", "short_key_stream",
        "nonce_in_pairs", "overlapping_counters"]  # fmt: skip


def marked(names, short):
    return [pytest.param(name, marks=() if name in short else pytest.mark.long) for name in names]


def may_be_said(name):
    """Of a nonce that is used twice the images that share it have one table."""
    return WEAK[name].true | ({BYTES} if WEAK[name].structure == REUSED else set())


@pytest.mark.parametrize("name", marked(ASKED, SOME))
def test_a_weak_cipher_is_called_what_it_is(name):
    """All of them, where the issue asks for 18 of 20; and nothing is said that is not true."""
    got = staged(WEAK[name].factory, seconds=1.0 if SMALL in WEAK[name].true else 0.01)
    assert WEAK[name].structure in got.names
    assert set(got.names) <= may_be_said(name) and len(set(got.names)) == len(got.names)
    assert got.names[0] in (SMALL, REUSED) or got.names[0] == WEAK[name].structure


@pytest.mark.parametrize(
    "name", marked([*UNNAMED, *STRONG], ["rubik_by_parity", "counter_mode", "random_nonce"])
)
def test_what_has_none_of_the_structures_is_called_nothing(name):
    got = staged((UNNAMED | STRONG)[name].factory)
    assert not got.names and got.found.structure is Structure.OTHER
    if not got.kept.own_keys:
        assert got.found.reading is None and got.says


def test_names_are_not_of_the_key_of_a_single_image():
    """Under it every stream is a table, which nobody can ask for."""
    got = staged(STRONG["counter_mode"].factory, TINY)
    assert got.kept.own_keys and got.found.reading.name == BYTES and not got.names
    assert all(text.startswith("Under the key of a single image") for text in got.says)


# ---- The workbook's schemes, handed over without their names


LABELS = [*schemes.names, "skk per image"]


def bare(label, block):
    """A class of another name, that has what a factory has to have and no more."""
    kind = schemes.SKK if label == "skk per image" else schemes.by_name(label)
    options = {"per_image": True} if label == "skk per image" else {}
    options |= {"block": block} if issubclass(kind, schemes.BlockScheme) else {}

    class Cipher:
        def __init__(self, key):
            self._inner = kind(key, **options)
            self.per_image = self._inner.per_image

        def encrypt(self, images, ids=None):
            return self._inner.encrypt(images, ids=ids)

        def decrypt(self, images, ids=None):
            return self._inner.decrypt(images, ids=ids)

    return Cipher, kind(key_of(0), **options)


def shape_of(block):
    return (32, 32, 3) if block == 4 else (64, 64, 3)


@pytest.mark.parametrize("block", [4, 16])
@pytest.mark.parametrize("label", LABELS)
def test_a_scheme_is_classified_as_its_class_says(label, block):
    factory, scheme = bare(label, block)
    got = staged(factory, shape_of(block))
    assert (got.found.structure, got.found.block, got.found.bits) == (
        scheme.structure,
        scheme.piece,
        scheme.bits,
    )
    assert got.kept.own_keys == scheme.per_image and bool(got.names) != scheme.per_image
    assert got.kept.exact == (label != "etc-gray") and got.kept.key_sensitive


# ---- The classification by itself


def asked_for(encrypt, shape, kind=BitTable):
    reading = learned(kind, inquiry(encrypt, shape))
    return classified(reading, None, shape, shape)


@pytest.mark.parametrize(
    "name, shape, expected",
    [
        ("tanaka", TINY, (Structure.SAME_BLOCKS, 4, 4)),
        ("madono", TINY, (Structure.OWN_BLOCKS, 4, 4)),
        ("shuffled_4x4", SMALLER, (Structure.SAME_BLOCKS, 4, 8)),
        ("negative_pixels", SMALLER, (Structure.PIXELS, 1, 8)),
        ("etc_blocks", SMALLER, (Structure.PIECES, 8, 8)),
        ("blocks_in_own_order", SMALLER, (Structure.OTHER, 1, 8)),  # masked by bytes, not complemented
        ("shuffled_bits", TINY, (Structure.OTHER, 1, 8)),
        ("pad_twice", TINY, (Structure.OTHER, 1, 8)),
    ],
)
def test_tables_are_classified(name, shape, expected):
    assert asked_for(made(name).encrypt, shape) == expected


def test_a_larger_block_wins_over_its_parts():
    """EtC of 8x8 is one of 4x4 and of 2x2 as well, whose blocks go together."""
    scheme = schemes.EtC(key_of(0), block=8)
    assert asked_for(scheme.encrypt, (32, 32, 3)) == (Structure.PIECES, 8, 8)
    colours = np.random.default_rng(0).permutation(3)
    shuffled = schemes.EtC(key_of(1), block=4)
    twice = asked_for(lambda images: shuffled.encrypt(images)[..., colours], (32, 32, 3))
    assert twice == (Structure.PIECES, 4, 8)


def test_a_ciphertext_of_another_shape_has_no_table():
    scheme = schemes.Tanaka(key_of(0), block=4)
    asked = inquiry(lambda images: scheme.encrypt(images).transpose(0, 2, 1, 3), (8, 16, 3))
    assert classified(learned(BitTable, asked), None, (8, 16, 3), (16, 8, 3)) == (Structure.OTHER, 1, 8)


def test_values_that_are_replaced_by_several_boxes_are_no_one_structure():
    ffx = schemes.FormatPreserving(key_of(0), block=4)
    assert asked_for(ffx.encrypt, SMALLER, Substitution) == (Structure.VALUES, 4, 8)
    assert asked_for(made("sbox_of_colour").encrypt, SMALLER, Substitution) == (Structure.OTHER, 1, 8)
    assert asked_for(made("one_sbox").encrypt, SMALLER, Substitution) == (Structure.OTHER, 1, 8)


def test_what_was_tried_in_vain_is_kept_with_its_reason():
    asked = inquiry("wide_block")
    got = found(asked, TINY)
    assert set(got.refused) == {"table of bits", "substitution by position",
                                "substitution of nibbles by position",
                                "substitution of bit pairs by position", "affine over GF(2)",
                                "affine modulo 256", "feedback", "pixels by themselves",
                                "affine over the reals"}  # fmt: skip
    assert not got.names and got.reading is None and all(got.refused.values())


def test_the_most_special_reading_is_taken():
    """A table of bytes is one of bits, a substitution and affine: a few questions tell what it is."""
    got = found(inquiry("shuffled_bytes"), TINY)
    assert got.names == [BYTES] and got.reading.queries < 20 and not got.refused
    plain = drawn(3, 192)
    np.testing.assert_array_equal(got.reading.decrypt(made("shuffled_bytes").encrypt(plain.reshape(3, *TINY))
                                                      .reshape(3, -1)), plain)  # fmt: skip
