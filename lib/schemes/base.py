"""What all schemes share: a recipe of named steps, each a table, and the way to ciphertexts and back.

A scheme is one file of this folder: a subclass of `Scheme`, or of `BlockScheme`, with a `name`. Shell,
explorer, attacks and tests go by what the class says of itself, see `Scheme`, and never by its name. What a
public code computes instead is a subclass of that with `as_published`, the code's name, and `differs`.
"""

import math
from functools import cached_property, lru_cache, reduce
from typing import Any, ClassVar

import numpy as np

from lib import images as door
from lib.keys import Key
from lib.table import NotInvertibleError, Shape, Structure, Table

ATOMS_AT_ONCE = 1 << 22  # with a key per image, images are worked on in groups of about this size


class NoKey:
    """Stands where a key would, in schemes of those who know all but the key: a ValueError for every draw."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise ValueError("this scheme holds settings and no key; make it again with a lib.Key to use it")

    def __repr__(self) -> str:
        return "NO_KEY"


NO_KEY, AnyKey = NoKey(), Key | NoKey
Code = bool | str  # a public code by name, True for the first, False for none


class Scheme:
    """A table scheme. A subclass says `_steps(shape, image)`: its recipe, as tables drawn from `self.key`.

    key           a `lib.Key`, or `NO_KEY` for settings alone
    per_image     False: one key for all images, as training needs. True: a key of its own for every image id,
                  which `encrypt` and `decrypt` then ask for
    as_published  False: the scheme as its paper defines it. A name out of `published`, or True for the first
                  of them: what that public code computes instead; the object is of a subclass

    A class says of itself, beside `block` and `bits`, the side of its blocks and the bits of its atoms:
    """

    name: ClassVar[str]
    structure: ClassVar[Structure] = Structure.OTHER  # what its key does; attacks are made for a structure
    has_table: ClassVar[bool] = True  # False: it replaces values, and has neither steps nor a table
    channels: ClassVar[int] = 3  # of the ciphertext; 1: grey, three planes side by side
    dtype: ClassVar[type] = np.uint8  # of the ciphertext
    invertible: ClassVar[bool] = True  # whether `decrypt` gives the exact pixels back
    inexact: ClassVar[str] = ""  # where they come back but for rounding: what it does that is rounded
    control: ClassVar[bool] = False  # no published scheme, but what nothing may break
    options: ClassVar[dict[str, str]] = {}  # arguments beside the three above, each with a line for the shell
    published: ClassVar[dict[str, type["Scheme"]]] = {}  # by the name of the public code
    as_published: str | bool = False
    differs: ClassVar[str] = ""  # what the public code does differently
    block: int = 1
    bits: int = 8
    per_image: bool = False

    def __init_subclass__(cls):
        if "name" in vars(cls):
            cls.paper, cls.published = cls, {}
        elif "as_published" in vars(cls):
            cls.published[cls.as_published] = cls

    def __new__(cls, *_, as_published: Code = False, **options):
        if as_published and not cls.published:
            none = f"{cls.name} has no published variant that differs from it"
            raise ValueError(f"{none}; leave as_published out")
        if as_published is True:
            as_published = next(iter(cls.published))
        if as_published and as_published not in cls.published:
            known = ", ".join(map(repr, cls.published))
            raise ValueError(f"no published variant {as_published!r} of {cls.name}; known: {known}")
        return super().__new__(cls.published[as_published] if as_published else cls)

    def __init__(self, key: AnyKey, *, per_image: bool = False, as_published: Code = False):
        if not isinstance(key, Key | NoKey):  # `__new__` has chosen the class by as_published
            kind = type(key).__name__
            raise TypeError(f"expected a lib.Key, got {kind}; use Key.generate(), or Key.load('key.json')")
        self.key, self.per_image = key, check_flag("per_image", per_image)

    @cached_property
    def _table(self):
        return lru_cache(maxsize=4)(self._compose)

    def steps(self, shape: Shape, image: int | None = None) -> dict[str, Table]:
        """The recipe for images of `shape` (h, w, 3): its steps in order, by name; each can be applied alone.
        `image`: the id of an image where each has its own key. ValueError for a shape that does not fit."""
        shape = self._shape(shape)
        if self.per_image and image is None:
            raise ValueError("each image has a key of its own: say which with image=id")
        if not self.per_image and image is not None:
            way = "use per_image=True, or drop it"
            raise ValueError(f"one key serves all images here, so image=id changes nothing; {way}")
        return self._steps(shape, None if image is None else int(self._ids(image, 1)[0]))

    def table(self, shape: Shape, image: int | None = None) -> Table:
        """All steps as one table (kept for the last few shapes)."""
        return self._table(tuple(shape), image)

    def _compose(self, shape, image):
        return reduce(Table.then, self.steps(shape, image).values())

    def _steps(self, shape, image) -> dict[str, Table]:
        raise NotImplementedError

    def _shape(self, shape):
        """The shape that tables are made for, checked."""
        if len(shape) != 3 or shape[2] != 3 or min(shape) < 1:
            raise ValueError(f"expected the shape (h, w, 3) of one image, got {tuple(shape)}")
        if shape[0] % self.block or shape[1] % self.block:
            raise ValueError(f"{shape[0]}x{shape[1]} is not a multiple of block {self.block}")
        return tuple(int(side) for side in shape)

    @property
    def piece(self) -> int:
        """Side in pixels of what `structure` speaks of: a block, unless a class has smaller pieces in it."""
        return self.block

    def stream(self, part: str) -> str:
        """The label of a part's stream of the key, which no other part, variant, block size or split has."""
        variant = f"/{self.as_published}" if self.as_published else ""
        return f"{self.name}{variant}/block={self.block}/bits={self.bits}/{part}"

    def encrypt(self, images: Any, ids: Any = None):
        """The ciphertexts of `images`: same kind, shape and dtype; the input is not changed.

        images  uint8; NumPy (h, w, 3) or (n, h, w, 3), torch (3, h, w) or (n, 3, h, w), or PIL of mode RGB
        ids     with `per_image`: a whole number from 0 on for each image, no two alike; else None. Nothing
                remembers the ids of earlier calls: that no two images ever share one is for you to see to
        Errors: TypeError or ValueError that says what came, what is expected, and how to get there.
        """
        batch, leave = door.enter(images, self.block)
        ids = self._ids(ids, len(batch))
        return leave(self._encrypt(batch, ids))

    def decrypt(self, images: Any, ids: Any = None):
        """The plain images of ciphertexts, exactly. NotInvertibleError where something is lost."""
        if not self.invertible:
            variant = f" as in {self.as_published!r}" if self.as_published else ""
            raise NotInvertibleError(f"{self.name}{variant} cannot be decrypted: {self.differs}")
        batch, leave = door.enter(images, self.block, self.channels)
        ids = self._ids(ids, len(batch))
        return leave(self._decrypt(batch, ids))

    def _encrypt(self, batch, ids):
        return self._run(batch, ids)

    def _decrypt(self, batch, ids):
        return self._run(batch, ids, inverse=True)

    def _run(self, batch, ids, inverse=False):
        shape = tuple(batch.shape[1:])
        if ids is None:
            table = self._table(self._plain_shape(shape), None)
            return (table.kept_inverse if inverse else table).apply_batch(batch)
        numpy = isinstance(batch, np.ndarray)
        batch = np.ascontiguousarray(batch) if numpy else batch
        out = np.empty_like(batch) if numpy else batch.clone()
        group = max(1, ATOMS_AT_ONCE * self.bits // 8 // math.prod(shape))
        for part in (slice(start, start + group) for start in range(0, len(batch), group)):
            table = self._tall(shape, ids[part])
            table = table.inverse() if inverse else table
            if numpy:
                table.apply_bytes(batch[part].reshape(1, -1), out[part].reshape(1, -1))
            else:
                out[part] = table.apply_batch(batch[part].reshape(1, *table.shape)).reshape(-1, *shape)
        return out

    def _plain_shape(self, shape):
        return shape

    def _tall(self, shape, ids) -> Table:
        """One table for the images `ids` below each other."""
        return Table.stack([self._compose(self._plain_shape(shape), int(i)) for i in ids])

    def _ids(self, ids, count):
        if not self.per_image:
            if ids is None:
                return None
            instead = f"use {self.paper.__name__}(key, per_image=True), or drop ids"
            raise ValueError(f"ids came, but one key serves all images; {instead}")
        if ids is None:
            way = "encrypt(images, ids=range(n))"
            raise ValueError(f"each image has a key of its own, so each needs an id: {way}")
        return check_ids(ids, count)

    @property
    def label(self) -> str:
        """What tables call it: its name, and "per image" where each image has a key of its own."""
        return f"{self.name} per image" if self.per_image and not self.control else self.name

    def key_bits(self, shape: Shape) -> float:
        """log2 of the number of different keys for one image of `shape` (h, w, 3), from theory."""
        raise NotImplementedError(f"nobody has counted the keys of {self.name}")

    def published_key_bits(self, shape: Shape) -> dict[str, float]:
        """The same for public codes that have fewer keys than the paper counts: {what: bits}, under a code's
        name what its construction allows, under "..., as shipped" what the keys in its source do."""
        return {}

    def settings(self) -> dict[str, Any]:
        """The arguments, the key apart, that make this scheme again."""
        own = {name: getattr(self, name) for name in self.options}
        return {**own, "per_image": self.per_image, "as_published": self.as_published}

    def to_dict(self) -> dict[str, Any]:
        """Everything about this scheme but the key, for JSON."""
        return {"scheme": self.name, "version": 1, **self.settings()}

    @staticmethod
    def from_dict(fields: dict[str, Any], key: AnyKey) -> "Scheme":
        """The scheme that `to_dict` described, with `key`. ValueError for settings that it has not."""
        from lib.schemes import by_name

        fields = dict(fields)
        name, version = fields.pop("scheme", None), fields.pop("version", None)
        if version != 1:
            raise ValueError(f"a scheme of version {version!r}; this package reads version 1")
        kind = by_name(name)
        try:
            return kind(key, **fields)
        except TypeError as error:
            raise ValueError(f"settings that {name} cannot have: {error}") from None

    def __getstate__(self):  # a process that loads data gets a copy of the scheme, and makes its tables again
        return {name: value for name, value in self.__dict__.items() if name != "_table"}

    def __repr__(self) -> str:
        shown = [f"{name}={value!r}" for name, value in self.settings().items() if value is not False]
        return f"{self.paper.__name__}({', '.join([repr(self.key), *shown])})"


class BlockScheme(Scheme):
    """A scheme that works in blocks of `block` x `block` pixels; `shared` is what every scheme takes."""

    options = {"block": "side of a block in pixels"}

    def __init__(self, key: AnyKey, block: int = 4, **shared: Any):
        super().__init__(key, **shared)
        self.block = door.check_block(block)

    @property
    def size(self) -> int:
        """Bytes of a block of colours."""
        return 3 * self.block**2


def blocks_of(shape: Shape, block: int) -> int:
    """How many blocks an image of `shape` has."""
    return (shape[0] // block) * (shape[1] // block)


def log2_factorial(n: int) -> float:
    """log2(n!)."""
    return math.lgamma(n + 1) / math.log(2)


def half_of(key: Key, label: str, count: int, image: int | None = None, n: int | None = None) -> np.ndarray:
    """(count,) bool with exactly half true (`n` where given), at random."""
    return key.permutation(label, count, image) < (count // 2 if n is None else n)


def check_flag(name: str, value: Any) -> bool:
    """True or False, checked: a word like "false" counts as true in Python."""
    if not isinstance(value, bool | np.bool):
        raise TypeError(f"{name} is True or False, got {value!r}")
    return bool(value)


def check_ids(ids: Any, count: int) -> np.ndarray:
    """Ids of `count` images, (count,) whole numbers from 0 to 2**64 - 1, no two alike, checked."""
    given = ids if hasattr(ids, "__len__") or np.isscalar(ids) else list(ids)
    if isinstance(given, list | tuple) and any(isinstance(i, bool) for i in given):
        raise TypeError("ids are whole numbers, got True or False among them")
    array = np.atleast_1d(np.asarray(given))
    if array.dtype.kind == "O" or (array.dtype.kind == "f" and not isinstance(given, np.ndarray)):
        each = np.atleast_1d(np.asarray(given, object)).ravel()  # NumPy makes floats of what passes 2**63
        if all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in each):
            if wrong := [i for i in each if not 0 <= i < 2**64]:
                raise ValueError(f"ids run from 0 to 2**64 - 1, got {min(wrong)}")
            array = np.atleast_1d(np.asarray(given, np.uint64))
    if array.dtype.kind not in "iu":
        raise TypeError(f"ids are whole numbers, got {array.dtype}")
    if array.shape != (count,):
        raise ValueError(f"expected one id for each of {count} images, got ids of shape {array.shape}")
    if (array < 0).any():
        raise ValueError(f"ids run from 0 to 2**64 - 1, got {array.min()}")
    if len(np.unique(array)) < count:
        why = "two images under one key tell an attacker their difference, so give each its own"
        raise ValueError(f"an id came twice; {why}")
    return array
