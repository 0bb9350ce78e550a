"""Checks of lesson 12: a pixel's states and its orbit, how two neighbours' keys differ, what may be done to
ciphertexts, what a front has to remove. `measured` reads what its quick experiments gave."""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from lib import Key, datasets
from lib.models import Adapted, WhitenedPixels, by_name
from lib.schemes import SKK
from lib.tiling import grid
from lib.training import scaled
from lib.workbook import quick_experiments
from lib.workbook.checks import array, called, exercise, kind, whole


@exercise
def states(answer):
    """`answer(pixel)`: how many pixels SKK can turn a pixel, three whole numbers from 0 to 255, into."""
    for pixel, told in _PIXELS.items():
        got = whole(answer(pixel))
        assert got <= 48, f"{got} states for {pixel}, but there are only 48 keys of a pixel"
        hint = "list what its 48 keys make of it, and count again"
        assert got == _number_of_states(pixel), f"{got} states for {pixel}, {told}: {hint}"


_PIXELS = {
    (10, 20, 30): "three unlike values",
    (0, 255, 90): "two values that are each other's complement",
    (90, 40, 90): "two equal values",
    (7, 7, 7): "three equal values",
    (127, 128, 127): "values next to the middle",
    (61, 61, 194): "two equal values and their complement",
    (200, 13, 55): "two complements that do not stand side by side",
    (128, 3, 254): "three unlike values",
}


def _number_of_states(pixel):
    """48 keys reach 48 states, or half of them with two equal distances from the middle, or 8 with three."""
    return {3: 48, 2: 24, 1: 8}[len({abs(2 * v - 255) for v in pixel})]


@exercise
def orbits(answer):
    """`answer(images)`: of uint8 (n, h, w, 3): whole numbers, |2 v - 255| of each pixel sorted."""
    images = np.random.default_rng(12).integers(0, 256, (4, 5, 6, 3), dtype=np.uint8)
    images[0, :2] = ((0, 255, 128), (127, 128, 3), (200, 55, 200), (9, 9, 9), (254, 1, 77), (30, 220, 130))
    got = array(called(answer, images), images.shape, None)
    assert got.dtype.kind in "iu", f"expected whole numbers, got {kind(got)}"
    assert got.min() >= 0, "a distance is not below 0; bytes wrap around at 0 and 256, so make them int first"
    unlike = 2 * images.astype(int) - 255
    wanted = np.sort(abs(unlike), axis=-1)
    if (got == wanted).all():
        return
    ours = tuple(images[0, 0, 0].tolist())
    assert not (got == abs(unlike)).all(), "these are distances, but their order tells the order of colours"
    each = (np.sort(got, axis=-1) == wanted).all(-1).mean()
    hint = "least first" if each == 1 else "three numbers of a pixel, from itself alone"
    told = tuple(got[0, 0, 0].tolist())
    assert (got == wanted).all(), f"{ours} became {told}, expected {tuple(wanted[0, 0, 0].tolist())}: {hint}"


def sorted_distances(images: np.ndarray) -> np.ndarray:
    """(n, h, w, 3) int: the orbits of pixels, for the lesson's rest, solved or not."""
    centred = 2 * np.int64(images) - 255
    return np.sort(np.maximum(centred, -centred))


@exercise
def keeps(answer):
    """`answer(move)`: whether `move`, uint8 (n, h, w, 3) to (n, ..., 3), makes ciphertexts of the moved."""
    for name, (move, expected) in MOVES.items():
        got = answer(move)
        assert isinstance(got, bool | np.bool), f"expected True or False, got {got!r}"
        told = "is a ciphertext" if expected else "is no ciphertext"
        assert got == expected, f"{name}: a moved ciphertext {told} of the moved picture"


def _mirror_red(x):
    out = x.copy()
    out[..., 0] = x[..., ::-1, 0]
    return out


def _brightest_column_first(x):
    first = x.astype(int).sum((1, 3)).argmax(1)
    return np.stack([np.roll(image, -k, axis=1) for image, k in zip(x, first)])


def _hole(x):
    out = x.copy()
    out[:, 2:7, 3:9] = 0
    return out


# What to do with pictures, and whether it may be done to ciphertexts with a key for each picture.
MOVES = {
    "mirror": (lambda x: x[:, :, ::-1], True),
    "shift by three pixels": (lambda x: np.roll(x, 3, axis=1), True),
    "cut out 10 x 12 pixels": (lambda x: x[:, 4:14, 2:14], True),
    "turn by 90 degrees": (lambda x: np.rot90(x, axes=(1, 2)), True),
    "leave out every second pixel": (lambda x: x[:, ::2, ::2], True),
    "a black hole": (_hole, True),
    "exchange red and blue": (lambda x: x[..., ::-1], True),
    "complement all values": (lambda x: 255 - x, True),
    "mirror red only": (_mirror_red, False),
    "brighter by a tenth": (lambda x: np.minimum(x.astype(int) * 11 // 10, 255).astype(np.uint8), False),
    "grey": (lambda x: np.repeat(x.mean(-1, keepdims=True), 3, -1).astype(np.uint8), False),
    "half the size by means": (lambda x: grid(x, 2).mean((3, 4)).astype(np.uint8), False),
    "mix with the next picture": (
        lambda x: ((x + np.roll(x, 1, 0).astype(int)) // 2).astype(np.uint8),
        False,
    ),
    "the brightest column first": (_brightest_column_first, False),
}


@exercise
def relative_key(answer):
    """`answer(a, b)`: (3, 3) of 0, 1, -1; (n, 3) uint8 of two neighbouring places under one key."""
    images = datasets.load("photos", "train", limit=60).images
    for seed, (row, column) in ((31, (4, 6)), (32, (17, 20)), (33, (9, 3)), (34, (25, 11))):
        scheme, places = SKK(Key.from_seed(seed)), ((row, column), (row, column + 1))
        cipher = scheme.encrypt(images)
        got = array(answer(*(cipher[:, y, x].copy() for y, x in places)), (3, 3), None)
        assert np.isin(got, (-1, 0, 1)).all(), "each entry is 0, 1 or -1"
        one_each = all((abs(got).sum(axis) == 1).all() for axis in (0, 1))
        assert one_each, "each row and each column has one entry that is not 0"
        first, second = (_as_matrix(scheme, place) for place in places)
        truth = first @ second.T
        paired = (abs(got) == abs(truth)).all()
        assert paired, "a value of the one place goes with a wrong value of the other"
        assert (got == truth).all(), "values are paired rightly, but a sign is wrong"


def _as_matrix(scheme, place):
    """(3, 3): what the scheme does to the values at a place of a 32x32 image, counted from the middle."""
    ramp = np.zeros((4, 32, 32, 3), np.uint8)
    for channel in range(3):
        ramp[channel + 1, ..., channel] = 1
    cipher = scheme.encrypt(ramp)[(slice(None), *place)].astype(int)
    return (cipher[1:] - cipher[0]).T


FRONTS = {
    "nothing": lambda x: x,
    "signs": lambda x: 2 * x.abs() - 1,
    "orders": lambda x: x.sort(dim=1).values,
    "both": lambda x: 2 * x.abs().sort(dim=1).values - 1,
}
"""Of exercise 5: (n, 3, h, w) floats from -1 to 1 to as many, without what their names say."""


@exercise
def ablation(answer):
    """`answer(learn)`: {name: what `learn(front)` returns for a front that removes just that}."""
    tried = []

    def learn(front: Callable) -> float:
        tried.append(front)
        return 10.0 + len(tried)

    got = answer(learn)
    assert isinstance(got, dict), f"expected a dict, got {kind(got)}"
    assert set(got) == set(FRONTS), f"expected the names {', '.join(FRONTS)}, got {', '.join(map(str, got))}"
    for name in FRONTS:
        mine = [front for i, front in enumerate(tried) if got[name] == 11.0 + i]
        assert mine, f'"{name}": expected what learn returned for a front of this name'
        _removes(mine[0], name)


def _removes(front, name):
    """Assert that a front removes what `name` says, and keeps the rest."""
    rng = np.random.default_rng(5)
    x = (2 * torch.from_numpy(rng.permutation(4 * 3 * 16)).float() + 1).view(4, 3, 4, 4) / (2 * 4 * 3 * 16)
    x = x * torch.from_numpy(rng.choice((-1.0, 1.0), x.shape)).float()
    signs = torch.from_numpy(rng.choice((-1.0, 1.0), x.shape)).float()
    turned = x.gather(
        1, torch.from_numpy(rng.permuted(np.tile([0, 1, 2], (4, 4, 4, 1)), axis=-1)).movedim(3, 1)
    )
    plain = _output(front, x, name)
    for what, other, gone in (
        ("complemented", _output(front, x * signs, name), name in ("signs", "both")),
        ("in another order", _output(front, turned, name), name in ("orders", "both")),
    ):
        same = torch.allclose(plain, other, atol=1e-5)
        told = (
            f'"{name}": values {what} still change' if gone else f'"{name}": values {what} no longer change'
        )
        assert same == gone, f"{told} what this front gives"
    for change in ((0.0, 0.0, 1.0), (1.0, -1.0, 0.0), (0.0, 1.0, -1.0)):
        nearby = x + 0.0037 * torch.tensor(change)[:, None, None] * x.sign()
        changed = (_output(front, nearby, name) - plain).abs().amax(1) > 1e-4
        assert changed.all(), (
            f'"{name}": this front removes more, pixels of unlike orbits look alike behind it'
        )


def _output(front, x, name):
    got = front(x.clone())
    same = isinstance(got, torch.Tensor) and got.shape == x.shape
    assert same, f'"{name}": a front gives a tensor of the shape that it gets'
    assert got.abs().max() <= 1.01, f'"{name}": values beyond -1 to 1, which the network does not expect'
    return got


def tensor(images: np.ndarray) -> torch.Tensor:
    """(n, 3, h, w) floats from -1 to 1, as networks get them."""
    return scaled(torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2))


def values_at(images: np.ndarray, places: Sequence[tuple[int, int]]) -> list[np.ndarray]:
    """(n, 3) float64 for each place: its values in all images, from -1 to 1."""
    return [tensor(images)[:, :, row, column].double().numpy() for row, column in places]


def front_from(images: np.ndarray) -> WhitenedPixels:
    """The front that removes one key, set up from these images."""
    front = WhitenedPixels(images.shape[1])
    front.start(tensor(images))
    return front


def share_of_colours(fitted_to: np.ndarray, ciphertexts: np.ndarray, plain: np.ndarray) -> float:
    """The share of variance of plain values that a front shows, fitted to some ciphertexts, through the best
    map of 12 numbers to colours, one for all pixels."""
    out, truth = (x.movedim(1, -1).reshape(-1, 3).double().numpy()
                  for x in (front_from(fitted_to)(tensor(ciphertexts)), tensor(plain)))  # fmt: skip
    out = np.c_[out, np.ones(len(out))]
    left = truth - out @ np.linalg.lstsq(out, truth, rcond=None)[0]
    return 1 - float((left**2).sum() / ((truth - truth.mean(0)) ** 2).sum())


def colours_from(count: int, images: np.ndarray, unseen: np.ndarray, seed: int) -> float:
    """That from `count` ciphertexts of some of the images under one key, on unseen ones."""
    one = SKK(Key.from_seed(seed))
    picked = np.random.default_rng(seed).choice(len(images), count, replace=False)
    return share_of_colours(one.encrypt(images[picked]), one.encrypt(unseen), unseen)


class Front(torch.nn.Module):
    """A function of (n, 3, h, w) floats as what stands in front of a network; nothing in it is trained."""

    features = 3

    def __init__(self, function: Callable):
        super().__init__()
        self.forward = function


def behind(front: Callable, widths: Sequence[int]) -> torch.nn.Module:
    """The lesson's network behind a front."""
    return Adapted(Front(front), by_name("fast", 10, widths=tuple(widths)))


# -- what the lesson's quick experiments gave ----------------------------------------------------------------

OWN = "own ciphertexts"


def measured(on: str = OWN) -> dict[tuple[str, str, str], list[float]]:
    """{(cipher, front, moved): accuracies of five seeds, per cent}, tested on "own ciphertexts", "plain
    pictures" or ciphertexts under "another secret"."""
    runs = quick_experiments.measured("12")["runs"]
    return {(run["cipher"], run["front"], run["moved"]): run[on] for run in runs if on in run}


def as_measured(got: Sequence[float], name: tuple[str, str, str], on: str = OWN) -> bool:
    """Whether accuracies lie where the measured ones did, give or take six points."""
    found = measured(on)[name]
    return all(min(found) - 6 <= value <= max(found) + 6 for value in got)
