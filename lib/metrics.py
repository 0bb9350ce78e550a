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

`ranks`: does each estimate show its own image? `direct`, `neighbours`, `largest_part`: scores of puzzles.
Where an attack leaves a choice open, alike for all images, `nearest` makes it in the estimate's favour; use
it on a baseline as well. Sources: Z. Wang et al., IEEE TIP 13 (2004), as scikit-image computes it; I. Sobel;
luma by Rec. 601.
"""

import itertools
from collections.abc import Iterable

import numpy as np

from lib import images as door
from lib.images import Images
from lib.symmetries import COLOURS, SIGNS, oriented
from lib.tiling import grid

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


# -- jigsaw puzzles, 0 to 1 (T. Cho, S. Avidan and W. Freeman, CVPR 2010; A. Gallagher, CVPR 2012) -----------


def direct(estimate: Images, truth: Images, block: int) -> float:
    """Dc: the share of blocks of `block` x `block` pixels that are equal, every value of them."""
    estimate, truth = (_blocks(images, block) for images in pair(estimate, truth))
    return float((estimate == truth).all(axis=(3, 4, 5)).mean())


def neighbours(estimate: Images, truth: Images, block: int) -> float:
    """Nc: the share of pairs of blocks, across and down, that stand beside each other in the truth as well. A
    pair may be turned, mirrored, negative and in another colour order as a whole, but not one block of it
    alone. Blocks are told apart by their values: where several are equal, one is as good as another."""
    estimate, truth = pair(estimate, truth)
    each = (_right_pairs(a, b, block) for a, b in zip(estimate, truth))
    return float(np.mean([np.concatenate([across.ravel(), down.ravel()]) for across, down in each]))


def largest_part(estimate: Images, truth: Images, block: int) -> float:
    """Lc: the share of blocks in the largest part that pairs as `neighbours` counts them hold together."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    shares = []
    for a, b in zip(*pair(estimate, truth)):
        across, down = _right_pairs(a, b, block)
        cells = np.arange(len(across) * down.shape[1]).reshape(len(across), -1)
        first = np.concatenate([cells[:, :-1][across], cells[:-1][down]])
        second = np.concatenate([cells[:, 1:][across], cells[1:][down]])
        links = coo_matrix((np.ones(len(first)), (first, second)), (cells.size, cells.size))
        shares.append(np.bincount(connected_components(links, directed=False)[1]).max() / cells.size)
    return float(np.mean(shares))


def _right_pairs(estimate, truth, block):
    """Bool (rows, columns - 1) and (rows - 1, columns): the pairs that the truth has, up to 96 states."""
    weights = np.random.default_rng(0).integers(1, 2**63, (block, 2 * block, 3), np.uint64)
    total = np.uint64(255 * int(weights.sum(dtype=np.uint64)) % 2**64)
    known = set()
    for flip in (np.s_[:], np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1]):
        for colours, pairs in itertools.product(COLOURS, _pairs(truth, block)):
            sums = _sums(pairs, weights[flip][..., colours])
            known.update(sums.ravel().tolist(), (total - sums).ravel().tolist())
    known = np.array(sorted(known), np.uint64)
    return [np.isin(_sums(pairs, weights), known) for pairs in _pairs(estimate, block)]


def _pairs(image, block):
    """(rows, columns - 1, block, 2 block, 3) and (rows - 1, columns, ...): pairs across, and down, turned."""
    blocks = _blocks(image[None], block)[0]
    turned = np.rot90(blocks, axes=(2, 3))
    across, down = (blocks[:, :-1], blocks[:, 1:]), (turned[:-1], turned[1:])
    return np.concatenate(across, axis=3), np.concatenate(down, axis=3)


def _sums(pairs, weights):
    """Sums with random weights modulo 2**64: equal for equal pairs, and else hardly ever."""
    return pairs.reshape(*pairs.shape[:2], -1).astype(np.uint64) @ weights.ravel()


def _blocks(images, block):
    """(n, rows, columns, block, block, 3); ValueError unless there are 2x2 or more of them."""
    _, h, w, _ = images.shape
    if h % block or w % block or min(h, w) < 2 * block:
        raise ValueError(f"puzzles are scored in 2x2 or more whole blocks of {block}, got {h}x{w}")
    return grid(images, block)
