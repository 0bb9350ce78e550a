"""How much of a picture came back: scores of an estimate against the truth.

Every score takes two sets of images of one shape, as `lib.images` lets them in (for NumPy, `(h, w, 3)` or `(n, h, w, 3)`
uint8), and returns a float, the mean over images. Which score for what:

    exact                 the fraction of values that are equal: 1 only for a perfect attack; chance gives about 0.004
    psnr                  decibels; inf for equal images. It calls the negative of a picture a failure, though anybody can
                          read a negative: the negative of a dark or bright photo scores below noise
    psnr_up_to_complement the better of the estimate and its negative, chosen for each image by itself
    ssim                  structural similarity, 1 for equal images; it too calls a negative a failure
    edge_correlation      correlation of the two edge maps: the same for a picture and its negative, near 0 for noise. It
                          sees shapes where colours are wrong
    invariant             the fraction of equal values in what SKK leaks without any key, see `invariant`

Some attacks leave one choice open that no ciphertext tells, the same for all images, such as the order of colours:
`nearest` makes it in the estimate's favour, and must be used on a baseline as well.

Sources: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment", IEEE TIP 13 (2004), as scikit-image
computes it; I. Sobel's operator; luma by Rec. 601.
"""

import itertools

import numpy as np

from lib import images as door


def exact(estimate, truth) -> float:
    """The fraction of equal values.

    >>> exact(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8), np.array([[[1, 2, 9], [4, 5, 6]]], np.uint8))
    0.8333333333333334
    """
    estimate, truth = _pair(estimate, truth)
    return float((estimate == truth).mean())


def psnr(estimate, truth) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(255**2 / mean squared error); inf as soon as one image is equal."""
    return float(_psnr_each(*_pair(estimate, truth)).mean())


def psnr_up_to_complement(estimate, truth) -> float:
    """PSNR in dB of the estimate or of its negative, 255 - estimate, whichever is higher for that image.

    The choice costs an attacker one bit an image, so a baseline that knows nothing is to be given it too.
    """
    estimate, truth = _pair(estimate, truth)
    return float(np.maximum(_psnr_each(estimate, truth), _psnr_each(255 - estimate, truth)).mean())


def ssim(estimate, truth) -> float:
    """Structural similarity (scikit-image), the mean over the three channels.

    The window is 7 pixels wide, or as wide as an odd number can be where the image is smaller; ValueError below 3 pixels.
    """
    from skimage.metrics import structural_similarity

    estimate, truth = _pair(estimate, truth)
    side = min(7, *truth.shape[1:3])
    if side < 3:
        raise ValueError(f"SSIM needs images of 3x3 pixels or more, got {truth.shape[1]}x{truth.shape[2]}")
    window = side - 1 + side % 2
    scores = [
        structural_similarity(a, b, win_size=window, channel_axis=-1, data_range=255) for a, b in zip(estimate, truth)
    ]
    return float(np.mean(scores))


def edge_correlation(estimate, truth) -> float:
    """Pearson correlation of the two edge maps, -1..1; ValueError below 3x3 pixels.

    An edge map is the length of the Sobel gradient of luma at every pixel that is not on the border. A map that is the
    same everywhere (a plain surface, an even ramp) has no correlation; it is given 0.0, even against itself.
    """
    estimate, truth = _pair(estimate, truth)
    if min(truth.shape[1:3]) < 3:
        raise ValueError(f"edge maps need images of 3x3 pixels or more, got {truth.shape[1]}x{truth.shape[2]}")
    return float(np.mean([_correlation(edge_map(a), edge_map(b)) for a, b in zip(estimate, truth)]))


def edge_map(image: np.ndarray) -> np.ndarray:
    """(h - 2, w - 2) float64 edge map of one image (h, w, 3) uint8, 8000 for a slope of one luma step a pixel."""
    luma = image @ np.array([299, 587, 114], np.int64)  # whole numbers, so that equal gradients are exactly equal
    across = luma[:-2] + 2 * luma[1:-1] + luma[2:]
    down = luma[:, :-2] + 2 * luma[:, 1:-1] + luma[:, 2:]
    return np.sqrt((across[:, 2:] - across[:, :-2]) ** 2 + (down[2:] - down[:-2]) ** 2)


def _correlation(a, b):
    if a.min() == a.max() or b.min() == b.max():
        return 0.0
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def invariant(images) -> np.ndarray:
    """What SKK leaves in place whatever its key: min(v, 255 - v) of each pixel's three values, sorted.

    A NumPy array, uint8, of the images' shape, channels last. SKK maps v to v or 255 - v and reorders the three,
    so plain and cipher agree here in every pixel.

    >>> invariant(np.array([[[200, 10, 130]]], np.uint8)), invariant(np.array([[[125, 200, 245]]], np.uint8))
    (array([[[ 10,  55, 125]]], dtype=uint8), array([[[ 10,  55, 125]]], dtype=uint8))
    """
    batch, single = _enter(images)
    folded = np.sort(np.minimum(batch, 255 - batch), axis=-1)
    return folded[0] if single else folded


MOVES = {
    "colours": [lambda x, order=order: x[..., list(order)] for order in itertools.permutations(range(3))],
    "complement": [lambda x: x, lambda x: 255 - x],
    "signs": [lambda x, signs=signs: x ^ np.array(signs, np.uint8) for signs in itertools.product((0, 255), repeat=3)],
    "mirror": [lambda x: x, lambda x: x[:, :, ::-1]],
    "turns": [
        lambda x, turns=turns, mirror=mirror: np.rot90(x[:, :, ::-1] if mirror else x, turns, (1, 2))
        for turns in range(4)
        for mirror in (False, True)
    ],
}
"""What `nearest` can choose from: the order of the colours, negatives, a negative for each colour, mirror images, quarter
turns with mirror images (of square images; of others only those that keep the shape)."""


def nearest(estimate, truth, open_moves=()) -> np.ndarray:
    """The estimate after the moves, the same for all images, that bring it nearest to the truth (least squared error).

    open_moves   names out of `MOVES`, all combinations of which are tried; with none the estimate comes back as it is

    >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> bool((nearest(255 - image[..., ::-1], image, ["colours", "complement"]) == image).all())
    True
    """
    (batch, single), (truth, _) = _enter(estimate), _enter(truth)
    best = (np.inf, batch)
    for moves in itertools.product(*(MOVES[name] for name in open_moves)):
        moved = batch
        for move in moves:
            moved = move(moved)
        if moved.shape == truth.shape:
            error = float(((moved.astype(np.int32) - truth) ** 2).sum())
            best = min(best, (error, moved), key=lambda each: each[0])
    return np.ascontiguousarray(best[1][0] if single else best[1])


def report(estimate, truth) -> dict[str, float]:
    """All scores by name. "psnr" can be inf, which strict JSON does not know."""
    scores = {
        score.__name__: score(estimate, truth) for score in (exact, psnr, psnr_up_to_complement, ssim, edge_correlation)
    }
    return scores | {"invariant": exact(invariant(estimate), invariant(truth))}


def _psnr_each(estimate, truth):
    """(n,) float64: the PSNR of each image."""
    error = estimate.astype(np.int32) - truth
    with np.errstate(divide="ignore"):
        return 10 * np.log10(255**2 / (error * error).mean(axis=(1, 2, 3)))


def _pair(estimate, truth):
    (a, single), (b, also) = _enter(estimate), _enter(truth)
    if a.shape != b.shape or single != also:
        shapes = [tuple(x.shape[1:] if one else x.shape) for x, one in ((a, single), (b, also))]
        raise ValueError(
            f"estimate and truth differ in shape: {shapes[0]} and {shapes[1]} (channels last); score images of one shape"
        )
    return a, b


def _enter(images):
    """The batch as NumPy, and whether it came as one image."""
    batch, _ = door.enter(images)
    batch = batch if isinstance(batch, np.ndarray) else batch.cpu().numpy()
    return batch, getattr(images, "ndim", 3) == 3  # a PIL image has no ndim
