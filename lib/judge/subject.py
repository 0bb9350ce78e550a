"""The cipher under judgement, in a process of its own: it may raise, hang, or change what it was given.

A factory is handed over by `fork`, so it may be a lambda or a class of a notebook. What the cipher answers is
looked at before anything is done with it; whatever goes wrong is a `CipherError`, with a kind and a sentence.
"""

import hashlib
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lib.keys import Key

PATIENCE = 20.0  # seconds that a call may take
CALL = 4.0  # seconds that a call should take: larger batches are handed over in parts
Array = np.ndarray


class CipherError(Exception):
    """What a cipher did wrong: `kind` is "raises", "hangs", "answers" or "refuses", the message says more."""

    def __init__(self, kind: str, message: str):
        super().__init__(message)
        self.kind = kind


class Subject:
    """A factory's ciphers, by the number of their key. Use it in `with`, or call `close`.

    factory   called with a `lib.Key`, gives an object with `encrypt(images, ids=None)`
    per_image, decrypts   what the object says of itself; known once `start` returned
    seconds   what an image took so far, on average
    changed   whether a call changed the images that it was given
    Errors: CipherError for anything that the factory or the cipher does wrong.
    """

    def __init__(self, factory: Callable[[Key], Any], patience: float = PATIENCE):
        self.factory, self.patience = factory, patience
        self.per_image = self.decrypts = self.changed = False
        self._images, self._spent, self._channel, self._process = 0, 0.0, None, None

    def __enter__(self) -> "Subject":
        return self

    def __exit__(self, *_):
        self.close()

    def start(self) -> None:
        """Make the cipher of key 0 and ask what it says of itself."""
        self.per_image, self.decrypts = self._ask("make", 0)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._channel.close()
            self._process = None

    @property
    def seconds(self) -> float:
        """Seconds that an image takes."""
        return self._spent / max(self._images, 1)

    def affordable(self, seconds: float) -> int:
        """How many images can be encrypted in so many seconds."""
        return int(seconds / max(self.seconds, 1e-7))

    def encrypt(self, images: Array, ids: Sequence[int] | None = None, key: int = 0) -> Array:
        """Ciphertexts (n, ...) of images (n, h, w, 3) uint8; `ids` where each image has a key of its own."""
        return self._in_parts("encrypt", images, ids, key)

    def decrypt(self, ciphers: Array, ids: Sequence[int] | None = None, key: int = 0) -> Array:
        """What the cipher's own `decrypt` gives."""
        return self._in_parts("decrypt", ciphers, ids, key)

    def once(self, images: Array, ids: Sequence[int] | None = None, key: int = 0) -> Array:
        """As `encrypt`, in a single call."""
        return self._call("encrypt", images, ids, key)

    def alike(self, images: Array, id: int) -> Array:
        """Ciphertexts of images that all have one id, each encrypted in a call of its own."""
        return self._in_parts("alike", images, [id] * len(images), 0)

    def again(self, images: Array, ids: Sequence[int] | None = None) -> Any:
        """What a second object of key 0 answers; anything, unchecked."""
        return self._ask("again", images, ids if self.per_image else None, 0)[0]

    def fingerprints(self, keys: range, image: Array) -> list[bytes]:
        """A digest of the ciphertext of one image under each of many keys, id 0."""
        return self._ask("fingerprints", keys, image, self.per_image)

    def _in_parts(self, verb, images, ids, key):
        parts, first, size = [], 0, 8
        while first < len(images):
            some = slice(first, first + size)
            parts.append(self._call(verb, images[some], None if ids is None else list(ids[some]), key))
            first += size
            size = int(min(4096, max(1, 2 * size, 1), max(1, CALL / max(self.seconds, 1e-7))))
        shapes = {(part.shape[1:], part.dtype.str) for part in parts}
        if len(shapes) > 1:
            raise CipherError("answers", f"{verb} gives arrays that differ in shape or dtype: {shapes}")
        return np.concatenate(parts)

    def _call(self, verb, images, ids, key):
        started = time.perf_counter()
        answer, changed = self._ask("call", verb, images, ids if self.per_image else None, key)
        self._images, self._spent = self._images + len(images), self._spent + time.perf_counter() - started
        self.changed |= changed
        if not isinstance(answer, np.ndarray):
            raise CipherError("answers", f"{verb} gives {answer}, expected a NumPy array")
        if answer.shape[:1] != (len(images),) or answer.size == 0:
            shapes = f"{images.shape} gives {answer.shape}"
            raise CipherError("answers", f"{verb} of {shapes}, expected one ciphertext for each image")
        if answer.dtype.kind not in "uif":
            raise CipherError("answers", f"{verb} gives {answer.dtype}, expected numbers")
        if answer.dtype.kind == "f" and not np.isfinite(answer).all():
            raise CipherError("answers", f"{verb} gives values that are not finite")
        return answer

    def _ask(self, *task):
        if self._process is None:
            context = multiprocessing.get_context("fork")
            self._channel, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve, args=(theirs, self._channel, self.factory), daemon=True
            )
            self._process.start()
            theirs.close()
        try:
            self._channel.send(task)
            if not self._channel.poll(self.patience):
                self.close()
                raise CipherError("hangs", f"no answer in {self.patience:g} seconds")
            kind, answer = self._channel.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.close()
            raise CipherError("raises", "the process of the cipher ended without an answer") from None
        if kind != "done":
            raise CipherError(kind, answer)
        return answer


def key_of(number: int) -> Key:
    """The judge's keys: 256 bits, by number."""
    return Key(hashlib.sha256(f"judge 1/key {number}".encode()).digest(), "the judge's")


# -- in the other process ------------------------------------------------------------------------------------


def _serve(channel, parents, factory):
    parents.close()  # the copy that came with the fork: kept, it would hide the parent's end
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - what a cipher prints is nobody's
        sys.stdout = sys.stderr = nowhere
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)  # the threads of a fork's parent are gone
        ciphers = {}
        while True:
            try:
                verb, *facts = channel.recv()
            except EOFError:
                return
            try:
                answer = "done", _VERBS[verb](factory, ciphers, *facts)
            except BaseException as error:  # SystemExit as well: nothing of the cipher ends the judge
                answer = "raises", _told(error)
            channel.send(answer)


def _told(error):
    try:
        return f"{type(error).__name__}: {error}"[:300].rstrip(": ")
    except BaseException:
        return f"{type(error).__name__}, whose text cannot be shown"


def _cipher(factory, ciphers, key):
    if key not in ciphers:
        ciphers[key] = factory(key_of(key))
    return ciphers[key]


def _make(factory, ciphers, key):
    cipher = _cipher(factory, ciphers, key)
    if not callable(getattr(cipher, "encrypt", None)):
        raise TypeError(f"{type(cipher).__name__} has no encrypt(images, ids=None)")
    return bool(getattr(cipher, "per_image", False)), callable(getattr(cipher, "decrypt", None))


def _called(factory, ciphers, verb, images, ids, key):
    given = images.copy()
    if verb == "alike":
        encrypt = _cipher(factory, ciphers, key).encrypt
        answer = np.concatenate([encrypt(image[None], ids=[ids[0]]) for image in given])
    else:
        ids = {} if ids is None else {"ids": ids}
        answer = getattr(_cipher(factory, ciphers, key), verb)(given, **ids)
    if isinstance(answer, np.ndarray):
        answer = answer.copy() if answer.base is given or answer is given else np.ascontiguousarray(answer)
    else:
        answer = type(answer).__name__
    return answer, not np.array_equal(given, images)


def _fingerprints(factory, ciphers, keys, image, per_image):
    ids = {"ids": [0]} if per_image else {}
    answers = (factory(key_of(key)).encrypt(image[None].copy(), **ids) for key in keys)
    return [hashlib.sha256(np.ascontiguousarray(answer).tobytes()).digest()[:12] for answer in answers]


def _again(factory, ciphers, images, ids, key):
    """As a call of encrypt, by a new object of the same key."""
    return _called(factory, {}, "encrypt", images, ids, key)


_VERBS = {"make": _make, "call": _called, "fingerprints": _fingerprints, "again": _again}
