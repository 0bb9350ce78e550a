"""Every attack by its name, found by walking this package for what `lib.attacks.attack` declares. Files that
declare none are not imported: some train networks, and torch takes seconds to come.
"""

import importlib
import importlib.util
import pkgutil
from pathlib import Path

from lib import attacks
from lib.attacks import CHOSEN, MANY, ONE, PAIRS, THREATS, Attack, Known


def _declared():
    """Every attack once, though a function may be seen in several modules; ValueError for two of a name."""
    files = [module.name for module in pkgutil.walk_packages(attacks.__path__, "lib.attacks.")]
    files = [
        name for name in files if "\n@attack(" in Path(importlib.util.find_spec(name).origin).read_text()
    ]
    things = [thing for name in files for thing in vars(importlib.import_module(name)).values()]
    found = {}
    for thing in filter(callable, things):
        for each in getattr(thing, "attacks", ()):
            if found.setdefault(each.name, each) is not each:
                other = found[each.name].function.__module__
                raise ValueError(f"two attacks are called {each.name!r}: {other}, {thing.__module__}")
    return found.values()


CATALOGUE = tuple(sorted(_declared(), key=lambda each: (each.rank is None, each.rank, each.name)))
CATALOGUE = tuple(each for threat in THREATS for each in CATALOGUE if each.threat == threat)
"""All of them: chosen plaintext first, and weaker ones first."""
names = tuple(each.name for each in CATALOGUE)


def by_name(name: str) -> Attack:
    """An attack by its name; ValueError that lists all names.

    >>> by_name("table-reader").threat
    'chosen plaintext'
    """
    for each in CATALOGUE:
        if each.name == name:
            return each
    raise ValueError(f"unknown attack {name!r}; known: {', '.join(names)}")


__all__ = ["CATALOGUE", "CHOSEN", "MANY", "ONE", "PAIRS", "THREATS", "Attack", "Known", "by_name", "names"]
