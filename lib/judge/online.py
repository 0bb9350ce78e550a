"""Ciphers that go through an image byte by byte: whoever can have images encrypted reads them one at a time.

Where a ciphertext byte depends on its plain byte and on earlier ones only, in some order, an oracle gives
each next byte: with all bytes before it in place, of 256 values one gives the ciphertext's. Where the byte is
added to what comes from before, by XOR or modulo 256, two questions are enough. The order is one of those in
which an image is usually gone through, or is read off: the earlier a byte, the more bytes it changes. It
takes queries for every ciphertext, so a few are read, and the first part of them if time is short.
"""

import time

import numpy as np

from lib.judge import pictures
from lib.judge.readings import GREY, Inquiry, Reading, Unfit, Unread, scans

PROBES, AGAIN = 24, 3  # bytes that are changed; how often, for by chance one in 256 changes nothing
PIECES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)
SECONDS = 15.0  # for one decryption
Array = np.ndarray


class Online(Reading):
    """A ciphertext byte depends on plain bytes up to its own, in some order of going through the image."""

    name, seconds = "feedback", SECONDS

    def __init__(self, inquiry: Inquiry):
        self.inquiry, self.size = inquiry, inquiry.bytes
        self.base = pictures.noise((self.size,), 1, "online")[0]
        self.first = inquiry(self.base[None])[0]
        if self.first.dtype != np.uint8 or self.first.size != self.size:
            raise Unfit("ciphertexts have not a byte for each byte")
        where = np.random.default_rng(5).choice(self.size, PROBES, replace=False)
        differs = self._changed(where)
        starts = {way: self._starts(differs, order) for way, order in scans(inquiry.shape).items()}
        for way, order in scans(inquiry.shape).items():
            at = np.argsort(order)[where]
            if (starts[way] == at).all():
                self.says, self.plain_order, self.order = f"{way}, with the oracle's help", order, order
                return
        for way, order in scans(inquiry.shape).items():  # pieces that reach no other are no feedback
            at = np.argsort(order)[where]
            for piece in PIECES:
                within = (starts[way] // piece == at // piece).all() and (starts[way] < at).any()
                if within and self._go_on(differs[:, order], at // piece, piece):
                    raise Unread(f"it is, {way} in pieces of {piece} bytes, which are not read one by one")
        self._secret_order(inquiry, differs)

    def _changed(self, where):
        """(bytes changed, bytes of a ciphertext) bool: what a change of each byte of the base reaches."""
        rng, reached = np.random.default_rng(6), np.zeros((len(where), self.size), bool)
        for _ in range(AGAIN):
            for at in range(0, len(where), 512):
                some = where[at : at + 512]
                changed = np.tile(self.base, (len(some), 1))
                changed[np.arange(len(some)), some] ^= rng.integers(1, 256, len(some)).astype(np.uint8)
                reached[at : at + 512] |= self.inquiry(changed) != self.first
        return reached

    def _starts(self, differs, order):
        return np.where(differs.any(1), differs[:, order].argmax(1), self.size)

    def _go_on(self, differs, pieces, piece):
        """Whether bytes of all pieces but the last one reach a later piece."""
        ends = (self.size - 1 - differs[:, ::-1].argmax(1)) // piece
        return (ends > pieces)[pieces < (self.size - 1) // piece].all()

    def _secret_order(self, inquiry, differs):
        """By how much each byte reaches, if what later ones reach lies inside what earlier ones do."""
        sizes = differs.sum(1)
        larger = differs[np.argsort(-sizes)]
        outside = (larger[1:] & ~larger[:-1]).sum(1) > 0.02 * larger[1:].sum(1) + 3
        if outside.any() or np.ptp(sizes) < self.size / 2:
            raise Unfit("no order in which a byte depends on earlier ones alone")
        if AGAIN * self.size > inquiry.most:
            raise Unread(f"it is, in a secret order that takes {AGAIN * self.size} queries to read")
        reached = self._changed(np.arange(self.size))
        self.plain_order = np.argsort(-reached.sum(1), kind="stable")
        self.order = np.argsort(reached.sum(0), kind="stable")
        self.says = "in a secret order, with the oracle's help"

    def decrypt(self, ciphers: Array) -> Array:
        """The first bytes of each, as many as there is time for; the rest is grey."""
        plain = np.full((len(ciphers), self.size), GREY, np.uint8)
        until, self.read = time.monotonic() + self.seconds, 0
        every = np.arange(256, dtype=np.uint8)
        for byte, there in zip(self.plain_order, self.order):
            if time.monotonic() > until:
                break
            wanted = ciphers[:, there]
            plain[:, byte] = 0
            zero = self.inquiry(plain)[:, there]
            plain[:, byte] = wanted ^ zero
            fits = self.inquiry(plain)[:, there] == wanted
            if not fits.all():
                plain[~fits, byte] = (wanted - zero)[~fits]
                fits = self.inquiry(plain)[:, there] == wanted
            for row in np.flatnonzero(~fits):
                tried = np.tile(plain[row], (256, 1))
                tried[:, byte] = every
                plain[row, byte] = (self.inquiry(tried)[:, there] == wanted[row]).argmax()
            self.read += 1
        return plain

    def right(self, decrypted: Array, plain: Array) -> float:
        """The share of the bytes that there was time for."""
        return float((decrypted == plain)[:, self.plain_order[: self.read]].mean())
