"""Fronts that undo a key by statistics: they never see a key here, and what they give does not depend on
it."""

import inspect
import itertools

import numpy as np
import pytest
import torch

from lib import Key, datasets
from lib.models import AlignedBlocks, Orbit, PlacedBlocks, WhitenedBlocks, WhitenedPixels
from lib.models.fronts import alignment, grid_embedding, invariant, whitening
from lib.models.fronts.whitening import BlockWhitening
from lib.models.inputs import atoms
from lib.schemes import SKK, BlockShuffle, EtC, ExtendedTanaka, NegativePositive, OneTimePad, Tanaka
from lib.training import scaled

PHOTOS = datasets.load("photos").images


def inputs(images):
    return scaled(torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2))


def slow_atoms(byte, bits):
    return [byte >> shift & (2**bits - 1) for shift in range(8 - bits, -1, -bits)]


@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_atoms_are_the_parts_of_a_byte_high_part_first(bits):
    x = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).repeat(1, 3, 1, 1)
    x[:, 1], x[:, 2] = 255 - x[:, 1], x[:, 0].flip(2)
    out = atoms(scaled(x), bits)
    top = 2**bits - 1
    for channel in range(3):
        wanted = [slow_atoms(int(byte), bits) for byte in x[0, channel].flatten()]
        got = out[0, channel * 8 // bits : (channel + 1) * 8 // bits].flatten(1).T
        assert torch.allclose(got, torch.tensor(wanted) * 2 / top - 1, atol=1e-6)


def test_the_complement_of_an_atom_is_its_change_of_sign():
    x = torch.randint(256, (2, 3, 4, 4), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    for bits in (8, 4, 2, 1):
        assert torch.equal(atoms(scaled(255 - x), bits), -atoms(scaled(x), bits))


# -- blocks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [True, False])
def test_blocks_come_out_uncorrelated_with_unit_variance(shared):
    front = BlockWhitening(8, 4, 16, 8, shared, placed=False)
    x = inputs(PHOTOS[:1500, :8, :8])
    front.start(x)
    white = (front.cut(x) - front.middle).transpose(0, 1) @ front.whiten
    pools = [white.flatten(0, 1)] if shared else list(white)
    for pool in pools:
        covariance = torch.cov(pool.T)
        strong = covariance.diagonal() > 0.8  # beside the floor, the weakest have less
        assert strong.sum() >= 12 and torch.allclose(
            covariance - covariance.diag().diag(), torch.tensor(0.0), atol=2e-3
        )
        assert covariance[0, 0] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("scheme", [Tanaka, BlockShuffle, NegativePositive], ids=lambda kind: kind.name)
def test_whitened_values_of_a_shared_key_are_those_of_the_plain_blocks_but_for_signs(scheme):
    cipher = scheme(Key.from_seed(3), block=4)
    fronts = [BlockWhitening(32, 4, 8, cipher.bits, True, False) for _ in range(2)]
    values = []
    for front, images in zip(fronts, (PHOTOS[:400], cipher.encrypt(PHOTOS[:400]))):
        front.start(inputs(images))
        values.append(((front.cut(inputs(images)) - front.middle) @ front.whiten)[..., :6])
    signs = (values[0] * values[1]).sum((0, 1)).sign()
    assert torch.allclose(values[0], values[1] * signs, atol=2e-2)


def test_the_front_is_a_linear_map_of_each_block_in_its_place():
    front = BlockWhitening(12, 4, 5, 4, False, True).eval()
    front.source.copy_(torch.tensor([4, 0, 8, 1, 2, 3, 7, 6, 5]))
    front.middle.normal_()
    front.whiten.normal_()
    front.maps.data.normal_()
    x = inputs(PHOTOS[:2, :12, :12])
    out = front(x) * (1 + front.normalise.eps) ** 0.5
    parts = atoms(x, 4)
    for place, block in enumerate(front.source.tolist()):
        row, column = block // 3 * 4, block % 3 * 4
        values = parts[:, :, row : row + 4, column : column + 4].flatten(1)
        wanted = (values - front.middle[block]) @ front.whiten[block] @ front.maps[block]
        assert torch.allclose(out[:, :, place // 3, place % 3], wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", [EtC, ExtendedTanaka], ids=lambda kind: kind.name)
def test_shuffled_blocks_are_put_next_to_their_neighbours(kind):
    cipher = kind(Key.from_seed(4), block=8)
    model = WhitenedBlocks(10, block=8, bits=cipher.bits, features=8, width=8)
    images = np.concatenate([PHOTOS, PHOTOS[:, :, ::-1]])
    model.start(inputs(cipher.encrypt(images)))
    assert right_neighbours(model[0].source.numpy(), sources(cipher, 8), 4) > 0.8


def sources(scheme, block, side=32):
    """Which plain block each block of the cipher comes from: change one at a time and look."""
    across, plain = side // block, np.zeros((1, side, side, 3), np.uint8)
    empty, out = scheme.encrypt(plain), np.empty((side // block) ** 2, int)
    for b in range(len(out)):
        marked = plain.copy()
        row, column = b // across * block, b % across * block
        marked[0, row : row + block, column : column + block] = 77
        rows, columns = np.nonzero((scheme.encrypt(marked) != empty)[0].any(-1))
        out[rows[0] // block * across + columns[0] // block] = b
    return out


def right_neighbours(placed, came_from, across):
    """The share of neighbours on the grid that are neighbours in the plain image."""
    grid = came_from[placed].reshape(across, across)
    spots = np.stack(np.divmod(grid, across), axis=-1)
    steps = [
        np.abs(spots[:, 1:] - spots[:, :-1]).sum(-1).ravel(),
        np.abs(spots[1:] - spots[:-1]).sum(-1).ravel(),
    ]
    return float((np.concatenate(steps) == 1).mean())


def test_the_score_of_neighbours_can_fail():
    right = np.arange(64)
    assert right_neighbours(right, right, 8) == right_neighbours(right[::-1], right, 8) == 1
    assert right_neighbours(np.random.default_rng(0).permutation(64), right, 8) < 0.2


# -- placement -----------------------------------------------------------------------------------------------


def brightness(seed, count=600, rows=6, columns=7):
    """Smooth random fields: each block's brightness is that of its neighbourhood."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    fields = gaussian_filter(rng.normal(size=(count, rows, columns)), (0, 1, 1)) + 0.01 * rng.normal(
        size=(count, rows, columns)
    )
    return fields.reshape(count, -1)


@pytest.mark.parametrize("seed", range(5))
def test_a_grid_is_laid_out_again_whatever_the_signs_and_scales(seed):
    rng, rows, columns = np.random.default_rng(seed + 50), 6, 7
    shuffle = rng.permutation(rows * columns)
    values = (
        brightness(seed)[:, shuffle]
        * rng.choice([-1, 1], rows * columns)
        * rng.uniform(0.5, 2, rows * columns)
        + 3
    )
    placed = shuffle[grid_embedding.place(values, rows, columns)].reshape(rows, columns)
    right = np.arange(rows * columns).reshape(rows, columns)
    assert any(np.array_equal(placed, way) for way in (right, right[::-1], right[:, ::-1], right[::-1, ::-1]))


def test_nothing_can_be_laid_out_of_noise():
    values = np.random.default_rng(1).normal(size=(600, 64))
    assert right_neighbours(grid_embedding.place(values, 8, 8), np.arange(64), 8) < 0.3


@pytest.mark.parametrize(("shape", "grid"), [((600, 63), (8, 8)), ((200, 64), (8, 8)), ((600, 8), (1, 8))])
def test_a_grid_that_cannot_be_found_is_refused(shape, grid):
    with pytest.raises(ValueError, match="4 images a block"):
        grid_embedding.place(np.random.default_rng(0).normal(size=shape), *grid)


# -- aligned blocks ------------------------------------------------------------------------------------------


def others():
    """Public pictures and the encrypted ones: patches of five photographs each, none in both, and their
    mirror images."""
    labels = np.arange(len(PHOTOS)) % 10
    return [np.concatenate([x, x[:, :, ::-1]])[::3] for x in (PHOTOS[labels < 5], PHOTOS[labels >= 5])]


def right_places(index, sign, scheme, side=32):
    """Of the plain atoms of a block: how many were found, in the best order of colours, with one sign for
    all."""
    table, block, parts = scheme.table((scheme.block, scheme.block, 3)), scheme.block, 8 // scheme.bits
    where = np.argsort(table.index)  # the plain atom i is now the cipher atom where[i]
    flipped = np.where(np.asarray(table.mask)[where] > 0, -1, 1)
    best = 0
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        pixels, colours = np.divmod(np.arange(3 * block**2), 3)
        atom = (3 * pixels + np.array(order)[colours]) * parts  # the highest part of each byte
        spot = where[atom]
        found = (index == spot) & (sign == flipped[atom]), (index == spot) & (sign == -flipped[atom])
        best = max(best, *(part.sum() for part in found))
    return best


def grid_of(images, scheme):
    """(n, rows, columns, atoms) in the table's order: pixel by pixel, colour by colour, the high part
    first."""
    n, across, block = len(images), images.shape[1] // scheme.block, scheme.block
    cut = (
        images.reshape(n, across, block, across, block, 3)
        .transpose(0, 1, 3, 2, 4, 5)
        .reshape(n, across, across, -1)
    )
    parts = np.stack(
        [cut >> shift & (2**scheme.bits - 1) for shift in range(8 - scheme.bits, -1, -scheme.bits)], axis=-1
    )
    return parts.reshape(n, across, across, -1) * (2 / (2**scheme.bits - 1)) - 1


@pytest.mark.parametrize(
    "scheme",
    [Tanaka(Key.from_seed(5), bits=8), BlockShuffle(Key.from_seed(6), block=4)],
    ids=lambda s: s.name,
)
def test_bytes_under_a_shared_key_are_found_with_other_photographs_as_the_public_ones(scheme):
    public, secret = others()
    ours, theirs = grid_of(scheme.encrypt(secret), scheme), grid_of(public, scheme)
    assert right_places(*alignment.align(ours, theirs), scheme) > 40  # of 48


def test_aligned_blocks_give_the_upper_nibbles_of_the_picture():
    scheme, secret = Tanaka(Key.from_seed(7)), np.concatenate([PHOTOS[:800], PHOTOS[:800, :, ::-1]])
    front = AlignedBlocks(32, 4)
    cipher = inputs(scheme.encrypt(secret))
    front.start(cipher)
    out, plain = front(cipher[:100]), atoms(inputs(secret[:100]), 4)[:, ::2]
    agreement = torch.corrcoef(torch.cat([out.transpose(0, 1).flatten(1), plain.transpose(0, 1).flatten(1)]))[
        :3, 3:
    ].abs()
    assert (agreement.max(1).values > 0.95).all()


def test_a_one_time_pad_keeps_its_atoms_to_itself():
    pad, scheme = OneTimePad(Key.from_seed(8)), Tanaka(Key.from_seed(8), bits=8)
    public, secret = others()
    cipher = pad.encrypt(secret[::2], ids=range(500))
    index, sign = alignment.align(grid_of(cipher, scheme), grid_of(public, scheme))
    assert sorted(index) == list(range(48)) and right_places(index, sign, scheme) < 12


# -- blocks with a key of their own --------------------------------------------------------------------------


def likeness(out, plain):
    """Correlation of (n, 3, h, w) with plain inputs, in the best of 8 turns and 6 orders of colours, colour
    by colour, the sign of each left open."""
    flat = [x.transpose(0, 1).flatten(1).double() for x in (out, plain)]
    best = 0.0
    for turned in (torch.rot90(x, k, (2, 3)) for x in (out, out.flip(3)) for k in range(4)):
        flat[0] = turned.transpose(0, 1).flatten(1).double()
        together = torch.corrcoef(torch.cat(flat))[:3, 3:].abs()
        orders = itertools.permutations(range(3))
        best = max(best, *(float(together[list(order), range(3)].min()) for order in orders))
    return best


@pytest.mark.parametrize("scheme", [ExtendedTanaka(Key.from_seed(5)), EtC(Key.from_seed(6), block=4)],
                         ids=lambda s: s.name)  # fmt: skip
def test_placed_blocks_give_the_picture_though_every_block_has_its_own_key(scheme):
    front, secret = PlacedBlocks(32, 4, scheme.bits), PHOTOS[:2000]
    cipher = inputs(scheme.encrypt(secret))
    front.start(cipher)
    assert (
        likeness(front(cipher[:200]), inputs(secret[:200]))
        > 0.85
        > likeness(cipher[:200], inputs(secret[:200]))
    )


def test_placed_blocks_get_nothing_from_a_one_time_pad():
    front = PlacedBlocks(32, 4)
    cipher = inputs(OneTimePad(Key.from_seed(8)).encrypt(PHOTOS[:600], ids=range(600)))
    front.start(cipher)
    assert likeness(front(cipher[:200]), inputs(PHOTOS[:200])) < 0.05


def test_maps_of_blocks_are_found_with_other_photographs_as_the_public_ones():
    scheme, (public, secret) = Tanaka(Key.from_seed(5), bits=8), others()
    ours, theirs = grid_of(scheme.encrypt(secret), scheme), grid_of(public, scheme)
    index, sign = alignment.align_each(ours, theirs)
    right = [right_places(*each, scheme) for each in zip(index, sign)]
    assert np.median(right) > 24  # of 48, with 5 photographs and as many maps as blocks


# -- pixels --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_whitened_pixels_of_ciphertexts_are_those_of_plain_images_but_for_one_turn(seed):
    scheme, out = SKK(Key.from_seed(seed)), []
    for images in (PHOTOS[:600], scheme.encrypt(PHOTOS[:600])):
        front = WhitenedPixels(32)
        front.start(inputs(images))
        out.append(front(inputs(images)).permute(1, 0, 2, 3).flatten(1).double())
    turn = out[1] @ torch.linalg.pinv(out[0])
    assert torch.allclose(turn @ turn.T, torch.eye(3, dtype=torch.float64), atol=1e-3)
    assert torch.allclose(turn @ out[0], out[1], atol=2e-2)


def test_whitened_pixels_have_unit_variance_and_are_uncorrelated():
    front = WhitenedPixels(16)
    x = inputs(PHOTOS[:500, :16, :16])
    front.start(x)
    pixel = front(x)[:, :, 5, 11]
    assert torch.allclose(torch.cov(pixel.T), torch.eye(3), atol=0.02) and torch.allclose(
        pixel.mean(0), torch.zeros(3), atol=1e-4
    )


# -- orbit ---------------------------------------------------------------------------------------------------


def test_the_orbit_is_the_same_under_any_key_and_tells_all_others_apart():
    images, front = PHOTOS[:6], Orbit()
    cipher = SKK(Key.from_seed(2), per_image=True).encrypt(images, ids=range(6))
    assert torch.equal(front(inputs(images)), front(inputs(cipher)))
    rng = np.random.default_rng(3)
    pixel, other = rng.integers(0, 256, (2, 3))
    orders = itertools.permutations(range(3))
    states = itertools.product(np.ndindex(2, 2, 2), orders)
    orbit = {tuple(np.where(flips, 255 - pixel, pixel)[list(order)]) for flips, order in states}
    images = [np.uint8(member).reshape(1, 1, 1, 3) for member in (*orbit, other)]
    outs = [tuple(front(inputs(image)).flatten().tolist()) for image in images]
    assert len(orbit) == 48 and len(set(outs[:-1])) == 1 and outs[-1] != outs[0]


def test_the_orbit_spans_minus_one_to_one():
    out = Orbit()(inputs(np.uint8([[[[0, 128, 127]]]])))
    assert out.flatten().tolist() == pytest.approx([2 / 255 - 1, 2 / 255 - 1, 1])


# -- honesty -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [whitening, grid_embedding, alignment, invariant])
def test_no_front_knows_of_keys_or_schemes(module):
    source = inspect.getsource(module)
    assert "lib.keys" not in source and "lib.schemes" not in source and "Key(" not in source
