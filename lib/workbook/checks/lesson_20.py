"""Checks of lesson 20: PSNR up to complement, the rule behind a verdict, and a picture that the rule does not
see."""

import numpy as np

from lib import datasets, metrics
from lib.workbook.attack_matrix import verdict
from lib.workbook.checks import exercise

PHOTOS, SIDE = ("coffee", "chelsea", "astronaut"), 64


@exercise
def up_to_complement(answer):
    """`answer(estimate, truth)`: dB, the mean over images; both (n, h, w, 3) uint8."""
    for what, estimate, truth in _estimates():
        before = estimate.copy(), truth.copy()
        got = answer(estimate, truth)
        assert np.ndim(got) == 0, f"expected one number, got shape {np.shape(got)}"
        assert (estimate == before[0]).all() and (truth == before[1]).all(), "your function changes its input"
        expected = metrics.psnr_up_to_complement(estimate, truth)
        right = np.isclose(float(got), expected, rtol=0, atol=1e-6)
        assert right, f"{what}: {float(got):.4f} dB is not right"


def _estimates():
    rng = np.random.default_rng(20)
    truth = rng.integers(0, 256, (3, 6, 5, 3), dtype=np.uint8)

    def near(image, step):
        return (image + rng.integers(-step, step + 1, image.shape)).clip(0, 255).astype(np.uint8)

    yield "one good estimate", near(truth[:1], 5), truth[:1]
    yield "the exact negative of one image", 255 - truth[:1], truth[:1]
    yield "a good negative of one image", 255 - near(truth[:1], 3), truth[:1]
    good, fair, poor = (near(image, step) for image, step in zip(truth, (2, 20, 90)))
    yield "three estimates, of which the second is a negative", np.stack([good, 255 - fair, poor]), truth
    yield "three negatives of unlike quality", 255 - np.stack([good, fair, poor]), truth
    half = good.copy()
    half[:, :2] ^= 255
    yield "an image with a part of it negative", half[None], truth[:1]
    red = good.copy()
    red[..., 0] ^= 255
    yield "an image with one colour negative", red[None], truth[:1]


@exercise
def judge(answer):
    """`answer(scores)`: "broken", "not broken" or "void"; scores as in a cell of the matrix."""
    for what, scores in _CASES.items():
        _same(answer, what, scores)
    rng = np.random.default_rng(20)
    for number in range(300):
        who = ["attack", "ciphertext", "mean", *(["control"] if number % 5 else [])]
        edges = {name: rng.uniform(-0.1, 1 if name == "attack" else 0.6) for name in who}
        exact = {name: rng.choice([0.005, 0.3, 0.97], p=[0.7, 0.2, 0.1]) for name in who}
        scores = {name: _scores(exact[name], edges[name]) for name in who}
        _same(answer, f"the scores {_shown(scores)}", scores)


def _same(answer, what, scores):
    got = answer({name: dict(each) for name, each in scores.items()})
    assert got in ("broken", "not broken", "void"), (
        f"a verdict is 'broken', 'not broken' or 'void', got {got!r}"
    )
    assert got == verdict(scores), f"{what}: {got!r} is not what the rule says"


def _scores(exact=0.005, edges=0.0):
    return {"exact": float(exact), "edge_correlation": float(edges)}


def _case(attack=None, ciphertext=None, mean=None, **control):
    return {
        "attack": attack or _scores(),
        "ciphertext": ciphertext or _scores(),
        "mean": mean or _scores(),
    } | control


def _shown(scores):
    return ", ".join(
        f"{name} {each['exact']:.3f} and {each['edge_correlation']:.3f}" for name, each in scores.items()
    )


_CASES = {
    "everything exact, and a control that resists": _case(_scores(1, 1), control=_scores()),
    "nothing recovered": _case(control=_scores()),
    "nine values of ten exact": _case(_scores(0.9, 0.1), control=_scores()),
    "half of the values exact, no outlines": _case(_scores(0.5, 0.1), control=_scores()),
    "outlines, few values exact": _case(_scores(0.02, 0.5), control=_scores()),
    "outlines that are in the ciphertext already": _case(
        _scores(0.02, 0.55), _scores(edges=0.45), control=_scores()
    ),
    "outlines that the mean image has as well": _case(
        _scores(0.02, 0.55), mean=_scores(edges=0.45), control=_scores()
    ),
    "0.3 more outlines than the ciphertext, and still few": _case(
        _scores(edges=0.4), _scores(edges=0.1), control=_scores()
    ),
    "everything exact, on the control too": _case(_scores(1, 1), control=_scores(1, 1)),
    "everything exact, and the control's outlines": _case(_scores(1, 1), control=_scores(0.01, 0.75)),
    "nothing recovered, but the control's outlines": _case(control=_scores(0.01, 0.75)),
    "outlines, and a control whose outlines are weak": _case(_scores(0.02, 0.8), control=_scores(0.01, 0.3)),
    "everything exact, where the attack refused the control": _case(_scores(1, 1)),
}


@exercise
def fool(answer):
    """`answer(truth)`: an estimate, (h, w, 3) uint8 as `truth`, that is not broken by the rule and can still
    be read."""
    for seed, name in enumerate(PHOTOS):
        truth = datasets.photo(name, SIDE)
        got = answer(truth.copy())
        assert isinstance(got, np.ndarray) and got.dtype == np.uint8 and got.shape == truth.shape, (
            f"expected an estimate like the truth, uint8 of shape {truth.shape}, got {_kind(got)}"
        )
        noise = np.random.default_rng(seed).integers(0, 256, truth.shape, dtype=np.uint8)
        estimates = {"attack": got, "ciphertext": noise, "mean": np.full_like(truth, truth.mean())}
        scores = {who: metrics.report(each, truth) for who, each in estimates.items()}
        edges = scores["attack"]["edge_correlation"]
        assert verdict(scores) == "not broken", (
            f"{name}: the rule sees it, with an edge correlation of {edges:.2f}"
        )
        seen = _as_seen(got, truth)
        assert seen > 0.8, (
            f"{name}: the rule sees nothing, nor would anybody else: mirrored, turned and moved in every way, your picture's "
            f"edges go with the true ones to {seen:.2f} at most, 0.8 is asked"
        )


def _as_seen(estimate, truth):
    """The best edge correlation over all mirror images, quarter turns and cyclic shifts."""
    a, b = (metrics.edge_map(image) for image in (estimate, truth))
    if a.min() == a.max():
        return 0.0
    a, b = ((x - x.mean()) / x.std() for x in (a, b))
    spectrum = np.fft.fft2(b).conj()
    turned = [np.rot90(x, turns) for x in (a, a[:, ::-1]) for turns in range(4)]
    return max((np.fft.ifft2(np.fft.fft2(x) * spectrum).real / x.size).max() for x in turned)


def _kind(got):
    return f"{got.dtype} of shape {got.shape}" if isinstance(got, np.ndarray) else type(got).__name__
