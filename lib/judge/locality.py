"""Which part of an image each byte of a ciphertext depends on, read off few queries.

Take a division of the image into units (bytes, pixels, blocks, pieces of rows). Two images of noise, A and B;
an image that takes each unit from A or from B, by one bit of the unit's number; and so for every bit. A
ciphertext byte that depends on one unit alone has A's value or B's in all of these, and so spells the unit's
number. A byte that depends on several has, sooner or later, a third value. Ten queries for a thousand pixels,
a few times over for bytes that are equal by chance.
"""

from dataclasses import dataclass

import numpy as np

from lib.judge import pictures
from lib.judge.readings import Inquiry

ROUNDS = 4  # pairs of A and B
BLOCKS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 24, 28, 32, 48, 64)
PIECES = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64)
Array = np.ndarray


@dataclass
class Units:
    """A division of the image, and where each unit went.

    name     as a reader is told
    of       (bytes of an image,) int: the unit of each plain byte
    seen     (bytes of a ciphertext,) int: the unit that each ciphertext byte depends on
    moved    whether units stand elsewhere in the ciphertext, as far as its bytes can be compared
    alike    whether all units are encrypted alike
    """

    name: str
    of: Array
    seen: Array
    moved: bool
    alike: bool
    side: tuple[int, int] = (0, 0)

    def parts(self) -> list[tuple[Array, Array]]:
        """For each unit, its plain bytes and its ciphertext bytes."""
        return [
            (np.flatnonzero(self.of == u), np.flatnonzero(self.seen == u)) for u in range(self.of.max() + 1)
        ]


def divisions(shape: tuple[int, int, int]):
    """(name, labels (bytes,), sides) of the divisions that are tried, smaller units first."""
    h, w, c = shape
    y, x, k = np.indices(shape).reshape(3, -1)
    number = np.arange(h * w * c)
    yield "byte", number, (1, 1)
    yield "pixel", y * w + x, (1, 1)
    found = [(size, f"piece of {size} bytes", number // size, (0, size)) for size in PIECES]
    for side in BLOCKS:
        if side < max(h, w):
            across = -(-w // side)
            found.append(
                (3 * side**2, f"block of {side}x{side}", y // side * across + x // side, (side, side))
            )
    found += [(3 * w, "row", y, (1, w)), (3 * h, "column", x, (h, 1)), (h * w, "colour plane", k, (h, w))]
    yield from (each[1:] for each in sorted(found, key=lambda each: each[0]))


def units(inquiry: Inquiry) -> Units | None:
    """The smallest units that explain the ciphertext, or None where each byte depends on more."""
    for name, of, side in divisions(inquiry.shape):
        seen = dependence(inquiry, of)
        if seen is not None:
            same = seen.shape == of.shape and bool((seen == of).all())
            return Units(name, of, seen, not same, _alike(inquiry, of, seen), side)
    return None


def dependence(inquiry: Inquiry, of: Array) -> Array | None:
    """(bytes of a ciphertext,) int64: the one unit each byte depends on; None if a byte depends on several.
    `of` (bytes of an image,) numbers the units."""
    count = int(of.max()) + 1
    digits = max(1, (count - 1).bit_length())
    read, known = None, None
    for number in range(ROUNDS):
        a, b = pictures.noise((inquiry.bytes,), 2, f"locality {number}")
        chosen = [a, b, *(np.where(of >> k & 1, b, a) for k in range(digits))]
        answers = inquiry(np.stack(chosen))
        if read is None:
            read, known = np.zeros(answers.shape[1], np.int64), np.zeros(answers.shape[1], bool)
        one, other, mixed = answers[0], answers[1], answers[2:]
        of_a, of_b = mixed == one, mixed == other
        if not (of_a | of_b).all():
            return None
        tells = one != other
        spelt = (of_b.astype(np.int64) << np.arange(digits)[:, None]).sum(0)
        if (known & tells & (spelt != read)).any():
            return None
        read[tells], known = spelt[tells], known | tells
    constant = ~known  # bytes that never change depend on nothing
    if constant.all() or (read[known] >= count).any():
        return None
    read[constant] = -1
    return read


def _alike(inquiry, of, seen):
    """Whether all units of full size are encrypted by one map, each into ciphertext bytes of its own."""
    order = np.argsort(of, kind="stable")
    sizes = np.bincount(of)
    full = np.flatnonzero(sizes == sizes.max())
    there = np.bincount(seen[seen >= 0], minlength=len(sizes))
    if len(full) < 2 or len(set(there[full].tolist())) > 1 or not there[full[0]]:
        return False
    image = pictures.noise((inquiry.bytes,), 1, "alike")[0]
    content, starts = pictures.noise((int(sizes.max()),), 1, "content")[0], np.cumsum(sizes) - sizes
    for u in full:
        image[order[starts[u] : starts[u] + sizes[u]]] = content
    answer = inquiry(image[None])[0]
    out = [answer[seen == u] for u in full]
    return bool((np.stack(out) == out[0]).all())
