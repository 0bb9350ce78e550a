"""Two servers classify a picture that neither sees: additive secret sharing, a simulation in one process.

A value is a whole number modulo 2^64, `FRACTION` bits of it behind the point, and is the sum of two shares,
each of which alone is uniform noise. Sums are taken share by share. A product needs a *triple* (Beaver,
CRYPTO 1991): shares of random a, b and of f(a, b), from a dealer who sees no picture and deals before any
comes. The servers open x - a and y - b, which are noise too, and combine. It holds for every bilinear f: a
product, a matrix product, a convolution. After a product the point is moved back share by share (SecureML,
Mohassel and Zhang, IEEE S&P 2017): the result errs by one unit in the last place, and with a probability of
|number| / 2^63, for the whole number that is shifted, it is wrong altogether: here about 2^-30 at most.

A demonstration: honest servers that do not talk to each other, an honest dealer, nothing on a network.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib.keys import Key
from lib.workbook.privacy.networks import SquareWeights, values, windows

FRACTION = 13
BYTES = 8  # of a value
Shares = np.ndarray  # (2, ...) uint64


def encoded(numbers: np.ndarray, fraction: int = FRACTION) -> np.ndarray:
    """Real numbers as uint64 modulo 2^64, so many bits behind the point; rounded.

    >>> encoded(np.array([0.5, -1])) + encoded(np.array([0.25, 3]))
    array([ 6144, 16384], dtype=uint64)
    """
    return np.round(np.asarray(numbers, np.float64) * 2.0**fraction).astype(np.int64).view(np.uint64)


def decoded(numbers: np.ndarray, fraction: int = FRACTION) -> np.ndarray:
    """The real numbers, float64, in a uint64 array."""
    return numbers.view(np.int64) / 2.0**fraction


def uniform(key: Key, label: str, shape: tuple[int, ...]) -> np.ndarray:
    """uint64, uniform, from the stream `label` of a key: no label may serve twice."""
    return key.bytes(label, BYTES * int(np.prod(shape))).view("<u8").astype(np.uint64).reshape(shape)


def split(numbers: np.ndarray, key: Key, label: str) -> Shares:
    """(2, ...) uint64: two shares of a uint64 array."""
    first = uniform(key, label, numbers.shape)
    return np.stack([first, numbers - first])


def joined(shares: Shares) -> np.ndarray:
    """The array that two shares are of."""
    return shares[0] + shares[1]


class Dealer:
    """Makes triples, one for each product, and counts the bytes that it hands to both servers."""

    def __init__(self, key: Key):
        self.key, self.dealt, self.bytes = key, 0, 0

    def _split(self, *arrays):
        self.bytes += sum(2 * BYTES * each.size for each in arrays)
        return [split(each, self.key, f"share {self.dealt} {i}") for i, each in enumerate(arrays)]

    def _uniform(self, *shapes):
        self.dealt += 1
        return [uniform(self.key, f"value {self.dealt} {i}", shape) for i, shape in enumerate(shapes)]

    def triple(self, f: Callable, x: tuple[int, ...], y: tuple[int, ...]) -> list[Shares]:
        """Shares of a, b and f(a, b), where a and b are random and of these shapes."""
        a, b = self._uniform(x, y)
        return self._split(a, b, f(a, b))

    def square(self, x: tuple[int, ...]) -> list[Shares]:
        """Shares of a and of its square, each value by itself."""
        (a,) = self._uniform(x)
        return self._split(a, a * a)


@dataclass
class Channel:
    """Between the two servers: bytes sent in both directions, and rounds, in each of which both send."""

    bytes: int = 0
    rounds: int = 0

    def opened(self, *shared: Shares) -> list[np.ndarray]:
        """Each server sends its shares of these to the other, all in one round."""
        self.bytes += sum(BYTES * each.size for each in shared)
        self.rounds += 1
        return [joined(each) for each in shared]


def product(x: Shares, y: Shares, dealer: Dealer, channel: Channel, f: Callable = np.multiply) -> Shares:
    """Shares of f(x, y) for a bilinear f of uint64 arrays; the point is where it falls (`truncated`)."""
    a, b, c = dealer.triple(f, x.shape[1:], y.shape[1:])
    e, d = channel.opened(x - a, y - b)
    parts = [c[i] + f(e, b[i]) + f(a[i], d) for i in range(2)]
    return np.stack([parts[0] + f(e, d), parts[1]])


def square(x: Shares, dealer: Dealer, channel: Channel) -> Shares:
    """Shares of the squares: one opened value in place of two."""
    a, c = dealer.square(x.shape[1:])
    (e,) = channel.opened(x - a)
    parts = [c[i] + 2 * e * a[i] for i in range(2)]
    return np.stack([parts[0] + e * e, parts[1]])


def truncated(x: Shares, bits: int = FRACTION) -> Shares:
    """Shares of x / 2^bits, rounded down or up, without a message."""
    bits = np.uint64(bits)
    return np.stack([x[0] >> bits, -(-x[1] >> bits)])


@dataclass(frozen=True)
class Inference:
    """What came out, (n, classes) float64, and what it took: bytes of the pictures' shares to both servers,
    between the servers, and from the dealer to both; rounds between the servers."""

    scores: np.ndarray
    sent: int
    between: int
    dealt: int
    rounds: int


def network(images: np.ndarray, weights: SquareWeights, key: Key) -> Inference:
    """A `SquareNet` on pictures (n, 32, 32, 3) uint8; pictures, weights and scores are shared throughout.

    key   for what client, owner of the network and dealer draw; a new one for each call, for equal masks
          would give differences of pictures away. ValueError where it is not a `lib.Key`
    """
    if not isinstance(key, Key):
        raise ValueError(f"expected a lib.Key, got {type(key).__name__}; use Key.generate()")
    dealer, channel = Dealer(key), Channel()
    pictures = split(encoded(values(images)), key, "pictures")
    filters, offsets, linear = (
        split(encoded(getattr(weights, name)), key, name) for name in ("filters", "offsets", "linear")
    )
    bias = split(encoded(weights.bias), key, "bias")
    seen = product(pictures, filters, dealer, channel, lambda p, f: windows(p) @ f)
    hidden = truncated(square(truncated(seen) + offsets[:, None, None], dealer, channel))
    last = product(hidden, linear, dealer, channel, lambda h, m: np.tensordot(h, m, 2))
    scores = joined(truncated(last) + bias[:, None])
    return Inference(decoded(scores), BYTES * pictures.size, channel.bytes, dealer.bytes, channel.rounds)
