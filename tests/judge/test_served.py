"""A model that holds the key: which ciphers one can be made for, and what its weights give away."""

import numpy as np
import pytest

from lib import Key, schemes
from lib.attacks.served_model.checkpoint import beside_checkpoint
from lib.judge import pictures, served
from lib.judge.structure import found

from .helpers import SMALLER, drawn, inquiry


def reading(name, shape=SMALLER):
    return found(inquiry(name, shape), shape).reading


def of_scheme(name, shape=SMALLER, seed=5, **options):
    scheme = schemes.by_name(name)(Key.from_seed(seed), **options)
    return scheme, reading(scheme.encrypt, shape)


def slowly_held(table, side):
    """Whether every patch of the ciphertext is made of one plain patch alone, atom by atom."""
    h, w, c = table.shape
    each = c * 8 // table.bits
    patch = np.array([y // side * (w // side) + x // side for y in range(h) for x in range(w)]).repeat(each)
    return all(len(set(patch[table.index[patch == one]])) == 1 for one in set(patch))


@pytest.mark.parametrize("name, options, bits, block", [
    ("tanaka", {"block": 4}, 4, 4), ("ele", {"block": 4}, 4, 4), ("skk", {}, 8, 2),
    ("etc", {"block": 8}, 8, 2), ("shf", {"block": 4}, 8, 4), ("np", {"block": 4}, 8, 2),
    ("block-pixel", {"block": 4}, 8, 4),
])  # fmt: skip
def test_a_table_in_patches_is_the_cipher(name, options, bits, block):
    scheme, found = of_scheme(name, **options)
    table = served.table_of(found, SMALLER)
    assert (table.bits, table.block) == (bits, block) and slowly_held(table, block)
    images = drawn(5, *SMALLER)
    np.testing.assert_array_equal(table.apply_bytes(images.reshape(5, -1)).reshape(images.shape),
                                  scheme.encrypt(images))  # fmt: skip


def test_a_complement_of_single_bits_makes_each_an_atom():
    pad = drawn(*SMALLER, seed=3)
    table = served.table_of(reading(lambda images: images ^ pad), SMALLER)
    assert table.bits == 1 and table.block == 2
    images = drawn(3, *SMALLER)
    np.testing.assert_array_equal(table.apply_bytes(images.reshape(3, -1)), (images ^ pad).reshape(3, -1))


@pytest.mark.parametrize("name", ["cat_map", "shuffled_bytes"])
def test_what_tears_patches_apart_is_held_by_no_model(name):
    assert served.table_of(reading(name), SMALLER) is None


def test_what_is_no_table_is_held_by_no_model():
    box = np.random.default_rng(0).permutation(256).astype(np.uint8)
    assert served.table_of(reading(lambda images: box[images]), SMALLER) is None
    assert served.table_of(None, SMALLER) is None


def test_patches_beyond_what_is_tried():
    """One patch is no picture, and blocks of 16x16 pixels in bits have more atoms than are matched."""
    scheme, whole = of_scheme("shf", block=16)
    assert served.table_of(whole, SMALLER) is None
    shape = (32, 32, 3)
    scheme, four = of_scheme("shf", shape, block=16)
    assert served.table_of(four, shape).block == 16
    lowest = np.random.default_rng(0).integers(0, 2, shape).astype(np.uint8)
    assert served.table_of(reading(lambda images: scheme.encrypt(images) ^ lowest, shape), shape) is None


def test_weights_and_ciphertexts_give_the_pictures_and_those_of_another_key_do_not():
    scheme, found = of_scheme("etc", block=4)
    images = pictures.attacked(SMALLER, 8)
    table = served.table_of(found, SMALLER)
    estimate, seconds = served.attacked(table, scheme.encrypt(images))
    np.testing.assert_array_equal(estimate, images)
    other, _ = of_scheme("etc", block=4, seed=6)
    estimate, _ = served.attacked(table, other.encrypt(images))
    assert seconds > 0 and (estimate == images).mean() < 0.1


def test_a_served_model_is_told_by_its_weights(monkeypatch):
    """The attack has two sets of weights and the ciphertexts: nothing of the table itself goes in."""
    scheme, found = of_scheme("tanaka", block=4)
    given = {}

    def watched(ours, checkpoint, ciphers):
        given.update(ours=ours, checkpoint=checkpoint)
        return beside_checkpoint(ours, checkpoint, ciphers)

    monkeypatch.setattr("lib.attacks.served_model.checkpoint.beside_checkpoint", watched)
    table = served.table_of(found, SMALLER)
    served.attacked(table, scheme.encrypt(pictures.attacked(SMALLER, 2)))
    kernel, plain = given["ours"].kernels[0], given["checkpoint"].kernels[0]
    assert kernel.shape == plain.shape and not np.allclose(kernel, plain)
    np.testing.assert_allclose(np.sort(np.abs(kernel), 1), np.sort(np.abs(plain), 1), rtol=1e-6)
