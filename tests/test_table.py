"""Tables: equal to the slow specification on every path, and the algebra of steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib import kernels, table
from lib.table import NotInvertibleError, Table, join, split
from tests import specification as spec
from tests.specification import picture

BITS = pytest.mark.parametrize("bits", [8, 4, 2, 1])


def parts(shape, block, bits, seed, rows=3, source=True, orders=True, masks=True, lossy=False):
    """Random parts of a table, as its arguments and spelled out for each block."""
    rng = np.random.default_rng(seed)
    blocks = shape[0] // block * (shape[1] // block)
    size = block * block * shape[2]
    atoms = size * 8 // bits
    given = {
        "source": rng.permutation(blocks),
        "orders": (np.array([rng.permutation(atoms) for _ in range(rows)]), rng.integers(0, rows, blocks)),
        "masks": (rng.integers(0, 256, (rows + 1, size), np.uint8), rng.integers(0, rows + 1, blocks)),
    }
    if lossy:
        given["orders"][0][:, 0] = given["orders"][0][:, 1]
    plain = {
        "source": np.arange(blocks),
        "orders": [np.arange(atoms)] * blocks,
        "masks": [np.zeros(size, int)] * blocks,
    }
    use = {"source": source, "orders": orders, "masks": masks}
    spelled = {}
    for name, wanted in use.items():
        if not wanted:
            spelled[name], given[name] = plain[name], None
        elif name == "source":
            spelled[name] = given[name]
        else:
            array, of = given[name]
            spelled[name] = [array[k] for k in of]
    return given, spelled


def build(shape, block, bits, seed, **options):
    return Table(shape, block, bits, **parts(shape, block, bits, seed, **options)[0])


SHAPES = [((4, 6, 3), 2), ((3, 5, 3), 1), ((6, 9, 1), 3), ((8, 4, 3), 4), ((5, 10, 3), 5)]
PARTS = st.fixed_dictionaries({name: st.booleans() for name in ("source", "orders", "masks")})
TABLES = st.tuples(
    st.sampled_from(SHAPES), st.sampled_from([8, 4, 2, 1]), st.integers(0, 10**6), st.integers(1, 9), PARTS
)


# -- what a table does ---------------------------------------------------------------------------------------


@BITS
@pytest.mark.parametrize(("shape", "block"), SHAPES)
@pytest.mark.parametrize("lossy", [False, True])
def test_index_and_mask_are_those_of_the_specification(shape, block, bits, lossy):
    given, spelled = parts(shape, block, bits, 1, lossy=lossy)
    made = Table(shape, block, bits, **given)
    index, mask = spec.index_and_mask(shape, block, bits, **spelled)
    assert np.array_equal(made.index, index) and np.array_equal(made.mask, mask)
    assert made.index.dtype == np.int32 and made.mask.dtype == np.uint8
    whole = [spec.byte_of(mask[k : k + 8 // bits], bits) for k in range(0, len(mask), 8 // bits)]
    assert np.array_equal(made.byte_mask, whole)


@given(TABLES, st.integers(1, 6))
def test_apply_is_the_specification_for_few_images_and_for_many(drawn, count):
    (shape, block), bits, seed, rows, use = drawn
    given_, spelled = parts(shape, block, bits, seed, rows, **use)
    images = picture((count, *shape), seed)
    before = images.copy()
    out = Table(shape, block, bits, **given_).apply_batch(images)
    assert out.dtype == np.uint8 and (images == before).all()
    for image, got in zip(images, out, strict=True):
        assert (got == spec.gather(image, block, bits, **spelled)).all()


@given(TABLES, st.integers(1, 5))
def test_apply_on_torch_is_apply_on_numpy(drawn, count):
    import torch

    (shape, block), bits, seed, rows, use = drawn
    made, images = build(shape, block, bits, seed, rows=rows, **use), picture((count, *shape), seed)
    tensor = torch.from_numpy(images.copy())
    for _ in range(2):  # the second time from the copy that is kept on the device
        assert (made.apply_batch(tensor).numpy() == made.apply_batch(images)).all()
    assert (tensor.numpy() == images).all()


@BITS
def test_the_equation_holds_atom_by_atom(bits):
    made, image = build((4, 6, 3), 2, bits, 5), picture((4, 6, 3))
    plain, cipher = split(image.ravel(), bits), split(made.apply(image).ravel(), bits)
    assert (cipher == plain[made.index] ^ made.mask).all()


def test_an_identity_gives_a_copy():
    images = picture((5, 4, 4, 3))
    for count in (1, 5):
        out = Table((4, 4, 3), 2).apply(images[:count])
        assert (out == images[:count]).all() and not np.shares_memory(out, images)


def test_index_and_mask_cannot_be_changed_behind_the_table():
    made = build((4, 6, 3), 2, 4, 1)
    for array in (made.index, made.mask, made.byte_mask):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@BITS
def test_a_large_image_takes_another_loop_and_the_same_bytes(bits, monkeypatch):
    made, images = build((6, 9, 3), 3, bits, 3), picture((6, 6, 9, 3))
    usual = made.apply_batch(images)
    called = []
    loop = kernels.gather_blocks
    monkeypatch.setattr(kernels, "gather_blocks", lambda *given: called.append(1) or loop(*given))
    monkeypatch.setattr(table, "SMALL_IMAGE", 10)
    assert (made.apply_batch(images) == usual).all() and called


def test_apply_bytes_writes_where_it_is_told():
    made, images = build((4, 6, 3), 2, 4, 1), picture((5, 72))
    for count in (1, 5):
        out = np.zeros((count, 72), np.uint8)
        assert made.apply_bytes(images[:count], out) is out
        assert (out == made.apply_bytes(images[:count])).all() and out.any()


# -- the compiled loops, alone -------------------------------------------------------------------------------


def test_gather_bytes():
    rng = np.random.default_rng(2)
    x, index, mask = picture((3, 31)), rng.integers(0, 31, 31).astype(np.uint32), picture(31, 1)
    out = np.zeros_like(x)
    kernels.gather_bytes(x, index, mask, out)
    assert out.tolist() == [[int(row[index[j]] ^ mask[j]) for j in range(31)] for row in x]


def test_gather_nibbles():
    rng = np.random.default_rng(3)
    x, index, mask = picture((3, 13)), rng.integers(0, 26, 26).astype(np.uint32), picture(13, 1)
    out = np.zeros_like(x)
    kernels.gather_nibbles(x, index, mask, np.empty(26, np.uint8), out)
    for row, got in zip(x, out, strict=True):
        nibbles = [part for value in row for part in (int(value) // 16, int(value) % 16)]
        assert got.tolist() == [
            (16 * nibbles[index[2 * j]] + nibbles[index[2 * j + 1]]) ^ int(mask[j]) for j in range(13)
        ]


@BITS
@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize(("shape", "block"), SHAPES)
def test_gather_blocks(shape, block, bits, moves):
    given, spelled = parts(shape, block, bits, 4, source=moves)
    (orders, order_of), (masks, mask_of) = given["orders"], given["masks"]
    source = np.empty(0, np.int32) if given["source"] is None else given["source"].astype(np.int32)
    images = picture((2, *shape))
    h, w, c = shape
    x, out = images.reshape(2, -1), np.zeros((2, h * w * c), np.uint8)
    dtype = np.min_scalar_type(orders.shape[1] - 1)
    arrays = (source, orders.astype(dtype), order_of.astype(np.uint8), masks, mask_of.astype(np.uint8))
    kernels.gather_blocks(
        x, (h // block, w // block), w * c, block, block * c, *arrays, {8: 0, 4: 1, 2: 2, 1: 3}[bits], out
    )
    for image, got in zip(images, out.reshape(images.shape), strict=True):
        assert (got == spec.gather(image, block, bits, **spelled)).all()


@BITS
def test_split_is_the_parts_of_each_byte_and_join_undoes_it(bits):
    rows = picture((2, 5, 7))
    atoms = split(rows, bits)
    assert atoms.shape == (2, 5, 7 * 8 // bits)
    assert atoms[1, 3].tolist() == [part for value in rows[1, 3] for part in spec.parts_of(int(value), bits)]
    assert join(atoms, bits).dtype == np.uint8 and (join(atoms, bits) == rows).all()


# -- composition ---------------------------------------------------------------------------------------------


def same(a: Table, b: Table) -> bool:
    return (a.index == b.index).all() and (a.mask == b.mask).all()


@given(TABLES, PARTS, st.integers(1, 9))
def test_then_is_one_table_after_the_other(drawn, other_use, other_rows):
    (shape, block), bits, seed, rows, use = drawn
    first = build(shape, block, bits, seed, rows=rows, **use)
    second = build(shape, block, bits, seed + 1, rows=other_rows, **other_use)
    images = picture((5, *shape), seed)
    assert (first.then(second).apply_batch(images) == second.apply_batch(first.apply_batch(images))).all()
    assert (
        first.then(second).apply_batch(images[:1]) == second.apply_batch(first.apply_batch(images[:1]))
    ).all()


@given(TABLES, PARTS, PARTS)
def test_then_is_associative(drawn, second_use, third_use):
    (shape, block), bits, seed, rows, use = drawn
    a = build(shape, block, bits, seed, rows=rows, **use)
    b = build(shape, block, bits, seed + 1, rows=2, **second_use)
    c = build(shape, block, bits, seed + 2, rows=3, **third_use)
    assert same(a.then(b).then(c), a.then(b.then(c)))


def test_then_where_blocks_are_many_and_where_they_are_few():
    for shape in ((2, 2, 3), (20, 30, 3)):  # 4 blocks: a row each; 600: a row for each of 3 x 3 pairs
        first, second = build(shape, 1, 4, 1), build(shape, 1, 4, 2)
        both = first.then(second)
        assert len(both.orders.rows) == min(9, shape[0] * shape[1])
        assert (both.apply(picture(shape)) == second.apply(first.apply(picture(shape)))).all()


def test_then_in_chunks(monkeypatch):
    first, second = build((20, 30, 3), 1, 4, 1, rows=40), build((20, 30, 3), 1, 4, 2, rows=40)
    usual, back = first.then(second), first.then(second).inverse()
    monkeypatch.setattr(table, "CHUNK", 7)
    assert same(first.then(second), usual) and same(usual.inverse(), back)


@given(TABLES)
def test_an_inverse_undoes_on_both_sides(drawn):
    (shape, block), bits, seed, rows, use = drawn
    made, images = build(shape, block, bits, seed, rows=rows, **use), picture((5, *shape), seed)
    inverse = made.inverse()
    for count in (1, 5):
        assert (inverse.apply_batch(made.apply_batch(images[:count])) == images[:count]).all()
        assert (made.apply_batch(inverse.apply_batch(images[:count])) == images[:count]).all()
    identity = made.then(inverse)
    assert (identity.index == np.arange(len(identity.index))).all() and not identity.mask.any()
    assert same(inverse.inverse(), made)


@BITS
def test_a_table_that_repeats_an_atom_has_no_inverse(bits):
    with pytest.raises(NotInvertibleError, match="copies some atoms over others"):
        build((4, 6, 3), 2, bits, 1, lossy=True).inverse()


def test_a_table_that_repeats_a_block_has_no_inverse():
    with pytest.raises(NotInvertibleError, match="copies some blocks over others"):
        Table((4, 4, 3), 2, source=[0, 1, 1, 3]).inverse()


@BITS
@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize(
    "use", [(True, True, True), (False, True, True), (True, False, False), (False, False, True)]
)
def test_a_stack_is_each_image_under_its_own_table(bits, count, use):
    shape, options = (4, 6, 3), dict(zip(("source", "orders", "masks"), use))
    tables = [build(shape, 2, bits, seed, rows=seed + 1, **options) for seed in range(count)]
    images = picture((count, *shape))
    tall = Table.stack(tables)
    assert tall.shape == (4 * count, 6, 3)
    out = tall.apply(images.reshape(-1, 6, 3)).reshape(images.shape)
    assert (out == np.stack([one.apply(image) for one, image in zip(tables, images)])).all()


def test_the_text_of_a_table_names_its_parts():
    assert repr(Table((4, 4, 3), 2)) == "Table((4, 4, 3), block=2, bits=8, identity)"
    assert repr(Table((4, 4, 3), 2, source=[3, 2, 1, 0], masks=[1] * 12)).endswith("source + masks)")
