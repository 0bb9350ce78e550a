"""How much of a picture came back.

    scores      of an estimate against the truth: exact values, PSNR, SSIM, edge maps, SKK's invariant
    ranking     does each estimate show its own picture, among many?
    ambiguity   what an attack leaves open is chosen once for all images
    jigsaw      scores of puzzles
    leakage     one number for a cipher against an attack, 0 for a one-time pad, 1 for plain pictures

Images are let in by `lib.images`; scores are means over images.
"""

from lib.metrics.ambiguity import MOVES, choice, moved, nearest
from lib.metrics.jigsaw import direct, largest_part, neighbours
from lib.metrics.leakage import Leak, leak, likeness, outline, shown
from lib.metrics.ranking import ALIKE, ranks, retrieval
from lib.metrics.scores import (
    LUMA,
    edge_correlation,
    edge_map,
    enter,
    exact,
    invariant,
    pair,
    psnr,
    psnr_up_to_complement,
    report,
    ssim,
)

__all__ = [
    "ALIKE", "LUMA", "MOVES", "Leak", "choice", "direct", "edge_correlation", "edge_map", "enter", "exact",
    "invariant", "largest_part", "leak", "likeness", "moved", "nearest", "neighbours", "outline", "pair",
    "psnr", "psnr_up_to_complement", "ranks", "report", "retrieval", "shown", "ssim",
]  # fmt: skip
