"""Ciphers that are affine: over bits, over bytes modulo 256, or over the reals but for rounding.

Then E(a) + E(b) - E(c) = E(a + b - c) in that arithmetic, and enough ciphertexts of noise give the way back
by elimination, unit by unit where `lib.judge.locality` found units, for the whole image else. Feedback is no
obstacle: c[i] = p[i] ^ c[i - 1] ^ k[i] is as affine as a permutation.
"""

import numba
import numpy as np

from lib.judge import pictures
from lib.judge.locality import Units
from lib.judge.readings import Inquiry, Reading, Unfit, Unread

TRIPLES, SPARE = 8, 40
DENSE = {"bits": 30_000, "bytes": 3_500}  # unknowns of one elimination at most: half a minute
Array = np.ndarray


class _Affine(Reading):
    """What the three share: units, the queries they need, a solution for each.

    Over bits and bytes sums are exact, so what passes `_test` is affine even if two pictures share a
    ciphertext."""

    def __init__(self, inquiry: Inquiry, units: Units | None):
        self.size = inquiry.bytes
        self._test(inquiry)
        whole = [(np.arange(self.size), None)]
        self.parts = whole if units is None else units.parts()
        self.says = "the whole image at once" if units is None else f"each {units.name} by itself"
        unknowns = max(len(plain) for plain, _ in self.parts) * self.per_byte + SPARE
        if unknowns > min(self.most, inquiry.most):
            raise Unread(f"it is, but {unknowns} queries would be needed to read it")
        plain, ciphers = self._asked(inquiry, unknowns)
        self.solved = []
        for inside, seen in self.parts:
            seen = np.arange(ciphers.shape[1]) if seen is None else seen
            if len(seen):
                self.solved.append((inside, seen, self._solve(ciphers[:, seen], plain[:, inside])))

    def _asked(self, inquiry, count):
        plain = pictures.noise((self.size,), count, f"affine {count}")
        return plain, inquiry(plain)

    def decrypt(self, ciphers: Array) -> Array:
        plain = np.full((len(ciphers), self.size), 128, np.uint8)
        for inside, seen, solution in self.solved:
            plain[:, inside] = self._apply(ciphers[:, seen], solution)
        return plain


def _triples(inquiry):
    if inquiry.random()[1].dtype != np.uint8:
        raise Unfit("ciphertexts are no bytes")
    plain, ciphers = inquiry.random()
    return [each[: 3 * TRIPLES].reshape(3, TRIPLES, -1) for each in (plain, ciphers)]


class AffineBits(_Affine):
    """Over GF(2): bits are added by XOR. Where bit k of all bytes depends on bits k alone, as it does where
    bytes are added to bytes, the eight planes are solved apart."""

    name, per_byte, most, certain = "affine over GF(2)", 8, DENSE["bits"], True

    def _test(self, inquiry):
        (a, b, c), (x, y, z) = _triples(inquiry)
        if (inquiry(a ^ b ^ c) != x ^ y ^ z).any():
            raise Unfit("E(a) ^ E(b) ^ E(c) is not E(a ^ b ^ c)")
        planes = np.uint8(1) << np.arange(8, dtype=np.uint8)[:, None]
        answers = inquiry(np.concatenate([np.zeros_like(a[:1]), a[:1] & planes]))
        apart = ((answers[1:] ^ answers[0]) & ~planes == 0).all()
        self.planes = [slice(k, None, 8) for k in range(8)] if apart else [slice(None)]
        self.per_byte = 8 // len(self.planes)

    def _solve(self, ciphers, plain):
        ciphers, plain = (np.unpackbits(each, axis=1) for each in (ciphers, plain))
        return [self._solved(ciphers[:, plane], plain[:, plane]) for plane in self.planes], plain.shape[1]

    def _solved(self, ciphers, plain):
        known = _padded(_with_one(ciphers))
        rows = np.concatenate([known, _padded(plain)], axis=1)
        packed = np.ascontiguousarray(np.packbits(rows, axis=1, bitorder="little")).view(np.uint64)
        place = eliminate_bits(packed, ciphers.shape[1] + 1)
        solution = np.zeros((len(place), packed.shape[1] - known.shape[1] // 64), np.uint64)
        solution[place >= 0] = packed[place[place >= 0], known.shape[1] // 64 :]
        return solution

    def _apply(self, ciphers, solution):
        solutions, size = solution
        bits, plain = np.unpackbits(ciphers, axis=1), np.empty((len(ciphers), size), np.uint8)
        for plane, rows in zip(self.planes, solutions):
            out = np.zeros((len(ciphers), rows.shape[1]), np.uint64)
            sum_rows(_with_one(bits[:, plane]), rows, out)
            count = plain[:, plane].shape[1]
            plain[:, plane] = np.unpackbits(out.view(np.uint8), axis=1, bitorder="little", count=count)
        return np.packbits(plain, axis=1)


class AffineBytes(_Affine):
    """Modulo 256: bytes are added with carries and without the last one."""

    name, per_byte, most, certain = "affine modulo 256", 1, DENSE["bytes"], True

    def _test(self, inquiry):
        (a, b, c), (x, y, z) = _triples(inquiry)
        if (inquiry(a + b - c) != x + y - z).any():
            raise Unfit("E(a) + E(b) - E(c) is not E(a + b - c) modulo 256")

    def _solve(self, ciphers, plain):
        known = _with_one(ciphers)
        rows = np.concatenate([known, plain], axis=1)
        place = eliminate_bytes(rows, known.shape[1])
        solution = np.zeros((known.shape[1], plain.shape[1]), np.uint8)
        solution[place >= 0] = rows[place[place >= 0], known.shape[1] :]
        return solution

    def _apply(self, ciphers, solution):
        total = _with_one(ciphers).astype(np.float64) @ solution.astype(np.float64)  # below 2 ** 53: exact
        return (total.astype(np.int64) & 255).astype(np.uint8)


class AffineReals(_Affine):
    """Over the reals, but for rounding: ciphertexts may be floats."""

    name, per_byte, most = "affine over the reals", 1, DENSE["bytes"]
    LOW, HIGH = 64, 192  # noise that a sum of two does not clip

    def _test(self, inquiry):
        middle = pictures.noise((2, self.size), TRIPLES, "reals") % (self.HIGH - self.LOW) // 2 * 2 + self.LOW
        a, b = middle[:, 0], middle[:, 1]
        answers = [
            inquiry(each).astype(float) for each in (a, b, ((a.astype(int) + b) // 2).astype(np.uint8))
        ]
        one, other, mean = answers
        spread = max(float(np.std(one - other)), 1e-12)
        rounding = 0.0 if one.dtype.kind == "f" and spread < 1 else 1.01
        away = np.abs((one + other) / 2 - mean)
        if (away > max(rounding, 1e-3 * spread)).mean() > 0.001:
            raise Unfit("half the sum of two ciphertexts is not that of their mean")

    def _asked(self, inquiry, count):
        return super()._asked(inquiry, count + count // 3)  # rounding is averaged out

    def _solve(self, ciphers, plain):
        centre = ciphers.mean(0, dtype=float)
        x = ciphers - centre
        gram = x.T @ x
        gram[np.diag_indices(len(gram))] += 1e-6 * max(np.trace(gram) / len(gram), 1e-12)
        mean = plain.mean(0, dtype=float)
        return np.linalg.solve(gram, x.T @ (plain - mean)), centre, mean

    def _apply(self, ciphers, solution):
        back, centre, mean = solution
        return np.clip(np.rint((ciphers - centre) @ back + mean), 0, 255).astype(np.uint8)

    def right(self, decrypted: Array, plain: Array) -> float:
        """Rounding is forgiven: the share of bytes that miss by 3 at most."""
        return float((np.abs(decrypted.astype(int) - plain) <= 3).mean())


def _with_one(values):
    return np.concatenate([values, np.ones((len(values), 1), np.uint8)], axis=1)


def _padded(bits):
    return np.pad(bits, ((0, 0), (0, -bits.shape[1] % 64)))


GROUP, TILE = 32, 64  # pivots at a time, in four tables; words of a row that are worked on at a time


@numba.njit(cache=True)
def eliminate_bits(rows: Array, columns: int) -> Array:
    """Reduce rows of bits (n, words) uint64, the lowest bit of a word first, in place until each of the first
    `columns` that can has a row of its own; (columns,) the number of that row, -1 where there is none.

    The method of four Russians, as in M4RI (M. Albrecht and G. Bard): pivots in groups, tables of the sums of
    eight rows each, and tiles, so that rows come from memory once a group and tables stay in the cache.
    """
    n, words = rows.shape
    place = np.full(columns, -1, np.int64)
    tables, sums = np.zeros((4, 256, TILE), np.uint64), np.zeros((n, 4), np.uint8)
    at, shift = np.empty(GROUP, np.int64), np.empty(GROUP, np.uint64)
    done, column, one = 0, 0, np.uint64(1)
    while column < columns and done < n:
        first, count = column >> 6, 0
        while column < columns and count < GROUP:
            word, bit = column >> 6, np.uint64(column & 63)
            pivot = -1
            for r in range(done + count, n):
                for k in range(count):  # what the group's pivots do to this row has not been done yet
                    if rows[r, at[k]] >> shift[k] & one:
                        for w in range(first, words):
                            rows[r, w] ^= rows[done + k, w]
                if rows[r, word] >> bit & one:
                    pivot = r
                    break
            if pivot >= 0:
                to = done + count
                if pivot != to:
                    for w in range(first, words):
                        kept = rows[pivot, w]
                        rows[pivot, w] = rows[to, w]
                        rows[to, w] = kept
                for k in range(count):  # the group's own rows are kept free of the new column
                    if rows[done + k, word] >> bit & one:
                        for w in range(first, words):
                            rows[done + k, w] ^= rows[to, w]
                at[count], shift[count] = word, bit
                place[column] = to
                count += 1
            column += 1
        if count == 0:
            break
        for r in range(n):
            for t in range(4):
                s = 0
                if not done <= r < done + count:
                    for k in range(8 * t, min(count, 8 * t + 8)):
                        s |= int(rows[r, at[k]] >> shift[k] & one) << (k - 8 * t)
                sums[r, t] = s
        for start in range(first, words, TILE):
            width = min(TILE, words - start)
            for t in range(4):
                for s in range(1, 1 << max(0, min(8, count - 8 * t))):
                    low = 0
                    while not s >> low & 1:
                        low += 1
                    rest, more = tables[t, s & (s - 1)], rows[done + 8 * t + low, start : start + width]
                    for w in range(width):
                        tables[t, s, w] = rest[w] ^ more[w]
            for r in range(n):
                if sums[r].any():
                    row = rows[r, start : start + width]
                    a, b = (
                        tables[0, sums[r, 0]],
                        tables[1, sums[r, 1]],
                    )  # their indices need no test in the loop
                    c, d = tables[2, sums[r, 2]], tables[3, sums[r, 3]]
                    for w in range(width):
                        row[w] ^= a[w] ^ b[w] ^ c[w] ^ d[w]
        done += count
    return place


@numba.njit(cache=True)
def sum_rows(bits: Array, rows: Array, out: Array) -> None:
    """out[i] ^= rows[j] for every j with bits[i, j]: a product over GF(2)."""
    for i in range(bits.shape[0]):
        for j in range(bits.shape[1]):
            if bits[i, j]:
                for w in range(rows.shape[1]):
                    out[i, w] ^= rows[j, w]


def eliminate_bytes(rows: Array, columns: int) -> Array:
    """The same modulo 256, rows (n, m) uint8: only odd numbers have inverses, and serve as pivots.

    A panel of columns at a time: rows whose part of the panel is invertible, its inverse, and products of
    float32, which hold sums below 2 ** 24 exactly, for all other rows.
    """
    place, free = np.full(columns, -1, np.int64), np.ones(len(rows), bool)
    for start in range(0, columns, PANEL):
        panel = np.ascontiguousarray(rows[:, start : min(start + PANEL, columns)])
        left = np.flatnonzero(free)
        picked, pivots = _independent(panel[left], panel.shape[1])
        chosen = left[picked]
        if not len(chosen):
            continue
        square = np.concatenate([panel[chosen][:, pivots], np.eye(len(chosen), dtype=np.uint8)], axis=1)
        # in place: the right half becomes the inverse, its rows in some order
        order, _ = _independent(square, len(chosen))
        lead = _product(square[order, len(chosen) :], rows[chosen, start:])
        factors = panel[:, pivots]
        factors[chosen] = 0
        rows[:, start:] -= _product(factors, lead)
        rows[chosen, start:] = lead
        free[chosen], place[start + pivots] = False, chosen
    return place


PANEL = 64


def _product(a, b):
    """Modulo 256, of uint8 matrices; exact for up to 258 columns of a."""
    return (a.astype(np.float32) @ b.astype(np.float32)).astype(np.int32).astype(np.uint8)


@numba.njit(cache=True)
def _independent(rows, columns):
    """Reduce (n, m) uint8 in place over the first columns; the rows that serve as pivots, and their
    columns."""
    n, m = rows.shape
    most = min(n, columns)
    taken, picked, pivots = np.zeros(n, np.bool_), np.empty(most, np.int64), np.empty(most, np.int64)
    count = 0
    for column in range(columns):
        pivot = -1
        for r in range(n):
            if not taken[r] and rows[r, column] & 1:
                pivot = r
                break
        if pivot < 0:
            continue
        lead = rows[pivot]
        inverse = lead[column]
        for _ in range(4):  # Newton: each step doubles the bits that are right
            inverse = np.uint8(inverse * np.uint8(2 - lead[column] * inverse))
        for j in range(m):
            lead[j] = np.uint8(lead[j] * inverse)
        for r in range(n):
            factor = rows[r, column]
            if r != pivot and factor:
                to = rows[r]
                for j in range(m):
                    to[j] = np.uint8(to[j] - np.uint8(factor * lead[j]))
        taken[pivot], picked[count], pivots[count] = True, pivot, column
        count += 1
    return picked[:count], pivots[:count]
