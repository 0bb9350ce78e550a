"""A secret, and the keyed random numbers drawn from it.

Every part of every key in this workbook (a permutation here, a sign there) is drawn from one secret of 256
bits and a *label* that names the part:

    chunk j of the stream = SHAKE-256(secret | length of label | label | image | j),  1 MiB each

where `image` is 0x00 for a key that all images share, or 0x01 and the image's id in eight bytes. Each draw is
a pure function of (secret, label, image), the same on every machine: `data/vectors/keys.json` fixes them, and
NumPy's and Python's generators are neither read nor seeded. SHAKE-256: FIPS 202.

Most published codes draw their keys from a generator of 32 bits or less; lesson 23 searches such keys.
"""

import hashlib
import hmac
import operator
import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np

CHUNK = 1 << 20
NEW = "use Key.generate() for a new one"


class Key:
    """A secret of 256 bits. Make one with `Key.generate()`, keep it with `save`, get it back with `load`."""

    __slots__ = ("_secret", "origin")

    def __init__(self, secret: bytes, origin: str = "given"):
        if not isinstance(secret, bytes | bytearray):
            raise TypeError(f"a key is made of 32 bytes, got {type(secret).__name__}; {NEW}")
        if len(secret) != 32:
            raise ValueError(f"a key has 32 bytes, got {len(secret)}; {NEW}")
        self._secret = bytes(secret)
        self.origin = origin

    @classmethod
    def generate(cls) -> "Key":
        """A new key: 256 bits from the operating system."""
        return cls(secrets.token_bytes(32), "generated")

    @classmethod
    def from_seed(cls, seed: int) -> "Key":
        """**Unsafe**: the key of a small number, the same everywhere, for lessons and tests.

        >>> Key.from_seed(7)
        Key(c2e47462, UNSAFE: from seed 7)
        """
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
            raise ValueError(f"a seed is a whole number from 0 to 2**64 - 1, got {seed!r}")
        secret = hashlib.shake_256(b"unsafe seed" + int(seed).to_bytes(8, "big")).digest(32)
        return cls(secret, f"UNSAFE: from seed {seed}")

    def __repr__(self) -> str:
        note = f", {self.origin}" if self.origin.startswith("UNSAFE") else ""
        return f"Key({self.fingerprint[:8]}{note})"

    def __eq__(self, other) -> bool:
        return isinstance(other, Key) and hmac.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that tell keys apart and say nothing else about a key of 256 random bits."""
        return self.bytes("fingerprint", 8).tobytes().hex()

    def save(self, path: Path | str) -> None:
        """Write the key as JSON, readable by you alone (mode 0600). FileExistsError, FileNotFoundError (no
        such folder), PermissionError: nothing is overwritten."""
        from lib import key_file  # with pydantic, which takes a third of a second

        key_file.save(Path(path), self._secret, self.origin)

    @classmethod
    def load(cls, path: Path | str) -> "Key":
        """Read a key that `save` wrote. ValueError says what is wrong with a file that is not one."""
        from lib import key_file

        return cls(*key_file.load(Path(path)))

    def bytes(self, label: str, count: int, start: int = 0, image: int | None = None) -> np.ndarray:
        """`count` uniform bytes of the stream `label`, from byte `start` on: `(count,)` uint8."""
        if start < 0 or count < 0:
            came = f"got {start} and {count}"
            raise ValueError(f"a stream runs from byte 0 on: start and count are no less, {came}")
        head = self._head(label) + _image(image)
        stop = start + count
        if stop <= CHUNK:  # the usual case, called once for every image
            return np.frombuffer(hashlib.shake_256(head + bytes(8)).digest(stop), np.uint8)[start:]
        out = np.empty(count, np.uint8)
        for number in range(start // CHUNK, -(-stop // CHUNK)):
            first, last = max(start - number * CHUNK, 0), min(stop - number * CHUNK, CHUNK)
            chunk = hashlib.shake_256(head + number.to_bytes(8, "big")).digest(last)
            at = number * CHUNK + first - start
            out[at : at + last - first] = np.frombuffer(chunk, np.uint8)[first:]
        return out

    def _head(self, label: str):
        name = label.encode()
        return self._secret + len(name).to_bytes(2, "big") + name

    def integers(self, label: str, bound: int, count: int, images: Sequence[int] | None = None) -> np.ndarray:
        """Uniform integers in `[0, bound)`, bound at most 256: `(count,)` uint8, or a row for each id.

        Unbiased by rejection: of 256 byte values the last, incomplete run of `bound` is passed over, and the
        integers are the first `count` bytes left, modulo `bound`.

        >>> Key.from_seed(7).integers("example", 6, 8)
        array([1, 2, 4, 2, 2, 3, 0, 3], dtype=uint8)
        """
        if not 1 <= bound <= 256:
            raise ValueError(f"bound is from 1 to 256, got {bound}")
        limit = 256 - 256 % bound
        expected = count * 256 / limit
        size = count if limit == 256 else int(expected + 6 * expected**0.5 + 6)
        ids = [None] if images is None else images
        if size > CHUNK:
            values = np.stack([self.bytes(label, size, image=image) for image in ids])
        else:  # ten thousand rows are worth a shorter loop
            head, tail, shake = self._head(label), bytes(8), hashlib.shake_256
            joined = b"".join([shake(head + _image(image) + tail).digest(size) for image in ids])
            values = np.frombuffer(joined, np.uint8).reshape(len(ids), size)
        if limit < 256:
            good = values < limit
            rows = [raw[use][:count] for raw, use in zip(values, good)]
            for i in np.flatnonzero(np.count_nonzero(good, axis=1) < count):  # one in 10**9: six deviations
                while len(rows[i]) < count:
                    size *= 2
                    raw = self.bytes(label, size, image=ids[i])
                    rows[i] = raw[raw < limit][:count]
            values = np.stack(rows)
        values = values if bound == 256 else values % np.uint8(bound)
        return values[0] if images is None else values

    def permutation(self, label: str, size: int, image: int | None = None) -> np.ndarray:
        """A uniformly random order of `range(size)`: `(size,)` int64.

        >>> Key.from_seed(7).permutation("example", 6)
        array([1, 3, 5, 2, 0, 4])
        """
        return self.permutations(label, 1, size, image)[0].astype(np.int64)

    def permutations(self, label: str, count: int, size: int, image: int | None = None) -> np.ndarray:
        """`count` independent random orders of `range(size)`: `(count, size)`, smallest unsigned dtype. A row
        is the argsort of `size` little-endian words of 64 bits. Equal words would favour one order: a row
        that has any (one in 10**15 for 96 values) is drawn again from the words after the last row."""
        if size < 1:
            raise ValueError(f"a permutation is of 1 value or more, got {size}")
        out = np.empty((count, size), np.min_scalar_type(size - 1))
        step = max(1, CHUNK // (8 * size))
        rows, position = np.arange(count), 0
        while len(rows):
            again = []
            for part in np.split(rows, range(step, len(rows), step)):
                drawn = self.bytes(label, 8 * size * len(part), position, image)
                words = drawn.view("<u8").reshape(len(part), size)
                position += words.nbytes
                order = np.argsort(words, axis=1)
                ranked = np.take_along_axis(words, order, axis=1)
                out[part] = order
                again.append(part[(ranked[:, 1:] == ranked[:, :-1]).any(axis=1)])
            rows = np.concatenate(again)
        return out


def _image(image: int | None):
    if image is None:
        return b"\0"
    try:
        return b"\1" + operator.index(image).to_bytes(8, "big")
    except (TypeError, OverflowError):
        raise ValueError(f"the id of an image is a whole number from 0 to 2**64 - 1, got {image!r}") from None
