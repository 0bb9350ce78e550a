"""The exercise of lesson 09: several right choices pass, plausible wrong ones do not, an untouched stub is no
error."""

from lib.workbook.checks import lesson_09 as check
from lib.workbook.explorer import Choice

MOVES_ONLY = ("permute", "rotate and mirror", "colour shuffle")

SOLUTIONS = [
    (check.unseen, Choice("hopper", 96, "etc", 16, ("permute",))),
    (check.unseen, Choice("chelsea", 128, "etc", 32, MOVES_ONLY, seed=3)),
]

WRONG = {
    "all of Tanaka": (check.unseen, Choice()),
    "all of EtC": (check.unseen, Choice(scheme="etc", block=16)),
    "no part of the key": (check.unseen, Choice(scheme="etc", block=16, steps=())),
    "colours only": (check.unseen, Choice(scheme="etc", block=16, steps=("colour shuffle",))),
    "small pieces": (check.unseen, Choice(scheme="etc", block=4, steps=MOVES_ONLY)),
    "nobody puts the blocks of ELE together": (check.unseen, Choice(scheme="ele", steps=("block shuffle",))),
    "grey": (check.unseen, Choice(scheme="etc-gray", block=16, steps=("permute",))),
    "reversed nibbles": (check.unseen, Choice(steps=("reverse",))),
    "the pad": (check.unseen, Choice(scheme="otp", block=1)),
    "turned where they are": (
        check.unseen,
        Choice("flower", scheme="etc", block=16, steps=("rotate and mirror",)),
    ),
    "a name": (check.unseen, "etc"),
}
