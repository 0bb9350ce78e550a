"""EtC with one key, and the assembly of shuffled blocks behind it: slow specifications, success, doubt,
errors."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lib import Key
from lib.attacks.chosen_plaintext.table_reader import decrypt_with
from lib.attacks.many_ciphertexts.etc import etc_one_key, view
from lib.attacks.solvers.assembly import UNIT, assemble, edge_costs, edges, whole
from lib.attacks.solvers.moments import FLOOR
from lib.datasets import load, photo
from lib.schemes import SKK, EtC, OneTimePad
from lib.symmetries import COLOUR_INVERSE, COLOURS, SIDES, Assembly, oriented, picture, rebased
from lib.tiling import cut

ROOT = Path(__file__).resolve().parents[3]
PHOTOS = load("photos", "test").images
# the same ten photographs, but no pixel of the test patches
PUBLIC = load("photos", "train", limit=600).images


def some(n, seed, side=32):
    return PHOTOS[np.random.default_rng(seed).choice(len(PHOTOS), n, replace=False), :side, :side]


def right_blocks(estimate, images, block):
    """The share of blocks that are exact in their places, for the best turn, mirror, sign and colour order of
    all."""
    options = [(o, sign, c) for o in range(8) for sign in range(2) for c in range(6)]
    images, truth = images[:3], cut(images[:3], block)  # three tell blocks apart
    views = (view(estimate[:3], *option) for option in options)
    return max(
        (cut(v, block) == truth).all(axis=(0, 2, 3, 4)).mean() for v in views if v.shape == images.shape
    )


# -- pieces --------------------------------------------------------------------------------------------------


def test_sides_against_turned_blocks():
    """A block's edges, read clockwise after it was turned and mirrored, are those the table names."""
    upright = np.random.default_rng(0).integers(0, 256, (2, 1, 4, 4, 3), np.uint8)
    before = edges(upright)[0]
    for orientation in range(8):
        after = edges(oriented(upright[:, 0], orientation)[:, None])[0]
        for side in range(4):
            now, backwards = SIDES[orientation, side]
            line = after[now][:, ::-1] if backwards else after[now]
            assert np.allclose(line, before[side])


def slow_cost(a, b, sign, order):
    """a, b (n, 3): how badly a = sign * b in another colour order, against two edges with nothing in
    common."""

    def spread(v):
        return np.linalg.slogdet(v.T @ v / len(v) + FLOOR * np.eye(3))[1]

    noise = np.array([p - sign * q[order] for p, q in zip(a, b)])
    return len(a) / 2 * (spread(noise) - (spread(a) + spread(b)) / 2)


def test_edge_costs_against_the_slow_specification():
    blocks = np.random.default_rng(1).integers(0, 256, (3, 4, 4, 4, 3), np.uint8)
    costs, lines = edge_costs(blocks), edges(blocks) / UNIT
    for a, s, b, t, mirrored, g in np.random.default_rng(2).integers(0, (4, 4, 4, 4, 2, 12), (200, 6)):
        if a == b:
            continue
        p = lines[a, s].transpose(2, 1, 0).reshape(-1, 3)
        q = lines[b, t].transpose(2, 1, 0)
        q = (q if mirrored else q[:, ::-1]).reshape(-1, 3)
        assert np.isclose(
            costs[a, s, b, t, mirrored, g], slow_cost(p, q, 1 - 2 * (g // 6), COLOURS[g % 6]), atol=1e-3
        )


def test_edges_are_whole_numbers_of_the_extrapolated_pixels():
    blocks = np.random.default_rng(4).integers(0, 256, (2, 3, 4, 4, 3), np.uint8)
    # downwards, which is clockwise
    right = 1.4 * (blocks[..., 3, :] - 127.5) - 0.4 * (blocks[..., 2, :] - 127.5)
    assert np.allclose(edges(blocks)[:, 1] / UNIT, right.transpose(1, 3, 2, 0))
    assert (edges(blocks) % 1 == 0).all()


def test_costs_are_the_same_to_the_last_bit_from_either_side():
    costs = edge_costs(cut(some(3, 1), 4))
    for g, back in enumerate([*COLOUR_INVERSE, *(6 + COLOUR_INVERSE)]):
        assert (costs[..., g] == costs[..., back].transpose(2, 3, 0, 1, 4)).all()


def test_facing_edges_of_a_picture_cost_least():
    blocks = cut(some(30, 0), 4)
    costs = edge_costs(blocks)
    best = costs[9, 1].reshape(64, -1).min(axis=1)
    assert best[[b for b in range(64) if b != 9]].min() == best[10]  # block 10 is to the right of block 9
    # with its left side, unmirrored, in the same state
    assert costs[9, 1, 10].min() == costs[9, 1, 10, 3, 0, 0]


@pytest.mark.parametrize("option", [(0, 0, 0), (1, 0, 0), (4, 1, 3), (7, 0, 4), (2, 1, 5)])
def test_rebasing_isviewing_the_picture_otherwise(option):
    r = np.random.default_rng(3)
    blocks = r.integers(0, 256, (2, 6, 4, 4, 3), np.uint8)
    parts = (r.permutation(6), r.integers(0, 8, 6), r.integers(0, 2, 6), r.integers(0, 6, 6), r.random(6))
    found = Assembly(*(part.reshape(2, 3) for part in parts))
    assert (picture(blocks, rebased(found, *option)) == view(picture(blocks, found), *option)).all()


@pytest.mark.parametrize("n", [1, 5, 50])
def test_blocks_are_whole_for_their_own_size_and_its_divisors(n):
    for seed in range(10):
        images, scheme = some(n, seed), EtC(Key.from_seed(seed), block=4)
        sizes = {size: whole(cut(scheme.encrypt(images), size)) for size in (2, 4, 8, 16)}
        assert sizes == {2: True, 4: True, 8: False, 16: False}


def test_assembles_blocks_that_are_only_shuffled():
    images, order = some(10, 5), np.random.default_rng(0).permutation(64)
    blocks = cut(images, 4)[:, order]
    found = assemble(blocks, 8, 8)
    assert right_blocks(picture(blocks, found), images, 4) == 1
    assert sorted(found.block.ravel().tolist()) == list(range(64))


# -- the attack ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_fifty_ciphertexts_give_every_block(seed):
    images, scheme = some(50, seed), EtC(Key.from_seed(seed))
    ciphers = scheme.encrypt(images)
    result = etc_one_key(ciphers, public=PUBLIC)
    assert right_blocks(result.estimate, images, 4) == 1
    assert result.confidence.shape == (8, 8) and result.confidence.mean() > 0.9
    index, mask = result.recovered["index"], result.recovered["mask"]
    assert (decrypt_with(ciphers, index, mask, bits=8) == result.estimate).all()


def test_public_pictures_settle_sign_and_colours():
    exact = []
    for seed in range(3):
        images = some(60, 20 + seed)
        estimate = etc_one_key(EtC(Key.from_seed(50 + seed)).encrypt(images), public=PUBLIC).estimate
        exact.append(max((oriented(estimate, orientation) == images).mean() for orientation in range(8)))
    assert np.sum(np.array(exact) > 0.999) >= 2


def test_public_pictures_with_a_sky_turn_the_images_up():
    """Patches of photographs have no above; under a sky they have."""
    sky = np.linspace(1, 0, 32)[:, None, None] * [60, 90, 150] / 150
    images, public = (np.uint8(x * (1 - sky) + 255 * sky) for x in (some(40, 7), PUBLIC))
    estimate = etc_one_key(EtC(Key.from_seed(11)).encrypt(images), public=public).estimate
    assert max((view == images).mean() for view in (estimate, estimate[:, :, ::-1])) > 0.999


def test_blocks_of_eight_and_images_that_are_not_square():
    crops = np.stack(
        [photo(name, 96)[16:80, 8:88] for name in ("astronaut", "chelsea", "coffee", "rocket", "flower")]
    )
    result = etc_one_key(EtC(Key.from_seed(9), block=8).encrypt(crops), block=8, public=PUBLIC)
    assert result.confidence.shape == (8, 10)
    assert right_blocks(result.estimate, crops, 8) > 0.95


def test_a_single_small_image_is_not_enough_and_the_confidence_says_so():
    for seed in range(3):
        images = some(1, seed)
        result = etc_one_key(EtC(Key.from_seed(seed)).encrypt(images), public=PUBLIC)
        assert right_blocks(result.estimate, images, 4) < 0.5
        assert result.confidence.mean() < 0.3


@pytest.mark.parametrize("shape", [(8, 8), (4, 8), (8, 4)])
def test_the_picture_comes_back_as_block_0_has_it_whatever_is_laid_first(shape):
    side = np.s_[: 4 * shape[0], : 4 * shape[1]]
    ciphers = EtC(Key.from_seed(8)).encrypt(np.ascontiguousarray(some(50, 8)[(slice(None), *side)]))
    found = [assemble(cut(ciphers, 4), *shape, starts=starts) for starts in (1, 4)]
    assert all((a == b).all() for a, b in zip(found[0][:4], found[1][:4]))
    at = found[0].block == 0
    assert found[0].negative[at] == found[0].colour[at] == 0
    assert found[0].orientation[at] in ([0] if shape[0] == shape[1] else [0, 1])


ELSEWHERE = """
import hashlib, numpy as np
from lib import Key
from lib.attacks.many_ciphertexts.etc import etc_one_key
from lib.datasets import load
from lib.schemes import EtC
images = load("photos", "test").images
digest = hashlib.sha256()
for n in (5, 50):
    picked = images[np.random.default_rng(25).permutation(len(images))[:n]]
    found = etc_one_key(EtC(Key.from_seed(25)).encrypt(picked))
    for part in (found.estimate, found.recovered["index"], found.recovered["mask"], found.confidence.round(6)):
        digest.update(np.ascontiguousarray(part).tobytes())
print(digest.hexdigest())
"""


def test_other_processes_give_the_same_to_the_last_bit():
    """Other hash seeds, numbers of threads, and matrix products with the rounding of other processors."""
    answers = set()
    for seed, threads, processor in (("0", "1", "Nehalem"), ("1", "2", "Haswell")):
        elsewhere = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_CORETYPE": processor}
        answers.add(
            subprocess.check_output([sys.executable, "-c", ELSEWHERE], env=os.environ | elsewhere, cwd=ROOT)
        )
    assert len(answers) == 1


@pytest.mark.parametrize("n", [1, 5, 50])
def test_the_one_time_pad_resists(n):
    images = some(n, 1)
    result = etc_one_key(OneTimePad(Key.from_seed(3)).encrypt(images, ids=np.arange(n)), public=PUBLIC)
    assert abs((result.estimate == images).mean() - 1 / 256) < 0.02
    assert result.confidence.max() < 0.1


@pytest.mark.parametrize(
    "scheme", [SKK(Key.from_seed(3)), EtC(Key.from_seed(3), block=2)], ids=lambda s: s.name
)
def test_another_scheme_or_a_smaller_block_gets_no_confidence(scheme):
    assert etc_one_key(scheme.encrypt(some(20, 1)), public=PUBLIC).confidence.max() == 0


def test_a_larger_block_is_four_smaller_ones():
    images = some(20, 1)
    result = etc_one_key(EtC(Key.from_seed(3), block=8).encrypt(images), block=4, public=PUBLIC)
    assert right_blocks(result.estimate, images, 4) > 0.95


@pytest.mark.parametrize(
    "ciphers, block, message",
    [
        (some(1, 0)[0], 4, "a batch"),
        (some(2, 0, side=30), 4, "multiple of"),
        (some(2, 0), 1, "2 pixels or more, got 1"),
        (some(2, 0, side=4), 4, "expected 2x2 to 400 blocks, got 1x1"),
        (np.zeros((1, 128, 128, 3), np.uint8), 4, "got 32x32; crop, or use larger blocks"),
        (np.full((5, 8, 8, 3), 9, np.uint8), 4, "of one colour"),
    ],
)
def test_errors_say_what_came_and_what_is_expected(ciphers, block, message):
    with pytest.raises(ValueError, match=message):
        etc_one_key(ciphers, block)


def test_assembling_needs_a_grid():
    with pytest.raises(ValueError, match="rows and columns and at most 400 blocks"):
        assemble(cut(some(2, 0), 4), 8, 7)
