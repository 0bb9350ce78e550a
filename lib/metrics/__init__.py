"""How much of a picture came back: scores of an estimate against the truth.

Every score takes two sets of images of one shape, as `lib.images` lets them in, and returns a float, the mean
over images. For a picture, in `scores`:

    exact                 the fraction of values that are equal: 1 only for a perfect attack; chance is 0.004
    psnr                  decibels; inf for equal images. It calls the negative of a picture a failure, though
                          anybody can read it: that of a dark or bright photo scores below noise
    psnr_up_to_complement the better of the estimate and its negative, chosen for each image by itself
    ssim                  structural similarity, 1 for equal images; it too calls a negative a failure
    edge_correlation      of the two edge maps: alike for a picture and its negative, near 0 for noise
    invariant             the fraction of equal values in what SKK leaks without any key, see `invariant`

`ranks`: does each estimate show its own image? In `jigsaw`: scores of puzzles. Where an attack leaves a
choice open, alike for all images, `nearest` makes it in the estimate's favour; use it on a baseline as well.
Sources: Z. Wang et al., IEEE TIP 13 (2004), as scikit-image computes it; I. Sobel; luma by Rec. 601.
"""

from lib.metrics.jigsaw import direct, largest_part, neighbours
from lib.metrics.scores import (
    MOVES,
    choice,
    edge_correlation,
    edge_map,
    exact,
    invariant,
    moved,
    nearest,
    psnr,
    psnr_up_to_complement,
    ranks,
    report,
    retrieval,
    ssim,
)

__all__ = [
    "MOVES", "choice", "direct", "edge_correlation", "edge_map", "exact", "invariant", "largest_part",
    "moved", "nearest", "neighbours", "psnr", "psnr_up_to_complement", "ranks", "report", "retrieval", "ssim",
]  # fmt: skip
