"""The jigsaw: energies of borders and layouts against slow specifications, success, doubt, errors."""

import numpy as np
import pytest

from lib import Key, metrics
from lib.attacks.chosen_plaintext.table_reader import decrypt_with
from lib.attacks.one_ciphertext.jigsaw import STEPS, jigsaw
from lib.attacks.solvers import placement
from lib.attacks.solvers.compatibility import (
    BEYOND,
    FREEDOM,
    NOISE,
    RELATION,
    SPREAD,
    TEMPERATURE,
    candidates,
    energy,
    measure,
)
from lib.datasets import load, photo
from lib.schemes import SKK, EtC, OneTimePad
from lib.symmetries import COLOURS, oriented
from lib.tiling import cut

MOVES = ("turns", "complement", "colours")
PUBLIC = load("photos", "train", limit=600).images


def shuffled(image, block, seed, steps=STEPS):
    """(1, h, w, 3): one image after some of the steps of EtC."""
    out = image[None]
    for name, step in EtC(Key.from_seed(seed), block=block).steps(image.shape).items():
        out = step.apply(out) if name in steps else out
    return out


# -- borders -------------------------------------------------------------------------------------------------


def slow_sides(block, back):
    """(4, 2, b, 3): outer and second line of each side of one block, read clockwise, or backwards."""
    lines = [block[:2], block[:, :-3:-1].swapaxes(0, 1), block[:-3:-1, ::-1], block[::-1, :2].swapaxes(0, 1)]
    return [line[:, ::-1] if back else line for line in lines]


def slow_cost(one, other, relation):
    """The cost of two borders, each (2, b, 3) of colours read clockwise, for b <= 8; `other` already runs as
    it should."""
    sign, order = 1 - relation // 6 % 2 * 2, COLOURS[relation % 6]

    def parts(v):  # brightness, and colour at right angles to it
        bright = v.sum(-1, keepdims=True) / 3
        return 3 * bright[..., 0] ** 2, ((v - bright) ** 2).sum(-1)

    def spread(lines):
        along = np.diff(lines[0], axis=0)
        along = np.concatenate([along[:1], along])
        across, along = parts(lines[0] - lines[1]), parts(along)
        bright, colour = (a.mean() + b.mean() / 5 for a, b in zip(across, along))
        return np.array([bright + NOISE[0], colour / 2 + NOISE[1]])

    left = (1.4 * one[0] - 0.4 * one[1]) - sign * (1.4 * other[0] - 0.4 * other[1])[:, order]
    wide = (spread(one) + spread(other[:, ::-1] if relation < 12 else other)) / 2  # both clockwise
    bright, colour = parts(left)
    cost = (FREEDOM + 1) / 2 * np.log1p(bright / wide[0] / FREEDOM) + (FREEDOM + 2) / 2 * np.log1p(
        colour / wide[1] / FREEDOM
    )
    return cost.sum() + len(left) * SPREAD * (np.log(wide[0]) / 2 + np.log(wide[1]))


def slow_costs(blocks):
    """(E, E, 24): costs of all borders of blocks (count, b, b, 3), inf within one block."""
    values = blocks.astype(float) - 127.5
    out = np.full((4 * len(blocks), 4 * len(blocks), 24), np.inf)
    for a, s, b, t, relation in np.ndindex(len(blocks), 4, len(blocks), 4, 24):
        if a != b:
            one, other = slow_sides(values[a], False)[s], slow_sides(values[b], relation < 12)[t]
            out[4 * a + s, 4 * b + t, relation] = slow_cost(one, other, relation)
    return out


@pytest.mark.parametrize("block", [4, 6])
def test_energies_against_the_slow_specification(block):
    blocks = cut(photo("coffee", 60)[None, : 2 * block, : 2 * block], block)
    costs = slow_costs(blocks[0])
    chance = np.log(np.exp(-costs / TEMPERATURE).sum(axis=(1, 2)))
    wanted = 2 * costs / TEMPERATURE + chance[:, None, None] + chance[None, :, None]
    borders, names, energies = candidates(measure(blocks), 12)
    for p, (name, found) in enumerate(zip(names, energies)):
        others, relations = np.divmod(name, 24)
        assert np.allclose(found, wanted[p, others, relations], atol=0.15)  # likelihoods are summed in steps
        assert np.allclose(found, np.sort(wanted[p].ravel())[:12], atol=0.15)
        again = [energy(borders, COLOURS, p, q, relation) for q, relation in zip(others, relations)]
        assert np.allclose(found, again, atol=1e-3)


def test_borders_of_several_images_are_one_long_border():
    both = cut(np.stack([photo(name, 64)[:16, :16] for name in ("coffee", "chelsea")]), 8)
    borders = measure(both)
    apart = [measure(images[None]) for images in both]
    assert (borders.line == np.concatenate([each.line for each in apart], axis=2)).all()
    assert (borders.spread == np.concatenate([each.spread for each in apart], axis=2)).all()


def test_relations_against_turned_blocks():
    """Whatever states two neighbours of a picture are in, their borders stand in the relation of the
    table."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (1, 4, 8, 3), np.uint8)
    for _ in range(60):
        first, second = rng.integers(96, size=2)
        seen = [
            oriented(image[:, :, x : x + 4], g // 12)[..., COLOURS[g % 6]] ^ np.uint8(255 * (g // 6 % 2))
            for x, g in ((0, first), (4, second))
        ]
        code = RELATION[first, 1, second]
        own, other, relation = code // 96, code // 24 % 4, code % 24
        line = slow_sides(seen[0][0].astype(float) - 127.5, False)[own][0]
        facing = slow_sides(seen[1][0].astype(float) - 127.5, relation < 12)[other][0]
        undone = (1 - relation // 6 % 2 * 2) * facing[:, COLOURS[relation % 6]]
        plain_first, plain_second = image[0, :, 3].astype(float) - 127.5, image[0, :, 4].astype(float) - 127.5
        # undone stands to line as the second block's plain border to the first's
        assert sorted(map(tuple, undone - line)) in (
            sorted(map(tuple, s * (plain_second - plain_first)[:, order]))
            for s in (1, -1)
            for order in COLOURS
        )
        assert BEYOND[first, 1, 24 * other + relation] == second


# -- layouts -------------------------------------------------------------------------------------------------


def test_a_layout_has_every_block_once_and_its_energy_is_the_sum_over_neighbours():
    blocks = cut(photo("coffee", 64)[None], 16)
    borders, names, energies = candidates(measure(blocks), placement.KEEP)
    tables = placement.Tables(borders, names, 4, 4)
    place, state = placement._search(tables, placement._seeds(energies), tries=20)
    assert sorted(place[place >= 0].tolist()) == list(range(16))
    total = 0
    for y, x in np.argwhere(place >= 0):
        for side, v, u in ((1, y, x + 1), (2, y + 1, x)):
            if place[v, u] >= 0:
                code = RELATION[state[y, x], side, state[v, u]]
                p, q = 4 * place[y, x] + code // 96, 4 * place[v, u] + code // 24 % 4
                total += min(energy(borders, COLOURS, p, q, code % 24), placement.CAP)
    assert np.isclose(total, placement._total(tables.known, place, state), rtol=1e-5)


def test_laying_again_finds_no_higher_energy():
    blocks = cut(shuffled(photo("rocket", 128), 8, 3), 8)
    borders, names, energies = candidates(measure(blocks), placement.KEEP)
    tables = placement.Tables(borders, names, 16, 16)
    found = [
        placement._total(tables.known, *placement._search(tables, placement._seeds(energies), tries))
        for tries in (0, 30, 60)
    ]
    assert found[0] > found[1] >= found[2]


# -- the attack ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["astronaut", "coffee", "motorcycle", "chelsea"])
@pytest.mark.parametrize(
    "block, least", [(32, 0.95), (16, 0.85)]
)  # black, and leaves out of focus, have many neighbours
def test_everything_on_and_the_picture_is_back(name, block, least):
    image = photo(name, 256)
    ciphers = EtC(Key.from_seed(block), block=block).encrypt(image[None])
    result = jigsaw(ciphers, block, public=PUBLIC, tries=300)
    assert metrics.neighbours(result.estimate[0], image, block) > least
    if block == 32:
        assert metrics.direct(metrics.nearest(result.estimate, image[None], MOVES), image[None], block) > 0.95
    assert result.confidence.shape == (256 // block,) * 2 and result.confidence.mean() > 0.7
    index, mask = result.recovered["index"], result.recovered["mask"]
    assert (decrypt_with(ciphers, index, mask, bits=8) == result.estimate).all()


def test_an_image_that_is_not_square():
    image = photo("coffee")[:192, :320]
    result = jigsaw(EtC(Key.from_seed(4), block=32).encrypt(image[None]), 32, public=PUBLIC, tries=100)
    assert result.estimate.shape == (1, 192, 320, 3)
    assert metrics.neighbours(result.estimate[0], image, 32) == 1


@pytest.mark.parametrize(
    "steps", [STEPS[:1], STEPS[:2], STEPS[:3], (STEPS[0], STEPS[3])], ids=lambda s: s[-1]
)
def test_fewer_steps_are_a_smaller_puzzle(steps):
    image = photo("chelsea", 128)
    result = jigsaw(shuffled(image, 16, 5, steps), 16, steps, public=PUBLIC, tries=100)
    assert metrics.neighbours(result.estimate[0], image, 16) > 0.95
    if steps == STEPS[:1]:
        assert (result.estimate == image).all() and result.recovered["settled"] == 1
        assert (result.recovered["mask"] == 0).all()


def test_three_ciphertexts_under_one_key_give_what_one_does_not():
    images, scores = load("photos", "test").images, []
    for seed in range(4):
        batch = images[np.random.default_rng(seed).choice(len(images), 3, replace=False)]
        ciphers = EtC(Key.from_seed(seed), block=4).encrypt(batch)
        scores.append(
            [
                np.mean(
                    [
                        metrics.neighbours(a, b, 4)
                        for a, b in zip(jigsaw(ciphers[:n], 4, public=PUBLIC, tries=50).estimate, batch)
                    ]
                )
                for n in (1, 3)
            ]
        )
    one, three = np.median(scores, axis=0)
    assert one < 0.5 and three > 0.95


@pytest.mark.parametrize("name", ["retina", "rocket", "hopper"])
def test_small_pieces_of_small_images_fail_and_the_confidence_says_so(name):
    image = photo(name, 64)
    result = jigsaw(EtC(Key.from_seed(3), block=4).encrypt(image[None]), 4, public=PUBLIC, tries=20)
    right = (cut(metrics.nearest(result.estimate, image[None], MOVES), 4) == cut(image[None], 4)).all(
        axis=(0, 2, 3, 4)
    )
    assert result.confidence.mean() < right.mean() + 0.2


@pytest.mark.parametrize("block, side", [(8, 64), (32, 256), (16, 192)])
def test_the_one_time_pad_resists(block, side):
    image = photo("coffee", side)[None]
    result = jigsaw(OneTimePad(Key.from_seed(3)).encrypt(image, ids=[0]), block, public=PUBLIC, tries=20)
    assert metrics.neighbours(result.estimate, image, block) == 0
    assert result.confidence.max() < 0.05


@pytest.mark.parametrize(
    "scheme", [SKK(Key.from_seed(3)), EtC(Key.from_seed(3), block=4)], ids=lambda s: s.name
)
def test_another_scheme_or_a_smaller_block_gets_no_confidence(scheme):
    result = jigsaw(scheme.encrypt(photo("coffee", 64)[None]), 8, public=PUBLIC, tries=20)
    assert result.confidence.max() < 0.3


def test_the_same_answer_twice():
    ciphers = EtC(Key.from_seed(6), block=8).encrypt(photo("flower", 64)[None])
    first, second = (jigsaw(ciphers, 8, public=PUBLIC, tries=30) for _ in range(2))
    assert (first.estimate == second.estimate).all() and (first.confidence == second.confidence).all()


@pytest.mark.parametrize(
    "side, block, steps, message",
    [
        (30, 4, STEPS, "multiple of"),
        (32, 1, STEPS, "2 pixels or more, got 1"),
        (16, 16, STEPS, "expected 2x2 to 4096 blocks, got 1x1"),
        (130, 2, STEPS, "got 65x65; crop, or use larger blocks"),
        (32, 8, STEPS[1:], "the first among them"),
        (32, 8, ("permute", "turn"), "expected steps out of"),
    ],
)
def test_errors_say_what_came_and_what_is_expected(side, block, steps, message):
    with pytest.raises(ValueError, match=message):
        jigsaw(photo("coffee", side)[None], block, steps)
    with pytest.raises(ValueError, match="of one colour"):
        jigsaw(np.full((1, 32, 32, 3), 9, np.uint8), 8)


def test_assembling_needs_a_grid():
    with pytest.raises(ValueError, match="rows and columns and at most 4096 blocks"):
        placement.assemble(cut(photo("coffee", 32)[None], 4), 8, 7)
