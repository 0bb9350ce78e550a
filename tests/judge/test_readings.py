"""Readings of tables, substitutions, feedback and pixels, on ciphers that are such and on others."""

import numpy as np
import pytest

from lib.judge.readings import (
    BitTable,
    Codebook,
    Feedback,
    Inquiry,
    NibbleSubstitution,
    PairSubstitution,
    Reading,
    Substitution,
    Unfit,
    learned,
    scans,
)

from .ciphers import BITS, BYTES, GF2, MODULO, NIBBLES, POSITION, SMALL, WEAK
from .helpers import SMALLER, TINY, drawn, inquiry, made

TABLES = [name for name, case in WEAK.items() if case.structure in (BYTES, NIBBLES, BITS)]
TABLES = [name for name in TABLES if not getattr(made(name), "per_image", False)]
BY_BYTE = [name for name, case in WEAK.items() if POSITION in case.true and case.structure != SMALL]


def shape(name):
    return SMALLER if WEAK[name].block in ((8, 8), (2, 7), (5, 5)) else TINY


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_bit_by_bit(name):
    """Every cipher that moves and complements atoms; others' masks are no bits of one atom."""
    case, asked = WEAK[name], inquiry(name, shape(name))
    reading = learned(BitTable, asked)
    assert reading.queries <= 17 and reading.proved == 1
    finest = {BYTES: 8, NIBBLES: 4, BITS: 1}[case.structure]
    assert reading.bits == finest and reading.name == case.structure
    plain = drawn(3, asked.bytes, seed=3)
    bits, ciphers = (np.unpackbits(each, axis=1) for each in (plain, asked(plain)))
    for j in range(bits.shape[1]):  # the definition, bit by bit
        assert (ciphers[:, j] == bits[:, reading.index[j]] ^ reading.mask[j]).all()
    index, mask = reading.atoms(reading.bits)
    assert sorted(index) == list(range(8 * asked.bytes // reading.bits)) and mask.max() < 2**reading.bits


@pytest.mark.parametrize("name", BY_BYTE)
def test_a_substitution_is_read_byte_by_byte(name):
    asked = inquiry(name, shape(name))
    reading = learned(Substitution, asked)
    plain = drawn(3, asked.bytes, seed=3)
    ciphers = asked(plain)
    for j in range(asked.bytes):
        assert (ciphers[:, j] == reading.boxes[plain[:, reading.source[j]], j]).all()
    np.testing.assert_array_equal(reading.decrypt(ciphers), plain)
    true = WEAK[name].true
    expected = next((name for name in (BYTES, GF2, MODULO) if name in true), POSITION)
    assert reading.name == expected and ("one substitution for all" in reading.says) == (
        name
        in (
            "one_sbox",
            "affine_bytes",
            "cat_map",
            "rolled_lines",
            "shuffled_bytes",
            "zigzag",
            "blocks_of_3",
            "strips",
        )
    )


def letters(bits, seed=0):
    """Each atom replaced by a rule of its own place, then all moved: the way of ciphers that write DNA."""
    rng = np.random.default_rng(seed)
    count = 192 * 8 // bits
    rules, order = rng.permuted(np.tile(np.arange(2**bits), (count, 1)), axis=1), rng.permutation(count)

    def encrypt(images):
        out = np.empty_like(images)
        for image, cipher in zip(images, out):
            atoms = [
                byte >> shift & 2**bits - 1 for byte in image.ravel() for shift in range(8 - bits, -1, -bits)
            ]
            found = [rules[at][atoms[at]] for at in order]
            step = 8 // bits
            flat = [sum(int(a) << 8 - bits * (k + 1) for k, a in enumerate(found[i : i + step]))
                    for i in range(0, count, step)]  # fmt: skip
            cipher[...] = np.reshape(flat, image.shape)
        return out

    return encrypt


@pytest.mark.parametrize("kind, words", [(NibbleSubstitution, "nibbles"), (PairSubstitution, "bit pairs")])
def test_parts_of_bytes_are_substituted_by_position(kind, words):
    encrypt = letters(kind.bits)
    asked = inquiry(encrypt)
    with pytest.raises(Unfit):
        learned(Substitution, asked)  # has asked for the images of one value
    reading = learned(kind, asked)
    plain = drawn(3, 192, seed=3)
    np.testing.assert_array_equal(reading.decrypt(inquiry(encrypt)(plain)), plain)
    assert reading.says == f"{words} are moved" and reading.name == POSITION
    assert reading.queries == {4: 16 + 3, 2: 4 + 5}[kind.bits]
    other = letters(kind.bits, seed=1)
    assert (reading.decrypt(inquiry(other)(plain)) == plain).mean() < 0.1
    for wrong in {Substitution, NibbleSubstitution, PairSubstitution} - {kind}:
        with pytest.raises(Unfit):
            learned(wrong, inquiry(encrypt))


def test_a_substitution_that_leaves_bytes_out_says_so():
    """Blue is zero: two thirds come back, and no more is claimed."""

    def encrypt(images):
        out = images ^ np.uint8(90)
        out[..., 2] = 0
        return out

    reading = Substitution(inquiry(encrypt))
    plain = drawn(4, 192, seed=3)
    back = reading.decrypt(inquiry(encrypt)(plain))
    assert "66.7% of the bytes are there" in reading.says
    np.testing.assert_array_equal(back.reshape(4, 64, 3)[..., :2], plain.reshape(4, 64, 3)[..., :2])
    assert (back.reshape(4, 64, 3)[..., 2] == 128).all()
    with pytest.raises(Unfit, match=r"decrypts \d\d\.\d% of the bytes"):
        learned(Substitution, inquiry(encrypt))


def test_a_ciphertext_may_be_longer_than_its_picture():
    """Each byte twice, under two pads: a substitution by position all the same."""
    pads = drawn(2, 192)

    def encrypt(images):
        rows = images.reshape(len(images), -1)
        return np.concatenate([rows ^ pads[0], rows[:, ::-1] ^ pads[1]], axis=1)

    reading = learned(Substitution, inquiry(encrypt))
    np.testing.assert_array_equal(reading.source, [*range(192), *range(191, -1, -1)])
    with pytest.raises(Unfit, match="not a byte for each byte"):
        BitTable(inquiry(encrypt))


# ---- Feedback


@pytest.mark.parametrize(
    "name, told",
    [
        ("cipher_feedback", "row by row, from the encrypted byte 1 before"),
        ("cipher_chaining", "row by row, from the encrypted byte 1 before"),
        ("xor_chain", None),  # pads by position
        ("wide_block", None),
        ("chained_blocks", None),
    ],
)
def test_feedback_is_read_where_one_rule_holds_everywhere(name, told):
    """400 images of 24x24 show every pair of bytes; those of 8x8 do not."""
    asked = inquiry(name, (24, 24, 3))
    if told is None:
        with pytest.raises(Unfit, match="no byte before decides"):
            Feedback(asked)
        return
    reading = learned(Feedback, asked)
    assert reading.says == told and reading.proved > 0.999
    plain = drawn(4, asked.bytes, seed=3)
    assert (reading.decrypt(asked(plain)) == plain).mean() > 0.999


@pytest.mark.parametrize("way", scans((24, 24, 3)))
@pytest.mark.parametrize("before", ["plain", "encrypted"])
def test_feedback_is_found_in_every_order(way, before):
    """c[i] = box[p[i]] ^ p[i - 3] or ^ c[i - 3], the start by itself."""
    order = scans((24, 24, 3))[way]
    box = np.random.default_rng(1).permutation(256).astype(np.uint8)

    def encrypt(images):
        p = images.reshape(len(images), -1)[:, order]
        c = box[p]
        for i in range(3, p.shape[1]):
            c[:, i] ^= (p if before == "plain" else c)[:, i - 3]
        out = np.empty_like(c)
        out[:, order] = c
        return out.reshape(images.shape)

    reading = Feedback(inquiry(encrypt, (24, 24, 3)))
    assert reading.says == f"{way}, from the {before} byte 3 before"


def test_scans_go_through_every_byte_once():
    shape = 4, 5, 3
    ways = scans(shape)
    assert len({tuple(order) for order in ways.values()}) == len(ways) == 8
    assert all(sorted(order) == list(range(60)) for order in ways.values())
    slow = [(y * 5 + x) * 3 + k for x in range(5) for y in range(4) for k in range(3)]
    assert list(ways["column by column"]) == slow and list(ways["column by column, backwards"]) == slow[::-1]


# ---- Pixels


def mixed_pixels(images):
    """A product modulo 2 ** 24 and a shift: no bytes, no bits, no bytes modulo 256."""
    number = sum(images[..., k].astype(np.uint32) << np.uint32(16 - 8 * k) for k in range(3))
    number = (number * np.uint32(0x5BD1E5) + np.uint32(77)) & np.uint32(0xFFFFFF)
    number ^= number >> np.uint32(11)
    return np.stack([(number >> np.uint32(shift)).astype(np.uint8) for shift in (16, 8, 0)], axis=-1)


def test_all_colours_are_asked_for():
    asked = inquiry(mixed_pixels, (32, 32, 3), most=17_000)
    reading = learned(Codebook, asked)
    assert reading.queries >= 16_384 and reading.proved == 1
    plain = drawn(2, asked.bytes, seed=3)
    np.testing.assert_array_equal(reading.decrypt(asked(plain)), plain)


def test_colours_are_too_many_or_not_alike():
    with pytest.raises(Unfit, match="262144 images would be needed"):
        Codebook(inquiry("pixel_network"))
    with pytest.raises(Unfit, match="equal pixels differ"):
        Codebook(inquiry("pixel_network_moved"))


# ---- Refusals, and what all share


@pytest.mark.parametrize(
    "kind, name, why",
    [
        (BitTable, "one_sbox", "one by one"),
        (BitTable, "wide_block", "one by one"),
        (BitTable, "affine_places", "one by one"),
        (Substitution, "hill_colours", "are substitutions of one plain byte"),
        (Substitution, "tanaka", "are substitutions of one plain byte"),
        (Substitution, "two_rounds", "are substitutions of one plain byte"),
        (Codebook, "wide_block", "equal pixels differ"),
    ],
)
def test_what_is_no_such_thing_is_refused(kind, name, why):
    with pytest.raises(Unfit, match=why):
        learned(kind, inquiry(name))


def test_an_inquiry_counts_and_asks_once():
    asked = inquiry("one_sbox")
    first = asked.random()
    assert asked.random()[1] is first[1] and asked.queries == 400
    asked.proof()
    assert asked.queries == 412 and asked.constant()[0].shape == (256, 192)
    assert not any((row == first[0]).all(1).any() for row in asked.proof()[0])


def test_a_reading_is_proved_on_what_it_has_not_seen():
    """One that keeps what it was answered, and says those pictures again."""

    class Parrot(Reading):
        def __init__(self, inquiry: Inquiry):
            self.known = {row.tobytes(): plain for plain, row in zip(*inquiry.random())}

        def decrypt(self, ciphers):
            return np.stack([self.known.get(row.tobytes(), row) for row in ciphers])

    asked = inquiry("wide_block")
    with pytest.raises(Unfit, match=r"of fresh pictures it decrypts 0\.\d% of the bytes"):
        learned(Parrot, asked)
    np.testing.assert_array_equal(Parrot(asked).decrypt(asked.random()[1]), asked.random()[0])
