"""The published schemes, and a one-time pad for control: one short file each, found by its being here.

`base.py` holds what they share, and says what a scheme of your own needs.
"""

import importlib
import pkgutil

from lib.schemes.base import NO_KEY, BlockScheme, Scheme
from lib.schemes.block_pixel import BlockPixelPermutation
from lib.schemes.blockwise import BlockShuffle, NegativePositive
from lib.schemes.cfe import CompressionFriendly
from lib.schemes.ele import ExtendedTanaka
from lib.schemes.etc import EtC
from lib.schemes.ffx import FormatPreserving
from lib.schemes.grayscale_etc import GrayscaleEtC
from lib.schemes.one_time_pad import OneTimePad
from lib.schemes.restricted_permutation import RestrictedPermutation
from lib.schemes.skk import SKK
from lib.schemes.tanaka import Tanaka
from lib.table import NotInvertibleError

_FIRST = ("tanaka", "ele", "skk", "etc", "grayscale_etc", "blockwise", "ffx")
_FIRST += ("block_pixel", "restricted_permutation", "cfe")
"""Files in the order of the lessons, and so of tables; those of your own come after them."""


def _found() -> dict[str, type[Scheme]]:
    """Every class with a name of its own in the files of this folder."""
    files = sorted({*_FIRST, *(module.name for module in pkgutil.iter_modules(__path__))} - set(_FIRST))
    modules = [importlib.import_module(f"{__name__}.{file}") for file in (*_FIRST, *files)]
    classes = [each for module in modules for each in vars(module).values() if isinstance(each, type)]
    found = {}
    for each in (each for each in classes if issubclass(each, Scheme) and "name" in vars(each)):
        if found.setdefault(each.name, each) is not each:
            other = found[each.name].__module__
            raise ValueError(f"two schemes are called {each.name!r}: {other}, {each.__module__}")
    return found


_SCHEMES = _found()
names = tuple(name for name, scheme in _SCHEMES.items() if not scheme.control)
"""The schemes. `by_name` knows the `controls` as well."""
controls = tuple(name for name, scheme in _SCHEMES.items() if scheme.control)


def by_name(name: str) -> type[Scheme]:
    """The class of a scheme.

    >>> by_name("ele").__name__
    'ExtendedTanaka'
    """
    known = (*names, *controls)
    if name not in known:
        raise ValueError(f"unknown scheme {name!r}; known: {', '.join(known)}")
    return _SCHEMES[name]


__all__ = [
    "NO_KEY", "SKK", "BlockPixelPermutation", "BlockScheme", "BlockShuffle", "CompressionFriendly", "EtC",
    "ExtendedTanaka", "FormatPreserving", "GrayscaleEtC", "NegativePositive", "NotInvertibleError",
    "OneTimePad", "RestrictedPermutation", "Scheme", "Tanaka", "by_name", "controls", "names",
]  # fmt: skip
