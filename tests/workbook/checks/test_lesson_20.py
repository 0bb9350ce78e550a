"""The exercises of lesson 20: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

import numpy as np
from scipy.ndimage import uniform_filter

from lib import metrics
from lib.workbook.checks import lesson_20 as check


def decibels(error):
    return 10 * np.log10(255**2 / error)


def one_colour(truth):
    return float(np.mean(decibels(truth.reshape(len(truth), -1, 3).var(1).mean(1))))


def against(truth, colour):
    """dB of given colours, the mean over images."""
    errors = ((truth - np.broadcast_to(colour, truth.shape).astype(float)) ** 2).mean((1, 2, 3))
    return np.mean(decibels(errors))


def succeeds(score, baseline, least=0.5, more=0.2):
    return score[0] >= 0.9 or score[1] >= max(least, baseline + more)


def baseline_of(key):
    return max(key["ciphertext"][1], key["mean"][1])


def judge(keys, baseline=baseline_of, half=2, **limits):
    if any("control" in key and succeeds(key["control"], baseline(key), **limits) for key in keys):
        return "void"
    won = sum(succeeds(key["attack"], baseline(key), **limits) for key in keys)
    return "broken" if half * won > len(keys) else "not broken"


def without_control(keys):
    return judge([{who: score for who, score in key.items() if who != "control"} for key in keys])


def control_last(keys):
    """Void only where the attack succeeds as well."""
    return judge(keys) if without_control(keys) == "broken" else "not broken"


def control_by_exactness(keys):
    if any(key.get("control", (0, 0))[0] >= 0.9 for key in keys):
        return "void"
    return without_control(keys)


def no_control_is_void(keys):
    return judge(keys) if all("control" in key for key in keys) else "void"


def of_means(keys):
    """The rule on means over keys."""
    who = set.intersection(*(set(key) for key in keys))
    return judge([{name: np.mean([key[name] for key in keys], axis=0) for name in who}])


def both_needed(keys):
    def passes(score):
        return score[0] >= 0.9 and score[1] >= 0.5

    if any("control" in key and passes(key["control"]) for key in keys):
        return "void"
    return "broken" if 2 * sum(passes(key["attack"]) for key in keys) > len(keys) else "not broken"


def noise(truth):
    return np.random.default_rng(1).integers(0, 256, truth.shape, dtype=np.uint8)


def sees(estimate, truth, turns=4, flips=2, shifted=True, of=metrics.edge_map, signed=True):
    """As the solution; what is switched off is what a wrong answer forgets."""
    a, b = (of(x) - of(x).mean() for x in (estimate, truth))
    if not a.any():
        return 0.0
    spectrum = np.fft.fft2(b).conj()
    best = []
    for x in (a, a[:, ::-1])[:flips]:
        for turn in range(turns):
            all_shifts = np.fft.ifft2(np.fft.fft2(np.rot90(x, turn)) * spectrum).real
            found = all_shifts if shifted else all_shifts[:1, :1]
            best.append((found if signed else abs(found)).max())
    return max(best) / (a.std() * b.std() * a.size)


def grey(image):
    return image.mean(-1)


def histograms(estimate, truth):
    counts = [np.bincount(np.minimum(x, 255 - x).ravel(), minlength=128) for x in (estimate, truth)]
    return np.minimum(*counts).sum() / truth.size


SOLUTIONS = [
    (check.one_colour, one_colour),
    (check.one_colour, lambda truth: against(truth, truth.mean((1, 2), keepdims=True))),
    (check.judge, judge),
    (check.fool, lambda truth: np.roll(truth, 9, axis=1)),
    (check.fool, lambda truth: np.roll(255 - truth, 12, axis=0)),
    (check.fool, lambda truth: truth[:, ::-1]),
    (check.fool, lambda truth: np.rot90(truth)),
    (check.sees, sees),
    (check.sees, check.as_seen),
]


def few_pixels(truth):
    return np.where(np.arange(64)[:, None, None] < 8, truth, noise(truth))


WRONG = {
    "middle grey": (check.one_colour, lambda truth: against(truth, 128)),
    "one grey for all colours": (
        check.one_colour,
        lambda truth: against(truth, truth.mean((1, 2, 3), keepdims=True)),
    ),
    "one colour for all images": (
        check.one_colour,
        lambda truth: against(truth, truth.mean((0, 1, 2), keepdims=True)),
    ),
    "the deviation": (check.one_colour, lambda truth: np.mean(decibels(truth.std((1, 2)).mean(1)))),
    "dB of the mean error": (check.one_colour, lambda truth: decibels(truth.var((1, 2)).mean())),
    "a mean of dB by colour": (check.one_colour, lambda truth: decibels(truth.var((1, 2))).mean()),
    "the median": (
        check.one_colour,
        lambda truth: against(truth, np.median(truth, axis=(1, 2), keepdims=True)),
    ),
    "no control": (check.judge, without_control),
    "a failed attack is not void": (check.judge, control_last),
    "a control's outlines do not count": (check.judge, control_by_exactness),
    "no baseline": (check.judge, lambda keys: judge(keys, baseline=lambda _: 0.0)),
    "the ciphertext is the only baseline": (
        check.judge,
        lambda keys: judge(keys, baseline=lambda key: key["ciphertext"][1]),
    ),
    "the lower baseline": (
        check.judge,
        lambda keys: judge(keys, baseline=lambda key: min(key["ciphertext"][1], key["mean"][1])),
    ),
    "only more than the baseline": (check.judge, lambda keys: judge(keys, least=0)),
    "values and outlines": (check.judge, both_needed),
    "a refused control is void": (check.judge, no_control_is_void),
    "nothing but true and false": (check.judge, lambda keys: judge(keys) == "broken"),
    "under any key": (check.judge, lambda keys: judge(keys, half=1e9)),
    "under all keys": (check.judge, lambda keys: judge(keys, half=1.0001)),
    "means over keys": (check.judge, of_means),
    "the first key": (check.judge, lambda keys: judge(keys[:1])),
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
    "PSNR": (check.sees, lambda estimate, truth: min(metrics.psnr(estimate, truth), 99)),
    "SSIM": (check.sees, metrics.ssim),
    "edges in place": (check.sees, lambda e, t: sees(e, t, turns=1, flips=1, shifted=False)),
    "no shifts": (check.sees, lambda e, t: sees(e, t, shifted=False)),
    "no rotations": (check.sees, lambda e, t: sees(e, t, turns=1)),
    "grey values": (check.sees, lambda e, t: sees(e, t, of=grey, signed=False)),
    "values that occur": (check.sees, histograms),
    "no number for no edges": (check.sees, lambda e, t: sees(e, t) or np.nan),
}  # fmt: skip
