"""Checks of lesson 20: what one colour scores, the rule behind a verdict, a picture that fools the rule, a
measure that is not fooled."""

import numpy as np

from lib import datasets, metrics
from lib.workbook.attack_matrix import verdict
from lib.workbook.checks import GIVEN, array, called, compared, exercise, number
from lib.workbook.measure_trials import estimates

PHOTOS, SIDE = ("coffee", "chelsea", "astronaut"), 64


@exercise
def one_colour(answer):
    """`answer(truth)`: dB of the best single colour of each image (n, h, w, 3) uint8, their mean."""
    rng = np.random.default_rng(20)
    noise = rng.integers(0, 256, (2, 6, 5, 3), dtype=np.uint8)
    photos = np.stack([datasets.photo(name, 32) for name in PHOTOS])
    tinted = noise[:1] // 8 + np.uint8([0, 100, 200])  # narrow, but about three different means
    for what, truth in (
        ("one image of noise", noise[:1]),
        ("one image whose colours have unlike means", tinted),
        ("two images of unlike contrast", np.concatenate([noise[:1], noise[1:] // 4])),
        ("a dark image and a bright one", np.concatenate([noise[:1] // 4, 255 - noise[1:] // 4])),
        ("three photographs", photos),
    ):
        got = number(called(answer, truth))
        means = truth.mean((1, 2), keepdims=True)
        each = [10 * np.log10(255**2 / ((one - mean) ** 2).mean()) for one, mean in zip(truth, means)]
        right = float(np.mean(each))
        assert got < right + 1e-6, f"{what}: no single colour reaches {got:.4f} dB"
        assert np.isclose(got, right, rtol=0, atol=1e-6), f"{what}: {got:.4f} dB, and a better colour exists"


@exercise
def judge(answer):
    """`answer(keys)`: "broken", "not broken" or "void", of pairs (share exact, edges) for each key."""
    for what, given in GIVEN["judge"]["cases"].items():
        each = {who: given.get(who, ()) for who in ("attack", "ciphertext", "mean", "control")}
        scores = {who: _scores(*score) for who, score in each.items() if score is not False}
        _same(answer, what, [scores])
        _same(answer, f"{what}, under one key of three", [_NOTHING, scores, _NOTHING])
        _same(answer, f"{what}, under two keys of four", [_NOTHING, scores, scores, _NOTHING])
        _same(answer, f"{what}, under two keys of three", [scores, _NOTHING, scores])
    rng = np.random.default_rng(20)
    for count in range(300):
        who = ["attack", "ciphertext", "mean", *(["control"] if count % 5 else [])]
        edges = {name: rng.uniform(-0.1, 1 if name == "attack" else 0.6) for name in who}
        exact = {name: rng.choice([0.005, 0.3, 0.97], p=[0.7, 0.2, 0.1]) for name in who}
        shown = ", ".join(f"{name} {exact[name]:.3f} and {edges[name]:.3f}" for name in who)
        _same(answer, f"the scores {shown}", [{name: _scores(exact[name], edges[name]) for name in who}])


def _same(answer, what, keys):
    got = answer([{who: tuple(score.values()) for who, score in key.items()} for key in keys])
    known = got in ("broken", "not broken", "void")
    assert known, f"a verdict is 'broken', 'not broken' or 'void', got {got!r}"
    each = [verdict(key) for key in keys]
    of_most = "broken" if 2 * each.count("broken") > len(keys) else "not broken"
    assert got == ("void" if "void" in each else of_most), f"{what}: {got!r} is not what the rule says"


def _scores(exact=0.005, edges=0.0):
    return {"exact": float(exact), "edge_correlation": float(edges)}


_NOTHING = {who: _scores() for who in ("attack", "ciphertext", "mean", "control")}


@exercise
def fool(answer):
    """`answer(truth)`: an estimate, (h, w, 3) uint8, not broken by the rule, that can still be read."""
    for seed, name in enumerate(PHOTOS):
        truth = datasets.photo(name, SIDE)
        got = array(called(answer, truth), truth.shape)
        if seed == 0:
            alt = "A cup of coffee, and the estimate of it that the answer hands in."
            compared(alt, target=truth, yours=got)
        noise = np.random.default_rng(seed).integers(0, 256, truth.shape, dtype=np.uint8)
        estimates = {"attack": got, "ciphertext": noise, "mean": np.full_like(truth, truth.mean())}
        scores = {who: metrics.report(each, truth) for who, each in estimates.items()}
        edges, hidden = scores["attack"]["edge_correlation"], verdict(scores) == "not broken"
        assert hidden, f"{name}: the rule sees it, with an edge correlation of {edges:.2f}"
        seen, hint = as_seen(got, truth), GIVEN["fool"]["hint"]
        assert seen > 0.8, f"{name}: {hint} to {seen:.2f} at most, 0.8 is asked"


@exercise
def sees(answer):
    """`answer(estimate, truth)`: a number, larger for estimates that show `truth`, moved ones as well."""
    names = datasets.photo_names
    photos = np.stack([datasets.photo(name, SIDE) for name in names])
    for seed, name in enumerate(("hopper", *PHOTOS)):
        truth, other = photos[names.index(name)], photos[names.index(name) - 5]
        made = estimates(truth, np.concatenate([other[None], photos]), seed)
        seen = {
            what: made[what]
            for what in ("negative", "colours exchanged", "outlines", "mirrored", "off by one")
        }
        seen |= {"rotated": np.rot90(truth), "moved": np.roll(truth, 9, 1)}
        seen["moved, negative and mirrored"] = np.roll(255 - truth[::-1], 20, 0)
        nothing = ("another picture", "4 squares across", "mean colour", "pixels shuffled", "noise")
        unseen = {what: made[what] for what in nothing} | {"another picture, moved": np.roll(other, 9, 1)}
        high, low = (
            {what: number(called(answer, image.copy(), truth)) for what, image in each.items()}
            for each in (seen, unseen)
        )
        for told in (high, low):
            lost = [what for what, value in told.items() if not np.isfinite(value)]
            assert not lost, f"{name}: {lost[0]} gets no finite number; has a picture no edges?"
        least, most = min(high, key=high.get), max(low, key=low.get)
        told = f"{name}: it is seen in '{least}', which has {high[least]:.3f}, and not in '{most}'"
        assert high[least] > low[most], f"{told}, {low[most]:.3f}"


def as_seen(estimate: np.ndarray, truth: np.ndarray) -> float:
    """A right `sees`: the best edge correlation over all mirror images, quarter turns and cyclic shifts."""
    a, b = (metrics.edge_map(image) for image in (estimate, truth))
    if a.min() == a.max():
        return 0.0
    a, b = ((x - x.mean()) / x.std() for x in (a, b))
    spectrum = np.fft.fft2(b).conj()
    turned = [np.rot90(x, turns) for x in (a, a[:, ::-1]) for turns in range(4)]
    return max((np.fft.ifft2(np.fft.fft2(x) * spectrum).real / x.size).max() for x in turned)
