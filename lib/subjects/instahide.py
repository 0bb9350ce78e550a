"""InstaHide: Y. Huang, Z. Song, K. Li and S. Arora, "InstaHide: Instance-hiding Schemes for Private
Distributed Learning", ICML 2020, arXiv:2010.02772.

An encryption is a sum of k pictures with random coefficients, then every value gets a random sign:

    y = sign * (c1 x1 + ... + ck xk),    c1 + ... + ck = 1,    each at most 0.65

Signs and coefficients are fresh for every encryption, and every epoch of a training encrypts anew. *Inside* a
data set all k pictures are private; *across* data sets 2 are private and k - 2 come from a public set, and
the coefficients of the two sum to 0.3 at least. The labels of private pictures are mixed with the same
coefficients and published, for a network learns from them; public pictures have no label.

It is no table: nobody decrypts it, nor is it meant to be decrypted. It hides if a sum of unknown pictures
with unknown signs hides. It does not: `lib.attacks.many_ciphertexts.instahide`.

Open in the definition, and how it is here, after the published code (Hazelsuko07/InstaHide, read):

- how coefficients are drawn: absolute normal numbers over their sum, again until all bounds hold;
- how values are normalised: less the mean and over the deviation of each colour of CIFAR-10, `MEAN` and
  `STD`, for public pictures as well;
- who is mixed with whom: an epoch puts the private pictures in a random order, and each is mixed with those
  that follow it, so that none is mixed with itself, which in the code happens now and then;
- crops and mirror images of the pictures before they are mixed: none here;
- the number of private pictures across data sets: the code has an option for 2 and else takes half of k.
"""

from typing import NamedTuple

import numpy as np

from lib import images as door
from lib.keys import Key

MEAN = np.array([0.4914, 0.4822, 0.4465])  # of CIFAR-10's colours, values 0..1, as in the published code
STD = np.array([0.2023, 0.1994, 0.2010])
LARGEST, PRIVATE = 0.65, 0.3  # a coefficient at most; the two private ones in sum at least
TRIES = 64  # draws of coefficients that are made at once
HALF = 2.0**-53  # words of 53 bits become numbers of (0, 1]
Array = np.ndarray


class Encrypted(NamedTuple):
    """What is published: images (n, h, w, 3) float32, and labels (n, classes) float32, mixed."""

    images: Array
    labels: Array


class Mixture(NamedTuple):
    """What is secret, beside the signs: for each encryption the pictures in it and their coefficients, (n, k)
    each. Columns from 2 on number public pictures where there is a public set."""

    pictures: Array
    coefficients: Array


def normalised(images: Array) -> Array:
    """(..., 3) float32 of uint8: each colour less its mean, over its deviation.

    >>> normalised(np.array([[0, 123, 255]], np.uint8)).round(2)
    array([[-2.43,  0.  ,  2.75]], dtype=float32)
    """
    return ((images / 255 - MEAN) / STD).astype(np.float32)


def pixels(values: Array) -> Array:
    """uint8 of normalised values, rounded, and cut off at 0 and 255."""
    return np.clip(np.rint((values * STD + MEAN) * 255), 0, 255).astype(np.uint8)


class InstaHide:
    """Sums of `k` pictures under random signs, with labels mixed alike.

    key     a `lib.Key`. For each epoch, label "instahide/k=K/epoch=T/...": "order" of the private pictures;
            for encryption i, as an image's id, "public" pictures, "coefficients" and "signs"
    k       pictures in an encryption, 2 or more
    public  (m, h, w, 3) uint8, m from k - 2 on and at most 65,536: across data sets; None: inside one

    >>> hide, images = InstaHide(Key.from_seed(7), k=2), np.zeros((3, 4, 4, 3), np.uint8)
    >>> images[1], images[2], labels = 100, 255, np.array([0, 1, 1])
    >>> sent = hide.encrypt(images, labels, classes=2, epoch=0)
    >>> sent.images.shape, sent.images.dtype, sent.labels.sum(1).round(3).tolist()
    ((3, 4, 4, 3), dtype('float32'), [1.0, 1.0, 1.0])
    """

    def __init__(self, key: Key, k: int = 6, public: Array | None = None):
        if not isinstance(key, Key):
            raise TypeError(f"expected a lib.Key, got {type(key).__name__}; use Key.generate()")
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 2:
            raise ValueError(f"k is a whole number from 2 on, got {k!r}")
        if public is not None and not k - 2 <= len(public) <= 1 << 16:
            raise ValueError(f"expected {k - 2} to 65,536 public pictures for k={k}, got {len(public)}")
        self.key, self.k, self.public = key, int(k), public
        self.own = self.k if public is None else 2

    def encrypt(self, images: Array, labels: Array, classes: int, epoch: int) -> Encrypted:
        """One encryption of each of the private `images` (n, h, w, 3) uint8, n from the number mixed on.

        labels  (n,) whole numbers below `classes`
        epoch   another one gives other mixtures and signs

        Errors: TypeError or ValueError for other images or labels, too few of them, or another size than the
        public ones.
        """
        batch, labels = self._checked(images, labels, classes)
        mixture = self.mixture(len(batch), epoch)
        mixed = np.zeros(batch.shape, np.float32)
        answers = np.zeros((len(batch), classes), np.float32)
        for slot, (which, by) in enumerate(zip(mixture.pictures.T, mixture.coefficients.T)):
            pool = batch if slot < self.own else self.public
            mixed += by[:, None, None, None].astype(np.float32) * normalised(pool[which])
            if slot < self.own:
                answers[np.arange(len(batch)), labels[which]] += by.astype(np.float32)
        return Encrypted(mixed * self.signs(batch.shape, epoch), answers)

    def mixture(self, count: int, epoch: int) -> Mixture:
        """Who is mixed with whom in an epoch of `count` private pictures, and by how much. Encryption i is of
        picture i, and of others."""
        order = self.key.permutation(self._label(epoch, "order"), count)
        place = np.argsort(order)
        columns = [order[(place + step) % count] for step in range(self.own)]
        if self.own < self.k:
            columns.append([self._strangers(epoch, i) for i in range(count)])
        by = np.stack([self._coefficients(epoch, i) for i in range(count)])
        return Mixture(np.column_stack(columns), by)

    def signs(self, shape: tuple[int, ...], epoch: int) -> Array:
        """(n, h, w, 3) float32 of -1 and 1, for an epoch of n encryptions."""
        size, label = int(np.prod(shape[1:])), self._label(epoch, "signs")
        raw = np.stack([self.key.bytes(label, -(-size // 8), image=i) for i in range(shape[0])])
        bits = np.unpackbits(raw, axis=1, count=size, bitorder="little")
        return (1 - 2 * bits.astype(np.float32)).reshape(shape)

    def _label(self, epoch, part):
        return f"instahide/k={self.k}/epoch={epoch}/{part}"

    def _strangers(self, epoch, i):
        """k - 2 different public pictures: a stream of two-byte numbers, those beyond the last whole run of
        the set and those that came already left out."""
        count, size, found = self.k - 2, 64, {}
        limit = (1 << 16) - (1 << 16) % len(self.public)
        while len(found) < count:
            drawn = self.key.bytes(self._label(epoch, "public"), 2 * size, image=i).view("<u2").astype(int)
            found = dict.fromkeys((drawn[drawn < limit] % len(self.public)).tolist())
            size *= 2
        return list(found)[:count]

    def _coefficients(self, epoch, i):
        """(k,) float64: of a stream of draws the first within bounds."""
        from scipy.special import ndtri

        for tries in range(1 << 20):
            start = tries * TRIES * self.k * 8
            raw = self.key.bytes(self._label(epoch, "coefficients"), TRIES * self.k * 8, start, image=i)
            uniform = ((raw.view("<u8") >> np.uint64(11)) + np.uint64(1)) * HALF
            drawn = -ndtri(uniform.reshape(TRIES, self.k) / 2)  # the size of a normal number
            drawn /= drawn.sum(1, keepdims=True)
            within = drawn.max(1) <= LARGEST
            within &= (self.public is None) | (drawn[:, :2].sum(1) >= PRIVATE)
            if within.any():
                return drawn[within.argmax()]
        raise AssertionError("a stream without coefficients in bounds")

    def _checked(self, images, labels, classes):
        if not isinstance(images, np.ndarray) or images.ndim != 4:
            kind = f"shape {images.shape}" if hasattr(images, "shape") else type(images).__name__
            raise TypeError(f"expected NumPy images (n, h, w, 3), got {kind}")
        batch, _ = door.enter(images, 1)
        labels = np.asarray(labels)
        if len(batch) < self.own:
            raise ValueError(f"{self.own} private pictures are mixed, got {len(batch)}; give more")
        if self.public is not None and self.public.shape[1:] != batch.shape[1:]:
            sizes = ("{}x{}".format(*each.shape[1:3]) for each in (batch, self.public))
            raise ValueError(
                "private pictures are of {}, public ones of {}; bring all to one size".format(*sizes)
            )
        if labels.shape != (len(batch),) or labels.dtype.kind not in "iu":
            raise ValueError(
                f"expected a whole number for each image as labels, got {labels.dtype} {labels.shape}"
            )
        if not 0 <= labels.min() <= labels.max() < classes:
            raise ValueError(f"labels are below {classes}, got {labels.min()} to {labels.max()}")
        return batch, labels.astype(np.int64)

    def __repr__(self) -> str:
        among = "inside" if self.public is None else f"{len(self.public)} public"
        return f"InstaHide({self.key!r}, k={self.k}, {among})"
