"""Checks of lesson 41: ciphers of one's own, looked at with the judge's parts.

They look at less than `lib.judge.judge` does, to be quick: few keys, few pictures, 16x16 pixels.
"""

from collections.abc import Sequence

import numpy as np

from lib import Key, metrics
from lib.judge import contract, pictures
from lib.judge.attempts import Case, attempts, smoothest_plane
from lib.judge.readings import Inquiry
from lib.judge.structure import Found, found
from lib.judge.subject import CipherError, Subject
from lib.judge.verdict import LEAKS
from lib.workbook.checks import exercise

SHAPE = (16, 16, 3)
QUERIES = 3000
MOST = 0.3  # the lower end of the leak of a design, at most
LEARNT = 0.05  # by so much more than the nearest mean colour a network has to learn
TRUTH, CANDIDATES = 100, 300
TOLD = {
    "decryption": "decrypt does not give every byte back",
    "keys": "another key leaves half of the values as they are, or all of them",
}
"""What is said of findings whose own text counts bytes."""


class ShuffledPixels:
    """The pixels of each picture in an order of its own; for the lesson's rest, solved or not."""

    per_image = True

    def __init__(self, key: Key):
        self.key = key

    def encrypt(self, images: np.ndarray, ids: Sequence[int] = ()) -> np.ndarray:
        """Pixels go to their new places."""
        rows = [image.reshape(-1, 3)[self._order(image, i)] for image, i in zip(images, ids)]
        return np.stack(rows).reshape(images.shape)

    def decrypt(self, ciphers: np.ndarray, ids: Sequence[int] = ()) -> np.ndarray:
        """And back."""
        plain = np.empty_like(ciphers).reshape(len(ciphers), -1, 3)
        for image, cipher, i in zip(plain, ciphers, ids):
            image[self._order(cipher, i)] = cipher.reshape(-1, 3)
        return plain.reshape(ciphers.shape)

    def _order(self, image, i):
        return self.key.permutation("shuffled pixels", image.size // 3, int(i))


def _tried(answer):
    """Make a cipher here, and use it: what is not written yet says so."""
    cipher = answer(Key.from_seed(41))
    images = pictures.public(SHAPE, 3).copy()
    ids = {"ids": [5, 6, 7]} if getattr(cipher, "per_image", False) else {}
    cipher.decrypt(cipher.encrypt(images, **ids), **ids)


def _kept(subject) -> contract.Contract:
    """The contract, which a cipher keeps in every point."""
    try:
        kept = contract.checked(subject, SHAPE, 0.3)
    except CipherError as error:
        raise AssertionError(f"the judge cannot go on: {error}") from None
    broken = [TOLD.get(each.name, each.text) for each in kept.findings if each.good is False]
    assert not broken, f"the contract is not kept: {broken[0]}"
    assert kept.exact, "the contract is not kept: there is no decrypt that gives every byte back"
    return kept


def _structure(subject, kept) -> Found:
    """What asking finds; under the key of image 0, where each image has its own."""
    encrypt = (lambda images: subject.alike(images, 0)) if kept.own_keys else subject.encrypt
    return found(Inquiry(encrypt, SHAPE, QUERIES), kept.shape)


@exercise
def adds(answer):
    """`answer(key)`: a cipher that is affine modulo 256, and nothing more special."""
    _tried(answer)
    with Subject(answer, 20) as subject:
        kept = _kept(subject)
        assert not kept.own_keys, "each picture has a key of its own, so nobody can ask; use one key for all"
        names = _structure(subject, kept).names
    wanted = "affine modulo 256"
    told = names[0] if names else "nothing that it has a name for"
    hint = {
        "table of bytes": "an XOR with secret bytes, or bytes in another order, is the more special table",
        "substitution by position": "a secret box for each byte is more general than a sum",
        "affine over GF(2)": "your cipher adds without carries; NumPy's + on uint8 carries, modulo 256",
    }.get(told, "E(a) + E(b) - E(c) has to be E(a + b - c), for all pictures, modulo 256")
    assert names[:1] == [wanted], f"the judge calls it {told}, and not {wanted}: {hint}"


@exercise
def shows(answer):
    """`answer(key)`: a cipher with a key for each picture, one ciphertext of which shows the picture."""
    _tried(answer)
    with Subject(answer, 20) as subject:
        kept = _kept(subject)
        told = "one key serves all pictures, so the judge asks for its structure; set per_image = True"
        assert kept.own_keys, f"{told}, and draw by the id of the picture"
        truth = pictures.attacked(SHAPE, TRUTH + CANDIDATES)
        ciphers = subject.encrypt(truth[:TRUTH], range(1000, 1000 + TRUTH))
    assert kept.shape == SHAPE and kept.dtype == "uint8", "ciphertexts have to be pictures of the same size"
    best = max(_leak(look, ciphers, truth) for look in (np.array, smoothest_plane))
    told = f"the ciphertext and its smoothest bit plane leak {max(best, 0) + 0:.2f} at least"
    assert best > LEAKS, f"one ciphertext does not show the picture: {told}, and more than {LEAKS} is asked"


def _leak(look, ciphers, truth):
    """The low end of what a look at single ciphertexts shows."""
    pad = pictures.noise(SHAPE, len(ciphers), "lesson 41")
    return metrics.leak(look(ciphers), look(pad), truth[:TRUTH], truth[TRUTH:]).low


@exercise
def designed(answer):
    """`answer(key)`: a cipher that a network learns from, and that leaks little."""
    _tried(answer)
    with Subject(answer, 20) as subject:
        kept = _kept(subject)
        case = _case(subject, kept, _structure(subject, kept))
        for attempt in attempts(case):
            low = attempt.leak.low if attempt.leak else 0
            told = f"it leaks {low:.2f} at least, by the attack '{attempt.attack}' ({attempt.threat})"
            assert low <= MOST, f"{told}; {MOST} is allowed here"
        accuracy, colours = _learned(case.encrypt)
    told = "a small network does not beat the nearest mean colour of plain pictures by five points"
    assert accuracy > colours + LEARNT, f"nothing is learned from its ciphertexts: {told}"


def _case(subject, kept, structure):
    """As the judge puts it to its attacks, with few pictures and pairs."""
    used = [1000]

    def encrypt(images, key=0):
        first, used[0] = used[0], used[0] + len(images)
        return subject.encrypt(images, range(first, used[0]) if kept.own_keys else None, key)

    def elsewhere(images):
        return encrypt(images) if kept.own_keys else encrypt(images, 1)

    truth = pictures.attacked(SHAPE, TRUTH + CANDIDATES)
    return Case(encrypt, elsewhere, kept.shape, kept.shape, kept.dtype, kept.own_keys, structure,
                truth[:TRUTH], truth[TRUTH:], 200, 2.0)  # fmt: skip


def _learned(encrypt):
    """Accuracy of a small network on ciphertexts, and of the nearest mean colour on plain pictures."""
    from lib.datasets import Dataset
    from lib.models import AirBench
    from lib.training import Recipe, fit

    images, labels, test, answers = pictures.labelled(SHAPE, 800, 400)
    ciphers, classes = encrypt(np.concatenate([images, test])), tuple(map(str, range(10)))
    shown = ciphers.shape[1:] == SHAPE and ciphers.dtype == np.uint8
    assert shown, "networks here read uint8 pictures of the same size"
    parts = (ciphers[: len(images)], labels), (ciphers[len(images) :], answers)
    data, held = (Dataset(*part, classes, "lesson 41") for part in parts)
    recipe = Recipe.speed_run(epochs=5, batch=100, microbatch=0, crop=0, flip=False, alternate=False,
                              flip_test=False, shift_test=False)  # fmt: skip
    run = fit(lambda: AirBench(10, 3, (24, 48, 48)), data, recipe, test=held)
    colours = np.stack([images[labels == label].mean((0, 1, 2)) for label in range(10)])
    nearest = ((test.mean((1, 2))[:, None] - colours) ** 2).sum(2).argmin(1)
    return run.history[-1]["test_accuracy"], (nearest == answers).mean()
