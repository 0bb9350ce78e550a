"""The exercises of lesson 20: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np
from scipy.ndimage import uniform_filter

from lib import metrics
from lib.workbook.checks import lesson_20 as check


def decibels(error):
    return np.inf if error == 0 else 10 * np.log10(255**2 / error)


def error(estimate, truth, axis=None):
    return ((estimate.astype(float) - truth) ** 2).mean(axis)


def up_to_complement(estimate, truth):
    return np.mean([decibels(min(error(e, t), error(255 - e, t))) for e, t in zip(estimate, truth)])


def by_metrics(estimate, truth):
    best = [max(metrics.psnr(e, t), metrics.psnr(255 - e, t)) for e, t in zip(estimate, truth)]
    return sum(best) / len(best)


def succeeds(score, baseline, least=0.5, more=0.2):
    return score["exact"] >= 0.9 or score["edge_correlation"] >= max(least, baseline + more)


def baseline_of(scores):
    return max(scores["ciphertext"]["edge_correlation"], scores["mean"]["edge_correlation"])


def judge(scores, baseline=baseline_of, **limits):
    if "control" in scores and succeeds(scores["control"], baseline(scores), **limits):
        return "void"
    return "broken" if succeeds(scores["attack"], baseline(scores), **limits) else "not broken"


def control_last(scores):
    """Void only where the attack succeeds as well."""
    return judge(scores) if succeeds(scores["attack"], baseline_of(scores)) else "not broken"


def control_by_exactness(scores):
    if scores.get("control", {"exact": 0})["exact"] >= 0.9:
        return "void"
    return judge({name: each for name, each in scores.items() if name != "control"})


def both_needed(scores):
    def passes(score):
        return score["exact"] >= 0.9 and score["edge_correlation"] >= 0.5

    if "control" in scores and passes(scores["control"]):
        return "void"
    return "broken" if passes(scores["attack"]) else "not broken"


def no_control_is_void(scores):
    return judge(scores) if "control" in scores else "void"


def noise(truth):
    return np.random.default_rng(1).integers(0, 256, truth.shape, dtype=np.uint8)


SOLUTIONS = [
    (check.up_to_complement, up_to_complement),
    (check.up_to_complement, by_metrics),
    (check.judge, judge),
    (check.fool, lambda truth: np.roll(truth, 9, axis=1)),
    (check.fool, lambda truth: np.roll(255 - truth, 12, axis=0)),
    (check.fool, lambda truth: truth[:, ::-1]),
    (check.fool, lambda truth: np.rot90(truth)),
]


def better(estimate, truth, top):
    """The PSNR of an estimate or of what takes it from `top`."""
    return max(metrics.psnr(estimate, truth), metrics.psnr(top - estimate, truth))


def by_choice(estimates, truths, errors):
    return np.mean([decibels(errors(a, b)) for a, b in zip(estimates, truths)])


def of_values(a, b):
    return np.minimum((a - b.astype(float)) ** 2, (255.0 - a - b) ** 2).mean()


def of_colours(a, b):
    return np.minimum(error(a, b, (0, 1)), error(255 - a, b, (0, 1))).mean()


def of_bytes(a, b):
    return min(((a - b) ** 2).mean(), ((255 - a - b) ** 2).mean())


def lower(scores):
    return min(scores[name]["edge_correlation"] for name in ("ciphertext", "mean"))


def few_pixels(truth):
    return np.where(np.arange(64)[:, None, None] < 8, truth, noise(truth))


WRONG = {
    "plain PSNR": (check.up_to_complement, metrics.psnr),
    "the negative alone": (check.up_to_complement, lambda e, t: metrics.psnr(255 - e, t)),
    "one choice for all": (check.up_to_complement, lambda e, t: better(e, t, 255)),
    "256 - v": (check.up_to_complement, lambda e, t: np.mean([better(a, b, 0) for a, b in zip(e, t)])),
    "a choice for each value": (check.up_to_complement, lambda e, t: by_choice(e, t, of_values)),
    "a choice for each colour": (check.up_to_complement, lambda e, t: by_choice(e, t, of_colours)),
    "dB of the mean error": (
        check.up_to_complement,
        lambda e, t: decibels(np.mean([min(error(a, b), error(255 - a, b)) for a, b in zip(e, t)])),
    ),
    "one dB an image": (
        check.up_to_complement,
        lambda e, t: np.array([better(a, b, 255) for a, b in zip(e, t)]),
    ),
    "bytes that wrap around": (check.up_to_complement, lambda e, t: by_choice(e, t, of_bytes)),
    "no control": (check.judge, lambda scores: judge({k: v for k, v in scores.items() if k != "control"})),
    "a failed attack is not void": (check.judge, control_last),
    "a control's outlines do not count": (check.judge, control_by_exactness),
    "no baseline": (check.judge, lambda scores: judge(scores, baseline=lambda _: 0.0)),
    "the ciphertext is the only baseline": (
        check.judge,
        lambda scores: judge(scores, baseline=lambda s: s["ciphertext"]["edge_correlation"]),
    ),
    "the lower baseline": (
        check.judge,
        lambda scores: judge(scores, baseline=lower),
    ),
    "only more than the baseline": (check.judge, lambda scores: judge(scores, least=0)),
    "values and outlines": (check.judge, both_needed),
    "a refused control is void": (check.judge, no_control_is_void),
    "nothing but true and false": (check.judge, lambda scores: judge(scores) == "broken"),
    "the truth": (check.fool, lambda truth: truth),
    "its negative": (check.fool, lambda truth: 255 - truth),
    "its colours exchanged": (check.fool, lambda truth: truth[..., [1, 2, 0]]),
    "moved by one pixel": (check.fool, lambda truth: np.roll(truth, 1, axis=1)),
    "noise for a picture": (check.fool, noise),
    "black": (check.fool, np.zeros_like),
    "a blur": (check.fool, lambda truth: uniform_filter(truth, (25, 25, 0), mode="reflect")),
    "a few pixels of it": (check.fool, few_pixels),
    "another photograph": (check.fool, lambda truth: check.datasets.photo("flower", 64)),
    "floats": (check.fool, lambda truth: np.roll(truth, 9, axis=1) / 255),
    "a part of it": (check.fool, lambda truth: truth[8:, 8:]),
}  # fmt: skip
