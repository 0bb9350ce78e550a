"""What a cipher is, in plain words: the most special reading that holds, and what the catalogue calls it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from lib.judge.affine import AffineBits, AffineBytes, AffineReals
from lib.judge.locality import Units, units
from lib.judge.online import Online
from lib.judge.readings import (
    BitTable,
    Codebook,
    Feedback,
    Inquiry,
    NibbleSubstitution,
    PairSubstitution,
    Reading,
    Substitution,
    Unfit,
    Unread,
    learned,
)
from lib.symmetries import block_orders, orientation_orders
from lib.table import Structure
from lib.tiling import places

Array = np.ndarray
CLOSE_ENOUGH = 0.9  # of bytes, where a cipher rounds or loses something


@dataclass
class Found:
    """What asking found.

    names      plain words, the most special first
    says       sentences, each proved on fresh images
    reading    how ciphertexts are read, or None
    units      the parts of the image that are encrypted by themselves, or None
    structure, block, bits   as the catalogue of attacks knows it
    refused    what was tried in vain, and why
    """

    names: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)
    reading: Reading | None = None
    units: Units | None = None
    structure: Structure = Structure.OTHER
    block: int = 1
    bits: int = 8
    refused: dict[str, str] = field(default_factory=dict)


def found(inquiry: Inquiry, answer_shape: tuple[int, ...]) -> Found:
    """Ask, from the most special structure to the least, until a reading decrypts fresh pictures."""
    out = Found()
    out.units = units(inquiry)
    if out.units is not None:
        out.says.append(_of_units(out.units))
    for kind, name in _kinds(out.units):
        try:
            reading = learned(kind, inquiry, CLOSE_ENOUGH if name == AffineReals.name else 0.999)
        except Unfit as error:
            out.refused[name] = str(error)
            if isinstance(error, Unread):
                out.names.append(name)
                out.says.append(f"Of {name} {error}.")
            continue
        except np.linalg.LinAlgError:
            out.refused[name] = "the equations have no solution"
            continue
        out.reading = reading
        out.names.insert(0, reading.name)
        more = f" ({reading.says})" if reading.says else ""
        out.says.append(f"It is read as {reading.name}{more} with {reading.queries} chosen images, and "
                        f"{reading.proved:.1%} of the bytes of fresh images come out.")  # fmt: skip
        break
    if out.units is not None and out.units.name != "byte":
        name = "pixels by themselves" if out.units.name == "pixel" else "blocks by themselves"
        out.names += [name] * (name not in out.names)
    out.structure, out.block, out.bits = classified(out.reading, out.units, inquiry.shape, answer_shape)
    return out


def _kinds(found_units) -> Iterator[tuple]:
    yield BitTable, "table of bits"
    yield Substitution, Substitution.name
    yield NibbleSubstitution, "substitution of nibbles by position"
    yield PairSubstitution, "substitution of bit pairs by position"
    yield (lambda inquiry: AffineBits(inquiry, found_units)), AffineBits.name
    yield (lambda inquiry: AffineBytes(inquiry, found_units)), AffineBytes.name
    yield Feedback, Feedback.name
    yield Codebook, Codebook.name
    yield (lambda inquiry: AffineReals(inquiry, found_units)), AffineReals.name
    yield Online, Online.name


def _of_units(found_units):
    moved = "moved elsewhere" if found_units.moved else "left in its place"
    alike = "all alike" if found_units.alike else "not all alike"
    return f"Each {found_units.name} is encrypted by itself, {moved}, {alike}."


# -- what the catalogue of attacks calls it ------------------------------------------------------------------


def classified(
    reading: Reading | None, found_units: Units | None, shape: tuple[int, int, int], answer: tuple[int, ...]
) -> tuple[Structure, int, int]:
    """The structure of `lib.table` that a reading is an instance of, with its block and bits of an atom."""
    if answer == (shape[0], 3 * shape[1]) and found_units is not None and found_units.name == "pixel":
        block = _grey_pieces(found_units.seen.reshape(answer), shape)
        return (Structure.PIECES, block, 8) if block else (Structure.OTHER, 1, 8)
    if answer != shape:
        return Structure.OTHER, 1, 8
    if isinstance(reading, Substitution) and reading.bits == 8 and (reading.source >= 0).all():
        if reading.name == "table of bytes":
            return _of_table(reading.source, reading.boxes[0], shape, 8)
        if (reading.source == np.arange(len(reading.source))).all():
            return _of_values(reading, shape)
    if isinstance(reading, BitTable) and reading.bits > 1:
        return _of_table(*reading.atoms(reading.bits), shape, reading.bits)
    return Structure.OTHER, 1, 8


def _sides(shape):
    h, w, _ = shape
    both = math.gcd(h, w)
    return [side for side in range(1, both + 1) if both % side == 0]


def _of_table(index, mask, shape, bits):
    """The largest blocks that are moved as a whole; else the smallest whose atoms stay together."""
    if not np.isin(mask, (0, 2**bits - 1)).all():
        return Structure.OTHER, 1, bits
    sides, flipped = _sides(shape), mask > 0
    if bits == 8 and (index // 3 != np.arange(index.size) // 3).any():
        for block in [side for side in sides[:0:-1] if (shape[0] // side) * (shape[1] // side) >= 4]:
            home, order, masks = by_block(index, flipped, shape, block, 8)
            if home is not None and _are_pieces(order, masks, block):
                return Structure.PIECES, block, 8
    for block in sides:
        home, order, masks = by_block(index, flipped, shape, block, bits)
        if home is None:
            continue
        moved = (home != np.arange(len(home))).any()
        alike = (order == order[0]).all() and (masks == masks[0]).all()
        if not moved and alike and block > 1 and len(home) >= 4:
            return Structure.SAME_BLOCKS, block, bits
        if not moved and block == 1 and bits == 8:
            again = _period(order, masks, shape)
            return (Structure.SAME_BLOCKS, again, bits) if again else (Structure.PIXELS, 1, 8)
        if 1 < block < min(shape[:2]):
            return Structure.OWN_BLOCKS, block, bits
    moved = bits == 8 and (index != np.arange(index.size)).any()
    return Structure.PERMUTED if moved else Structure.OTHER, 1, bits


def by_block(
    index: Array, flipped: Array, shape: tuple[int, int, int], block: int, bits: int
) -> tuple[Array | None, Array, Array]:
    """(blocks,) the block that each one was, and what became of its atoms, (blocks, atoms) order and flips;
    None where blocks do not stay together."""
    parts = 8 // bits
    atoms = places(shape, block)[:, :, None] * parts + np.arange(parts)
    atoms = atoms.reshape(len(atoms), -1)
    home, within = np.empty(index.size, np.int64), np.empty(index.size, np.int64)
    home[atoms], within[atoms] = np.arange(len(atoms))[:, None], np.arange(atoms.shape[1])
    source = home[index[atoms]]
    together = (source == source[:, :1]).all()
    return source[:, 0] if together else None, within[index[atoms]], flipped[atoms]


def _period(order, masks, shape):
    """The side of the smallest blocks after which pixels are treated alike again, or 0."""
    h, w, _ = shape
    each = np.concatenate([order, masks], axis=1).reshape(h, w, -1)
    for side in _sides(shape)[1:-1]:
        if (each == np.tile(each[:side, :side], (h // side, w // side, 1))).all():
            return side
    return 0


def _are_pieces(order, masks, block):
    """Whether blocks are turned, mirrored, complemented and recoloured as a whole."""
    known = {row.tobytes() for row in np.asarray(block_orders(block), np.int64)}
    return (masks == masks[:, :1]).all() and all(row.tobytes() in known for row in order.astype(np.int64))


def _grey_pieces(seen, shape):
    """The side of the largest blocks of a grey ciphertext, three planes side by side, that are whole turned
    or mirrored blocks of the picture; 0 if there are none."""
    h, w, _ = shape
    row, column = np.divmod(seen, w)
    for block in _sides(shape)[:0:-1]:
        y, x = (each.reshape(h // block, block, -1, block).swapaxes(1, 2) for each in (row, column))
        inside = (y // block == y[..., :1, :1] // block) & (x // block == x[..., :1, :1] // block)
        if not inside.all():
            continue
        order = (y % block * block + x % block).reshape(-1, block**2)
        known = {np.asarray(each, np.int64).tobytes() for each in orientation_orders(block, 1)}
        if all(each.astype(np.int64).tobytes() in known for each in order):
            return block
    return 0


def _of_values(reading, shape):
    """One substitution at the same places of every block, the others untouched."""
    boxes, identity = reading.boxes, np.arange(256, dtype=np.uint8)[:, None]
    replaced = (boxes != identity).any(0)
    if not replaced.any() or (boxes[:, replaced] != boxes[:, replaced][:, :1]).any() or replaced.all():
        return Structure.OTHER, 1, 8
    grid = replaced.reshape(shape)
    for side in _sides(shape)[1:-1]:
        if (grid == np.tile(grid[:side, :side], (shape[0] // side, shape[1] // side, 1))).all():
            return Structure.VALUES, side, 8
    return Structure.OTHER, 1, 8
