"""Slow, obvious specifications: what the papers say, in loops over blocks, pixels and bits. No reshape, no
table.

The numbers that a key gives are drawn here as the schemes draw them, by label; what is done with them is
written a second time. The published variants do what the public codes named in `lib/schemes` do, down to
their NumPy views.
"""

import hashlib
from fractions import Fraction

import numpy as np

from lib.schemes import (
    SKK,
    BlockPixelPermutation,
    BlockShuffle,
    CompressionFriendly,
    EtC,
    ExtendedTanaka,
    FormatPreserving,
    GrayscaleEtC,
    NegativePositive,
    OneTimePad,
    RestrictedPermutation,
    Tanaka,
    by_name,
    names,
)

MIB = 1 << 20

# -- keys ----------------------------------------------------------------------------------------------------


def stream(secret: bytes, label: str, image: int | None, start: int, count: int) -> list[int]:
    """Bytes `start` to `start + count` of a stream, one chunk of 1 MiB after the other."""
    name = label.encode()
    head = secret + bytes([len(name) // 256, len(name) % 256]) + name
    head += b"\x00" if image is None else b"\x01" + bytes(image >> shift & 255 for shift in range(56, -1, -8))
    out = []
    for number in range(start // MIB, (start + count) // MIB + 1):
        stop = min(start + count, (number + 1) * MIB)
        chunk = hashlib.shake_256(head + bytes(number >> shift & 255 for shift in range(56, -1, -8))).digest(
            stop - number * MIB
        )
        for position in range(max(start, number * MIB), stop):
            out.append(chunk[position - number * MIB])
    return out


def integers(raw: list[int], bound: int, count: int) -> list[int]:
    """The first `count` bytes below the last whole run of `bound`, modulo `bound`."""
    runs = 256 // bound
    return [value % bound for value in raw if value < runs * bound][:count]


def permutations(raw: list[int], count: int, size: int) -> list[list[int]]:
    """Orders that sort words of 8 bytes, the lowest byte first; a row with equal words is drawn again after
    the rest."""
    words = [sum(raw[8 * k + i] << 8 * i for i in range(8)) for k in range(len(raw) // 8)]
    out, waiting = [None] * count, list(range(count))
    while waiting:
        again = []
        for row in waiting:
            mine, words = words[:size], words[size:]
            if len(set(mine)) < size:
                again.append(row)
            else:
                out[row] = sorted(range(size), key=lambda place, mine=mine: mine[place])
        waiting = again
    return out


# -- tables --------------------------------------------------------------------------------------------------


def parts_of(value: int, bits: int) -> list[int]:
    """A byte as parts of `bits` bits, the highest first."""
    return [value >> shift & 2**bits - 1 for shift in range(8 - bits, -1, -bits)]


def byte_of(parts: list[int], bits: int) -> int:
    value = 0
    for part in parts:
        value = value * 2**bits + part
    return value


def corners(shape, side: int) -> list[tuple[int, int]]:
    """Top left pixels of the blocks, row by row."""
    return [(top, left) for top in range(0, shape[0], side) for left in range(0, shape[1], side)]


def take(image, corner, side: int) -> list[int]:
    """A block's bytes along row, column and channel."""
    top, left = corner
    return [
        int(image[top + r, left + c, k])
        for r in range(side)
        for c in range(side)
        for k in range(image.shape[2])
    ]


def put(image, corner, side: int, values) -> None:
    values = iter(values)
    for r in range(side):
        for c in range(side):
            for k in range(image.shape[2]):
                image[corner[0] + r, corner[1] + c, k] = next(values)


def gather(image, side: int, bits: int, source, orders, masks):
    """What a table does: block b is block source[b], its atoms in the order orders[b], its bytes XORed with
    masks[b]."""
    out, places = np.zeros_like(image), corners(image.shape, side)
    for b, corner in enumerate(places):
        atoms = [part for value in take(image, places[source[b]], side) for part in parts_of(value, bits)]
        moved = [atoms[k] for k in orders[b]]
        whole = [byte_of(moved[k : k + 8 // bits], bits) for k in range(0, len(moved), 8 // bits)]
        put(out, corner, side, [value ^ int(mask) for value, mask in zip(whole, masks[b], strict=True)])
    return out


def index_and_mask(shape, side: int, bits: int, source, orders, masks):
    """The same as two flat lists over the image's atoms."""
    h, w, channels = shape
    per = 8 // bits
    numbers = np.zeros(shape, np.int64)
    for r in range(h):
        for c in range(w):
            for k in range(channels):
                numbers[r, c, k] = (r * w + c) * channels + k
    places = corners(shape, side)
    index, mask = [None] * (numbers.size * per), [None] * (numbers.size * per)
    for b, corner in enumerate(places):
        here = [number * per + part for number in take(numbers, corner, side) for part in range(per)]
        there = [
            number * per + part for number in take(numbers, places[source[b]], side) for part in range(per)
        ]
        flips = [part for value in masks[b] for part in parts_of(int(value), bits)]
        for k, atom in enumerate(here):
            index[atom], mask[atom] = there[orders[b][k]], flips[k]
    return index, mask


# -- schemes: each takes a scheme, one image (h, w, 3) and its id, and returns the ciphertext ----------------


def encrypt(scheme, image, id=None):
    """The ciphertext of one image."""
    slow = {"tanaka": tanaka, "ele": tanaka, "skk": skk, "etc": etc, "etc-gray": etc_gray, "shf": shf}
    slow |= {"np": np_, "ffx": ffx, "otp": otp, "block-pixel": block_pixel, "restricted": block_pixel}
    slow |= {"cfe": cfe}
    return slow.get(scheme.name, own_steps)(scheme, image, id)


def own_steps(scheme, image, id):
    """A scheme that is not spelled out below: the tables of its own recipe one after the other, in loops."""
    out = planes(image) if scheme.channels == 1 else image
    for table in scheme.steps(image.shape, id).values():
        blocks = range(table.blocks)
        source = blocks if table.source is None else table.source
        orders = [
            table.orders.rows[table.orders.of[b]] if table.orders else range(table.atoms) for b in blocks
        ]
        masks = [
            table.masks.rows[table.masks.of[b]] if table.masks else [0] * table.block_bytes for b in blocks
        ]
        out = gather(out, table.block, table.bits, source, orders, masks)
    return out[..., 0] if scheme.channels == 1 else out


def tanaka(scheme, image, id):
    """Split each byte, reverse the values that the key names, shuffle all, join; ELE: a key per block, then
    move blocks."""
    side, bits, key, label = scheme.block, scheme.bits, scheme.key, scheme.stream
    places = corners(image.shape, side)
    keys = len(places) if scheme.name == "ele" else 1
    size = side * side * 3 * 8 // bits
    orders = key.permutations(label("shuffle"), keys, size, id)
    raw = key.bytes(label("reverse"), keys * -(-size // 8), image=id)
    out = np.zeros_like(image)
    for b, corner in enumerate(places):
        order = [int(k) for k in orders[b % keys]]
        block = take(image, corner, side)
        if scheme.as_published:
            put(out, corner, side, _block_scramble(block, order, bits))
            continue
        values = [part for value in block for part in parts_of(value, bits)]
        first = (b % keys) * -(-size // 8)
        for k in range(size):
            if raw[first + k // 8] >> 7 - k % 8 & 1:
                values[k] = 2**bits - 1 - values[k]
        values = [values[k] for k in order]
        put(out, corner, side, [byte_of(values[k : k + 8 // bits], bits) for k in range(0, size, 8 // bits)])
    return move(out, side, key.permutation(label("blocks"), len(places), id)) if scheme.name == "ele" else out


def _block_scramble(block, key, bits):
    """ICCE-TW2018: the lowest parts of all bytes come first; one mask, before and after the shuffle."""
    count = 8 // bits
    values = [parts_of(value, bits)[count - 1 - part] for part in range(count) for value in block]
    reverse = [k > len(key) / 2 for k in key]
    values = [2**bits - 1 - value if r else value for value, r in zip(values, reverse, strict=True)]
    values = [values[k] for k in key]
    values = [2**bits - 1 - value if r else value for value, r in zip(values, reverse, strict=True)]
    return [
        sum(values[part * len(block) + k] << bits * part for part in range(count)) for k in range(len(block))
    ]


def move(image, side, source):
    """Block b of the result is block source[b]."""
    out, places = np.zeros_like(image), corners(image.shape, side)
    for b, corner in enumerate(places):
        put(out, corner, side, take(image, places[source[b]], side))
    return out


COLOURS = ["RGB", "RBG", "GRB", "GBR", "BRG", "BGR"]


def skk(scheme, image, id):
    """Pixel by pixel: a sign for each channel, then one of six orders of the channels."""
    h, w, _ = image.shape
    images = None if id is None else [id]
    signs = np.ravel(scheme.key.integers(scheme.stream("negative-positive"), 8, h * w, images))
    codes = np.ravel(scheme.key.integers(scheme.stream("colour shuffle"), 6, h * w, images))
    out = image.copy()
    for r in range(h):
        for c in range(w):
            pixel = out[r, c]
            for k in range(3):
                if signs[r * w + c] >> k & 1:
                    pixel[k] = 255 - pixel[k]
            if not scheme.colour_shuffle:
                continue
            a, b, d = ("RGB".index(letter) for letter in COLOURS[codes[r * w + c]])
            # views of channels, as in the public code: later ones see what earlier ones wrote
            if scheme.as_published:
                pixel[0:1], pixel[1:2], pixel[2:3] = pixel[a : a + 1], pixel[b : b + 1], pixel[d : d + 1]
            else:
                pixel[0], pixel[1], pixel[2] = int(pixel[a]), int(pixel[b]), int(pixel[d])
    return out


def turn_left(block, side, channels):
    return [
        block[(c * side + side - 1 - r) * channels + k]
        for r in range(side)
        for c in range(side)
        for k in range(channels)
    ]


def mirror(block, side, channels):
    """Left and right exchanged."""
    return [
        block[(r * side + side - 1 - c) * channels + k]
        for r in range(side)
        for c in range(side)
        for k in range(channels)
    ]


def etc(scheme, image, id):
    """Blocks are permuted, turned and mirrored, made negative, recoloured."""
    if scheme.as_published == "etc-classify":
        return _etc_classify(scheme, image, id)
    if scheme.as_published == "block-wise-scrambled":
        return _block_wise_scrambled(scheme, image, id)
    side, channels, places = scheme.block, image.shape[2], corners(image.shape, scheme.block)
    draw = _drawn(scheme, len(places), id)
    turns, signs = draw("rotate and mirror", 8), draw("negative-positive", 2)
    codes = draw("colour shuffle", 6) if channels == 3 else None
    source = scheme.key.permutation(scheme.stream("permute"), len(places), id)
    out = np.zeros_like(image)
    for b, corner in enumerate(places):
        block = take(image, places[source[b]], side)
        for _ in range(turns[b] % 4):
            block = turn_left(block, side, channels)
        if turns[b] >= 4:
            block = mirror(block, side, channels)
        if signs[b]:
            block = [255 - value for value in block]
        if channels == 3:
            order = ["RGB".index(letter) for letter in COLOURS[codes[b]]]
            block = [block[k - k % 3 + order[k % 3]] for k in range(len(block))]
        put(out, corner, side, block)
    return out


def _drawn(scheme, blocks, id):
    images = None if id is None else [id]
    return lambda part, bound: [
        int(k) for k in np.ravel(scheme.key.integers(scheme.stream(part), bound, blocks, images))
    ]


def _etc_classify(scheme, image, id):
    """Quarter turns and mirrors by one and the same key, colours coded from RBG on."""
    side, places = scheme.block, corners(image.shape, scheme.block)
    draw = _drawn(scheme, len(places), id)
    keys, signs, codes = draw("rotate", 4), draw("negative-positive", 2), draw("colour shuffle", 6)
    source = scheme.key.permutation(scheme.stream("permute"), len(places), id)
    out = image.copy()
    for b, (top, left) in enumerate(places):
        r, c = places[source[b]]
        block = image[r : r + side, c : c + side].copy()
        for _ in range({0: 1, 1: 2, 2: 3, 3: 0}[keys[b]]):
            block = np.rot90(block)
        if keys[b] in (0, 2):
            block = block[::-1]
        if keys[b] in (1, 2):
            block = block[:, ::-1]
        if signs[b] == 1:
            block = 255 - block
        order = ["RGB".index(letter) for letter in ["RBG", "GRB", "GBR", "BRG", "BGR", "RGB"][codes[b]]]
        out[top : top + side, left : left + side] = block[:, :, order]
    return out


IN_PLACE = {
    0: [],
    1: [(0, 1), (1, 0)],
    2: [(0, 2), (2, 0)],
    3: [(1, 2), (2, 1)],
    4: [(0, 2), (1, 0), (2, 1)],
    5: [(0, 1), (1, 2), (2, 0)],
}


def _block_wise_scrambled(scheme, image, id):
    """Every block in its place, through views of the image, colours assigned one after the other; then blocks
    move."""
    side, places = scheme.block, corners(image.shape, scheme.block)
    draw = _drawn(scheme, len(places), id)
    turns, mirrors, codes = draw("rotate", 4), draw("mirror", 3), draw("colour shuffle", 6)
    rank = scheme.key.permutation(scheme.stream("negative-positive"), len(places), id)
    work = image.copy()
    for b, (top, left) in enumerate(places):
        block = work[top : top + side, left : left + side]
        block[:] = np.rot90(block, (turns[b] + 1) % 4).copy()
        if rank[b] < len(places) // 2:
            block[:] = 255 - block
        if mirrors[b] < 2:
            block[:] = np.flip(block, mirrors[b]).copy()
        for to, other in IN_PLACE[codes[b]]:
            block[:, :, to] = block[:, :, other]
    return move(work, side, scheme.key.permutation(scheme.stream("permute"), len(places), id))


FORWARD = [
    ["0.299", "0.587", "0.114"],
    ["-0.168735892", "-0.331264108", "0.5"],
    ["0.5", "-0.418687589", "-0.081312411"],
]
BACKWARD = [["1", "0", "1.402"], ["1", "-0.344136286", "-0.714136286"], ["1", "1.772", "0"]]


def converted(pixel, matrix, before, after):
    """A pixel through a colour matrix of multiples of 2**-40, in exact fractions; halves are rounded to
    even."""
    rows = [[Fraction(round(Fraction(entry) * 2**40), 2**40) for entry in row] for row in matrix]
    sums = [
        sum(entry * (int(v) - b) for entry, v, b in zip(row, pixel, before)) + a
        for row, a in zip(rows, after)
    ]
    return [min(max(round(value), 0), 255) for value in sums]


def planes(image):
    """Y, Cb and Cr side by side, (h, 3 w, 1)."""
    h, w, _ = image.shape
    out = np.zeros((h, 3 * w, 1), np.uint8)
    for r in range(h):
        for c in range(w):
            for k, value in enumerate(converted(image[r, c], FORWARD, (0, 0, 0), (0, 128, 128))):
                out[r, k * w + c, 0] = value
    return out


def colours(grey):
    """Undo `planes`, up to rounding."""
    h, w = grey.shape[0], grey.shape[1] // 3
    out = np.zeros((h, w, 3), np.uint8)
    for r in range(h):
        for c in range(w):
            out[r, c] = converted(
                [grey[r, k * w + c, 0] for k in range(3)], BACKWARD, (0, 128, 128), (0, 0, 0)
            )
    return out


def etc_gray(scheme, image, id):
    """Grey planes, then EtC on them without colours."""
    return etc(scheme, planes(image), id)[:, :, 0]


def shf(scheme, image, id):
    """The bytes of every block in one order."""
    order = scheme.key.permutation(scheme.stream("shuffle"), 3 * scheme.block**2, id)
    out = np.zeros_like(image)
    for corner in corners(image.shape, scheme.block):
        block = take(image, corner, scheme.block)
        put(out, corner, scheme.block, [block[k] for k in order])
    return out


def _chosen(scheme, id):
    """NP and FFX: half of the places of a block; as published, one fewer where the size is even."""
    size = 3 * scheme.block**2
    rank = scheme.key.permutation(scheme.stream("places"), size, id)
    count = sum(k > size / 2 for k in range(size)) if scheme.as_published else size // 2
    return [int(k) < count for k in rank]


def np_(scheme, image, id):
    """At the chosen places of every block, v becomes 255 - v."""
    chosen, out = _chosen(scheme, id), np.zeros_like(image)
    for corner in corners(image.shape, scheme.block):
        block = take(image, corner, scheme.block)
        put(out, corner, scheme.block, [255 - v if yes else v for v, yes in zip(block, chosen, strict=True)])
    return out


def ffx(scheme, image, id):
    """At the chosen places of every block, v is replaced through one substitution."""
    chosen, lookup = _chosen(scheme, id), [int(v) for v in scheme.substitution(id)]
    out = np.zeros(image.shape, np.uint16 if scheme.as_published else np.uint8)
    for corner in corners(image.shape, scheme.block):
        block = take(image, corner, scheme.block)
        put(
            out, corner, scheme.block, [lookup[v] if yes else v for v, yes in zip(block, chosen, strict=True)]
        )
    return out


def otp(scheme, image, id):
    """Every byte XORed with a byte of its own."""
    out = image.copy()
    h, w, _ = image.shape
    pad = scheme.key.bytes(scheme.stream("mask"), 3 * h * w, image=id)
    for r in range(h):
        for c in range(w):
            for k in range(3):
                out[r, c, k] ^= pad[3 * (r * w + c) + k]
    return out


def block_pixel(scheme, image, id):
    """Blocks in one order, what is in each in another: pixels, or values. Restricted: the first of an order
    go, as they come, to their own places from the first on, and all others stay."""
    side, places = scheme.block, corners(image.shape, scheme.block)
    each = 3 if scheme.name == "block-pixel" and scheme.whole_pixels else 1
    order = scheme.key.permutation(scheme.stream("pixels"), 3 * side**2 // each, id)
    source = scheme.key.permutation(scheme.stream("blocks"), len(places), id)
    if scheme.name == "restricted":
        source, order = _held(source, scheme.fixed_blocks), _held(order, scheme.fixed_values)
    out = move(image, side, source)
    for corner in places:
        block = take(out, corner, side)
        put(out, corner, side, [block[each * k + part] for k in order for part in range(each)])
    return out


def _held(order, share):
    free = [int(k) for k in order[: len(order) - round(share * len(order))]]
    rest = iter(free)
    return [next(rest) if k in free else k for k in range(len(order))]


def cfe(scheme, image, id):
    """Main blocks of four sub-blocks, each turned, mirrored, made negative and recoloured in its place; the
    four change places; main blocks move."""
    side, half, places = scheme.block, scheme.block // 2, corners(image.shape, scheme.block)
    keys = len(places) if scheme.own_keys else 1
    draw = _drawn(scheme, 4 * keys, id)
    turns, flips, signs = draw("rotate", 4), draw("flip", 4), draw("negative-positive", 2)
    codes = draw("colour shuffle", 6)
    orders = scheme.key.permutations(scheme.stream("sub-blocks"), keys, 4, id)
    out = np.zeros_like(image)
    for b, (top, left) in enumerate(places):
        within = [(top, left), (top, left + half), (top + half, left), (top + half, left + half)]
        changed = []
        for part, (r, c) in enumerate(within):
            key = 4 * (b % keys) + part
            block = image[r : r + half, c : c + half]
            for _ in range(turns[key]):
                block = np.rot90(block)
            if flips[key] in (1, 3):
                block = block[:, ::-1]
            if flips[key] in (2, 3):
                block = block[::-1]
            if signs[key]:
                block = 255 - block
            changed.append(block[:, :, ["RGB".index(letter) for letter in COLOURS[codes[key]]]])
        for part, (r, c) in enumerate(within):
            out[r : r + half, c : c + half] = changed[orders[b % keys][part]]
    return move(out, side, scheme.key.permutation(scheme.stream("main blocks"), len(places), id))


# -- all schemes, in one table -------------------------------------------------------------------------------

# name: (class, settings). Block sides 1 to 8 and 16, splits into 8, 4, 2 and 1 bits, and what the public
# codes compute.
BLOCKS = (1, 2, 3, 4, 5, 6, 7, 8, 16)
CASES = {
    "skk": (SKK, {}),
    "skk signs only": (SKK, {"colour_shuffle": False}),
    "skk as in scramblemix": (SKK, {"as_published": "scramblemix"}),
    "skk signs only as in scramblemix": (SKK, {"as_published": "scramblemix", "colour_shuffle": False}),
    "otp": (OneTimePad, {}),
}
for _side in BLOCKS:
    for _bits in (8, 4, 2, 1):
        for _class in (Tanaka, ExtendedTanaka):
            CASES[f"{_class.name} {_side}x{_side} {_bits} bits"] = (_class, {"block": _side, "bits": _bits})
            _source = next(iter(_class.published))
            _published = {"block": _side, "bits": _bits, "as_published": _source}
            CASES[f"{_class.name} {_side}x{_side} {_bits} bits as in {_source}"] = (_class, _published)
    for _class in (EtC, GrayscaleEtC, BlockShuffle, NegativePositive, FormatPreserving):
        CASES[f"{_class.name} {_side}x{_side}"] = (_class, {"block": _side})
        for _source in _class.published:
            CASES[f"{_class.name} {_side}x{_side} as in {_source}"] = (
                _class,
                {"block": _side, "as_published": _source},
            )
    for _class in (BlockPixelPermutation, RestrictedPermutation):
        CASES[f"{_class.name} {_side}x{_side}"] = (_class, {"block": _side})
    CASES[f"block-pixel {_side}x{_side} values"] = (
        BlockPixelPermutation,
        {"block": _side, "whole_pixels": False},
    )
    for _own in (True, False) if _side in (4, 8, 16) else ():  # sub-blocks of a pixel cannot be turned
        CASES[f"cfe {_side}x{_side} V{1 + _own}"] = (CompressionFriendly, {"block": _side, "own_keys": _own})
_known = {_class for _class, _ in CASES.values()}
for _class in (_class for _class in map(by_name, names) if _class not in _known):  # dropped into lib/schemes
    _block = {"block": 2} if "block" in _class.options else {}
    for _source in (False, *_class.published):
        _case = " ".join([_class.name, *["2x2"] * len(_block), *[f"as in {_source}"] * bool(_source)])
        CASES[_case] = (_class, _block | {"as_published": _source})


def make(case: str, key, per_image: bool = False):
    """The scheme of a case; a one-time pad always has a key per image."""
    scheme, settings = CASES[case]
    return scheme(key, per_image=per_image or scheme.control, **settings)


def picture(shape, seed: int = 0):
    """Random bytes: no two blocks, rows, columns or channels alike."""
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
