"""Scores of jigsaw puzzles, 0 to 1.

Sources: T. Cho, S. Avidan and W. Freeman, CVPR 2010; A. Gallagher, CVPR 2012.
"""

import itertools

import numpy as np

from lib.images import Images
from lib.metrics.scores import pair
from lib.symmetries import COLOURS
from lib.tiling import grid


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
