"""Every attack by its name, found by walking this package for what `lib.attacks.attack` declares.

A file that declares an attack is all it takes to have it here, in the shell, the matrix and the explorer.
Files that declare none are not imported: some train networks, and torch takes seconds to come.
"""

import importlib
import importlib.util
import pkgutil

from lib import attacks
from lib.attacks import CHOSEN, MANY, ONE, PAIRS, THREATS, Attack, Known

DECLARATION = "\n@attack("


def _declaring():
    """The modules below `lib.attacks` whose source declares an attack."""
    for found in pkgutil.walk_packages(attacks.__path__, "lib.attacks."):
        if DECLARATION in (importlib.util.find_spec(found.name).loader.get_source(found.name) or ""):
            yield importlib.import_module(found.name)


def _place(each: Attack):
    return list(THREATS).index(each.threat), each.rank, each.name


_FUNCTIONS = {
    id(thing): thing
    for module in _declaring()
    for thing in vars(module).values()
    if hasattr(thing, "attacks")
}
CATALOGUE = tuple(sorted((each for function in _FUNCTIONS.values() for each in function.attacks), key=_place))
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
