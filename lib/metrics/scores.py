"""Scores of pictures against the truth, a mean over images each; does an estimate show its own image, or only
some; and what no ciphertext tells, as the order of colours, chosen in the estimate's favour for all images.
`lib.metrics` says which for what."""

import itertools
from collections.abc import Iterable

import numpy as np

from lib import images as door
from lib.images import Images
from lib.symmetries import COLOURS, SIGNS, oriented

ALIKE = 1e-9  # correlations that differ by less are equal: the last bits depend on how a library adds up
LUMA = np.array([299, 587, 114], np.int64)  # Rec. 601, in thousandths: sums of whole numbers are exact


def exact(estimate: Images, truth: Images) -> float:
    """The fraction of equal values.

    >>> exact(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8), np.array([[[1, 2, 9], [4, 5, 6]]], np.uint8))
    0.8333333333333334
    """
    estimate, truth = pair(estimate, truth)
    return float((estimate == truth).mean())


def psnr(estimate: Images, truth: Images) -> float:
    """PSNR in dB, 10 log10(255**2 / mean squared error); inf as soon as one image is equal."""
    return float(_psnr_each(*pair(estimate, truth)).mean())


def psnr_up_to_complement(estimate: Images, truth: Images) -> float:
    """PSNR in dB of the estimate or of its negative, 255 - estimate, whichever is higher for that image. The
    choice costs an attacker one bit an image, so a baseline that knows nothing is to be given it too."""
    estimate, truth = pair(estimate, truth)
    return float(np.maximum(_psnr_each(estimate, truth), _psnr_each(255 - estimate, truth)).mean())


def ssim(estimate: Images, truth: Images) -> float:
    """Structural similarity (scikit-image), the mean over the three channels, in windows of 7 pixels, or as
    many as an odd number can be; ValueError below 3 pixels."""
    from skimage.metrics import structural_similarity

    estimate, truth = _pair_of_windows(estimate, truth, "SSIM needs")
    side = min(7, *truth.shape[1:3])
    options = {"win_size": side - 1 + side % 2, "channel_axis": -1, "data_range": 255}
    return float(np.mean([structural_similarity(a, b, **options) for a, b in zip(estimate, truth)]))


def edge_correlation(estimate: Images, truth: Images) -> float:
    """Pearson correlation of the two edge maps, -1..1; ValueError below 3x3 pixels. An edge map is the length
    of the Sobel gradient of luma at every pixel that is not on the border. A map that is the same everywhere
    (a plain surface, an even ramp) is given 0.0, even against itself."""
    estimate, truth = _pair_of_windows(estimate, truth, "edge maps need")
    maps = ((edge_map(a).ravel(), edge_map(b).ravel()) for a, b in zip(estimate, truth))
    return float(np.mean([np.corrcoef(a, b)[0, 1] if np.ptp(a) and np.ptp(b) else 0.0 for a, b in maps]))


def edge_map(image: np.ndarray) -> np.ndarray:
    """(h - 2, w - 2) float64 of an image (h, w, 3) uint8, 8000 for a slope of one luma step a pixel."""
    luma = image @ LUMA  # so that equal gradients are exactly equal
    across = luma[:-2] + 2 * luma[1:-1] + luma[2:]
    down = luma[:, :-2] + 2 * luma[:, 1:-1] + luma[:, 2:]
    return np.sqrt((across[:, 2:] - across[:, :-2]) ** 2 + (down[2:] - down[:-2]) ** 2)


def invariant(images: Images) -> np.ndarray:
    """What SKK leaves in place whatever its key: min(v, 255 - v) of each pixel's three values, sorted.

    A NumPy array, uint8, of the images' shape, channels last. Plain and cipher agree here in every pixel.

    >>> invariant(np.array([[[200, 10, 130]]], np.uint8)), invariant(np.array([[[125, 200, 245]]], np.uint8))
    (array([[[ 10,  55, 125]]], dtype=uint8), array([[[ 10,  55, 125]]], dtype=uint8))
    """
    batch, single = enter(images)
    folded = np.sort(np.minimum(batch, 255 - batch), axis=-1)
    return folded[0] if single else folded


def report(estimate: Images, truth: Images) -> dict[str, float]:
    """All scores by name. "psnr" can be inf, which strict JSON does not know."""
    each = exact, psnr, psnr_up_to_complement, ssim, edge_correlation
    scores = {score.__name__: score(estimate, truth) for score in each}
    return scores | {"invariant": exact(invariant(estimate), invariant(truth))}


def _psnr_each(estimate, truth):
    """(n,) float64: the PSNR of each image (scikit-image)."""
    from skimage.metrics import peak_signal_noise_ratio

    with np.errstate(divide="ignore"):
        return np.array([peak_signal_noise_ratio(b, a, data_range=255) for a, b in zip(estimate, truth)])


def _pair_of_windows(estimate, truth, what):
    estimate, truth = pair(estimate, truth)
    h, w = truth.shape[1:3]
    if min(h, w) < 3:
        raise ValueError(f"{what} images of 3x3 pixels or more, got {h}x{w}")
    return estimate, truth


def pair(estimate: Images, truth: Images) -> tuple[np.ndarray, np.ndarray]:
    """Both as batches (n, h, w, 3) uint8; ValueError where their shapes differ."""
    (a, single), (b, also) = enter(estimate), enter(truth)
    if a.shape != b.shape or single != also:
        one, other = (x.shape[1:] if alone else x.shape for x, alone in ((a, single), (b, also)))
        differ = f"estimate and truth differ in shape: {one} and {other} (channels last)"
        raise ValueError(f"{differ}; score images of one shape")
    return a, b


def enter(images: Images) -> tuple[np.ndarray, bool]:
    """The batch as NumPy, channels last, and whether it came as one image."""
    batch, _ = door.enter(images)
    batch = batch if isinstance(batch, np.ndarray) else batch.cpu().numpy()
    return batch, getattr(images, "ndim", 3) == 3  # a PIL image has no ndim


def ranks(estimates: Images, candidates: Images) -> np.ndarray:
    """(n,) float64: where image i comes when all n candidates are sorted by how well estimate i shows them.

    estimates, candidates   (n, h, w, 3) uint8, n from 2 on; candidate i is the truth of estimate i
    1 is first, n last. What counts is the correlation of the two images' luma, pixel by pixel, whatever the
    brightness or contrast; an image of one colour correlates by 0 with every other. Candidates that are
    equally good share the mean of their places. Estimates that have nothing to do with the truth have the
    mean rank (n + 1) / 2, and that mean varies by n / sqrt(12 n) at most (standard error).
    """
    estimates, candidates = pair(estimates, candidates)
    if len(candidates) < 2:
        raise ValueError(f"a rank needs 2 or more candidates, got {len(candidates)}")
    similar = _standard_luma(estimates) @ _standard_luma(candidates).T
    own = similar.diagonal()[:, None]
    better, equal = similar > own + ALIKE, np.abs(similar - own) <= ALIKE
    return 1 + better.sum(1) + (equal.sum(1) - 1) / 2


def retrieval(estimates: Images, candidates: Images) -> dict[str, float]:
    """ "median" and "mean" of `ranks`, and "top", the share of images in the first hundredth of places."""
    found = ranks(estimates, candidates)
    top = (found <= max(1, len(found) // 100)).mean()
    return {"median": float(np.median(found)), "mean": float(found.mean()), "top": float(top)}


def _standard_luma(images):
    """(n, h w) float64: luma, its mean taken away, of length 1; all 0 for an image of one luma."""
    luma = (images @ LUMA).reshape(len(images), -1)
    centred = luma - luma.mean(1, keepdims=True)
    flat = luma.min(1) == luma.max(1)
    return centred / np.where(flat, np.inf, np.linalg.norm(centred, axis=1))[:, None]


MOVES = {
    "colours": [lambda x, order=order: x[..., order] for order in COLOURS],
    "complement": [lambda x: x, lambda x: 255 - x],
    "signs": [lambda x, sign=sign: x ^ sign for sign in SIGNS],
    "mirror": [lambda x: x, lambda x: x[:, :, ::-1]],
    "turns": [lambda x, o=o: oriented(x, o) for o in range(8)],
}
"""What `nearest` can choose from: the order of the colours, negatives, a negative for each colour, mirror
images, quarter turns with mirror images (of square images; of others only those that keep the shape)."""


def nearest(estimate: Images, truth: Images, open_moves: Iterable[str] = ()) -> np.ndarray:
    """The estimate after the moves, alike for all images, that give the least squared error to the truth.

    open_moves   names out of `MOVES`, all combinations of which are tried

    >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> bool((nearest(255 - image[..., ::-1], image, ["colours", "complement"]) == image).all())
    True
    """
    return moved(estimate, choice(estimate, truth, open_moves))


def choice(estimate: Images, truth: Images, open_moves: Iterable[str] = ()) -> tuple[tuple[str, int], ...]:
    """The moves that bring the estimate nearest to the truth: (name, number) for each, as `moved` takes them.
    Made on other images than those that `ranks` then compares, it favours no pair of them."""
    (batch, _), (truth, _) = enter(estimate), enter(truth)
    best = (np.inf, ())
    for numbers in itertools.product(*(range(len(MOVES[name])) for name in open_moves)):
        tried = moved(batch, zip(open_moves, numbers))
        if tried.shape == truth.shape:
            best = min(best, (float(((tried.astype(np.int32) - truth) ** 2).sum()), numbers))
    return tuple(zip(open_moves, best[1]))


def moved(images: Images, chosen: Iterable[tuple[str, int]]) -> np.ndarray:
    """The images after the moves that `choice` found."""
    batch, single = enter(images)
    for name, number in chosen:
        batch = MOVES[name][number](batch)
    return np.ascontiguousarray(batch[0] if single else batch)
