"""What an oracle shows of its cipher's structure: each reading is learned by asking, and decrypts.

A reading is tried on an `Inquiry`, which asks for encryptions under one key. What it learned is proved on
fresh pictures before it is claimed: `proved` is the share of their bytes that it decrypts right.

    Substitution   each ciphertext byte, nibble or pair of bits is a substitution of a plain one: 256 constant
                   images, and a few more that number them
    BitTable       bits are moved and complemented: a number for each bit
    Feedback       a byte depends on its plain byte and on the byte before, plain or encrypted
    Codebook       pixels by themselves, alike everywhere: all 2 ** 24 of them
    `lib.judge.affine` has three more

Ancestor of the first two: Jolfaei, Wu and Muthukkumarasamy, IEEE TIFS 2016, for permutations.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lib.judge import pictures
from lib.table import join, split

Array = np.ndarray
RANDOM, PROOF = 400, 6  # images of noise that several readings share; pictures that a reading is proved on
GREY = 128


@dataclass
class Inquiry:
    """An oracle under one key, and what it answered to images that more than one reading needs.

    encrypt   (n, h, w, 3) uint8 to ciphertexts (n, ...)
    shape     of the images
    most      how many images may be asked for in one reading
    """

    encrypt: Callable[[Array], Array]
    shape: tuple[int, int, int]
    most: int = 30_000
    queries: int = 0

    def __post_init__(self):
        self._kept = {}

    def __call__(self, images: Array) -> Array:
        """Ciphertexts as rows, (n, bytes) uint8, or (n, values) of another dtype."""
        self.queries += len(images)
        answer = self.encrypt(np.ascontiguousarray(images.reshape(-1, *self.shape)))
        return answer.reshape(len(answer), -1)

    def kept(self, name: str, make: Callable[[], Array]) -> tuple[Array, Array]:
        """Images as rows and their ciphertexts, asked for once."""
        if name not in self._kept:
            images = make()
            self._kept[name] = images.reshape(len(images), -1), self(images)
        return self._kept[name]

    def random(self) -> tuple[Array, Array]:
        """Images of noise and their ciphertexts."""
        return self.kept("noise", lambda: pictures.noise(self.shape, RANDOM, "inquiry"))

    def constant(self) -> tuple[Array, Array]:
        """The 256 images of one value, and their ciphertexts."""
        size = int(np.prod(self.shape))
        return self.kept("constant", lambda: np.repeat(np.arange(256, dtype=np.uint8)[:, None], size, 1))

    def proof(self) -> tuple[Array, Array]:
        """Pictures and noise that no reading learns from, and their ciphertexts."""
        some = pictures.public(self.shape, PROOF), pictures.noise(self.shape, PROOF, "proof")
        return self.kept("proof", lambda: np.concatenate(some))

    @property
    def bytes(self) -> int:
        """Of an image."""
        return int(np.prod(self.shape))


class Reading:
    """Something learned of a cipher. A subclass learns in `__init__(inquiry)`, and raises `Unfit` where the
    cipher is no such thing."""

    name: ClassVar[str]  # in plain words
    certain: ClassVar[bool] = False  # whether the cipher is such a thing even if it cannot be undone
    queries: int = 0
    least: int = 0  # images that it needs, where another reading had asked for them
    proved: float = 0.0
    says: str = ""  # what more was found

    def decrypt(self, ciphers: Array) -> Array:
        """Rows of ciphertexts (n, values) to rows of plain bytes (n, bytes) uint8."""
        raise NotImplementedError

    def right(self, decrypted: Array, plain: Array) -> float:
        """The share of bytes that came out."""
        return float((decrypted == plain).mean())


class Unfit(Exception):
    """The cipher is no such thing; the message says why."""


class Unread(Unfit):
    """The cipher is such a thing, but is not read; the message begins with "it is"."""


def learned(kind: Callable[[Inquiry], Reading], inquiry: Inquiry, needed: float = 0.999) -> Reading:
    """A reading of this kind, proved on fresh pictures; Unfit where fewer than `needed` bytes came out."""
    before = inquiry.queries
    reading = kind(inquiry)
    reading.queries = max(inquiry.queries - before, reading.least)
    plain, ciphers = inquiry.proof()
    reading.proved = reading.right(reading.decrypt(ciphers), plain)
    if reading.proved < needed:
        told = f"of fresh pictures it decrypts {reading.proved:.1%} of the bytes"
        raise Unread(f"it is, and cannot be undone: {told}") if reading.certain else Unfit(told)
    return reading


def _bytes(inquiry: Inquiry, wanted: int | None = None) -> tuple[Array, Array]:
    plain, ciphers = inquiry.constant()
    if ciphers.dtype != np.uint8:
        raise Unfit(f"ciphertexts are {ciphers.dtype}, not bytes")
    if wanted and ciphers.shape[1] != wanted:
        raise Unfit(f"{ciphers.shape[1]} bytes of ciphertext for {wanted}")
    return plain, ciphers


class Substitution(Reading):
    """cipher[j] = boxes[plain[source[j]], j], of atoms of `bits` bits. `source` (atoms of a ciphertext,)
    int64, -1 where there is none; `boxes` (2 ** bits, atoms of a ciphertext) uint8, `back` the way back."""

    name = "substitution by position"
    bits: ClassVar[int] = 8

    def __init__(self, inquiry: Inquiry):
        parts, values = 8 // self.bits, 1 << self.bits
        constant = _bytes(inquiry)[1][:: 255 // (values - 1)]  # every atom of an image has the same value
        self.boxes, self.size = split(constant, self.bits), inquiry.bytes * parts
        columns = np.arange(self.boxes.shape[1])
        self.back = np.zeros_like(self.boxes)
        self.back[self.boxes, columns] = np.arange(values, dtype=np.uint8)[:, None]
        # a value that another one is replaced by too comes back as that
        injective = (self.back[self.boxes, columns] == np.arange(values)[:, None]).all(0)
        number = np.arange(self.size)
        count = max(1, -(-(self.size - 1).bit_length() // self.bits))
        digits = np.stack([number >> self.bits * k & values - 1 for k in range(count)]).astype(np.uint8)
        self.least = values + count
        answers = split(inquiry(join(digits, self.bits)), self.bits)
        read = self.back[answers, columns].astype(np.int64)
        self.source = (read << self.bits * np.arange(count)[:, None]).sum(0)
        noise, ciphers = (split(each[:8], self.bits) for each in inquiry.random())
        self.source[self.source >= self.size] = 0
        fits = injective & (self.boxes[noise[:, self.source], columns] == ciphers).all(0)
        self.source[~fits] = -1
        if fits.mean() < 0.5:
            raise Unfit(f"{fits.mean():.1%} of the ciphertext's {self.atoms} are substitutions of one plain "
                        f"{self.atoms.removesuffix('s')}")  # fmt: skip
        self.covered = len(np.unique(self.source[fits])) / self.size
        self.says = self._told()

    @property
    def atoms(self) -> str:
        """What is substituted, in words."""
        return {8: "bytes", 4: "nibbles", 2: "bit pairs"}[self.bits]

    def _told(self):
        used = self.source >= 0
        boxes = self.boxes[:, used]
        moved = (self.source[used] != np.flatnonzero(used)).any()
        if self.bits == 8:
            self.name = self._kind(boxes)
        alike = (boxes == boxes[:, :1]).all()
        return ", ".join(
            [f"{self.atoms} are moved" if moved else f"no {self.atoms.removesuffix('s')} is moved"]
            + ["one substitution for all"] * bool(alike)
            + [f"{self.covered:.1%} of the {self.atoms} are there"] * (self.covered < 1)
        )

    def _kind(self, boxes):
        """The name of substitutions of bytes that are of a more special kind."""
        if ((boxes ^ boxes[0]) == np.arange(256, dtype=np.uint8)[:, None]).all():
            return "table of bytes"
        if self._linear(boxes ^ boxes[0]):
            return "affine over GF(2)"
        if np.array_equal(boxes - boxes[0], np.outer(np.arange(256), boxes[1] - boxes[0]).astype(np.uint8)):
            return "affine modulo 256"
        return self.name

    def _linear(self, boxes):
        """Whether each value's box is the sum of those of its bits."""
        bits = [boxes[1 << k] * (np.arange(256) >> k & 1)[:, None].astype(np.uint8) for k in range(8)]
        return np.array_equal(np.bitwise_xor.reduce(bits), boxes)

    def decrypt(self, ciphers: Array) -> Array:
        """Grey where nothing of the ciphertext tells."""
        used, atoms = np.flatnonzero(self.source >= 0), split(ciphers, self.bits)
        plain = split(np.full((len(ciphers), self.size * self.bits // 8), GREY, np.uint8), self.bits)
        plain[:, self.source[used]] = self.back[atoms[:, used], used]
        return join(plain, self.bits)


class NibbleSubstitution(Substitution):
    """Of the two halves of bytes."""

    bits = 4


class PairSubstitution(Substitution):
    """Of pairs of bits, as ciphers do that write pictures in the four letters of DNA."""

    bits = 2


class BitTable(Reading):
    """cipher bit j = plain bit index[j] ^ mask[j], bits with the highest first; `bits` of the largest atoms
    that move as one."""

    def __init__(self, inquiry: Inquiry):
        count = 8 * inquiry.bytes
        number = np.arange(count, dtype=np.uint32)
        digits = [number >> k & 1 for k in range((count - 1).bit_length())]
        chosen = np.array([np.packbits(digit.astype(np.uint8)) for digit in [np.zeros_like(number), *digits]])
        answers = inquiry(chosen)
        if answers.dtype != np.uint8 or answers.shape[1] != inquiry.bytes:
            raise Unfit("ciphertexts have not a byte for each byte")
        answers = np.unpackbits(answers, axis=1)
        self.mask = answers[0]
        self.index = sum((answer ^ self.mask).astype(np.int64) << k for k, answer in enumerate(answers[1:]))
        if self.index.max() >= count or len(np.unique(self.index)) < count:
            raise Unfit("bits are not moved one by one")
        self.bits = next(bits for bits in (8, 4, 2, 1) if self._whole(bits))
        self.name = {8: "table of bytes", 4: "table of nibbles"}.get(self.bits, "table of bits")

    def _whole(self, bits):
        """Whether groups of so many bits move as one, in their order."""
        groups = self.index.reshape(-1, bits)
        return bool((groups[:, 0] % bits == 0).all() and (np.diff(groups, axis=1) == 1).all())

    def atoms(self, bits: int) -> tuple[Array, Array]:
        """index (atoms,) int64 and mask (atoms,) uint8 for larger atoms; whether masks are all ones or none
        is for the caller to see."""
        masks = np.packbits(self.mask)
        return self.index.reshape(-1, bits)[:, 0] // bits, split(masks, bits)

    def decrypt(self, ciphers: Array) -> Array:
        """Every bit is moved home."""
        bits = np.unpackbits(ciphers, axis=1) ^ self.mask
        plain = np.empty_like(bits)
        plain[:, self.index] = bits
        return np.packbits(plain, axis=1)


def scans(shape: tuple[int, int, int]) -> dict[str, Array]:
    """Orders in which the bytes of an image may be gone through: rows, columns, colour planes; forwards and
    backwards."""
    number = np.arange(np.prod(shape)).reshape(shape)
    orders = {
        "row by row": number, "column by column": number.transpose(1, 0, 2),
        "plane by plane": number.transpose(2, 0, 1), "plane by plane, column by column": number.T,
    }  # fmt: skip
    forwards = {name: order.ravel() for name, order in orders.items()}
    return forwards | {f"{name}, backwards": order[::-1] for name, order in forwards.items()}


class Feedback(Reading):
    """c[i] = f(p[i], c[i - lag]) or f(p[i], p[i - lag]), the same f everywhere; the first by position."""

    name = "feedback"

    def __init__(self, inquiry: Inquiry):
        self.constant = _bytes(inquiry, inquiry.bytes)
        plain, ciphers = inquiry.random()
        for self.way, self.order in scans(inquiry.shape).items():
            p, c = plain[:, self.order].astype(np.int64), ciphers[:, self.order].astype(np.int64)
            for self.lag in (1, 3, inquiry.shape[1], 3 * inquiry.shape[1]):
                for self.before, past in (("encrypted", c), ("plain", p)):
                    if self._fits(p[:12], past[:12], c[:12]) and self._begins(p[:12], c[:12]):
                        self._read(p, past, c)
                        self.says = f"{self.way}, from the {self.before} byte {self.lag} before"
                        return
        raise Unfit("no byte before decides")

    def _pairs(self, p, past, c):
        lag = self.lag
        return (past[:, :-lag] * 256 + p[:, lag:]).ravel(), c[:, lag:].ravel()

    def _fits(self, p, past, c):
        where, value = self._pairs(p, past, c)
        table = np.full(1 << 16, -1)
        table[where] = value
        return bool((table[where] == value).mean() > 0.999)

    def _begins(self, p, c):
        """Whether what has no byte before it is a substitution by position, which is read."""
        plain, ciphers = (each[:, self.order[: self.lag]] for each in self.constant)
        self.first = np.full((self.lag, 256), GREY, np.uint8)
        self.first[np.arange(self.lag), ciphers] = plain
        return bool((self.first[np.arange(self.lag), c[:, : self.lag]] == p[:, : self.lag]).all())

    def _read(self, p, past, c):
        where, value = self._pairs(p, past, c)
        self.table = np.full((256, 256), GREY, np.uint8)  # by the byte before and this ciphertext byte
        self.table[where >> 8, value] = where & 255

    def decrypt(self, ciphers: Array) -> Array:
        """Byte after byte, in the order of the cipher."""
        c = ciphers[:, self.order]
        p = np.empty_like(c)
        for i in range(c.shape[1]):
            if i < self.lag:
                p[:, i] = self.first[i, c[:, i]]
            else:
                p[:, i] = self.table[(c if self.before == "encrypted" else p)[:, i - self.lag], c[:, i]]
        plain = np.empty_like(p)
        plain[:, self.order] = p
        return plain


class Codebook(Reading):
    """Pixels by themselves, alike everywhere and not moved: all colours are asked for."""

    name = "pixels by themselves"

    def __init__(self, inquiry: Inquiry):
        _bytes(inquiry, inquiry.bytes)
        plain, ciphers = (each.reshape(-1, 3) for each in inquiry.random())
        values, first, which = np.unique(_number(plain[:]), return_index=True, return_inverse=True)
        if (ciphers[first][which] != ciphers).any() or len(values) == len(plain):
            raise Unfit("equal pixels differ in their ciphertexts")
        pixels = inquiry.shape[0] * inquiry.shape[1]
        if (1 << 24) / pixels > inquiry.most:
            raise Unfit(f"{(1 << 24) // pixels} images would be needed to ask for all colours")
        number = np.resize(np.arange(1 << 24, dtype=np.uint32), -(-(1 << 24) // pixels) * pixels)
        asked = np.stack([number >> shift & 255 for shift in (16, 8, 0)], 1).astype(np.uint8)
        answers = _number(inquiry(asked.reshape(-1, inquiry.bytes)).reshape(-1, 3))
        self.back = np.zeros(1 << 24, np.uint32)
        self.back[answers] = number
        self.says = "all pixels alike"

    def decrypt(self, ciphers: Array) -> Array:
        """Pixel by pixel, from the table of all colours."""
        plain = self.back[_number(ciphers.reshape(-1, 3))]
        pixels = np.stack([plain >> shift & 255 for shift in (16, 8, 0)], 1).astype(np.uint8)
        return pixels.reshape(len(ciphers), -1)


def _number(pixels):
    return pixels.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
