"""The inner loops, compiled by Numba: a gather and an XOR over images as rows of bytes.

Each is held against a slow specification in `tests/test_table.py`. NumPy's `take` and XOR are 11 to 13 times
as slow as `np.copyto` for 10,000 images of 32x32x3; `make bench` measures these loops.

`x` and `out` are `(n, m)` uint8 with contiguous rows. Atom `a` is part `a % parts` of byte `a // parts`, the
highest bits first.
"""

import numba
import numpy as np

Array = np.ndarray


@numba.njit(cache=True, nogil=True)
def gather_bytes(x: Array, index: Array, mask: Array, out: Array) -> None:
    """out[i, j] = x[i, index[j]] ^ mask[j], with index and mask of length m. index is uint32: for a signed
    one Numba would test at every step whether it counts from the end."""
    for i in range(x.shape[0]):
        row, to = x[i], out[i]
        for j in range(mask.shape[0]):
            to[j] = row[index[j]] ^ mask[j]


@numba.njit(cache=True, nogil=True)
def gather_nibbles(x: Array, index: Array, mask: Array, scratch: Array, out: Array) -> None:
    """The same for atoms of 4 bits: index has length 2 m, mask m; `scratch` (2 m,) holds a row's atoms."""
    for i in range(x.shape[0]):
        row, to = x[i], out[i]
        for j in range(row.shape[0]):
            scratch[2 * j] = row[j] >> 4
            scratch[2 * j + 1] = row[j] & 15
        for j in range(mask.shape[0]):
            to[j] = (scratch[index[2 * j]] << 4 | scratch[index[2 * j + 1]]) ^ mask[j]


@numba.njit(cache=True, nogil=True)
def gather_blocks(
    x: Array, grid: tuple[int, int], stride: int, block_height: int, block_width: int, source: Array,
    orders: Array, order_of: Array, masks: Array, mask_of: Array, log_parts: int, out: Array,
) -> None:  # fmt: skip
    """Block `b` of `out` is block `source[b]` of `x`, its atoms in order `orders[order_of[b]]`, then masked.

    `grid` is (rows, columns) of blocks, of `block_height` lines and `block_width` bytes each, in an image of
    `stride` bytes a line; an empty `source` moves nothing; an atom is 1 / 2 ** log_parts of a byte. No index
    of the whole image is built, for large images and for images that each have a key of their own.
    """
    bits = 8 >> log_parts
    low = (1 << bits) - 1
    last = (1 << log_parts) - 1
    step = block_height * stride
    size = block_height * block_width
    offset = np.empty(size, np.uint32)
    for k in range(size):
        offset[k] = k // block_width * stride + k % block_width
    for i in range(x.shape[0]):
        row, to = x[i], out[i]
        b = 0
        for block_row in range(grid[0]):
            for column in range(grid[1]):  # two loops, not one with a division for every pixel
                stop = np.uint64(block_row * step + column * block_width)
                start = stop
                if source.shape[0]:
                    s = source[b]
                    start = np.uint64(s // grid[1] * step + s % grid[1] * block_width)
                o, m = order_of[b], mask_of[b]
                b += 1
                if log_parts == 0:
                    for k in range(size):
                        to[stop + offset[k]] = row[start + offset[orders[o, k]]] ^ masks[m, k]
                else:
                    for k in range(size):
                        value = 0
                        for p in range(k << log_parts, (k + 1) << log_parts):
                            atom = orders[o, p]
                            byte = row[start + offset[atom >> log_parts]]
                            value = value << bits | (byte >> ((last - (atom & last)) * bits) & low)
                        to[stop + offset[k]] = value ^ masks[m, k]


@numba.njit(cache=True, nogil=True)
def convert_colours(x: Array, matrix: Array, before: Array, after: Array, out: Array) -> None:
    """out[i, j] = matrix @ (x[i, j] - before) + after, to the nearest whole number (ties to even), in 0..255.
    x and out are `(lines, w, 3)` uint8 of any strides, before and after (3,) int64, matrix (3, 3) int64 in
    units of 2**-40: whole numbers, so that no machine and no order of adding changes a pixel."""
    half = np.int64(1) << 39
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            a, b, c = x[i, j, 0] - before[0], x[i, j, 1] - before[1], x[i, j, 2] - before[2]
            for k in range(3):
                total = matrix[k, 0] * a + matrix[k, 1] * b + matrix[k, 2] * c + half
                value = total >> 40
                if total == value << 40 and value & 1:
                    value -= 1
                out[i, j, k] = min(max(value + after[k], 0), 255)
