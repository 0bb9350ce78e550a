"""How each of the challenges is solved: from what is given to pictures in which the flag can be read.

Every function takes `Challenge.given` and returns (n, h, w, 3) uint8. Number 11 is a one-time pad whose mask
is used once: every picture is as likely after its ciphertext as before, and no function can solve it. For
number 12 nobody here knows one. Both have an attempt, so that a reader who finds flags in noise would show.
"""

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from lib import Key, datasets
from lib.attacks.catalogue import Known, by_name
from lib.attacks.solvers.recovered_table import decrypt_with, roughness
from lib.judge.affine import eliminate_bits
from lib.schemes import OneTimePad
from lib.subjects.instahide import normalised, pixels
from lib.symmetries import block_orders
from lib.table import split
from lib.tiling import assembled, cut, grid
from lib.workbook.challenges.recipes import BLOCKS, FIRST, REGISTER, SECONDS

Array = np.ndarray
DAY = range(FIRST, FIRST + SECONDS)
GUESSED = 192  # bytes of a pad that each key is tried on


def left_or_right(given: dict[str, Array]) -> Array:
    """1. The nibbles of a block, folded and sorted, are the same whatever the key: they tell blocks apart."""
    plain, cipher = (_folded(given[name]) for name in ("picture", "ciphers"))
    swapped = (plain != cipher).sum((2, 3)) > (plain != cipher[:, :, ::-1]).sum((2, 3))
    return np.repeat(np.pad(swapped, 4)[None, :, :, None], 3, 3) * np.uint8(255)


def _folded(image):
    """(rows, pairs, 2, 96): sorted min(v, 15 - v) of the nibbles of each block, blocks in pairs."""
    rows = image.shape[1] // 4
    atoms = split(grid(image, 4)[0].reshape(rows, image.shape[2] // 4, -1), 4)
    return np.sort(np.minimum(atoms, 15 - atoms), axis=2).reshape(rows, -1, 2, 96)


def pad_from_a_clock(given: dict[str, Array]) -> Array:
    """2. All 86,400 keys on the first row: the right one makes it smooth."""
    row, label = given["ciphers"].ravel()[:GUESSED], OneTimePad(Key.from_seed(0)).stream("mask")
    masks = (Key.from_seed(second).bytes(label, GUESSED, image=0) for second in DAY)
    rough = [np.abs(np.diff((row ^ mask).reshape(-1, 3).astype(np.int16), axis=0)).sum() for mask in masks]
    return OneTimePad(Key.from_seed(DAY[int(np.argmin(rough))])).decrypt(given["ciphers"], ids=[0])


def server_keeps_jpeg(given: dict[str, Array]) -> Array:
    """3. Of all plain blocks in all 96 states the nearest, each used once."""
    plain, paired, cipher = (
        cut(given[name], 16)[0].reshape(-1, 768).astype(np.float32)
        for name in ("plain", "pair_ciphers", "ciphers")
    )
    states = [(order, sign) for order in block_orders(16) for sign in (0, 255)]
    apart = np.empty((len(states), len(paired), len(plain)), np.float32)
    for number, (order, sign) in enumerate(states):
        moved = np.abs(sign - plain[:, order])
        apart[number] = (paired**2).sum(1)[:, None] - 2 * paired @ moved.T + (moved**2).sum(1)
    blocks, source = linear_sum_assignment(apart.min(0))
    out = np.empty_like(cipher)
    for block, own in zip(blocks, source):
        order, sign = states[apart[:, block, own].argmin()]
        out[own, order] = np.abs(sign - cipher[block])
    rows = given["ciphers"].shape[1] // 16
    return assembled(out.astype(np.uint8).reshape(1, rows, -1, 768), 16)


def white_margin(given: dict[str, Array]) -> Array:
    """4. The first row is known, and so are its bits of the mask: equations for the taps."""
    cipher = given["ciphers"]
    known = np.unpackbits(~cipher[0, 0])
    windows = np.lib.stride_tricks.sliding_window_view(known, REGISTER + 1)
    taps = solved_over_two(windows[:, :-1], windows[:, -1])
    back, bits = np.flatnonzero(taps).tolist(), known[:REGISTER].tolist()
    for at in range(8 * cipher.size - REGISTER):
        bits.append(sum(bits[at + place] for place in back) & 1)
    return cipher ^ np.packbits(bits).reshape(cipher.shape)


def solved_over_two(matrix: Array, right: Array) -> Array:
    """x (n,) of 0 and 1 with matrix (m, n) x = right (m,), over the field of two elements; free ones are 0.

    >>> solved_over_two(np.array([[1, 1], [0, 1], [1, 0]]), np.array([1, 1, 0])).tolist()
    [0, 1]
    """
    count = matrix.shape[1]
    rows = np.pad(np.column_stack([matrix, right]).astype(np.uint8), ((0, 0), (0, -(count + 1) % 64)))
    packed = np.packbits(rows, axis=1, bitorder="little").view(np.uint64)
    place = eliminate_bits(packed, count)
    reduced = np.unpackbits(packed.view(np.uint8), axis=1, bitorder="little")
    return np.where(place >= 0, reduced[place, count], 0)


def two_keys(given: dict[str, Array]) -> Array:
    """5. The blocks of each key as a picture of half the width; then the view of one that fits the other."""
    blocks = cut(given["ciphers"], 4)[0].reshape(-1, 48)
    second = np.array([number.bit_count() % 2 == 1 for number in range(len(blocks))])
    halves = [assembled(blocks[own].reshape(1, 40, 20, 48), 4) for own in (~second, second)]
    one, other = (by_name("one-photograph").run(Known(half)).estimate for half in halves)
    whole = []
    for order, sign in product(permutations(range(3)), (0, 255)):
        both = np.empty_like(blocks)
        both[~second], both[second] = (
            cut(each, 4)[0].reshape(-1, 48) for each in (one, sign ^ other[..., order])
        )
        whole.append(assembled(both.reshape(1, 40, 40, 48), 4))
    return min(whole, key=lambda each: roughness(each, 4))


def screenshot(given: dict[str, Array]) -> Array:
    """6. The corner and size for which what would be blocks go along with themselves the most."""
    cipher = given["ciphers"]
    size = max(BLOCKS, key=lambda lag: _alike(cipher, lag))
    parts = [_from(cipher, top, left, size) for top in range(size) for left in range(size)]
    best = max(parts, key=lambda part: _tied(part, size))
    return by_name("one-photograph").run(Known(best), block=size).estimate


def _alike(cipher, lag):
    """The mean correlation of cipher values so many pixels apart, down and across."""
    return _mean_correlation(cipher[0, lag:], cipher[0, :-lag]) + _mean_correlation(
        cipher[0, :, lag:], cipher[0, :, :-lag]
    )


def _mean_correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def _from(cipher, top, left, size):
    h, w = ((side - start) // size * size for side, start in zip(cipher.shape[1:3], (top, left)))
    return cipher[:, top : top + h, left : left + w].copy()


def _tied(cipher, size):
    """The mean square of correlations inside a block, of its nibbles."""
    streams = split(cut(cipher, size)[0].reshape(-1, 3 * size**2), 4).astype(np.float64)
    streams = streams[:, streams.std(0) > 0]
    return (np.corrcoef(streams.T) ** 2).mean()


def nobody_told(given: dict[str, Array]) -> Array:
    """7. Bytes c = a p + b mod 256: for each cipher byte the place and the odd factor that fit all pairs."""
    plain, paired = (given[name].reshape(len(given[name]), -1) for name in ("plain", "pair_ciphers"))
    cipher, (up, down) = given["ciphers"].ravel(), (each - each[0] for each in (plain, paired))
    kinds = {}
    for place, history in enumerate(np.ascontiguousarray(up.T)):
        for factor in range(1, 256, 2):
            kinds.setdefault((np.uint8(factor) * history).tobytes(), (place, factor))
    out = np.zeros_like(cipher)
    for at, history in enumerate(np.ascontiguousarray(down.T)):
        place, factor = kinds.get(history.tobytes(), (None, 1))
        if place is not None:
            summand = int(paired[0, at]) - factor * int(plain[0, place])
            out[place] = (int(cipher[at]) - summand) * pow(factor, -1, 256) % 256
    return out.reshape(given["ciphers"].shape)


def two_mixtures(given: dict[str, Array]) -> Array:
    """8. Under the right photographs each pixel has a place at which both mixtures leave one value of x."""
    photos = normalised(np.stack([datasets.photo(name, 64) for name in datasets.photo_names]))
    photos, share = photos.reshape(len(photos), -1, 3), given["labels"]
    sizes = np.abs(given["ciphers"]).reshape(2, -1, 3)
    some = sizes[:, :: sizes.shape[1] // 16]
    first, second = max(
        permutations(photos, 2), key=lambda pair: np.mean(_fits(some, share, pair)[0].min(1) < 1e-4)
    )
    out = np.zeros_like(first)
    for part in np.split(np.arange(len(first)), 64):
        apart, value = _fits(sizes[:, part], share, (first, second))
        place = apart.argmin(1)
        out[place] = value[np.arange(len(place)), place]
    return pixels(out.reshape(1, 64, 64, 3))


def _fits(sizes, share, photos):
    """(m, n) how far apart two mixtures (2, m, 3) are, had they come from n places; (m, n, 3) the value."""
    either = [
        (np.array([1, -1])[:, None, None, None] * size[:, None] - (1 - c) * photo) / c
        for size, c, photo in zip(sizes, share, photos)
    ]  # two of (2, m, n, 3)
    apart = np.abs(either[0][:, None] - either[1][None]).min(1)
    nearest = apart.argmin(0)[None]
    return apart.min(0).max(2), np.take_along_axis(either[0], nearest, 0)[0]


def shuffled_neurons(given: dict[str, Array]) -> Array:
    """9. Sorted columns say which column is which; matched columns then which row; then columns anew."""
    plain, served = (given[name].astype(np.float64) for name in ("checkpoint", "served"))
    plain, served = plain / plain.std(), served / served.std()
    mine, theirs = np.sort(served, axis=0).T, np.sort(plain, axis=0).T
    order, sign = _matched(mine, np.sort(-served, axis=0).T, theirs)
    for _ in range(5):
        moved = served * sign
        rows = linear_sum_assignment(-(moved @ plain[:, order].T))[1]
        ordered = np.empty_like(served)
        ordered[rows] = served
        order, sign = _matched(ordered.T, -ordered.T, plain.T)
    blocks, mask = cut(given["ciphers"], 16)[0], np.where(sign < 0, 255, 0).astype(np.uint8)
    back = decrypt_with(blocks, order, mask, bits=8)
    return assembled(back.reshape(1, given["ciphers"].shape[1] // 16, -1, 768), 16)


def _matched(straight, negative, theirs):
    """For each row of ours the row of theirs, and 1 or -1, whichever of the two forms is nearer."""
    gains = straight @ theirs.T, negative @ theirs.T
    order = linear_sum_assignment(-np.maximum(*gains))[1]
    at = np.arange(len(order)), order
    return order, np.where(gains[0][at] >= gains[1][at], 1, -1)


def short_pad(given: dict[str, Array]) -> Array:
    """10. The size at which values go along; then the mask along a tree of the surest differences."""
    cipher = given["ciphers"][0]
    side = max(range(8, 25), key=lambda lag: _calm(cipher, lag))
    repeats = cipher.shape[0] // side
    tiles = cut(cipher[None, : repeats * side, : repeats * side], side)[0]  # (tiles, side, side, 3)
    mask = np.stack([_mask(tiles[..., colour]) for colour in range(3)], axis=2)
    whole = np.tile(mask, (repeats + 1, repeats + 1, 1))[: cipher.shape[0], : cipher.shape[1]]
    left = np.moveaxis(cipher ^ whole, 2, 0)[:, None, :, :, None]  # a picture for each colour
    rough = [[roughness(each ^ byte, 1) for byte in np.arange(256, dtype=np.uint8)] for each in left]
    return (cipher ^ whole ^ np.argmin(rough, axis=1).astype(np.uint8))[None]


def _calm(cipher, lag):
    """How often two values so many pixels apart agree in their two highest bits, down and across."""
    pairs = (cipher[lag:] ^ cipher[:-lag], cipher[:, lag:] ^ cipher[:, :-lag])
    return np.mean([(each < 64).mean() for each in pairs])


def _mask(tiles):
    """(side, side) uint8: the mask of one colour, up to one byte, from (tiles, side, side)."""
    side = tiles.shape[1]
    place, values = np.arange(side * side).reshape(side, side), tiles.reshape(len(tiles), -1).astype(np.int16)
    neighbours = (place[:, 1:], place[:, :-1]), (place[1:], place[:-1])
    edges = np.concatenate([np.stack(pair).reshape(2, -1) for pair in neighbours], axis=1)
    by, cost = np.empty(edges.shape[1], np.uint8), np.empty(edges.shape[1])
    for number, (a, b) in enumerate(edges.T):
        rough = np.abs((values[:, a] ^ np.arange(256)[:, None]) - values[:, b]).mean(1)
        by[number], cost[number] = rough.argmin(), rough.min() + 1
    size = side * side
    tree = minimum_spanning_tree(coo_array((cost, edges), (size, size)).tocsr())
    step = {(a, b): byte for (a, b), byte in zip(edges.T.tolist(), by)}
    order, parents = breadth_first_order(tree, 0, directed=False)
    mask = np.zeros(size, np.uint8)
    for each in order[1:]:
        parent = parents[each]
        mask[each] = mask[parent] ^ step.get((each, parent), step.get((parent, each)))
    return mask.reshape(side, side)


SOLVERS: dict[int, Callable[[dict[str, Array]], Array]] = {
    1: left_or_right, 2: pad_from_a_clock, 3: server_keeps_jpeg, 4: white_margin, 5: two_keys, 6: screenshot,
    7: nobody_told, 8: two_mixtures, 9: shuffled_neurons, 10: short_pad,
}  # fmt: skip
ATTEMPTS: dict[int, Callable[[dict[str, Array]], Array]] = {
    11: pad_from_a_clock, 12: lambda given: by_name("one-key-ele").run(Known(given["ciphers"])).estimate,
}  # fmt: skip
"""What comes nearest to an attack on those that are not solvable. The tests hold that they read nothing."""
