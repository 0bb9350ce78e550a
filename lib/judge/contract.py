"""What a cipher has to keep to before its secrecy is worth a question, and what its answers say of keys."""

import time
from dataclasses import dataclass, field

import numpy as np

from lib.judge import pictures
from lib.judge.subject import CipherError, Subject
from lib.judge.verdict import Finding

NEAR = 400  # the first image ids, and some others, are looked at for a reused nonce
OVERLAPS, PIECE = 6, 24  # ids whose ciphertexts of a black image are compared, in pieces of so many bytes
SAMPLE = 6
FIRST_OTHER = 1 << 20  # keys from here on are drawn for the search of equal ones
ENOUGH_KEYS, GUESSES = 20_000, 300_000
Array = np.ndarray


@dataclass
class Contract:
    """What was found, and what the judge needs to go on.

    shape      of one ciphertext, dtype its type
    steady     whether the same call gives the same ciphertexts, so that asking about structure makes sense
    own_keys   whether each image id has a key of its own, in truth
    reused     ids that share one key, where some do and some do not
    overlap    whether parts of what ids add to an image are shared
    exact      whether `decrypt` gives every byte back; None without a `decrypt`
    key_bits   estimate of the key space where keys collide, else None
    """

    findings: list[Finding] = field(default_factory=list)
    shape: tuple[int, ...] = ()
    dtype: str = ""
    steady: bool = True
    own_keys: bool = False
    reused: list[int] = field(default_factory=list)
    overlap: bool = False
    exact: bool | None = None
    key_bits: float | None = None
    key_sensitive: bool = True

    def say(self, name: str, good: bool | None, text: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(name=name, good=good, text=text))


def checked(subject: Subject, shape: tuple[int, int, int], seconds: float) -> Contract:
    """Call the cipher in all the ways that its contract speaks of. CipherError where it does not answer."""
    out, images = Contract(), pictures.public(shape, SAMPLE).copy()
    subject.start()
    ids = list(range(SAMPLE)) if subject.per_image else None
    first = subject.once(images, ids)
    out.shape, out.dtype = first.shape[1:], str(first.dtype)
    out.own_keys = subject.per_image
    _of_answers(out, subject, images, ids, first)
    if out.steady:
        _of_batches(out, subject, images, ids, first)
        _of_keys(out, subject, images, ids, first)
        _of_ids(out, subject, images)
    _of_decryption(out, subject, images, ids, first)
    if out.steady and out.key_sensitive:
        _of_key_space(out, subject, images[0], seconds)
    if subject.changed:
        out.say("input", False, "It changes the images that it is given.")
    return out


def _of_answers(out, subject, images, ids, first):
    expected = first.shape == images.shape and first.dtype == np.uint8
    shown = f"{images.shape[1:]} uint8 becomes {first.shape[1:]} {first.dtype}"
    note = "" if expected else "; networks for pictures and readers of files need uint8 of the same shape"
    out.say("shape", expected, f"{shown}{note}.")
    again = subject.once(images, ids)
    out.steady = again.shape == first.shape and bool((again == first).all())
    text = "The same call gives the same ciphertexts."
    if not out.steady:
        text = "The same call gives other ciphertexts: it answers differently each time."
    out.say("determinism", out.steady, text)
    if out.steady:
        try:
            other = subject.again(images, ids)
            same = isinstance(other, np.ndarray) and np.array_equal(other, first)
            text = "A second object of the same key gives other ciphertexts."
        except CipherError as error:
            same, text = False, f"A second object of the same key: {error}."
        if not same:
            out.say("second object", False, text)


def _of_batches(out, subject, images, ids, first):
    def some(which):
        return subject.once(images[which], None if ids is None else [ids[i] for i in which])

    alone = np.concatenate([some([i]) for i in range(len(images))])
    turned = some(range(len(images))[::-1])[::-1]
    same = bool((alone == first).all() and (turned == first).all())
    text = "An image's ciphertext depends on it alone, not on the batch or its order."
    if not same and any(not np.array_equal(subject.once(images, ids), first) for _ in range(4)):
        text = "The same call sometimes gives other ciphertexts."
    elif not same:
        text = "An image's ciphertext depends on the other images of the batch, or on its place among them."
    out.say("batches", same, text)
    out.steady = same


def _of_keys(out, subject, images, ids, first):
    try:
        other = subject.once(images, ids, key=1)
    except CipherError as error:
        out.say("keys", False, f"Under a second key: {error}.")
        return
    equal = 0.0
    if other.shape == first.shape:
        varies = ((first != first[0]) | (other != first)).any(0)  # a rim of zeros tells of nothing
        equal = float((other == first)[:, varies].mean()) if varies.any() else 1.0
    out.key_sensitive = equal < 1
    text = f"Under another key {1 - equal:.1%} of the values differ."
    out.say("keys", equal < 0.5, text if out.key_sensitive else "It does not depend on the key.")


def _of_ids(out, subject, images):
    if not subject.per_image:
        return
    ids = sorted({*range(NEAR), *(1 << k for k in range(40)), *(10**k for k in range(12))})
    ids = ids[: max(48, subject.affordable(5.0))]
    answers = subject.encrypt(np.repeat(images[:1], len(ids), axis=0), ids)
    rows = np.unique(answers.reshape(len(ids), -1), axis=0, return_inverse=True)[1].ravel()
    kinds, alike = rows.max() + 1, np.flatnonzero(rows == np.bincount(rows).argmax())
    if kinds == 1:
        out.own_keys = False
        text = "It says that each image has a key of its own, but ids change nothing."
        out.say("image ids", False, text)
    elif kinds < len(ids):
        out.reused = [ids[each] for each in alike]
        text = f"{len(ids)} ids give only {kinds} different ciphertexts of one image: keys are used again."
        out.say("image ids", False, text)
    elif _pieces_again(subject, images):
        out.overlap = True
        text = f"Pieces of {PIECE} bytes of a black image's ciphertext come again under another id."
        out.say("image ids", False, text)
    else:
        out.say("image ids", True, f"{len(ids)} ids give {len(ids)} different ciphertexts of one image.")


def _pieces_again(subject, images):
    """Whether a long piece of what is added to an image comes again at any place under another id."""
    black = subject.encrypt(np.zeros_like(np.repeat(images[:1], OVERLAPS, axis=0)), range(OVERLAPS))
    rows = np.ascontiguousarray(black).reshape(OVERLAPS, -1).view(np.uint8)
    seen = {}
    for number, row in enumerate(rows):
        for piece in np.lib.stride_tricks.sliding_window_view(row, PIECE):
            if len(set(text := piece.tobytes())) > PIECE // 2 and seen.setdefault(text, number) != number:
                return True
    return False


def _of_decryption(out, subject, images, ids, first):
    """Of pictures and of noise."""
    if not subject.decrypts:
        out.say("decryption", None, "It has no decrypt; whether anything is lost was not looked at.")
        return
    noise = pictures.noise(images.shape[1:], len(images), "decryption")  # values that pictures lack
    ciphers, images = subject.once(noise, ids), np.concatenate([images, noise])
    try:
        parts = [subject.decrypt(each, ids) for each in (first, ciphers)]
    except CipherError as error:
        out.say("decryption", False, f"decrypt: {error}.")
        return
    if any(part.shape != noise.shape for part in parts):
        out.say("decryption", False, f"decrypt gives {parts[0].shape}, expected {noise.shape}.")
        return
    back = np.concatenate(parts)
    away = np.abs(back.astype(float) - images)
    out.exact = bool((away == 0).all() and back.dtype == np.uint8)
    text = "decrypt gives every byte back."
    if not out.exact:
        text = f"decrypt gives {back.dtype}; {(away > 0).sum()} of {away.size} bytes come back wrong, "
        text += f"by {away.mean():.2f} on average."
    out.say("decryption", out.exact, text)


def _of_key_space(out, subject, image, seconds):
    """Equal ciphertexts under different keys: by the birthday rule their number tells how many keys there
    are."""
    seen, first, until = {}, FIRST_OTHER, time.monotonic() + seconds
    pairs, count, step = 0, 0, 50
    try:
        while time.monotonic() < until and count < ENOUGH_KEYS:
            started = time.monotonic()
            for digest in subject.fingerprints(range(first, first + step), image):
                pairs += seen.get(digest, 0)
                seen[digest] = seen.get(digest, 0) + 1
            first, count = first + step, count + step
            step = max(1, min(1000, int(step * 1.0 / max(time.monotonic() - started, 0.01))))
    except CipherError as error:
        out.say("key space", False, f"Under one of {count} keys: {error}.")
        return
    bits = 2 * np.log2(count) - 1
    if pairs:
        out.key_bits = float(np.log2(count * (count - 1) / 2 / pairs))
        text = f"Of {count} keys {pairs} pairs give one ciphertext: about {out.key_bits:.1f} bits of key."
        out.say("key space", False, text)
    else:
        text = f"No two of {count} keys give one ciphertext: more than {bits - 3:.0f} bits of key."
        out.say("key space", True, text)


def guessed(subject: Subject, image: Array, wanted: Array, ids: list[int], seconds: float) -> tuple[int, int]:
    """The number of a key that gives this ciphertext of this image, and how many were tried; -1 for none."""
    import hashlib

    digest = hashlib.sha256(np.ascontiguousarray(wanted[None]).tobytes()).digest()[:12]
    until, first = time.monotonic() + seconds, 2 * FIRST_OTHER
    step, tried = 200, 0
    while time.monotonic() < until and tried < GUESSES:
        started = time.monotonic()
        found = subject.fingerprints(range(first + tried, first + tried + step), image)
        if digest in found:
            return first + tried + found.index(digest), tried + found.index(digest) + 1
        tried += step
        step = max(1, min(4000, int(step * 1.0 / max(time.monotonic() - started, 0.01))))
    return -1, tried
