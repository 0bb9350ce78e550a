"""A table: a permutation of an image's atoms and a complement, `cipher[i] = plain[index[i]] ^ mask[i]`.

Almost every learnable encryption is one, and so is each of its steps: steps compose, each can be drawn, and
decryption is the inverse table. An *atom* is a byte, or 4, 2 or 1 bits of it.

All published schemes work in blocks, and a table is stored so: block `b` of the output is block `source[b]`
of the input, its atoms taken in one of a few `orders`, its bytes XORed with one of a few `masks`. SKK (blocks
of one pixel, 6 orders, 8 masks) then needs two bytes a pixel, not the fifteen of `index` and `mask` in full.
Atoms run along row, column, channel and part, the highest bits first.
"""

import math
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from lib import images as door
from lib.tiling import places

CHUNK = 1 << 13  # rows worked on at a time, so that a large image needs no large temporaries
FEW_IMAGES, SMALL_IMAGE = 4, 1 << 20
Shape = tuple[int, int, int]
"""(h, w, c) of images."""
Rows = np.ndarray | tuple | list | None


class NotInvertibleError(ValueError):
    """The cipher loses something, so that nothing decrypts it."""


class Structure(Enum):
    """What a scheme's key does to an image, as classes of schemes say it and attacks ask it."""

    SAME_BLOCKS = "the atoms of a block are moved and complemented, alike in every block"
    OWN_BLOCKS = "each block has a table of its own, and the blocks are moved"
    PIXELS = "each pixel is transformed by itself, and none is moved"
    PIECES = "blocks are moved, turned, mirrored, complemented and recoloured as a whole"
    VALUES = "values are replaced at some places of a block, alike in every block"
    PERMUTED = "pixels or bytes are moved over the whole image, and may be complemented"
    OTHER = "anything else"


class Choice(NamedTuple):
    """A row for every block: block `b` uses `rows[of[b]]`."""

    rows: np.ndarray
    of: np.ndarray


class Table:
    """A table for images of one shape.

    shape    (h, w, c) of the images, h and w multiples of `block`
    block    side of a block in pixels
    bits     bits of an atom: 8, 4, 2 or 1
    source   (blocks,) int32: which input block each output block is
    orders   Choice of rows (atoms of a block,): which of the block's atoms each atom is
    masks    Choice of rows (bytes of a block,) uint8

    `source`, `orders` and `masks` are None where nothing changes. As arguments, orders and masks are pairs of
    arrays (rows, of), or a single row for all blocks.

    >>> swap = Table((1, 2, 1), block=1, source=[1, 0], masks=([[0], [255]], [0, 1]))
    >>> swap.apply_bytes(np.array([[7, 9]], np.uint8))
    array([[  9, 248]], dtype=uint8)
    >>> swap.then(swap.inverse()).index
    array([0, 1], dtype=int32)
    """

    def __init__(self, shape: Shape, block: int, bits: int = 8, source: Rows = None, orders: Rows = None,
                 masks: Rows = None):  # fmt: skip
        h, w, c = shape
        if bits not in (8, 4, 2, 1):
            raise ValueError(f"atoms have 8, 4, 2 or 1 bits, got {bits}")
        if min(h, w, c) < 1:
            raise ValueError(f"expected the shape (h, w, c) of an image with pixels, got {tuple(shape)}")
        if block < 1 or h % block or w % block:
            raise ValueError(f"{h}x{w} is not a multiple of block {block}")
        self.shape, self.block, self.bits = (h, w, c), block, bits
        self.blocks = (h // block) * (w // block)
        self.block_bytes = block * block * c
        self.atoms = self.block_bytes * 8 // bits
        if source is not None:
            source = _below(self.blocks, "source", source).astype(np.int32, copy=False)
            if source.shape != (self.blocks,):
                raise ValueError(f"source {source.shape} does not fit {self.blocks} blocks")
        self.source = source
        self.orders = self._choice("orders", orders, self.atoms, self.atoms)
        self.masks = self._choice("masks", masks, self.block_bytes, 256)

    def _choice(self, name, given, width, top):
        if given is None:
            return None
        rows, of = given if isinstance(given, tuple) else (given, np.zeros(self.blocks, np.uint8))
        if not isinstance(given, Choice):  # a Choice comes from a table, which has checked it
            rows = np.atleast_2d(_below(top, name, rows))
            of = _below(len(rows), f"rows of {name}", of)
        if rows.shape[1] != width or of.shape != (self.blocks,):
            given = f"rows {rows.shape} and of {of.shape}"
            raise ValueError(f"{name}: {given} do not fit {self.blocks} blocks of {width}")
        rows = np.ascontiguousarray(rows, np.min_scalar_type(top - 1))
        return Choice(rows, of.astype(np.min_scalar_type(len(rows) - 1), copy=False))

    def __repr__(self) -> str:
        parts = [name for name in ("source", "orders", "masks") if getattr(self, name) is not None]
        return f"Table({self.shape}, block={self.block}, bits={self.bits}, {' + '.join(parts) or 'identity'})"

    @cached_property
    def index(self) -> np.ndarray:
        """(h * w * c * 8 / bits,) int32 (int64 beyond 2**31): which plain atom each cipher atom is."""
        parts = 8 // self.bits
        atoms = places(self.shape, self.block)[:, :, None] * parts + np.arange(parts)
        atoms = atoms.reshape(self.blocks, self.atoms)
        origin = atoms if self.source is None else atoms[self.source]
        if self.orders is not None:
            origin = np.take_along_axis(origin, self.orders.rows[self.orders.of].astype(np.int64), axis=1)
        out = np.empty(atoms.size, np.int32 if atoms.size < 2**31 else np.int64)
        out[atoms] = origin
        return _frozen(out)

    @cached_property
    def byte_mask(self) -> np.ndarray:
        """(h * w * c,) uint8: what each cipher byte is XORed with."""
        out = np.zeros(math.prod(self.shape), np.uint8)
        if self.masks is not None:
            out[places(self.shape, self.block)] = self.masks.rows[self.masks.of]
        return _frozen(out)

    @cached_property
    def mask(self) -> np.ndarray:
        """(h * w * c * 8 / bits,) uint8 below 2 ** bits: what each cipher atom is XORed with."""
        return _frozen(split(self.byte_mask, self.bits))

    def apply(self, images: Any):
        """This table's cipher of `images` (see `lib.images`) of shape `self.shape`; same kind and dtype."""
        batch, leave = door.enter(images, self.block, channels=self.shape[2])
        if tuple(batch.shape[1:]) != self.shape:
            raise ValueError(f"this table is for images of shape {self.shape}, got {tuple(batch.shape[1:])}")
        return leave(self.apply_batch(batch))

    def apply_batch(self, batch: Any):
        """Checked images, `(n, h, w, c)` uint8, NumPy or torch; a new array of the same kind."""
        if isinstance(batch, np.ndarray):
            return self.apply_bytes(batch.reshape(len(batch), -1)).reshape(batch.shape)
        import torch

        kept = self.__dict__.setdefault("_on_device", {})  # where compiled kernels do not reach
        if batch.device not in kept:
            tables = self.index, self.byte_mask
            kept[batch.device] = [torch.tensor(each, device=batch.device) for each in tables]
        (index, mask), x, bits = kept[batch.device], batch.reshape(len(batch), -1), self.bits
        if bits == 8:
            return (x.index_select(1, index) ^ mask).reshape(batch.shape)
        shifts = torch.arange(8 - bits, -1, -bits, dtype=torch.uint8, device=batch.device)
        atoms = (x[:, :, None] >> shifts & 2**bits - 1).reshape(len(x), -1).index_select(1, index)
        out = (atoms.reshape(len(x), -1, 8 // bits) << shifts).sum(2, dtype=torch.uint8)
        return (out ^ mask).reshape(batch.shape)

    def apply_bytes(self, x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Images as rows of bytes, `(n, h * w * c)` uint8; into `out`, or a new array of that shape.
        ValueError for another shape or dtype: compiled loops would read, or write, beyond the end."""
        from lib import kernels  # compiled code is not needed to make or to draw a table

        x, size = np.ascontiguousarray(x), self.blocks * self.block_bytes
        if x.dtype != np.uint8 or x.ndim != 2 or x.shape[1] != size:
            raise ValueError(f"expected rows of {size} bytes, (n, {size}) uint8, got {x.dtype} {x.shape}")
        out = np.empty_like(x) if out is None else out
        if out.dtype != np.uint8 or out.shape != x.shape:
            raise ValueError(f"expected out of shape {x.shape}, uint8, got {out.dtype} {out.shape}")
        if self.bits >= 4 and len(x) >= FEW_IMAGES and x.shape[1] <= SMALL_IMAGE:
            index = self.index.view(np.uint32)
            if self.bits == 8:
                kernels.gather_bytes(x, index, self.byte_mask, out)
            else:
                kernels.gather_nibbles(x, index, self.byte_mask, np.empty(2 * x.shape[1], np.uint8), out)
        else:
            h, w, c = self.shape
            none = np.zeros(self.blocks, np.uint8)
            source = np.empty(0, np.int32) if self.source is None else self.source
            plain = np.arange(self.atoms, dtype=np.min_scalar_type(self.atoms - 1))[None]
            orders = self.orders or Choice(plain, none)
            masks = self.masks or Choice(np.zeros((1, self.block_bytes), np.uint8), none)
            grid, log_parts = (h // self.block, w // self.block), (8 // self.bits).bit_length() - 1
            sides = w * c, self.block, self.block * c
            kernels.gather_blocks(x, grid, *sides, source, *orders, *masks, log_parts, out)
        return out

    def then(self, other: "Table") -> "Table":
        """The table that applies this one first and `other` second, of the same shape, block and bits."""
        if (self.shape, self.block, self.bits) != (other.shape, other.block, other.bits):
            raise ValueError(f"{self} and {other} do not compose: shape, block and bits must agree")
        source, orders, masks = self.source, self.orders, self.masks
        if other.source is not None:
            source = other.source if source is None else source[other.source]
            orders = orders and Choice(orders.rows, orders.of[other.source])
            masks = masks and Choice(masks.rows, masks.of[other.source])
        if masks and other.orders:  # the other's order moves this one's complements along
            masks = _combine(masks, other.orders, lambda m, o: join(_pick(split(m, self.bits), o), self.bits))
        if orders and other.orders:
            orders = _combine(orders, other.orders, _pick)
        if masks and other.masks:
            masks = _combine(masks, other.masks, np.bitwise_xor)
        return Table(self.shape, self.block, self.bits, source, orders or other.orders, masks or other.masks)

    def inverse(self) -> "Table":
        """The table that undoes this one. NotInvertibleError where it copies atoms over others."""
        lost = "this table copies some {} over others; what they held is lost"
        alike = {"shape": self.shape, "block": self.block, "bits": self.bits}
        out = Table(**alike, masks=self.masks)
        if self.orders:
            rows = np.empty_like(self.orders.rows)
            for part in chunks(len(rows)):
                rows[part] = np.argsort(self.orders.rows[part], axis=1)
                if (_pick(self.orders.rows[part], rows[part]) != np.arange(self.atoms)).any():
                    raise NotInvertibleError(lost.format("atoms"))
            out = out.then(Table(**alike, orders=Choice(rows, self.orders.of)))
        if self.source is not None:
            source = np.full_like(self.source, -1)
            source[self.source] = np.arange(self.blocks, dtype=np.int32)
            if (source < 0).any():
                raise NotInvertibleError(lost.format("blocks"))
            out = out.then(Table(**alike, source=source))
        return out

    kept_inverse = cached_property(inverse)

    @classmethod
    def stack(cls, tables: list["Table"]) -> "Table":
        """One table for images of one shape below each other, each encrypted with its own table."""
        first = tables[0]
        if len(tables) == 1:
            return first

        def stacked(name):
            choices = [getattr(table, name) for table in tables]
            if choices[0] is None:
                return None
            starts = np.cumsum([0] + [len(choice.rows) for choice in choices[:-1]])
            of = [choice.of.astype(np.int64) + start for choice, start in zip(choices, starts)]
            return np.concatenate([choice.rows for choice in choices]), np.concatenate(of)

        source = None
        if first.source is not None:
            source = np.concatenate([table.source + i * first.blocks for i, table in enumerate(tables)])
        shape = (first.shape[0] * len(tables), *first.shape[1:])
        return cls(shape, first.block, first.bits, source, stacked("orders"), stacked("masks"))


def split(rows: np.ndarray, bits: int) -> np.ndarray:
    """(..., m) bytes into (..., m * 8 / bits) atoms, the highest bits first."""
    if bits == 8:
        return rows
    out = np.empty((*rows.shape, 8 // bits), np.uint8)  # a twentieth of the time of one expression for all
    for part, shift in enumerate(range(8 - bits, -1, -bits)):
        out[..., part] = rows >> np.uint8(shift) & np.uint8(2**bits - 1)
    return out.reshape(*rows.shape[:-1], -1)


def join(atoms: np.ndarray, bits: int) -> np.ndarray:
    """Undo `split`."""
    if bits == 8:
        return atoms
    parts = atoms.reshape(*atoms.shape[:-1], -1, 8 // bits)
    out = parts[..., 0] << np.uint8(8 - bits)
    for part, shift in enumerate(range(8 - 2 * bits, -1, -bits), start=1):
        out |= parts[..., part] << np.uint8(shift)
    return out


def _below(top: int, name: str, values) -> np.ndarray:
    """`values` as an array of whole numbers in [0, top), which compiled loops do not check."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected whole numbers, got {array.dtype}")
    if array.size and (array.max() >= top or (array.dtype.kind == "i" and array.min() < 0)):
        raise ValueError(f"{name}: expected values from 0 to {top - 1}, got {array.min()} to {array.max()}")
    return array


def _pick(rows, orders):
    return np.take_along_axis(rows, orders.astype(np.int64), axis=1)


def chunks(count: int):
    """Slices that cover range(count), a moderate number of rows each."""
    return (slice(start, start + CHUNK) for start in range(0, count, CHUNK))


def _combine(first: Choice, second: Choice, rule) -> Choice:
    """The rows `rule(a, b)` for blocks whose rows are `a` of the first choice and `b` of the second."""
    p, q = len(first.rows), len(second.rows)
    if p * q <= len(first.of):  # fewer pairs than blocks: all of them
        a, b = np.divmod(np.arange(p * q), q)
        of = first.of.astype(np.min_scalar_type(p * q)) * q + second.of
    else:
        a, b, of = first.of, second.of, np.arange(len(first.of))
    rows = np.empty((len(a), first.rows.shape[1]), first.rows.dtype)
    for part in chunks(len(a)):
        rows[part] = rule(first.rows[a[part]], second.rows[b[part]])
    return Choice(rows, of)


def _frozen(array):
    array.setflags(write=False)
    return array
