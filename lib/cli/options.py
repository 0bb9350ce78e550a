"""Arguments that several commands have, and the kinds of values that arguments take.

Options of schemes come from the classes: names and help from `options`, kind and default from the
constructor. One that is on by default is turned off by `--no-NAME`.
"""

import argparse
import importlib
import inspect
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lib import Key
from lib.files import note
from lib.schemes import Scheme, by_name, controls, names
from lib.schemes.base import NoKey

EVERY = (*names, *controls)
SHOWN = 40  # characters of a wrong value


def usage(message: object) -> argparse.ArgumentError:
    """The error of a wrong call: exit status 2, with the command's usage."""
    return argparse.ArgumentError(None, str(message))


def number(kind: type, expected: str, fits: Callable[[Any], bool],
           most: float = 2**63 - 1) -> Callable[[str], Any]:  # fmt: skip
    """A type of arguments: numbers that fit, up to the `most` that the arithmetic behind it bears."""

    def convert(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text[:SHOWN]!r}")
        if value > most:
            raise argparse.ArgumentTypeError(f"expected no more than {most:g}, got {text[:SHOWN]!r}")
        return value

    return convert


count = number(int, "a whole number from 1 on", lambda value: value >= 1)
threads = number(int, "a whole number from 1 on", lambda value: value >= 1, 1024)
whole = number(int, "a whole number from 0 on", lambda value: value >= 0)
real = number(float, "a number from 0 on", lambda value: 0 <= value < math.inf, 1e30)  # float32 ends at 3e38
share = number(float, "a number from 0 to less than 1", lambda value: 0 <= value < 1)
quality = number(int, "a quality from 1 to 100", lambda value: 1 <= value <= 100)


class Names:
    """The names in a tuple of a module that takes seconds to import: only when somebody looks at them."""

    def __init__(self, module: str, attribute: str):
        self.module, self.attribute = module, attribute

    def __iter__(self) -> Iterator[str]:
        return iter(getattr(importlib.import_module(self.module), self.attribute))


def given(args: argparse.Namespace, options: Iterable[str]) -> dict[str, Any]:
    """Those of the options that the call gives."""
    return {name: getattr(args, name) for name in options if getattr(args, name) is not None}


def add_files(parser: argparse.ArgumentParser, key: bool = True) -> None:
    """SRC, DST, --key unless that is not needed, --overwrite, --workers."""
    add = parser.add_argument
    done = "write anew what exists; otherwise done files are skipped, others an error"
    add("source", type=Path, metavar="SRC")
    add("target", type=Path, metavar="DST")
    if key:
        add("--key", type=Path, required=True, metavar="KEY.json")
    add("--overwrite", action="store_true", help=done)
    add("--workers", type=count, metavar="N", help="processes; one a core if not given")


def add_machine(parser: argparse.ArgumentParser) -> None:
    """--device, --threads."""
    devices = ("auto", "cpu", "cuda")
    parser.add_argument("--device", choices=devices, default="auto", help="auto: a GPU where there is one")
    parser.add_argument("--threads", type=threads, default=1, metavar="N", help="of the CPU, 1 if not given")


def load_key(path: Path) -> Key:
    """The key in a file; a note where it is one for lessons."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such key file; python -m lib key new {path} makes a new one")
    key = Key.load(path)
    if key.origin.startswith("UNSAFE"):
        note(f"{path} is unsafe, a key for lessons: {key.origin.removeprefix('UNSAFE: ')}")
    return key


def _default(scheme, option):
    return inspect.signature(by_name(scheme).__init__).parameters[option].default


HAS = {name: by_name(name).options for name in EVERY}
OWN = {
    option: {name: _default(name, option) for name in EVERY if option in HAS[name]}
    for option in dict.fromkeys(option for options in HAS.values() for option in options)
}
"""The options that schemes have of their own, by name: the default of each scheme that has it."""
SCHEME = (*OWN, "per_image", "as_published")


def flag(name: str) -> str:
    """The flag of an argument."""
    off = name in OWN and next(iter(OWN[name].values())) is True
    return f"--{'no-' * off}{name.replace('_', '-')}"


def add_scheme(parser: argparse._ActionsContainer, required: bool) -> None:
    """--scheme, and the options of all schemes."""
    add = parser.add_argument
    add("--scheme", required=required, choices=EVERY)
    for name, defaults in OWN.items():
        first, default = next(iter(defaults.items()))
        line = f"{', '.join(defaults)}: " * (len(defaults) <= 3) + by_name(first).options[name]
        if isinstance(default, bool):
            how = {"action": "store_false" if default else "store_true", "default": None}
            line += "; on if not given" * default
        else:
            how = {"type": count if isinstance(default, int) else type(default), "metavar": "N"}
            line += f"; {default} if not given"
            line += "".join(f", {value} for {other}" for other, value in defaults.items() if value != default)
        add(flag(name), dest=name, help=line, **how)
    add("--per-image", action="store_true", default=None, help="a key of its own for every image")
    instead = "what a public code computes instead; give it last"
    add("--as-published", nargs="?", const=True, metavar="NAME", help=instead)


def scheme_of(args: argparse.Namespace, key: Key | NoKey) -> Scheme:
    """The scheme that --scheme and its options name, with a key. A wrong call is a `usage` error."""
    kind, options = by_name(args.scheme), given(args, SCHEME)
    for name in options:
        if name in OWN and name not in kind.options:
            raise usage(f"{args.scheme} has no {flag(name)}")
    try:
        return kind(key, **options)
    except ValueError as error:
        raise usage(error) from None
