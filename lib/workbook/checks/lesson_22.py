"""Checks of lesson 22: keys read from one answer and used, colours that survive noise and JPEG, a question in
disguise, and how many questions meet a number."""

import math
from itertools import combinations, product

import numpy as np

from lib import Key, datasets
from lib.schemes import SKK
from lib.symmetries import COLOURS
from lib.workbook.checks import array, called, compared, exercise, pair, whole
from lib.workbook.jpeg import through_jpeg

PIXELS = [(1, 2, 3), (20, 60, 100), (200, 10, 90), (255, 128, 60), (5, 130, 129)]


@exercise
def read_key(answer):
    """`answer(pixel, cipher)`: (signs, order) of the key that makes `cipher` of `pixel`, as in lesson 04."""
    for pixel in PIXELS:
        for signs, order in product(product((0, 1), repeat=3), COLOURS.tolist()):
            complemented = [255 - v if sign else v for v, sign in zip(pixel, signs)]
            cipher = tuple(complemented[i] for i in order)
            got = pair(answer(pixel, cipher), "signs and order")
            theirs, found = (tuple(array(part, (3,), None).tolist()) for part in got)
            says, hint = f"{pixel} became {cipher}", "value i of the cipher is value order[i]"
            assert found == tuple(order), f"{says}: its order is not {found}; {hint}"
            assert theirs == signs, f"{says}: the signs of the plain values are not {theirs}"


@exercise
def forge(answer):
    """`answer(question, answered, photo)`: what the service makes of a photo, of its answer to a question."""
    photo = datasets.photo("hopper", 64)
    for seed, colours in enumerate(((1, 2, 3), (200, 10, 90), (130, 131, 20))):
        scheme = SKK(Key.from_seed(22 + seed))
        question = np.random.default_rng(seed).permuted(np.full((64, 64, 3), colours, np.uint8), axis=2)
        right = scheme.encrypt(photo)
        got = array(called(answer, question, scheme.encrypt(question), photo), photo.shape)
        if seed == 0:
            alt = (
                "A portrait, its SKK ciphertext, which is coloured noise, and the ciphertext that was forged."
            )
            compared(alt, photo=photo, target=right, yours=got)
        told = f"a question of {colours} in all orders: {(got == right).mean():.0%} of the values are right"
        assert not (got == photo).all(), "that is the photo; asked is its ciphertext"
        back = (np.sort(np.minimum(got, 255 - got)) == np.sort(np.minimum(photo, 255 - photo))).all()
        values = "; some pixels do not hold the photo's values, kept or complemented"
        first = "; SKK complements first, and moves the complemented values then"
        assert (got == right).all(), told + (first if back else values)


@exercise
def colours(answer):
    """`answer`: three values; of v and 255 - v of each, six, the two nearest lie as far apart as can be."""
    assert np.shape(answer) == (3,), f"expected three values, got {answer!r}"
    three = [whole(value, "whole numbers from 0 to 255", 0, 255) for value in answer]
    six = sorted(three + [255 - value for value in three])
    gap = min(abs(a - b) for a, b in combinations(six, 2))
    told = f"the six values are {six}, and the nearest two differ by {gap}"
    assert gap == 51, f"{told}: there is something better"


@exercise
def read_through(answer):
    """`answer(ask)`: (48, 48) numbers 6 * signs + order, of 8 answers at most, as JPEG 50 left them."""
    for seed in (1, 2):
        scheme, asked = SKK(Key.from_seed(seed)), []

        def ask(image, scheme=scheme, asked=asked):
            asked.append(array(image, (48, 48, 3)))
            assert len(asked) <= 8, "eight questions are allowed, and you asked a ninth"
            return through_jpeg(scheme.encrypt(image), 50)

        steps = scheme.steps((48, 48, 3))
        truth = 6 * steps["negative-positive"].masks.of.astype(int) + steps["colour shuffle"].orders.of
        got = array(answer(ask), (48, 48), None)
        share = (got == truth.reshape(48, 48)).mean()
        used = len({image.tobytes() for image in asked})
        told = f"{share:.1%} of the keys are right, different questions asked: {used}"
        why = "the errors of a repeated question do not cancel" if used < 6 else "are all distances summed?"
        assert share >= 0.97, f"{told}; {why}"


@exercise
def disguise(answer):
    """`answer(photo)`: a new one, changed by 2 at most, with three unlike min(v, 255 - v) in each pixel."""
    noise = np.random.default_rng(3).integers(0, 256, (24, 40, 3), dtype=np.uint8)
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    mixed = np.stack([grey[..., 0], 255 - grey[..., 0], np.roll(grey[..., 0], 1)], axis=-1)
    photos = {
        "a photo": datasets.photo("hopper", 32),
        "noise": noise,
        "every grey": grey,
        "complements": mixed,
    }
    for name, photo in photos.items():
        got = array(called(answer, photo.copy()), photo.shape)
        if name == "a photo":
            alt = "A portrait, and beside it what the answer made of it, which should look the same."
            compared(alt, photo=photo, yours=got)
        most = abs(got.astype(int) - photo).max()
        assert most <= 2, f"{name}: a value was changed by {most}"
        folded = np.sort(np.minimum(got, 255 - got).astype(int), axis=-1)
        alike = (np.diff(folded) == 0).any(axis=-1)
        told = f"{name}: {alike.mean():.1%} of the pixels have two keys or more"
        assert not alike.any(), f"{told}, such as {got[alike][0].tolist()}"


def disguised(photo: np.ndarray) -> np.ndarray:
    """A right answer to `disguise`, for who has none: (h, w, 3) uint8, changed by 2 at most."""
    out, changes = photo.copy(), sorted(product(range(-2, 3), repeat=3), key=lambda by: sum(map(abs, by)))
    for change in changes:
        moved = photo.astype(int) + change
        fits = ((moved >= 0) & (moved <= 255)).all(-1) & _tells(moved) & ~_tells(out)
        out[fits] = moved[fits]
    return out


def _tells(image):
    folded = np.sort(np.minimum(image, 255 - image).astype(int), axis=-1)
    return (np.diff(folded) > 0).all(-1)


@exercise
def questions(answer):
    """`answer(numbers, chance)`: after how many questions one has a given number, with this chance."""
    for numbers, chance in ((256, 0.5), (256, 0.9), (2**16, 0.5), (10, 0.99), (2**64, 0.5)):
        got, right = called(answer, numbers, chance), questions_needed(numbers, chance)
        told = f"{numbers:,} numbers, a chance of {chance:g}: not {got!r}"
        fits = isinstance(got, int | float | np.number) and np.isfinite(got)
        assert fits, f"{told}, a finite number; is 1 - 1 / numbers less than 1 to the computer?"
        assert abs(got - chance * numbers) > 2 or abs(right - got) < 2, f"{told}; numbers repeat: some miss"
        birthday = "two of her own questions may meet sooner, but the picture's number is given"
        assert got > right / 4, f"{told}; {birthday}"
        near = abs(got - right) < (0.5 if right < 1e6 else 1e-6 * right)
        assert near, f"{told}; all n questions miss with (1 - 1 / numbers) ** n, and n is whole"


def questions_needed(numbers: int, chance: float) -> int:
    """The least whole n with 1 - (1 - 1 / numbers) ** n >= chance."""
    missed = math.log1p(-1 / numbers)  # log of the chance that one question misses
    return math.ceil(math.log1p(-chance) / missed)
