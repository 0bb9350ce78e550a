"""Checks of lesson 20: PSNR up to complement, the rule behind a verdict, a picture that fools the rule."""

import numpy as np

from lib import datasets, metrics
from lib.workbook.attack_matrix import verdict
from lib.workbook.checks import GIVEN, array, called, exercise, number

PHOTOS, SIDE = ("coffee", "chelsea", "astronaut"), 64


@exercise
def up_to_complement(answer):
    """`answer(estimate, truth)`: dB, the mean over images; both (n, h, w, 3) uint8."""
    rng = np.random.default_rng(20)
    truth = rng.integers(0, 256, (3, 6, 5, 3), dtype=np.uint8)

    def near(image, step):
        return (image + rng.integers(-step, step + 1, image.shape)).clip(0, 255).astype(np.uint8)

    one, negative = near(truth[:1], 5), 255 - near(truth[:1], 3)
    good, fair, poor = (near(image, step) for image, step in zip(truth, (2, 20, 90)))
    part, colour = np.arange(5)[:, None] < 2, np.arange(3) == 0
    for what, estimate in (
        ("one good estimate", one),
        ("the exact negative of one image", 255 - truth[:1]),
        ("a good negative of one image", negative),
        ("three estimates, of which the second is a negative", np.stack([good, 255 - fair, poor])),
        ("three negatives of unlike quality", 255 - np.stack([good, fair, poor])),
        ("an image with a part of it negative", np.where(part, 255 - good, good)[None]),
        ("an image with one colour negative", np.where(colour, 255 - good, good)[None]),
    ):
        got = number(called(answer, estimate, truth[: len(estimate)]))
        expected = metrics.psnr_up_to_complement(estimate, truth[: len(estimate)])
        assert np.isclose(got, expected, rtol=0, atol=1e-6), f"{what}: {got:.4f} dB is not right"


@exercise
def judge(answer):
    """`answer(scores)`: "broken", "not broken" or "void"; scores as in a cell of the matrix."""
    for what, given in GIVEN["judge"]["cases"].items():
        each = {who: given.get(who, ()) for who in ("attack", "ciphertext", "mean", "control")}
        _same(answer, what, {who: _scores(*score) for who, score in each.items() if score is not False})
    rng = np.random.default_rng(20)
    for count in range(300):
        who = ["attack", "ciphertext", "mean", *(["control"] if count % 5 else [])]
        edges = {name: rng.uniform(-0.1, 1 if name == "attack" else 0.6) for name in who}
        exact = {name: rng.choice([0.005, 0.3, 0.97], p=[0.7, 0.2, 0.1]) for name in who}
        shown = ", ".join(f"{name} {exact[name]:.3f} and {edges[name]:.3f}" for name in who)
        _same(answer, f"the scores {shown}", {name: _scores(exact[name], edges[name]) for name in who})


def _same(answer, what, scores):
    got = answer({name: dict(each) for name, each in scores.items()})
    known = got in ("broken", "not broken", "void")
    assert known, f"a verdict is 'broken', 'not broken' or 'void', got {got!r}"
    assert got == verdict(scores), f"{what}: {got!r} is not what the rule says"


def _scores(exact=0.005, edges=0.0):
    return {"exact": float(exact), "edge_correlation": float(edges)}


@exercise
def fool(answer):
    """`answer(truth)`: an estimate, (h, w, 3) uint8, not broken by the rule, that can still be read."""
    for seed, name in enumerate(PHOTOS):
        truth = datasets.photo(name, SIDE)
        got = array(answer(truth.copy()), truth.shape)
        noise = np.random.default_rng(seed).integers(0, 256, truth.shape, dtype=np.uint8)
        estimates = {"attack": got, "ciphertext": noise, "mean": np.full_like(truth, truth.mean())}
        scores = {who: metrics.report(each, truth) for who, each in estimates.items()}
        edges, hidden = scores["attack"]["edge_correlation"], verdict(scores) == "not broken"
        assert hidden, f"{name}: the rule sees it, with an edge correlation of {edges:.2f}"
        seen, hint = _as_seen(got, truth), GIVEN["fool"]["hint"]
        assert seen > 0.8, f"{name}: {hint} to {seen:.2f} at most, 0.8 is asked"


def _as_seen(estimate, truth):
    """The best edge correlation over all mirror images, quarter turns and cyclic shifts."""
    a, b = (metrics.edge_map(image) for image in (estimate, truth))
    if a.min() == a.max():
        return 0.0
    a, b = ((x - x.mean()) / x.std() for x in (a, b))
    spectrum = np.fft.fft2(b).conj()
    turned = [np.rot90(x, turns) for x in (a, a[:, ::-1]) for turns in range(4)]
    return max((np.fft.ifft2(np.fft.fft2(x) * spectrum).real / x.size).max() for x in turned)
