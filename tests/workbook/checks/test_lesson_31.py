"""The exercises of lesson 31: the solutions pass, plausible wrong answers do not, an untouched stub is no
error."""

from itertools import permutations

import numpy as np
import torch

from lib.attacks.one_ciphertext.tanaka import blocks_one_key
from lib.models.defended import Defended, TableFront
from lib.workbook import defence_keys as keys
from lib.workbook import defences
from lib.workbook.checks import lesson_31 as check


def step(image, start, gradient, size, epsilon):
    moved = image + size * np.sign(gradient)
    return np.clip(np.clip(moved, start - epsilon, start + epsilon), 0, 1)


def through_table(gradient, index, mask, forward=False, signed=True):
    signs = np.where(mask > 0, -1, 1) if signed else 1
    if forward:
        return (gradient * signs)[index]
    out = np.empty_like(gradient)
    out[index] = gradient * signs
    return out


ORDERS = tuple(permutations(range(3)))


def left_open(index, mask, orders=ORDERS, signs=(0, 255)):
    tables = [index // 3 * 3 + np.array(order)[index % 3] for order in orders]
    return [(table, mask ^ np.uint8(sign)) for table in tables for sign in signs]


def by_scores(score, image, epsilon, questions, rng, reach=None, single=False, ask=1):
    reach = epsilon if reach is None else reach
    change = rng.choice([-reach, reach], (3, 1, image.shape[2])) * np.ones_like(image)
    best = score(np.clip(image + change, 0, 1))
    for _ in range(ask * questions - 1):
        side = 1 if single else rng.integers(2, 8)
        y, x = (rng.integers(0, size - side + 1) for size in image.shape[1:])
        tried = change.copy()
        tried[:, y : y + side, x : x + side] = rng.choice([-reach, reach], (3, 1, 1))
        found = score(np.clip(image + tried, 0, 1))
        if found < best:
            best, change = found, tried
    return np.clip(image + change, 0, 1)


def noise(score, image, epsilon, questions, rng):
    tried = [np.clip(image + rng.choice([-epsilon, epsilon], image.shape), 0, 1) for _ in range(questions)]
    return min(tried, key=score)


def accuracies(right, distances, epsilons):
    return np.array([(right & (distances > epsilon)).mean() for epsilon in epsilons])


def decided(network, front, images):
    with torch.no_grad():
        given = Defended(network, front).eval()(torch.from_numpy(defences.floats(images)))
    return given.argmax(1).numpy()


def beat(ciphers, service, images, settle=True, levels=8):
    read = blocks_one_key(ciphers, block=4, bits=8).recovered
    tables = keys.left_open(read["index"], read["mask"], 4)
    front = keys.settled(service, tables) if settle else TableFront(tables[3])
    given = decided(service.network, front, images)
    return defences.pgd(service.network, front, images, given, levels, seed=0, steps=20)


def without_a_key(ciphers, service, images):
    given = decided(service.network, None, images)
    return defences.pgd(service.network, None, images, given, 8, seed=0, steps=20)


SOLUTIONS = [
    (check.step, step), (check.through_table, through_table), (check.left_open, left_open),
    (check.by_scores, by_scores), (check.accuracies, accuracies), (check.beat, beat),
]  # fmt: skip

WRONG = {
    "downhill": (check.step, lambda image, start, *rest: step(image, start, -rest[0], *rest[1:])),
    "the gradient itself": (
        check.step,
        lambda image, start, gradient, size, epsilon: np.clip(
            np.clip(image + size * gradient, start - epsilon, start + epsilon), 0, 1
        ),
    ),
    "no epsilon": (
        check.step,
        lambda image, start, gradient, size, epsilon: np.clip(image + size * np.sign(gradient), 0, 1),
    ),
    "epsilon around the last step": (
        check.step,
        lambda image, start, gradient, size, epsilon: step(image, image, gradient, size, epsilon),
    ),
    "values beyond 0 and 1": (
        check.step,
        lambda image, start, gradient, size, epsilon: np.clip(
            image + size * np.sign(gradient), start - epsilon, start + epsilon
        ),
    ),
    "as encryption moves": (check.through_table, lambda *given: through_table(*given, forward=True)),
    "no signs": (check.through_table, lambda *given: through_table(*given, signed=False)),
    "nothing moved": (
        check.through_table,
        lambda gradient, index, mask: np.where(mask > 0, -gradient, gradient),
    ),
    "signs of plain values": (
        check.through_table,
        lambda gradient, index, mask: np.where(mask > 0, -1, 1) * through_table(gradient, index, 0 * mask),
    ),
    "no negative": (check.left_open, lambda index, mask: left_open(index, mask, signs=(0,))),
    "only turns of the colours": (
        check.left_open,
        lambda index, mask: left_open(index, mask, orders=((0, 1, 2), (1, 2, 0), (2, 0, 1))),
    ),
    "colours of the cipher": (
        check.left_open,
        lambda index, mask: [
            (index.reshape(16, 3)[:, order].ravel(), mask ^ np.uint8(sign))
            for order in ORDERS for sign in (0, 255)
        ],
    ),
    "one twice": (check.left_open, lambda index, mask: 2 * left_open(index, mask)),
    "noise": (check.by_scores, noise),
    "single values": (check.by_scores, lambda *given: by_scores(*given, single=True)),
    "further than allowed": (check.by_scores, lambda *given: by_scores(*given, reach=0.1)),
    "too many questions": (check.by_scores, lambda *given: by_scores(*given, ask=2)),
    "wrong ones count": (
        check.accuracies,
        lambda right, distances, epsilons: np.array([(distances > each).mean() for each in epsilons]),
    ),
    "the attacker's share": (check.accuracies, lambda *given: 1 - accuracies(*given)),
    "of those that were right": (
        check.accuracies,
        lambda right, *rest: accuracies(right, *rest) / right.mean(),
    ),
    "not at epsilon itself": (
        check.accuracies,
        lambda right, distances, epsilons: accuracies(right, distances, epsilons - 0.5),
    ),
    "no key": (check.beat, without_a_key),
    "noise of that size": (check.beat, lambda ciphers, service, images: defences.noise(images, 8, 0)),
    "one of the twelve": (check.beat, lambda *given: beat(*given, settle=False)),
    "too far": (check.beat, lambda *given: beat(*given, levels=16)),
}  # fmt: skip
