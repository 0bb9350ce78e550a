"""Ciphers whose end is known, for the judge to be tried with, written without a look at it.

`WEAK`: as papers and students publish them, each with the structure that breaks it. `UNNAMED`: weak, but of
no structure in the list. `STRONG`: nothing is to be found. `BROKEN`: they misbehave. A factory takes a
`lib.Key`. What each says of itself, `test_ciphers.py` checks.
"""

import hashlib
import itertools
import math
import os
import secrets
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from scipy.fft import dctn, idctn

from lib.keys import Key

BYTES, NIBBLES, BITS = "table of bytes", "table of nibbles", "table of bits"
POSITION, BLOCKS, PIXELS = "substitution by position", "blocks by themselves", "pixels by themselves"
GF2, MODULO, REALS = "affine over GF(2)", "affine modulo 256", "affine over the reals"
FEEDBACK, SMALL, REUSED = "feedback", "small key space", "reused nonce"
SHOWN = "one ciphertext shows it"
STRUCTURES = (
    BYTES,
    NIBBLES,
    BITS,
    POSITION,
    BLOCKS,
    PIXELS,
    GF2,
    MODULO,
    REALS,
    FEEDBACK,
    SMALL,
    REUSED,
    SHOWN,
)
IMPLIED = {
    BYTES: {NIBBLES, BITS, GF2},
    NIBBLES: {BITS, GF2},
    BITS: {GF2},
    PIXELS: {BLOCKS},
}  # what is true wherever the key is


class Weak(NamedTuple):
    """A weak cipher, its most specific structure, and what else is true of it."""

    factory: Callable
    structure: str
    alike: bool | None = None  # whether all output blocks are one function of some input block each
    also: tuple[str, ...] = ()
    block: tuple[int, int] | None = None  # height and width: each output block depends on one input block
    square: bool = False  # takes square images only
    exact: bool = True  # has a decrypt, which gives the image back

    @property
    def true(self) -> set[str]:
        """All structures that are true of it, as far as anybody said."""
        said = {self.structure, *self.also} | ({BLOCKS} if self.block else set())
        said |= {PIXELS} if self.block == (1, 1) else set()
        return said.union(*(IMPLIED.get(name, ()) for name in said))


class Other(NamedTuple):
    """A cipher of any other kind, and what there is to know about it."""

    factory: Callable
    remark: str


WEAK: dict[str, Weak] = {}
UNNAMED: dict[str, Other] = {}
STRONG: dict[str, Other] = {}
BROKEN: dict[str, Other] = {}


# ---- Layers: what weak ciphers are made of. Each works on `(n, ...)` arrays and knows its way back.


class Layer(NamedTuple):
    forward: Callable
    backward: Callable | None  # None: no way back


def through(layers, x):
    for layer in layers:
        x = layer.forward(x)
    return x


def back(layers, x):
    for layer in reversed(layers):
        x = layer.backward(x)
    return x


def view(split, join, *layers) -> Layer:
    """Layers that work on another view of the array; `join` also takes the array that was split."""
    return Layer(lambda x: join(through(layers, split(x)), x), lambda x: join(back(layers, split(x)), x))


def shaped(shape, *layers) -> Layer:
    """Layers that work on rows of `shape`."""
    return view(lambda x: x.reshape(len(x), *shape), lambda y, x: y.reshape(x.shape), *layers)


def flat(*layers) -> Layer:
    """Layers that work on `(n, bytes)`: rows of pixels from the top, red, green and blue of each."""
    return view(lambda x: x.reshape(len(x), math.prod(x.shape[1:])), lambda y, x: y.reshape(x.shape), *layers)


def pixels(*layers) -> Layer:
    """Layers that work on `(n, pixels, 3)`."""
    return view(
        lambda x: x.reshape(len(x), math.prod(x.shape[1:-1]), x.shape[-1]),
        lambda y, x: y.reshape(x.shape),
        *layers,
    )


def bits(*layers) -> Layer:
    """Layers that work on the bits of the last axis."""
    return view(lambda x: np.unpackbits(x, axis=-1), lambda y, x: np.packbits(y, axis=-1), *layers)


def nibbles(*layers) -> Layer:
    """Layers that work on the halves of the bytes of the last axis."""

    def split(x):
        return np.stack([x >> 4, x & 15], axis=-1).reshape(*x.shape[:-1], 2 * x.shape[-1])

    return view(split, lambda y, x: y[..., ::2] << 4 | y[..., 1::2], *layers)


def blocks(height, width, *layers) -> Layer:
    """Layers that work on `(n, blocks, bytes of a block)`. A rim that fills no block stays as it is."""

    def split(x):
        n, h, w, c = x.shape
        core = x[:, : h // height * height, : w // width * width]
        cut = core.reshape(n, h // height, height, w // width, width, c).swapaxes(2, 3)
        return cut.reshape(n, (h // height) * (w // width), height * width * c)

    def join(y, x):
        n, h, w, c = x.shape
        rows, columns = h // height, w // width
        out = x.copy()
        put = y.reshape(n, rows, columns, height, width, c).swapaxes(2, 3)
        out[:, : rows * height, : columns * width] = put.reshape(n, rows * height, columns * width, c)
        return out

    return view(split, join, *layers)


def pieces(size, *layers) -> Layer:
    """Layers that work on `(n, pieces, size)`, cut from the bytes in order. What is left over stays."""

    def split(x):
        return x[:, : x.shape[1] // size * size].reshape(len(x), x.shape[1] // size, size)

    def join(y, x):
        return np.concatenate([y.reshape(len(x), x.shape[1] // size * size), x[:, y[0].size :]], axis=1)

    return flat(view(split, join, *layers))


def mask(pad) -> Layer:
    return Layer(lambda x: x ^ pad, lambda x: x ^ pad)


def add(pad) -> Layer:
    return Layer(lambda x: x + pad, lambda x: x - pad)


def move(order, axis=1) -> Layer:
    undo = np.argsort(order)
    return Layer(lambda x: np.take(x, order, axis=axis), lambda x: np.take(x, undo, axis=axis))


def move_each(orders, axis=-1) -> Layer:
    """An order of its own for each block (or row, or what stands before the axis). The axis is of `x`."""
    undo = np.argsort(orders, axis=axis if axis < 0 else axis - 1)
    return Layer(
        lambda x: np.take_along_axis(x, orders[None], axis=axis),
        lambda x: np.take_along_axis(x, undo[None], axis=axis),
    )


def tables(table) -> Layer:
    """A substitution for each place, `(..., 256)`; what has no axis for the places is one for all."""
    base = 256 * np.arange(table.size // 256, dtype=np.int32).reshape(table.shape[:-1])
    there, home = table.ravel(), np.empty(table.size, np.uint8)
    home[(base[..., None] + table).ravel()] = np.resize(np.arange(256, dtype=np.uint8), table.size)
    return Layer(lambda x: there[base + x], lambda x: home[base + x])


REVERSED = Layer(lambda x: x[..., ::-1], lambda x: x[..., ::-1])
SUMS = Layer(
    lambda x: np.cumsum(x, axis=-1, dtype=np.uint8), lambda x: np.diff(x, axis=-1, prepend=np.uint8(0))
)
XORS = Layer(
    lambda x: np.bitwise_xor.accumulate(x, axis=-1),
    lambda x: x ^ np.concatenate([np.zeros_like(x[..., :1]), x[..., :-1]], axis=-1),
)


def chained(step, undo, first) -> Layer:
    """Along axis 1, `c[i] = step(p[i], c[i - 1])` and `p[i] = undo(c[i], c[i - 1])`, after `first`."""

    def forward(x):
        columns = np.moveaxis(x, 1, 0).copy()  # of a single image, `ascontiguousarray` would be the image
        before = np.broadcast_to(np.asarray(first, np.uint8), columns.shape[1:])
        for i, column in enumerate(columns):
            before = columns[i] = step(column, before)
        return np.ascontiguousarray(np.moveaxis(columns, 0, 1))

    return Layer(forward, lambda x: undo(x, delayed(x, first)))


def delayed(x, first):
    """What stood before each value along axis 1."""
    start = np.broadcast_to(np.asarray(first, np.uint8), (len(x), 1, *x.shape[2:]))
    return np.concatenate([start, x[:, :-1]], axis=1)


def sboxes(rng, *places):
    """Random orders of 256 bytes, `(*places, 256)`."""
    return rng.permuted(np.broadcast_to(np.arange(256, dtype=np.uint8), (*places, 256)), axis=-1)


def orders(rng, count, size):
    return rng.permuted(np.broadcast_to(np.arange(size), (count, size)), axis=-1)


def noise(rng, *shape):
    return rng.integers(0, 256, shape, np.uint8)


def count(shape, height, width):
    """How many whole blocks there are."""
    return (shape[0] // height) * (shape[1] // width)


def gf2_inverse(matrix):
    """Gauss and Jordan over GF(2). None where there is no inverse."""
    size = len(matrix)
    work = np.concatenate([matrix, np.eye(size, dtype=np.uint8)], axis=1)
    for i in range(size):
        pivots = np.flatnonzero(work[i:, i])
        if not len(pivots):
            return None
        work[[i, i + pivots[0]]] = work[[i + pivots[0], i]]
        others = np.flatnonzero(work[:, i])
        work[others[others != i]] ^= work[i]
    return work[:, size:]


def gf2(rng, size) -> Layer:
    """A secret invertible matrix over GF(2) on the bits of `size` bytes, the last axis."""

    def by_byte(matrix):
        values = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
        return np.packbits(values @ matrix.reshape(size, 8, 8 * size) % 2, axis=-1)

    def multiply(parts, x):
        out = parts[0, x[..., 0]]
        for j in range(1, size):
            out ^= parts[j, x[..., j]]
        return out

    inverse = None
    while inverse is None:
        matrix = rng.integers(0, 2, (8 * size, 8 * size), np.uint8)
        inverse = gf2_inverse(matrix)
    return Layer(partial(multiply, by_byte(matrix)), partial(multiply, by_byte(inverse)))


def hill(rng, size, copies=1) -> Layer:
    """A secret matrix modulo 256 on `size` bytes of the last axis; `copies` of them stand interleaved."""
    determinant = 0
    while determinant % 2 == 0:
        matrix = rng.integers(0, 256, (size, size))
        determinant = round(np.linalg.det(matrix))
    adjugate = np.rint(np.linalg.inv(matrix) * determinant).astype(np.int64)
    inverse = adjugate * pow(determinant, -1, 256) % 256
    there, home = (np.kron(m, np.eye(copies, dtype=np.int64)).astype(np.uint8) for m in (matrix, inverse))
    return Layer(lambda x: x @ there, lambda x: x @ home)


def feistel(rng, rounds=8) -> Layer:
    """A Feistel network on eight bytes, the last axis, with the rounds of Blowfish (Schneier 1993)."""
    boxes = rng.integers(0, 2**32, (4, 256), np.uint32)
    keys = rng.integers(0, 2**32, rounds, np.uint32)

    def mix(half):
        high = boxes[0][half >> 24] + boxes[1][half >> 16 & 255]
        return (high ^ boxes[2][half >> 8 & 255]) + boxes[3][half & 255]

    def run(x, keys):
        words = np.ascontiguousarray(x).view("<u4")
        left, right = words[..., 0], words[..., 1]
        for key in keys:
            left, right = right, left ^ mix(right ^ key)
        return np.ascontiguousarray(np.stack([right, left], axis=-1).astype("<u4")).view(np.uint8)

    return Layer(lambda x: run(x, keys), lambda x: run(x, keys[::-1]))


def network(rng, *places, rounds=3) -> list[Layer]:
    """Substitutions by place and running sums, up and down the last axis: every byte tells on every other."""
    once = [(tables(sboxes(rng, *places)), SUMS, REVERSED) for _ in range(rounds)]
    return [layer for layers in once for layer in layers] + [tables(sboxes(rng, *places))]


def turns(rng, number, size, colours=True):
    """For each block one of eight ways to turn and mirror it, and an order of colours: orders of bytes."""
    base = np.arange(size * size * 3).reshape(size, size, 3)
    out = []
    for way in rng.integers(0, 8, number):
        turned = np.rot90(base, way % 4)
        turned = turned[:, ::-1] if way > 3 else turned
        out.append((turned[..., rng.permutation(3)] if colours else turned).ravel())
    return np.array(out).reshape(number, size * size * 3)


def real(function, x):
    """What a function of real numbers gives, as bytes again."""
    return np.clip(np.rint(function(x.astype(np.float32))), 0, 255).astype(np.uint8)


def logistic(start, rate, length):
    """The orbit of the logistic map."""
    out = np.empty(length)
    for i in range(length):
        start = out[i] = rate * start * (1 - start)
    return out


# ---- Ciphers of layers


def narrowed(key, width):
    """A key of which `width` bits at most are secret."""
    small = int.from_bytes(key.bytes("short key", 4).tobytes(), "big") % 2**width
    return Key(hashlib.shake_256(b"short key" + small.to_bytes(4, "big")).digest(32))


def as_it_is(image):
    return image


def modulo_2(image):
    return image % 2


def modulo_4(image):
    return image % 4


def modulo_256(image):
    return image % 256


def halved(image):
    return image // 2


@cache
def hashed_to_byte(image):
    return hashlib.sha256(str(int(image)).encode()).digest()[0]


class OneWay:
    """Layers that `build(rng, shape)` gives: one set for all images, or one for each nonce of an id."""

    def __init__(self, key, build, per_image=False, width=None, nonce=as_it_is):
        self.key = key if width is None else narrowed(key, width)
        self.build, self.per_image, self.nonce = build, per_image, nonce
        self.shared = {}

    def layers(self, shape, image=None):
        if image is None and shape in self.shared:
            return self.shared[shape]
        seed = int.from_bytes(self.key.bytes("layers", 16, image=image).tobytes(), "big")
        layers = self.build(np.random.default_rng(seed), shape)
        if image is None:
            self.shared[shape] = layers
        return layers

    def run(self, walk, images, ids):
        images = np.asarray(images)
        out = np.empty_like(images)
        if self.per_image:
            for i, image in enumerate(range(len(images)) if ids is None else ids):
                layers = self.layers(images.shape[1:], self.nonce(int(image)))
                out[i] = walk(layers, images[i : i + 1])[0]
        else:
            layers = self.layers(images.shape[1:])
            for i in range(0, len(images), 500):  # bits of thousands of images are many bytes
                out[i : i + 500] = walk(layers, images[i : i + 500])
        return out

    def encrypt(self, images, ids=None):
        return self.run(through, images, ids)


class Layered(OneWay):
    """Layers, and the way back."""

    def decrypt(self, images, ids=None):
        return self.run(back, images, ids)


def weak(structure, *, alike=None, also=(), block=None, square=False, exact=True, **options):
    """Enters a builder of layers, `build(rng, shape)`, as a weak cipher. The rest goes to the class."""

    def enter(build):
        factory = partial(Layered if exact else OneWay, build=build, **options)
        WEAK[build.__name__] = Weak(factory, structure, alike, also, block, square, exact)
        return build

    return enter


# ---- Weak: tables


@weak(BYTES, alike=False, also=(POSITION,), block=(1, 1))
def pad_twice(rng, shape):
    """Vernam's pad, used for every image: the classic mistake (Venona)."""
    return [mask(noise(rng, *shape))]


@weak(BYTES, alike=True, also=(POSITION, MODULO, REALS, SMALL), block=(1, 1), square=True)
def cat_map(rng, shape):
    """Arnold's cat map, eight times with secret numbers (Chen, Mao, Chui 2004; Guan 2005). Square images."""
    h, w, _ = shape
    if h != w:
        raise ValueError(f"the cat map takes square images, got {h} x {w}")
    row, column = np.divmod(np.arange(h * w), w)
    for p, q in rng.integers(1, h, (8, 2)):  # all together still one matrix of determinant 1: few keys
        row, column = (row + p * column) % h, (q * row + (p * q + 1) * column) % h
    return [pixels(move(row * w + column))]


@weak(BYTES, alike=False, also=(POSITION, MODULO, REALS))
def shuffled_bytes(rng, shape):
    """All bytes of the image in one secret order."""
    return [flat(move(rng.permutation(math.prod(shape))))]


@weak(BYTES, alike=False, also=(POSITION, MODULO, REALS), block=(8, 8))
def etc_blocks(rng, shape):
    """EtC: blocks of 8 x 8 shuffled, turned, negated, their colours swapped (Kurihara 2015; Chuman 2018)."""
    number = count(shape, 8, 8)
    negative = np.uint8(255) * rng.integers(0, 2, (number, 1), np.uint8)
    return [blocks(8, 8, move_each(turns(rng, number, 8)), mask(negative), move(rng.permutation(number)))]


@weak(BYTES, alike=False, also=(POSITION,), block=(8, 8))
def blocks_in_own_order(rng, shape):
    """Each block of 8 x 8 has an order of bytes and a pad of its own, and the blocks are shuffled."""
    number = count(shape, 8, 8)
    steps = move_each(orders(rng, number, 192)), mask(noise(rng, number, 192)), move(rng.permutation(number))
    return [blocks(8, 8, *steps)]


@weak(BYTES, alike=True, also=(POSITION, MODULO, REALS), block=(1, 1))
def rolled_lines(rng, shape):
    """Rows rolled by secret numbers of pixels, then columns, three times over."""
    h, w, _ = shape
    steps = []
    for _ in range(3):
        rows = (np.arange(w) + rng.integers(0, w, (h, 1))) % w
        columns = (np.arange(h)[:, None] + rng.integers(0, h, w)) % h
        steps += [move_each(rows[..., None], axis=2), move_each(columns[..., None], axis=1)]
    return steps


@weak(BYTES, alike=False, also=(POSITION,), block=(1, 1))
def latin_square(rng, shape):
    """Pixels moved along rows and columns of Latin squares, and a pad (Wu, Noonan, Agaian 2014)."""
    h, w, _ = shape
    across = rng.permutation(w)[(np.arange(h)[:, None] + np.arange(w)) % w]
    down = rng.permutation(h)[(np.arange(h)[:, None] + np.arange(w)) % h]
    pad = rng.permutation(256).astype(np.uint8)[(np.arange(h)[:, None] + np.arange(w)) % 256]
    return [move_each(across[..., None], axis=2), move_each(down[..., None], axis=1), mask(pad[..., None])]


@weak(BYTES, alike=False, also=(POSITION,))
def logistic_map(rng, shape):
    """Order and pad from orbits of the logistic map (Matthews 1989; Pareek, Patidar, Sud 2006)."""
    size = math.prod(shape)
    orbits = [logistic(*rng.uniform((0.1, 3.9), (0.9, 4.0)), size + 100)[100:] for _ in range(2)]
    return [flat(move(np.argsort(orbits[0])), mask((orbits[1] * 1e9 % 256).astype(np.uint8)))]


@weak(BYTES, alike=False, also=(POSITION,), block=(1, 1))
def rubik(rng, shape):
    """Rows and columns turned like Rubik's cube, then both lines' keys XORed, twice."""
    h, w, _ = shape
    steps = []
    for _ in range(2):
        right, down = noise(rng, h), noise(rng, w)
        steps += [
            move_each(((np.arange(w) - right[:, None].astype(int)) % w)[..., None], axis=2),
            move_each(((np.arange(h)[:, None] + down.astype(int)) % h)[..., None], axis=1),
            mask((right[:, None] ^ down)[..., None]),
        ]
    return steps


@weak(BYTES, alike=False, also=(POSITION, MODULO, REALS, SMALL))
def zigzag(rng, shape):
    """The pixels in the zigzag order of JPEG, turned by a secret number: as many keys as bytes."""
    h, w, c = shape
    row, column = np.divmod(np.arange(h * w), w)
    diagonal = row + column
    order = np.lexsort((np.where(diagonal % 2, row, column), diagonal))
    order = (c * order[:, None] + np.arange(c)).ravel()
    return [flat(move(np.roll(order, rng.integers(0, h * w * c))))]


@weak(BYTES, alike=True, also=(POSITION, MODULO, REALS), block=(3, 3))
def blocks_of_3(rng, shape):
    """Blocks of 3 x 3 in a secret order, which fill most sizes badly: the rim stays."""
    return [blocks(3, 3, move(rng.permutation(count(shape, 3, 3))))]


@weak(BYTES, alike=False, also=(POSITION,), block=(5, 5))
def blocks_of_5(rng, shape):
    """Blocks of 5 x 5 shuffled, turned and masked by one pad; the rim stays."""
    number = count(shape, 5, 5)
    steps = move(rng.permutation(number)), move_each(turns(rng, number, 5, False)), mask(noise(rng, 75))
    return [blocks(5, 5, *steps)]


@weak(BYTES, alike=True, also=(POSITION, MODULO, REALS), block=(2, 7))
def strips(rng, shape):
    """Blocks of 2 x 7 in a secret order, alike inside in another."""
    return [blocks(2, 7, move(rng.permutation(count(shape, 2, 7))), move(rng.permutation(42), axis=2))]


@weak(BYTES, alike=False, also=(POSITION, MODULO, REALS), block=(1, 1))
def negative_pixels(rng, shape):
    """Each pixel's bytes negated or not, its colours swapped (Sirichotedumrong, Kinoshita, Kiya 2019)."""
    h, w, c = shape
    negative = np.uint8(255) * rng.integers(0, 2, shape, np.uint8)
    return [mask(negative), move_each(orders(rng, h * w, c).reshape(shape), axis=-1)]


@weak(BYTES, alike=True, also=(POSITION, MODULO, REALS), block=(4, 4))
def shuffled_4x4(rng, shape):
    """Bytes of every block of 4 x 4 in one order, half negated (SHF and NP of AprilPyone, Kiya 2021)."""
    negative = np.uint8(255) * rng.integers(0, 2, 48, np.uint8)
    return [blocks(4, 4, move(rng.permutation(48), axis=2), mask(negative))]


@weak(NIBBLES, alike=True, block=(4, 4))
def tanaka(rng, shape):
    """LE: halves of bytes, some negated, in one order for all blocks of 4 x 4 (Tanaka 2018)."""
    negative = np.uint8(15) * rng.integers(0, 2, 96, np.uint8)
    return [blocks(4, 4, nibbles(mask(negative), move(rng.permutation(96), axis=2)))]


@weak(NIBBLES, alike=False, block=(4, 4))
def madono(rng, shape):
    """ELE: halves of bytes in an order of each block's own, blocks shuffled (Madono 2020)."""
    number = count(shape, 4, 4)
    negative = np.uint8(15) * rng.integers(0, 2, (number, 96), np.uint8)
    steps = nibbles(mask(negative), move_each(orders(rng, number, 96))), move(rng.permutation(number))
    return [blocks(4, 4, *steps)]


@weak(NIBBLES, alike=False)
def shuffled_nibbles(rng, shape):
    """All halves of bytes of the image in one secret order, and a pad."""
    return [flat(nibbles(move(rng.permutation(2 * math.prod(shape)))), mask(noise(rng, math.prod(shape))))]


@weak(BITS, alike=True, block=(8, 8))
def bits_of_blocks(rng, shape):
    """The 1,536 bits of every block of 8 x 8 in one secret order."""
    return [blocks(8, 8, bits(move(rng.permutation(1536), axis=2)))]


@weak(BITS, alike=False, block=(8, 8))
def bits_in_own_order(rng, shape):
    """The bits of each block of 8 x 8 in a secret order of its own, and a pad."""
    number = count(shape, 8, 8)
    return [blocks(8, 8, bits(move_each(orders(rng, number, 1536))), mask(noise(rng, number, 192)))]


@weak(BITS, alike=False)
def shuffled_bits(rng, shape):
    """All bits of the image in one secret order."""
    return [flat(bits(move(rng.permutation(8 * math.prod(shape)))))]


@weak(BITS, alike=True, also=(POSITION,), block=(1, 1))
def bit_planes(rng, shape):
    """The eight bit planes of each colour in a secret order."""
    return [shaped((shape[0] * shape[1], 3, 1), bits(move_each(orders(rng, 3, 8)[None], axis=-1)))]


@weak(BITS, alike=False, also=(POSITION,))
def turned_bytes(rng, shape):
    """Bytes shuffled, and each rotated by a secret number of bits and masked."""
    size = math.prod(shape)
    turn = (np.arange(8) + rng.integers(0, 8, (size, 1))) % 8
    steps = move(rng.permutation(size)), shaped((size, 1), bits(move_each(turn))), mask(noise(rng, size))
    return [flat(*steps)]


# ---- Weak: substitutions


@weak(POSITION, alike=True, block=(1, 1))
def one_sbox(rng, shape):
    """One secret S-box for all bytes: a newspaper's cryptogram."""
    return [tables(sboxes(rng))]


@weak(POSITION, alike=True, block=(1, 1))
def sbox_of_colour(rng, shape):
    """A secret S-box for each colour."""
    return [tables(sboxes(rng, 3))]


@weak(POSITION, alike=False, block=(1, 1))
def sbox_of_place(rng, shape):
    """A secret S-box for each byte of the image."""
    return [tables(sboxes(rng, *shape))]


@weak(POSITION, alike=False)
def sbox_and_shuffle(rng, shape):
    """Bytes shuffled, then one of 16 S-boxes by the place, modulo 16 (Vigenère 1586)."""
    size = math.prod(shape)
    return [flat(move(rng.permutation(size)), tables(sboxes(rng, 16)[np.arange(size) % 16]))]


@weak(POSITION, alike=False, block=(1, 1))
def powers(rng, shape):
    """Secret powers modulo 257, after Pohlig and Hellman (1978), and a pad that is added."""
    exponents = 2 * rng.integers(0, 128, shape) + 1
    table = np.ones((*shape, 256), np.int64)
    value = np.broadcast_to(np.arange(1, 257), table.shape)
    for bit in range(8):
        table = np.where((exponents >> bit & 1)[..., None], table * value % 257, table)
        value = value * value % 257
    return [tables((table - 1).astype(np.uint8)), add(noise(rng, *shape))]


# ---- Weak: affine


@weak(GF2, alike=False)
def xor_chain(rng, shape):
    """Every byte is XORed with a pad and the ciphertext before it: CBC with no cipher in it."""
    return [flat(mask(noise(rng, math.prod(shape))), XORS)]


@weak(GF2, alike=True, block=(1, 1))
def bit_matrix_of_pixel(rng, shape):
    """A secret invertible matrix over GF(2) on the 24 bits of each pixel."""
    return [gf2(rng, 3)]


@weak(GF2, alike=True, block=(1, 4))
def bit_matrix_of_four(rng, shape):
    """A secret invertible matrix over GF(2) on the 96 bits of four pixels in a row."""
    return [blocks(1, 4, gf2(rng, 12))]


@weak(GF2, alike=False)
def diffused(rng, shape):
    """Shuffle, XOR chain, shuffle, chain backwards, pad: all bytes tell on all, and all of it is linear."""
    size = math.prod(shape)
    steps = move(rng.permutation(size)), XORS, move(rng.permutation(size)), REVERSED, XORS
    return [flat(*steps, mask(noise(rng, size)))]


@cache
def products():
    """The table of products in the field of AES."""
    values = np.arange(256)
    out = np.zeros((256, 256), int)
    power = values.copy()
    for bit in range(8):
        out ^= (values[:, None] >> bit & 1) * power
        power = power << 1 ^ 0x11B * (power >> 7)
    return out.astype(np.uint8)


@weak(GF2, alike=False, also=(POSITION,), block=(1, 1))
def field_products(rng, shape):
    """Each byte times a secret number in the field of AES, plus another: the affine part of an S-box."""
    return [tables(products()[rng.integers(1, 256, shape)]), mask(noise(rng, *shape))]


@weak(MODULO, alike=True, also=(POSITION, SMALL), block=(1, 1))
def affine_bytes(rng, shape):
    """The affine cipher, `a v + b` modulo 256, one `a` and `b` for all: 2 ** 15 keys."""
    a, b = 2 * rng.integers(0, 128) + 1, rng.integers(0, 256)
    return [tables(((a * np.arange(256) + b) % 256).astype(np.uint8))]


@weak(MODULO, alike=False, also=(POSITION,), block=(1, 1))
def affine_places(rng, shape):
    """The affine cipher with `a` and `b` of each byte's own."""
    a, b = 2 * rng.integers(0, 128, (*shape, 1)) + 1, rng.integers(0, 256, (*shape, 1))
    return [tables(((a * np.arange(256) + b) % 256).astype(np.uint8))]


@weak(MODULO, alike=False)
def sum_chain(rng, shape):
    """Every byte plus a pad plus the ciphertext before it, modulo 256."""
    return [flat(add(noise(rng, math.prod(shape))), SUMS)]


@weak(MODULO, alike=True, block=(1, 1))
def hill_colours(rng, shape):
    """A secret colour matrix: Hill's cipher (1929) on the three bytes of each pixel."""
    return [hill(rng, 3)]


@weak(MODULO, alike=True, block=(2, 2))
def hill_2x2(rng, shape):
    """Hill's cipher on the four bytes of a colour in a block of 2 x 2 (Acharya 2009)."""
    return [blocks(2, 2, hill(rng, 4, copies=3))]


@weak(MODULO, alike=False, also=(POSITION,))
def shuffle_and_add(rng, shape):
    """Bytes shuffled, then a pad added modulo 256."""
    size = math.prod(shape)
    return [flat(move(rng.permutation(size)), add(noise(rng, size)))]


@weak(REALS, alike=True, block=(1, 1), exact=False)
def turned_colours(rng, shape):
    """A secret rotation of the colours about grey, scaled to fit, rounded."""
    matrix = np.linalg.qr(rng.normal(size=(3, 3)))[0].astype(np.float32) / np.sqrt(3)
    return [Layer(lambda x: real(lambda v: (v - 127.5) @ matrix + 127.5, x), None)]


@weak(REALS, alike=True, block=(8, 8), exact=False)
def dct_signs(rng, shape):
    """Secret signs of the DCT of blocks of 8 x 8 (Shi, Bhargava 1998), at half the contrast, rounded."""
    signs = rng.choice(np.float32([-0.5, 0.5]), (8, 8, 3))

    def scramble(v):
        x = v.reshape(*v.shape[:2], 8, 8, 3) - 127.5
        y = idctn(signs * dctn(x, axes=(2, 3), norm="ortho"), axes=(2, 3), norm="ortho")
        return y.reshape(v.shape) + 127.5

    return [blocks(8, 8, Layer(partial(real, scramble), None))]


@weak(REALS, alike=False, exact=False)
def mixed_up(rng, shape):
    """A mixture of the image, itself in another order, and a secret picture (after InstaHide, Huang 2020)."""
    order, other = rng.permutation(math.prod(shape)), rng.uniform(0, 255, math.prod(shape)).astype(np.float32)
    return [flat(Layer(partial(real, lambda v: 0.4 * v + 0.3 * v[:, order] + 0.3 * other), None))]


# ---- Weak: blocks and pixels


@weak(BLOCKS, alike=True, block=(4, 4))
def block_network(rng, shape):
    """Three rounds of S-boxes and sums on each block of 4 x 4, alike in all: a code book."""
    return [blocks(4, 4, *network(rng, 48))]


@weak(BLOCKS, alike=False, block=(4, 4))
def own_network(rng, shape):
    """Three rounds of S-boxes and sums, of each block's own, then blocks shuffled."""
    number = count(shape, 4, 4)
    return [blocks(4, 4, *network(rng, number, 48), move(rng.permutation(number)))]


@weak(BLOCKS, alike=True, block=(1, 8))  # three pieces, where rows are of a multiple of eight pixels
def code_book(rng, shape):
    """ECB: a block cipher of eight bytes along the rows, the same piece giving the same anywhere."""
    return [pieces(8, feistel(rng))]


@weak(BLOCKS, alike=False, block=(1, 8))
def tweaked_code_book(rng, shape):
    """XEX (Rogaway 2004): the eight-byte cipher between pads of each place."""
    pad = noise(rng, math.prod(shape) // 8, 8)
    return [pieces(8, mask(pad), feistel(rng), mask(pad))]


@weak(BLOCKS, alike=True, block=(16, 16))
def big_blocks(rng, shape):
    """The Feistel network chained up and down within each block of 16 x 16, all alike."""
    first = noise(rng, 2, 8)
    up, down = feistel(rng), feistel(rng)

    def chain(cipher, start):
        step = chained(lambda x, c: cipher.forward(x ^ c), lambda x, c: cipher.backward(x) ^ c, start)
        return view(lambda x: x.reshape(-1, 96, 8), lambda y, x: y.reshape(x.shape), step)

    return [blocks(16, 16, chain(up, first[0]), REVERSED, chain(down, first[1]))]


@weak(PIXELS, alike=True, block=(1, 1))
def pixel_network(rng, shape):
    """A code book of colours: rounds of S-boxes and sums on the three bytes of a pixel, alike in all."""
    return network(rng, 3)


@weak(PIXELS, alike=False, block=(1, 1))
def pixel_network_moved(rng, shape):
    """Colours of each pixel by a code of its own, and the pixels shuffled."""
    number = shape[0] * shape[1]
    return [pixels(*network(rng, number, 3, rounds=2), move(rng.permutation(number)))]


# ---- Weak: feedback


@weak(FEEDBACK, alike=False)
def cipher_feedback(rng, shape):
    """CFB with an S-box for a cipher: `c[i] = p[i] ^ S[c[i - 1]]`."""
    box = sboxes(rng)
    return [flat(chained(lambda x, c: x ^ box[c], lambda x, c: x ^ box[c], noise(rng, 1)[0]))]


@weak(FEEDBACK, alike=False)
def cipher_chaining(rng, shape):
    """CBC with an S-box for a cipher: `c[i] = S[p[i] ^ c[i - 1]]`."""
    box = sboxes(rng)
    home = np.argsort(box).astype(np.uint8)
    return [flat(chained(lambda x, c: box[x ^ c], lambda x, c: home[x] ^ c, noise(rng, 1)[0]))]


@weak(FEEDBACK, alike=False)
def autokey(rng, shape):
    """The autokey cipher: `c[i] = p[i] + S[p[i - 1]] + k[i]` modulo 256."""
    box = sboxes(rng)
    there = chained(lambda x, c: x - box[c], lambda x, c: x + box[c], noise(rng, 1)[0])
    return [flat(Layer(there.backward, there.forward), add(noise(rng, math.prod(shape))))]


@weak(FEEDBACK, alike=False)
def chained_blocks(rng, shape):
    """CBC of the eight-byte cipher, always from the same start: images that begin alike are told."""
    cipher = feistel(rng)
    step = chained(lambda x, c: cipher.forward(x ^ c), lambda x, c: cipher.backward(x) ^ c, noise(rng, 8))
    return [pieces(8, step)]


@weak(FEEDBACK, alike=False)
def row_feedback(rng, shape):
    """Each row takes in the encrypted row above, rolled: `c[y] = S[p[y] ^ roll(c[y - 1])]`."""
    box, width = sboxes(rng), shape[1] * shape[2]
    home, shift = np.argsort(box).astype(np.uint8), int(rng.integers(1, width))

    def step(x, c):
        return box[x ^ np.roll(c, shift, axis=-1)]

    def undo(x, c):
        return home[x] ^ np.roll(c, shift, axis=-1)

    return [shaped((shape[0], width), chained(step, undo, noise(rng, width)))]


@weak(FEEDBACK, alike=False)
def shuffle_and_diffuse(rng, shape):
    """Bytes shuffled, then ciphertext feedback through an S-box: one round after Fridrich (1998)."""
    size, box = math.prod(shape), sboxes(rng)
    home = np.argsort(box).astype(np.uint8)
    step = chained(lambda x, c: box[x + c], lambda x, c: home[x] - c, noise(rng, 1)[0])
    return [flat(move(rng.permutation(size)), mask(noise(rng, size)), step)]


# ---- Weak: few keys. Nothing else is wrong with some of them


@weak(SMALL, also=(BYTES, POSITION), width=16)
def short_key_pad(rng, shape):
    """A pad and an order from a seed of 16 bits, as where a PIN or `rand()` is the key."""
    size = math.prod(shape)
    return [flat(mask(noise(rng, size)), move(rng.permutation(size)))]


@weak(SMALL, also=(BYTES, POSITION))
def rounded_parameter(rng, shape):
    """A pad of the logistic map whose start, the key, is given to four decimals."""
    start = rng.integers(1, 10_000) / 10_000
    orbit = logistic(start, 3.9999, math.prod(shape) + 100)[100:]
    return [flat(mask((orbit * 1e9 % 256).astype(np.uint8)))]


@weak(SMALL, width=12)
def short_key_rounds(rng, shape):
    """A pad, an S-box, sums up and down the whole image, three times over: well mixed, from 12 bits."""
    size = math.prod(shape)
    rounds = [(mask(noise(rng, size)), tables(sboxes(rng)), SUMS, REVERSED) for _ in range(3)]
    return [flat(*(layer for layers in rounds for layer in layers), mask(noise(rng, size)))]


# ---- Weak: one key per image, and one ciphertext is enough


SHOWING = {"structure": SHOWN, "per_image": True}


@weak(**SHOWING)
def top_plane_left(rng, shape):
    """Encrypts the lower seven bit planes (selective encryption as in Podesser, Schmidt, Uhl 2002, amiss)."""
    return [mask(noise(rng, *shape) & 127)]


@weak(**SHOWING)
def fresh_block_order(rng, shape):
    """Blocks of 8 x 8 in an order of each image's own: a jigsaw."""
    return [blocks(8, 8, move(rng.permutation(count(shape, 8, 8))))]


@weak(**SHOWING)
def fresh_byte_order(rng, shape):
    """Bytes in an order of each image's own: the histogram stays."""
    return [flat(move(rng.permutation(math.prod(shape))))]


@weak(**SHOWING)
def fresh_shift(rng, shape):
    """One byte is added to all of an image: Caesar's cipher, with a new key each time."""
    return [add(noise(rng, 1))]


@weak(**SHOWING)
def fresh_block_bytes(rng, shape):
    """Each block of 8 x 8 is XORed with one byte for each colour: edges inside of blocks remain."""
    return [blocks(8, 8, mask(np.tile(noise(rng, count(shape, 8, 8), 3), 64)))]


@weak(**SHOWING)
def centre_only(rng, shape):
    """Hides the region of interest, the middle half of rows and columns, and leaves the rest."""
    h, w, c = shape
    pad = np.zeros(shape, np.uint8)
    pad[h // 4 : h - h // 4, w // 4 : w - w // 4] = noise(rng, h - 2 * (h // 4), w - 2 * (w // 4), c)
    return [mask(pad)]


@weak(**SHOWING)
def short_period(rng, shape):
    """A fresh pad of 16 bytes, again and again."""
    return [flat(mask(np.resize(noise(rng, 16), math.prod(shape))))]


@weak(**SHOWING)
def fresh_sbox(rng, shape):
    """A fresh S-box for all bytes of an image: what was equal stays equal."""
    return [tables(sboxes(rng))]


@weak(**SHOWING)
def small_noise(rng, shape):
    """Adds fresh noise below 48, which hides faces from people (after differential privacy)."""
    return [add(rng.integers(0, 48, shape, np.uint8))]


@weak(**SHOWING)
def one_colour_left(rng, shape):
    """Encrypts green and blue."""
    return [mask(noise(rng, *shape) & np.uint8([0, 255, 255]))]


@weak(**SHOWING)
def all_but_edges(rng, shape):
    """Rolls all values on by a secret ramp across the image: edges stand out of a smooth veil."""
    h, w, c = shape
    down, across = rng.uniform(-6, 6, (2, c))
    ramp = np.arange(h)[:, None, None] * down + np.arange(w)[:, None] * across + rng.uniform(0, 256, c)
    return [add((ramp % 256).astype(np.uint8))]


@weak(**SHOWING)
def low_bytes(rng, shape):
    """A pad of the low bytes of a linear congruential generator, which repeat after 256 bytes."""
    state, pad = int(rng.integers(2**32)), bytearray()
    for _ in range(256):
        state = (1664525 * state + 1013904223) % 2**32
        pad.append(state & 255)
    return [flat(mask(np.resize(np.frombuffer(bytes(pad), np.uint8), math.prod(shape))))]


# ---- Streams of SHAKE: strong, but for the nonces of some


class OneWayStream:
    """Each image is XORed with SHAKE-256 of the key and a nonce."""

    per_image = False
    join = unjoin = staticmethod(np.bitwise_xor)

    def __init__(self, key, nonce=as_it_is, width=None):
        self.key = key if width is None else narrowed(key, width)
        self.nonce = nonce

    def encrypt(self, images, ids=None):
        return self.run(self.join, images, ids)

    def run(self, join, images, ids):
        images = np.asarray(images)
        nonces = [self.nonce(int(i)) for i in (range(len(images)) if ids is None else ids)]
        return join(images, self.pads(math.prod(images.shape[1:]), nonces).reshape(images.shape))

    def pads(self, size, nonces):
        return self.key.integers("stream", 256, size, nonces)


class Stream(OneWayStream):
    """Counter mode: the nonce is made of the image's id."""

    per_image = True

    def decrypt(self, images, ids=None):
        return self.run(self.unjoin, images, ids)


class OneTimePad(Stream):
    """A pad for each id, added modulo 256."""

    join, unjoin = staticmethod(np.add), staticmethod(np.subtract)


class Overlapping(Stream):
    """The id is where the counter of 64-byte pieces starts: images with near ids share most of their pads."""

    def pads(self, size, nonces):
        long = -(-size // 64)
        wanted = np.uint64(nonces)[:, None] + np.arange(long, dtype=np.uint64)
        counters, where = np.unique(wanted, return_inverse=True)
        known = self.key.integers("pieces", 256, 64, counters.tolist())
        return known[where.reshape(wanted.shape)].reshape(len(nonces), 64 * long)[:, :size]


def told_by(nonce):
    return Weak(partial(Stream, nonce=nonce), REUSED)


WEAK["nonce_of_2_bits"] = told_by(modulo_4)
WEAK["nonce_of_8_bits"] = told_by(modulo_256)
WEAK["nonce_in_pairs"] = told_by(halved)
WEAK["nonce_hashed_to_8_bits"] = told_by(hashed_to_byte)  # by chance, as WEP's (Borisov 2001), whose had 24
WEAK["overlapping_counters"] = Weak(Overlapping, REUSED)
WEAK["short_key_stream"] = Weak(partial(Stream, width=16), SMALL)


@weak(REUSED, per_image=True, nonce=modulo_2)
def two_keys(rng, shape):
    """Two keys, for even and for odd ids: each an order of bytes and a pad."""
    size = math.prod(shape)
    return [flat(move(rng.permutation(size)), mask(noise(rng, size)))]


# ---- Strong


class WideBlock:
    """The image is one block: four rounds of Feistel with SHAKE on its halves (Luby, Rackoff 1988)."""

    per_image = False

    def __init__(self, key, width=None):
        key = key if width is None else narrowed(key, width)
        self.secret = key.bytes("wide block", 32).tobytes()

    def encrypt(self, images, ids=None):
        return self.run(images, ids, range(4))

    def decrypt(self, images, ids=None):
        return self.run(images, ids, range(3, -1, -1))

    def tweak(self, image) -> bytes:
        return b""

    def run(self, images, ids, rounds):
        images = np.asarray(images)
        rows = np.ascontiguousarray(images).reshape(len(images), math.prod(images.shape[1:]))
        half = rows.shape[1] // 2
        out = np.empty_like(rows)
        for i, image in enumerate(range(len(rows)) if ids is None else ids):
            parts, tweak = [rows[i, :half].copy(), rows[i, half:].copy()], self.tweak(image)
            for number in rounds:
                source, target = parts[number % 2], parts[1 - number % 2]
                head = self.secret + bytes([number, len(tweak)]) + tweak
                stream = hashlib.shake_256(head + source.tobytes()).digest(len(target))
                target ^= np.frombuffer(stream, np.uint8)
            out[i, :half], out[i, half:] = parts
        return out.reshape(images.shape)


class TweakedWideBlock(WideBlock):
    """The wide block with the image's id in every round."""

    per_image = True

    def tweak(self, image):
        return int(image).to_bytes(8, "big")


class CounterHeld(OneWayStream):
    """A nonce for each image that was ever given to it, the hash of a counter that the object holds. Two
    objects of one key count alike, so a key is for one object; nothing is kept that would decrypt."""

    def __init__(self, key):
        super().__init__(key)
        self.start, self.counter = 0, itertools.count()

    def encrypt(self, images, ids=None):
        def fresh():
            name = hashlib.sha256(str(self.start + next(self.counter)).encode())
            return int.from_bytes(name.digest()[:8], "big")

        return super().encrypt(images, [fresh() for _ in range(len(images))])


class RandomNonce(CounterHeld):
    """Nonces from the operating system, as every library has it: no two objects count alike."""

    def __init__(self, key):
        super().__init__(key)
        self.start = secrets.randbits(128)


class NonceOfImage(OneWayStream):
    """The nonce is a keyed hash of the image (SIV, Rogaway and Shrimpton 2006): equal images are told, no
    more. The nonce would travel along; there is no room for it here, and no decrypt."""

    def encrypt(self, images, ids=None):
        secret = self.key.bytes("nonce", 32).tobytes()
        names = [hashlib.sha256(secret + np.ascontiguousarray(x).tobytes()).digest() for x in images]
        return super().encrypt(images, [int.from_bytes(name[:8], "big") for name in names])


STRONG["one_time_pad"] = Other(OneTimePad, "added, not XORed")
STRONG["counter_mode"] = Other(Stream, "the id is the nonce")
STRONG["counter_held"] = Other(CounterHeld, "encrypting twice differs; two objects of one key start alike")
STRONG["random_nonce"] = Other(RandomNonce, "encrypting twice differs")
STRONG["nonce_of_image"] = Other(NonceOfImage, "equal images are told")
STRONG["wide_block"] = Other(WideBlock, "equal images are told")
STRONG["tweaked_wide_block"] = Other(TweakedWideBlock, "")
WEAK["short_key_block"] = Weak(partial(WideBlock, width=16), SMALL)


# ---- Weak, but none of the structures: no wrong one may be named


def unnamed(remark):
    def enter(build):
        UNNAMED[build.__name__] = Other(partial(Layered, build=build), remark)
        return build

    return enter


def rolled_by_parity(steps, axis) -> Layer:
    """Each row (axis 2) or column (axis 1) is rolled by its steps, backwards where its sum is odd."""

    def roll(x, sign):
        odd = x.sum(axis=(axis, 3), dtype=np.int64, keepdims=True)[..., :1] % 2
        shift = sign * np.where(odd, -1, 1) * steps.reshape((-1, 1, 1) if axis == 2 else (1, -1, 1))
        place = np.arange(x.shape[axis]).reshape((-1, 1) if axis == 2 else (-1, 1, 1))
        return np.take_along_axis(x, (place - shift) % x.shape[axis], axis=axis)

    return Layer(lambda x: roll(x, 1), lambda x: roll(x, -1))


@unnamed("the order depends on the parities of rows and columns")
def rubik_by_parity(rng, shape):
    """As published: lines turn one way or the other by the parity of their sum (Loukhaoukha 2012)."""
    h, w, _ = shape
    right, down = rng.integers(0, w, h), rng.integers(0, h, w)
    pad = (right[:, None] ^ down).astype(np.uint8)
    return [rolled_by_parity(right, 2), rolled_by_parity(down, 1), mask(pad[..., None])]


@unnamed("one of 256 orders, by the sum of the image")
def order_by_sum(rng, shape):
    """A key "related to the plaintext": the sum of the bytes, which no order changes, picks the order."""
    there = orders(rng, 256, math.prod(shape))
    home = np.argsort(there, axis=-1)

    def pick(by, x):
        return np.take_along_axis(x, by[x.sum(axis=1, dtype=np.int64) % 256], axis=1)

    return [flat(Layer(partial(pick, there), partial(pick, home)))]


@unnamed("two rounds up and down the image: a differential attack needs care")
def two_rounds(rng, shape):
    """Substitutions by place and running sums over all bytes, twice: what most chaos papers come to."""
    return [flat(*network(rng, math.prod(shape), rounds=2))]


# ---- Broken behaviour. All but the fault is the strong wide block


class Twisted(WideBlock):
    """Encrypts as `twist(cipher, images, ids)` says."""

    def __init__(self, key, twist, per_image=False):
        super().__init__(key)
        self.twist, self.per_image, self.calls, self.buffer = twist, per_image, 0, None

    def honest(self, images):
        return super().encrypt(images)

    def encrypt(self, images, ids=None):
        self.calls += 1
        return self.twist(self, images, ids)


def broken(remark, **options):
    def enter(twist):
        BROKEN[twist.__name__] = Other(partial(Twisted, twist=twist, **options), remark)
        return twist

    return enter


@broken("raises")
def raises(cipher, images, ids):
    raise ValueError("no image is good enough")


@broken("raises")
def raises_bare(cipher, images, ids):
    raise KeyError


class Odd(Exception):
    """Cannot be shown."""

    def __str__(self):
        raise RuntimeError("nor can this")


@broken("raises what cannot be shown")
def raises_the_unshowable(cipher, images, ids):
    raise Odd


@broken("raises")
def recurses(cipher, images, ids):
    return recurses(cipher, images, ids)


@broken("raises")
def wants_too_much_memory(cipher, images, ids):
    raise MemoryError


@broken("raises SystemExit")
def leaves(cipher, images, ids):
    sys.exit(0)


@broken("raises KeyboardInterrupt")
def interrupts(cipher, images, ids):
    raise KeyboardInterrupt


@broken("ends its process")
def ends_its_process(cipher, images, ids):
    os._exit(0)


@broken("raises on the second call")
def raises_later(cipher, images, ids):
    if cipher.calls > 1:
        raise RuntimeError("once is enough")
    return cipher.honest(images)


@broken("raises on the tenth call")
def raises_much_later(cipher, images, ids):
    if cipher.calls >= 10:
        raise RuntimeError("enough")
    return cipher.honest(images)


@broken("raises for images that are alike")
def raises_on_flat(cipher, images, ids):
    if any(len(np.unique(image)) == 1 for image in images):
        raise ZeroDivisionError("no contrast")  # as where an image is scaled by its range
    return cipher.honest(images)


@broken("hangs")
def hangs(cipher, images, ids):
    while True:
        pass


@broken("hangs")
def sleeps(cipher, images, ids):
    time.sleep(10**6)


@broken("hangs, and no signal gets through")
def hangs_in_c(cipher, images, ids):
    return sum(itertools.repeat(0))


@broken("hangs, and catches what would stop it")
def hangs_on(cipher, images, ids):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            continue


@broken("hangs on the third call")
def hangs_later(cipher, images, ids):
    while cipher.calls > 2:
        time.sleep(1)
    return cipher.honest(images)


@broken("is slow: a fifth of a second for an image")
def slow(cipher, images, ids):
    time.sleep(0.2 * len(images))
    return cipher.honest(images)


@broken("changes its input")
def overwrites_input(cipher, images, ids):
    images[...] = cipher.honest(images)
    return images


@broken("changes its input")
def spoils_input(cipher, images, ids):
    out = cipher.honest(images)
    images[:, 0, 0] = 0
    return out


@broken("writes into what it gave before")
def one_buffer(cipher, images, ids):
    if cipher.buffer is None or cipher.buffer.shape != images.shape:
        cipher.buffer = np.empty_like(images)
    cipher.buffer[...] = cipher.honest(images)
    return cipher.buffer


@broken("gives its input back")
def identity(cipher, images, ids):
    return images


@broken("gives float64")
def floats(cipher, images, ids):
    return cipher.honest(images) / 255


@broken("gives float64")
def nans(cipher, images, ids):
    return np.full(images.shape, np.nan)


@broken("gives int16")
def shorts(cipher, images, ids):
    return cipher.honest(images).astype(np.int16)


@broken("gives an array of objects")
def things(cipher, images, ids):
    return cipher.honest(images).astype(object)


@broken("gives a list")
def lists(cipher, images, ids):
    return list(cipher.honest(images))


@broken("gives bytes")
def raw_bytes(cipher, images, ids):
    return cipher.honest(images).tobytes()


@broken("gives None")
def nothing(cipher, images, ids):
    return None


@broken("gives another shape")
def channels_first(cipher, images, ids):
    return cipher.honest(images).transpose(0, 3, 1, 2)


@broken("gives another shape")
def grey(cipher, images, ids):
    return cipher.honest(images)[..., 0]


@broken("gives another shape")
def padded(cipher, images, ids):
    return np.pad(cipher.honest(images), ((0, 0), (0, 8), (0, 8), (0, 0)))


@broken("gives fewer images")
def one_short(cipher, images, ids):
    return cipher.honest(images)[:-1]


@broken("takes one image at a time: gives the first alone")
def first_only(cipher, images, ids):
    return cipher.honest(images)[0]


@broken("answers differently each time")
def changes_its_mind(cipher, images, ids):
    return cipher.honest(images) ^ np.uint8(cipher.calls)


@broken("answers differently each time")
def random_answers(cipher, images, ids):
    return np.frombuffer(secrets.token_bytes(images.size), np.uint8).reshape(images.shape)


@broken("answers differently now and then")
def one_bit_now_and_then(cipher, images, ids):
    out = cipher.honest(images)
    out[0, 0, 0, 0] ^= np.uint8(cipher.calls % 5 == 0)
    return out


@broken("two objects of one key differ")
def salted(cipher, images, ids):
    cipher.buffer = cipher.buffer or secrets.token_bytes(32)
    cipher.secret = cipher.buffer
    return cipher.honest(images)


@broken("depends on the place in the batch")
def by_place(cipher, images, ids):
    return cipher.honest(images) ^ np.arange(len(images), dtype=np.uint8)[:, None, None, None]


@broken("depends on the other images of the batch")
def by_neighbours(cipher, images, ids):
    return cipher.honest(images) ^ np.bitwise_xor.reduce(images, axis=0)


@broken("depends on the images before it in the batch")
def chained_images(cipher, images, ids):
    return np.bitwise_xor.accumulate(cipher.honest(images), axis=0)


@broken("depends on the size of the batch")
def by_number(cipher, images, ids):
    return cipher.honest(images) ^ np.uint8(len(images) % 256)


@broken("per_image, but ignores the ids", per_image=True)
def ignores_ids(cipher, images, ids):
    return cipher.honest(images)


@broken("per_image, but counts for itself", per_image=True)
def ids_by_place(cipher, images, ids):
    return cipher.honest(images) ^ np.arange(len(images), dtype=np.uint8)[:, None, None, None]


@broken("uses ids without saying per_image")
def uses_ids_unsaid(cipher, images, ids):
    ids = range(len(images)) if ids is None else ids
    names = np.array([int(i) % 256 for i in ids], np.uint8)
    return cipher.honest(images) ^ names[:, None, None, None]


@broken("takes its pad from NumPy's global generator, as it stands")
def global_generator(cipher, images, ids):
    return images ^ np.random.randint(0, 256, images.shape[1:], np.uint8)  # noqa: NPY002


@broken("seeds NumPy's global generator, which others use")
def global_seed(cipher, images, ids):
    np.random.seed(int.from_bytes(cipher.secret[:4], "big"))  # noqa: NPY002
    return images ^ np.random.randint(0, 256, images.shape[1:], np.uint8)  # noqa: NPY002


def no_factory(key):
    raise RuntimeError("no cipher today")


def no_cipher(key):
    return None


class NoEncrypt:
    """Has no encrypt."""

    def __init__(self, key):
        self.key = key


class NotToBeCalled:
    """Its encrypt is no function."""

    encrypt = "AES"

    def __init__(self, key):
        self.key = key


class NoIds(WideBlock):
    """Its encrypt takes images alone."""

    def encrypt(self, images):
        return super().encrypt(images)


class KeylessPad:
    """A pad that is the same for all keys."""

    per_image = False

    def __init__(self, key):
        pass

    def encrypt(self, images, ids=None):
        size = math.prod(images.shape[1:])
        pad = np.frombuffer(hashlib.shake_256(b"my secret").digest(size), np.uint8)
        return images ^ pad.reshape(images.shape[1:])

    decrypt = encrypt


class KeylessBlock(WideBlock):
    """The wide block with a secret that is written in the code."""

    def __init__(self, key):
        super().__init__(key)
        self.secret = b"my secret"


class WrongDecrypt(WideBlock):
    """Decrypts one byte of an image wrongly."""

    def decrypt(self, images, ids=None):
        out = super().decrypt(images, ids)
        out[:, -1, -1, -1] ^= 1
        return out


class NoDecrypt(WideBlock):
    """Its decrypt raises."""

    def decrypt(self, images, ids=None):
        raise NotImplementedError


class LossyDecrypt(WideBlock):
    """Encrypts the upper seven bits: decrypts almost."""

    def encrypt(self, images, ids=None):
        return super().encrypt(images & 254)


class Merging(WideBlock):
    """Takes 255 for 254: images that have no 255 come back whole, and others do not."""

    def encrypt(self, images, ids=None):
        return super().encrypt(np.where(images == 255, np.uint8(254), images))


class HangingDecrypt(WideBlock):
    """Its decrypt never ends."""

    def decrypt(self, images, ids=None):
        time.sleep(10**6)


class HangingFactory:
    """Its making never ends."""

    def __init__(self, key):
        time.sleep(10**6)


class Property:
    """Its per_image raises."""

    def __init__(self, key):
        self.inner = WideBlock(key)

    @property
    def per_image(self):
        raise RuntimeError("who knows")

    def encrypt(self, images, ids=None):
        return self.inner.encrypt(images)


class Torch(WideBlock):
    """Gives a tensor."""

    def encrypt(self, images, ids=None):
        import torch

        return torch.from_numpy(super().encrypt(images))


for factory, remark in [
    (no_factory, "the factory raises"),
    (no_cipher, "the factory gives None"),
    (HangingFactory, "the factory hangs"),
    (NoEncrypt, "no encrypt"),
    (NotToBeCalled, "encrypt is a string"),
    (NoIds, "encrypt takes no ids"),
    (Property, "per_image raises"),
    (Torch, "gives a tensor"),
    (KeylessPad, "ignores the key"),
    (KeylessBlock, "ignores the key"),
    (WrongDecrypt, "decrypts wrongly"),
    (NoDecrypt, "decrypt raises"),
    (LossyDecrypt, "decrypts almost"),
    (Merging, "decrypts images without 255 only"),
    (HangingDecrypt, "decrypt hangs"),
]:
    BROKEN[factory.__name__] = Other(factory, remark)
