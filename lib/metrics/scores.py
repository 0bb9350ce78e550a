"""How much of a picture came back: scores of an estimate against the truth.

Every score takes two sets of images of one shape, as `lib.images` lets them in, and returns a float, the mean
over images. For a picture:

    exact                 the fraction of values that are equal: 1 only for a perfect attack; chance is 0.004
    psnr                  decibels; inf for equal images. It calls the negative of a picture a failure, though
                          anybody can read it: that of a dark or bright photo scores below noise
    psnr_up_to_complement the better of the estimate and its negative, chosen for each image by itself
    ssim                  structural similarity, 1 for equal images; it too calls a negative a failure
    edge_correlation      of the two edge maps: alike for a picture and its negative, near 0 for noise
    invariant             the fraction of equal values in what SKK leaks without any key, see `invariant`

Sources: Z. Wang et al., IEEE TIP 13 (2004), as scikit-image computes it; I. Sobel; luma by Rec. 601.
"""

import numpy as np

from lib import images as door
from lib.images import Images

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
