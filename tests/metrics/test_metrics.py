"""`lib.metrics` against values computed by hand, and what each score sees."""

import itertools
import math

import numpy as np
import pytest
import torch
from PIL import Image

from lib import Key, metrics
from lib.datasets import photo
from lib.metrics import (
    direct,
    edge_correlation,
    edge_map,
    exact,
    invariant,
    largest_part,
    neighbours,
    psnr,
    psnr_up_to_complement,
    report,
    ssim,
)
from lib.schemes import SKK, OneTimePad, Tanaka

SCORES = [exact, psnr, psnr_up_to_complement, ssim, edge_correlation]


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def changed(image, step):
    """The image with its first value moved by `step`, without wrapping around."""
    out = image.copy()
    out.flat[0] = 100
    before = out.copy()
    out.flat[0] += step
    return before, out


# -- by hand -------------------------------------------------------------------------------------------------


def test_exact_by_hand():
    a = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    b = a.copy()
    b[0, 1, 2] += 1
    b[1, 3] = 200
    assert exact(a, b) == 20 / 24
    assert exact(np.stack([a, a]), np.stack([b, a])) == 44 / 48


def test_psnr_by_hand():
    truth, estimate = changed(noise(1, 4, 5, 3), 6)  # mean squared error 36 / 60
    assert psnr(estimate, truth) == pytest.approx(10 * math.log10(65025 * 60 / 36))
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    assert psnr(black, white) == psnr(white, black) == 0  # a difference of 255 does not wrap around
    assert psnr(truth, truth) == math.inf


def test_psnr_is_a_mean_of_decibels():
    (t1, e1), (t2, e2) = changed(noise(2, 4, 4, 3), 2), changed(noise(3, 4, 4, 3), 90)
    both = psnr(np.stack([e1, e2]), np.stack([t1, t2]))
    assert both == pytest.approx((psnr(e1, t1) + psnr(e2, t2)) / 2)
    assert psnr(np.stack([t1, e2]), np.stack([t1, t2])) == math.inf


def test_psnr_up_to_complement_chooses_for_each_image():
    (t1, e1), (t2, e2) = changed(noise(4, 4, 4, 3), 7), changed(noise(5, 4, 4, 3), 30)
    mixed, truth = np.stack([255 - e1, e2]), np.stack([t1, t2])
    assert psnr_up_to_complement(mixed, truth) == pytest.approx((psnr(e1, t1) + psnr(e2, t2)) / 2)
    assert psnr_up_to_complement(255 - t1, t1) == math.inf
    assert psnr(mixed, truth) < psnr_up_to_complement(mixed, truth)


def slow_ssim(a, b, window):
    """The formula of Wang and others, a uniform window, sample variances, one channel."""
    c1, c2, scores = (0.01 * 255) ** 2, (0.03 * 255) ** 2, []
    for y in range(a.shape[0] - window + 1):
        for x in range(a.shape[1] - window + 1):
            p, q = (v[y : y + window, x : x + window].astype(float).ravel() for v in (a, b))
            cov = np.cov(p, q)
            scores.append((2 * p.mean() * q.mean() + c1) * (2 * cov[0, 1] + c2)
                          / ((p.mean() ** 2 + q.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2)))  # fmt: skip
    return np.mean(scores)


@pytest.mark.parametrize("h, w, window", [(12, 9, 7), (7, 7, 7), (6, 9, 5), (5, 5, 5), (4, 8, 3), (3, 3, 3)])
def test_ssim_is_the_formula(h, w, window):
    truth = noise(6, h, w, 3)
    estimate = (truth // 2 + noise(7, h, w, 3) // 4).astype(np.uint8)
    by_hand = np.mean([slow_ssim(estimate[..., c], truth[..., c], window) for c in range(3)])
    assert ssim(estimate, truth) == pytest.approx(by_hand, abs=1e-9)
    assert ssim(truth, truth) == pytest.approx(1)


def test_ssim_works_on_small_batches():
    a, b = noise(8, 3, 32, 32, 3), noise(9, 3, 32, 32, 3)
    assert ssim(a, b) == pytest.approx(np.mean([ssim(x, y) for x, y in zip(a, b)]))
    assert abs(ssim(a, b)) < 0.1 and ssim(np.stack([a[0], b[0]]), np.stack([a[0], a[0]])) == pytest.approx(
        (1 + ssim(b[0], a[0])) / 2
    )


def test_edge_map_by_hand():
    image = np.zeros((3, 4, 3), np.uint8)
    # luma 2990 thousandths, a corner: across -1 and down -1 at (1, 1), nothing at (1, 2)
    image[0, 0] = 10, 0, 0
    image[2, 3] = 0, 20, 0  # luma 11740, the far corner of (1, 2)
    assert np.allclose(edge_map(image), [[math.hypot(2990, 2990), math.hypot(11740, 11740)]])
    ramp = np.repeat(
        np.arange(0, 60, 10, dtype=np.uint8)[:, None, None] + np.zeros((1, 5, 1), np.uint8), 3, axis=2
    )
    assert np.array_equal(edge_map(ramp), np.full((4, 3), 80_000.0))
    blue = np.zeros((3, 3, 3), np.uint8)
    blue[:, 2, 2] = 100
    assert edge_map(blue) == [[4 * 11400]]


def test_edge_map_is_sobels():
    from scipy import ndimage

    image = noise(10, 9, 13, 3)
    luma = image @ np.array([0.299, 0.587, 0.114])
    expected = np.hypot(ndimage.sobel(luma, 0), ndimage.sobel(luma, 1))[1:-1, 1:-1]
    assert np.allclose(edge_map(image), 1000 * expected)


def test_edge_correlation_by_hand():
    a, b = noise(11, 5, 4, 3), noise(12, 5, 4, 3)
    p, q = (edge_map(x).ravel() - edge_map(x).mean() for x in (a, b))
    assert edge_correlation(a, b) == pytest.approx((p @ q) / math.sqrt((p @ p) * (q @ q)))
    assert edge_correlation(a, a) == pytest.approx(1)
    pair = edge_correlation(np.stack([a, a]), np.stack([b, a]))
    assert pair == pytest.approx((edge_correlation(a, b) + 1) / 2)


@pytest.mark.parametrize("flat", ["constant", "ramp"])
def test_a_map_without_edges_correlates_with_nothing(flat):
    image = np.full((32, 32, 3), (77, 33, 201), np.uint8)
    if flat == "ramp":
        image[:] = (np.arange(32) * 7)[:, None]
    assert (
        edge_correlation(image, image)
        == edge_correlation(image, noise(13, 32, 32, 3))
        == edge_correlation(noise(13, 32, 32, 3), image)
        == 0.0
    )


def test_invariant_by_hand():
    image = np.array([[[0, 255, 128], [200, 10, 250]]], np.uint8)
    assert invariant(image).tolist() == [[[0, 0, 127], [5, 10, 55]]]
    assert invariant(image[None]).shape == (1, 1, 2, 3) and invariant(image).dtype == np.uint8


# -- what the scores see -------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour_shuffle", [True, False])
def test_the_invariant_is_what_skk_leaves_in_place(colour_shuffle):
    plain = noise(14, 5, 16, 16, 3)
    for scheme in (
        SKK(Key.from_seed(1), colour_shuffle=colour_shuffle),
        SKK(Key.from_seed(2), colour_shuffle=colour_shuffle, per_image=True),
    ):
        cipher = scheme.encrypt(plain, ids=range(5)) if scheme.per_image else scheme.encrypt(plain)
        assert exact(cipher, plain) < 0.6
        assert np.array_equal(invariant(cipher), invariant(plain)) and report(cipher, plain)["invariant"] == 1
    for other in (
        OneTimePad(Key.from_seed(1)).encrypt(plain, ids=range(5)),
        Tanaka(Key.from_seed(1)).encrypt(plain),
    ):
        assert report(other, plain)["invariant"] < 0.05


def fold(images):
    return np.minimum(images, 255 - images)


def test_psnr_calls_a_readable_attack_a_failure():
    """The leading-bit attack on negative-positive SKK is the whole invariant, readable, and hardly moves the
    PSNR."""
    plain = photo("astronaut", 256)
    cipher = SKK(Key.from_seed(1), colour_shuffle=False).encrypt(plain)
    assert np.array_equal(fold(cipher), fold(plain))
    before, after = report(cipher, plain), report(fold(cipher), plain)
    assert abs(before["edge_correlation"]) < 0.15 and after["edge_correlation"] > 0.7
    assert before["psnr"] < after["psnr"] < before["psnr"] + 2


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "rocket"])
def test_psnr_calls_a_readable_negative_a_failure(name):
    plain = photo(name, 128)
    pad = OneTimePad(Key.from_seed(3)).encrypt(plain, ids=0)
    negative, control = report(255 - plain, plain), report(pad, plain)
    assert negative["psnr"] < control["psnr"] and negative["exact"] < 0.001
    assert negative["psnr_up_to_complement"] == math.inf and negative["edge_correlation"] == pytest.approx(1)
    assert abs(control["edge_correlation"]) < 0.05 and control["exact"] == pytest.approx(1 / 256, abs=0.001)
    assert control["psnr_up_to_complement"] < 10 and abs(control["ssim"]) < 0.05


def test_report_holds_every_score():
    truth, estimate = changed(noise(15, 2, 9, 8, 3), 20)
    scores = report(estimate, truth)
    assert {score.__name__: score(estimate, truth) for score in SCORES} == {
        k: v for k, v in scores.items() if k != "invariant"
    }
    assert scores["invariant"] == exact(invariant(estimate), invariant(truth)) < 1
    assert all(type(value) is float for value in scores.values())
    equal = {
        "exact": 1.0,
        "psnr": math.inf,
        "psnr_up_to_complement": math.inf,
        "ssim": 1.0,
        "edge_correlation": 1.0,
        "invariant": 1.0,
    }
    assert report(truth, truth) == pytest.approx(equal)


# -- the door ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("score", [*SCORES, report], ids=lambda score: score.__name__)
@pytest.mark.parametrize("estimate, truth, error, message", [
    (noise(1, 8, 8, 3) / 255, noise(1, 8, 8, 3), TypeError, "expected uint8"),
    (noise(1, 8, 8, 3), noise(1, 8, 8, 3).astype(np.int16), TypeError, "expected uint8"),
    (noise(1, 8, 9, 3), noise(1, 9, 8, 3), ValueError, r"differ in shape: \(8, 9, 3\) and \(9, 8, 3\)"),
    (noise(1, 2, 8, 8, 3), noise(1, 3, 8, 8, 3), ValueError, "differ in shape"),
    (noise(1, 1, 8, 8, 3), noise(1, 8, 8, 3), ValueError, r"differ in shape: \(1, 8, 8, 3\) and \(8, 8, 3\)"),
    (noise(1, 8, 8), noise(1, 8, 8), ValueError, "grey"),
    (noise(1, 0, 8, 8, 3), noise(1, 0, 8, 8, 3), ValueError, "at least one image"),
    ([1, 2], noise(1, 8, 8, 3), TypeError, "np.stack"),
], ids=["float", "int16", "sizes", "counts", "single-batch", "grey", "none", "list"])  # fmt: skip
def test_scores_refuse(score, estimate, truth, error, message):
    with pytest.raises(error, match=message):
        score(estimate, truth)


@pytest.mark.parametrize("score", [ssim, edge_correlation])
def test_too_small_for_a_window(score):
    with pytest.raises(ValueError, match="3x3 pixels or more, got 2x8"):
        score(noise(1, 2, 8, 3), noise(2, 2, 8, 3))


def test_kinds_agree_and_the_input_is_not_changed():
    a, b = noise(16, 2, 9, 8, 3), noise(17, 2, 9, 8, 3)
    kept = a.copy(), b.copy()
    tensors = [torch.from_numpy(x).movedim(-1, -3) for x in (a, b)]
    assert report(*tensors) == report(a, b)
    assert report(Image.fromarray(a[0]), Image.fromarray(b[0])) == report(a[0], b[0])
    assert np.array_equal(a, kept[0]) and np.array_equal(b, kept[1])
    a.setflags(write=False)
    assert metrics.report(a, b) == report(kept[0], b)


@pytest.mark.parametrize(
    "moves, change",
    [
        (["colours"], lambda x: x[..., [2, 0, 1]]),
        (["complement"], lambda x: 255 - x),
        (["signs"], lambda x: x ^ np.array([0, 255, 0], np.uint8)),
        (["mirror"], lambda x: x[:, :, ::-1]),
        (["turns"], lambda x: np.rot90(x, 3, (1, 2))[:, ::-1]),
        (["colours", "signs", "turns"], lambda x: np.rot90(x[..., [1, 0, 2]] ^ np.array([255, 0, 0], np.uint8), 1, (1, 2))),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_the_nearest_undoes_what_is_open_and_nothing_else(moves, change):
    truth = np.random.default_rng(4).integers(0, 256, (3, 8, 8, 3), np.uint8)
    moved = np.ascontiguousarray(change(truth))
    assert (metrics.nearest(moved, truth, moves) == truth).all()
    assert (metrics.nearest(moved, truth) == moved).all()
    each = truth.copy()
    each[0] = change(truth)[0]  # one image moved, the others not: there is one choice for all
    assert (metrics.nearest(each, truth, moves) != truth).any()


def test_the_nearest_keeps_the_shape():
    truth = np.random.default_rng(4).integers(0, 256, (8, 4, 3), np.uint8)
    assert metrics.nearest(truth[::-1, ::-1], truth, ["turns"]).shape == truth.shape
    assert (metrics.nearest(truth[::-1, ::-1], truth, ["turns"]) == truth).all()


def test_a_choice_made_on_some_images_is_applied_to_others():
    truth, others = noise(5, 3, 8, 8, 3), noise(6, 4, 8, 8, 3)
    key = lambda x: np.ascontiguousarray(255 - x[..., [2, 0, 1]])  # noqa: E731
    chosen = metrics.choice(key(truth), truth, ("colours", "complement"))
    assert [name for name, _ in chosen] == ["colours", "complement"]
    assert (metrics.moved(key(others), chosen) == others).all()
    assert (metrics.moved(key(others)[0], chosen) == others[0]).all()
    assert metrics.choice(truth, truth) == () and (metrics.moved(others, ()) == others).all()


# -- retrieval -----------------------------------------------------------------------------------------------


def slow_ranks(estimates, candidates):
    """For each estimate: 1, and one for each candidate that is better than the truth, and a half for each as
    good."""

    def luma(image):
        return [299 * int(r) + 587 * int(g) + 114 * int(b) for r, g, b in image.reshape(-1, 3)]

    def correlation(a, b):
        (a, b), n = (luma(a), luma(b)), len(luma(a))
        da, db = [x - sum(a) / n for x in a], [x - sum(b) / n for x in b]
        size = math.sqrt(sum(x * x for x in da) * sum(x * x for x in db))
        return sum(x * y for x, y in zip(da, db)) / size if size else 0.0

    out = []
    for i, estimate in enumerate(estimates):
        found = [correlation(estimate, candidate) for candidate in candidates]
        equal = [abs(value - found[i]) < 1e-9 for value in found]
        out.append(1 + sum(v > found[i] and not e for v, e in zip(found, equal)) + (sum(equal) - 1) / 2)
    return out


@pytest.mark.parametrize("seed", range(4))
def test_ranks_are_those_of_the_slow_specification(seed):
    """Estimates from noise to the truth; two candidates are equal, one is flat, as is one estimate, and one
    is a negative."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 256, (14, 4, 6, 3), np.uint8)
    truth[3], truth[5] = truth[9], 77
    share = np.linspace(0, 1, 14)[:, None, None, None]
    estimates = (share * truth + (1 - share) * rng.integers(0, 256, truth.shape)).astype(np.uint8)
    estimates[1], estimates[2] = 200, 255 - truth[2]
    found = metrics.ranks(estimates, truth)
    assert found.tolist() == slow_ranks(estimates, truth)
    assert found[9] == found[13] + 0.5 == 1.5 and found[2] == 14 and 2 < found[1] < 13


def test_ranks_ask_for_shape_alone():
    truth = noise(7, 20, 8, 8, 3)
    darker = (truth // 4 + 10).astype(np.uint8)
    assert (metrics.ranks(darker, truth) == 1).all() and metrics.exact(darker, truth) < 0.1
    assert metrics.retrieval(darker, truth) == {"median": 1, "mean": 1, "top": 1}
    assert metrics.retrieval(255 - truth, truth) == {"median": 20, "mean": 20, "top": 0}


@pytest.mark.parametrize("estimates", [
    np.full((300, 6, 6, 3), 9, np.uint8), noise(1, 300, 6, 6, 3), np.repeat(noise(2, 1, 6, 6, 3), 300, axis=0),
    noise(3, 300, 6, 6, 3)[np.r_[1:300, 0]],
], ids=["flat", "noise", "one picture", "the next one's truth"])  # fmt: skip
def test_what_knows_nothing_has_the_mean_rank_of_chance(estimates):
    truth = noise(3, 300, 6, 6, 3)
    found = metrics.retrieval(estimates, truth)
    assert abs(found["mean"] - 150.5) < 3 * 300 / math.sqrt(12 * 300) and found["top"] < 0.04
    assert metrics.retrieval(truth, truth)["mean"] == 1


def test_retrieval_says_how_many_are_among_the_first_hundredth():
    truth = noise(8, 300, 6, 6, 3)
    mixed = truth.copy()
    mixed[150:] = 255 - truth[150:]
    found = metrics.retrieval(mixed, truth)
    assert found["top"] == 0.5 and found["median"] == 150.5 and found["mean"] == 150.5


def test_one_image_has_no_rank():
    with pytest.raises(ValueError, match="2 or more candidates, got 1"):
        metrics.ranks(noise(1, 1, 4, 4, 3), noise(1, 1, 4, 4, 3))


# -- puzzles -------------------------------------------------------------------------------------------------


def states(image):
    """All 96 of an image: turned and mirrored, in another colour order, negative or not."""
    for turns, mirror, order, sign in itertools.product(
        range(4), (False, True), itertools.permutations(range(3)), (0, 255)
    ):
        turned = np.rot90(image[:, ::-1] if mirror else image, turns)
        yield turned[..., list(order)] ^ np.uint8(sign)


def slow_right_pairs(estimate, truth, block):
    """{((y, x), (v, u)): bool}: whether a pair of blocks of the estimate is one of the truth, in any
    state."""

    def pairs(image):
        rows, columns = image.shape[0] // block, image.shape[1] // block
        for y, x in itertools.product(range(rows), range(columns)):
            for v, u in ((y, x + 1), (y + 1, x)):
                if v < rows and u < columns:
                    yield ((y, x), (v, u)), image[y * block : (v + 1) * block, x * block : (u + 1) * block]

    known = {view.tobytes() for _, pair in pairs(truth) for view in states(pair) if view.shape[0] == block}
    return {
        place: (pair if pair.shape[0] == block else np.rot90(pair)).tobytes() in known
        for place, pair in pairs(estimate)
    }


def slow_largest_part(right, rows, columns):
    part = {cell: {cell} for cell in itertools.product(range(rows), range(columns))}
    for (a, b), good in right.items():
        if good and part[a] is not part[b]:
            part[a] |= part[b]
            for cell in part[b]:
                part[cell] = part[a]
    return max(len(cells) for cells in part.values()) / (rows * columns)


@pytest.mark.parametrize("seed", range(6))
def test_scores_of_puzzles_against_the_slow_specification(seed):
    """Half of the blocks are shuffled, some put in another state, and two of them are equal."""
    rng, block, rows, columns = np.random.default_rng(seed), 4, 3, 5
    truth = rng.integers(0, 256, (rows * block, columns * block, 3), np.uint8)
    truth[:block, :block] = truth[-block:, -block:]
    grid = truth.reshape(rows, block, columns, block, 3).swapaxes(1, 2).reshape(-1, block, block, 3)
    order = np.arange(len(grid))
    moved = rng.choice(len(grid), 6, replace=False)
    order[moved] = rng.permutation(moved)
    grid = grid[order]
    for b in rng.choice(len(grid), 2, replace=False):
        grid[b] = list(states(grid[b]))[rng.integers(96)]
    estimate = grid.reshape(rows, columns, block, block, 3).swapaxes(1, 2).reshape(truth.shape)
    right = slow_right_pairs(estimate, truth, block)
    assert neighbours(estimate, truth, block) == pytest.approx(np.mean(list(right.values())))
    assert largest_part(estimate, truth, block) == pytest.approx(slow_largest_part(right, rows, columns))
    same = [
        (estimate[y : y + block, x : x + block] == truth[y : y + block, x : x + block]).all()
        for y, x in itertools.product(range(0, 12, block), range(0, 20, block))
    ]
    assert direct(estimate, truth, block) == pytest.approx(np.mean(same))


def test_neighbours_see_a_picture_in_any_state_and_direct_does_not():
    truth = noise(7, 12, 12, 3)
    for view in list(states(truth))[1:]:
        assert neighbours(view, truth, 4) == largest_part(view, truth, 4) == 1 and direct(view, truth, 4) < 1
    one_negative = truth.copy()
    one_negative[:4, :4] ^= 255
    assert neighbours(one_negative, truth, 4) == 10 / 12 and largest_part(one_negative, truth, 4) == 8 / 9
    assert neighbours(noise(8, 12, 12, 3), truth, 4) == 0


def test_scores_of_puzzles_need_whole_blocks():
    for score in (direct, neighbours, largest_part):
        with pytest.raises(ValueError, match="2x2 or more whole blocks of 4, got 12x10"):
            score(noise(1, 12, 10, 3), noise(1, 12, 10, 3), 4)
