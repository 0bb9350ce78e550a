"""What is chosen in the key explorer, picture, scheme and parts of the key, and the ciphertext.

A part of a key is a step of its scheme; one that is not taken is left out, and the others stay as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lib import Key
from lib.colours import to_planes
from lib.photos import photo, photo_names
from lib.schemes import Scheme, by_name, controls
from lib.schemes import names as scheme_names
from lib.workbook.attack_matrix import TARGET_IDS

PHOTOS, SIZES, SEEDS = photo_names, (32, 64, 96, 128), range(100)
SCHEMES = (*scheme_names, *controls)
BLOCKS = (2, 4, 8, 16, 32)


@dataclass(frozen=True)
class Choice:
    """A photo, its side in pixels, a scheme, its block, its steps by name (None for all), the key's seed.

    Errors: ValueError for what does not exist or does not fit, and says what does.
    """

    photo: str = "hopper"
    size: int = 96
    scheme: str = "tanaka"
    block: int = 4
    steps: tuple[str, ...] | None = None
    seed: int = 7

    def __post_init__(self):
        for what, known in (("photo", PHOTOS), ("size", SIZES), ("scheme", SCHEMES)):
            if getattr(self, what) not in known:
                raise ValueError(f"no {what} {getattr(self, what)!r}; known: {', '.join(map(str, known))}")
        if self.block not in blocks(self.scheme, self.size):
            fitting, size = ", ".join(map(str, blocks(self.scheme, self.size))), f"{self.size}x{self.size}"
            raise ValueError(f"{self.scheme} on {size} has blocks of {fitting}, got {self.block}")
        every = parts(self)
        taken = every if self.steps is None else self.steps
        if set(taken) - set(every):
            raise ValueError(f"the steps of {self.scheme} are {', '.join(every)}; got {', '.join(taken)}")
        object.__setattr__(self, "steps", tuple(name for name in every if name in taken))


def blocks(scheme: str, size: int) -> tuple[int, ...]:
    """The sides that a scheme's blocks can have on a picture of `size` x `size`, two or more across."""
    if "block" not in by_name(scheme).options:
        return (1,)
    return tuple(block for block in BLOCKS if size % block == 0 and size >= 2 * block)


def parts(choice: Choice) -> tuple[str, ...]:
    """All steps of a choice's scheme, in order. FFX is no table, and counts as one step."""
    scheme, shape = scheme_of(choice), (choice.size, choice.size, 3)
    if not scheme.has_table:
        return ("substitution",)
    return tuple(scheme.steps(shape, 0 if scheme.per_image else None))


def scheme_of(choice: Choice) -> Scheme:
    """The scheme under the key of the choice, with all steps."""
    kind = by_name(choice.scheme)
    block = {"block": choice.block} if "block" in kind.options else {}
    return kind(Key.from_seed(choice.seed), **block)


class Partly:
    """A scheme of which some steps are taken, in its order: as much of it as attacks and oracles ask for."""

    def __init__(self, scheme: Scheme, taken: tuple[str, ...], whole: bool):
        self._scheme, self._taken, self._whole = scheme, taken, whole
        self.piece, self.bits, self.per_image = scheme.piece, scheme.bits, scheme.per_image
        self.channels, self.control = scheme.channels, scheme.control

    def encrypt(self, images: np.ndarray, ids: Iterable[int] | None = None) -> np.ndarray:
        """(n, h, w, 3) uint8, encrypted as far as the steps go; grey and three times as wide for etc-gray."""
        if self._whole:
            return self._scheme.encrypt(images, ids)
        out = to_planes(images)[..., 0] if self._scheme.channels == 1 else images
        steps = self._scheme.steps(images.shape[1:]) if self._taken else {}
        for name in self._taken:
            out = steps[name].apply(out)
        return out


def cipher_of(choice: Choice) -> Partly:
    """The scheme under the key of the choice, its steps as chosen."""
    return Partly(scheme_of(choice), choice.steps, choice.steps == parts(choice))


def pictures(choice: Choice) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 3) uint8: the plain picture, and its ciphertext, which for etc-gray is (h, 3 w)."""
    plain, cipher = photo(choice.photo, choice.size), cipher_of(choice)
    return plain, cipher.encrypt(plain[None], [TARGET_IDS] if cipher.per_image else None)[0]
