"""The published schemes, and a one-time pad for control. One short module each; `base.py` holds what they
share."""

from lib.schemes.base import NO_KEY, Scheme
from lib.schemes.blockwise import BlockShuffle, NegativePositive
from lib.schemes.etc import EtC
from lib.schemes.format_preserving import FormatPreserving
from lib.schemes.grayscale_etc import GrayscaleEtC
from lib.schemes.one_time_pad import OneTimePad
from lib.schemes.skk import SKK
from lib.schemes.tanaka import ExtendedTanaka, Tanaka
from lib.table import NotInvertibleError

_SCHEMES = {
    s.name: s
    for s in (
        Tanaka,
        ExtendedTanaka,
        SKK,
        EtC,
        GrayscaleEtC,
        BlockShuffle,
        NegativePositive,
        FormatPreserving,
    )
}
names = tuple(_SCHEMES)
"""The published schemes. `by_name` knows one more, the control "otp"."""


def by_name(name: str) -> type[Scheme]:
    """The class of a scheme.

    >>> by_name("ele").__name__
    'ExtendedTanaka'
    """
    every = _SCHEMES | {OneTimePad.name: OneTimePad}
    if name not in every:
        raise ValueError(f"unknown scheme {name!r}; known: {', '.join(every)}")
    return every[name]


__all__ = ["NO_KEY", "SKK", "BlockShuffle", "EtC", "ExtendedTanaka", "FormatPreserving", "GrayscaleEtC", "NegativePositive",
           "NotInvertibleError", "OneTimePad", "Scheme", "Tanaka", "by_name", "names"]  # fmt: skip
