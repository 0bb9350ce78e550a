"""Attackers of a keyed defence, each with what it has; all perturbations are of the adversarial robustness
toolbox (ART; Nicolae and others, arXiv:1807.01069), none is our own.

Of three well-known libraries ART alone has all that is needed in a release that installs: PGD, Square (scores
only) and HopSkipJump (decisions only). torchattacks has no attack on decisions, and its releases since 3.4
want a version of requests that Jupyter refuses; foolbox has no Square. What has to be known of ART:

- Its random numbers are NumPy's global ones: `seeded` sets them and gives them back.
- Its Square asks about every point three times. `Served` answers what it was asked before from memory, and
  counts different pictures alone.
- Its HopSkipJump looks for a start by itself, by numbers that nobody can set. It is given one: a picture that
  the network puts in another class. It can also search for ever, where a border runs between two roundings
  of a float; so a budget of questions ends it, and the nearest picture so far counts.
- Whether inputs are normalised is a state of the wrapper. Here the network does it, so there is none.
- It makes a folder `.art` in the home directory when it is imported, so it is imported only where it is used.

Pictures are (n, 32, 32, 3) uint8 at every door. A perturbed picture is rounded to bytes before it is scored,
and scored through `scheme.encrypt` under the right key, whatever the attacker believed. Epsilons are in grey
levels of 255.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from torch import nn

from lib.datasets import Dataset
from lib.models.defended import Defended
from lib.training import encrypted, logits

CLASSES, SHAPE = 10, (3, 32, 32)
EPSILONS = 1, 2, 4, 8  # the last is the published one
STEPS, STEP, FEW = 50, 0.25, 10  # of PGD, as published: 50 steps of a quarter of 8/255; and few of them
AUTO_STEPS = 100  # of AutoPGD, as AutoAttack has them


@dataclass(frozen=True)
class Case:
    """A defended network and the pictures that are attacked: `scheme` has the right key, or is None."""

    network: nn.Module
    scheme: Any
    images: np.ndarray
    labels: np.ndarray

    def right(self, images: np.ndarray, some: Any = slice(None)) -> np.ndarray:
        """Whether each picture, of those numbered `some`, is put in its class, the right key in front."""
        return answers(self, images).argmax(1) == self.labels[some]


def answers(case: Case, images: np.ndarray) -> np.ndarray:
    """(n, classes): logits of plain pictures (n, 32, 32, 3) uint8 behind the true defence."""
    return logits(case.network, images if case.scheme is None else encrypted(case.scheme, images))


def floats(images: np.ndarray) -> np.ndarray:
    """(n, 3, h, w) float32 from 0 to 1 of (n, h, w, 3) uint8."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32) / 255


def pixels(values: np.ndarray) -> np.ndarray:
    """The way back, rounded."""
    return np.ascontiguousarray((values * 255).round().clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1))


def balanced(data: Dataset, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The first pictures of each class, `count` together: images and labels, classes in turn."""
    order = np.argsort(data.labels, kind="stable").reshape(CLASSES, -1)[:, : count // CLASSES].T.ravel()
    return data.images[order], data.labels[order]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """NumPy's global generator, which ART draws from, is set inside and given back after it."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


# -- perturbations -------------------------------------------------------------------------------------------


def noise(images: np.ndarray, epsilon: int, seed: int) -> np.ndarray:
    """The baseline that knows nothing: every value up or down by epsilon, at random."""
    signs = np.random.default_rng(seed).choice([-epsilon, epsilon], images.shape)
    return (images + signs).clip(0, 255).astype(np.uint8)


def pgd(
    network: nn.Module, front: nn.Module | None, images: np.ndarray, labels: np.ndarray, epsilon: int,
    seed: int, steps: int = STEPS,
) -> np.ndarray:  # fmt: skip
    """Projected gradient descent (Madry and others, ICLR 2018) on a network behind the front that an attacker
    believes in; None for none. (n, 32, 32, 3) uint8 in and out, at most epsilon levels apart."""
    from art.attacks.evasion import ProjectedGradientDescent

    bound = epsilon / 255
    with seeded(seed), torch.random.fork_rng(devices=[]):
        attack = ProjectedGradientDescent(
            white_box(network, front), eps=bound, eps_step=STEP * bound, max_iter=steps, num_random_init=1,
            batch_size=50, verbose=False,
        )  # fmt: skip
        return pixels(attack.generate(floats(images), labels))


def auto_pgd(
    network: nn.Module, front: nn.Module | None, images: np.ndarray, labels: np.ndarray, epsilon: int,
    seed: int, steps: int = AUTO_STEPS,
) -> np.ndarray:  # fmt: skip
    """The two parts of AutoAttack that follow gradients (Croce and Hein, ICML 2020): PGD that chooses its
    steps itself, on cross-entropy, then on the ratio of differences of logits where the first did not do. As
    `pgd` otherwise. The parts that ask for scores alone are `square`'s."""
    from art.attacks.evasion import AutoProjectedGradientDescent

    bound, moved = epsilon / 255, images.copy()
    wrapped = white_box(network, front)
    for loss in ("cross_entropy", "difference_logits_ratio"):
        left = wrapped.predict(floats(moved)).argmax(1) == labels
        if left.any():
            with seeded(seed), torch.random.fork_rng(devices=[]):
                attack = AutoProjectedGradientDescent(
                    wrapped, eps=bound, eps_step=2 * bound, max_iter=steps, nb_random_init=1,
                    batch_size=50, loss_type=loss, verbose=False,
                )  # fmt: skip
                moved[left] = pixels(attack.generate(floats(images[left]), labels[left]))
    return moved


def white_box(network: nn.Module, front: nn.Module | None):
    """ART's wrapper of a network behind a front, whose gradients are followed."""
    from art.estimators.classification import PyTorchClassifier

    model = Defended(network, front).eval()
    return PyTorchClassifier(
        model, nn.CrossEntropyLoss(), SHAPE, CLASSES, clip_values=(0, 1), device_type="cpu"
    )


class Served:
    """What a stranger may ask of a defended network: (n, 3, 32, 32) floats in, made bytes; logits out.

    asked   how many different pictures were asked for
    """

    def __init__(self, case: Case):
        self.case, self.asked, self.known = case, 0, {}

    def __call__(self, values: np.ndarray) -> np.ndarray:
        images = pixels(values)
        names = [blake2b(image.tobytes(), digest_size=16).digest() for image in images]
        new = {name: i for i, name in enumerate(names) if name not in self.known}
        if new:
            self.known.update(zip(new, answers(self.case, images[list(new.values())])))
        self.asked += len(new)
        return np.stack([self.known[name] for name in names])


def square(case: Case, epsilon: int, queries: int, seed: int) -> tuple[np.ndarray, float]:
    """Square (Andriushchenko and others, ECCV 2020), which sees scores: pictures, and how many different ones
    it asked about for each."""
    from art.attacks.evasion import SquareAttack

    served = Served(case)
    with seeded(seed):
        attack = SquareAttack(black_box(served), eps=epsilon / 255, max_iter=queries, verbose=False,
                              batch_size=len(case.images))  # fmt: skip
        found = pixels(attack.generate(floats(case.images), case.labels))
    return found, served.asked / len(found)


class Nearest:
    """What tells decisions about one picture, up to a budget, and remembers the nearest one that was decided
    otherwise.

    distances   by question: how far the nearest was then, in levels; inf while there is none
    """

    def __init__(self, case: Case, image: np.ndarray, decided: int, budget: int):
        self.case, self.image, self.decided, self.budget = case, image.astype(int), decided, budget
        self.distances: list[float] = []

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """One for the class that is given, zero for the others; PermissionError beyond the budget."""
        if len(self.distances) >= self.budget:
            raise PermissionError(f"{self.budget} questions are allowed")
        images = pixels(values)
        given = answers(self.case, images).argmax(1)
        far = np.abs(images - self.image).reshape(len(images), -1).max(1)
        before = self.distances[-1] if self.distances else np.inf
        far = np.where(given == self.decided, np.inf, far)
        self.distances += np.minimum.accumulate(np.minimum(far, before)).tolist()
        return np.eye(CLASSES, dtype=np.float32)[given]


def hop_skip_jump(case: Case, questions: int, seed: int) -> np.ndarray:
    """HopSkipJump (Chen, Jordan and Wainwright, 2020), which sees decisions: (n, questions), how far the
    nearest picture that the network puts in another class was after each question, in levels. ValueError
    where the network gives one class only."""
    from art.attacks.evasion import HopSkipJump

    given, values = answers(case, case.images).argmax(1), floats(case.images)
    if (given == given[0]).all():
        raise ValueError("the network puts all pictures in one class; there is no other to start from")
    found = np.empty((len(given), questions))
    for i, decided in enumerate(given):
        others = np.flatnonzero(given != decided)
        nearest = Nearest(case, case.images[i], decided, questions)
        attack = HopSkipJump(
            black_box(nearest), norm=np.inf, max_iter=questions, verbose=False, batch_size=500
        )
        with seeded(seed + i), suppress(PermissionError):
            attack.generate(values[i : i + 1], x_adv_init=values[others[i % len(others)]][None])
        found[i] = nearest.distances[:questions]
    return found


def black_box(ask: Callable[[np.ndarray], np.ndarray]):
    """ART's wrapper of something that can only be asked."""
    from art.estimators.classification import BlackBoxClassifierNeuralNetwork

    return BlackBoxClassifierNeuralNetwork(ask, SHAPE, CLASSES, clip_values=(0, 1), channels_first=True)


# -- curves --------------------------------------------------------------------------------------------------


def over_epsilons(
    case: Case, perturb: Callable[[np.ndarray, np.ndarray, int], np.ndarray], sees: bool = False
) -> dict[str, float]:
    """Accuracy by epsilon; `perturb(images, labels, epsilon)`. Whoever `sees` whether a smaller epsilon was
    enough, because he holds network and key, leaves that picture alone from there on."""
    alive, found = case.right(case.images), {}
    for epsilon in EPSILONS:
        some = np.flatnonzero(alive) if sees else np.arange(len(case.images))
        if len(some):
            moved = perturb(case.images[some], case.labels[some], epsilon)
            within(moved, case.images[some], epsilon)
            alive[some] = case.right(moved, some)
        found[str(epsilon)] = round(float(alive.mean()), 4)
    return found


def within(moved: np.ndarray, images: np.ndarray, epsilon: int) -> None:
    """ValueError for pictures that are further than epsilon away: no attack gets more than it may have."""
    far = int(np.abs(moved.astype(int) - images).max())
    if far > epsilon:
        raise ValueError(f"a perturbation of {far} levels, at most {epsilon} are allowed")
