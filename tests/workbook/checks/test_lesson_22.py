"""The exercises of lesson 22: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations, product

import numpy as np

from lib.symmetries import COLOURS, SIGNS
from lib.workbook.checks import lesson_22 as check


def read_key(pixel, cipher):
    folded = [min(v, 255 - v) for v in pixel]
    order = [folded.index(min(v, 255 - v)) for v in cipher]
    signs = [0, 0, 0]
    for value, place in zip(cipher, order):
        signs[place] = int(value != pixel[place])
    return signs, order


def tried(pixel, cipher):
    for signs, order in product(product((0, 1), repeat=3), permutations(range(3))):
        complemented = [255 - v if sign else v for v, sign in zip(pixel, signs)]
        if tuple(complemented[i] for i in order) == tuple(cipher):
            return np.array(signs), np.array(order)
    raise AssertionError


def as_published(pixel, cipher):
    """Over 127 is a complement, and the value left says which of the three it was."""
    signs, order = [0, 0, 0], [0, 0, 0]
    for i, value in enumerate(cipher):
        left = 255 - value if value > 127 else value
        order[i] = pixel.index(left) if left in pixel else 0
        signs[order[i]] = int(value > 127)
    return signs, order


def signs_in_place(pixel, cipher):
    signs, order = read_key(pixel, cipher)
    return [signs[i] for i in order], order


def the_way_back(pixel, cipher):
    signs, order = read_key(pixel, cipher)
    return signs, np.argsort(order).tolist()


def unlike(image):
    return (np.diff(np.sort(np.minimum(image, 255 - image).astype(int), axis=-1)) > 0).all(axis=-1)


def disguise(photo, most=2, good=unlike):
    out = photo.copy()
    for change in sorted(product(range(-most, most + 1), repeat=3), key=lambda change: sum(map(abs, change))):
        moved = photo.astype(int) + change
        fits = (moved >= 0) & (moved <= 255)
        moved = moved.astype(np.uint8)
        out = np.where((~good(out) & fits.all(axis=-1) & good(moved))[..., None], moved, out)
    return out


def in_place(photo):
    photo[:] = disguise(photo)
    return photo


def three_values(image):
    return (np.diff(np.sort(image.astype(int), axis=-1)) > 0).all(axis=-1)


def forge(question, answer, photo, orders=COLOURS, masks=SIGNS, late=False, back=False):
    forged = np.zeros_like(photo)
    for signs, order in product(masks, orders):
        here = ((question ^ signs)[..., order] == answer).all(-1)
        if back:
            made = photo[..., np.argsort(order)] ^ signs
        else:
            made = photo[..., order] ^ signs if late else (photo ^ signs)[..., order]
        forged[here] = made[here]
    return forged


def distances(pixel, answer):
    values = np.array(pixel, np.uint8)
    made = np.array([(values ^ signs)[order] for signs in SIGNS for order in COLOURS])
    return ((answer[:, :, None].astype(int) - made) ** 2).sum(-1)


def read_through(ask, count=8, colours=(0, 51, 102), same=False, vote=False, signed=True):
    rng, total = np.random.default_rng(0), np.zeros((48, 48, 48))
    for _ in range(count):
        pixel = rng.permutation(colours) ^ rng.choice((0, 255), 3) * signed
        pixel = np.array(colours) if same else pixel
        found = distances(pixel, ask(np.broadcast_to(pixel.astype(np.uint8), (48, 48, 3)).copy()))
        total += -np.eye(48)[found.argmin(-1)] if vote else found
    return total.argmin(-1)


def questions(numbers, chance):
    return int(np.ceil(np.log1p(-chance) / np.log1p(-1 / numbers)))


def naive_questions(numbers, chance):
    with np.errstate(all="ignore"):
        return np.ceil(np.log(np.float64(1 - chance)) / np.log(np.float64(1 - 1 / numbers)))


SOLUTIONS = [
    (check.read_key, read_key),
    (check.read_key, tried),
    (check.colours, (0, 51, 102)),
    (check.colours, np.array([204, 255, 102])),
    (check.disguise, disguise),
    (check.disguise, check.disguised),
    (check.forge, forge),
    (check.read_through, read_through),
    (check.questions, questions),
]

WRONG = {
    "as published": (check.read_key, as_published),
    "signs in place": (check.read_key, signs_in_place),
    "the way back": (check.read_key, the_way_back),
    "no signs": (check.read_key, lambda pixel, cipher: ([0, 0, 0], read_key(pixel, cipher)[1])),
    "no order": (check.read_key, lambda pixel, cipher: (read_key(pixel, cipher)[0], [0, 1, 2])),
    "one list": (check.read_key, lambda pixel, cipher: read_key(pixel, cipher)[1]),
    "colours as published": (check.colours, (1, 2, 3)),
    "far apart": (check.colours, (0, 127, 255)),
    "even, without complements": (check.colours, (0, 43, 85)),
    "thirds": (check.colours, (0, 64, 127)),
    "nearly": (check.colours, (20, 60, 100)),
    "fractions": (check.colours, (0.0, 51.0, 102.0)),
    "unchanged": (check.disguise, lambda photo: photo.copy()),
    "by one": (check.disguise, lambda photo: disguise(photo, most=1)),
    "by three": (check.disguise, lambda photo: disguise(photo // 4 * 4)),
    "three values": (check.disguise, lambda photo: disguise(photo, good=three_values)),
    "over the edge": (
        check.disguise,
        lambda photo: np.where(unlike(photo)[..., None], photo, photo - np.uint8([0, 1, 2])),
    ),
    "in place": (check.disguise, in_place),
    "helper": (
        check.disguise,
        lambda photo: np.broadcast_to(np.array([1, 2, 3], np.uint8), photo.shape).copy(),
    ),
    "the photo": (check.forge, lambda question, answer, photo: photo.copy()),
    "complemented last": (check.forge, lambda *given: forge(*given, late=True)),
    "decrypted": (check.forge, lambda *given: forge(*given, back=True)),
    "orders alone": (check.forge, lambda *given: forge(*given, masks=SIGNS[:1])),
    "the answer's pattern": (check.forge, lambda question, answer, photo: photo ^ question ^ answer),
    "one question": (check.read_through, lambda ask: read_through(ask, count=1)),
    "eight times the same": (check.read_through, lambda ask: read_through(ask, same=True)),
    "sixteen": (check.read_through, lambda ask: read_through(ask, count=16)),
    "published colours": (check.read_through, lambda ask: read_through(ask, colours=(1, 2, 3), signed=False)),
    "a vote": (check.read_through, lambda ask: read_through(ask, vote=True)),
    "in proportion": (check.questions, lambda numbers, chance: int(numbers * chance)),
    "a birthday": (check.questions, lambda numbers, chance: int(np.ceil(1.1774 * numbers**0.5))),
    "rounded down": (check.questions, lambda *given: questions(*given) - 1),
    "one minus a little": (check.questions, naive_questions),
}
