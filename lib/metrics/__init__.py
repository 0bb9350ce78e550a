"""How much of a picture came back: scores of an estimate against the truth.

Every score takes two sets of images of one shape, as `lib.images` lets them in (for NumPy, `(h, w, 3)` or
`(n, h, w, 3)` uint8), and returns a float, the mean over images. Which score for what:

    exact                 the fraction of values that are equal: 1 only for a perfect attack; chance gives
                          about 0.004
    psnr                  decibels; inf for equal images. It calls the negative of a picture a failure, though
                          anybody can read a negative: the negative of a dark or bright photo scores below
                          noise
    psnr_up_to_complement the better of the estimate and its negative, chosen for each image by itself
    ssim                  structural similarity, 1 for equal images; it too calls a negative a failure
    edge_correlation      correlation of the two edge maps: the same for a picture and its negative, near 0
                          for noise. It sees shapes where colours are wrong
    invariant             the fraction of equal values in what SKK leaks without any key, see `invariant`
    retrieval             for many images: does each estimate show its own image, or only some image? See
                          `ranks`

For an image put together from its blocks, the three scores of jigsaw puzzles (T. Cho, S. Avidan and W.
Freeman, CVPR 2010; A. Gallagher, CVPR 2012), 0 to 1:

    direct                the share of blocks that are exactly right and in their places
    neighbours            the share of pairs of neighbours that are neighbours in the truth as well
    largest_part          the share of blocks in the largest part that such pairs hold together

Some attacks leave one choice open that no ciphertext tells, the same for all images, such as the order of
colours: `nearest` makes it in the estimate's favour, and must be used on a baseline as well.

Sources: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment", IEEE TIP 13 (2004), as
scikit-image computes it; I. Sobel's operator; luma by Rec. 601.
"""

import itertools

import numpy as np

from lib import images as door
from lib.symmetries import COLOURS, SIGNS, oriented
from lib.tiling import cut, grid


def exact(estimate, truth) -> float:
    """The fraction of equal values.

    >>> exact(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8), np.array([[[1, 2, 9], [4, 5, 6]]], np.uint8))
    0.8333333333333334
    """
    estimate, truth = _pair(estimate, truth)
    return float((estimate == truth).mean())


def psnr(estimate, truth) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(255**2 / mean squared error); inf as soon as one image is
    equal."""
    return float(_psnr_each(*_pair(estimate, truth)).mean())


def psnr_up_to_complement(estimate, truth) -> float:
    """PSNR in dB of the estimate or of its negative, 255 - estimate, whichever is higher for that image.

    The choice costs an attacker one bit an image, so a baseline that knows nothing is to be given it too.
    """
    estimate, truth = _pair(estimate, truth)
    return float(np.maximum(_psnr_each(estimate, truth), _psnr_each(255 - estimate, truth)).mean())


def ssim(estimate, truth) -> float:
    """Structural similarity (scikit-image), the mean over the three channels.

    The window is 7 pixels wide, or as wide as an odd number can be where the image is smaller; ValueError
    below 3 pixels.
    """
    from skimage.metrics import structural_similarity

    estimate, truth = _pair(estimate, truth)
    side = min(7, *truth.shape[1:3])
    if side < 3:
        raise ValueError(f"SSIM needs images of 3x3 pixels or more, got {truth.shape[1]}x{truth.shape[2]}")
    window = side - 1 + side % 2
    scores = [
        structural_similarity(a, b, win_size=window, channel_axis=-1, data_range=255)
        for a, b in zip(estimate, truth)
    ]
    return float(np.mean(scores))


def edge_correlation(estimate, truth) -> float:
    """Pearson correlation of the two edge maps, -1..1; ValueError below 3x3 pixels.

    An edge map is the length of the Sobel gradient of luma at every pixel that is not on the border. A map
    that is the same everywhere (a plain surface, an even ramp) has no correlation; it is given 0.0, even
    against itself.
    """
    estimate, truth = _pair(estimate, truth)
    if min(truth.shape[1:3]) < 3:
        raise ValueError(
            f"edge maps need images of 3x3 pixels or more, got {truth.shape[1]}x{truth.shape[2]}"
        )
    return float(np.mean([_correlation(edge_map(a), edge_map(b)) for a, b in zip(estimate, truth)]))


def edge_map(image: np.ndarray) -> np.ndarray:
    """(h - 2, w - 2) float64 edge map of one image (h, w, 3) uint8, 8000 for a slope of one luma step a
    pixel."""
    # whole numbers, so that equal gradients are exactly equal
    luma = image @ np.array([299, 587, 114], np.int64)
    across = luma[:-2] + 2 * luma[1:-1] + luma[2:]
    down = luma[:, :-2] + 2 * luma[:, 1:-1] + luma[:, 2:]
    return np.sqrt((across[:, 2:] - across[:, :-2]) ** 2 + (down[2:] - down[:-2]) ** 2)


def _correlation(a, b):
    if a.min() == a.max() or b.min() == b.max():
        return 0.0
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


ALIKE = 1e-9  # correlations that differ by less are equal: the last bits depend on how a library adds up


def ranks(estimates, candidates) -> np.ndarray:
    """(n,) float64: where image i comes when all n candidates are sorted by how well estimate i shows them.

    estimates, candidates   (n, h, w, 3) uint8, n from 2 on; candidate i is the truth of estimate i
    1 is first, n last. What counts is the correlation of the two images' luma, pixel by pixel, so neither
    brightness nor contrast matters, and a negative is as far away as can be; an image of one colour
    correlates by 0 with every other. Candidates that are equally good share the mean of their places.
    Estimates that have nothing to do with the truth have the mean rank (n + 1) / 2, and that mean varies by n
    / sqrt(12 n) at most (standard error), whatever the estimates show.
    """
    estimates, candidates = _pair(estimates, candidates)
    if len(candidates) < 2:
        raise ValueError(f"a rank needs 2 or more candidates, got {len(candidates)}")
    similar = _standard_luma(estimates) @ _standard_luma(candidates).T
    own = similar.diagonal()[:, None]
    better, equal = similar > own + ALIKE, np.abs(similar - own) <= ALIKE
    return 1 + better.sum(1) + (equal.sum(1) - 1) / 2


def retrieval(estimates, candidates) -> dict[str, float]:
    """What `ranks` come to: "median" and "mean" rank, and "top", the share of images in the first hundredth
    of places."""
    found = ranks(estimates, candidates)
    return {
        "median": float(np.median(found)),
        "mean": float(found.mean()),
        "top": float((found <= max(1, len(found) // 100)).mean()),
    }


def _standard_luma(images):
    """(n, h w) float64: luma, its mean taken away, of length 1; all 0 for an image of one luma."""
    luma = (images @ np.array([299, 587, 114], np.int64)).reshape(len(images), -1)
    centred = luma - luma.mean(1, keepdims=True)
    flat = luma.min(1) == luma.max(1)
    return centred / np.where(flat, np.inf, np.linalg.norm(centred, axis=1))[:, None]


def invariant(images) -> np.ndarray:
    """What SKK leaves in place whatever its key: min(v, 255 - v) of each pixel's three values, sorted.

    A NumPy array, uint8, of the images' shape, channels last. SKK maps v to v or 255 - v and reorders the
    three, so plain and cipher agree here in every pixel.

    >>> invariant(np.array([[[200, 10, 130]]], np.uint8)), invariant(np.array([[[125, 200, 245]]], np.uint8))
    (array([[[ 10,  55, 125]]], dtype=uint8), array([[[ 10,  55, 125]]], dtype=uint8))
    """
    batch, single = _enter(images)
    folded = np.sort(np.minimum(batch, 255 - batch), axis=-1)
    return folded[0] if single else folded


def direct(estimate, truth, block: int) -> float:
    """Dc: the share of blocks of `block` x `block` pixels that are equal, every value of them."""
    estimate, truth = _pair(estimate, truth)
    same = cut(_whole_blocks(estimate == truth, block), block)
    return float(same.all(axis=(2, 3, 4)).mean())


def neighbours(estimate, truth, block: int) -> float:
    """Nc: the share of pairs of blocks, across and down, that stand beside each other in the truth as well.

    A pair may be turned, mirrored, negative and in another colour order as a whole, but not one block of it
    alone. Blocks are told apart by their values: where several are equal, one is as good as another.
    """
    estimate, truth = _pair(estimate, truth)
    pairs = [
        np.concatenate([side.ravel() for side in _right_pairs(a, b, block)]) for a, b in zip(estimate, truth)
    ]
    return float(np.mean(pairs))


def largest_part(estimate, truth, block: int) -> float:
    """Lc: the share of blocks in the largest part that is held together by pairs as `neighbours` counts
    them."""
    estimate, truth = _pair(estimate, truth)
    return float(np.mean([_largest_part(*_right_pairs(a, b, block)) for a, b in zip(estimate, truth)]))


def _largest_part(across, down):
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    cells = np.arange(len(across) * down.shape[1]).reshape(len(across), -1)
    first = np.concatenate([cells[:, :-1][across], cells[:-1][down]])
    second = np.concatenate([cells[:, 1:][across], cells[1:][down]])
    links = coo_matrix((np.ones(len(first)), (first, second)), (cells.size, cells.size))
    return np.bincount(connected_components(links, directed=False)[1]).max() / cells.size


def _right_pairs(estimate, truth, block):
    """Bool (rows, columns - 1) and (rows - 1, columns): which pairs of blocks of one image the truth has, up
    to 96 states."""
    _whole_blocks(truth[None], block)
    weights = np.random.default_rng(0).integers(1, 2**63, (block, 2 * block, 3), np.uint64)
    total = np.uint64(255 * int(weights.sum(dtype=np.uint64)) % 2**64)
    known = set()
    for flip in (np.s_[:], np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1]):
        for order in COLOURS:
            for pairs in _pairs(truth, block):
                sums = _sums(pairs, weights[flip][..., order])
                known.update(sums.ravel().tolist(), (total - sums).ravel().tolist())
    known = np.array(sorted(known), np.uint64)
    return [np.isin(_sums(pairs, weights), known) for pairs in _pairs(estimate, block)]


def _pairs(image, block):
    """(rows, columns - 1, block, 2 block, 3) and (rows - 1, columns, the same): all pairs across, and down,
    these turned."""
    blocks = grid(image[None], block)[0]
    turned = np.rot90(blocks, axes=(2, 3))
    across, down = (blocks[:, :-1], blocks[:, 1:]), (turned[:-1], turned[1:])
    return np.concatenate(across, axis=3), np.concatenate(down, axis=3)


def _sums(pairs, weights):
    """Sums with random weights modulo 2**64: equal for equal pairs, and else hardly ever."""
    return pairs.reshape(*pairs.shape[:2], -1).astype(np.uint64) @ weights.ravel()


def _whole_blocks(images, block):
    _, h, w, _ = images.shape
    if h % block or w % block or min(h, w) < 2 * block:
        raise ValueError(f"puzzles are scored in 2x2 or more whole blocks of {block}, got {h}x{w}")
    return images


MOVES = {
    "colours": [lambda x, order=order: x[..., order] for order in COLOURS],
    "complement": [lambda x: x, lambda x: 255 - x],
    "signs": [lambda x, signs=signs: x ^ signs for signs in SIGNS],
    "mirror": [lambda x: x, lambda x: x[:, :, ::-1]],
    "turns": [lambda x, turn=turn: oriented(x, turn) for turn in range(8)],
}
"""What `nearest` can choose from: the order of the colours, negatives, a negative for each colour, mirror
images, quarter turns with mirror images (of square images; of others only those that keep the shape)."""


def nearest(estimate, truth, open_moves=()) -> np.ndarray:
    """The estimate after the moves, the same for all images, that bring it nearest to the truth (least
    squared error).

    open_moves   names out of `MOVES`, all combinations of which are tried; with none the estimate comes back
                 as it is

    >>> image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    >>> bool((nearest(255 - image[..., ::-1], image, ["colours", "complement"]) == image).all())
    True
    """
    return moved(estimate, choice(estimate, truth, open_moves))


def choice(estimate, truth, open_moves=()) -> tuple[tuple[str, int], ...]:
    """Which of the moves bring the estimate nearest to the truth: (name, number) for each, as `moved` takes
    them.

    Made on other images than those that `ranks` then compares, it favours no pair of them.
    """
    (batch, _), (truth, _) = _enter(estimate), _enter(truth)
    best = (np.inf, ())
    for numbers in itertools.product(*(range(len(MOVES[name])) for name in open_moves)):
        tried = _moved(batch, open_moves, numbers)
        if tried.shape == truth.shape:
            best = min(best, (float(((tried.astype(np.int32) - truth) ** 2).sum()), numbers))
    return tuple(zip(open_moves, best[1]))


def moved(images, chosen) -> np.ndarray:
    """The images after the moves that `choice` found."""
    batch, single = _enter(images)
    batch = _moved(batch, *zip(*chosen)) if chosen else batch
    return np.ascontiguousarray(batch[0] if single else batch)


def _moved(batch, names, numbers):
    for name, number in zip(names, numbers):
        batch = MOVES[name][number](batch)
    return batch


def report(estimate, truth) -> dict[str, float]:
    """All scores by name. "psnr" can be inf, which strict JSON does not know."""
    scores = {
        score.__name__: score(estimate, truth)
        for score in (exact, psnr, psnr_up_to_complement, ssim, edge_correlation)
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
