"""The inner loops, compiled by Numba: a gather and an XOR over images as rows of bytes.

Each is held against a slow specification in `tests/test_table.py`. Why compiled: NumPy's `take` and XOR are 11 to 13
times as slow as `np.copyto` for 10,000 images of 32x32x3 (`make bench` measures these loops). Compiled code is kept
beside this file, so that only the first call on a machine waits for the compiler.

`x` and `out` are `(n, m)` uint8 with contiguous rows. Atom `a` is part `a % parts` of byte `a // parts`, the highest bits
first.
"""

import numba


@numba.njit(cache=True, nogil=True)
def gather_bytes(x, index, mask, out):
    """out[i, j] = x[i, index[j]] ^ mask[j], with index and mask of length m."""
    for i in range(x.shape[0]):
        row, to = x[i], out[i]
        for j in range(mask.shape[0]):
            to[j] = row[index[j]] ^ mask[j]


@numba.njit(cache=True, nogil=True)
def gather_nibbles(x, index, mask, scratch, out):
    """The same for atoms of 4 bits: index has length 2 m, mask m. Splitting into `scratch` (2 m,) makes gathers plain."""
    for i in range(x.shape[0]):
        row, to = x[i], out[i]
        for j in range(row.shape[0]):
            scratch[2 * j] = row[j] >> 4
            scratch[2 * j + 1] = row[j] & 15
        for j in range(mask.shape[0]):
            to[j] = (scratch[index[2 * j]] << 4 | scratch[index[2 * j + 1]]) ^ mask[j]


@numba.njit(cache=True, nogil=True)
def gather_blocks(x, base, offset, source, orders, order_of, masks, mask_of, bits, out):
    """Block `b` of `out` is block `source[b]` of `x`, its atoms in the order `orders[order_of[b]]`, then masked.

    Byte `k` of block `b` is byte `base[b] + offset[k]` of the image. No index of the whole image is built: this is
    the loop for a large image, and for images that each have a key of their own.
    """
    parts = 8 // bits
    low = (1 << bits) - 1
    for i in range(x.shape[0]):
        row, to = x[i], out[i]
        for b in range(source.shape[0]):
            start, stop, order, mask = base[source[b]], base[b], orders[order_of[b]], masks[mask_of[b]]
            for k in range(offset.shape[0]):
                value = 0
                for p in range(k * parts, (k + 1) * parts):
                    byte = row[start + offset[order[p] // parts]]
                    value = value << bits | ((byte >> ((parts - 1 - order[p] % parts) * bits)) & low)
                to[stop + offset[k]] = value ^ mask[k]
